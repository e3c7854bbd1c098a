/** When a segment rolls. */
import { describe, expect, test } from 'vitest';
import { logConfig } from '../../src/config/log-config.ts';
import {
  indexCapacity,
  maxJitterMs,
  maxSegmentMs,
  type RollAppend,
  rollCause,
  type RollFacts,
} from '../../src/policy/roll.ts';

const RULES = logConfig({ segmentBytes: 1000, segmentMs: 100, segmentIndexBytes: 96 });
const FACTS: RollFacts = {
  baseOffset: 50,
  sizeBytes: 400,
  firstTimestamp: 5000,
  openedMs: 9000,
  offsetIndexEntries: 3,
  timeIndexEntries: 3,
  jitterMs: 0,
};
const APPEND: RollAppend = { sizeBytes: 100, lastOffset: 60, maxTimestamp: 5050 };

function cause(facts: Partial<RollFacts>, append: Partial<RollAppend> = {}, nowMs = 9000): string | undefined {
  return rollCause({ ...FACTS, ...facts }, { ...APPEND, ...append }, RULES, nowMs);
}

describe('a segment rolls', () => {
  test('when the next batch would make it larger than segment.bytes, also when it is empty', () => {
    expect(cause({ sizeBytes: 900 })).toBeUndefined();
    expect(cause({ sizeBytes: 901 })).toBe('size');
    expect(cause({ sizeBytes: 0 }, { sizeBytes: 1001 })).toBe('size');
  });

  test("when the next batch is later than its first by more than segment.ms, by the records' time", () => {
    expect(cause({}, { maxTimestamp: 5100 })).toBeUndefined();
    expect(cause({}, { maxTimestamp: 5101 })).toBe('time');
    // The clock says that an hour went by; the records do not.
    expect(cause({}, {}, 3_600_000)).toBeUndefined();
    expect(cause({ firstTimestamp: 0 }, { maxTimestamp: 101 })).toBe('time');
    expect(cause({}, { maxTimestamp: 2n ** 63n - 1n })).toBe('time');
    expect(cause({ firstTimestamp: 2n ** 63n - 200n }, { maxTimestamp: 2n ** 63n - 1n })).toBe('time');
    expect(cause({ firstTimestamp: 2n ** 63n - 101n }, { maxTimestamp: 2n ** 63n - 1n })).toBeUndefined();
    expect(cause({ firstTimestamp: 2n ** 63n - 101n }, { maxTimestamp: -1 })).toBeUndefined();
  });

  test('by the clock when its first batch has no timestamp', () => {
    expect(cause({ firstTimestamp: -1 }, { maxTimestamp: 1e15 }, 9100)).toBeUndefined();
    expect(cause({ firstTimestamp: -1 }, { maxTimestamp: -1 }, 9101)).toBe('time');
  });

  test('sooner by its jitter', () => {
    expect(cause({ jitterMs: 30 }, { maxTimestamp: 5070 })).toBeUndefined();
    expect(cause({ jitterMs: 30 }, { maxTimestamp: 5071 })).toBe('time');
  });

  test('never by time while it is empty', () => {
    expect(cause({ sizeBytes: 0, firstTimestamp: -1 }, {}, 1e15)).toBeUndefined();
  });

  test('when an index is full; one slot of the time index is for the roll', () => {
    expect(indexCapacity(RULES)).toEqual({ offsetEntries: 12, timeEntries: 7 });
    expect(cause({ offsetIndexEntries: 11, timeIndexEntries: 6 })).toBeUndefined();
    expect(cause({ offsetIndexEntries: 12 })).toBe('offset-index-full');
    expect(cause({ timeIndexEntries: 7 })).toBe('time-index-full');
  });

  test('when an offset does not fit an index entry', () => {
    expect(cause({}, { lastOffset: 50 + 2 ** 31 - 1 })).toBeUndefined();
    expect(cause({}, { lastOffset: 50 + 2 ** 31 })).toBe('offset-range');
    expect(cause({}, { lastOffset: 49 })).toBe('offset-range');
    expect(cause({ sizeBytes: 0 }, { lastOffset: 50 + 2 ** 31 })).toBe('offset-range');
  });
});

describe('the age at which it rolls', () => {
  test('is that of max.compaction.lag.ms in a compacted log, where that is less', () => {
    expect(maxSegmentMs({ ...RULES, maxCompactionLagMs: 40 })).toBe(100);
    expect(maxSegmentMs({ ...RULES, cleanupPolicy: ['compact'], maxCompactionLagMs: 40 })).toBe(40);
    expect(maxSegmentMs({ ...RULES, cleanupPolicy: ['compact', 'delete'], maxCompactionLagMs: 400 })).toBe(100);
  });

  test('has a jitter below both segment.jitter.ms and segment.ms', () => {
    expect(maxJitterMs({ segmentJitterMs: 0, segmentMs: 100 })).toBe(0);
    expect(maxJitterMs({ segmentJitterMs: 10, segmentMs: 100 })).toBe(9);
    expect(maxJitterMs({ segmentJitterMs: 1000, segmentMs: 100 })).toBe(99);
  });
});
