import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Consumer, ConsumerOptions } from '../../src/index.ts';
import { drain, fill, type GroupBench, groupBench, join, owned } from './support.ts';

let bench: GroupBench;

beforeEach(async () => {
  bench = await groupBench();
  await bench.store.createTopic({ name: 't', partitions: 4 });
});
afterEach(() => bench.store.close());

function consumer(options: Partial<ConsumerOptions<Uint8Array, Uint8Array>> = {}): Consumer {
  return bench.store.consumer({ group: 'g', topics: 't', ...options });
}

describe('a consumer', () => {
  test('reads everything from the start on, and goes on where it committed after the store was opened again', async () => {
    await fill(bench.store, 't', 3);
    const first = consumer();
    expect((await drain(first)).sort()).toEqual(
      [0, 1, 2, 3].flatMap((partition) => [0, 1, 2].map((offset) => `${partition}:${offset}`)),
    );
    await first.commit();
    await bench.reopen();
    await fill(bench.store, 't', 1);
    expect((await drain(consumer())).sort()).toEqual(['0:3', '1:3', '2:3', '3:3']);
  });

  test('reads again what it did not commit', async () => {
    await fill(bench.store, 't', 2);
    await drain(consumer());
    await bench.reopen();
    expect(await drain(consumer())).toHaveLength(8);
  });

  test('hands records out one by one, and has its position behind the one at hand', async () => {
    await fill(bench.store, 't', 2);
    const one = consumer();
    const seen: string[] = [];
    for await (const { topic, partition, offset, value } of one) {
      seen.push(Buffer.from(value ?? []).toString());
      expect(one.position({ topic, partition })).toBe(offset + 1);
      expect(one.lag({ topic, partition })).toBe(1 - offset);
      if (seen.length === 5) await one.commit([{ topic, partition, offset: offset + 1, metadata: 'five' }]);
      if (seen.length === 8) break;
    }
    const { partitions } = await bench.store.group('g').describe();
    expect(partitions.filter(({ committed }) => committed?.metadata === 'five')).toHaveLength(1);
  });

  test('waits for what comes, and ends when it is closed', async () => {
    const one = consumer();
    const seen: string[] = [];
    const reading = (async () => {
      for await (const { value } of one) seen.push(Buffer.from(value ?? []).toString());
    })();
    await fill(bench.store, 't', 1);
    await expect.poll(() => seen).toHaveLength(4);
    await bench.store.partition('t', 2).append({ value: 'late' });
    await expect.poll(() => seen.at(-1)).toBe('late');
    await one.close();
    await reading;
    await expect(one.poll()).rejects.toMatchObject({ code: 'LOG_CLOSED' });
    expect((await bench.store.group('g').describe()).members).toEqual([]);
  });

  test('ends when the store is closed', async () => {
    const reading = (async () => {
      for await (const _ of consumer()) expect.unreachable();
    })();
    await new Promise((resolve) => setImmediate(resolve));
    await bench.store.close();
    await expect(reading).resolves.toBeUndefined();
  });

  test('polls nothing within the time, and may not be polled twice at once', async () => {
    const one = consumer();
    await join(one);
    const polling = one.poll({ timeoutMs: 1000 });
    await expect(one.poll()).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    bench.clock.advance(1000);
    await expect(polling).resolves.toEqual([]);
  });

  test.each([
    ['earliest', 12],
    ['latest', 4],
  ] as const)('of a new group begins at %s', async (autoOffsetReset, count) => {
    await fill(bench.store, 't', 2);
    const one = consumer({ autoOffsetReset });
    await join(one);
    await fill(bench.store, 't', 1);
    expect(await drain(one)).toHaveLength(count);
  });

  test('of a new group without a reset policy says so, until it is told where to begin', async () => {
    await fill(bench.store, 't', 2);
    const one = consumer({ autoOffsetReset: 'none' });
    await expect(one.poll()).rejects.toMatchObject({ code: 'NO_COMMITTED_OFFSET' });
    await expect(one.poll()).rejects.toMatchObject({ code: 'NO_COMMITTED_OFFSET' });
    for (const partition of [0, 1, 2, 3]) one.seek({ topic: 't', partition }, 1);
    expect((await drain(one)).sort()).toEqual(['0:1', '1:1', '2:1', '3:1']);
  });

  test('goes by its reset policy where what was committed is gone, and tells', async () => {
    await fill(bench.store, 't', 5);
    const partitions = [0, 1, 2, 3].map((partition) => ({ topic: 't', partition, offset: 2 }));
    await bench.store.group('g').commit(partitions);
    await bench.store.partition('t', 1).deleteRecordsBefore(4);
    const told: unknown[] = [];
    const one = consumer({ onReset: (notice) => told.push(notice) });
    const values = await drain(one);
    expect(values.filter((value) => value.startsWith('1:'))).toEqual(['1:4']);
    expect(values).toHaveLength(10);
    expect(told).toEqual([{ topic: 't', partition: 1, from: 2, to: 4 }]);
    const strict = bench.store.consumer({ group: 'h', topics: 't', autoOffsetReset: 'none' });
    await bench.store.group('h').commit(partitions);
    await expect((async () => drain(strict))()).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' });
  });

  test('of committed records leaves aborted transactions out, and waits at an open one', async () => {
    const log = bench.store.partition('t', 0);
    const producer = { producerId: 1, producerEpoch: 0, baseSequence: 0, isTransactional: true };
    await log.append({ value: 'aborted' }, { producer });
    await log.endTransaction({ producerId: 1, producerEpoch: 0, result: 'abort' });
    await log.append({ value: 'plain' });
    await log.append({ value: 'open' }, { producer: { ...producer, baseSequence: 1 } });
    const one = consumer({ isolation: 'read_committed' });
    expect(await drain(one)).toEqual(['plain']);
    expect(one.position({ topic: 't', partition: 0 })).toBe(3);
    await log.endTransaction({ producerId: 1, producerEpoch: 0, result: 'commit' });
    expect(await drain(one)).toEqual(['open']);
  });

  test('commits by itself what earlier polls handed out', async () => {
    await fill(bench.store, 't', 2);
    const one = consumer({ autoCommitIntervalMs: 100 });
    expect(await drain(one)).toHaveLength(8);
    expect((await bench.store.group('g').describe()).partitions.map(({ lag }) => lag)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    bench.clock.advance(100);
    await one.poll({ timeoutMs: 0 });
    expect((await bench.store.group('g').describe()).partitions.map(({ lag }) => lag)).toEqual([0, 0, 0, 0]);
    await fill(bench.store, 't', 1);
    await drain(one);
    await one.close();
    expect((await bench.store.group('g').describe()).partitions.map(({ committed }) => committed?.offset)).toEqual([
      3, 3, 3, 3,
    ]);
  });

  test('may only commit and seek what it has', async () => {
    const one = consumer();
    const other = { topic: 't', partition: 9, offset: 0 };
    await expect(one.commit([other])).rejects.toMatchObject({ code: 'PARTITION_NOT_ASSIGNED' });
    await join(one);
    await expect(one.commit([other])).rejects.toMatchObject({ code: 'PARTITION_NOT_ASSIGNED' });
    expect(() => one.seek(other, 0)).toThrow(expect.objectContaining({ code: 'PARTITION_NOT_ASSIGNED' }));
    await expect(one.commit([{ topic: 't', partition: 0, offset: -1 }])).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    const long = { topic: 't', partition: 0, offset: 0, metadata: 'x'.repeat(4097) };
    await expect(one.commit([long])).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  test.each([
    [{ topics: 'nowhere' }, 'UNKNOWN_TOPIC_OR_PARTITION'],
    [{ topics: [] }, 'INVALID_ARGUMENT'],
    [{ group: '' }, 'INVALID_ARGUMENT'],
    [{ assignor: 'best' as 'range' }, 'INVALID_ARGUMENT'],
    [{ maxPollIntervalMs: 0 }, 'INVALID_ARGUMENT'],
    [{ autoCommitIntervalMs: Number.NaN }, 'INVALID_ARGUMENT'],
  ])('cannot be made with %j', (options, code) => {
    expect(() => consumer(options)).toThrow(expect.objectContaining({ code }));
  });
});

describe('consumers of a group', () => {
  test('share its partitions, and each record is read once', async () => {
    await fill(bench.store, 't', 5);
    const [a, b] = [consumer({ clientId: 'a' }), consumer({ clientId: 'b' })];
    await Promise.all([a.poll({ timeoutMs: 0 }), b.poll({ timeoutMs: 0 })]);
    const values = (await Promise.all([drain(a), drain(b)])).flat();
    expect(owned(a, b)).toEqual([
      ['t-0', 't-1'],
      ['t-2', 't-3'],
    ]);
    expect(new Set(values).size).toBe(20);
    expect(values).toHaveLength(20);
  });

  test('share anew when one joins, and when it leaves: what stays is not read again', async () => {
    await fill(bench.store, 't', 2);
    const a = consumer({ clientId: 'a' });
    expect(await drain(a)).toHaveLength(8);
    const b = consumer({ clientId: 'b' });
    await join(a, b);
    expect(owned(a, b)).toEqual([
      ['t-0', 't-1'],
      ['t-2', 't-3'],
    ]);
    expect(await drain(a)).toEqual([]);
    await b.close();
    await join(a);
    expect(owned(a)).toEqual([['t-0', 't-1', 't-2', 't-3']]);
    expect((await drain(a)).sort()).toEqual(['2:0', '2:1', '3:0', '3:1']);
  });

  test('get the partitions of one that does not poll any more, whose commits are refused', async () => {
    await fill(bench.store, 't', 1);
    const [a, b] = [
      consumer({ clientId: 'a', maxPollIntervalMs: 1000 }),
      consumer({ clientId: 'b', maxPollIntervalMs: 1000 }),
    ];
    await join(a, b);
    await drain(a);
    for (let i = 0; i < 3; i++) {
      bench.clock.advance(500);
      await b.poll({ timeoutMs: 0 });
    }
    await join(b);
    expect(owned(b)).toEqual([['t-0', 't-1', 't-2', 't-3']]);
    await expect(a.commit()).rejects.toMatchObject({ code: 'UNKNOWN_MEMBER_ID' });
    await join(a, b);
    expect(owned(a, b)).toEqual([
      ['t-0', 't-1'],
      ['t-2', 't-3'],
    ]);
    await b.close();
    expect((await drain(a)).length).toBe(4);
  });

  test('wait for all, but not longer than these may take', async () => {
    const [a, b] = [
      consumer({ clientId: 'a', maxPollIntervalMs: 1000 }),
      consumer({ clientId: 'b', maxPollIntervalMs: 1000 }),
    ];
    await join(a);
    const joining = b.poll({ timeoutMs: 5000 });
    for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(b.generation).toBe(-1);
    bench.clock.advance(1000);
    await expect.poll(() => owned(b)).toEqual([['t-0', 't-1', 't-2', 't-3']]);
    bench.clock.advance(5000);
    await joining;
    await expect(a.commit([{ topic: 't', partition: 0, offset: 0 }])).rejects.toMatchObject({
      code: 'UNKNOWN_MEMBER_ID',
    });
  });

  test('may commit before a rebalance, and the next owner goes on from there', async () => {
    await fill(bench.store, 't', 3);
    const given: number[] = [];
    const a = consumer({
      clientId: 'a',
      onRebalance: async (partitions) => {
        given.push(partitions.length);
        await a.commit();
      },
    });
    expect(await drain(a)).toHaveLength(12);
    const b = consumer({ clientId: 'b' });
    await join(a, b);
    expect(given).toEqual([4]);
    expect([await drain(a), await drain(b)]).toEqual([[], []]);
  });

  test('all have the same assignor', async () => {
    const a = consumer();
    await join(a);
    await expect(consumer({ assignor: 'sticky' }).poll()).rejects.toMatchObject({
      code: 'INCONSISTENT_GROUP_PROTOCOL',
    });
  });

  test('share several topics, and what is added to them', async () => {
    await bench.store.createTopic({ name: 'u', partitions: 1 });
    const [a, b] = [consumer({ clientId: 'a', topics: ['t', 'u'] }), consumer({ clientId: 'b', topics: ['t', 'u'] })];
    await join(a, b);
    expect(owned(a, b)[0]).toEqual(['t-0', 't-1', 'u-0']);
    await bench.store.createPartitions('u', 2);
    await join(a, b);
    expect(owned(a, b)).toEqual([
      ['t-0', 't-1', 'u-0'],
      ['t-2', 't-3', 'u-1'],
    ]);
    await bench.store.deleteTopic('t');
    await join(a, b);
    expect(owned(a, b)).toEqual([['u-0'], ['u-1']]);
    await fill(bench.store, 'u', 1);
    expect([await drain(a), await drain(b)]).toEqual([['0:0'], ['1:0']]);
    await bench.store.createTopic({ name: 't', partitions: 2 });
    await join(a, b);
    expect(owned(a, b)).toEqual([
      ['t-0', 'u-0'],
      ['t-1', 'u-1'],
    ]);
  });

  test('read a topic that was made anew from its start', async () => {
    await fill(bench.store, 't', 2);
    const a = consumer();
    expect(await drain(a)).toHaveLength(8);
    await a.commit();
    await bench.store.deleteTopic('t');
    await bench.store.createTopic({ name: 't', partitions: 1 });
    await fill(bench.store, 't', 1);
    await join(a);
    expect(await drain(a)).toEqual(['0:0']);
  });
});
