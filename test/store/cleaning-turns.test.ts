/** Which logs a store cleans when, what it does about those that fail, and that nobody else waits for it. */
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { ManualClock } from '../../src/clock/clock.ts';
import { defaultEngine } from '../../src/engine/select.ts';
import { FaultyFileSystem } from '../../src/fs/faulty-fs.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { type CompactOptions, type Log, SeglogError, Store, type StoreOptions } from '../../src/index.ts';
import * as policy from '../../src/policy/compaction.ts';
import { turns, valuesOf } from './support.ts';

// Files share the library within a process; what is spied on here is loaded anew.
vi.hoisted(() => vi.resetModules());
vi.mock(import('../../src/policy/compaction.ts'), { spy: true });
afterEach(() => void vi.clearAllMocks());

const BACKOFF_MS = 15_000;
const CONFIG: StoreOptions = { segmentBytes: 400, cleanupPolicy: ['compact'] };

async function fill(log: Log, clock: ManualClock, records = 20): Promise<void> {
  for (let i = 0; i < records; i++) await log.append({ key: `k${i % 2}`, value: `${i}`, timestamp: clock.now() });
}

async function filledStore(
  partitions: number,
  options: StoreOptions = {},
): Promise<{ store: Store; clock: ManualClock; fs: FaultyFileSystem }> {
  const fs = new FaultyFileSystem(new MemoryFileSystem());
  const clock = new ManualClock(1_000_000);
  const store = await Store.open('/one', { fs, clock, ...CONFIG, ...options });
  await store.createTopic({ name: 't', partitions });
  for (let partition = 0; partition < partitions; partition++) await fill(store.partition('t', partition), clock);
  return { store, clock, fs };
}

/** What opening those files raises. */
function refuse(fs: FaultyFileSystem, pattern: RegExp, code: string): { tries: number; heal(): void } {
  const open = fs.open.bind(fs);
  const refusal = { tries: 0, heal: () => void (fs.open = open) };
  fs.open = (path, mode) => {
    if (!pattern.test(path)) return open(path, mode);
    refusal.tries++;
    throw new SeglogError('IO', 'refused', { file: path, errno: code });
  };
  return refusal;
}

async function isCompacted(store: Store, partition: number): Promise<boolean> {
  return (await valuesOf(store.partition('t', partition))).length < 10;
}

describe('the selection', () => {
  test('looks at each log once, however many are cleaned', async () => {
    const { store, clock } = await filledStore(12);
    await using _ = store;
    const select = vi.mocked(policy.selectForCompaction);
    select.mockClear();
    clock.advance(BACKOFF_MS);
    await turns();
    for (let partition = 0; partition < 12; partition++) expect(await isCompacted(store, partition)).toBe(true);
    // Once to choose, once more before the log is cleaned, and once by the log itself.
    expect(select.mock.calls.length).toBe(36);
  });

  test('gives others their turn between two logs', async () => {
    const { store, clock } = await filledStore(12);
    await using _ = store;
    const select = vi.mocked(policy.selectForCompaction);
    select.mockClear();
    clock.advance(BACKOFF_MS);
    expect(select.mock.calls.length).toBeLessThanOrEqual(1);
    await turns(3);
    expect(select.mock.calls.length).toBeLessThanOrEqual(4);
    await turns();
    expect(select.mock.calls.length).toBe(36);
  });

  test('goes on with the other threads while one is at a long clean', async () => {
    const { store, clock } = await filledStore(3, { logCleanerThreads: 2 });
    await using _ = store;
    const long = store.partition('t', 0);
    const compact = long.compact.bind(long);
    let finish = (): void => undefined;
    const until = new Promise<void>((resolve) => (finish = resolve));
    long.compact = async (options, clean) => {
      await until;
      return compact(options, clean);
    };
    clock.advance(BACKOFF_MS);
    await turns();
    expect(await isCompacted(store, 1)).toBe(true);
    expect(await isCompacted(store, 2)).toBe(true);
    await fill(store.partition('t', 1), clock, 60);
    clock.advance(BACKOFF_MS);
    await turns();
    expect((await valuesOf(store.partition('t', 1))).length).toBeLessThan(12);
    expect(await isCompacted(store, 0)).toBe(false);
    finish();
    await turns();
    expect(await isCompacted(store, 0)).toBe(true);
  });
});

