/** The closed sets of reason and warning codes, each with what it means. Programs match on them; `docs` tells them. */

/** Reasons of decisions. */
export const REASONS = {
  LOG_START_BREACHED: 'It lies wholly below the log start. Such segments go under any cleanup.policy.',
  SIZE_BREACHED: 'Without it the log still has at least retention.bytes.',
  TIME_BREACHED: 'Its largest timestamp is more than retention.ms ago.',
  POLICY_WITHOUT_DELETE: 'cleanup.policy has no "delete": neither age nor size deletes anything.',
  NO_RETENTION_LIMIT: 'Neither retention.ms nor retention.bytes sets a limit.',
  ACTIVE_SEGMENT_EMPTY: 'It is the active segment and has no record yet: there is nothing to delete.',
  FUTURE_TIMESTAMP: 'Its largest timestamp is ahead of the clock: retention.ms counts from that moment on.',
  TIME_NOT_REACHED: 'Its largest timestamp is at most retention.ms ago.',
  SIZE_NOT_REACHED: 'Without it the log would have less than retention.bytes.',
  BEHIND_KEPT_SEGMENT: 'It is due, but segments go in order, and an earlier one stays.',
  ABOVE_HIGH_WATERMARK: 'It is due, but holds offsets that are not below the high watermark.',
  RATIO_REACHED: 'The dirty ratio is above min.cleanable.dirty.ratio: it is cleaned.',
  MAX_LAG_PASSED: 'Dirty records are older than max.compaction.lag.ms: it is cleaned whatever the ratio.',
  REWRITTEN_ALONG: 'It is clean, and is written anew with the dirty segments: their keys may replace its own.',
  ALREADY_CLEAN: 'It lies below the first dirty offset: an earlier cleaning has seen it, and none is due.',
  POLICY_WITHOUT_COMPACT: 'cleanup.policy has no "compact".',
  ACTIVE_SEGMENT: 'The active segment is never cleaned; it has to roll first, which only an append does.',
  RATIO_NOT_REACHED: 'The dirty ratio is not above min.cleanable.dirty.ratio.',
  MIN_LAG_NOT_PASSED: 'Its largest timestamp is less than min.compaction.lag.ms ago.',
  BEHIND_UNCLEANABLE_SEGMENT: 'It could be cleaned, but an earlier segment cannot, and cleaning ends there.',
  ABOVE_LAST_STABLE_OFFSET:
    'It holds offsets that are not below the last stable offset: a transaction is open, or not all is replicated.',
  SEGMENT_FULL: 'The next batch would make, or have made, it larger than segment.bytes.',
  SEGMENT_OLD: 'The next batch is more than segment.ms later than its first batch, by the time of the records.',
  OFFSET_INDEX_FULL: 'Its offset index has no room: segment.index.bytes.',
  TIME_INDEX_FULL: 'Its time index has no room: segment.index.bytes.',
  OFFSET_RANGE: "The next batch's offsets are too far from its base offset, or below it.",
  OTHER_CAUSE: 'No rule with these settings says why: other settings were in force, or compaction made it smaller.',
  SEGMENT_EMPTY: 'It has no record, and an empty segment does not roll by time.',
  NOT_YET: 'It has room, and is not old enough.',
} as const;
/** One of {@link REASONS}. */
export type ReasonCode = keyof typeof REASONS;

/** Warnings about segments. */
export const WARNINGS = {
  FUTURE_TIMESTAMP: 'A record is stamped ahead of the clock: it holds the segment, and all behind it, until then.',
  TIMESTAMP_BEFORE_2001: 'All timestamps lie before September 2001: most likely seconds were written as milliseconds.',
  NO_TIMESTAMP: 'No batch has a timestamp: the time of the file counts, and copying the file changes it.',
  TIME_INDEX_DIFFERS: 'The time index does not say the largest timestamp: a broker that trusts it decides otherwise.',
  BYTES_BEHIND_BATCHES: 'Bytes that are no batch follow the last one.',
} as const;
/** One of {@link WARNINGS}. */
export type WarningCode = keyof typeof WARNINGS;
