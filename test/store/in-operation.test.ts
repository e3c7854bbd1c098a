/** A store at work: log directories that fail, topics that change, and writers that were made before. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { ManualClock } from '../../src/clock/clock.ts';
import { FaultyFileSystem } from '../../src/fs/faulty-fs.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { SeglogError, Store, type StoreOptions } from '../../src/index.ts';
import { checkCount } from '../../src/store/new-partitions.ts';
import { partitionForKey } from '../../src/store/partitioner.ts';
import { turns, valuesOf } from './support.ts';

async function storeOf(
  partitions: number,
  directories: readonly string[] = ['/one'],
  options: StoreOptions = {},
): Promise<{ store: Store; clock: ManualClock; fs: FaultyFileSystem }> {
  const fs = new FaultyFileSystem(new MemoryFileSystem());
  const clock = new ManualClock(1_000_000);
  const store = await Store.open(directories, { fs, clock, ...options });
  await store.createTopic({ name: 't', partitions });
  return { store, clock, fs };
}

/** Replacing files of that name in that directory fails; so does making directories there. */
function breakFile(fs: FaultyFileSystem, path: string, errno: string): { heal(): void } {
  const replace = fs.replaceSmall.bind(fs);
  const make = fs.makeDirectory.bind(fs);
  const refused = (at: string): SeglogError => new SeglogError('IO', 'refused', { file: at, errno });
  fs.replaceSmall = (at, bytes) => {
    if (at.startsWith(path)) throw refused(at);
    replace(at, bytes);
  };
  fs.makeDirectory = (at) => {
    if (at.startsWith(path)) throw refused(at);
    return make(at);
  };
  return {
    heal() {
      fs.replaceSmall = replace;
      fs.makeDirectory = make;
    },
  };
}

/** A checkpoint of the first log directory cannot be written: it goes offline, and the metadata log with it. */
async function failOne(fs: FaultyFileSystem, store: Store, clock: ManualClock): Promise<void> {
  await store.partition('t', 0).append({ value: '0' });
  breakFile(fs, '/one/replication-offset-checkpoint', 'EIO');
  clock.advance(5000);
  await turns();
}

describe('a log directory that fails', () => {
  test('takes no append any more, from a log or a writer that was there before', async () => {
    const { store, fs, clock } = await storeOf(40, ['/one', '/two']);
    await using _ = store;
    const inOne = store.describeTopic('t').partitions.filter(({ directory }) => directory.startsWith('/one/'));
    expect(inOne).toHaveLength(20);
    const logs = inOne.map(({ partition }) => store.partition('t', partition));
    const writer = store.writer('t', { batchRecords: 1 });
    for (const { partition } of inOne) await writer.send({ partition, value: 'before' });
    await failOne(fs, store, clock);
    expect(store.status().directories.map(({ isOnline }) => isOnline)).toEqual([false, true]);
    // At once: nothing was waited for.
    for (const log of logs) expect(() => log.appendSync({ value: 'after' })).toThrow(/LOG_CLOSED|closed/);
    await expect(writer.send({ partition: 0, value: 'after' })).rejects.toMatchObject({
      code: expect.stringMatching(/^LOG_(CLOSED|OFFLINE)$/),
    });
    for (let i = 0; i < 50; i++) {
      const { partition } = await writer.send({ value: `${i}` });
      expect(partition % 2).toBe(1);
    }
    await writer.close().catch(() => undefined);
  });

  test('is closed before the store that it is of', async () => {
    const { store, fs, clock } = await storeOf(2, ['/one', '/two']);
    await failOne(fs, store, clock);
    await store.close();
    expect(fs.stat('/one/.kafka_cleanshutdown')).toBeUndefined();
    expect(fs.stat('/two/.kafka_cleanshutdown')).toBeDefined();
  });

  test('and has the metadata log lets no topic be changed, and says so; records of the others are taken', async () => {
    const { store, fs, clock } = await storeOf(2, ['/one', '/two']);
    await using _ = store;
    await failOne(fs, store, clock);
    await expect(store.alterTopic('t', { set: { retentionMs: 5 } })).rejects.toMatchObject({
      ...{ code: 'LOG_OFFLINE', file: '/one', message: expect.stringContaining('metadata log') as string },
    });
    await expect(store.deleteTopic('t')).rejects.toMatchObject({ code: 'LOG_OFFLINE' });
    expect(store.describeTopic('t').configs).toEqual({});
    await store.partition('t', 1).append({ value: 'a' });
  });

  test('in its metadata log goes offline: whether the change is on the disk is known to nobody', async () => {
    const { store, fs } = await storeOf(2, ['/one', '/two']);
    await using _ = store;
    fs.plan({ operation: 'sync', call: 1, errno: 'EIO' });
    await expect(store.alterTopic('t', { set: { retentionMs: 5 } })).rejects.toMatchObject({
      code: 'IO',
      errno: 'EIO',
    });
    expect(store.describeTopic('t').configs).toEqual({});
    expect(store.status().directories.map(({ isOnline }) => isOnline)).toEqual([false, true]);
  });

  test('while all do leaves no place for a topic, and says so', async () => {
    const { store, fs, clock } = await storeOf(1);
    await using _ = store;
    await failOne(fs, store, clock);
    await expect(store.alterTopic('t', { set: { retentionMs: 5 } })).rejects.toMatchObject({ code: 'LOG_OFFLINE' });
    await expect(store.createTopic({ name: 'u' })).rejects.toMatchObject({ code: 'LOG_OFFLINE' });
    await expect(store.createPartitions('t', 2)).rejects.toMatchObject({ code: 'LOG_OFFLINE' });
  });
});

