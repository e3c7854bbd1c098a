/** What the policies know of a segment: plain numbers, wherever they come from, so that a decision can be tested and told. */
import type { Offset, TimestampMs } from '../units/units.ts';

/**
 * Milliseconds since 1970 as a record has them: any int64, a bigint beyond 2^53. Such a value is compared here and never
 * rounded, since one record stamped far ahead decides how long a segment stays.
 */
export type RecordTime = number | bigint;

/** A segment. Lists of them are in order of their base offsets, and the last one is the active segment. */
export interface SegmentFacts {
  readonly baseOffset: Offset;
  /** Where it ends, exclusive: the base offset of the next segment; the log end offset for the last one. */
  readonly nextOffset: Offset;
  /** The bytes of its .log file. */
  readonly sizeBytes: number;
  /** The largest timestamp of its batches; negative when none of them has one. */
  readonly largestTimestamp: RecordTime;
  /** When its .log file was last written, whole milliseconds. */
  readonly modifiedMs: TimestampMs;
}

/** The time by which Kafka judges a segment's age: its largest timestamp, or its file's time where it has none. */
export function ageTime({
  largestTimestamp,
  modifiedMs,
}: Pick<SegmentFacts, 'largestTimestamp' | 'modifiedMs'>): RecordTime {
  return largestTimestamp >= 0 ? largestTimestamp : modifiedMs;
}

/** Whether more than `limitMs` lie between two moments, strictly. `Infinity` is never exceeded. */
export function elapsedMoreThan(limitMs: number, since: RecordTime, until: RecordTime): boolean {
  if (limitMs === Infinity) return false;
  if (typeof since === 'number' && typeof until === 'number') return until - since > limitMs;
  return BigInt(until) - BigInt(since) > BigInt(limitMs);
}
