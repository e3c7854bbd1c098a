/** Writing to topics, and reading several partitions as one stream. */
import { describe, expect, test } from 'vitest';
import { serdes, Store } from '../../src/index.ts';
import { merged } from '../../src/store/merge.ts';
import { partitionForKey } from '../../src/store/partitioner.ts';
import { scratch } from '../support/temp.ts';
import { turns, valuesOf } from './support.ts';

async function topicOf(partitions: number): Promise<Store> {
  const store = await Store.open(scratch());
  await store.createTopic({ name: 't', partitions });
  return store;
}

async function valuesByPartition(store: Store): Promise<string[][]> {
  const { partitions } = store.describeTopic('t');
  return Promise.all(partitions.map(({ partition }) => valuesOf(store.partition('t', partition))));
}

describe('a writer', () => {
  test.each(['flush', 'close'] as const)('waits at %s for batches that made room, and tells of them', async (ends) => {
    await using store = await Store.open(scratch(), { maxMessageBytes: 60e6, segmentBytes: 100e6 });
    await store.createTopic({ name: 't', partitions: 2, config: { flushMessages: 1 } });
    let fail = (_error: Error): void => undefined;
    const sync = new Promise<void>((_resolve, reject) => (fail = reject));
    const log = store.partition('t', 0);
    const flush = log.flush.bind(log);
    log.flush = () => sync;
    const writer = store.writer('t', { batchBytes: 50e6, linger: 60_000 });
    await writer.write({ partition: 0, value: 'a' });
    const sent = writer.send({ partition: 1, value: Buffer.alloc(36e6) });
    let told: unknown;
    const ending = writer[ends]().then(
      () => (told = 'nothing'),
      (error: unknown) => (told = error),
    );
    await sent;
    await turns();
    expect(told).toBeUndefined();
    fail(new Error('EIO'));
    await ending;
    expect(told).toMatchObject({ message: 'EIO' });
    log.flush = flush;
  });

  test('puts a key where its hash says, in the order of writing', async () => {
    await using store = await topicOf(5);
    const keys = Array.from({ length: 100 }, (_, i) => `key ${i % 20}`);
    await using writer = store.writer('t');
    for (const [i, key] of keys.entries()) await writer.write({ key, value: `${i}` });
    await writer.flush();
    const expected = Array.from({ length: 5 }, (_, partition) =>
      keys.flatMap((key, i) => (partitionForKey(Buffer.from(key), 5) === partition ? [`${i}`] : [])),
    );
    expect(await valuesByPartition(store)).toEqual(expected);
  });

  test('hashes the bytes that its serde makes of a key', async () => {
    await using store = await topicOf(7);
    await using writer = store.writer('t', { keySerde: serdes.json, valueSerde: serdes.json });
    const { partition, offset } = await writer.send({ key: { id: 1 }, value: [1] });
    expect({ partition, offset }).toEqual({ partition: partitionForKey(Buffer.from('{"id":1}'), 7), offset: 0 });
    expect(await valuesOf(store.partition('t', partition))).toEqual(['[1]']);
  });

  test('puts a record where it says itself, whatever its key', async () => {
    await using store = await topicOf(3);
    await using writer = store.writer('t');
    for (const partition of [2, 0, 2]) await writer.write({ partition, key: 'k', value: `to ${partition}` });
    await writer.flush();
    expect(await valuesByPartition(store)).toEqual([['to 0'], [], ['to 2', 'to 2']]);
    expect(() => writer.write({ partition: 3, value: 'x' })).toThrow(
      expect.objectContaining({ code: 'UNKNOWN_TOPIC_OR_PARTITION' }),
    );
  });

  test('fills a batch of one partition before it goes on to another, where there is no key', async () => {
    await using store = await topicOf(3);
    await using writer = store.writer('t', { batchBytes: 1000, linger: 10_000, random: () => 0 });
    for (let i = 0; i < 40; i++) await writer.write({ value: `${String(i).padStart(2, '0')}${'x'.repeat(66)}` });
    await writer.flush();
    // 100 bytes a record as they are counted: ten records fill a batch.
    const firsts = (await valuesByPartition(store)).map((values) => values.map((value) => Number(value.slice(0, 2))));
    const run = (from: number): number[] => Array.from({ length: 10 }, (_, i) => from + i);
    expect(firsts).toEqual([[...run(0), ...run(20)], [...run(10), ...run(30)], []]);
  });

  test('takes turns when it is told to, with regard to no key', async () => {
    await using store = await topicOf(3);
    await using writer = store.writer('t', { partitioner: 'round-robin' });
    for (let i = 0; i < 7; i++) await writer.write({ key: 'same', value: `${i}` });
    await writer.flush();
    expect(await valuesByPartition(store)).toEqual([
      ['0', '3', '6'],
      ['1', '4'],
      ['2', '5'],
    ]);
  });

  test('uses partitions that were added after it was made', async () => {
    await using store = await topicOf(1);
    await using writer = store.writer('t', { partitioner: 'round-robin' });
    await writer.write({ value: 'a' });
    await store.createPartitions('t', 2);
    await writer.write({ value: 'b' });
    await writer.flush();
    expect(await valuesByPartition(store)).toEqual([['a'], ['b']]);
  });

  test('tells what is wrong with a record, and with itself', async () => {
    await using store = await topicOf(1);
    expect(() => store.writer('t', { partitioner: 'random' as never })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
    expect(() => store.writer('no')).toThrow(expect.objectContaining({ code: 'UNKNOWN_TOPIC_OR_PARTITION' }));
    const writer = store.writer('t');
    await expect(writer.send({ value: 'x'.repeat(2_000_000) })).rejects.toMatchObject({ code: 'RECORD_TOO_LARGE' });
    // A writer says so to those who wait for nothing, too.
    await expect(writer.close()).rejects.toMatchObject({ code: 'RECORD_TOO_LARGE' });
    await writer.close();
    await expect(writer.send({ value: 'x' })).rejects.toMatchObject({ code: 'LOG_CLOSED' });
  });
});

describe('reading a topic', () => {
  async function filledTopic(): Promise<Store> {
    const store = await topicOf(3);
    for (let i = 0; i < 30; i++) {
      await store.partition('t', i % 3).append({ value: `${i}`, timestamp: 1000 + i });
    }
    return store;
  }

  async function read(store: Store, options: Parameters<Store['consume']>[1]): Promise<Record<number, string[]>> {
    const values: Record<number, string[]> = {};
    for await (const { partition, value } of store.records('t', { ...options, valueSerde: serdes.string })) {
      (values[partition] ??= []).push(value ?? 'null');
    }
    return values;
  }

  const every3rd = (from: number): string[] => Array.from({ length: 10 }, (_, i) => `${from + 3 * i}`);

  test('gives all partitions, each in its order', async () => {
    await using store = await filledTopic();
    expect(await read(store, {})).toEqual({ 0: every3rd(0), 1: every3rd(1), 2: every3rd(2) });
  });

  test('gives the partitions that are asked for, from where is asked', async () => {
    await using store = await filledTopic();
    expect(await read(store, { partitions: [2], from: { 2: 8 } })).toEqual({ 2: ['26', '29'] });
    expect(await read(store, { from: { 1: 9, 2: 10 } })).toEqual({ 0: every3rd(0), 1: ['28'] });
    expect(await read(store, { fromTimestamp: 1025 })).toEqual({ 0: ['27'], 1: ['25', '28'], 2: ['26', '29'] });
    expect(await read(store, { from: 'latest' })).toEqual({});
    expect(() => store.consume('t', { partitions: [3] })).toThrow(
      expect.objectContaining({ code: 'UNKNOWN_TOPIC_OR_PARTITION' }),
    );
    expect(() => store.consume('t', { from: 'latest', fromTimestamp: 1 })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });

  test('starts within a batch at the very record', async () => {
    await using store = await topicOf(1);
    await store.partition('t', 0).append([{ value: 'a' }, { value: 'b' }, { value: 'c' }]);
    expect(await read(store, { from: { 0: 1 } })).toEqual({ 0: ['b', 'c'] });
  });

  test('follows until it is told to end', async () => {
    await using store = await topicOf(2);
    const stop = new AbortController();
    const seen: string[] = [];
    const reading = (async () => {
      for await (const { partition, batch } of store.consume('t', { follow: true, signal: stop.signal })) {
        seen.push(`${partition}:${batch.baseOffset}`);
        if (seen.length === 3) stop.abort();
      }
    })();
    await store.partition('t', 1).append({ value: 'a' });
    await store.partition('t', 0).append({ value: 'b' });
    await store.partition('t', 1).append({ value: 'c' });
    await reading;
    expect(seen.sort()).toEqual(['0:0', '1:0', '1:1']);
  });

  test('ends when it is told to, also where it would have come to an end itself', async () => {
    await using store = await filledTopic();
    const stop = new AbortController();
    let count = 0;
    for await (const _ of store.consume('t', { signal: stop.signal })) if (++count === 4) stop.abort();
    expect(count).toBe(4);
    for await (const _ of store.consume('t', { signal: stop.signal, follow: true })) count++;
    expect(count).toBe(4);
  });

  test('ends when the store closes, and when the caller has enough', async () => {
    const store = await filledTopic();
    let count = 0;
    for await (const _ of store.consume('t', { follow: true })) if (++count === 5) break;
    expect(count).toBe(5);
    const reading = (async () => {
      for await (const _ of store.consume('t', { follow: true, from: 'latest' })) count++;
    })();
    await store.close();
    await reading;
    expect(count).toBe(5);
  });

  test('of committed records leaves open transactions out', async () => {
    await using store = await topicOf(1);
    const log = store.partition('t', 0);
    const producer = { producerId: 1, producerEpoch: 0, baseSequence: 0, isTransactional: true };
    await log.append({ value: 'open' }, { producer });
    expect(await read(store, { isolation: 'read_committed' })).toEqual({});
    await log.endTransaction({ producerId: 1, producerEpoch: 0, result: 'commit' });
    expect(await read(store, { isolation: 'read_committed' })).toEqual({ 0: ['open'] });
  });
});

describe('streams that are merged', () => {
  async function* numbers(name: string, count: number, asked: string[]): AsyncGenerator<string, void> {
    for (let i = 0; i < count; i++) {
      asked.push(`${name}${i}`);
      yield `${name}${i}`;
    }
  }

  test('are asked for no more than one value ahead', async () => {
    const asked: string[] = [];
    const stream = merged([numbers('a', 100, asked), numbers('b', 100, asked)]);
    const taken: string[] = [];
    for (let i = 0; i < 10; i++) {
      taken.push((await stream.next()).value as string);
      await new Promise((resolve) => setImmediate(resolve));
      expect(asked.length).toBeLessThanOrEqual(taken.length + 1);
    }
    expect(new Set(taken.map((value) => value[0]))).toEqual(new Set(['a', 'b']));
    await stream.return();
  });

  test('fail when one of them does, and end the others', async () => {
    let ended = false;
    async function* failing(): AsyncGenerator<string, void> {
      yield 'x';
      throw new Error('broken');
    }
    async function* endless(): AsyncGenerator<string, void> {
      try {
        for (;;) {
          await new Promise((resolve) => setImmediate(resolve));
          yield 'y';
        }
      } finally {
        ended = true;
      }
    }
    await expect(
      (async () => {
        for await (const _ of merged([failing(), endless()])) void _;
      })(),
    ).rejects.toThrow('broken');
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    expect(ended).toBe(true);
  });
});