describe('partitions that are added', () => {
  test('are seen by writers all at once, when all are open', async () => {
    const { store } = await storeOf(3);
    await using _ = store;
    await using writer = store.writer('t', { batchRecords: 1 });
    const counts = new Set<number>();
    const progress = { isDone: false };
    const growing = store.createPartitions('t', 40).finally(() => (progress.isDone = true));
    for (let i = 0; !progress.isDone; i++) {
      const key = `key ${i}`;
      const { partition } = await writer.send({ key, value: 'x' });
      counts.add([3, 40].find((count) => partition === partitionForKey(Buffer.from(key), count)) ?? -1);
      await writer.send({ value: 'x' });
      await new Promise((resolve) => setImmediate(resolve));
    }
    await growing;
    expect([...counts].filter((count) => count === -1)).toEqual([]);
    expect(store.describeTopic('t').partitionCount).toBe(40);
  });

  test('are not there when one of them cannot be made, and can be asked for again', async () => {
    const { store, fs } = await storeOf(2);
    const disk = breakFile(fs, '/one/t-4', 'ENOSPC');
    await expect(store.createPartitions('t', 6)).rejects.toMatchObject({ errno: 'ENOSPC' });
    expect(store.describeTopic('t').partitionCount).toBe(2);
    expect(store.status().troubled).toEqual([]);
    expect(fs.list('/one').filter((name) => /^t-\d+$/.test(name))).toEqual(['t-0', 't-1']);
    disk.heal();
    expect((await store.createPartitions('t', 6)).partitionCount).toBe(6);
    await store.partition('t', 5).append({ value: 'a' });
    await store.close();
    await using again = await Store.open('/one', { fs });
    expect(await valuesOf(again.partition('t', 5))).toEqual(['a']);
    expect(again.status().problems).toEqual([]);
  });

  test('are not there after opening again either, when one of them could not be made', async () => {
    const { store, fs } = await storeOf(2);
    const disk = breakFile(fs, '/one/t-4', 'ENOSPC');
    await expect(store.createPartitions('t', 6)).rejects.toMatchObject({ errno: 'ENOSPC' });
    await store.close();
    disk.heal();
    await using again = await Store.open('/one', { fs });
    expect(again.describeTopic('t').partitionCount).toBe(2);
  });

  test('of a topic that is made are not seen before all are open', async () => {
    const { store, fs } = await storeOf(1);
    await using _ = store;
    const seen: string[][] = [];
    const make = fs.makeDirectory.bind(fs);
    fs.makeDirectory = (path) => {
      seen.push(store.topics());
      return make(path);
    };
    await store.createTopic({ name: 'u', partitions: 3 });
    expect(seen.length).toBeGreaterThan(0);
    expect(new Set(seen.flat())).toEqual(new Set(['t']));
    expect(store.topics()).toEqual(['t', 'u']);
  });

  test.each([2 ** 31, 2 ** 31 + 1])('are never more than an int32 counts: %d', (total) => {
    expect(() => checkCount(total, total - 1)).toThrow(expect.objectContaining({ code: 'INVALID_PARTITIONS' }));
    expect(() => checkCount(2 ** 31 - 1, 2 ** 31 - 2)).not.toThrow();
  });
});

