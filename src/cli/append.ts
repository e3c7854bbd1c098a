/** `seglog append`: lines of stdin become records. */
import type { Command } from 'commander';
import { parseLogConfig } from '../config/log-config.ts';
import type { ByteEncoding } from '../inspect/byte-encoding.ts';
import type { Log } from '../log/log.ts';
import type { Codec } from '../log/options.ts';
import {
  BYTES_OPTION,
  collectConfig,
  CONFIG_HELP,
  CONFIG_OPTION,
  encodingOf,
  parseBatchRecords,
  parseCodec,
  parseEncoding,
} from './arguments.ts';
import { BatchFiller } from './batch-filler.ts';
import { tell } from './exit-codes.ts';
import { openForChanges } from './open-log.ts';
import { Output } from './output.ts';
import { parseJsonLine, parsePlainLine } from './record-input.ts';
import { abortOnSignals } from './signals.ts';
import { readLines } from './stdin-lines.ts';

/** So long without input, and what has come is appended: whoever types sees their records at once. */
const PAUSE_MS = 50;
/** JSON can write a byte in six characters; more than that no record that fits a batch can take. */
const MAX_ESCAPED = 6;
const SPARE_LINE_BYTES = 64 * 1024;
const MAX_LINE_BYTES = 512 * 1024 * 1024;

interface AppendArguments {
  readonly json?: boolean;
  readonly bytes?: ByteEncoding;
  readonly compression?: Codec;
  readonly batchRecords: number;
  readonly config?: readonly (readonly [string, string])[];
}

/** Feeds stdin to the filler until it ends, or a signal says so. What is whole is appended also when a line is bad. */
async function appendLines(filler: BatchFiller, log: Log, options: AppendArguments): Promise<void> {
  const encoding = encodingOf(options);
  const maxLineBytes = Math.min(MAX_LINE_BYTES, log.config.maxMessageBytes * MAX_ESCAPED + SPARE_LINE_BYTES);
  const lines = readLines(process.stdin, { maxLineBytes, pauseMs: PAUSE_MS, signal: abortOnSignals() });
  try {
    for (;;) {
      const next = await lines.next();
      if (next.done === true) {
        if (next.value > 0) tell(`note: ${next.value} bytes of an unfinished line were not appended`);
        break;
      }
      if (next.value === 'pause') {
        await filler.flush();
        continue;
      }
      let number = next.value.firstNumber;
      for (const line of next.value.lines) {
        const record =
          options.json === true ? parseJsonLine(line, number, encoding) : parsePlainLine(line, number, encoding);
        const appending = record === undefined ? undefined : filler.add(record, number);
        // Nothing is waited for a million times that is done once in a thousand.
        if (appending !== undefined) await appending;
        number++;
      }
    }
  } catch (error) {
    // The lines before a bad one are good, unless appending them is what failed.
    if (!filler.failed) await filler.flush();
    throw error;
  }
  await filler.flush();
}

async function append(directory: string, options: AppendArguments): Promise<void> {
  const config = parseLogConfig(options.config ?? []);
  const output = new Output(process.stdout);
  try {
    const log = await openForChanges(directory, config);
    const filler = new BatchFiller(log, options.batchRecords, options.compression);
    try {
      await appendLines(filler, log, options);
    } finally {
      await log.close();
      // Also after an error: what was appended stays, and has to be known.
      await output.write(resultLine(filler, options.json === true));
      await output.flush();
    }
  } finally {
    // Nothing more is read; an open stdin would keep the process waiting.
    process.stdin.destroy();
  }
}

function resultLine({ baseOffset, lastOffset, records }: BatchFiller, json: boolean): string {
  return json
    ? `{"baseOffset":${baseOffset},"lastOffset":${lastOffset},"records":${records}}\n`
    : `baseOffset: ${baseOffset} lastOffset: ${lastOffset}\n`;
}

/** Adds `append` to the program. */
export function registerAppend(program: Command): void {
  program
    .command('append')
    .description('append the lines of stdin as records; prints the first and the last offset')
    .argument('<partition-dir>', 'the partition directory, <topic>-<partition>; made when it is not there')
    .option('--json', 'a line is {"key"?, "value", "headers"?: [[key, value], ...], "timestamp"?}')
    .option(
      BYTES_OPTION,
      'how keys, values and headers are given: base64, utf8 or hex (default: utf8 in text, base64 in JSON)',
      parseEncoding,
    )
    .option('--compression <codec>', 'none, gzip, snappy, lz4 or zstd', parseCodec)
    .option('--batch-records <records>', 'the most records in a batch', parseBatchRecords, 1000)
    .option(CONFIG_OPTION, CONFIG_HELP, collectConfig)
    .action(append);
}
