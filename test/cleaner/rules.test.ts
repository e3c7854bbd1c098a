/** Producers, markers, horizons and indexes: what a batch's header and the transactions decide. */
import { existsSync, readFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { segmentFileName, SUFFIXES } from '../../src/format/names.ts';
import type { AbortedTransaction } from '../../src/format/transaction-index.ts';
import { TransactionIndex } from '../../src/index/transaction-index.ts';
import type { RecordBatch } from '../../src/record/record-batch.ts';
import { messageOf } from '../log/validate/make.ts';
import { batch, keyed, NOW_MS, partitionOf, recordsIn } from './make-partition.ts';
import { batchesOf, cleanAndSwap, machine, requestFor, segmentsOf } from './partition.ts';

const DAY_MS = 86_400_000;
const ABORT = '\0\0\0\0';
const COMMIT = '\0\0\0\x01';

const marker = (key: string, producerId: number, producerEpoch = 0): ((baseOffset: number) => Buffer) =>
  batch([{ timestamp: NOW_MS, key, value: '\0\0\0\0\0\x05' }], 0, {
    ...{ producerId, producerEpoch, isTransactional: true, isControl: true },
  });
const transactional = (key: string, producerId: number): ((baseOffset: number) => Buffer) =>
  batch([keyed(key)], 0, { producerId, producerEpoch: 0, baseSequence: 4, isTransactional: true });

function batchesIn(directory: string): RecordBatch[] {
  return segmentsOf(directory).flatMap(({ baseOffset }) =>
    batchesOf(join(directory, segmentFileName(baseOffset, SUFFIXES.log))),
  );
}

const offsetsIn = (directory: string): number[] => batchesIn(directory).map(({ baseOffset }) => baseOffset);
const indexPath = (directory: string, suffix: string): string => join(directory, segmentFileName(0, suffix));

function aborted(directory: string, ...transactions: AbortedTransaction[]): void {
  const index = TransactionIndex.open(machine.fs, indexPath(directory, SUFFIXES.transactionIndex), 0);
  for (const transaction of transactions) index.append(transaction);
  index.close();
}

describe('an active producer', () => {
  const superseded = [
    batch([keyed('a')], 0, { producerId: 7, producerEpoch: 2, baseSequence: 40 }),
    batch([keyed('a')]),
  ];

  test('keeps the header of the batch with its last data', async () => {
    const directory = partitionOf([...superseded, batch([keyed('z')])]);
    const activeProducers = [{ producerId: 7, producerEpoch: 2, lastDataOffset: 0 }];
    await cleanAndSwap(requestFor(directory, { nowMs: NOW_MS, activeProducers }));
    const [header] = batchesIn(directory);
    expect(header).toMatchObject({
      ...{ baseOffset: 0, lastOffset: 0, count: 0, sizeBytes: 61, producerId: 7, producerEpoch: 2, baseSequence: 40 },
      ...{ partitionLeaderEpoch: 3, baseTimestamp: -1, maxTimestamp: NOW_MS, codec: 0 },
    });
  });

  test.each([
    ['that has newer data', { producerId: 7, producerEpoch: 2, lastDataOffset: 9 }],
    ['that is another', { producerId: 8, producerEpoch: 2, lastDataOffset: 0 }],
    ['of which no data is known', { producerId: 7, producerEpoch: 2, lastDataOffset: undefined }],
  ])('%s does not', async (_, producer) => {
    const directory = partitionOf([...superseded, batch([keyed('z')])]);
    await cleanAndSwap(requestFor(directory, { nowMs: NOW_MS, activeProducers: [producer] }));
    expect(offsetsIn(directory)).toEqual([1, 2]);
  });

  test('that has markers only keeps the header of that with its epoch, for good', async () => {
    const directory = partitionOf([marker(COMMIT, 7, 1), marker(COMMIT, 7, 2), batch([keyed('z')])]);
    const activeProducers = [{ producerId: 7, producerEpoch: 2, lastDataOffset: undefined }];
    for (const nowMs of [NOW_MS, NOW_MS + DAY_MS, NOW_MS + 3 * DAY_MS])
      await cleanAndSwap(requestFor(directory, { nowMs, activeProducers }));
    expect(batchesIn(directory).map(({ baseOffset, count }) => [baseOffset, count])).toEqual([
      [1, 0],
      [2, 1],
    ]);
  });
});

describe('a marker', () => {
  test('of a transaction without data left gets a horizon, and goes once that is reached', async () => {
    const directory = partitionOf([marker(COMMIT, 7), marker(ABORT, 7), batch([keyed('z')])]);
    await cleanAndSwap(requestFor(directory, { nowMs: NOW_MS }));
    expect(batchesIn(directory).map(({ deleteHorizonMs }) => deleteHorizonMs)).toEqual([
      ...[NOW_MS + DAY_MS, NOW_MS + DAY_MS],
      undefined,
    ]);
    await cleanAndSwap(requestFor(directory, { nowMs: NOW_MS + DAY_MS - 1 }));
    expect(offsetsIn(directory)).toEqual([0, 1, 2]);
    await cleanAndSwap(requestFor(directory, { nowMs: NOW_MS + DAY_MS }));
    expect(offsetsIn(directory)).toEqual([2]);
  });

  test('of a transaction with data left stays as it is', async () => {
    const directory = partitionOf([transactional('a', 7), marker(COMMIT, 7), batch([keyed('z')])]);
    await cleanAndSwap(requestFor(directory, { nowMs: NOW_MS }));
    expect(batchesIn(directory).map(({ deleteHorizonMs }) => deleteHorizonMs)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('of an aborted transaction stays for the round that drops its data, with its index entry', async () => {
    const directory = partitionOf([
      batch([keyed('a', 'kept')]),
      transactional('a', 7),
      marker(ABORT, 7),
      batch([keyed('z')]),
    ]);
    const transaction = { producerId: 7, firstOffset: 1, lastOffset: 2, lastStableOffset: 3 };
    aborted(directory, transaction);
    const entries = (): readonly AbortedTransaction[] =>
      TransactionIndex.open(machine.fs, indexPath(directory, SUFFIXES.transactionIndex), 0).entries();
    const { statistics } = await cleanAndSwap(requestFor(directory, { nowMs: NOW_MS }));
    expect(statistics.discarded).toBe(1);
    expect(offsetsIn(directory)).toEqual([0, 2, 3]);
    expect(recordsIn(directory)[0]).toEqual([0, 'a', 'kept']);
    expect(entries()).toEqual([transaction]);
    await cleanAndSwap(requestFor(directory, { nowMs: NOW_MS }));
    expect(existsSync(indexPath(directory, SUFFIXES.transactionIndex))).toBe(false);
    await cleanAndSwap(requestFor(directory, { nowMs: NOW_MS + DAY_MS }));
    expect(offsetsIn(directory)).toEqual([0, 3]);
  });

  test('of no transaction stays for ever', async () => {
    const leaderChange = batch([{ timestamp: NOW_MS, key: '\0\0\0\x02', value: 'x' }], 0, { isControl: true });
    const directory = partitionOf([leaderChange, batch([keyed('z')])]);
    for (const nowMs of [NOW_MS, NOW_MS + 5 * DAY_MS]) await cleanAndSwap(requestFor(directory, { nowMs }));
    expect(offsetsIn(directory)).toEqual([0, 1]);
  });
});

describe('a batch that is built anew', () => {
  test('with LogAppendTime has it as its base', async () => {
    const stamped = batch([keyed('a'), { ...keyed('b'), timestamp: 5 }, keyed('c')], 0, {
      logAppendTimeMs: NOW_MS + 9,
    });
    const directory = partitionOf([stamped, batch([keyed('a')])]);
    await cleanAndSwap(requestFor(directory, { nowMs: NOW_MS }));
    const [first] = batchesIn(directory);
    expect(first).toMatchObject({
      count: 2,
      baseTimestamp: NOW_MS + 9,
      maxTimestamp: NOW_MS + 9,
      isLogAppendTime: true,
    });
    expect(first?.records().map(({ timestamp }) => timestamp)).toEqual([NOW_MS + 9, NOW_MS + 9]);
  });

  test("has the first record's time as its base, the largest as its largest, and headers as they were", async () => {
    const headers = [['h', Buffer.from('x')] as const, ['none', null] as const];
    const times = [0, 3_000_000_000, 1].map((timestamp, at) => ({ ...keyed(`k${at}`), timestamp, headers }));
    const directory = partitionOf([batch([keyed('a'), ...times]), batch([keyed('a')])]);
    await cleanAndSwap(requestFor(directory, { nowMs: NOW_MS }));
    const [first] = batchesIn(directory);
    expect(first).toMatchObject({ baseTimestamp: 0, maxTimestamp: 3_000_000_000, baseOffset: 0, lastOffset: 3 });
    const records = first?.records() ?? [];
    expect(records.map(({ timestamp }) => timestamp)).toEqual([0, 3_000_000_000, 1]);
    expect(records.map(({ headers: found }) => found.map(([name, value]) => [name, value?.toString()]))).toEqual(
      Array.from({ length: 3 }, () => [
        ['h', 'x'],
        ['none', undefined],
      ]),
    );
  });
});

test('the indexes are those that appending what stayed makes, the last time entry included', async () => {
  const stamped = (at: number): ((baseOffset: number) => Buffer) =>
    batch([{ ...keyed(`k${at}`), timestamp: NOW_MS + at }]);
  const directory = partitionOf(Array.from({ length: 4 }, (_, at) => stamped(at)));
  const size = batchesIn(directory)[0]?.sizeBytes ?? 0;
  await cleanAndSwap(requestFor(directory, { nowMs: NOW_MS, indexIntervalBytes: 2 * size - 1 }));
  expect(readFileSync(indexPath(directory, SUFFIXES.offsetIndex))).toEqual(int32s(2, 2 * size));
  const times = readFileSync(indexPath(directory, SUFFIXES.timeIndex));
  const entry = (at: number): Buffer => Buffer.concat([int64(NOW_MS + at), int32s(at)]);
  expect(times).toEqual(Buffer.concat([entry(2), entry(3)]));
});

test('an index that is full gets no more entries but the last', async () => {
  const stamped = (at: number): ((baseOffset: number) => Buffer) =>
    batch([{ ...keyed(`k${at}`), timestamp: NOW_MS + at }]);
  const directory = partitionOf(Array.from({ length: 9 }, (_, at) => stamped(at)));
  await cleanAndSwap(requestFor(directory, { nowMs: NOW_MS, indexIntervalBytes: 0, segmentIndexBytes: 26 }));
  expect(readFileSync(indexPath(directory, SUFFIXES.offsetIndex))).toHaveLength(24);
  const times = readFileSync(indexPath(directory, SUFFIXES.timeIndex));
  expect(times).toHaveLength(24);
  expect(times.subarray(12)).toEqual(Buffer.concat([int64(NOW_MS + 8), int32s(8)]));
});

test('a tombstone of format 1 goes once its segment is as old as the last clean one asks', async () => {
  const tombstone = (offset: number): Buffer =>
    messageOf({ magic: 1, offset, timestamp: NOW_MS, key: 'a', value: null });
  const kept: number[] = [];
  for (const seconds of [100, 101]) {
    const directory = partitionOf([batch([keyed('x')])], [tombstone], [batch([keyed('z')])]);
    const times = [110, seconds, 200];
    for (const [at, time] of times.entries())
      utimesSync(join(directory, segmentFileName(at, SUFFIXES.log)), time, time);
    await cleanAndSwap(requestFor(directory, { nowMs: NOW_MS, firstDirtyOffset: 1, deleteRetentionMs: 10_000 }));
    kept.push(offsetsIn(directory).length);
  }
  expect(kept).toEqual([2, 3]);
});

function int32s(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [at, value] of values.entries()) bytes.writeInt32BE(value, at * 4);
  return bytes;
}

function int64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
}
