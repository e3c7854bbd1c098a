/** One round of retention of a log: the decision is `policy`'s, this does it (spec 3.11). */
import { type Deletion, retentionRound } from '../../policy/retention.ts';
import type { RecordTime } from '../../policy/facts.ts';
import type { LogStartOffset, Offset, TimestampMs } from '../../units/units.ts';
import type { PartitionLog } from '../partition-log.ts';
import { segmentFacts } from './facts.ts';

/** A segment that retention took out of a log, and the rule by which it went. */
export interface RetiredSegment {
  readonly baseOffset: Offset;
  /** Where it ended, exclusive. */
  readonly nextOffset: Offset;
  /** The bytes of its .log file. */
  readonly sizeBytes: number;
  /** It lay below the log start; the log is larger than `retention.bytes` without it; it is older than `retention.ms`. */
  readonly rule: 'log-start' | 'size' | 'time';
  /** With `size`: the bytes of the log from this segment on. */
  readonly logBytes?: number;
  /** With `time`: what its age counts from, its largest timestamp or its file's time. */
  readonly timestamp?: RecordTime;
}

/** What a round of retention did. */
export interface RetentionResult {
  /** In order of their offsets. */
  readonly deleted: readonly RetiredSegment[];
  /** The log start behind it. */
  readonly logStartOffset: LogStartOffset;
}

/**
 * Deletes what is due at `nowMs`. The log start is on the disk before anything goes. Nothing may be syncing.
 *
 * @throws SeglogError `IO`, `LOG_OFFLINE`, `LOG_CORRUPT`, `READ_ONLY`
 */
export function applyRetention(log: PartitionLog, nowMs: TimestampMs): RetentionResult {
  // Of a damaged log nobody knows what is in it: nothing is deleted in doubt.
  log.checkAppendable();
  const { logStart, highWatermark } = log.offsets;
  const facts = { segments: segmentFacts(log), logStartOffset: logStart, highWatermark };
  const round = retentionRound(facts, log.context.config, nowMs);
  if (round.deletions.length > 0) {
    if (round.isRolledFirst) log.roll();
    log.deleteBelow(round.logStartOffset);
  }
  return { deleted: round.deletions.map(retired), logStartOffset: log.offsets.logStart };
}

function retired(deletion: Deletion): RetiredSegment {
  const { rule, segment } = deletion;
  const { baseOffset, nextOffset, sizeBytes } = segment;
  return {
    ...{ baseOffset, nextOffset, sizeBytes, rule },
    ...(deletion.rule === 'size' ? { logBytes: deletion.logBytes } : {}),
    ...(deletion.rule === 'time' ? { timestamp: deletion.timestamp } : {}),
  };
}
