import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/clock/clock.ts';
import { FaultyFileSystem } from '../../src/fs/faulty-fs.ts';
import { GroupCoordinator } from '../../src/group/coordinator.ts';
import type { GroupHost } from '../../src/group/host.ts';
import { OFFSETS_TOPIC, partitionForGroup } from '../../src/group/records/partition-for-group.ts';
import { Group, SeglogError, StoreReader } from '../../src/index.ts';
import { damagePositions, DIRECTORY, drain, fill, type GroupBench, groupBench } from './support.ts';

const MINUTE_MS = 60_000;

let bench: GroupBench;

beforeEach(async () => {
  bench = await groupBench({ offsetsRetentionMinutes: 60, offsetsRetentionCheckIntervalMs: 1000 });
  await bench.store.createTopic({ name: 't', partitions: 1 });
  await fill(bench.store, 't', 5);
});
afterEach(() => bench.store.close());

const ONLY = { topic: 't', partition: 0 };

async function listed(): Promise<string[]> {
  return (await bench.store.groups()).map(({ groupId }) => groupId);
}

async function sweep(ms: number): Promise<void> {
  bench.clock.advance(ms);
  for (let i = 0; i < 300; i++) await new Promise((resolve) => setImmediate(resolve));
}

describe('a partition of positions that cannot be read', () => {
  beforeEach(async () => {
    for (const id of ['g', 'my-group']) await bench.store.group(id).commit([{ ...ONLY, offset: 1 }]);
    await damagePositions(bench, 3);
  });
  const BAD = expect.objectContaining({ code: 'BATCH_CRC_MISMATCH' }) as unknown;

  test('keeps no other group from being listed, and is told of', async () => {
    expect(await listed()).toEqual(['my-group']);
    expect(bench.store.status().problems).toContainEqual(BAD);
  });

  test('keeps no other group from having its time', async () => {
    await sweep(61 * MINUTE_MS);
    expect(await listed()).toEqual([]);
  });

  test('is told of by whoever looks at the directory from outside, with all other groups', async () => {
    const fs = new FaultyFileSystem(bench.fs);
    const list = fs.list.bind(fs);
    fs.list = (path) => {
      if (path.endsWith(`${OFFSETS_TOPIC}-3`)) throw new SeglogError('IO', 'refused', { file: path, errno: 'EACCES' });
      return list(path);
    };
    const told: string[] = [];
    using reader = StoreReader.open(DIRECTORY, { fs, onProblem: ({ code }) => told.push(code) });
    expect((await reader.groups()).map(({ groupId }) => groupId)).toEqual(['my-group']);
    expect(told).toEqual(['IO']);
  });
});

describe('a group with more positions than a batch has room for', () => {
  const PARTITIONS = 300;
  // So long that the keys of a few hundred positions are more than a batch.
  const ID = 'g'.repeat(4000);
  let group: Group;

  beforeEach(async () => {
    await bench.store.createTopic({ name: 'wide', partitions: PARTITIONS });
    group = bench.store.group(ID);
    for (let from = 0; from < PARTITIONS; from += 100) {
      const positions = Array.from({ length: 100 }, (_, i) => ({ topic: 'wide', partition: from + i, offset: 0 }));
      await group.commit(positions);
    }
  });

  test('can be deleted', async () => {
    await group.delete();
    expect(await listed()).toEqual([]);
    await bench.reopen();
    expect(await listed()).toEqual([]);
  });

  test('has its time', async () => {
    await sweep(61 * MINUTE_MS);
    expect(await listed()).toEqual([]);
  });

  test('loses its positions with their topic', async () => {
    await bench.store.deleteTopic('wide');
    expect(await listed()).toEqual([]);
  });

  test('is joined only when all of it is gone', async () => {
    const deleting = group.delete();
    const consumer = bench.store.consumer({ group: ID, topics: 't' });
    const [, values] = await Promise.all([deleting, drain(consumer)]);
    expect(values).toHaveLength(5);
    const { state, partitions } = await group.describe();
    expect([state, partitions.length]).toEqual(['Stable', 1]);
    await consumer.commit();
    await bench.reopen();
    expect(await bench.store.group(ID).committed(ONLY)).toMatchObject({ offset: 5 });
  });

  test('is there still when that could not be written, and can be deleted then', async () => {
    bench.faults.plan({ operation: 'write', call: 2, errno: 'ENOSPC' });
    await expect(group.delete()).rejects.toMatchObject({ code: 'IO' });
    expect(await listed()).toEqual([ID]);
    await group.delete();
    expect(await listed()).toEqual([]);
  });
});

