import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Consumer, ConsumerOptions } from '../../src/index.ts';
import { drain, fill, type GroupBench, groupBench, join } from './support.ts';

let bench: GroupBench;

beforeEach(async () => {
  bench = await groupBench();
  await bench.store.createTopic({ name: 't', partitions: 1 });
});
afterEach(() => bench.store.close());

function consumer(options: Partial<ConsumerOptions<Uint8Array, Uint8Array>> = {}): Consumer {
  return bench.store.consumer({ group: 'g', topics: 't', ...options });
}

async function madeAnew(): Promise<void> {
  await bench.store.deleteTopic('t');
  await bench.store.createTopic({ name: 't', partitions: 1 });
  await fill(bench.store, 't', 8);
}

const ALL = Array.from({ length: 8 }, (_, offset) => `0:${offset}`);

describe('a topic that was made anew', () => {
  beforeEach(() => fill(bench.store, 't', 5));

  test('is read from its start, although what was read of the one before is committed then', async () => {
    const one = consumer();
    expect(await drain(one)).toHaveLength(5);
    await madeAnew();
    await one.commit();
    await join(one);
    expect(await drain(one)).toEqual(ALL);
  });

  test('is read from its start by whoever commits by itself, or before each rebalance', async () => {
    const one = consumer({ autoCommitIntervalMs: 5000 });
    const two: Consumer = consumer({ group: 'h', onRebalance: () => two.commit() });
    for (const each of [one, two]) expect(await drain(each)).toHaveLength(5);
    await madeAnew();
    for (const each of [one, two]) {
      await join(each);
      expect(await drain(each)).toEqual(ALL);
    }
  });

  test('is none that a position of the one before can be named for', async () => {
    const one = consumer();
    await drain(one);
    await madeAnew();
    await expect(one.commit([{ topic: 't', partition: 0, offset: 5 }])).rejects.toMatchObject({
      code: 'UNKNOWN_TOPIC_OR_PARTITION',
    });
    await join(one);
    expect(await drain(one)).toEqual(ALL);
    await one.commit([{ topic: 't', partition: 0, offset: 2 }]);
    expect(one.committed({ topic: 't', partition: 0 })).toMatchObject({ offset: 2 });
  });
});

describe('one of two topics that is deleted', () => {
  beforeEach(async () => {
    await bench.store.createTopic({ name: 'u', partitions: 1 });
    for (const topic of ['t', 'u']) await fill(bench.store, topic, 2);
  });

  test.each([
    ['by itself', () => consumer({ topics: ['t', 'u'], autoCommitIntervalMs: 60_000 })],
    [
      'before a rebalance',
      () => {
        const one: Consumer = consumer({ topics: ['t', 'u'], onRebalance: () => one.commit() });
        return one;
      },
    ],
  ])('keeps nothing of the other one from being committed %s, nor read', async (_, make) => {
    const one = make();
    expect(await drain(one)).toHaveLength(4);
    await bench.store.deleteTopic('t');
    await join(one);
    expect(one.assignment).toEqual([{ topic: 'u', partition: 0 }]);
    expect(one.committed({ topic: 'u', partition: 0 })).toMatchObject({ offset: 2 });
    await fill(bench.store, 'u', 1);
    expect(await drain(one)).toEqual(['0:2']);
  });

  test('does not keep its consumer from being closed', async () => {
    const one = consumer({ topics: ['t', 'u'], autoCommitIntervalMs: 60_000 });
    await drain(one);
    await bench.store.deleteTopic('t');
    await one.close();
    expect(await bench.store.group('g').committed({ topic: 'u', partition: 0 })).toMatchObject({ offset: 2 });
  });
});

test('a group that was deleted and is joined again begins where its reset policy says, not where its consumer was', async () => {
  await fill(bench.store, 't', 5);
  const one = consumer({ maxPollIntervalMs: 1000 });
  expect(await drain(one)).toHaveLength(5);
  expect(one.generation).toBe(1);
  bench.clock.advance(1000);
  await expect.poll(async () => (await bench.store.groups()).map(({ state }) => state)).toEqual(['Empty']);
  await bench.store.group('g').delete();
  await join(one);
  expect(one.generation).toBe(1);
  expect(await drain(one)).toHaveLength(5);
});