describe('a topic', () => {
  test.each(['createTopic', 'createPartitions'])(
    'finds no offsets of one that had its name, whenever a crash comes: %s',
    async (method) => {
      const fs = new FaultyFileSystem(new MemoryFileSystem());
      await (await Store.open('/one', { fs })).close();
      const names = ['recovery-point', 'log-start', 'replication', 'cleaner'].map(
        (name) => `${name}-offset-checkpoint`,
      );
      for (const name of names) fs.replaceSmall(`/one/${name}`, Buffer.from('0\n1\nu 1 5\n'));
      await using store = await Store.open('/one', { fs });
      if (method === 'createPartitions') await store.createTopic({ name: 'u' });
      const found: string[] = [];
      const make = fs.makeDirectory.bind(fs);
      fs.makeDirectory = (path) => {
        if (path === '/one/u-1')
          found.push(...names.map((name) => Buffer.from(fs.readSmall(`/one/${name}`) ?? '').toString()));
        return make(path);
      };
      if (method === 'createPartitions') await store.createPartitions('u', 2);
      else await store.createTopic({ name: 'u', partitions: 2 });
      expect(found).toHaveLength(4);
      for (const text of found) expect(text).not.toContain('u 1 5');
      expect(store.partition('u', 1).logStartOffset).toBe(0);
    },
  );

  test.each([
    ['createTopic', { retentionMS: 5 } as never],
    ['alterTopic', { retentionMS: 5 } as never],
  ])('is not given what is no configuration: %s', async (method, config) => {
    const { store } = await storeOf(1);
    await using _ = store;
    const change =
      method === 'createTopic' ? store.createTopic({ name: 'u', config }) : store.alterTopic('t', { set: config });
    await expect(change).rejects.toMatchObject({ code: 'INVALID_CONFIG', found: 'retentionMS' });
    expect(store.topics()).toEqual(['t']);
    await expect(store.alterTopic('t', { reset: ['nothing' as never] })).rejects.toMatchObject({
      code: 'INVALID_CONFIG',
      found: 'nothing',
    });
  });

  test('that is to be deleted stays when the disk took what was to be ended, and not that it is deleted', async () => {
    const { store, fs } = await storeOf(1);
    const replace = fs.replaceSmall.bind(fs);
    fs.replaceSmall = (path, bytes) => {
      replace(path, bytes);
      // As a sync of the directory that fails behind the rename.
      if (path.endsWith('.seglog_deletions')) throw new SeglogError('IO', 'full', { errno: 'ENOSPC' });
    };
    await expect(store.deleteTopic('t')).rejects.toMatchObject({ errno: 'ENOSPC' });
    fs.replaceSmall = replace;
    await store.partition('t', 0).append({ value: 'a' });
    await store.close();
    expect(fs.list('/one')).toContain('.seglog_deletions');
    await using again = await Store.open('/one', { fs });
    expect(again.partition('t', 0).logEndOffset).toBe(1);
    expect(fs.list('/one')).not.toContain('.seglog_deletions');
  });

  test('is changed as was asked for before the store was closed', async () => {
    const { store, fs } = await storeOf(1);
    const changes = [
      store.createTopic({ name: 'u' }),
      store.createPartitions('t', 2),
      store.alterTopic('t', { set: { retentionMs: 5 } }),
      store.deleteTopic('u'),
    ];
    const closing = store.close();
    await Promise.all(changes);
    await closing;
    await expect(store.createTopic({ name: 'v' })).rejects.toMatchObject({ code: 'LOG_CLOSED' });
    await using again = await Store.open('/one', { fs });
    expect(again.topics()).toEqual(['t']);
    expect(again.describeTopic('t')).toMatchObject({ partitionCount: 2, configs: { 'retention.ms': '5' } });
  });
});

