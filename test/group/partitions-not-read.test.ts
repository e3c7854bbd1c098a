import { afterEach, expect, test } from 'vitest';
import { ManualClock } from '../../src/clock/clock.ts';
import { FaultyFileSystem } from '../../src/fs/faulty-fs.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { SeglogError, Store } from '../../src/index.ts';
import { drain, fill } from './support.ts';

let store: Store;
afterEach(() => store.close());

async function opened(directories: readonly string[]) {
  const fs = new FaultyFileSystem(new MemoryFileSystem());
  const clock = new ManualClock(1_000_000);
  store = await Store.open(directories, { fs, clock, logCleanerThreads: 0 });
  await store.createTopic({ name: 't', partitions: 2 });
  return { fs, clock };
}

const [ONE, OTHER] = [
  { topic: 't', partition: 0 },
  { topic: 't', partition: 1 },
];

test('what waits for its position is given one by a commit, as the error advises', async () => {
  await opened(['/data']);
  await fill(store, 't', 3);
  const consumer = store.consumer({ group: 'g', topics: 't', autoOffsetReset: 'none' });
  await expect(consumer.poll()).rejects.toMatchObject({
    code: 'NO_COMMITTED_OFFSET',
    message: expect.stringContaining('Commit a position') as string,
  });
  expect(() => consumer.position(ONE)).toThrow(/does not read t-0 yet\. Poll, seek or commit/);
  expect(() => consumer.position({ topic: 't', partition: 7 })).toThrow(/expected t-0, t-1, found t-7/);
  await consumer.commit([
    { ...ONE, offset: 2 },
    { ...OTHER, offset: 1 },
  ]);
  expect((await drain(consumer)).sort()).toEqual(['0:2', '1:1', '1:2']);
});

test('a partition that goes offline while it is read is not read any more', async () => {
  const { fs, clock } = await opened(['/one', '/two']);
  await fill(store, 't', 3);
  const consumer = store.consumer({ group: 'g', topics: 't' });
  expect(await drain(consumer)).toHaveLength(6);
  const replace = fs.replaceSmall.bind(fs);
  fs.replaceSmall = (at, bytes) => {
    if (at.startsWith('/two/')) throw new SeglogError('IO', 'refused', { file: at, errno: 'EIO' });
    replace(at, bytes);
  };
  clock.advance(5000);
  for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
  const offline = store.describeTopic('t').partitions.find(({ isOnline }) => !isOnline)?.partition;
  expect(consumer.assignment).toHaveLength(2);
  expect(consumer.reading.map(({ partition }) => partition)).toEqual([1 - (offline ?? -1)]);
});

test('the epoch that is committed is that of the record before, not of the one that comes next', async () => {
  await opened(['/data']);
  const log = store.partition('t', 0);
  for (const leaderEpoch of [3, 3, 5]) {
    if (leaderEpoch !== log.leaderEpoch) log.becomeLeader(leaderEpoch);
    await log.append({ value: `${leaderEpoch}` });
  }
  const consumer = store.consumer({ group: 'g', topics: 't' });
  for (const [offset, leaderEpoch] of [
    [1, 3],
    [2, 3],
    [3, 5],
  ]) {
    while (consumer.generation < 0 || consumer.position(ONE) < (offset ?? 0)) await consumer.poll({ maxRecords: 1 });
    for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
    await consumer.commit();
    expect(consumer.committed(ONE)).toMatchObject({ offset, leaderEpoch });
  }
});
