/** Reading committed records while the log is cleaned, and where many transactions were aborted. */
import { expect, test } from 'vitest';
import { ManualClock } from '../../src/clock/clock.ts';
import { Log, type LogOptions } from '../../src/index.ts';
import { abortedTransactions } from '../../src/log/committed.ts';
import type { SegmentList } from '../../src/log/segments.ts';
import { scratchPartition } from '../support/temp.ts';

const options: LogOptions = { segmentBytes: 160, clock: new ManualClock(5000), deleteRetentionMs: 0 };
const producer = { producerId: 7, producerEpoch: 0, isTransactional: true };

/** Appends `value` as a transaction of its own, or without one. */
async function transaction(log: Log, value: string, baseSequence: number, result: 'commit' | 'abort'): Promise<void> {
  await log.append({ key: value, value, timestamp: 1000 }, { producer: { ...producer, baseSequence } });
  for (const key of ['x', 'y']) await log.append({ key: `${key}${baseSequence}`, value: key, timestamp: 1000 });
  await log.endTransaction({ producerId: 7, producerEpoch: 0, result });
}

async function filled(): Promise<Log> {
  const log = await Log.open(scratchPartition(), options);
  await log.append({ key: 'first', value: 'first', timestamp: 1000 });
  await transaction(log, 'gone', 0, 'abort');
  for (let number = 0; number < 10; number++) await log.append({ key: `k${number}`, value: 'k', timestamp: 1000 });
  await transaction(log, 'seen', 1, 'commit');
  for (const key of ['p', 'q', 'r']) await log.append({ key, value: key, timestamp: 1000 });
  return log;
}

test('a transaction behind an aborted one is seen, though the marker between them was cleaned away meanwhile', async () => {
  await using log = await filled();
  const values: string[] = [];
  const read = log.readSync({ isolation: 'read_committed' });
  for (const batch of read) {
    if (!batch.isControl) values.push(...batch.records().map(({ value }) => `${value?.toString()}`));
    if (values.length === 2) for (const now of [6000, 7000, 8000]) await log.compact({ now });
  }
  expect(values.filter((value) => ['first', 'gone', 'seen', 'p'].includes(value))).toEqual(['first', 'seen', 'p']);
  const controls = [...log.readSync()].filter(({ isControl }) => isControl);
  expect(controls).toHaveLength(1);
});

test('more aborted transactions are told than a call takes arguments', async () => {
  const COUNT = 200_000;
  const entries = Array.from({ length: COUNT }, (_, at) => ({
    ...{ producerId: at, firstOffset: 0, lastOffset: at + 1, lastStableOffset: 0 },
  }));
  const index = {
    check: () => undefined,
    entries: () => [],
    collect: () => ({ transactions: entries, isComplete: true }),
  };
  const segment = { transactions: () => index };
  const segments = { floor: () => segment } as unknown as SegmentList;
  expect(abortedTransactions({ segments }, 0, COUNT)).toHaveLength(COUNT);
});
