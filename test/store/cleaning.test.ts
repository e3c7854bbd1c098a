/** Compaction that a store does by itself. */
import { expect, test } from 'vitest';
import { ManualClock } from '../../src/clock/clock.ts';
import { FaultyFileSystem } from '../../src/fs/faulty-fs.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { Store, type StoreOptions } from '../../src/index.ts';
import { valuesOf } from './support.ts';

const BACKOFF_MS = 15_000;
const CONFIG: StoreOptions = { segmentBytes: 400, cleanupPolicy: ['compact'] };

/** The work is done in turns of the event loop that no clock counts. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 60; turn++) await new Promise((resolve) => setImmediate(resolve));
}

async function fill(store: Store, topic: string, clock: ManualClock): Promise<void> {
  for (let i = 0; i < 20; i++) {
    await store.partition(topic, 0).append({ key: `k${i % 2}`, value: `${i}`, timestamp: clock.now() });
  }
}

function checkpoint(fs: MemoryFileSystem | FaultyFileSystem): string {
  return Buffer.from(fs.readSmall('/one/cleaner-offset-checkpoint') ?? '').toString();
}

test('a compacted topic loses what newer records of its keys stand for, and the checkpoint says up to where', async () => {
  const fs = new MemoryFileSystem();
  const clock = new ManualClock(1_000_000);
  const store = await Store.open('/one', { fs, clock, ...CONFIG });
  await store.createTopic({ name: 't' });
  await store.createTopic({ name: 'deleting', config: { cleanupPolicy: ['delete'] } });
  await fill(store, 't', clock);
  await fill(store, 'deleting', clock);
  clock.advance(BACKOFF_MS - 1);
  await turns();
  expect(await valuesOf(store.partition('t', 0))).toHaveLength(20);
  clock.advance(1);
  await turns();
  const values = await valuesOf(store.partition('t', 0));
  expect(values.length).toBeLessThan(10);
  expect(values.slice(-2)).toEqual(['18', '19']);
  expect(await valuesOf(store.partition('deleting', 0))).toHaveLength(20);
  const active = store.partition('t', 0).segments().at(-1)?.baseOffset;
  expect(checkpoint(fs)).toBe(`0\n1\nt 0 ${active}\n`);
  expect(store.status()).toMatchObject({ uncleanable: [], problems: [] });
  await store.close();
  // Nothing is dirty: the checkpoint is believed.
  await using again = await Store.open('/one', { fs, clock, ...CONFIG });
  const segments = again.partition('t', 0).segments();
  clock.advance(BACKOFF_MS);
  await turns();
  expect(again.partition('t', 0).segments()).toEqual(segments);
});

test('a log that cannot be cleaned is tried five times, and the status says why', async () => {
  const fs = new FaultyFileSystem(new MemoryFileSystem());
  const clock = new ManualClock(1_000_000);
  await using store = await Store.open('/one', { fs, clock, ...CONFIG });
  await store.createTopic({ name: 't' });
  await fill(store, 't', clock);
  const open = fs.open.bind(fs);
  let tries = 0;
  fs.open = (path, mode) => {
    if (!path.endsWith('.log.cleaned')) return open(path, mode);
    tries++;
    throw Object.assign(new Error('no space for it'), { code: 'ENOSPC' });
  };
  for (let round = 1; round <= 7; round++) {
    clock.advance(BACKOFF_MS);
    await turns();
    const failures = Math.min(round, 5);
    expect(store.status().uncleanable).toMatchObject([
      { topic: 't', partition: 0, failures, isGivenUp: failures === 5 },
    ]);
  }
  expect(tries).toBe(5);
  expect(await valuesOf(store.partition('t', 0))).toHaveLength(20);
  expect(checkpoint(fs)).toBe('');
});

test('no thread, no compaction', async () => {
  const fs = new MemoryFileSystem();
  const clock = new ManualClock(1_000_000);
  await using store = await Store.open('/one', { fs, clock, ...CONFIG, logCleanerThreads: 0 });
  await store.createTopic({ name: 't' });
  await fill(store, 't', clock);
  clock.advance(BACKOFF_MS);
  await turns();
  expect(await valuesOf(store.partition('t', 0))).toHaveLength(20);
});

test('without periodic cleaning nothing is deleted or compacted by itself, and only then', async () => {
  const fs = new MemoryFileSystem();
  const clock = new ManualClock(1_000_000);
  const policies: StoreOptions = { segmentBytes: 400, cleanupPolicy: ['compact', 'delete'], retentionMs: 1000 };
  await using store = await Store.open('/one', { fs, clock, ...policies, periodicCleaning: false });
  await store.createTopic({ name: 't' });
  await fill(store, 't', clock);
  await store.partition('t', 0).flush();
  for (let round = 0; round < 3; round++) {
    clock.advance(300_000);
    await turns();
  }
  expect(await valuesOf(store.partition('t', 0))).toHaveLength(20);
  // The checkpoints are no cleaning.
  expect(Buffer.from(fs.readSmall('/one/recovery-point-offset-checkpoint') ?? '').toString()).toBe('0\n1\nt 0 19\n');
  expect((await store.partition('t', 0).applyRetention()).deleted).not.toEqual([]);
});

test('a topic that is not compacted any more loses no record to the clean under way', async () => {
  const fs = new MemoryFileSystem();
  const clock = new ManualClock(1_000_000);
  await using store = await Store.open('/one', { fs, clock, ...CONFIG, logCleanerIoMaxBytesPerSecond: 1000 });
  await store.createTopic({ name: 't' });
  await fill(store, 't', clock);
  clock.advance(BACKOFF_MS);
  await turns();
  expect(store.status().cleaning).toHaveLength(1);
  await store.alterTopic('t', { set: { cleanupPolicy: ['delete'], retentionMs: -1 } });
  expect(store.status().cleaning).toHaveLength(0);
  const { length } = await valuesOf(store.partition('t', 0));
  for (let round = 0; round < 10; round++) {
    clock.advance(BACKOFF_MS);
    await turns();
  }
  expect(await valuesOf(store.partition('t', 0))).toHaveLength(length);
  expect(store.status()).toMatchObject({ uncleanable: [], problems: [] });
  // It is cleaned when it is to be again.
  await store.alterTopic('t', { reset: ['cleanupPolicy'] });
  for (let round = 0; round < 20; round++) {
    clock.advance(BACKOFF_MS);
    await turns();
  }
  expect((await valuesOf(store.partition('t', 0))).length).toBeLessThan(10);
});
