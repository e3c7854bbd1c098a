/** Periodic work: what it does when it fails, and when those who are told of it fail. */
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/clock/clock.ts';
import { FaultyFileSystem } from '../../src/fs/faulty-fs.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { type Log, SeglogError, Store, type StoreOptions } from '../../src/index.ts';
import { Scheduler } from '../../src/store/scheduler.ts';
import { turns } from './support.ts';

describe('a task', () => {
  test.each([
    ['at once', () => Promise.reject(new Error('odd'))],
    [
      'in its own turn',
      () => {
        throw new Error('odd');
      },
    ],
  ])('that fails %s comes again, also when whoever is told of it fails', async (_, run) => {
    const clock = new ManualClock();
    let runs = 0;
    const scheduler = new Scheduler(clock, () => {
      throw new Error('told in vain');
    });
    scheduler.every({ name: 'task', periodMs: 10, run: () => (runs++, run()) }, 10);
    for (let round = 1; round <= 3; round++) {
      clock.advance(10);
      await turns(3);
      expect(runs).toBe(round);
    }
    await scheduler.stop();
  });
});

describe('a caller whose callback raises', () => {
  const raising = (): never => {
    throw new Error('broken callback');
  };

  test('has its store opened and its problems kept all the same', async () => {
    const fs = new FaultyFileSystem(new MemoryFileSystem());
    await (await Store.open(['/one', '/two'], { fs })).close();
    const clock = new ManualClock(1_000_000);
    const store = await Store.open(['/one', '/two'], { fs, clock, onProblem: raising, onProgress: raising });
    await store.createTopic({ name: 't', partitions: 2 });
    await store.partition('t', 0).append({ value: 'a' });
    fs.plan({ operation: 'write', call: 1, errno: 'EIO' });
    clock.advance(5000);
    expect(store.status().directories.filter(({ isOnline }) => !isOnline)).toHaveLength(1);
    expect(store.status().problems.map(({ errno, message }) => errno ?? message)).toEqual(
      expect.arrayContaining(['EIO', expect.stringContaining('broken callback')]),
    );
    // The others' work goes on.
    fs.heal();
    clock.advance(60_000);
    await turns();
    await store.close();
  });

  test('does not stop the loading of other partitions', async () => {
    const fs = new MemoryFileSystem();
    {
      await using store = await Store.open('/one', { fs });
      await store.createTopic({ name: 't', partitions: 5 });
    }
    let calls = 0;
    await using store = await Store.open('/one', { fs, onProgress: () => (calls++, raising()) });
    expect(calls).toBe(5);
    expect(store.status().troubled).toEqual([]);
  });
});

describe('retention', () => {
  const OPTIONS: StoreOptions = { segmentBytes: 200, retentionMs: 1000 };

  async function storeOf(partitions: number): Promise<{ store: Store; clock: ManualClock; logs: Log[] }> {
    const clock = new ManualClock(1_000_000);
    const store = await Store.open('/one', { fs: new MemoryFileSystem(), clock, ...OPTIONS });
    await store.createTopic({ name: 't', partitions });
    return {
      store,
      clock,
      logs: Array.from({ length: partitions }, (_, partition) => store.partition('t', partition)),
    };
  }

  test('tells of a log that it cannot be done for once, and again when it fails otherwise', async () => {
    const { store, clock, logs } = await storeOf(2);
    await using _ = store;
    const [bad] = logs as [Log];
    let code: 'LOG_CORRUPT' | 'IO' | undefined = 'LOG_CORRUPT';
    const apply = bad.applyRetention.bind(bad);
    bad.applyRetention = async (now) => {
      if (code !== undefined) throw new SeglogError(code, 'as planned', { file: bad.directory });
      return apply(now);
    };
    const rounds = async (count: number): Promise<string[]> => {
      for (let round = 0; round < count; round++) {
        clock.advance(300_000);
        await turns();
      }
      return store.status().problems.map((problem) => problem.code);
    };
    expect(await rounds(4)).toEqual(['LOG_CORRUPT']);
    code = 'IO';
    expect(await rounds(3)).toEqual(['LOG_CORRUPT', 'IO']);
    code = undefined;
    await rounds(1);
    code = 'IO';
    expect(await rounds(2)).toEqual(['LOG_CORRUPT', 'IO', 'IO']);
  });

  test('gives others their turn between two logs', async () => {
    const { store, clock, logs } = await storeOf(10);
    await using _ = store;
    let done = 0;
    let turnsSeen = 0;
    const doneAtTurn: number[] = [];
    for (const log of logs) {
      const apply = log.applyRetention.bind(log);
      log.applyRetention = async (now) => {
        doneAtTurn.push(turnsSeen);
        done++;
        return apply(now);
      };
    }
    clock.advance(30_000);
    while (done < 10) {
      await turns(1);
      turnsSeen++;
      expect(turnsSeen).toBeLessThan(200);
    }
    expect(new Set(doneAtTurn).size).toBe(10);
  });
});

test('a log directory without space for its checkpoints is told of once for each, and again when it had space meanwhile', async () => {
  const fs = new FaultyFileSystem(new MemoryFileSystem());
  const clock = new ManualClock(1_000_000);
  await using store = await Store.open('/one', { fs, clock });
  await store.createTopic({ name: 't' });
  const told = async (rounds: number): Promise<number> => {
    for (let round = 0; round < rounds; round++) {
      // Something to write, each time.
      await store.partition('t', 0).append({ value: 'a' });
      clock.advance(5000);
      await turns(2);
    }
    return store.status().problems.filter(({ file }) => file === '/one/replication-offset-checkpoint').length;
  };
  const replace = fs.replaceSmall.bind(fs);
  const full = { isFull: true };
  fs.replaceSmall = (path, bytes) => {
    if (full.isFull && /^\/one\/[a-z-]+-checkpoint$/.test(path))
      throw new SeglogError('IO', 'full', { file: path, errno: 'ENOSPC' });
    replace(path, bytes);
  };
  const counts = [await told(20)];
  full.isFull = false;
  counts.push(await told(1));
  full.isFull = true;
  counts.push(await told(5));
  full.isFull = false;
  expect(counts).toEqual([1, 1, 2]);
});
