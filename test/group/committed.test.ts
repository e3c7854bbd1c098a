import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { groupKey, offsetKey, readOffsetsRecord } from '../../src/group/records/codec.ts';
import { OFFSETS_TOPIC } from '../../src/group/records/partition-for-group.ts';
import { type GroupListing, Store, StoreReader } from '../../src/index.ts';
import { copyOf, damagePositions, DIRECTORY, drain, fill, type GroupBench, groupBench, join } from './support.ts';

const DAY_MS = 86_400_000;

let bench: GroupBench;

beforeEach(async () => {
  bench = await groupBench();
  await bench.store.createTopic({ name: 't', partitions: 2 });
  await fill(bench.store, 't', 5);
});
afterEach(() => bench.store.close());

/** What is in a partition of the topic of committed offsets, a text for each record. */
async function recordsOf(partition: number): Promise<string[]> {
  const texts: string[] = [];
  for await (const batch of bench.store.partition(OFFSETS_TOPIC, partition).read()) {
    for (const { key, value } of batch.records()) {
      const record = readOffsetsRecord(key, value);
      if (record.kind === 'offset') {
        const text = record.value instanceof Error ? record.value.code : (record.value?.offset ?? 'gone');
        texts.push(`${record.group} ${record.topic}-${record.partition} ${text}`);
      } else if (record.kind === 'group') {
        const { value: group } = record;
        texts.push(
          group === null || group instanceof Error
            ? `${record.group} gone`
            : `${record.group} ${group.generation} ${group.members.length}`,
        );
      } else texts.push(record.kind);
    }
  }
  return texts;
}

function at(partition: number, offset: number) {
  return { topic: 't', partition, offset };
}

async function listed(): Promise<readonly (readonly [string, GroupListing['kind']])[]> {
  return (await bench.store.groups()).map(({ groupId, kind }) => [groupId, kind] as const);
}

