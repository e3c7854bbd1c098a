import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Consumer, serdes } from '../../src/index.ts';
import { type GroupBench, groupBench } from './support.ts';

let bench: GroupBench;
let consumer: Consumer<Uint8Array, unknown>;

beforeEach(async () => {
  bench = await groupBench();
  await bench.store.createTopic({ name: 't', partitions: 1 });
  await bench.store.createTopic({ name: 'u', partitions: 1 });
  await bench.store.partition('t', 0).append(['1', '2', '3', '{bad', '5', '6'].map((value) => ({ value })));
  consumer = made();
});
afterEach(() => bench.store.close());

function made(): Consumer<Uint8Array, unknown> {
  return bench.store.consumer({
    ...{ group: 'g', topics: ['t', 'u'], valueSerde: serdes.json },
    autoCommitIntervalMs: 100_000,
  });
}

async function values(): Promise<unknown[]> {
  return (await consumer.poll()).map(({ value }) => value);
}

const BAD = {
  code: 'DESERIALIZATION_FAILED',
  message: expect.stringMatching(/t-0 at offset 3: .*Seek behind it/s) as string,
};

test('what comes before a record that a serde cannot read is handed out, and the record is an error until a seek', async () => {
  expect(await values()).toEqual([1, 2, 3]);
  await expect(consumer.poll()).rejects.toMatchObject(BAD);
  expect(consumer.position({ topic: 't', partition: 0 })).toBe(3);
  await expect(consumer.poll()).rejects.toMatchObject(BAD);
  consumer.seek({ topic: 't', partition: 0 }, 4);
  expect(await values()).toEqual([5, 6]);
});

test('it is not committed past, whoever closes the consumer', async () => {
  await values();
  await expect(consumer.poll()).rejects.toMatchObject(BAD);
  await consumer.close();
  expect(await bench.store.group('g').committed({ topic: 't', partition: 0 })).toMatchObject({ offset: 3 });
  consumer = made();
  await expect(consumer.poll()).rejects.toMatchObject(BAD);
});

test('other partitions go on beside it, and it is told of once before they do', async () => {
  await values();
  await bench.store.partition('u', 0).append(['7', '8'].map((value) => ({ value })));
  for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
  await expect(consumer.poll()).rejects.toMatchObject(BAD);
  expect(await values()).toEqual([7, 8]);
  await expect(consumer.poll()).rejects.toMatchObject(BAD);
});

test('the iterator raises it, too, and commits what was processed before', async () => {
  const seen: unknown[] = [];
  const reading = (async () => {
    for await (const { value } of consumer) seen.push(value);
  })();
  await expect(reading).rejects.toMatchObject(BAD);
  expect(seen).toEqual([1, 2, 3]);
  await consumer.close();
  expect(await bench.store.group('g').committed({ topic: 't', partition: 0 })).toMatchObject({ offset: 3 });
});