test.each(['joined', 'deleted'] as const)(
  'a group of the newer protocol with more members than a batch has room for can be %s',
  async (what) => {
    const id = 'k'.repeat(4000);
    await bench.store.group('any').commit([{ ...ONLY, offset: 0 }]);
    const log = bench.store.partition(OFFSETS_TOPIC, partitionForGroup(id, 50));
    const text = (value: string): Buffer =>
      Buffer.concat([Buffer.from([value.length >> 8, value.length & 255]), Buffer.from(value)]);
    for (let from = 0; from < 300; from += 100) {
      const members = Array.from({ length: 100 }, (_, i) =>
        Buffer.concat([Buffer.from([0, 5]), text(id), text(`${from + i}`)]),
      );
      await log.append(members.map((key) => ({ key, value: Buffer.from([0, 0]) })));
    }
    await bench.reopen();
    if (what === 'deleted') await bench.store.group(id).delete();
    else expect(await drain(bench.store.consumer({ group: id, topics: 't' }))).toHaveLength(5);
    expect(await bench.store.groups()).toMatchObject([
      { groupId: 'any' },
      ...(what === 'deleted' ? [] : [{ groupId: id, kind: 'classic' }]),
    ]);
  },
);

describe('the id of a group', () => {
  test.each([
    ['half a surrogate pair', 'a\ud800'],
    ['more bytes than a record has room for', 'x'.repeat(40_000)],
    ['nothing', ''],
  ])('that is %s is refused, whatever is asked', async (_, id) => {
    const refusal = { code: 'INVALID_ARGUMENT' };
    const group = bench.store.group(id);
    await expect(group.commit([{ ...ONLY, offset: 1 }])).rejects.toMatchObject(refusal);
    await expect(group.committed(ONLY)).rejects.toMatchObject(refusal);
    await expect(group.describe()).rejects.toMatchObject(refusal);
    expect(() => bench.store.consumer({ group: id, topics: 't' })).toThrow(expect.objectContaining(refusal));
  });

  test('may be any other text, and so may what its consumers are called', async () => {
    const id = '\u{1f600} a/b ';
    await bench.store.group(id).commit([{ ...ONLY, offset: 1 }]);
    await bench.reopen();
    expect(await listed()).toEqual([id]);
    for (const name of ['a\ud800', 'x'.repeat(40_000)]) {
      for (const called of [{ clientId: name }, { groupInstanceId: name }, { groupInstanceId: 'i', clientId: name }]) {
        expect(() => bench.store.consumer({ group: 'g', topics: 't', ...called })).toThrow(
          expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
        );
      }
    }
  });
});

test('of a group that nothing is known of nothing is kept, whoever asks for it', async () => {
  const host: GroupHost = {
    ...{ clock: new ManualClock(0), offsetsRetentionMs: 1, topic: () => undefined, problem: () => undefined },
    createOffsetsTopic: async () => undefined,
    reads: () => expect.unreachable(),
  };
  const coordinator = new GroupCoordinator(host);
  const group = new Group('nobody', host, coordinator);
  const asked = [
    () => group.committed(ONLY),
    () => group.planReset({ to: 'earliest' }),
    () => group.commit([{ ...ONLY, offset: 1 }]).catch(() => undefined),
    () => group.describe().catch(() => undefined),
  ];
  for (const ask of asked) {
    const before = await coordinator.session('nobody');
    await ask();
    expect(await coordinator.session('nobody')).not.toBe(before);
  }
});
