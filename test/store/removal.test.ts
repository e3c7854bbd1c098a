/** Directories of deleted topics: when they go, and that nobody waits for it. */
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/clock/clock.ts';
import { FaultyFileSystem } from '../../src/fs/faulty-fs.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { SeglogError, Store } from '../../src/index.ts';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { scratch } from '../support/temp.ts';
import { turns } from './support.ts';

const NOW_MS = 1_000_000_000;
const HEX = '0123456789abcdef'.repeat(2);

/** Log directories with directories that were deleted so many milliseconds ago. */
function withDeleted(ages: Readonly<Record<string, number>>): FaultyFileSystem {
  const fs = new FaultyFileSystem(new MemoryFileSystem());
  for (const name of Object.keys(ages)) fs.makeDirectory(`/one/${name}-0.${HEX}-delete/inner`);
  const stat = fs.stat.bind(fs);
  fs.stat = (path) => {
    const found = stat(path);
    const age = ages[/^\/one\/(\w+)-0\.\w+-delete$/.exec(path)?.[1] ?? ''];
    return found && age !== undefined ? { ...found, changedMs: NOW_MS - age } : found;
  };
  return fs;
}

function names(fs: FaultyFileSystem): string[] {
  return fs.list('/one').flatMap((name) => /^(\w+)-0\.\w+-delete$/.exec(name)?.[1] ?? []);
}

describe('a directory that was deleted before the store was opened', () => {
  test('goes when its delay has passed since it was renamed, at once where it has', async () => {
    const fs = withDeleted({ old: 70_000, young: 10_000, ahead: -5000 });
    const clock = new ManualClock(NOW_MS);
    await using store = await Store.open('/one', { fs, clock });
    expect(store.status().deleting).toHaveLength(3);
    clock.advance(0);
    await turns();
    expect(names(fs)).toEqual(['ahead', 'young']);
    clock.advance(49_999);
    await turns();
    expect(names(fs)).toEqual(['ahead', 'young']);
    clock.advance(1);
    await turns();
    // One that is said to be of the future waits no longer than any other.
    expect(names(fs)).toEqual(['ahead']);
    clock.advance(10_000);
    await turns();
    expect(names(fs)).toEqual([]);
    expect(store.status()).toMatchObject({ deleting: [], problems: [] });
  });

  test('is told apart from what is due when somebody asks for that alone', async () => {
    const fs = withDeleted({ old: 70_000, young: 10_000 });
    await using store = await Store.open('/one', { fs, clock: new ManualClock(NOW_MS) });
    await store.removeDeleted({ dueOnly: true });
    expect(names(fs)).toEqual(['young']);
    await store.removeDeleted();
    expect(names(fs)).toEqual([]);
  });

  test('is left alone by somebody who opens the store for a while, unless he says that all may go', async () => {
    const fs = withDeleted({ old: 70_000, young: 10_000 });
    const clock = new ManualClock(NOW_MS);
    await using store = await Store.open('/one', { fs, clock, periodicCleaning: false });
    clock.advance(100_000);
    await turns();
    await store.removeDeleted({ dueOnly: true });
    expect(names(fs)).toEqual(['old', 'young']);
    expect(store.status().deleting).toHaveLength(2);
    await store.removeDeleted();
    expect(names(fs)).toEqual([]);
  });

  test.each([false, true])('waits for the delay of the store that deleted it (periodicCleaning: %s)', async (is) => {
    const directory = scratch();
    const week = 7 * 86_400_000;
    const store = await Store.open(directory, { fileDeleteDelayMs: week });
    await store.createTopic({ name: 't' });
    await store.partition('t', 0).append({ value: 'a' });
    await store.deleteTopic('t');
    await store.close();
    const left = (): number => nodeFileSystem.list(directory).filter((name) => name.endsWith('-delete')).length;
    const after = async (ms: number): Promise<number> => {
      const clock = new ManualClock(Date.now() + ms);
      await using other = await Store.open(directory, { clock, periodicCleaning: is });
      clock.advance(0);
      await turns();
      await other.removeDeleted({ dueOnly: true });
      return left();
    };
    expect(await after(week - 60_000)).toBe(1);
    expect(await after(week + 60_000)).toBe(0);
  });

  test('has its age from the machine: a rename counts', () => {
    const directory = scratch();
    nodeFileSystem.makeDirectory(`${directory}/a`);
    nodeFileSystem.setModified(`${directory}/a`, 1000);
    nodeFileSystem.rename(`${directory}/a`, `${directory}/b`);
    expect(nodeFileSystem.stat(`${directory}/b`)?.modifiedMs).toBe(1000);
    expect(nodeFileSystem.stat(`${directory}/b`)?.changedMs).toBeGreaterThan(1_000_000_000_000);
  });
});

describe('removing', () => {
  async function withManyFiles(): Promise<{ fs: FaultyFileSystem; clock: ManualClock; store: Store; path: string }> {
    const fs = new FaultyFileSystem(new MemoryFileSystem());
    const clock = new ManualClock(NOW_MS);
    const store = await Store.open('/one', { fs, clock, segmentBytes: 200 });
    await store.createTopic({ name: 't' });
    for (let i = 0; i < 40; i++) await store.partition('t', 0).append({ value: 'x'.repeat(60) });
    await store.deleteTopic('t');
    return { fs, clock, store, path: store.status().deleting[0] ?? '' };
  }

  test('gives others their turn between two files', async () => {
    const { fs, clock, store, path } = await withManyFiles();
    await using _ = store;
    const before = fs.list(path).length;
    expect(before).toBeGreaterThan(60);
    clock.advance(60_000);
    await turns(2);
    expect(fs.list(path).length).toBeGreaterThan(before - 10);
    expect(store.status().deleting).toEqual([path]);
    await turns(200);
    expect(fs.stat(path)).toBeUndefined();
    expect(store.status().deleting).toEqual([]);
  });

  test('ends with the store, and what is left waits for the next one', async () => {
    const { fs, clock, store, path } = await withManyFiles();
    clock.advance(60_000);
    await turns(2);
    await store.close();
    const left = fs.list(path).length;
    expect(left).toBeGreaterThan(0);
    await turns();
    expect(fs.list(path)).toHaveLength(left);
    await using again = await Store.open('/one', { fs, clock });
    expect(again.status().deleting).toEqual([path]);
    await again.removeDeleted();
    expect(fs.stat(path)).toBeUndefined();
  });

  test('that fails is told of, and tried by the next store', async () => {
    const { fs, store, path } = await withManyFiles();
    await using _ = store;
    const remove = fs.remove.bind(fs);
    fs.remove = () => {
      throw new SeglogError('IO', 'refused', { errno: 'EACCES' });
    };
    await store.removeDeleted();
    fs.remove = remove;
    expect(store.status()).toMatchObject({ deleting: [], problems: [{ errno: 'EACCES' }] });
    expect(fs.list(path).length).toBeGreaterThan(60);
  });
});
