/** Verifies a file that was named alone and is neither .log, .index nor .timeindex: all that it tells without its siblings. */
import type { File } from '../../../fs/contract.ts';
import type { FileKind, KnownFile } from '../../file-kinds.ts';
import type { Finding } from '../../findings/finding.ts';
import type { VerifyContext } from '../facts.ts';
import { checkEpochForm, checkEpochOrder } from '../partition/epochs.ts';
import { checkMetadataFile, checkQuorumFile } from '../partition/identity.ts';
import { MAX_FEW_BYTES, SmallFiles } from '../partition/small-files.ts';
import { checkSnapshotEntries, checkSnapshotFile, MAX_SNAPSHOT_BYTES } from '../partition/snapshot-file.ts';
import { textOf } from '../partition/text-lines.ts';
import { checkTransactionForm } from '../partition/transactions.ts';
import { checkCleanMark, checkMetaProperties } from './broker-files.ts';
import { checkOffsetsFile } from './checkpoints.ts';

/** Other than that of a checkpoint. */
const MAX_BYTES: Readonly<Partial<Record<FileKind, number>>> = {
  'producer-snapshot': MAX_SNAPSHOT_BYTES,
  'partition-metadata': MAX_FEW_BYTES,
  'meta-properties': MAX_FEW_BYTES,
  'quorum-state': MAX_FEW_BYTES,
  'clean-mark': MAX_FEW_BYTES,
};

/** @throws SeglogError `IO`, `NOT_A_REGULAR_FILE` when the file cannot be read */
export function* checkLoneFile(context: VerifyContext, known: KnownFile): Generator<Finding, void> {
  const { path, kind } = known;
  // Whoever named it is told when it is not there, or is no file.
  const file = context.fs.open(path, 'read');
  try {
    if (kind === 'transaction-index') yield* checkTransactions(known, file);
    else yield* checkSmallFile(context, known);
  } finally {
    file.close();
  }
}

/** Without a name that tells the base offset every offset from 0 on is possible. */
function* checkTransactions({ path, baseOffset = 0n }: KnownFile, file: File): Generator<Finding, void> {
  yield* checkTransactionForm(path, file, baseOffset);
}

function* checkSmallFile({ engine, fs }: VerifyContext, known: KnownFile): Generator<Finding, void> {
  const { path, kind, baseOffset } = known;
  const files = new SmallFiles(fs);
  const bytes = files.read(path, MAX_BYTES[kind]);
  yield* files.findings;
  files.raise();
  if (bytes === undefined) return;
  if (kind === 'producer-snapshot') {
    const crc32c = (all: Uint8Array, start: number, end: number): number => engine.crc32c(all, start, end);
    const entries = yield* checkSnapshotFile(path, bytes, crc32c);
    if (entries !== undefined) yield* checkSnapshotEntries(path, entries, baseOffset);
  } else if (kind === 'leader-epochs') {
    const entries = yield* checkEpochForm(path, bytes);
    if (entries !== undefined) yield* checkEpochOrder(path, textOf(bytes), entries);
  } else if (kind === 'partition-metadata') yield* checkMetadataFile(path, bytes);
  else if (kind === 'partition-offsets') yield* checkOffsetsFile(path, bytes, undefined);
  else if (kind === 'meta-properties') yield* checkMetaProperties(path, bytes);
  else if (kind === 'quorum-state') yield* checkQuorumFile(path, bytes);
  else if (kind === 'clean-mark') yield* checkCleanMark(path, bytes);
}
