/** `seglog produce`: lines of stdin become records of a topic. */
import type { Command } from 'commander';
import type { ByteEncoding } from '../inspect/byte-encoding.ts';
import type { Codec } from '../log/options.ts';
import type { Store } from '../store/store.ts';
import type { Partitioner } from '../store/topic-writer.ts';
import {
  BYTES_OPTION,
  encodingOf,
  parseCodec,
  parseCount,
  parseEncoding,
  parsePartitioner,
  parsePositiveCount,
} from './arguments.ts';
import { tell, tellError } from './exit-codes.ts';
import { jsonText } from './json-line.ts';
import { LineSender } from './line-sender.ts';
import { Output } from './output.ts';
import { parseJsonLine, parsePlainLine } from './record-input.ts';
import { abortOnSignals } from './signals.ts';
import { readLines } from './stdin-lines.ts';
import { collectDirectory, DIR_HELP, DIR_OPTION, withStore } from './store-directories.ts';

/** So long without input, and what has come is appended: whoever types sees their records at once. */
const PAUSE_MS = 50;
const MAX_LINE_BYTES = 64 * 1024 * 1024;

interface ProduceArguments {
  readonly dir: readonly string[];
  readonly json?: boolean;
  readonly bytes?: ByteEncoding;
  readonly compression?: Codec;
  readonly partition?: number;
  readonly partitioner: Partitioner;
  readonly batchBytes?: number;
}

/** Feeds stdin to the sender until it ends, or a signal says so. */
async function produceLines(sender: LineSender, options: ProduceArguments): Promise<void> {
  const encoding = encodingOf(options);
  const given = options.partition === undefined ? {} : { partition: options.partition };
  const lines = readLines(process.stdin, { maxLineBytes: MAX_LINE_BYTES, pauseMs: PAUSE_MS, signal: abortOnSignals() });
  for (;;) {
    const next = await lines.next();
    if (next.done === true) {
      if (next.value > 0) tell(`note: ${next.value} bytes of an unfinished line were not appended`);
      return;
    }
    if (next.value === 'pause') {
      await sender.flush();
      continue;
    }
    let number = next.value.firstNumber;
    for (const line of next.value.lines) {
      const record =
        options.json === true ? parseJsonLine(line, number, encoding) : parsePlainLine(line, number, encoding);
      const sending = record === undefined ? undefined : sender.send({ ...record, ...given }, number);
      if (sending !== undefined) await sending;
      number++;
    }
  }
}

async function produce(topic: string, options: ProduceArguments): Promise<void> {
  const { compression, batchBytes, partitioner } = options;
  const output = new Output(process.stdout);
  try {
    await withStore(options.dir, async (store) => {
      const before = endsOf(store, topic);
      const writer = store.writer(topic, {
        partitioner,
        ...(compression === undefined ? {} : { compression }),
        ...(batchBytes === undefined ? {} : { batchBytes }),
      });
      const failures: unknown[] = [];
      const sender = new LineSender(writer);
      await produceLines(sender, options).catch((error: unknown) => failures.push(error));
      // Also after an error: what is whole is appended and stays, and has to be known.
      await sender.close().catch((error: unknown) => failures.push(error));
      for (const line of resultLines(before, endsOf(store, topic), options.json === true)) await output.write(line);
      await output.flush();
      for (const also of failures.slice(1)) tellError(also);
      if (failures.length > 0) throw failures[0];
    });
  } finally {
    // Nothing more is read; an open stdin would keep the process waiting.
    process.stdin.destroy();
  }
}

/** The log ends of the partitions that are online. */
function endsOf(store: Store, topic: string): Map<number, number> {
  const online = store.describeTopic(topic).partitions.filter(({ isOnline }) => isOnline);
  return new Map(online.map(({ partition, logEndOffset }) => [partition, logEndOffset]));
}

/** The lock keeps everybody else out: what lies between the ends is ours. */
function* resultLines(
  before: ReadonlyMap<number, number>,
  after: ReadonlyMap<number, number>,
  json: boolean,
): Generator<string, void> {
  for (const [partition, end] of after) {
    const baseOffset = before.get(partition) ?? 0;
    const records = end - baseOffset;
    if (records === 0) continue;
    const fields = { partition, baseOffset, lastOffset: end - 1, records };
    const text = Object.entries(fields).map(([name, value]) => `${name}: ${value}`);
    yield json ? `${jsonText(fields)}\n` : `${text.join(' ')}\n`;
  }
}

/** Adds `produce` to the program. */
export function registerProduce(program: Command): void {
  program
    .command('produce')
    .description('append the lines of stdin to a topic; prints what was appended to each partition')
    .argument('<topic>', 'the topic; it must be there')
    .requiredOption(DIR_OPTION, DIR_HELP, collectDirectory)
    .option('--json', 'a line is {"key"?, "value", "headers"?: [[key, value], ...], "timestamp"?}')
    .option(
      BYTES_OPTION,
      'how keys, values and headers are given: base64, utf8 or hex (default: utf8 in text, base64 in JSON)',
      parseEncoding,
    )
    .option('--partition <number>', 'the partition of all records (default: by key, or sticky without one)', parseCount)
    .option(
      '--partitioner <name>',
      'default, sticky (without regard to keys) or round-robin',
      parsePartitioner,
      'default',
    )
    .option('--compression <codec>', 'none, gzip, snappy, lz4 or zstd', parseCodec)
    .option('--batch-bytes <bytes>', 'the bytes that fill a batch, before compression', parsePositiveCount)
    .action(produce);
}
