/** Retention that a store does by itself, with its worker threads: the built library's, since a thread starts from a file. */
import type { Worker } from 'node:worker_threads';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { CleanerPool as Pool } from '../../src/cleaner/pool.ts';
import type { ManualClock as Clock } from '../../src/clock/clock.ts';
import type { Store, StoreOptions } from '../../src/index.ts';
import { scratch } from '../support/temp.ts';

const BUILT = new URL('../../dist/', import.meta.url).href;
const built = (await import(`${BUILT}index.js`)) as { Store: typeof Store };
const { ManualClock } = (await import(`${BUILT}clock/clock.js`)) as { ManualClock: typeof Clock };
const { CleanerPool } = (await import(`${BUILT}cleaner/pool.js`)) as { CleanerPool: typeof Pool };

const FIRST_LOOK_MS = 30_000;
const NEXT_LOOK_MS = 300_000;
const DELAY_MS = 1000;
const CONFIG: StoreOptions = { segmentBytes: 200, retentionMs: 5000, fileDeleteDelayMs: DELAY_MS };

/** A store with a log of several segments, opened again, so that nobody knows how old they are. */
async function opened(): Promise<{ store: Store; clock: Clock; directory: string }> {
  const directory = scratch();
  const first = await built.Store.open(directory, { ...CONFIG, clock: new ManualClock(1000) });
  await first.createTopic({ name: 't' });
  for (let i = 0; i < 20; i++) await first.partition('t', 0).append({ value: `${i}`, timestamp: 1000 });
  await first.close();
  const clock = new ManualClock(1000);
  const store = await built.Store.open(directory, { ...CONFIG, clock });
  onTestFinished(() => store.close());
  return { store, clock, directory: join(directory, 't-0') };
}

/** Threads take as long as the machine lets them. */
const until = (isSo: () => void): Promise<void> => vi.waitFor(isSo, { timeout: 60_000, interval: 5 });

const deletedIn = (directory: string): number =>
  readdirSync(directory).filter((name) => name.endsWith('.deleted')).length;

test('is read and unlinked on a worker; the owner renames', async () => {
  const propose = vi.spyOn(CleanerPool.prototype, 'propose');
  const unlink = vi.spyOn(CleanerPool.prototype, 'unlink');
  onTestFinished(() => void vi.restoreAllMocks());
  const { store, clock, directory } = await opened();
  const sealed = store.partition('t', 0).segments().length - 1;
  expect(sealed).toBeGreaterThan(5);
  clock.advance(FIRST_LOOK_MS);
  await until(() => expect(store.partition('t', 0).segments()).toEqual([{ baseOffset: 20, size: 0 }]));
  expect(store.partition('t', 0).logStartOffset).toBe(20);
  expect(propose.mock.calls.map(([{ segments }]) => segments.length)).toEqual([sealed]);
  await expect(propose.mock.results[0]?.value).resolves.toEqual({ largestTimestamps: Array(sealed).fill(1000) });
  const waiting = deletedIn(directory);
  expect(waiting).toBeGreaterThan(3 * sealed);
  clock.advance(DELAY_MS);
  await until(() => expect(deletedIn(directory)).toBe(0));
  expect(unlink.mock.calls.map(([{ names }]) => names.length)).toEqual([waiting]);
  await unlink.mock.results[0]?.value;
  expect(store.status().problems).toEqual([]);
});

test('whose thread dies is told of and loses nothing, and the next look does it', async () => {
  let kills = 1;
  const kill = (worker: Worker): void => {
    if (kills-- > 0) worker.once('online', () => void worker.terminate());
  };
  process.on('worker', kill);
  onTestFinished(() => void process.off('worker', kill));
  const { store, clock, directory } = await opened();
  const before = store.partition('t', 0).segments();
  clock.advance(FIRST_LOOK_MS);
  await until(() => expect(store.status().problems).toHaveLength(1));
  expect(store.status().problems[0]).toMatchObject({
    code: 'INTERNAL',
    file: directory,
    message: expect.stringContaining('the thread that read this for retention died') as string,
  });
  expect(store.partition('t', 0).segments()).toEqual(before);
  expect(store.partition('t', 0).logStartOffset).toBe(0);
  // What was told waits until its time comes again.
  await until(() => {
    clock.advance(NEXT_LOOK_MS);
    expect(store.partition('t', 0).logStartOffset).toBe(20);
  });
  await until(() => {
    clock.advance(DELAY_MS);
    expect(deletedIn(directory)).toBe(0);
  });
});

test('whose thread dies while it unlinks is ended by the owner', async () => {
  const { store, clock, directory } = await opened();
  clock.advance(FIRST_LOOK_MS);
  await until(() => expect(deletedIn(directory)).toBeGreaterThan(10));
  await until(() => expect(store.partition('t', 0).segments()).toHaveLength(1));
  const died = vi.spyOn(CleanerPool.prototype, 'unlink').mockRejectedValueOnce(new Error('the thread died'));
  onTestFinished(() => void vi.restoreAllMocks());
  clock.advance(DELAY_MS);
  await until(() => expect(deletedIn(directory)).toBe(0));
  expect(died).toHaveBeenCalledTimes(1);
});
