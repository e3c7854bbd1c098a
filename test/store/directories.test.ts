/** Log directories that fail, that hold what they should not, and what is found in them. */
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FaultyFileSystem, type FaultyOperation } from '../../src/fs/faulty-fs.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { ManualClock } from '../../src/clock/clock.ts';
import { Log, SeglogError, Store, type StoreOptions, StoreReader } from '../../src/index.ts';
import { scratch } from '../support/temp.ts';
import { fileNames, filled, turns, valuesOf } from './support.ts';

const HEX = '0123456789abcdef'.repeat(2);

describe('what is found in a directory', () => {
  test('of partitions that were opened alone becomes topics, whose records are kept', async () => {
    const directory = scratch();
    for (const name of ['events-0', 'events-2', 'with-dash-1']) {
      await using log = await Log.open(join(directory, name));
      await log.append({ value: name });
    }
    const first = await Store.open(directory);
    const ids = first.topics().map((name) => first.describeTopic(name).topicId);
    await first.close();
    const store = await Store.open(directory);
    expect(store.topics().map((name) => store.describeTopic(name).topicId)).toEqual(ids);
    expect(store.topics()).toEqual(['events', 'with-dash']);
    expect(store.describeTopic('events')).toMatchObject({ partitionCount: 3, configs: { 'retention.ms': '-1' } });
    expect(store.describeTopic('events').partitions.map(({ partition }) => partition)).toEqual([0, 1, 2]);
    expect(await valuesOf(store.partition('events', 2))).toEqual(['events-2']);
    await store.createPartitions('events', 4);
    expect(store.describeTopic('events').partitions.map(({ partition }) => partition)).toEqual([0, 1, 2, 3]);
    const { topicId } = store.describeTopic('events');
    await store.close();
    await using again = await Store.open(directory);
    expect(again.describeTopic('events').topicId).toBe(topicId);
  });

  test('of an unknown topic takes the id that any of its partitions has: one that never had a record has none', async () => {
    const directory = scratch();
    const first = await Store.open(directory);
    const { topicId } = await first.createTopic({ name: 't', partitions: 3 });
    await first.partition('t', 1).append({ value: 'kept' });
    await first.close();
    rmSync(join(directory, '__cluster_metadata-0'), { recursive: true });
    const store = await Store.open(directory);
    expect(store.describeTopic('t')).toMatchObject({ topicId, partitionCount: 3 });
    expect(await valuesOf(store.partition('t', 1))).toEqual(['kept']);
    expect(store.status()).toMatchObject({ stray: [], problems: [] });
    expect(fileNames(directory).filter((name) => name.startsWith('t-'))).toEqual(['t-0', 't-1', 't-2']);
    await store.partition('t', 0).append({ value: 'more' });
    await store.close();
    await using again = await Store.open(directory);
    expect(await valuesOf(again.partition('t', 0))).toEqual(['more']);
    expect(again.describeTopic('t').topicId).toBe(topicId);
  });

  test("keeps its records by any rule, whatever the store's own configuration says", async () => {
    const fs = new MemoryFileSystem();
    const clock = new ManualClock(1_000_000);
    const roll = { segmentBytes: 200 };
    const log = await Log.open('/one/t-0', { fs, clock, ...roll });
    for (let i = 0; i < 20; i++) await log.append({ key: 'k', value: 'x'.repeat(60), timestamp: clock.now() });
    await log.close();
    const options: StoreOptions = { retentionMs: 1, retentionBytes: 1, cleanupPolicy: ['compact', 'delete'], ...roll };
    await using store = await Store.open('/one', { fs, clock, ...options });
    clock.advance(600_000);
    // The work is done in turns of the event loop that no clock counts.
    for (let turn = 0; turn < 60; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(await valuesOf(store.partition('t', 0))).toHaveLength(20);
    expect(store.describeTopic('t').configs).toEqual({
      'cleanup.policy': 'delete',
      'retention.bytes': '-1',
      'retention.ms': '-1',
    });
  });

  test('on its way out or in is left alone, and what is no partition too', async () => {
    const directory = scratch();
    await filled([directory], { t: ['a'] });
    const others = [
      `x-0.${HEX}-stray`,
      `x-1.${HEX}-future`,
      '__cluster_metadata-1',
      'no partition',
      'remote-log-index-cache',
    ];
    for (const name of others) mkdirSync(join(directory, name));
    symlinkSync(join(directory, 't-0'), join(directory, 'link-0'));
    const before = fileNames(directory).filter((name) => name !== '.kafka_cleanshutdown');
    await using store = await Store.open(directory);
    expect(store.topics()).toEqual(['t']);
    expect(store.status()).toMatchObject({
      stray: [join(directory, others[0] ?? '')],
      future: [join(directory, others[1] ?? '')],
    });
    expect(store.status().problems).toMatchObject([
      { code: 'NOT_A_REGULAR_FILE', file: join(directory, 'link-0') },
      { code: 'INVALID_NAME', file: join(directory, 'no partition') },
    ]);
    expect(fileNames(directory)).toEqual(before);
  });

  test('twice is refused with both names, and nothing is changed', async () => {
    const [first, second] = [scratch(), scratch()];
    await filled([first, second], { t: ['a'], u: ['b'] });
    const [here, there] = fileNames(first).includes('t-0') ? [first, second] : [second, first];
    mkdirSync(join(there, 't-0'));
    await expect(Store.open([first, second])).rejects.toMatchObject({
      code: 'DUPLICATE_PARTITION',
      message: expect.stringContaining(join(here, 't-0')) as string,
      file: expect.stringContaining('t-0') as string,
    });
    rmSync(join(there, 't-0'), { recursive: true });
    expect(fileNames(first)).toContain('.kafka_cleanshutdown');
    await using store = await Store.open([first, second]);
    expect(await valuesOf(store.partition('t', 0))).toEqual(['a']);
  });

  test('with the id of another topic is put aside, not deleted', async () => {
    const directory = scratch();
    await filled([directory], { t: ['new'] });
    const other = scratch();
    await filled([other], { t: ['old'] });
    rmSync(join(directory, 't-0'), { recursive: true });
    renameSync(join(other, 't-0'), join(directory, 't-0'));
    await using store = await Store.open(directory);
    const aside = fileNames(directory).filter((name) => name.endsWith('-stray'));
    expect(aside).toEqual([expect.stringMatching(/^t-0\.[0-9a-f]{32}-stray$/)]);
    expect(store.partition('t', 0).logEndOffset).toBe(0);
    expect(store.status().problems.map(({ code }) => code)).toEqual(['TOPIC_ID_MISMATCH', 'IO']);
    expect(fileNames(join(directory, aside[0] ?? ''))).toContain('00000000000000000000.log');
  });

  test('less than is known is made anew, and told', async () => {
    const directory = scratch();
    await filled([directory], { t: ['a'], u: ['b'] });
    rmSync(join(directory, 't-0'), { recursive: true });
    await using store = await Store.open(directory);
    expect(store.partition('t', 0).logEndOffset).toBe(0);
    expect(await valuesOf(store.partition('u', 0))).toEqual(['b']);
    expect(store.status().problems).toMatchObject([{ code: 'IO', file: join(directory, 't-0') }]);
  });
});

describe('damage', () => {
  test.each([
    ['recovery-point-offset-checkpoint', 'garbage'],
    ['replication-offset-checkpoint', '0\n9\nt 0 1\n'],
    ['log-start-offset-checkpoint', '1\n0\n'],
    ['cleaner-offset-checkpoint', '0\n1\nt 0\n'],
  ])('of %s is told of, and it counts as empty', async (name, text) => {
    const directory = scratch();
    await filled([directory], { t: ['a'] });
    writeFileSync(join(directory, name), text);
    const store = await Store.open(directory);
    expect(store.status().problems).toMatchObject([{ file: join(directory, name) }]);
    expect(await valuesOf(store.partition('t', 0))).toEqual(['a']);
    await store.partition('t', 0).append({ value: 'b' });
    await store.partition('t', 0).deleteRecordsBefore(1);
    await store.close();
    await using again = await Store.open(directory);
    expect(await valuesOf(again.partition('t', 0))).toEqual(['b']);
  });

  test('of the metadata log is refused by its name; without the log topics are found again', async () => {
    const directory = scratch();
    await filled([directory], { t: ['a'] });
    const path = join(directory, '__cluster_metadata-0', '00000000000000000000.log');
    const bytes = readFileSync(path);
    bytes.writeUInt8(bytes.readUInt8(260) ^ 1, 260);
    writeFileSync(path, bytes);
    await expect(Store.open(directory)).rejects.toMatchObject({ code: 'LOG_CORRUPT', file: path });
    expect(readFileSync(path)).toEqual(bytes);
    rmSync(join(directory, '__cluster_metadata-0'), { recursive: true });
    await using store = await Store.open(directory);
    expect(await valuesOf(store.partition('t', 0))).toEqual(['a']);
  });

  test('of a partition takes it alone offline, and keeps the mark of a clean stop away', async () => {
    const directory = scratch();
    await filled([directory], { t: ['a'], u: ['b'] });
    writeFileSync(join(directory, 't-0', 'partition.metadata'), 'x');
    const store = await Store.open(directory);
    expect(() => store.partition('t', 0)).toThrow(
      expect.objectContaining({
        code: 'LOG_OFFLINE',
        message: expect.stringContaining('partition.metadata') as string,
      }),
    );
    expect(store.status().troubled).toMatchObject([
      { topic: 't', partition: 0, problem: { code: 'CORRUPT_CHECKPOINT' } },
    ]);
    expect(store.describeTopic('t').partitions).toMatchObject([{ partition: 0, isOnline: false }]);
    expect(await valuesOf(store.partition('u', 0))).toEqual(['b']);
    await store.close();
    expect(fileNames(directory)).not.toContain('.kafka_cleanshutdown');
    expect(fileNames(directory)).toContain('t-0');
  });
});

test('a partition that could not even be looked at keeps the mark of a clean stop away', async () => {
  const fs = new MemoryFileSystem();
  const first = await Store.open('/one', { fs });
  await first.createTopic({ name: 't' });
  await first.close();
  fs.remove('/one/.kafka_cleanshutdown');
  const realPath = fs.realPath.bind(fs);
  fs.realPath = (path) => {
    if (path === '/one/t-0') throw new SeglogError('IO', 'no', { file: path, errno: 'EACCES' });
    return realPath(path);
  };
  const store = await Store.open('/one', { fs });
  expect(store.status().troubled).toMatchObject([{ topic: 't', problem: { errno: 'EACCES' } }]);
  await store.close();
  expect(fs.list('/one')).not.toContain('.kafka_cleanshutdown');
});

describe('a directory that fails', () => {
  test('at opening is offline; the others go on, and what was in it is there when it comes back', async () => {
    const [first, second] = [scratch(), scratch()];
    await filled([first, second], { t: ['a'], u: ['b'] });
    const away = `${second}-away`;
    renameSync(second, away);
    writeFileSync(second, 'a file in its place');
    const store = await Store.open([first, second]);
    const [here, gone] = fileNames(first).includes('t-0') ? ['t', 'u'] : ['u', 't'];
    expect(store.topics()).toEqual(['t', 'u']);
    expect(store.partition(here, 0).logEndOffset).toBe(1);
    expect(() => store.partition(gone, 0)).toThrow(expect.objectContaining({ code: 'LOG_OFFLINE' }));
    expect(store.status().directories).toMatchObject([{ isOnline: true }, { isOnline: false, path: second }]);
    await store.deleteTopic(gone);
    await store.createTopic({ name: 'new' });
    expect(fileNames(first)).toContain('new-0');
    await store.close();
    rmSync(second);
    renameSync(away, second);
    await using again = await Store.open([first, second]);
    expect(again.topics()).toEqual(['new', here].sort());
    // It was deleted while it was away.
    expect(fileNames(second).filter((name) => name.startsWith(`${gone}-0`))).toEqual([
      expect.stringMatching(/-delete$/),
    ]);
  });

  test('comes back with partitions that were deleted and made again meanwhile: those are told apart by their ids', async () => {
    const [first, second] = [scratch(), scratch()];
    await (await Store.open([second, first])).close();
    const before = await Store.open([second, first]);
    // The first of two goes where the metadata log is.
    await before.createTopic({ name: 'other' });
    await before.createTopic({ name: 't' });
    await before.partition('t', 0).append({ value: 'old' });
    await before.createTopic({ name: 'another' });
    await before.createTopic({ name: 'empty' });
    await before.close();
    const away = `${first}-away`;
    renameSync(first, away);
    writeFileSync(first, 'a file in its place');
    const alone = await Store.open([first, second]);
    for (const name of ['t', 'empty']) {
      await alone.deleteTopic(name);
      await alone.createTopic({ name });
    }
    await alone.partition('t', 0).append({ value: 'new' });
    await alone.close();
    rmSync(first);
    renameSync(away, first);
    const seen: string[] = [];
    using reader = StoreReader.open([first, second]);
    for await (const { value } of reader.records('t')) seen.push(value?.toString() ?? 'null');
    expect(seen).toEqual(['new']);
    expect(reader.partition('empty', 0).directory).toBe(join(second, 'empty-0'));
    const store = await Store.open([first, second]);
    expect(await valuesOf(store.partition('t', 0))).toEqual(['new']);
    expect(store.partition('empty', 0).logEndOffset).toBe(0);
    expect(fileNames(first).filter((name) => /^(?:t|empty)-0/.test(name))).toEqual([
      expect.stringMatching(/^empty-0\.[0-9a-f]{32}-delete$/),
      expect.stringMatching(/^t-0\.[0-9a-f]{32}-delete$/),
    ]);
    expect(fileNames(second)).toEqual(expect.arrayContaining(['empty-0', 't-0']));
    await store.close();
    await using again = await Store.open([first, second]);
    expect(again.status().problems).toEqual([]);
  });

  test('and brings a duplicate is refused before anything is renamed', async () => {
    const [first, second] = [scratch(), scratch()];
    await filled([first, second], { t: ['a'], u: ['b'] });
    const [here, there] = fileNames(first).includes('t-0') ? [first, second] : [second, first];
    const other = scratch();
    await filled([other], { u: ['of another topic'] });
    mkdirSync(join(there, 't-0'));
    renameSync(join(other, 'u-0'), join(here, 'u-0'));
    const before = fileNames(here);
    await expect(Store.open([first, second])).rejects.toMatchObject({ code: 'DUPLICATE_PARTITION' });
    expect(fileNames(here)).toEqual(before);
  });

  test('is an error when it is the only one', async () => {
    const file = join(scratch(), 'file');
    writeFileSync(file, '');
    await expect(Store.open(file)).rejects.toBeInstanceOf(SeglogError);
  });

  test('at a checkpoint goes offline; the others go on', async () => {
    const { fs, clock, store } = await onFaultyDisks();
    await store.partition('a', 0).append({ value: 'x' });
    await store.partition('b', 0).append({ value: 'y' });
    fs.plan({ operation: 'rename', call: 1, errno: 'EIO' });
    clock.advance(5000);
    const { directories } = store.status();
    expect(directories.map(({ isOnline }) => isOnline)).toEqual([false, true]);
    const [gone, here] = directories[0]?.path === '/one' ? ['a', 'b'] : ['b', 'a'];
    expect(() => store.partition(gone, 0)).toThrow(expect.objectContaining({ code: 'LOG_OFFLINE' }));
    await store.partition(here, 0).append({ value: 'z' });
    await store.close();
    fs.heal();
    await using again = await Store.open(['/one', '/two'], { fs, clock });
    expect(again.partition('a', 0).logEndOffset + again.partition('b', 0).logEndOffset).toBe(3);
  });

  test('to take a checkpoint for lack of space stays online, and takes it the next time', async () => {
    const { fs, clock, store } = await onFaultyDisks();
    await store.partition('a', 0).append({ value: 'x' });
    fs.plan({ operation: 'write', call: 1, errno: 'ENOSPC' });
    clock.advance(5000);
    expect(store.status().problems).toMatchObject([{ errno: 'ENOSPC' }]);
    expect(store.status().directories.map(({ isOnline }) => isOnline)).toEqual([true, true]);
    // One log directory a turn; then the work waits for its next time.
    await turns(3);
    clock.advance(5000);
    expect(smallText(fs, '/one/replication-offset-checkpoint')).toBe('0\n1\na 0 1\n');
    await store.close();
  });
});

async function onFaultyDisks(): Promise<{ fs: FaultyFileSystem; clock: ManualClock; store: Store }> {
  const fs = new FaultyFileSystem(new MemoryFileSystem());
  const clock = new ManualClock(1_000_000);
  const store = await Store.open(['/one', '/two'], { fs, clock });
  await store.createTopic({ name: 'a' });
  await store.createTopic({ name: 'b' });
  return { fs, clock, store };
}

function smallText(fs: FaultyFileSystem, path: string): string {
  return Buffer.from(fs.readSmall(path) ?? '').toString();
}

test('a log that does not close well keeps the mark of a clean stop away from its directory alone', async () => {
  const { fs, store } = await onFaultyDisks();
  await store.partition('a', 0).append({ value: 'x' });
  await store.partition('b', 0).append({ value: 'y' });
  fs.plan({ operation: 'sync', call: 1, errno: 'EIO' });
  await expect(store.close()).rejects.toMatchObject({ code: 'IO', errno: 'EIO' });
  const marks = ['/one', '/two'].filter((path) => fs.list(path).includes('.kafka_cleanshutdown'));
  expect(marks).toHaveLength(1);
  fs.heal();
  await using again = await Store.open(['/one', '/two'], { fs });
  expect(await valuesOf(again.partition('a', 0))).toEqual(['x']);
  expect(await valuesOf(again.partition('b', 0))).toEqual(['y']);
});

describe('checkpoints of an open store', () => {
  test('are written at their times: high watermarks every 5 s, recovery points and log starts every 60 s', async () => {
    const { fs, clock, store } = await onFaultyDisks();
    const log = store.partition('a', 0);
    await log.append([{ value: 'x' }, { value: 'y' }]);
    await log.flush();
    clock.advance(4999);
    expect(smallText(fs, '/one/replication-offset-checkpoint')).not.toContain('a 0');
    clock.advance(1);
    expect(smallText(fs, '/one/replication-offset-checkpoint')).toBe('0\n1\na 0 2\n');
    clock.advance(24_999);
    expect(smallText(fs, '/one/recovery-point-offset-checkpoint')).not.toContain('a 0');
    clock.advance(1);
    expect(smallText(fs, '/one/recovery-point-offset-checkpoint')).toBe('0\n1\na 0 1\n');
    await turns(3);
    await log.append({ value: 'z' });
    await log.flush();
    clock.advance(59_999);
    expect(smallText(fs, '/one/recovery-point-offset-checkpoint')).toBe('0\n1\na 0 1\n');
    clock.advance(1);
    expect(smallText(fs, '/one/recovery-point-offset-checkpoint')).toBe('0\n1\na 0 2\n');
    await store.close();
  });
});

test('retention is looked at after 30 s, and every 5 minutes from then on', async () => {
  const fs = new MemoryFileSystem();
  const clock = new ManualClock(1_000_000);
  await using store = await Store.open('/one', { fs, clock, segmentBytes: 200, retentionBytes: 300 });
  await store.createTopic({ name: 't' });
  await store.createTopic({ name: 'kept', config: { retentionBytes: -1 } });
  const fill = async (name: string): Promise<void> => {
    for (let i = 0; i < 9; i++)
      await store.partition(name, 0).append({ value: 'x'.repeat(60), timestamp: clock.now() });
  };
  const startsOf = async (): Promise<number[]> => {
    // The work is done in turns of the event loop that no clock counts.
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    return ['t', 'kept'].map((name) => store.partition(name, 0).logStartOffset);
  };
  await fill('t');
  await fill('kept');
  clock.advance(29_999);
  expect(await startsOf()).toEqual([0, 0]);
  clock.advance(1);
  const [start = 0] = await startsOf();
  expect(start).toBeGreaterThan(0);
  await fill('t');
  clock.advance(299_999);
  expect(await startsOf()).toEqual([start, 0]);
  clock.advance(1);
  const [next = 0, kept] = await startsOf();
  expect(next).toBeGreaterThan(start);
  expect(kept).toBe(0);
  expect(store.status().problems).toEqual([]);
});

const OPERATIONS: FaultyOperation[] = [
  'open',
  'read',
  'write',
  'truncate',
  'sync',
  'rename',
  'remove',
  'syncDirectory',
];

describe.each(OPERATIONS)('when the n-th call of %s fails, for every n, in the life of a store', (operation) => {
  test('nothing that was acknowledged is lost, and the store opens again', async () => {
    const counted = new FaultyFileSystem(new MemoryFileSystem());
    expect((await life(counted)).failed).toEqual([]);
    const calls = counted.count(operation);
    expect(calls).toBeGreaterThan(0);
    for (let call = 1; call <= calls; call++) {
      const fs = new FaultyFileSystem(new MemoryFileSystem());
      fs.plan({ operation, call, errno: 'EIO' });
      const { acknowledged, deleted } = await life(fs);
      fs.heal();
      await using store = await Store.open(['/one', '/two'], { fs });
      for (const name of acknowledged.keys()) {
        const wanted = acknowledged.get(name) ?? [];
        const found = await valuesOf(store.partition(name, 0));
        expect(
          found.filter((value) => wanted.includes(value)),
          `${operation} call ${call}: ${name}`,
        ).toEqual(wanted);
      }
      if (deleted) expect(store.topics(), `${operation} call ${call}`).not.toContain('gone');
    }
  });
});

/** Two lives of a store on the same disks, in which any call may fail. */
async function life(
  fs: FaultyFileSystem,
): Promise<{ acknowledged: Map<string, string[]>; deleted: boolean; failed: unknown[] }> {
  const acknowledged = new Map<string, string[]>();
  const failed: unknown[] = [];
  let deleted = false;
  const attempt = async (work: () => Promise<unknown>): Promise<boolean> =>
    work().then(
      () => true,
      (error: unknown) => {
        failed.push(error);
        return false;
      },
    );
  for (let round = 0; round < 2; round++) {
    let store: Store | undefined;
    await attempt(async () => (store = await Store.open(['/one', '/two'], { fs })));
    if (store === undefined) continue;
    const open: Store = store;
    if (round === 0) {
      await attempt(() => open.createTopic({ name: 'kept' }));
      await attempt(() => open.createTopic({ name: 'gone' }));
    }
    for (let i = 0; i < 3; i++) {
      const value = `${round} ${i}`;
      const done = await attempt(async () => open.partition('kept', 0).append({ value }));
      if (done) acknowledged.set('kept', [...(acknowledged.get('kept') ?? []), value]);
    }
    if (round === 1) deleted = await attempt(() => open.deleteTopic('gone'));
    await attempt(() => open.close());
  }
  return { acknowledged, deleted, failed };
}