describe('what a group commits', () => {
  test('goes to its partition of a compacted topic of 50, which no list shows unless it is asked to', async () => {
    await bench.store.group('my-group').commit([at(0, 3)]);
    expect(bench.store.topics()).toEqual(['t']);
    expect(bench.store.topics({ internal: true })).toEqual([OFFSETS_TOPIC, 't']);
    const { partitionCount, configs } = bench.store.describeTopic(OFFSETS_TOPIC);
    expect(partitionCount).toBe(50);
    expect(configs).toMatchObject({
      'compression.type': 'producer',
      'cleanup.policy': 'compact',
      'segment.bytes': '104857600',
    });
    expect(await recordsOf(12)).toEqual(['my-group t-0 3']);
  });

  test('is told apart from where its consumer is, and from the ends of the log', async () => {
    const consumer = bench.store.consumer({ group: 'g', topics: 't', clientId: 'me' });
    await join(consumer);
    await drain(consumer);
    consumer.seek({ topic: 't', partition: 0 }, 4);
    await consumer.commit([at(0, 1)]);
    await bench.store.partition('t', 0).deleteRecordsBefore(1);
    const { members, partitions, state, assignor, coordinatorPartition } = await bench.store.group('g').describe();
    expect({ state, assignor, coordinatorPartition }).toEqual({
      state: 'Stable',
      assignor: 'range',
      coordinatorPartition: 3,
    });
    expect(members).toMatchObject([{ clientId: 'me', topics: ['t'], assigned: [{ partition: 0 }, { partition: 1 }] }]);
    expect(partitions).toMatchObject([
      {
        partition: 0,
        committed: { offset: 1 },
        position: 4,
        lag: 4,
        logStartOffset: 1,
        highWatermark: 5,
        logEndOffset: 5,
      },
      { partition: 1, committed: undefined, position: 5, lag: undefined, memberId: consumer.memberId },
    ]);
  });

  test('of one turn is one batch', async () => {
    const groups = Array.from({ length: 20 }, (_, i) => bench.store.group(`g${i}`));
    await Promise.all(groups.map((group) => group.commit([at(0, 1)])));
    const many = bench.store.group('my-group');
    await Promise.all(Array.from({ length: 100 }, (_, offset) => many.commit([at(0, offset % 6)])));
    const batches: number[] = [];
    for await (const batch of bench.store.partition(OFFSETS_TOPIC, 12).read()) batches.push(batch.count);
    expect(Math.max(...batches)).toBe(100);
    expect(await many.committed({ topic: 't', partition: 0 })).toMatchObject({ offset: 99 % 6 });
  });

  test('is refused from outside while the group has members', async () => {
    const consumer = bench.store.consumer({ group: 'g', topics: 't' });
    await join(consumer);
    const group = bench.store.group('g');
    await expect(group.commit([at(0, 1)])).rejects.toMatchObject({ code: 'NON_EMPTY_GROUP' });
    await expect(group.planReset({ to: 'earliest' })).rejects.toMatchObject({ code: 'NON_EMPTY_GROUP' });
    await expect(group.delete()).rejects.toMatchObject({ code: 'NON_EMPTY_GROUP' });
    await consumer.close();
    await group.commit([at(0, 1)]);
    expect(await group.committed({ topic: 't', partition: 0 })).toMatchObject({ offset: 1, leaderEpoch: -1 });
  });

  test('of a topic that is not there is refused', async () => {
    const group = bench.store.group('g');
    const nowhere = { topic: 'nowhere', partition: 0, offset: 0 };
    await expect(group.commit([nowhere])).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC_OR_PARTITION' });
    await expect(group.commit([at(2, 0)])).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC_OR_PARTITION' });
    await expect(group.describe()).rejects.toMatchObject({ code: 'GROUP_ID_NOT_FOUND' });
  });

  test('goes with its topic, and does not count for another one of that name', async () => {
    await bench.store.createTopic({ name: 'u' });
    const group = bench.store.group('my-group');
    await group.commit([at(0, 3), at(1, 4), { topic: 'u', partition: 0, offset: 0 }]);
    await bench.store.deleteTopic('t');
    expect((await group.describe()).partitions.map(({ topic }) => topic)).toEqual(['u']);
    expect(await recordsOf(12)).toContain('my-group t-1 gone');
    await bench.store.createTopic({ name: 't', partitions: 2 });
    expect(await group.committed({ topic: 't', partition: 0 })).toBeUndefined();
  });

  test('of a topic that was deleted while nobody saw it does not count for another one of that name', async () => {
    const log = () => bench.store.partition(OFFSETS_TOPIC, 12);
    await bench.store.group('my-group').commit([at(0, 3)]);
    const bytes = Buffer.concat([...log().readSync()].map((batch) => Buffer.from(batch.bytes)));
    await bench.store.deleteTopic('t');
    await bench.store.createTopic({ name: 't', partitions: 2 });
    // As if the machine had stopped before what was committed went.
    await log().appendEncoded(bytes);
    await bench.reopen();
    expect(await bench.store.group('my-group').committed({ topic: 't', partition: 0 })).toBeUndefined();
  });

  test('is neither deleted nor grown as a topic', async () => {
    await bench.store.group('g').commit([at(0, 1)]);
    await expect(bench.store.deleteTopic(OFFSETS_TOPIC)).rejects.toMatchObject({ code: 'POLICY_VIOLATION' });
    await expect(bench.store.createPartitions(OFFSETS_TOPIC, 51)).rejects.toMatchObject({ code: 'POLICY_VIOLATION' });
  });

  test('is not committed when the disk is full, and is when there is space', async () => {
    const group = bench.store.group('g');
    await group.commit([at(0, 1)]);
    const consumer = bench.store.consumer({ group: 'g', topics: 't' });
    await join(consumer);
    bench.faults.plan({ operation: 'write', call: 1, errno: 'ENOSPC', forGood: true });
    await expect(consumer.commit([at(0, 2)])).rejects.toMatchObject({ code: 'IO', errno: 'ENOSPC' });
    expect(consumer.committed({ topic: 't', partition: 0 })).toMatchObject({ offset: 1 });
    bench.faults.heal();
    await consumer.commit([at(0, 2)]);
    await bench.reopen();
    expect(await bench.store.group('g').committed({ topic: 't', partition: 0 })).toMatchObject({ offset: 2 });
  });
});

