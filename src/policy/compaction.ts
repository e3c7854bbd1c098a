/**
 * What of a log the cleaner would clean, and whether it is worth it. Source: spec 4.1, Kafka's `LogCleanerManager`.
 *
 *     segments   |  clean   |  clean   |  dirty   |  dirty   |  dirty   |  active  |
 *                                       ^ first dirty offset  ^ first uncleanable offset
 *                 cleanBytes             cleanableBytes
 *
 * Cleaning goes up to the active segment, the last stable offset and the first segment younger than `min.compaction.lag.ms`,
 * whichever comes first, down to where a segment starts. It is worth it when the cleanable bytes are more than
 * `min.cleanable.dirty.ratio` of clean and cleanable ones, or when a dirty segment is older than `max.compaction.lag.ms`.
 */
import type { LogConfig } from '../config/log-config.ts';
import type { Offset } from '../units/units.ts';
import { ageTime, elapsedMoreThan, type RecordTime, type SegmentFacts } from './facts.ts';
import { totalBytes } from './retention.ts';

/** The settings that count. */
export type CompactionRules = Pick<
  LogConfig,
  'cleanupPolicy' | 'maxCompactionLagMs' | 'minCleanableDirtyRatio' | 'minCompactionLagMs'
>;

/** A segment as the cleaner sees it. */
export interface CompactionSegment extends SegmentFacts {
  /** The largest timestamp of its first batch; not above 0 when that has none. */
  readonly firstTimestamp: RecordTime;
}

/** A log as the cleaner sees it. */
export interface CompactionFacts {
  /** All of them, at least one; the last one is active. */
  readonly segments: readonly CompactionSegment[];
  readonly logStartOffset: Offset;
  readonly lastStableOffset: Offset;
  /** Where the last cleaning ended, from `cleaner-offset-checkpoint`; undefined when there was none. */
  readonly checkpoint: Offset | undefined;
}

/** What cleaning cannot go beyond. */
export type CompactionBound = 'active-segment' | 'min-lag' | 'last-stable-offset';

/** How the decision came about. */
export type CompactionOutcome =
  /** `cleanup.policy` has no `compact`. */
  | 'policy'
  /** There is nothing in the log but its active segment, or nothing at all. */
  | 'empty'
  /** No dirty byte may be cleaned. */
  | 'nothing-cleanable'
  /** The dirty ratio is not above the minimum. */
  | 'below-ratio'
  /** It is cleaned: the dirty ratio is above the minimum. */
  | 'ratio'
  /** It is cleaned: dirty records are older than the maximum lag. */
  | 'max-lag';

/** What the cleaner decides of one log. */
export interface CompactionSelection {
  readonly outcome: CompactionOutcome;
  /** Whether it is up for cleaning; of several logs the one with the highest ratio comes first. */
  readonly isEligible: boolean;
  readonly firstDirtyOffset: Offset;
  /** Why the checkpoint does not count, and the log start does: it is outside of the log. */
  readonly checkpointReset: 'below-log-start' | 'beyond-log-end' | undefined;
  /** What bounds the cleaning, and the offset it said. */
  readonly bound: CompactionBound;
  readonly boundOffset: Offset;
  /** The base offset of the first segment that is not cleaned: the one that holds the bound, or a first dirty offset above it. */
  readonly firstUncleanableOffset: Offset;
  readonly cleanBytes: number;
  readonly cleanableBytes: number;
  /** Cleanable bytes over clean and cleanable ones; 0 of an empty log. */
  readonly dirtyRatio: number;
  /** From when `max.compaction.lag.ms` counts; undefined when no dirty segment begins with a timestamp. */
  readonly earliestDirtyTime: RecordTime | undefined;
}

/**
 * What the cleaner makes of a log at `nowMs`.
 *
 * @example
 * ```ts
 * const { isEligible, dirtyRatio } = selectForCompaction(facts, config, clock.now());
 * ```
 */
