/** What Kafka's LogSegmentTest, UnifiedLogTest and FileRecordsTest tell of reading. */
import { readFileSync, truncateSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Log, LogReader } from '../../../src/index.ts';
import { scratchPartition } from '../../support/temp.ts';
import { batchOf } from '../validate/make.ts';
import { BATCH_BYTES, fileOf, fill, numbered, valuesOf } from './support.ts';

describe('a slice of the log', () => {
  test('testReadWhenNoMaxPosition: where the limit lies before it, it is empty, never data', async () => {
    await using log = await Log.open(scratchPartition(), { highWatermark: 'managed', segmentBytes: 2 * BATCH_BYTES });
    await fill(log, 6);
    log.updateHighWatermark(3);
    for (const from of [3, 4, 5, 6]) {
      const slice = log.fetch(from, { maxBytes: 1_000_000 });
      expect([slice.bytes.length, slice.firstEntryIncomplete]).toEqual([0, false]);
    }
    expect(log.fetch(2, { maxBytes: 1_000_000 }).bytes.length).toBe(BATCH_BYTES);
  });

  test('testReadWithMinMessage: a batch larger than what was asked for comes whole', async () => {
    await using log = await Log.open(scratchPartition(), { segmentBytes: BATCH_BYTES * 3 });
    await fill(log, 8);
    for (let offset = 0; offset < 8; offset++) {
      const slice = log.fetch(offset, { maxBytes: 1, isolation: 'log_end' });
      expect(slice).toMatchObject({ offset, firstEntryIncomplete: false });
      expect(slice.bytes.length).toBe(BATCH_BYTES);
    }
  });

  test('testReadWithTooSmallMaxLength: without that it is cut, and says so; of no bytes it is empty', async () => {
    await using log = await Log.open(scratchPartition());
    await fill(log, 3);
    const fetch = (maxBytes: number) => log.fetch(1, { maxBytes, minOneMessage: false, isolation: 'log_end' });
    expect(fetch(0)).toMatchObject({ firstEntryIncomplete: false, bytes: { length: 0 } });
    for (const maxBytes of [1, BATCH_BYTES - 1]) {
      expect(fetch(maxBytes)).toMatchObject({ firstEntryIncomplete: true, bytes: { length: maxBytes } });
    }
    expect(fetch(BATCH_BYTES)).toMatchObject({ firstEntryIncomplete: false, bytes: { length: BATCH_BYTES } });
  });

  test('testReadOutOfRange: at the log end there is nothing, and beyond either end an error', async () => {
    await using log = await Log.open(scratchPartition());
    await log.truncateFullyAndStartAt(1024);
    await fill(log, 1);
    const fetch = (from: number) => log.fetch(from, { maxBytes: 1000, isolation: 'log_end' }).bytes.length;
    expect(fetch(1025)).toBe(0);
    for (const from of [1023, 1026]) {
      expect(() => fetch(from)).toThrow(expect.objectContaining({ code: 'OFFSET_OUT_OF_RANGE' }));
      expect(() => [...log.readSync({ from })]).toThrow(expect.objectContaining({ code: 'OFFSET_OUT_OF_RANGE' }));
    }
  });

  test('testReadAtLogGap: an offset that no segment holds is passed over to the next segment', async () => {
    await using log = await Log.open(scratchPartition(), { segmentBytes: 3 * BATCH_BYTES });
    await fill(log, 3);
    const at = (baseOffset: number) => batchOf([{ timestamp: 1, value: `${baseOffset}` }], { baseOffset });
    await log.appendEncoded(at(90), 'given');
    await log.appendEncoded(at(95), 'given');
    expect(log.segments().length).toBe(2);
    for (const from of [3, 50, 90]) {
      expect(log.fetch(from, { maxBytes: 1, isolation: 'log_end' }).offset).toBe(90);
      expect(log.find(from)?.baseOffset).toBe(90);
      expect(valuesOf(log, { from })).toEqual(['90', '95']);
    }
    expect(valuesOf(log, { from: 91 })).toEqual(['95']);
  });
});

test('shouldTruncateEvenIfOffsetPointsToAGap: later records go even if no record has the offset', async () => {
  await using log = await Log.open(scratchPartition(), { indexIntervalBytes: 0 });
  for (const baseOffset of [300, 302]) {
    await log.appendEncoded(batchOf([{ timestamp: 1, value: `${baseOffset}` }], { baseOffset }), 'given');
  }
  expect(await log.truncateTo(301)).toBe(true);
  expect(valuesOf(log)).toEqual(['300']);
  expect(log.logEndOffset).toBe(301);
  expect(log.find(300)?.lastOffset).toBe(300);
});

test.each([0, 1_000_000])(
  'testFindOffsetByTimestamp: at a time, between two, before the first, and beyond the last (an entry every %i bytes)',
  async (indexIntervalBytes) => {
    await using log = await Log.open(scratchPartition(), { indexIntervalBytes });
    await log.truncateFullyAndStartAt(40);
    for (let i = 0; i < 20; i++) await log.append({ value: 'x', timestamp: 400 + 10 * i });
    expect(log.offsetForTimestamp(420)).toEqual({ offset: 42, timestamp: 420 });
    expect(log.offsetForTimestamp(421)).toEqual({ offset: 43, timestamp: 430 });
    expect(log.offsetForTimestamp(1)).toEqual({ offset: 40, timestamp: 400 });
    expect(log.offsetForTimestamp(590)).toEqual({ offset: 59, timestamp: 590 });
    expect(log.offsetForTimestamp(591)).toBeUndefined();
    await log.deleteRecordsBefore(45);
    expect(log.offsetForTimestamp(430)).toEqual({ offset: 45, timestamp: 450 });
  },
);

test('testIterationOverPartialAndTruncation: a piece of a batch at the end of a file is passed over, however long', async () => {
  const directory = scratchPartition();
  {
    await using log = await Log.open(directory);
    await fill(log, 3);
  }
  const path = fileOf(directory, 0);
  expect(readFileSync(path).length).toBe(3 * BATCH_BYTES);
  for (let size = 3 * BATCH_BYTES; size > 2 * BATCH_BYTES; size--) {
    truncateSync(path, size);
    using reader = LogReader.open(directory);
    expect(valuesOf(reader)).toEqual(numbered(size === 3 * BATCH_BYTES ? 3 : 2));
  }
});
