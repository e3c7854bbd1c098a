/** From moments to offsets (spec 3.9). */
import type { RecordBatch } from '../record/record-batch.ts';
import type { Segment } from '../segment/segment.ts';
import type { TimestampOffset } from './options.ts';
import { readBatchesSync, type ReadSource, SMALL_CHUNK_BYTES } from './read.ts';

/** The answer, and what the caller should know about how it came about. */
export interface TimestampLookup {
  readonly found: TimestampOffset | undefined;
  /** A segment without timestamps, which counts with its file's time, ended the search. */
  readonly endedAtSegment: string | undefined;
}

/**
 * The first record, in offset order, whose timestamp is `timestamp` or later, as Kafka finds it: in the first segment
 * whose largest timestamp is not below. A segment without any counts with the time its file was last written.
 */
export function offsetForTimestamp(source: ReadSource, timestamp: number): TimestampLookup {
  for (const segment of source.segments) {
    const largest = segment.largestTimestamp();
    if ((largest >= 0 ? largest : segment.modifiedMs()) < timestamp) continue;
    const found = firstAtOrAfter(source, segment, timestamp);
    return { found, endedAtSegment: found === undefined && largest < 0 ? segment.logPath : undefined };
  }
  return { found: undefined, endedAtSegment: undefined };
}

function firstAtOrAfter(source: ReadSource, segment: Segment, timestamp: number): TimestampOffset | undefined {
  const end = segmentEnd(source, segment);
  const from = Math.max(segment.offsetBefore(timestamp), source.startOffset);
  if (from >= end) return undefined;
  for (const batch of readBatchesSync(source, { from, to: end }, SMALL_CHUNK_BYTES)) {
    if (batch.maxTimestamp < timestamp) continue;
    const found = firstRecord(batch, (at) => at >= timestamp, source.startOffset);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The record with the largest timestamp, the first of several; undefined when no record has one. */
export function maxTimestampRecord(source: ReadSource): TimestampOffset | undefined {
  let best: Segment | undefined;
  let largest = -1;
  for (const segment of source.segments) {
    const timestamp = segment.largestTimestamp();
    if (timestamp > largest) {
      best = segment;
      largest = timestamp;
    }
  }
  if (best === undefined) return undefined;
  // The last entry names the last offset of the first batch that has its timestamp; a larger one can only come later.
  const from = Math.max(source.startOffset, best.offsetBeforeLargest());
  const end = segmentEnd(source, best);
  if (from >= end) return undefined;
  for (const batch of readBatchesSync(source, { from, to: end }, SMALL_CHUNK_BYTES)) {
    if (batch.maxTimestamp < largest) continue;
    const found = firstRecord(batch, (at) => at === largest, 0);
    if (found !== undefined) return found;
  }
  return undefined;
}

function segmentEnd(source: ReadSource, segment: Segment): number {
  return Math.min(source.endOffset, source.segments.after(segment)?.baseOffset ?? source.endOffset);
}

function firstRecord(
  batch: RecordBatch,
  wanted: (timestamp: number) => boolean,
  startOffset: number,
): TimestampOffset | undefined {
  const cursor = batch.cursor();
  while (cursor.next()) {
    const { timestamp, offset } = cursor;
    if (offset >= startOffset && wanted(timestamp)) return { offset, timestamp };
  }
  return undefined;
}