export function selectForCompaction(
  facts: CompactionFacts,
  rules: CompactionRules,
  nowMs: number,
): CompactionSelection {
  const { segments, logStartOffset, checkpoint = logStartOffset } = facts;
  const active = segments.at(-1);
  const logEndOffset = active?.nextOffset ?? logStartOffset;
  const isBelow = checkpoint < logStartOffset;
  const isBeyond = checkpoint > logEndOffset;
  const firstDirtyOffset = isBelow || isBeyond ? logStartOffset : checkpoint;
  const activeBase = active?.baseOffset ?? logEndOffset;
  const dirtySealed = firstDirtyOffset > activeBase ? [] : sealedFrom(segments, firstDirtyOffset);
  const { bound, boundOffset } = boundOf(facts, dirtySealed, activeBase, rules, nowMs);
  const end = Math.max(firstDirtyOffset, boundOffset);
  const firstUncleanableOffset =
    end > activeBase ? activeBase : (sealedFrom(segments, end)[0]?.baseOffset ?? activeBase);
  const cleanBytes = totalBytes(segments.filter(({ baseOffset }) => baseOffset < firstDirtyOffset));
  const cleanable =
    firstDirtyOffset >= firstUncleanableOffset
      ? []
      : sealedFrom(segments, firstDirtyOffset).filter(({ baseOffset }) => baseOffset < firstUncleanableOffset);
  const cleanableBytes = totalBytes(cleanable);
  const all = cleanBytes + cleanableBytes;
  const dirtyRatio = all === 0 ? 0 : cleanableBytes / all;
  const earliestDirtyTime = earliestOf(dirtySealed);
  const isOverdue =
    earliestDirtyTime !== undefined && elapsedMoreThan(rules.maxCompactionLagMs, earliestDirtyTime, nowMs);
  const outcome = outcomeOf({ all, cleanableBytes, dirtyRatio, isOverdue }, rules);
  return {
    outcome,
    isEligible: outcome === 'ratio' || outcome === 'max-lag',
    firstDirtyOffset,
    checkpointReset: isBelow ? 'below-log-start' : isBeyond ? 'beyond-log-end' : undefined,
    bound,
    boundOffset,
    firstUncleanableOffset,
    cleanBytes,
    cleanableBytes,
    dirtyRatio,
    earliestDirtyTime,
  };
}

/** The segments but the active one, from the one that holds `offset` on; all of them when it is below the first. */
function sealedFrom<S extends SegmentFacts>(segments: readonly S[], offset: Offset): S[] {
  const floor = segments.findLastIndex(({ baseOffset }) => baseOffset <= offset);
  return segments.slice(Math.max(0, floor), -1);
}

function boundOf(
  { lastStableOffset }: CompactionFacts,
  dirtySealed: readonly CompactionSegment[],
  activeBase: Offset,
  { minCompactionLagMs }: CompactionRules,
  nowMs: number,
): Pick<CompactionSelection, 'bound' | 'boundOffset'> {
  // Not yet so old that the lag has passed: exactly as old is old enough.
  const isYoung = (segment: CompactionSegment): boolean => ageTime(segment) > nowMs - minCompactionLagMs;
  const young = minCompactionLagMs > 0 ? dirtySealed.find(isYoung)?.baseOffset : undefined;
  if (young !== undefined && young < activeBase && young <= lastStableOffset)
    return { bound: 'min-lag', boundOffset: young };
  if (lastStableOffset < activeBase) return { bound: 'last-stable-offset', boundOffset: lastStableOffset };
  return { bound: 'active-segment', boundOffset: activeBase };
}

function earliestOf(segments: readonly CompactionSegment[]): RecordTime | undefined {
  let earliest: RecordTime | undefined;
  for (const { firstTimestamp } of segments) {
    if (firstTimestamp > 0 && (earliest === undefined || firstTimestamp < earliest)) earliest = firstTimestamp;
  }
  return earliest;
}

function outcomeOf(
  {
    all,
    cleanableBytes,
    dirtyRatio,
    isOverdue,
  }: { all: number; cleanableBytes: number; dirtyRatio: number; isOverdue: boolean },
  { cleanupPolicy, minCleanableDirtyRatio }: CompactionRules,
): CompactionOutcome {
  if (!cleanupPolicy.includes('compact')) return 'policy';
  if (all === 0) return 'empty';
  if (dirtyRatio > minCleanableDirtyRatio) return 'ratio';
  if (cleanableBytes === 0) return 'nothing-cleanable';
  return isOverdue ? 'max-lag' : 'below-ratio';
}

/** How many bytes more of sealed, dirty segments the log needs for the ratio; undefined when no number is enough. */
export function bytesUntilRatio(
  { cleanBytes, cleanableBytes }: Pick<CompactionSelection, 'cleanBytes' | 'cleanableBytes'>,
  { minCleanableDirtyRatio: ratio }: Pick<CompactionRules, 'minCleanableDirtyRatio'>,
): number | undefined {
  if (ratio >= 1) return undefined;
  const isEnough = (more: number): boolean => (cleanableBytes + more) / (cleanBytes + cleanableBytes + more) > ratio;
  const needed = (ratio * (cleanBytes + cleanableBytes) - cleanableBytes) / (1 - ratio);
  // Rounding may be off by a byte or two in either direction.
  let more = Math.max(0, Math.floor(needed) - 1);
  for (let step = 0; step < ROUNDING_STEPS && !isEnough(more); step++) more++;
  return more;
}

const ROUNDING_STEPS = 4;
