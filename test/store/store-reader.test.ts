/** Looking at log directories that belong to somebody else. */
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { serdes, Store, StoreReader } from '../../src/index.ts';
import { FIXTURES } from '../support/fixtures.ts';
import { scratch } from '../support/temp.ts';
import { filled } from './support.ts';

/** Names and times of all that is in a directory. */
function stateOf(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => `${name} ${statSync(join(directory, name)).mtimeMs}`)
    .sort();
}

test('sees the topics of a store that is open, and what comes', async () => {
  const directory = scratch();
  await using store = await Store.open(directory);
  await store.createTopic({ name: 't', partitions: 2, config: { retentionMs: 5 } });
  await store.partition('t', 1).append({ value: 'a' });
  using reader = StoreReader.open(directory);
  expect(reader.topics()).toEqual(['t']);
  expect(reader.topic('t')).toEqual({
    name: 't',
    topicId: store.describeTopic('t').topicId,
    configs: { 'retention.ms': '5' },
    partitions: [0, 1],
    missing: [],
  });
  expect(reader.directories).toMatchObject([{ path: directory, isMarkedClean: false, partitions: 2 }]);
  const values: (string | null)[] = [];
  const stop = new AbortController();
  const reading = (async () => {
    for await (const { value } of reader.records('t', {
      ...{ follow: true, signal: stop.signal, valueSerde: serdes.string },
    })) {
      values.push(value);
      if (values.length === 2) stop.abort();
    }
  })();
  await store.partition('t', 0).append({ value: 'b' });
  await reading;
  expect(new Set(values)).toEqual(new Set(['a', 'b']));
});

test('changes nothing, also where a store would have made something good', async () => {
  const [directory, other] = [scratch(), scratch()];
  await filled([directory, other], { t: ['a', 'b'], u: [] });
  rmSync(join(other, '.seglog_metadata'));
  const before = [stateOf(directory), stateOf(other)];
  {
    using reader = StoreReader.open([directory, other]);
    for (const topic of reader.topics()) expect(reader.partition(topic, 0)).toMatchObject({ isOnline: true });
    let records = 0;
    for await (const { batch } of reader.consume('t')) records += batch.count;
    expect(records).toBe(2);
  }
  expect([stateOf(directory), stateOf(other)]).toEqual(before);
});

test("finds the topics of Kafka's own directories in its metadata log", () => {
  using reader = StoreReader.open(join(FIXTURES, 'clean'));
  expect(reader.topic('f-gzip')).toMatchObject({
    ...{ topicId: 'LmumiyKjTPaTi6K5AcA1lg', partitions: [0], missing: [] },
    configs: { 'retention.ms': '-1', 'internal.segment.bytes': '120000' },
  });
  expect(reader.directories[0]?.identity?.clusterId).toBe('6LF7qMjvSMOWQNZ2otnwJA');
  expect(reader.topics()).not.toContain('__cluster_metadata');
});

test('refuses what is not there', () => {
  const directory = scratch();
  using reader = StoreReader.open(directory);
  expect(() => reader.topic('t')).toThrow(expect.objectContaining({ code: 'UNKNOWN_TOPIC_OR_PARTITION' }));
  expect(() => reader.consume('t')).toThrow(expect.objectContaining({ code: 'UNKNOWN_TOPIC_OR_PARTITION' }));
  expect(() => StoreReader.open(join(directory, 'no'))).toThrow(
    expect.objectContaining({ code: 'IO', errno: 'ENOENT' }),
  );
});

test('sees at each look what is there then, and keeps nothing open for having looked', async () => {
  const directory = scratch();
  await using store = await Store.open(directory);
  await store.createTopic({ name: 't', partitions: 20 });
  for (let i = 0; i < 20; i++) await store.partition('t', i).append({ value: 'a' });
  using reader = StoreReader.open(directory);
  const records = async (): Promise<number> => {
    let count = 0;
    for await (const { batch } of reader.consume('t', { partitions: [7] })) count += batch.count;
    return count;
  };
  const descriptors = (): number => (process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0);
  const before = descriptors();
  for (let i = 0; i < 20; i++) expect(reader.partition('t', i)).toMatchObject({ logEndOffset: 1, isOnline: true });
  expect(descriptors()).toBe(before);
  expect(await records()).toBe(1);
  await store.partition('t', 7).append({ value: 'b' });
  expect(await records()).toBe(2);
  expect(reader.partition('t', 7).logEndOffset).toBe(2);
});