describe('a log that fails', () => {
  test('in the selection counts once a run, however many others are cleaned', async () => {
    const { store, clock } = await filledStore(6, { logCleanerThreads: 3 });
    await using _ = store;
    vi.mocked(policy.selectForCompaction).mockImplementationOnce(() => {
      throw Object.assign(new Error('odd'), { code: 'EIO' });
    });
    clock.advance(BACKOFF_MS);
    await turns();
    expect(store.status().uncleanable).toMatchObject([{ failures: 1, isGivenUp: false }]);
    clock.advance(BACKOFF_MS);
    await turns();
    expect(store.status().uncleanable).toEqual([]);
    for (let partition = 0; partition < 6; partition++) expect(await isCompacted(store, partition)).toBe(true);
  });

  test.each(['ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE'])(
    'for %s is never given up, is tried less and less often, and cleaned when there is room again',
    async (code) => {
      const { store, clock, fs } = await filledStore(1);
      await using _ = store;
      const refusal = refuse(fs, /\.log\.cleaned$/, code);
      const triesByRound: number[] = [];
      for (let round = 0; round < 16; round++) {
        clock.advance(BACKOFF_MS);
        await turns();
        triesByRound.push(refusal.tries);
      }
      // After 1, 2, 4, 8 times the back-off.
      expect(triesByRound).toEqual([1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 5]);
      expect(store.status().uncleanable).toMatchObject([{ failures: 5, isGivenUp: false, problem: { errno: code } }]);
      refusal.heal();
      for (let round = 0; round < 16; round++) {
        clock.advance(BACKOFF_MS);
        await turns();
      }
      expect(store.status().uncleanable).toEqual([]);
      expect(await isCompacted(store, 0)).toBe(true);
    },
  );

  test('for lack of space has its retention all the same: it makes room', async () => {
    const { store, clock, fs } = await filledStore(1, { cleanupPolicy: ['compact', 'delete'], retentionMs: 40_000 });
    await using _ = store;
    refuse(fs, /\.log\.cleaned$/, 'ENOSPC');
    for (let round = 0; round < 3; round++) {
      clock.advance(BACKOFF_MS);
      await turns();
    }
    expect(store.status().uncleanable).toMatchObject([{ failures: 2 }]);
    expect(store.partition('t', 0).logStartOffset).toBe(20);
  });

  test('is left alone for retention too once it is given up, as in Kafka', async () => {
    const { store, clock, fs } = await filledStore(1, { cleanupPolicy: ['compact', 'delete'], retentionMs: 100_000 });
    await using _ = store;
    const refusal = refuse(fs, /\.log\.cleaned$/, 'EIO');
    for (let round = 0; round < 5; round++) {
      clock.advance(BACKOFF_MS);
      await turns();
    }
    expect(store.status().uncleanable).toMatchObject([{ isGivenUp: true }]);
    refusal.heal();
    for (let round = 0; round < 5; round++) {
      clock.advance(300_000);
      await turns();
    }
    expect(store.partition('t', 0).logStartOffset).toBe(0);
  });
});

describe('retention of topics that are compacted', () => {
  test('is done with each round of the cleaner, and of the others at its own time', async () => {
    const options: StoreOptions = { cleanupPolicy: ['compact', 'delete'], retentionMs: 10_000 };
    const { store, clock } = await filledStore(1, { ...options, logInitialTaskDelayMs: 200_000 });
    await using _ = store;
    await store.createTopic({ name: 'plain', config: { cleanupPolicy: ['delete'] } });
    await fill(store.partition('plain', 0), clock);
    clock.advance(BACKOFF_MS);
    await turns();
    expect(store.partition('t', 0).logStartOffset).toBe(20);
    expect(store.partition('plain', 0).logStartOffset).toBe(0);
    clock.advance(200_000);
    await turns();
    expect(store.partition('plain', 0).logStartOffset).toBe(20);
  });

  test('without cleaners is done with that of the others', async () => {
    const options: StoreOptions = { cleanupPolicy: ['compact', 'delete'], retentionMs: 10_000, logCleanerThreads: 0 };
    const { store, clock } = await filledStore(1, options);
    await using _ = store;
    clock.advance(30_000);
    await turns();
    expect(store.partition('t', 0).logStartOffset).toBe(20);
  });

  test('of segments below the log start needs no delete policy', async () => {
    const { store, clock } = await filledStore(1, { cleanupPolicy: ['compact', 'delete'], retentionMs: -1 });
    await using _ = store;
    const log = store.partition('t', 0);
    await log.deleteRecordsBefore(19);
    await store.alterTopic('t', { set: { cleanupPolicy: ['compact'] } });
    clock.advance(BACKOFF_MS);
    await turns();
    expect(log.segments()[0]?.baseOffset).toBeGreaterThan(10);
  });
});

