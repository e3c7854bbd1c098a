/** Dumps one file of any kind that is understood. Reads only, and needs no log that is open or whole. */
import type { Engine } from '../engine/contract.ts';
import { type ErrorCode, SeglogError } from '../errors/errors.ts';
import type { Crc32c } from '../format/producer-snapshot.ts';
import type { FileSystem } from '../fs/contract.ts';
import { type DumpOptions, dumpBatchFile } from './dump/batch-file.ts';
import { dumpCleanMark, dumpMetaProperties, dumpQuorumState } from './dump/single-files.ts';
import { dumpCheckpoint } from './dump-checkpoint.ts';
import { dumpIndex } from './dump-index.ts';
import type { DumpReporter } from './dump-log.ts';
import { dumpProducerSnapshot } from './dump-producer-snapshot.ts';
import { dumpTransactionIndex } from './dump-transaction-index.ts';
import type { FileKind, KnownFile } from './file-kinds.ts';

/** How files that are read whole are printed, as Kafka reads them. */
type WholeFile = (known: KnownFile, bytes: Uint8Array, json: boolean) => string;
const READ_WHOLE: Readonly<Partial<Record<FileKind, WholeFile>>> = {
  'partition-offsets': dumpCheckpoint,
  'leader-epochs': dumpCheckpoint,
  'partition-metadata': dumpCheckpoint,
  'meta-properties': dumpMetaProperties,
  'quorum-state': dumpQuorumState,
  'clean-mark': dumpCleanMark,
};
/** A snapshot of some 5 million producers. */
const MAX_SNAPSHOT_BYTES = 256 * 1024 * 1024;
/** What can be wrong with their bytes. */
const FINDINGS: readonly ErrorCode[] = ['CORRUPT_CHECKPOINT', 'CORRUPT_SNAPSHOT', 'UNSUPPORTED_VERSION'];

/**
 * Prints a file, in pieces of whole lines: text, or bytes that are overwritten when the next piece is asked for. What is wrong
 * with the file goes to `report`, and printing goes on behind it.
 *
 * @throws SeglogError `IO`, `NOT_A_REGULAR_FILE`, `FILE_SHRANK`
 */
export function* dumpFile(
  engine: Engine,
  fs: FileSystem,
  known: KnownFile,
  options: DumpOptions,
  report: DumpReporter,
): Generator<string | Uint8Array, void> {
  if (known.kind === 'producer-snapshot' || READ_WHOLE[known.kind] !== undefined) {
    yield* dumpWhole(engine, fs, known, options.json, report);
    return;
  }
  if (known.kind === 'log') {
    yield* dumpBatchFile(engine, fs, known, options, report);
    return;
  }
  const file = fs.open(known.path, 'read');
  try {
    if (known.kind === 'transaction-index') yield* dumpTransactionIndex(known, file, options.json, report);
    else yield* dumpIndex(known, file, options.json, report);
  } finally {
    file.close();
  }
}

function* dumpWhole(
  engine: Engine,
  fs: FileSystem,
  known: KnownFile,
  json: boolean,
  report: DumpReporter,
): Generator<string, void> {
  const print = READ_WHOLE[known.kind];
  const bytes = fs.readSmall(known.path, print === undefined ? MAX_SNAPSHOT_BYTES : undefined);
  if (bytes === undefined) throw new SeglogError('IO', 'there is no such file', { file: known.path, errno: 'ENOENT' });
  const crc32c: Crc32c = (of, start, end) => engine.crc32c(of, start, end);
  try {
    if (print === undefined) yield* dumpProducerSnapshot(known, bytes, crc32c, json);
    else yield print(known, bytes, json);
  } catch (error) {
    if (!(error instanceof SeglogError) || !FINDINGS.includes(error.code)) throw error;
    report.finding(error);
  }
}