describe('groups', () => {
  test('are listed and deleted', async () => {
    await bench.store.group('simple').commit([at(0, 1)]);
    const consumer = bench.store.consumer({ group: 'classic', topics: 't' });
    await join(consumer);
    expect(await listed()).toEqual([
      ['classic', 'classic'],
      ['simple', 'simple'],
    ]);
    await consumer.close();
    for (const id of ['simple', 'classic']) await bench.store.group(id).delete();
    expect(await listed()).toEqual([]);
    await bench.reopen();
    expect(await listed()).toEqual([]);
    await expect(bench.store.group('simple').delete()).rejects.toMatchObject({ code: 'GROUP_ID_NOT_FOUND' });
  });

  test('go on with the next generation after the store was opened again', async () => {
    const before = bench.store.consumer({ group: 'g', topics: 't' });
    await join(before);
    const { generation } = before;
    await bench.reopen();
    const after = bench.store.consumer({ group: 'g', topics: 't' });
    await join(after);
    expect(after.generation).toBeGreaterThan(generation + 1);
    expect(await recordsOf(3)).toEqual([`g ${generation} 1`, `g ${generation + 1} 0`, `g ${generation + 2} 1`]);
  });

  test('can be looked at beside the store that has them', async () => {
    await bench.store.group('g').commit([at(0, 2)]);
    using reader = StoreReader.open(DIRECTORY, { fs: bench.fs });
    expect(await reader.groups()).toMatchObject([{ groupId: 'g', kind: 'simple' }]);
    expect((await reader.group('g')).partitions).toMatchObject([
      { committed: { offset: 2 }, lag: 3, position: undefined },
    ]);
    await expect(reader.group('h')).rejects.toMatchObject({ code: 'GROUP_ID_NOT_FOUND' });
    expect(await reader.planReset('g', { to: 'latest' })).toEqual([{ ...at(0, 5), from: 2 }]);
  });

  test.each([
    [{ to: 'earliest' }, [1, 0]],
    [{ to: 'latest' }, [5, 5]],
    [{ to: 'current' }, [3, 2]],
    [{ offset: 4 }, [4, 4]],
    [{ offset: 99 }, [5, 5]],
    [{ shiftBy: -1 }, [2, 1]],
    [{ shiftBy: -9 }, [1, 0]],
    [{ timestamp: 0 }, [1, 0]],
    [{ timestamp: 9e15 }, [5, 5]],
  ] as const)('are reset by %j within the log', async (target, offsets) => {
    const group = bench.store.group('g');
    await group.commit([at(0, 3), at(1, 2)]);
    await bench.store.partition('t', 0).deleteRecordsBefore(1);
    const plan = await group.planReset(target);
    expect(plan.map(({ from, offset }) => [from, offset])).toEqual([
      [3, offsets[0]],
      [2, offsets[1]],
    ]);
    await group.commit(plan);
    expect(await group.committed({ topic: 't', partition: 1 })).toMatchObject({ offset: offsets[1] });
    await expect(
      bench.store.group('new').planReset({ shiftBy: 1 }, [{ topic: 't', partition: 0 }]),
    ).rejects.toMatchObject({
      code: 'NO_COMMITTED_OFFSET',
    });
  });
});

describe('in time', () => {
  beforeEach(async () => {
    await bench.store.close();
    bench = await groupBench({ offsetsRetentionMinutes: 24 * 60, offsetsRetentionCheckIntervalMs: 1000 });
    await bench.store.createTopic({ name: 't', partitions: 2 });
    await fill(bench.store, 't', 5);
  });

  async function sweep(ms: number): Promise<void> {
    bench.clock.advance(ms);
    for (let i = 0; i < 300; i++) await new Promise((resolve) => setImmediate(resolve));
  }

  test('what a group without members committed goes, counted from when the last one left', async () => {
    const consumer = bench.store.consumer({ group: 'g', topics: 't', maxPollIntervalMs: 20 * DAY_MS });
    await join(consumer);
    await consumer.commit([at(0, 1)]);
    await bench.store.group('simple').commit([at(0, 1)]);
    await sweep(DAY_MS);
    expect(await listed()).toEqual([['g', 'classic']]);
    await consumer.close();
    await sweep(DAY_MS - 1000);
    expect(await listed()).toEqual([['g', 'classic']]);
    await sweep(1000);
    expect(await listed()).toEqual([]);
    expect((await recordsOf(3)).slice(-2)).toEqual(['g t-0 gone', 'g gone']);
    await bench.reopen();
    expect(await listed()).toEqual([]);
  });

  test('members that went with their process count from when the store was opened again', async () => {
    const consumer = bench.store.consumer({ group: 'g', topics: 't' });
    await join(consumer);
    await consumer.commit([at(0, 1)]);
    // As if it had been killed: what is on the disk now is opened by another.
    const fs = copyOf(bench.fs);
    await bench.store.close();
    bench.clock.advance(2 * DAY_MS);
    bench.store = await Store.open(DIRECTORY, {
      ...{ fs, clock: bench.clock, logCleanerThreads: 0 },
      ...{ offsetsRetentionMinutes: 24 * 60, offsetsRetentionCheckIntervalMs: 1000 },
    });
    expect((await bench.store.group('g').describe()).members).toEqual([]);
    await sweep(1000);
    await sweep(DAY_MS - 2000);
    expect(await listed()).toEqual([['g', 'classic']]);
    await sweep(3000);
    expect(await listed()).toEqual([]);
  });
});

