/** What Kafka's LogSegmentTest tells of one segment that is written. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/clock/clock.ts';
import { SUFFIXES } from '../../../src/format/names.ts';
import { ActiveSegment } from '../../../src/segment/active-segment.ts';
import { rebuildIndexes, scanSegmentSync } from '../../../src/segment/recover.ts';
import { batchOf } from '../../log/validate/make.ts';
import { describe as described, newSegment, put } from './support.ts';

const one = (timestamp: number) => [{ timestamp, value: 'x' }];

describe('appending', () => {
  test.each([
    [0, -1],
    [0, 2 ** 31],
    [100, 99],
    [100, 100 + 2 ** 31],
  ])(
    'testAppendForLogSegmentOffsetOverflowException: a segment from %i on refuses a last offset of %i',
    (base, lastOffset) => {
      const { active } = newSegment({}, base);
      const bytes = batchOf(one(1), { baseOffset: Math.max(0, lastOffset) });
      const batch = { sizeBytes: bytes.length, lastOffset, maxTimestamp: 1 };
      expect(() => active.append(bytes, bytes.length, [batch])).toThrow(
        expect.objectContaining({ code: 'OFFSET_OVERFLOW' }),
      );
      expect(active.sizeBytes).toBe(0);
      active.append(bytes, bytes.length, [{ ...batch, lastOffset: base + 2 ** 31 - 1 }]);
      expect(active.sizeBytes).toBe(bytes.length);
      active.closeNow();
    },
  );

  test('testAppendFromFile: of batches up to one that overflows nothing is appended at all', () => {
    const { active } = newSegment();
    const [first, second] = [batchOf(one(1), { baseOffset: 0 }), batchOf(one(2), { baseOffset: 2 ** 31 })];
    const bytes = Buffer.concat([first, second]);
    const batches = [described(first, 0, one(1)), described(second, 2 ** 31, one(2))];
    expect(() => active.append(bytes, bytes.length, batches)).toThrow(
      expect.objectContaining({ code: 'OFFSET_OVERFLOW' }),
    );
    expect(active.sizeBytes).toBe(0);
    active.closeNow();
  });
});

describe('reading', () => {
  test('testReadBeforeFirstOffset: an offset below the first record gives the first record', () => {
    const { active } = newSegment({}, 40);
    put(active, 50, [...one(1), ...one(2)]);
    expect(active.segment.find(41)).toMatchObject({ baseOffset: 50, lastOffset: 51, position: 0 });
    active.closeNow();
  });

  test('testReadAfterLast: an offset behind the last record gives nothing', () => {
    const { active } = newSegment({}, 40);
    put(active, 50, [...one(1), ...one(2)]);
    expect(active.segment.find(52)).toBeUndefined();
    expect(active.segment.find(51)?.baseOffset).toBe(50);
    active.closeNow();
  });

  test('testReadFromGap: an offset in a gap gives the first record behind it', () => {
    const { active } = newSegment({ indexIntervalBytes: 0 }, 40);
    const size = put(active, 50, [...one(1), ...one(2)]);
    put(active, 60, [...one(3), ...one(4)]);
    expect(active.segment.find(55)).toMatchObject({ baseOffset: 60, position: size });
    active.closeNow();
  });
});

describe('truncation', () => {
  test('testTruncate: one batch after the other goes, and others take its place', () => {
    const { active } = newSegment({ indexIntervalBytes: 0 }, 40);
    for (let offset = 40; offset < 70; offset += 2) {
      put(active, offset, one(offset));
      const position = active.sizeBytes;
      put(active, offset + 1, one(offset + 1));
      expect(active.segment.find(offset + 1)?.baseOffset).toBe(offset + 1);
      active.truncateTo(position, offset + 1);
      expect(active.segment.find(offset + 1)).toBeUndefined();
    }
    active.closeNow();
  });

  test('testTruncateFull: empties the segment, yet its index can be filled again, and it is as new', () => {
    const clock = new ManualClock(1_000_000);
    const { active } = newSegment({ segmentIndexBytes: 12 * 5, indexIntervalBytes: 0, segmentMs: 500 }, 40, clock);
    const fill = (): number => {
      let offset = 40;
      for (; active.rollReason(70, { lastOffset: offset, maxTimestamp: -1 }) === undefined; offset++) {
        put(active, offset, one(offset));
      }
      return offset - 40;
    };
    const room = fill();
    expect(room).toBeGreaterThan(4);
    expect(active.rollReason(70, { lastOffset: 80, maxTimestamp: 80 })).toMatch(/index full/);
    clock.advance(501);
    active.truncateTo(0, 40);
    expect(active.sizeBytes).toBe(0);
    expect(active.segment.find(40)).toBeUndefined();
    expect(active.maxTimestamp).toBe(-1);
    put(active, 40, [{ timestamp: -1 }]);
    // 501 ms since it was made, but none since it was emptied.
    expect(active.rollReason(70, { lastOffset: 41, maxTimestamp: -1 })).toBeUndefined();
    clock.advance(501);
    expect(active.rollReason(70, { lastOffset: 41, maxTimestamp: -1 })).toBe('time');
    active.truncateTo(0, 40);
    expect(fill()).toBe(room);
    active.closeNow();
  });

  test('testReloadLargestTimestampAndNextOffsetAfterTruncation: the largest timestamp is that of what is left', () => {
    const { active } = newSegment({ indexIntervalBytes: 0 }, 40);
    const ends: number[] = [];
    for (let i = 0; i < 30; i++) {
      put(active, 40 + i, one(100 + i));
      ends.push(active.sizeBytes);
    }
    expect([active.maxTimestamp, active.segment.largestTimestamp()]).toEqual([129, 129]);
    for (const kept of [20, 11, 1]) {
      active.truncateTo(ends[kept - 1] as number, 40 + kept);
      expect([active.maxTimestamp, active.segment.largestTimestamp()]).toEqual([99 + kept, 99 + kept]);
      expect(active.segment.find(40 + kept)).toBeUndefined();
      expect(active.segment.find(39 + kept)?.lastOffset).toBe(39 + kept);
    }
    active.truncateTo(0, 40);
    expect([active.maxTimestamp, active.segment.largestTimestamp()]).toEqual([-1, -1]);
    active.closeNow();
  });
});

describe('a segment of a size set aside', () => {
  const config = { preallocate: true, segmentBytes: 512 * 1024 };

  test('testCreateWithInitFileSizeAppendMessage: what is set aside shows on the disk, not in the log', () => {
    const { active } = newSegment(config);
    expect(statSync(active.segment.logPath).size).toBe(512 * 1024);
    expect(active.sizeBytes).toBe(0);
    const size = put(active, 50, one(1));
    expect(active.sizeBytes).toBe(size);
    expect(active.segment.find(0)?.baseOffset).toBe(50);
    active.closeNow();
  });

  test('testCreateWithInitFileSizeClearShutdown: closing gives back what is unused, and opening again changes nothing', async () => {
    const { active, context, directory } = newSegment(config);
    const size = put(active, 50, one(1)) + put(active, 51, one(2));
    await active.close();
    expect(statSync(active.segment.logPath).size).toBe(size);
    const again = ActiveSegment.reopen(context, directory, 0, size);
    expect(again.sizeBytes).toBe(size);
    expect(again.segment.find(51)?.lastOffset).toBe(51);
    again.closeNow();
  });
});

describe('recovery', () => {
  test.each([
    [SUFFIXES.offsetIndex, 'testRecoveryFixesCorruptIndex'],
    [SUFFIXES.timeIndex, 'testRecoveryFixesCorruptTimeIndex'],
  ])('%s of garbage is built anew (%s)', async (suffix, _name) => {
    const { active, context, directory } = newSegment({ indexIntervalBytes: 0 });
    for (let i = 0; i < 100; i++) put(active, i, one(i * 10));
    await active.close();
    const path = active.segment.pathOf(suffix);
    const before = readFileSync(path);
    writeFileSync(path, Buffer.alloc(before.length, 0x5a));
    const scan = scanSegmentSync(context, directory, 0);
    expect(scan).toMatchObject({ nextOffset: 100, fault: undefined });
    rebuildIndexes(context, directory, 0, scan);
    expect(readFileSync(path)).toEqual(before);
  });

  test('testRecoveryWithCorruptMessage: all from the first bad batch on is cut', async () => {
    for (let bad = 0; bad < 10; bad++) {
      const { active, context, directory } = newSegment();
      const starts: number[] = [];
      for (let i = 0; i < 10; i++) {
        starts.push(active.sizeBytes);
        put(active, i, one(i));
      }
      await active.close();
      const bytes = readFileSync(active.segment.logPath);
      const at = (starts[bad] as number) + 63;
      bytes[at] = (bytes[at] as number) ^ 1;
      writeFileSync(active.segment.logPath, bytes);
      expect(scanSegmentSync(context, directory, 0)).toMatchObject({ validBytes: starts[bad], nextOffset: bad });
    }
  });
});

test('testGetFirstBatchTimestamp: without one the clock tells the age; the first batch that has one is the one that counts', () => {
  const clock = new ManualClock(1_000_000);
  const { active } = newSegment({ segmentMs: 500 }, 0, clock);
  clock.advance(10_000);
  expect(active.rollReason(70, { lastOffset: 0, maxTimestamp: 2_000_000 })).toBeUndefined();
  put(active, 0, one(1000));
  put(active, 1, one(1));
  expect(active.rollReason(70, { lastOffset: 2, maxTimestamp: 1500 })).toBeUndefined();
  expect(active.rollReason(70, { lastOffset: 2, maxTimestamp: 1501 })).toBe('time');
  active.closeNow();
});
