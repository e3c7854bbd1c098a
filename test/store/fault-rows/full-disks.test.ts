/** Row F16 of the fault list: no space left for a store, from some call on: nothing is lost, and space can be made. */
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/clock/clock.ts';
import { FaultyFileSystem, type FaultyOperation } from '../../../src/fs/faulty-fs.ts';
import { MemoryFileSystem } from '../../../src/fs/memory-fs.ts';
import { SeglogError, Store, type StoreOptions } from '../../../src/index.ts';
import { failing, turns, valuesOf } from '../support.ts';

const DIRECTORIES = ['/one', '/two'];
const ROLLING: StoreOptions = { segmentBytes: 200, fileDeleteDelayMs: 0 };

/** Whether it was done; no space is the only reason why not. */
async function isDone(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (!(error instanceof SeglogError)) throw error;
    // Whoever asks later hears that the log is offline, and why.
    const { errno = (error.cause as SeglogError | undefined)?.errno } = error;
    expect(errno, `${error.code} ${error.message}`).toBe('ENOSPC');
    return false;
  }
}

/** A life of a store on disks that may be full. */
async function life(fs: FaultyFileSystem): Promise<{ kept: string[]; made: string[]; isClosed: boolean }> {
  const clock = new ManualClock(1_000_000);
  const kept: string[] = [];
  const made: string[] = [];
  let store: Store | undefined;
  await isDone(async () => (store = await Store.open(DIRECTORIES, { fs, clock, ...ROLLING })));
  if (store === undefined) return { kept, made, isClosed: false };
  const open: Store = store;
  for (const name of ['more', 'gone']) {
    if (await isDone(() => open.createTopic({ name, partitions: 2 }))) made.push(name);
  }
  for (let i = 0; i < 6; i++) {
    if (await isDone(() => open.partition('t', 0).append({ value: `new ${i}`.padEnd(80, '.') }))) kept.push(`new ${i}`);
  }
  clock.advance(60_000);
  await turns();
  await isDone(() => open.alterTopic('t', { set: { segmentMs: 77 } }));
  if (made.includes('gone') && (await isDone(() => open.deleteTopic('gone')))) made.pop();
  return { kept, made, isClosed: await isDone(() => open.close()) };
}

async function disks(): Promise<{ fs: FaultyFileSystem; memory: MemoryFileSystem }> {
  const memory = new MemoryFileSystem();
  const fs = new FaultyFileSystem(memory);
  const store = await Store.open(DIRECTORIES, { fs, ...ROLLING });
  await store.createTopic({ name: 't' });
  await store.partition('t', 0).append({ value: 'old' });
  await store.close();
  return { fs, memory };
}

describe.each(['write', 'rename', 'open'] as const satisfies FaultyOperation[])(
  'F16: the disks are full from a %s on, for good',
  (operation) => {
    test('whichever it is: what was acknowledged is there when there is space again, and the store whole', async () => {
      const rehearsal = await disks();
      const before = rehearsal.fs.count(operation);
      expect((await life(rehearsal.fs)).kept).toHaveLength(6);
      const calls = rehearsal.fs.count(operation) - before;
      for (let call = 1; call <= calls; call++) {
        const { fs, memory } = await disks();
        fs.plan({ operation, call, errno: 'ENOSPC', forGood: true });
        const { kept, made, isClosed } = await life(fs);
        const where = `${operation} ${call} of ${calls}`;
        const marks = DIRECTORIES.filter((path) => memory.list(path).includes('.kafka_cleanshutdown'));
        // A log that could not even be read keeps the mark away.
        if (isClosed && operation !== 'open') expect(marks, where).toEqual(DIRECTORIES);
        fs.heal();
        await using store = await Store.open(DIRECTORIES, { fs, ...ROLLING });
        expect(store.status().troubled, where).toEqual([]);
        const values = (await valuesOf(store.partition('t', 0))).map((value) => value.replace(/\.+$/, ''));
        expect(
          values.filter((value) => value === 'old' || kept.includes(value)),
          where,
        ).toEqual(['old', ...kept]);
        expect(store.topics(), where).toEqual(expect.arrayContaining(['t', ...made]));
        for (const name of made) expect(store.describeTopic(name).partitions, where).toHaveLength(2);
        await store.partition('t', 0).append({ value: 'after' });
      }
    });
  },
);

describe('F16: on a full disk', () => {
  test('retention makes space, and so does deleting a topic', async () => {
    const memory = new MemoryFileSystem();
    const clock = new ManualClock(1_000_000);
    const store = await Store.open('/one', { fs: memory, clock, ...ROLLING, retentionMs: 1000 });
    for (const name of ['t', 'u']) await store.createTopic({ name });
    for (let i = 0; i < 8; i++) {
      await store.partition('t', 0).append({ value: 'x'.repeat(80), timestamp: clock.now() });
    }
    const segments = (): number => memory.list('/one/t-0').filter((name) => name.endsWith('.log')).length;
    const before = segments();
    const heal = failing(memory, 'replaceSmall', 'ENOSPC', () => true);
    clock.advance(60_000);
    await turns();
    clock.advance(60_000);
    await turns();
    expect(segments()).toBeLessThan(before);
    heal();
    await store.deleteTopic('u');
    clock.advance(1);
    await turns();
    expect(memory.list('/one').filter((name) => name.startsWith('u-0'))).toEqual([]);
    await store.close();
  });

  test('a topic that cannot be made leaves nothing, and one that cannot be altered stays as it is', async () => {
    const fs = new FaultyFileSystem(new MemoryFileSystem());
    const store = await Store.open('/one', { fs });
    await store.createTopic({ name: 't' });
    fs.plan({ operation: 'write', call: 1, errno: 'ENOSPC', forGood: true });
    await expect(store.createTopic({ name: 'u' })).rejects.toMatchObject({ errno: 'ENOSPC' });
    await expect(store.createPartitions('t', 3)).rejects.toMatchObject({ errno: 'ENOSPC' });
    await expect(store.alterTopic('t', { set: { segmentMs: 5 } })).rejects.toMatchObject({ errno: 'ENOSPC' });
    await expect(store.deleteTopic('t')).rejects.toMatchObject({ errno: 'ENOSPC' });
    expect(store.topics()).toEqual(['t']);
    expect(store.describeTopic('t')).toMatchObject({ configs: {}, partitionCount: 1 });
    expect(fs.list('/one').filter((name) => /^[tu]-\d+$/.test(name))).toEqual(['t-0']);
    fs.heal();
    await store.partition('t', 0).append({ value: 'a' });
    await store.createPartitions('t', 3);
    await store.close();
    await using again = await Store.open('/one', { fs });
    expect(again.describeTopic('t').partitionCount).toBe(3);
  });
});