describe("what is Kafka's own", () => {
  const CONSUMER_KEY = Buffer.from('00030001 67'.replace(' ', ''), 'hex');
  const SHARE_KEY = Buffer.from('000b000173', 'hex');

  async function put(
    partition: number,
    records: { key: Uint8Array; value: Uint8Array | string | null }[],
  ): Promise<void> {
    await bench.store.group('any').commit([at(0, 0)]);
    await bench.store.partition(OFFSETS_TOPIC, partition).append(records);
    await bench.reopen();
  }

  test('a group of the newer protocol keeps its offsets, and becomes a classic one when it is joined', async () => {
    await bench.store.group('g').commit([at(0, 3)]);
    await put(3, [{ key: CONSUMER_KEY, value: Buffer.from('00000000000700', 'hex') }]);
    expect(await listed()).toContainEqual(['g', 'consumer']);
    const consumer = bench.store.consumer({ group: 'g', topics: 't' });
    await join(consumer);
    expect(consumer.position({ topic: 't', partition: 0 })).toBeGreaterThanOrEqual(3);
    expect((await recordsOf(3)).slice(-2)).toEqual(['other', 'g 1 1']);
    await consumer.close();
    await bench.reopen();
    expect(await listed()).toContainEqual(['g', 'classic']);
  });

  test('a group that shares records is neither joined, deleted nor moved', async () => {
    await put(115 % 50, [{ key: SHARE_KEY, value: 'x' }]);
    expect(await listed()).toContainEqual(['s', 'share']);
    const code = 'INCONSISTENT_GROUP_PROTOCOL';
    await expect(bench.store.consumer({ group: 's', topics: 't' }).poll()).rejects.toMatchObject({ code });
    const group = bench.store.group('s');
    await expect(group.delete()).rejects.toMatchObject({ code });
    await expect(group.commit([at(0, 1)])).rejects.toMatchObject({ code });
    await expect(group.planReset({ to: 'earliest' }, [at(0, 0)])).rejects.toMatchObject({ code });
    using reader = StoreReader.open(DIRECTORY, { fs: bench.fs });
    await expect(reader.planReset('s', { to: 'earliest' }, [at(0, 0)])).rejects.toMatchObject({ code });
  });

  test('what a later version wrote is told of, kept, and in nobody s way but its own', async () => {
    await bench.store.group('g').commit([at(1, 2)]);
    await put(3, [
      { key: offsetKey('g', 't', 0), value: Buffer.from('0009', 'hex') },
      { key: groupKey('h'), value: Buffer.from('0009', 'hex') },
      { key: Buffer.from('7fff', 'hex'), value: null },
    ]);
    const group = bench.store.group('g');
    const code = 'UNSUPPORTED_VERSION';
    await expect(group.committed({ topic: 't', partition: 0 })).rejects.toMatchObject({ code });
    expect(await group.committed({ topic: 't', partition: 1 })).toMatchObject({ offset: 2 });
    const told = bench.store.status().problems.map(({ message }) => message);
    expect(told).toContainEqual(
      expect.stringMatching(/^__consumer_offsets-3 has a record at offset 1 that is not used/),
    );
    expect((await group.describe()).partitions.map(({ problem }) => problem?.code)).toEqual([code, undefined]);
    const consumer = bench.store.consumer({ group: 'g', topics: 't' });
    await expect((async () => drain(consumer))()).rejects.toMatchObject({ code });
    await consumer.close();
    await group.commit(await group.planReset({ to: 'earliest' }));
    expect(await group.committed({ topic: 't', partition: 0 })).toMatchObject({ offset: 0 });
  });

  test('a damaged record log is an error, and nothing is written behind it', async () => {
    await bench.store.group('g').commit([at(0, 3)]);
    await damagePositions(bench, 3);
    const group = bench.store.group('g');
    await expect(group.committed({ topic: 't', partition: 0 })).rejects.toMatchObject({ code: 'BATCH_CRC_MISMATCH' });
    await expect(group.commit([at(0, 4)])).rejects.toMatchObject({ code: 'BATCH_CRC_MISMATCH' });
    await expect(bench.store.group('my-group').commit([at(0, 4)])).resolves.toBeUndefined();
  });
});
