/** What Kafka's UnifiedLogTest tells of producers and transactions. */
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/clock/clock.ts';
import { FaultyFileSystem } from '../../../src/fs/faulty-fs.ts';
import { MemoryFileSystem } from '../../../src/fs/memory-fs.ts';
import { Log } from '../../../src/index.ts';
import { scratchPartition } from '../../support/temp.ts';
import { batchOf } from '../validate/make.ts';
import { BATCH_BYTES, by, codeOf, fill, killed, snapshotsIn, valuesOf } from './support.ts';

/** Near to the timestamps: producers expire a day after theirs. */
const clock = new ManualClock(2000);
const record = (value: string) => ({ value, timestamp: 1000 });
const end = (producerId: number, result: 'commit' | 'abort') => ({ producerId, producerEpoch: 0, result });

describe('what a producer sends again', () => {
  test('testDuplicateAppends: any of its last five batches is answered with the old offsets, an older one is out of sequence', async () => {
    await using log = await Log.open(scratchPartition(), { clock });
    for (let i = 0; i < 7; i++) await log.append([record('a'), record('b')], by(1, 2 * i));
    const again = (i: number) => log.append([record('a'), record('b')], by(1, 2 * i));
    for (let i = 2; i < 7; i++) {
      expect(await again(i)).toEqual({ baseOffset: 2 * i, lastOffset: 2 * i + 1, sizeBytes: 0, isDuplicate: true });
    }
    expect(await codeOf(() => again(1))).toBe('OUT_OF_ORDER_SEQUENCE');
    expect(await codeOf(() => log.append(record('a'), by(1, 12)))).toBe('OUT_OF_ORDER_SEQUENCE');
    expect(log.logEndOffset).toBe(14);
  });

  test('testMultipleProducersWithDuplicatesInSingleAppend: a replica takes what several producers sent, duplicates too', async () => {
    await using log = await Log.open(scratchPartition(), { clock });
    const of = (baseOffset: number, producerId: number, baseSequence: number) =>
      batchOf([{ timestamp: 1, value: 'x' }], { baseOffset, producerId, producerEpoch: 0, baseSequence });
    const batches = [of(0, 1, 0), of(1, 2, 0), of(2, 1, 0), of(3, 2, 1), of(4, 1, 1)];
    await log.appendEncoded(Buffer.concat(batches), 'given');
    expect(log.logEndOffset).toBe(5);
    expect(log.producers()).toMatchObject([
      { producerId: 1, lastSequence: 1, lastOffset: 4 },
      { producerId: 2, lastSequence: 1, lastOffset: 3 },
    ]);
  });
});

describe('the producers of a compacted log', () => {
  const compacted = [
    // Of sequences 0 to 2 the first and the last are gone.
    batchOf([{ timestamp: 1, key: 'b', value: 'b', delta: 1 }], {
      ...{ baseOffset: 0, lastOffset: 2, producerId: 1, producerEpoch: 0, baseSequence: 0 },
    }),
    // Of 3 and 4 nothing is left but the batch.
    batchOf([], { baseOffset: 3, lastOffset: 4, producerId: 1, producerEpoch: 0, baseSequence: 3 }),
  ];

  test.each([
    [1, 'testRebuildProducerIdMapWithCompactedData', 2],
    [2, 'testRebuildProducerStateWithEmptyCompactedBatch', 4],
  ])('are known with the sequences of what is gone (%i of 2 batches: %s)', async (count, _name, lastSequence) => {
    const log = await Log.open(scratchPartition(), { clock });
    for (const bytes of compacted.slice(0, count)) await log.appendEncoded(bytes, 'given');
    const expected = [{ producerId: 1, lastSequence, lastOffset: lastSequence }];
    expect(log.producers()).toMatchObject(expected);
    await using again = await Log.open(await killed(log), { clock });
    expect(again.producers()).toMatchObject(expected);
    expect(await again.append(record('next'), by(1, lastSequence + 1))).toMatchObject({ baseOffset: lastSequence + 1 });
  });
});

test('testProducerSnapshotAfterSegmentRollOnAppend: a roll leaves the snapshot of all that came before it', async () => {
  const directory = scratchPartition();
  await using log = await Log.open(directory, { clock, segmentBytes: 300 });
  for (let i = 0; log.segments().length < 2; i++) await log.append(record('x'.repeat(60)), by(1, i));
  expect(snapshotsIn(directory)).toEqual([log.segments()[1]?.baseOffset]);
});

