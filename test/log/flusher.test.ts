/** Who has a turn at the disk: syncs that are shared, and works that must be alone. */
import { expect, test } from 'vitest';
import { Flusher } from '../../src/log/flusher.ts';
import { Log } from '../../src/log/log.ts';
import { scratchPartition } from '../support/temp.ts';

const TURNS = 200;

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
  const flusher = new Flusher(async () => undefined);
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
  });
  const flushed = flusher.flush();
  const works = ['a', 'b', 'c'].map((name) => flusher.exclusive(() => order.push(name)));
  const later = flusher.flush();
  await Promise.all([flushed, later, ...works]);
  expect(order).toEqual(['sync', 'a', 'sync', 'b', 'c']);
});

test('a work that fails is told so, and others go on', async () => {
  const flusher = new Flusher(async () => undefined);
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

test('a work that asks for another one is done before that begins', async () => {
  const order: string[] = [];
  const flusher = new Flusher(async () => undefined);
  let inner: Promise<unknown> | undefined;
  await flusher.exclusive(async () => {
    inner = flusher.exclusive(() => order.push('inner'));
    await Promise.resolve();
    order.push('outer');
  });
  await inner;
  expect(order).toEqual(['outer', 'inner']);
});
