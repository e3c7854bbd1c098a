/** `seglog consume`: data records of a topic, one a line. */
import { type Command, InvalidArgumentError } from 'commander';
import { type ByteEncoding, bytesPrinter } from '../inspect/byte-encoding.ts';
import type { OffsetReset } from '../group/options.ts';
import type { ReadIsolation } from '../log/options.ts';
import type { ConsumedBatch, ConsumeOptions } from '../store/consume.ts';
import {
  BYTES_HELP,
  BYTES_OPTION,
  encodingOf,
  parseCount,
  parseEncoding,
  parseIsolation,
  parseLimit,
  parseOffset,
  parseTime,
} from './arguments.ts';
import { tell, usageError } from './exit-codes.ts';
import { consumeAsGroup } from './group-consume.ts';
import { Output } from './output.ts';
import { recordLines } from './record-lines.ts';
import { abortOnSignals } from './signals.ts';
import { collectDirectory, DIR_HELP, DIR_OPTION, lookAt } from './store-directories.ts';

type From = NonNullable<ConsumeOptions['from']>;

interface ConsumeArguments {
  readonly dir: readonly string[];
  readonly group?: string;
  readonly partition?: readonly number[];
  readonly from?: From;
  readonly fromTime?: number;
  readonly limit?: number;
  readonly follow?: boolean;
  readonly isolation: ReadIsolation;
  readonly json?: boolean;
  readonly bytes?: ByteEncoding;
}

/** `earliest`, `latest`, or `<partition>:<offset>`, which may repeat. */
function collectFrom(text: string, previous?: From): From {
  if (text === 'earliest' || text === 'latest') return text;
  const [partition, offset, ...rest] = text.split(':');
  if (partition === undefined || offset === undefined || rest.length > 0)
    throw new InvalidArgumentError(`expected earliest, latest or <partition>:<offset>, found ${JSON.stringify(text)}.`);
  const others = typeof previous === 'object' ? previous : {};
  return { ...others, [parseCount(partition)]: parseOffset(offset) };
}

function collectPartition(text: string, previous: readonly number[] = []): number[] {
  return [...previous, parseCount(text)];
}

async function print(batches: AsyncIterable<ConsumedBatch>, options: ConsumeArguments, output: Output): Promise<void> {
  const printer = bytesPrinter(encodingOf(options));
  const json = options.json === true;
  let left = options.limit ?? Infinity;
  if (left === 0) return;
  try {
    for await (const { partition, batch, from } of batches) {
      if (batch.isControl) continue;
      for (const line of recordLines(batch, from, printer, json)) {
        await output.write(json ? `{"partition":${partition},${line.slice(1)}` : line);
        if (output.closed || --left === 0) return;
      }
      // Whoever follows wants to see what came, not what fills a piece.
      if (options.follow === true) await output.flush();
      if (output.closed) return;
    }
  } finally {
    if (printer.lossy)
      tell('note: some bytes are not UTF-8 and show as U+FFFD: use --bytes base64 or hex for all of them');
  }
}

/** What a group says about where to begin. */
function groupOf(
  group: string,
  { partition, from, fromTime }: ConsumeArguments,
): { group: string; reset: OffsetReset } {
  if (partition !== undefined || fromTime !== undefined || typeof from === 'object') {
    throw usageError('a group knows where it stands: --group goes with --from earliest or latest alone');
  }
  return { group, reset: from ?? 'earliest' };
}

async function consume(topic: string, options: ConsumeArguments): Promise<void> {
  const { partition, from, fromTime, follow = false, isolation } = options;
  if (from !== undefined && fromTime !== undefined) throw usageError('--from and --from-time exclude each other');
  if (options.group !== undefined) return consumeAsGroup(topic, { ...options, ...groupOf(options.group, options) });
  const output = new Output(process.stdout);
  using reader = lookAt(options.dir);
  const batches = reader.consume(topic, {
    ...{ follow, isolation },
    ...(follow ? { signal: abortOnSignals() } : {}),
    ...(partition === undefined ? {} : { partitions: partition }),
    ...(from === undefined ? {} : { from }),
    ...(fromTime === undefined ? {} : { fromTimestamp: fromTime }),
  });
  try {
    await print(batches, options, output);
  } finally {
    await output.flush();
  }
}

/** Adds `consume` to the program. */
export function registerConsume(program: Command): void {
  program
    .command('consume')
    .description("print a topic's data records, one a line; without --group nothing is changed, also beside a writer")
    .argument('<topic>', 'the topic')
    .requiredOption(DIR_OPTION, DIR_HELP, collectDirectory)
    .option('--group <id>', 'as a consumer of a group: go on where it stands, and commit what was printed')
    .option('--partition <number>', 'one partition; may repeat (default: all)', collectPartition)
    .option('--from <position>', 'earliest, latest, or <partition>:<offset>, which may repeat', collectFrom)
    .option('--from-time <ms>', 'start at the first record of that time (ms since 1970) or later', parseTime)
    .option('--limit <records>', 'stop after so many records', parseLimit)
    .option(
      '--isolation <level>',
      'read_uncommitted, or read_committed: without aborted transactions, up to the first open one',
      parseIsolation,
      'read_uncommitted',
    )
    .option('--follow', 'wait for more at the end, until interrupted')
    .option('--json', 'one JSON object a line: partition, offset, timestamp, key, value, headers')
    .option(BYTES_OPTION, BYTES_HELP, parseEncoding)
    .action(consume);
}