describe('aborted transactions', () => {
  test('testTransactionIndexUpdated: each is there, with the last stable offset that its end left', async () => {
    await using log = await Log.open(scratchPartition(), { clock });
    for (const id of [1, 2, 3]) await log.append(record(`${id}`), by(id, 0, true));
    await log.endTransaction(end(1, 'abort'));
    await log.endTransaction(end(2, 'commit'));
    await log.endTransaction(end(3, 'abort'));
    expect(log.abortedTransactions(0, 6)).toEqual([
      { producerId: 1, firstOffset: 0, lastOffset: 3, lastStableOffset: 1 },
      { producerId: 3, firstOffset: 2, lastOffset: 5, lastStableOffset: 6 },
    ]);
    expect(valuesOf(log, { isolation: 'read_committed' })).toEqual(['2']);
  });

  test('testAbortedTransactionSpanningMultipleSegments: is found from the first of its segments', async () => {
    await using log = await Log.open(scratchPartition(), { clock, segmentBytes: 2 * BATCH_BYTES });
    for (let i = 0; i < 6; i++) await log.append(record(`000${i}`), by(1, i, true));
    await log.endTransaction(end(1, 'abort'));
    expect(log.segments().length).toBeGreaterThan(3);
    const aborted = [{ producerId: 1, firstOffset: 0, lastOffset: 6, lastStableOffset: 7 }];
    expect(log.abortedTransactions(0, 1)).toEqual(aborted);
    const slice = log.fetch(0, { maxBytes: BATCH_BYTES, isolation: 'committed' });
    expect(slice.abortedTransactions).toEqual([{ producerId: 1, firstOffset: 0 }]);
    expect(valuesOf(log, { isolation: 'read_committed' })).toEqual([]);
  });

  test('testAppendToTransactionIndexFailure: the last stable offset does not move; nor does the log end, unlike in Kafka', async () => {
    const memory = new MemoryFileSystem();
    memory.makeDirectory('/logs');
    const fs = new FaultyFileSystem(memory);
    const log = await Log.open('/logs/t-0', { fs, clock });
    await log.append(record('x'), by(1, 0, true));
    // The index entry's write comes before the marker's.
    fs.plan({ operation: 'write', call: 1, errno: 'EIO' });
    expect(await codeOf(() => log.endTransaction(end(1, 'abort')))).toBe('IO');
    expect([log.logEndOffset, log.lastStableOffset]).toEqual([1, 0]);
    expect(valuesOf(log, { isolation: 'read_committed' })).toEqual([]);
    fs.heal();
    await log.endTransaction(end(1, 'abort'));
    expect([log.logEndOffset, log.lastStableOffset]).toEqual([2, 2]);
    expect(valuesOf(log, { isolation: 'read_committed' })).toEqual([]);
    await log.close();
  });

  test('a marker that the log does not take leaves no entry in the index', async () => {
    const memory = new MemoryFileSystem();
    memory.makeDirectory('/logs');
    const fs = new FaultyFileSystem(memory);
    const log = await Log.open('/logs/t-0', { fs, clock });
    await log.append(record('x'), by(1, 0, true));
    fs.plan({ operation: 'write', call: 2, errno: 'ENOSPC' });
    expect(await codeOf(() => log.endTransaction(end(1, 'abort')))).toBe('IO');
    expect(log.abortedTransactions(0, 10)).toEqual([]);
    fs.heal();
    await log.endTransaction(end(1, 'commit'));
    expect(valuesOf(log, { isolation: 'read_committed' })).toEqual(['x']);
    await log.close();
  });
});

describe('testLastStableOffsetDoesNotExceedLogStartOffset', () => {
  test.each([
    ['MidSegment', 1_000_000],
    ['MultiSegment', 2 * BATCH_BYTES],
  ])('%s: with the log start above an open transaction it is the log start', async (_name, segmentBytes) => {
    await using log = await Log.open(scratchPartition(), { clock, segmentBytes });
    await log.append(record('0000'), by(1, 0, true));
    await fill(log, 9);
    expect(log.lastStableOffset).toBe(0);
    await log.deleteRecordsBefore(5);
    expect([log.logStartOffset, log.lastStableOffset]).toEqual([5, 5]);
    await log.endTransaction(end(1, 'abort'));
    expect([log.lastStableOffset, log.logEndOffset]).toEqual([11, 11]);
    expect(valuesOf(log, { isolation: 'read_committed' })).toHaveLength(5);
  });
});
