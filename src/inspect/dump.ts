/** Dumps one file of any kind that is understood. Reads only, and needs no log that is open or whole. */
import type { Engine } from '../engine/contract.ts';
import { SeglogError } from '../errors/errors.ts';
import type { FileSystem } from '../fs/contract.ts';
import type { Reporter } from './batches.ts';
import { type ByteEncoding, bytesPrinter } from './byte-encoding.ts';
import { dumpCheckpoint } from './dump-checkpoint.ts';
import { dumpIndex } from './dump-index.ts';
import { JsonLines, TextLines } from './dump-lines.ts';
import { dumpLog } from './dump-log.ts';
import type { KnownFile } from './file-kinds.ts';

/** How a dump looks. */
export interface DumpOptions {
  readonly json: boolean;
  readonly bytes: ByteEncoding;
  readonly batchesOnly: boolean;
  readonly maxDecompressedBytes?: number | undefined;
}

/**
 * Prints a file, in pieces of whole lines. What is wrong with the bytes goes to `report`, and printing goes on behind it.
 *
 * @throws SeglogError `IO`, `NOT_A_REGULAR_FILE`, `FILE_SHRANK`
 */
export function* dumpFile(
  engine: Engine,
  fs: FileSystem,
  known: KnownFile,
  options: DumpOptions,
  report: Reporter,
): Generator<string, void> {
  if (known.kind === 'partition-offsets' || known.kind === 'leader-epochs') {
    yield* dumpSmall(fs, known, options.json, report);
    return;
  }
  const file = fs.open(known.path, 'read');
  try {
    if (known.kind !== 'log') {
      yield* dumpIndex(known, file, options.json, report);
      return;
    }
    const printer = bytesPrinter(options.bytes);
    if (!options.json && known.heading !== undefined) yield `${known.heading}\n`;
    yield* dumpLog(engine, file, {
      lines: options.json ? new JsonLines(printer) : new TextLines(printer),
      report,
      batchesOnly: options.batchesOnly,
      baseOffset: known.baseOffset,
      maxDecompressedBytes: options.maxDecompressedBytes,
    });
    if (printer.lossy)
      report.note('some bytes are not UTF-8 and show as U+FFFD: use --bytes base64 or hex for all of them');
  } finally {
    file.close();
  }
}

function* dumpSmall(fs: FileSystem, known: KnownFile, json: boolean, report: Reporter): Generator<string, void> {
  const bytes = fs.readSmall(known.path);
  if (bytes === undefined) throw new SeglogError('IO', 'there is no such file', { file: known.path, errno: 'ENOENT' });
  try {
    yield dumpCheckpoint(known, bytes, json);
  } catch (error) {
    if (
      !(error instanceof SeglogError) ||
      (error.code !== 'CORRUPT_CHECKPOINT' && error.code !== 'UNSUPPORTED_VERSION')
    )
      throw error;
    report.finding(error);
  }
}
