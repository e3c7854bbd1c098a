import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Consumer } from '../../src/index.ts';
import { drain, fill, type GroupBench, groupBench } from './support.ts';

let bench: GroupBench;
let consumer: Consumer;

beforeEach(async () => {
  bench = await groupBench();
  await bench.store.createTopic({ name: 't', partitions: 1 });
  await fill(bench.store, 't', 5);
  consumer = bench.store.consumer({ group: 'g', topics: 't', autoCommitIntervalMs: 60_000 });
});
afterEach(() => bench.store.close());

const ONLY = { topic: 't', partition: 0 };

async function committed(): Promise<number | undefined> {
  return (await bench.store.group('g').committed(ONLY))?.offset;
}

/** Stops at the record at `last`. */
async function readUpTo(last: number, end: () => Promise<void> | void): Promise<void> {
  for await (const { offset } of consumer) if (offset === last) return end();
}

test.each([
  [0, 0],
  [3, 3],
])('a loop that fails at record %i leaves it to be read again', async (last, expected) => {
  const failing = readUpTo(last, () => {
    throw new Error('cannot be processed');
  });
  await expect(failing).rejects.toThrow('cannot be processed');
  await consumer.close();
  expect(await committed()).toBe(expected);
});

test('so does a loop whose store is closed while it is at a record', async () => {
  await readUpTo(2, async () => {
    await bench.store.close();
  });
  bench = await groupBench({}, bench.fs, bench.clock);
  expect(await committed()).toBe(2);
});

test('what was committed in the loop stays committed', async () => {
  await readUpTo(2, () => consumer.commit());
  await consumer.close();
  expect(await committed()).toBe(3);
});

test('a seek in the loop counts', async () => {
  await readUpTo(2, () => consumer.seek(ONLY, 4));
  await consumer.close();
  expect(await committed()).toBe(4);
});

test('whoever polls after the loop is done with its record', async () => {
  await readUpTo(2, () => undefined);
  expect(await drain(consumer)).toEqual(['0:3', '0:4']);
  await consumer.close();
  expect(await committed()).toBe(5);
});
