import { expect, test } from 'vitest';
import { MemoryFileSystem } from '../../../src/fs/memory-fs.ts';
import { groupKey, groupValue, offsetKey, offsetValue } from '../../../src/group/records/codec.ts';
import { type StoredGroup, StoredGroups } from '../../../src/group/state/stored-groups.ts';
import { Log } from '../../../src/index.ts';

const CONSUMER_KEY = Buffer.from('0003000167', 'hex');
const EMPTY_GROUP = {
  ...{ protocolType: 'consumer', generation: 1, protocol: null, leader: null, currentStateTimestamp: 5, members: [] },
};

interface Loaded {
  readonly groups: StoredGroups;
  readonly told: readonly (readonly [string, number])[];
}

async function loaded(fill: (log: Log) => Promise<void>): Promise<Loaded> {
  await using log = await Log.open('/logs/__consumer_offsets-0', { fs: new MemoryFileSystem() });
  await fill(log);
  const told: (readonly [string, number])[] = [];
  const groups = new StoredGroups(({ code }, offset) => told.push([code, offset]));
  for await (const batch of log.read()) groups.apply(batch);
  return { groups, told };
}

function at(offset: number, partition = 0) {
  const value = offsetValue({ offset, leaderEpoch: -1, metadata: '', commitTimestamp: offset });
  return { key: offsetKey('g', 't', partition), value };
}

function offsetsOf(group: StoredGroup | undefined): Record<string, number | string> {
  const positions = [...(group?.positions.values() ?? [])];
  return Object.fromEntries(
    positions.map(({ partition, value }) => [partition, value instanceof Error ? value.code : value.offset]),
  );
}

test('the last record of a key wins, and a tombstone takes it away', async () => {
  const { groups } = await loaded(async (log) => {
    await log.append([at(1), at(7, 1), at(9, 2)]);
    await log.append([at(5), { key: offsetKey('g', 't', 1), value: null }]);
  });
  expect(offsetsOf(groups.groups.get('g'))).toEqual({ 0: 5, 2: 9 });
});

test('a group of which nothing is left is forgotten', async () => {
  const { groups } = await loaded(async (log) => {
    await log.append([at(1), { key: groupKey('g'), value: groupValue(EMPTY_GROUP) }]);
    await log.append([
      { key: offsetKey('g', 't', 0), value: null },
      { key: groupKey('g'), value: null },
    ]);
  });
  expect(groups.groups.size).toBe(0);
});

test('offsets of a transaction count when it is committed, from their own place on', async () => {
  const producer = { producerId: 1, producerEpoch: 0, baseSequence: 0, isTransactional: true };
  const aborted = { producerId: 2, producerEpoch: 0, baseSequence: 0, isTransactional: true };
  const { groups } = await loaded(async (log) => {
    await log.append([at(10), at(20, 1)], { producer });
    await log.append([at(99, 2)], { producer: aborted });
    await log.append([at(30, 1)]);
    expect(log.logEndOffset).toBe(4);
    await log.endTransaction({ result: 'commit', producerId: 1, producerEpoch: 0 });
    await log.endTransaction({ result: 'abort', producerId: 2, producerEpoch: 0 });
  });
  expect(offsetsOf(groups.groups.get('g'))).toEqual({ 0: 10, 1: 30 });
  expect(groups.undecided.size).toBe(0);
});

test('groups with offsets in an open transaction are known', async () => {
  const producer = { producerId: 1, producerEpoch: 0, baseSequence: 0, isTransactional: true };
  const { groups } = await loaded(async (log) => void (await log.append([at(10)], { producer })));
  expect([...groups.undecided]).toEqual(['g']);
  expect(groups.groups.size).toBe(0);
});

test('records of other protocols are kept by their keys', async () => {
  const { groups } = await loaded(async (log) => void (await log.append([{ key: CONSUMER_KEY, value: 'x' }, at(1)])));
  const group = groups.groups.get('g');
  expect([group?.protocol, group?.others.size]).toEqual(['consumer', 1]);
  expect(offsetsOf(group)).toEqual({ 0: 1 });
  groups.put({ kind: 'other', group: 'g', protocol: 'consumer', isTombstone: true }, CONSUMER_KEY, 9);
  expect([group?.protocol, group?.others.size]).toEqual([undefined, 0]);
});

test('what cannot be used is told of with its offset, and stands for its partition', async () => {
  const { groups, told } = await loaded(async (log) => {
    await log.append([
      at(1),
      { key: offsetKey('g', 't', 1), value: Buffer.from('0009', 'hex') },
      { key: 'x', value: null },
    ]);
  });
  expect(told).toEqual([
    ['UNSUPPORTED_VERSION', 1],
    ['INVALID_RECORD', 2],
  ]);
  expect(offsetsOf(groups.groups.get('g'))).toEqual({ 0: 1, 1: 'UNSUPPORTED_VERSION' });
});
