/**
 * When a segment is full, or old, and a new one is begun. Source: spec 3.3, Kafka's `LogSegment.shouldRoll`.
 *
 * The question is asked on an append and at no other time: a log that nobody writes to keeps its active segment. A segment's
 * age is the records' own time, not the clock's, as soon as its first batch has a timestamp.
 */
import type { LogConfig } from '../config/log-config.ts';
import { MAX_INT32, type Offset, type TimestampMs } from '../units/units.ts';
import { elapsedMoreThan, type RecordTime } from './facts.ts';

/** The settings that count. */
export type RollRules = Pick<
  LogConfig,
  'cleanupPolicy' | 'maxCompactionLagMs' | 'segmentBytes' | 'segmentIndexBytes' | 'segmentJitterMs' | 'segmentMs'
>;

/** The active segment. */
export interface RollFacts {
  readonly baseOffset: Offset;
  readonly sizeBytes: number;
  /** The largest timestamp of its first batch; negative when that has none. */
  readonly firstTimestamp: RecordTime;
  /** When it was made, or opened: what its age counts from when the first batch has no timestamp. */
  readonly openedMs: TimestampMs;
  readonly offsetIndexEntries: number;
  readonly timeIndexEntries: number;
  /** How much sooner this very segment rolls; from 0 to {@link maxJitterMs}. */
  readonly jitterMs: number;
}

/** What is about to be appended. */
export interface RollAppend {
  readonly sizeBytes: number;
  readonly lastOffset: Offset;
  readonly maxTimestamp: RecordTime;
}

/** Why a segment rolls. */
export type RollCause = 'size' | 'time' | 'offset-index-full' | 'time-index-full' | 'offset-range';

const OFFSET_ENTRY_BYTES = 8;
const TIME_ENTRY_BYTES = 12;

/** How many entries the indexes of a segment can have before it rolls; one slot of the time index is for the roll itself. */
export function indexCapacity({ segmentIndexBytes }: Pick<RollRules, 'segmentIndexBytes'>): {
  readonly offsetEntries: number;
  readonly timeEntries: number;
} {
  return {
    offsetEntries: Math.floor(segmentIndexBytes / OFFSET_ENTRY_BYTES),
    timeEntries: Math.floor(segmentIndexBytes / TIME_ENTRY_BYTES) - 1,
  };
}

/** The age at which a segment rolls, before jitter: a compacted log's must not hold records back from a forced compaction. */
export function maxSegmentMs({
  cleanupPolicy,
  segmentMs,
  maxCompactionLagMs,
}: Pick<RollRules, 'cleanupPolicy' | 'segmentMs' | 'maxCompactionLagMs'>): number {
  return cleanupPolicy.includes('compact') ? Math.min(segmentMs, maxCompactionLagMs) : segmentMs;
}

/** The most by which a segment can roll sooner; `Infinity`: at any moment. */
export function maxJitterMs({ segmentJitterMs, segmentMs }: Pick<RollRules, 'segmentJitterMs' | 'segmentMs'>): number {
  return Math.max(0, Math.min(segmentJitterMs, segmentMs) - 1);
}

/**
 * Why the segment must roll before something is appended; undefined when it need not.
 *
 * An empty segment rolls for its size or the offset range alone. (Kafka would also roll one whose index has no room for a
 * single entry, on every append and to no effect.)
 */
export function rollCause(
  facts: RollFacts,
  append: RollAppend,
  rules: RollRules,
  nowMs: number,
): RollCause | undefined {
  const { sizeBytes, baseOffset } = facts;
  if (sizeBytes > rules.segmentBytes - append.sizeBytes) return 'size';
  if (sizeBytes > 0) {
    // A jitter without end leaves nothing of the limit; two limits without end have no difference.
    const limitMs = facts.jitterMs === Infinity ? 0 : maxSegmentMs(rules) - facts.jitterMs;
    const isOld =
      facts.firstTimestamp >= 0
        ? elapsedMoreThan(limitMs, facts.firstTimestamp, append.maxTimestamp)
        : elapsedMoreThan(limitMs, facts.openedMs, nowMs);
    if (isOld) return 'time';
    const { offsetEntries, timeEntries } = indexCapacity(rules);
    if (facts.offsetIndexEntries >= offsetEntries) return 'offset-index-full';
    if (facts.timeIndexEntries >= timeEntries) return 'time-index-full';
  }
  const relative = append.lastOffset - baseOffset;
  return relative < 0 || relative > MAX_INT32 ? 'offset-range' : undefined;
}
