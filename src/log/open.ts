/** Opening a log for writing: what is on the disk becomes segments, one of them active. */
import { LOG_DIRECTORY_FILES, type TopicPartition } from '../format/names.ts';
import { ActiveSegment } from '../segment/active-segment.ts';
import type { SegmentContext } from '../segment/context.ts';
import { Segment } from '../segment/segment.ts';
import { readCheckpoint } from './checkpoints.ts';
import { readOwnMark, removeOwnMark } from './clean-shutdown.ts';
import { findEnd, listSegments, type LogEnd, rebuildMissingIndexes, recoverLast, type RecoveryReport } from './load.ts';
import { SegmentList } from './segments.ts';

/** What loading gives a log. */
export interface Loaded {
  readonly segments: SegmentList;
  readonly active: ActiveSegment;
  readonly logStartOffset: number;
  readonly logEndOffset: number;
  /** Everything below it is on the disk. */
  readonly recoveryPoint: number;
  /** Sealed segments of which that is not known. */
  readonly unsynced: readonly Segment[];
  readonly recovery: RecoveryReport | undefined;
}

/**
 * Loads the log in `directory`; the log directory's own mark was taken away already.
 *
 * @param parentClean whether that mark was there
 */
export function loadForWriting(
  context: SegmentContext,
  directory: string,
  partition: TopicPartition,
  parentClean: boolean,
): Loaded {
  const { fs } = context;
  const mark = readOwnMark(fs, directory);
  removeOwnMark(fs, directory);
  const listed = listSegments(fs, directory);
  const checkpoint =
    readCheckpoint(fs, directory, LOG_DIRECTORY_FILES.logStartOffsets, partition, () => undefined) ?? 0;
  const recoveryPoint = readCheckpoint(fs, directory, LOG_DIRECTORY_FILES.recoveryPoints, partition, () => undefined);
  const last = listed.at(-1);
  if (last === undefined) {
    const active = ActiveSegment.create(context, directory, checkpoint);
    fs.syncDirectory(directory);
    return {
      segments: new SegmentList([active.segment]),
      active,
      logStartOffset: checkpoint,
      logEndOffset: checkpoint,
      recoveryPoint: checkpoint,
      unsynced: [],
      recovery: undefined,
    };
  }
  rebuildMissingIndexes(context, directory, listed);
  const isMarked =
    mark !== undefined && mark.activeBaseOffset === last.baseOffset && mark.activeSizeBytes === last.sizeBytes;
  let end: LogEnd | undefined;
  let recovery: RecoveryReport | undefined;
  if (parentClean || isMarked) {
    const segment = new Segment(context, directory, last.baseOffset, last.sizeBytes);
    end = findEnd(context, segment, last.sizeBytes, false);
    segment.release();
    // A mark on a log that is not as marked is no mark.
    if (end.validBytes !== last.sizeBytes || (isMarked && !parentClean && mark.logEndOffset !== end.nextOffset))
      end = undefined;
  }
  const isClean = end !== undefined;
  if (end === undefined) ({ end, report: recovery } = recoverLast(context, directory, last.baseOffset));
  const sealed = listed
    .slice(0, -1)
    .map(({ baseOffset, sizeBytes }) => new Segment(context, directory, baseOffset, sizeBytes));
  const active = ActiveSegment.reopen(context, directory, last.baseOffset, end.validBytes);
  const segments = new SegmentList([...sealed, active.segment]);
  const logStartOffset = Math.min(Math.max(checkpoint, (segments.first ?? active).baseOffset), end.nextOffset);
  const logEndOffset = end.nextOffset;
  const point = isClean ? logEndOffset : Math.min(recoveryPoint ?? active.baseOffset, logEndOffset);
  const unsynced = isClean ? [] : sealed.filter((_, at) => (sealed[at + 1] ?? active).baseOffset > point);
  return { segments, active, logStartOffset, logEndOffset, recoveryPoint: point, unsynced, recovery };
}
