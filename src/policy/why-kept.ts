/** Why retention kept a segment, with the numbers of the rule that did. */
import type { Offset } from '../units/units.ts';
import { ageTime, elapsedMoreThan, type RecordTime, type SegmentFacts } from './facts.ts';
import { type RetentionFacts, type RetentionRound, type RetentionRules, totalBytes } from './retention.ts';

/** The reason by which a segment stays. */
export type KeptReason =
  /** `cleanup.policy` has no `delete`. */
  | 'policy'
  /** Neither `retention.ms` nor `retention.bytes` is set. */
  | 'no-limit'
  /** It is the active segment, and nothing is in it. */
  | 'empty-active'
  /** Its largest timestamp is ahead of the clock. */
  | 'future'
  /** Its largest timestamp is at most `retention.ms` ago. */
  | 'age'
  /** Without it the log would have less than `retention.bytes`; no limit on age is set. */
  | 'size'
  /** It is due, and holds offsets that are not below the high watermark. */
  | 'high-watermark'
  /** It is due, and an earlier segment stays: see `heldBy`. */
  | 'behind';

/** A segment that stays. */
export interface Kept<S extends SegmentFacts = SegmentFacts> {
  readonly segment: S;
  readonly reason: KeptReason;
  /** What its age counts from. */
  readonly timestamp: RecordTime;
  /** The segment from the first one to this one whose age counts from the latest moment: none of them goes by time before it. */
  readonly slowest: S;
  /** Why it is behind: the earlier segment that stays; undefined when the reason is another. */
  readonly heldBy: S | undefined;
  /** How many bytes more the log must have for this one to go by size; undefined when no size limit is in force. */
  readonly missingBytes: number | undefined;
  readonly isBelowHighWatermark: boolean;
}

/** One reason for every segment that a round kept, in order. */
export function whyKept<S extends SegmentFacts>(
  { kept }: RetentionRound<S>,
  { highWatermark }: Pick<RetentionFacts, 'highWatermark'>,
  rules: RetentionRules,
  nowMs: number,
): Kept<S>[] {
  const last = kept.at(-1);
  const limits = limitsOf(rules);
  let missingBytes = limits.bytes === undefined ? undefined : limits.bytes - totalBytes(kept);
  let slowest: S | undefined;
  return kept.map((segment) => {
    if (missingBytes !== undefined) missingBytes += segment.sizeBytes;
    if (slowest === undefined || ageTime(segment) > ageTime(slowest)) slowest = segment;
    const standing = {
      segment,
      timestamp: ageTime(segment),
      slowest,
      heldBy: undefined,
      missingBytes,
      isBelowHighWatermark: segment.nextOffset <= highWatermark,
    };
    if (!rules.cleanupPolicy.includes('delete')) return { ...standing, reason: 'policy' };
    if (segment === last && segment.sizeBytes === 0) return { ...standing, reason: 'empty-active' };
    return { ...standing, ...reasonOf(standing, kept, limits, highWatermark, nowMs) };
  });
}

interface Limits {
  readonly ms: number | undefined;
  readonly bytes: number | undefined;
}

/** A negative limit is none, and so is one that no log reaches. */
function limitsOf({ retentionMs, retentionBytes }: RetentionRules): Limits {
  return {
    ms: retentionMs >= 0 && retentionMs !== Infinity ? retentionMs : undefined,
    bytes: retentionBytes >= 0 && retentionBytes !== Infinity ? retentionBytes : undefined,
  };
}

function reasonOf<S extends SegmentFacts>(
  { segment, timestamp, slowest, missingBytes }: Omit<Kept<S>, 'reason'>,
  kept: readonly S[],
  limits: Limits,
  highWatermark: Offset,
  nowMs: number,
): Pick<Kept<S>, 'reason'> & Partial<Pick<Kept<S>, 'heldBy'>> {
  if (limits.ms === undefined && limits.bytes === undefined) return { reason: 'no-limit' };
  const isOld = (of: RecordTime): boolean => limits.ms !== undefined && elapsedMoreThan(limits.ms, of, nowMs);
  const isOversize = missingBytes !== undefined && missingBytes <= 0;
  if (!isOld(timestamp) && !isOversize) {
    if (limits.ms === undefined) return { reason: 'size' };
    return { reason: timestamp > nowMs ? 'future' : 'age' };
  }
  if (!isOversize && !isOld(ageTime(slowest))) return { reason: 'behind', heldBy: slowest };
  // All up to here are due: only the high watermark keeps the first of them that stayed.
  const blocking = kept.find(({ nextOffset }) => nextOffset > highWatermark) ?? segment;
  return blocking.baseOffset < segment.baseOffset
    ? { reason: 'behind', heldBy: blocking }
    : { reason: 'high-watermark' };
}