describe('the cleaner checkpoint', () => {
  test('is not raised for a log that was truncated when its clean had just ended', async () => {
    const { store, clock, fs } = await filledStore(1);
    await using _ = store;
    const log = store.partition('t', 0);
    const compact = log.compact.bind(log);
    log.compact = async (options, clean) => {
      const result = await compact(options, clean);
      await log.truncateTo(4);
      await fill(log, clock);
      return result;
    };
    clock.advance(BACKOFF_MS);
    await turns();
    expect(log.logEndOffset).toBe(24);
    expect(Buffer.from(fs.readSmall('/one/cleaner-offset-checkpoint') ?? '').toString()).not.toContain('t 0');
  });
});

describe('the settings of the cleaner', () => {
  async function requestOf(options: StoreOptions): Promise<CompactOptions | undefined> {
    const { store, clock } = await filledStore(1, options);
    await using _ = store;
    const log = store.partition('t', 0);
    const compact = vi.spyOn(log, 'compact');
    clock.advance(BACKOFF_MS);
    await turns();
    return compact.mock.calls[0]?.[0];
  }

  test('divide the memory among the threads, and have defaults as Kafka has them', async () => {
    const MIB = 1024 * 1024;
    expect(await requestOf({})).toMatchObject({ offsetMapBytes: 128 * MIB });
    expect(await requestOf({ logCleanerThreads: 3 })).toMatchObject({ offsetMapBytes: Math.floor((128 * MIB) / 3) });
    const request = await requestOf({ logCleanerThreads: 2, logCleanerDedupeBufferSize: 8 * MIB });
    expect(request).toMatchObject({ offsetMapBytes: 4 * MIB });
    expect(request?.maxBytesPerSecond ?? Infinity).toBe(Infinity);
    expect(await requestOf({ logCleanerIoMaxBytesPerSecond: 1e6 })).toMatchObject({ maxBytesPerSecond: 1e6 });
  });

  test('say how full the memory for keys may get', async () => {
    const engine = defaultEngine();
    const create = vi.spyOn(engine, 'createOffsetMap');
    onTestFinished(() => create.mockRestore());
    await requestOf({ engine, logCleanerIoBufferLoadFactor: 0.5 });
    expect(create.mock.calls.map(([, loadFactor]) => loadFactor)).toEqual([0.5]);
    await requestOf({ engine });
    expect(create.mock.calls.map(([, loadFactor]) => loadFactor)).toEqual([0.5, 0.9]);
  });

  test.each([
    { logCleanerDedupeBufferSize: 1024 * 1024 - 1 },
    { logCleanerDedupeBufferSize: 2 * 1024 * 1024, logCleanerThreads: 3 },
    { logCleanerIoBufferLoadFactor: 0 },
    { logCleanerIoBufferLoadFactor: 1.1 },
    { logCleanerIoMaxBytesPerSecond: 0 },
    { logCleanerIoMaxBytesPerSecond: Number.NaN },
    { logCleanerBackoffMs: 0 },
  ])('are refused by name: %j', async (options) => {
    await expect(Store.open('/one', { fs: new MemoryFileSystem(), ...options })).rejects.toMatchObject({
      code: 'INVALID_CONFIG',
      message: expect.stringContaining('log.cleaner.'),
    });
  });
});
