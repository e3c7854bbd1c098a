/** What Kafka's UnifiedLogTest tells of rolling, of deleting and of flushing. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/clock/clock.ts';
import { FaultyFileSystem } from '../../../src/fs/faulty-fs.ts';
import { MemoryFileSystem } from '../../../src/fs/memory-fs.ts';
import { Log } from '../../../src/index.ts';
import { ActiveSegment } from '../../../src/segment/active-segment.ts';
import { newSegment, put } from '../../segment/telling/support.ts';
import { scratchPartition } from '../../support/temp.ts';
import { basesOf, BATCH_BYTES, codeOf, fileOf, fill, killed, numbered, valuesOf } from './support.ts';

const T0 = 1_700_000_000_000;
const HOUR = 3_600_000;

describe('testTimeBasedLogRollDuringAppend', () => {
  test('an empty segment does not roll, however old; by the clock only a first batch without time ages', async () => {
    const clock = new ManualClock(T0);
    await using log = await Log.open(scratchPartition(), { clock, segmentMs: HOUR });
    clock.advance(HOUR + 1);
    await log.append({ value: 'x', timestamp: -1 });
    expect(basesOf(log)).toEqual([0]);
    // Its age counts from when it was made: the first batch tells no other time.
    await log.append({ value: 'x', timestamp: -1 });
    expect(basesOf(log)).toEqual([0, 1]);
    clock.advance(HOUR);
    await log.append({ value: 'x', timestamp: -1 });
    expect(basesOf(log)).toEqual([0, 1]);
    clock.advance(1);
    await log.append({ value: 'x', timestamp: -1 });
    expect(basesOf(log)).toEqual([0, 1, 3]);
  });

  test('the time of events counts, not the clock, when the first batch has a time', async () => {
    const clock = new ManualClock(T0);
    await using log = await Log.open(scratchPartition(), { clock, segmentMs: HOUR });
    const append = (timestamp: number) => log.append({ value: 'x', timestamp });
    await append(T0);
    clock.advance(10 * HOUR);
    await append(T0);
    expect(basesOf(log)).toEqual([0]);
    await append(T0 + HOUR + 1);
    expect(basesOf(log)).toEqual([0, 2]);
    await append(T0);
    await append(T0 + 2 * HOUR + 1);
    expect(basesOf(log)).toEqual([0, 2]);
    await append(T0 + 2 * HOUR + 2);
    expect(basesOf(log)).toEqual([0, 2, 5]);
  });

  test('an append of nothing never rolls', async () => {
    const clock = new ManualClock(T0);
    await using log = await Log.open(scratchPartition(), { clock, segmentMs: HOUR });
    await log.append({ value: 'x', timestamp: -1 });
    clock.advance(10 * HOUR);
    await log.append([]);
    await log.appendEncoded(Buffer.alloc(0), 'given');
    expect(basesOf(log)).toEqual([0]);
  });
});

test('testTimeBasedLogRollJitter: each segment rolls sooner by a part of segment.jitter.ms of its own', () => {
  const ages = Array.from({ length: 50 }, () => {
    const { active } = newSegment({ segmentMs: 100_000, segmentJitterMs: 20_000 });
    active.closeNow();
    return active.rollAfterMs;
  });
  expect(Math.min(...ages)).toBeGreaterThan(80_000);
  expect(Math.max(...ages)).toBeLessThanOrEqual(100_000);
  expect(new Set(ages).size).toBeGreaterThan(1);
});

test('testRollSegmentThatAlreadyExists: a segment made where one is replaces it, indexes and all', async () => {
  const { active, context, directory } = newSegment({ indexIntervalBytes: 0 }, 7);
  for (let i = 0; i < 5; i++) put(active, 7 + i, [{ timestamp: i, value: 'old' }]);
  await active.close();
  const again = ActiveSegment.create(context, directory, 7);
  expect([again.sizeBytes, again.maxTimestamp]).toEqual([0, -1]);
  expect(again.segment.find(7)).toBeUndefined();
  put(again, 7, [{ timestamp: 1, value: 'new' }]);
  expect(again.segment.find(7)).toMatchObject({ lastOffset: 7, position: 0 });
  again.closeNow();
});

describe('deleting', () => {
  test('testCannotDeleteSegmentsAtOrAboveHighWatermark: nothing above it goes', async () => {
    const options = { highWatermark: 'managed', segmentBytes: 2 * BATCH_BYTES } as const;
    await using log = await Log.open(scratchPartition(), options);
    await fill(log, 8);
    for (let highWatermark = 0; highWatermark <= 8; highWatermark++) {
      log.updateHighWatermark(highWatermark);
      expect(await log.deleteRecordsBefore(-1)).toBe(highWatermark);
      expect(log.segments()[0]?.baseOffset).toBe(Math.min(6, highWatermark - (highWatermark % 2)));
    }
  });

  test('testCannotIncrementLogStartOffsetPastHighWatermark', async () => {
    await using log = await Log.open(scratchPartition(), { highWatermark: 'managed' });
    await fill(log, 10);
    log.updateHighWatermark(4);
    expect(await codeOf(() => log.deleteRecordsBefore(5))).toBe('OFFSET_OUT_OF_RANGE');
    expect(log.logStartOffset).toBe(0);
    expect(await log.deleteRecordsBefore(4)).toBe(4);
  });

  test('testAsyncDelete: files carry .deleted until file.delete.delay.ms is over', async () => {
    const clock = new ManualClock(T0);
    const directory = scratchPartition();
    await using log = await Log.open(directory, { clock, segmentBytes: 2 * BATCH_BYTES, fileDeleteDelayMs: 1000 });
    await fill(log, 6);
    await log.deleteRecordsBefore(4);
    const deleted = (): string[] => readdirSync(directory).filter((name) => name.endsWith('.deleted'));
    // Three of each segment, and the producer snapshot between them.
    expect(deleted()).toHaveLength(7);
    expect(readdirSync(directory).filter((name) => /^0{19}[02]\.(log|index|timeindex|snapshot)$/.test(name))).toEqual(
      [],
    );
    clock.advance(999);
    expect(deleted()).toHaveLength(7);
    clock.advance(1);
    expect(deleted()).toEqual([]);
    expect(valuesOf(log)).toEqual(numbered(2, 4));
  });
});

describe('flushing', () => {
  test('testFlushingEmptyActiveSegments: an empty active segment is synced with the rest, and is there after a crash', async () => {
    const options = { segmentBytes: 2 * BATCH_BYTES };
    const log = await Log.open(scratchPartition(), options);
    await fill(log, 3);
    await log.truncateTo(2);
    expect(log.status().activeSegment).toMatchObject({ baseOffset: 2, sizeBytes: 0 });
    await log.flush();
    expect(log.status().recoveryPoint).toBe(2);
    const directory = await killed(log);
    expect(readdirSync(directory)).toContain(fileOf('', 2));
    await using again = await Log.open(directory, options);
    expect([basesOf(again), again.logEndOffset]).toEqual([[0, 2], 2]);
  });

  test('testRecoveryPointNotIncrementedOnProducerStateSnapshotFlushFailure: any sync that fails behind a roll keeps it', async () => {
    let syncs = 0;
    for (let call = 1; call === 1 || syncs >= call; call++) {
      const memory = new MemoryFileSystem();
      memory.makeDirectory('/logs');
      const fs = new FaultyFileSystem(memory);
      const log = await Log.open('/logs/t-0', { fs, segmentBytes: 2 * BATCH_BYTES });
      await fill(log, 2);
      const before = fs.count('sync');
      fs.plan({ operation: 'sync', call, errno: 'EIO' });
      await log.append({ value: 'rolls' });
      // The sync of what was sealed runs in the background.
      await new Promise((resolve) => setTimeout(resolve, 5));
      syncs = fs.count('sync') - before;
      if (syncs >= call) expect(log.status().recoveryPoint).toBe(0);
      else expect(log.status().recoveryPoint).toBe(2);
      await log.close().catch(() => undefined);
    }
    expect(syncs).toBeGreaterThan(0);
  });
});

test('testLogFlushesPartitionMetadataOnAppend: the topic id is in its file with the first append', async () => {
  const directory = scratchPartition();
  const topicId = 'AAAAAAAAAAAAAAAAAAAAAg';
  await using log = await Log.open(directory, { topicId });
  await fill(log, 1);
  expect(readFileSync(join(directory, 'partition.metadata'), 'utf8')).toBe(`version: 0\ntopic_id: ${topicId}`);
});
