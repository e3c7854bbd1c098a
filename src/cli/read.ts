/** `seglog read`: data records, one a line. */
import type { Command } from 'commander';
import { defaultEngine } from '../engine/select.ts';
import type { SeglogError } from '../errors/errors.ts';
import { nodeFileSystem } from '../fs/node-fs.ts';
import { nextValidBehind } from '../inspect/after-fault.ts';
import { type ByteEncoding, bytesPrinter, type BytesPrinter } from '../inspect/byte-encoding.ts';
import { LogReader } from '../log/log-reader.ts';
import type { ReadIsolation } from '../log/options.ts';
import type { RecordBatch } from '../record/record-batch.ts';
import {
  BYTES_HELP,
  BYTES_OPTION,
  encodingOf,
  parseEncoding,
  parseIsolation,
  parseLimit,
  parseOffset,
  parseTime,
} from './arguments.ts';
import { EXIT, isFinding, tell, tellError, ToldError, usageError } from './exit-codes.ts';
import { behindEnd } from './log-end.ts';
import { Output } from './output.ts';
import { recordLines } from './record-lines.ts';
import { abortOnSignals } from './signals.ts';

interface ReadArguments {
  readonly from?: number;
  readonly fromTime?: number;
  readonly limit?: number;
  readonly follow?: boolean;
  readonly isolation: ReadIsolation;
  readonly json?: boolean;
  readonly bytes?: ByteEncoding;
}

/** Where reading starts; undefined when no record is that late. */
function startOf(reader: LogReader, { from, fromTime }: ReadArguments): number | undefined {
  if (fromTime === undefined) return from ?? reader.logStartOffset;
  return reader.offsetForTimestamp(fromTime)?.offset;
}

/** Prints batches; returns whether they ended, rather than the limit being reached or nobody reading any more. */
async function print(
  batches: AsyncIterable<RecordBatch>,
  from: number,
  options: ReadArguments,
  printer: BytesPrinter,
  output: Output,
): Promise<boolean> {
  let left = options.limit ?? Infinity;
  if (left === 0) return false;
  for await (const batch of batches) {
    if (batch.isControl) continue;
    for (const line of recordLines(batch, from, printer, options.json === true)) {
      await output.write(line);
      if (output.closed || --left === 0) return false;
    }
    // Whoever follows wants to see what came, not what fills a piece.
    if (options.follow === true) await output.flush();
    if (output.closed) return false;
  }
  return true;
}

/** What was read ends at the last whole batch: a hole in front of more data must not look like the end. */
function checkEnd(reader: LogReader): void {
  const { fault, torn } = behindEnd(reader);
  if (torn !== undefined) tell(`note: ${torn.message}: still being written, or torn by a crash`);
  if (fault !== undefined) throw fault;
}

async function read(directory: string, options: ReadArguments): Promise<void> {
  if (options.from !== undefined && options.fromTime !== undefined)
    throw usageError('--from and --from-time exclude each other');
  const output = new Output(process.stdout);
  const printer = bytesPrinter(encodingOf(options));
  const reader = LogReader.open(directory, { onWarning: (warning) => tell(`note: ${warning}`) });
  try {
    const from = startOf(reader, options);
    // Nothing is late enough yet; what comes may be.
    const start = from ?? reader.logEndOffset;
    const what = { from: start, isolation: options.isolation };
    const batches = options.follow === true ? reader.tail({ ...what, signal: abortOnSignals() }) : reader.read(what);
    const ended = await print(batches, start, options, printer, output);
    await output.flush();
    if (ended && options.follow !== true) checkEnd(reader);
  } catch (error) {
    await output.flush();
    if (!isFinding(error)) throw error;
    tellWithNext(error);
    throw new ToldError(EXIT.findings);
  } finally {
    reader.close();
    if (printer.lossy)
      tell('note: some bytes are not UTF-8 and show as U+FFFD: use --bytes base64 or hex for all of them');
  }
}

/** Tells of damage, and where reading can go on: a search, since the batch's own size may be what is damaged. */
function tellWithNext(error: SeglogError): void {
  const { code, message, file, position } = error;
  if (file === undefined || position === undefined) return tellError(error);
  const next = nextValidBehind(defaultEngine(), nodeFileSystem, error);
  tell(
    `${code}: ${message}; ${next === undefined ? 'no valid batch follows in this file' : `the next valid batch is at byte ${next}`}`,
  );
}

/** Adds `read` to the program. */
export function registerRead(program: Command): void {
  program
    .command('read')
    .description("print a partition's data records, one a line; changes nothing, also beside a writer")
    .argument('<partition-dir>', 'the partition directory')
    .option('--from <offset>', 'the first offset (default: the log start)', parseOffset)
    .option('--from-time <ms>', 'start at the first record of that time (ms since 1970) or later', parseTime)
    .option('--limit <records>', 'stop after so many records', parseLimit)
    .option(
      '--isolation <level>',
      'read_uncommitted, or read_committed: without aborted transactions, up to the first open one',
      parseIsolation,
      'read_uncommitted',
    )
    .option('--follow', 'wait for more at the end, until interrupted')
    .option('--json', 'one JSON object a line: offset, timestamp, key, value, headers')
    .option(BYTES_OPTION, BYTES_HELP, parseEncoding)
    .action(read);
}
