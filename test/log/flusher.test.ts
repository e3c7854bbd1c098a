/** Who has a turn at the disk: syncs that are shared, and works that must be alone. */
import { expect, test } from 'vitest';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { Flusher } from '../../src/log/flusher.ts';
import { Log } from '../../src/log/log.ts';
import { scratchPartition } from '../support/temp.ts';

const TURNS = 200;

/** A clock that stands still. */
function still(): number {
  return 0;
}

/** Flushes without a pause until `isDone`; returns how often, at most {@link TURNS} times. */
async function flushUntil(flush: () => Promise<void>, isDone: () => boolean): Promise<number> {
  let turns = 0;
  while (!isDone() && turns < TURNS) {
    await flush();
    turns++;
  }
  return turns;
}

test('a work that is to be alone has its turn beside one who flushes again and again', async () => {
  const flusher = new Flusher(async () => undefined, still);
  const first = flusher.flush();
  let isDone = false;
  const work = flusher.exclusive(() => (isDone = true));
  await first;
  expect(
    await flushUntil(
      () => flusher.flush(),
      () => isDone,
    ),
  ).toBeLessThan(3);
  await work;
});

test('works and syncs take turns, each in the order in which they came', async () => {
  const order: string[] = [];
  const flusher = new Flusher(async () => {
    order.push('sync');
    await Promise.resolve();
  }, still);
  const flushed = flusher.flush();
  const works = ['a', 'b', 'c'].map((name) => flusher.exclusive(() => order.push(name)));
  const later = flusher.flush();
  await Promise.all([flushed, later, ...works]);
  expect(order).toEqual(['sync', 'a', 'sync', 'b', 'c']);
});

test('a work that fails is told so, and others go on', async () => {
  const flusher = new Flusher(async () => undefined, still);
  const flushed = flusher.flush();
  const failed = flusher.exclusive(() => {
    throw new Error('no');
  });
  await expect(failed).rejects.toThrow('no');
  await flushed;
  expect(await flusher.exclusive(() => 7)).toBe(7);
  await flusher.flush();
});

test('a log that is appended to and flushed without a pause is compacted', async () => {
  await using log = await Log.open(scratchPartition(), { segmentBytes: 160 });
  for (const value of '0123456789') await log.append({ key: 'k', value });
  let isDone = false;
  const compacted = log.compact().then((result) => {
    isDone = true;
    return result;
  });
  const turns = await flushUntil(
    () => {
      log.appendSync({ key: 'other', value: 'x' });
      return log.flush();
    },
    () => isDone,
  );
  expect(turns).toBeLessThan(TURNS);
  expect((await compacted).statistics.superseded).toBeGreaterThan(0);
});

test('a log that rolls faster than its segments are synced is flushed all the same', async () => {
  const fs = new MemoryFileSystem();
  fs.makeDirectory('/logs');
  const open = fs.open.bind(fs);
  fs.open = (path, mode) => {
    const file = open(path, mode);
    file.sync = async () => {
      for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    };
    return file;
  };
  const log = await Log.open('/logs/t-0', { fs, segmentBytes: 80 });
  let appended = 0;
  const flush = { isDone: false };
  for (; appended < TURNS && !flush.isDone; appended++) {
    log.appendSync({ value: `record ${appended}` });
    if (appended === 3) void log.flush().then(() => (flush.isDone = true));
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(flush.isDone, `flushed beside ${appended} rolls`).toBe(true);
  expect(log.status().recoveryPoint).toBeLessThan(appended);
  await log.close();
});

test('a work that asks for another one is done before that begins', async () => {
  const order: string[] = [];
  const flusher = new Flusher(async () => undefined, still);
  let inner: Promise<unknown> | undefined;
  await flusher.exclusive(async () => {
    inner = flusher.exclusive(() => order.push('inner'));
    await Promise.resolve();
    order.push('outer');
  });
  await inner;
  expect(order).toEqual(['outer', 'inner']);
});

/** Ten who flush again and again, `stepMs` before each flush; returns how many share each of the later syncs on average. */
async function meanGroupOfTen(syncMs: number, stepMs: number): Promise<number> {
  const groups: number[] = [];
  let nowMs = 0;
  let waiting = 0;
  const flusher = new Flusher(
    async () => {
      groups.push(waiting);
      waiting = 0;
      await Promise.resolve();
      nowMs += syncMs;
    },
    () => nowMs,
  );
  const one = async (): Promise<void> => {
    for (let i = 0; i < 200; i++) {
      nowMs += stepMs;
      waiting++;
      await flusher.flush();
    }
  };
  await Promise.all(Array.from({ length: 10 }, one));
  const later = groups.slice(100, 150);
  return later.reduce((sum, group) => sum + group, 0) / later.length;
}

test('where syncs take long the next one waits for all whom the last one released', async () => {
  expect(await meanGroupOfTen(1000, 1)).toBe(10);
});

test('where appending takes as long as a sync half of them are enough', async () => {
  const mean = await meanGroupOfTen(1, 1);
  expect(mean).toBeGreaterThan(4);
  expect(mean).toBeLessThan(7);
});
