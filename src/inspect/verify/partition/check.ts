/** Verifies a partition: all but what its segments' .log, .index and .timeindex files say of themselves. */
import { basename, join, resolve } from 'node:path';
import type { EpochStart } from '../../../format/checkpoint.ts';
import { PARTITION_FILES } from '../../../format/names.ts';
import type { Finding } from '../../findings/finding.ts';
import type { LogDirectoryFacts, SegmentFacts, VerifyContext } from '../facts.ts';
import { checkCheckpointed, checkpointedOf } from './checkpointed.ts';
import { checkPartitionName, readContents } from './contents.ts';
import { checkEpochForm, checkEpochsAgainstLog } from './epochs.ts';
import { partitionExtent } from './extent.ts';
import { checkIdentity } from './identity.ts';
import { checkLayout } from './layout.ts';
import { SmallFiles } from './small-files.ts';
import { checkSnapshotsThere } from './snapshots.ts';
import { checkState } from './state.ts';
import { textOf } from './text-lines.ts';

/**
 * Names, leftovers, how segments follow each other, leader epochs, the topic id, transaction indexes, producer snapshots, and
 * what the log directory's checkpoints say of the partition. Nothing is claimed that depends on what lies behind damage.
 *
 * @param facts of the segments, in the order of base offsets
 * @param logDirectory undefined when the partition was named alone
 * @throws SeglogError `IO` for the first file that cannot be read, after everything else was checked
 */
export function* checkPartition(
  context: VerifyContext,
  directory: string,
  facts: readonly SegmentFacts[],
  logDirectory: LogDirectoryFacts | undefined,
): Generator<Finding, void> {
  const name = basename(resolve(directory));
  const isLive = logDirectory?.isLive === true;
  const files = new SmallFiles(context.fs);
  if (logDirectory === undefined) yield* checkPartitionName(directory);
  const contents = yield* readContents(context.fs, directory, isLive);
  const epochs = yield* readEpochs(directory, files);
  const { logStart = 0n, cleanerOffset } = checkpointedOf(logDirectory, name);
  // The epochs are cut at the log start whenever that moves, and say so when the checkpoint was lost.
  const firstEpochStart = epochs.entries?.[0]?.startOffset ?? 0n;
  const knownStart = logStart > firstEpochStart ? logStart : firstEpochStart;
  const extent = partitionExtent(facts, knownStart, cleanerOffset !== undefined, isLive);
  yield* checkLayout(directory, extent, logStart);
  yield* checkIdentity(directory, files, contents, extent);
  if (epochs.isComparable) yield* checkEpochsAgainstLog(epochs.path, epochs.entries, epochs.text, extent);
  if (logDirectory !== undefined) yield* checkCheckpointed(logDirectory, name, extent, files);
  const isMarkedClean = logDirectory?.isMarkedClean === true || contents.files.has(PARTITION_FILES.cleanShutdown);
  yield* checkSnapshotsThere(directory, contents.snapshots, extent, isMarkedClean, isLive);
  yield* checkState(context, directory, contents, extent, files);
  yield* files.findings;
  files.raise();
}

/** The leader epochs, and whether they can be held against the log. */
interface ReadEpochs {
  readonly path: string;
  readonly text: string;
  /** undefined when there is no such file. */
  readonly entries: readonly EpochStart[] | undefined;
  readonly isComparable: boolean;
}

function* readEpochs(directory: string, files: SmallFiles): Generator<Finding, ReadEpochs> {
  const path = join(directory, PARTITION_FILES.leaderEpochs);
  const bytes = files.read(path);
  if (bytes === undefined) {
    const isComparable = files.fs.stat(path) === undefined;
    return { path, text: '', entries: undefined, isComparable };
  }
  const entries = yield* checkEpochForm(path, bytes);
  return { path, text: textOf(bytes), entries, isComparable: entries !== undefined };
}