describe('a writer', () => {
  test('passes over logs that are open and take no appends', async () => {
    const { store, fs } = await storeOf(3);
    await using _ = store;
    await using sticky = store.writer('t', { batchRecords: 1, batchBytes: 1 });
    await using turning = store.writer('t', { batchRecords: 1, partitioner: 'round-robin' });
    for (let partition = 0; partition < 3; partition++) await sticky.send({ partition, value: 'x' });
    // A sync that failed: what is on the disk is unknown.
    fs.plan({ operation: 'sync', call: 1, errno: 'EIO' });
    await store
      .partition('t', 1)
      .flush()
      .catch(() => undefined);
    expect(() => store.partition('t', 1).checkAppendable()).toThrow('a sync or a change of files failed');
    for (let i = 0; i < 30; i++) {
      expect((await sticky.send({ value: 'x' })).partition).not.toBe(1);
      expect((await turning.send({ value: 'x' })).partition).not.toBe(1);
    }
    await store.partition('t', 0).close();
    for (let i = 0; i < 5; i++) expect((await turning.send({ value: 'x' })).partition).toBe(2);
    await store.partition('t', 2).close();
    await expect(turning.send({ value: 'x' })).rejects.toMatchObject({ code: 'LOG_OFFLINE' });
  });

  test('fills its batches to what the topic allows at that time', async () => {
    const { store } = await storeOf(1);
    await using _ = store;
    const writer = store.writer('t', { linger: 10_000 });
    const value = 'x'.repeat(100);
    for (let i = 0; i < 20; i++) await writer.write({ value });
    // What was gathered by then is longer than what is allowed now.
    await store.alterTopic('t', { set: { maxMessageBytes: 1000 } });
    for (let i = 0; i < 20; i++) await writer.write({ value });
    await writer.close();
    expect(await valuesOf(store.partition('t', 0))).toHaveLength(40);
    const direct = store.partition('t', 0).writer({ linger: 10_000 });
    for (let i = 0; i < 5; i++) await direct.write({ value });
    await store.alterTopic('t', { set: { maxMessageBytes: 300 } });
    for (let i = 0; i < 5; i++) await direct.write({ value });
    await direct.close();
    expect(await valuesOf(store.partition('t', 0))).toHaveLength(50);
  });

  test('has its records synced by a shorter flush.ms from then on, also those that wait already', async () => {
    const { store, clock } = await storeOf(1, ['/one'], { flushMs: 50_000 });
    await using _ = store;
    const log = store.partition('t', 0);
    await log.append({ value: 'a' });
    await store.alterTopic('t', { set: { flushMs: 100 } });
    clock.advance(100);
    await turns(5);
    expect(log.status().recoveryPoint).toBe(1);
  });

  test('holds no more than 32 MiB of batches, however many partitions there are', async () => {
    const { store } = await storeOf(600);
    await using _ = store;
    const writer = store.writer('t', { linger: 1_000_000, batchBytes: 1_000_000 });
    const value = 'x'.repeat(60_000);
    let most = 0;
    for (let i = 0; i < 1200; i++) {
      await writer.write({ partition: i % 600, value });
      let appended = 0;
      for (let partition = 0; partition < 600; partition++) appended += store.partition('t', partition).logEndOffset;
      most = Math.max(most, (i + 1 - appended) * 60_000);
    }
    expect(most).toBeLessThan(33 * 1024 * 1024);
    await writer.close();
    let total = 0;
    for (let partition = 0; partition < 600; partition++) total += store.partition('t', partition).logEndOffset;
    expect(total).toBe(1200);
  });

  test('lets timers have their turn, however fast it is written to', async () => {
    const { store } = await storeOf(2);
    await using _ = store;
    await using writer = store.writer('t', { batchBytes: 10_000 });
    let ticks = 0;
    const timer = setInterval(() => ticks++, 0);
    for (let i = 0; i < 4000; i++) await writer.write({ partition: 0, value: 'x'.repeat(1000) });
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(0);
  });
});

describe('a reader of all partitions', () => {
  test('reads those that can be read', async () => {
    const { store, fs, clock } = await storeOf(4, ['/one', '/two']);
    await using _ = store;
    for (let i = 0; i < 4; i++) await store.partition('t', i).append({ value: `${i}` });
    await failOne(fs, store, clock);
    const values: string[] = [];
    for await (const { value } of store.records('t')) values.push(String(value));
    expect(values.sort()).toEqual(['1', '3']);
    expect(() => store.records('t', { partitions: [0] })).toThrow(expect.objectContaining({ code: 'LOG_OFFLINE' }));
  });

  test('has at most 32 of them at work at the same time, and leaves none out', async () => {
    const { store } = await storeOf(100);
    await using _ = store;
    let reading = 0;
    let most = 0;
    for (let i = 0; i < 100; i++) {
      const log = store.partition('t', i);
      await log.append({ value: `${i}` });
      const read = log.read.bind(log);
      log.read = async function* (options) {
        most = Math.max(most, ++reading);
        try {
          yield* read(options);
        } finally {
          reading--;
        }
      };
    }
    const values: string[] = [];
    for await (const { value } of store.records('t')) values.push(String(value));
    expect(values.map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_value, i) => i));
    expect(most).toBeLessThanOrEqual(32);
    expect(reading).toBe(0);
  });

  test('follows more of them than are at work at the same time', async () => {
    const { store } = await storeOf(80);
    await using _ = store;
    const warnings: Error[] = [];
    const warned = (warning: Error): void => void warnings.push(warning);
    process.on('warning', warned);
    onTestFinished(() => void process.off('warning', warned));
    const seen: string[] = [];
    const stop = new AbortController();
    for (let i = 0; i < 80; i++) await store.partition('t', i).append({ value: `${i}` });
    const reading = (async () => {
      for await (const { value } of store.records('t', { follow: true, signal: stop.signal })) {
        seen.push(String(value));
        if (seen.length === 160) stop.abort();
      }
    })();
    await turns(20);
    for (let i = 0; i < 80; i++) await store.partition('t', i).append({ value: `${i + 80}` });
    await reading;
    expect(seen.map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: 160 }, (_value, i) => i));
    await turns(3);
    expect(warnings).toEqual([]);
    // In the order of offsets within each.
    for (let i = 0; i < 80; i++) expect(seen.indexOf(`${i}`)).toBeLessThan(seen.indexOf(`${i + 80}`));
  });
});
