/**
 * Which segments a round of retention deletes. Source: spec 3.11, Kafka's `UnifiedLog.deleteOldSegments`.
 *
 * Three rules, one after the other, each over what the one before it left: segments wholly below the log start go under any
 * policy; with `delete` in `cleanup.policy`, the oldest ones go as long as the log stays at or above `retention.bytes`, and
 * then those whose largest timestamp is more than `retention.ms` ago. Each rule ends at the first segment that it keeps, so
 * an old segment stays behind a young one. No rule goes beyond the high watermark. The active segment can go, unless it is
 * empty: a new one is rolled at the log end first.
 */
import type { LogConfig } from '../config/log-config.ts';
import type { Offset } from '../units/units.ts';
import { ageTime, elapsedMoreThan, type RecordTime, type SegmentFacts } from './facts.ts';

/** The settings that count. */
export type RetentionRules = Pick<LogConfig, 'cleanupPolicy' | 'retentionBytes' | 'retentionMs'>;

/** A log as retention sees it. `S` is whatever the caller has for a segment. */
export interface RetentionFacts<S extends SegmentFacts = SegmentFacts> {
  /** All of them; the last one is active. */
  readonly segments: readonly S[];
  readonly logStartOffset: Offset;
  readonly highWatermark: Offset;
}

/** A segment that goes, and the rule with its numbers. */
export type Deletion<S extends SegmentFacts = SegmentFacts> = { readonly segment: S } & (
  | { readonly rule: 'log-start'; readonly logStartOffset: Offset }
  /** `logBytes`: of all segments from this one on. */
  | { readonly rule: 'size'; readonly logBytes: number; readonly retentionBytes: number }
  /** `timestamp`: the segment's largest, or its file's time. */
  | { readonly rule: 'time'; readonly timestamp: RecordTime; readonly retentionMs: number }
);

/** What a round comes to. */
export interface RetentionRound<S extends SegmentFacts = SegmentFacts> {
  /** In order of their offsets. */
  readonly deletions: readonly Deletion<S>[];
  readonly kept: readonly S[];
  /** Every segment goes: an empty one has to be rolled at the log end first. */
  readonly isRolledFirst: boolean;
  /** The log start behind it: to be moved there before anything is removed. */
  readonly logStartOffset: Offset;
}

/** How many segments from the front go: those that are due, up to the high watermark, and no empty active one. */
function countDue<S extends SegmentFacts>(
  segments: readonly S[],
  highWatermark: Offset,
  isDue: (segment: S, isLast: boolean) => boolean,
): number {
  const end = segments.findIndex((segment, at) => {
    const isLast = at === segments.length - 1;
    return !isDue(segment, isLast) || (isLast && segment.sizeBytes === 0) || highWatermark < segment.nextOffset;
  });
  return end === -1 ? segments.length : end;
}

/** The bytes of all of them. */
export function totalBytes(segments: readonly SegmentFacts[]): number {
  return segments.reduce((total, { sizeBytes }) => total + sizeBytes, 0);
}

/**
 * One round of retention at `nowMs`.
 *
 * @example
 * ```ts
 * const { deletions } = retentionRound({ segments, logStartOffset, highWatermark }, config, clock.now());
 * ```
 */
export function retentionRound<S extends SegmentFacts>(
  facts: RetentionFacts<S>,
  rules: RetentionRules,
  nowMs: number,
): RetentionRound<S> {
  const { highWatermark, logStartOffset } = facts;
  const deletions: Deletion<S>[] = [];
  let kept = facts.segments;
  const take = (count: number, tell: (segment: S) => Deletion<S>): void => {
    // Not as arguments of one call: there may be more than that takes.
    for (const segment of kept.slice(0, count)) deletions.push(tell(segment));
    kept = kept.slice(count);
  };

  const below = countDue(kept, highWatermark, ({ nextOffset }, isLast) => !isLast && nextOffset <= logStartOffset);
  take(below, (segment) => ({ segment, rule: 'log-start', logStartOffset }));
  if (rules.cleanupPolicy.includes('delete')) {
    const { retentionBytes, retentionMs } = rules;
    let logBytes = totalBytes(kept);
    if (retentionBytes >= 0 && logBytes >= retentionBytes) {
      let excess = logBytes - retentionBytes;
      const oversize = countDue(kept, highWatermark, ({ sizeBytes }) => (excess -= sizeBytes) >= 0);
      take(oversize, (segment) => {
        const deletion = { segment, rule: 'size', logBytes, retentionBytes } as const;
        logBytes -= segment.sizeBytes;
        return deletion;
      });
    }
    if (retentionMs >= 0) {
      const old = countDue(kept, highWatermark, (segment) => elapsedMoreThan(retentionMs, ageTime(segment), nowMs));
      take(old, (segment) => ({ segment, rule: 'time', timestamp: ageTime(segment), retentionMs }));
    }
  }
  const end = facts.segments.at(-1)?.nextOffset ?? logStartOffset;
  const firstOffset = deletions.length === 0 ? logStartOffset : (kept[0]?.baseOffset ?? end);
  return {
    deletions,
    kept,
    isRolledFirst: kept.length === 0 && deletions.length > 0,
    logStartOffset: Math.max(logStartOffset, firstOffset),
  };
}
