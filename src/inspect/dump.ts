/** Dumps one file of any kind that is understood. Reads only, and needs no log that is open or whole. */
import type { Engine } from '../engine/contract.ts';
import { type ErrorCode, SeglogError } from '../errors/errors.ts';
import type { Crc32c } from '../format/producer-snapshot.ts';
import type { FileSystem } from '../fs/contract.ts';
import type { Reporter } from './batches.ts';
import { type ByteEncoding, bytesPrinter } from './byte-encoding.ts';
import { dumpCheckpoint } from './dump-checkpoint.ts';
import { dumpIndex } from './dump-index.ts';
import { JsonLines, TextLines } from './dump-lines.ts';
import { dumpLog } from './dump-log.ts';
import { dumpProducerSnapshot } from './dump-producer-snapshot.ts';
import { dumpTransactionIndex } from './dump-transaction-index.ts';
import type { FileKind, KnownFile } from './file-kinds.ts';

/** Kinds that are read whole, as Kafka reads them. */
const READ_WHOLE: readonly FileKind[] = [
  'partition-offsets',
  'leader-epochs',
  'partition-metadata',
  'producer-snapshot',
];
/** A snapshot of some 5 million producers. */
const MAX_SNAPSHOT_BYTES = 256 * 1024 * 1024;
/** What can be wrong with their bytes. */
const FINDINGS: readonly ErrorCode[] = ['CORRUPT_CHECKPOINT', 'CORRUPT_SNAPSHOT', 'UNSUPPORTED_VERSION'];

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
  if (READ_WHOLE.includes(known.kind)) {
    yield* dumpWhole(engine, fs, known, options.json, report);
    return;
  }
  const file = fs.open(known.path, 'read');
  try {
    if (known.kind === 'transaction-index') {
      yield* dumpTransactionIndex(known, file, options.json, report);
      return;
    }
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

function* dumpWhole(
  engine: Engine,
  fs: FileSystem,
  known: KnownFile,
  json: boolean,
  report: Reporter,
): Generator<string, void> {
  const isSnapshot = known.kind === 'producer-snapshot';
  const bytes = fs.readSmall(known.path, isSnapshot ? MAX_SNAPSHOT_BYTES : undefined);
  if (bytes === undefined) throw new SeglogError('IO', 'there is no such file', { file: known.path, errno: 'ENOENT' });
  const crc32c: Crc32c = (of, start, end) => engine.crc32c(of, start, end);
  try {
    if (isSnapshot) yield* dumpProducerSnapshot(known, bytes, crc32c, json);
    else yield dumpCheckpoint(known, bytes, json);
  } catch (error) {
    if (!(error instanceof SeglogError) || !FINDINGS.includes(error.code)) throw error;
    report.finding(error);
  }
}
