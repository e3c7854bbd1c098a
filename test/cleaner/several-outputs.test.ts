/** A group that becomes several segments, as what an index can tell of positions (2 GiB) and of offsets asks for. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cleanSegments } from '../../src/cleaner/clean.ts';
import type { CleanedGroup } from '../../src/cleaner/contract.ts';
import { SeglogError } from '../../src/errors/errors.ts';
import { segmentFileName, SUFFIXES } from '../../src/format/names.ts';
import type { AbortedTransaction } from '../../src/format/transaction-index.ts';
import type { File, FileSystem, OpenMode } from '../../src/fs/contract.ts';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { TransactionIndex } from '../../src/index/transaction-index.ts';
import { batch, keyed, NOW_MS, partitionOf, recordsIn } from './make-partition.ts';
import { batchesOf, cleanAndSwap, machine, requestFor, segmentsOf } from './partition.ts';

const KEYS = Array.from({ length: 12 }, (_, at) => `k${String(at).padStart(2, '0')}`);
const single = (key: string): ((baseOffset: number) => Buffer) => batch([keyed(key)]);
const pathOf = (directory: string, base: number, suffix: string): string =>
  join(directory, segmentFileName(base, suffix));

/** Twelve batches of one size in two segments. */
function twelve(): { directory: string; size: number } {
  const directory = partitionOf(KEYS.slice(0, 6).map(single), KEYS.slice(6).map(single), [single('z')]);
  return { directory, size: batchesOf(pathOf(directory, 0, SUFFIXES.log))[0]?.sizeBytes ?? 0 };
}

describe('a group that grows beyond what a segment may have', () => {
  test('becomes several, which have what the one would, with indexes of their own', async () => {
    const { directory, size } = twelve();
    const changes = { nowMs: NOW_MS, maxCleanedBytes: 5 * size, indexIntervalBytes: 0, firstUncleanableOffset: 12 };
    const { groups } = await cleanAndSwap(requestFor(directory, changes));
    expect(groups).toEqual([
      {
        sources: [0, 6],
        cleaned: [
          { baseOffset: 0, sizeBytes: 5 * size, nextOffset: 5 },
          { baseOffset: 5, sizeBytes: 5 * size, nextOffset: 10 },
          { baseOffset: 10, sizeBytes: 2 * size, nextOffset: 12 },
        ],
      },
    ]);
    expect(recordsIn(directory).map(([, key]) => key)).toEqual([...KEYS, 'z']);
    for (const base of [0, 5, 10]) {
      const index = readFileSync(pathOf(directory, base, SUFFIXES.offsetIndex));
      const entries = Array.from({ length: index.length / 8 }, (_, at) => [
        base + index.readInt32BE(8 * at),
        index.readInt32BE(8 * at + 4) / size,
      ]);
      expect(entries).toEqual(entries.map((_, at) => [base + at + 1, at + 1]));
      expect(entries.length).toBe(base === 10 ? 1 : 4);
    }
  });

  test('has each batch in one, also where that alone is too large', async () => {
    const { directory } = twelve();
    const { groups } = await cleanAndSwap(
      requestFor(directory, { nowMs: NOW_MS, maxCleanedBytes: 1, firstUncleanableOffset: 12 }),
    );
    expect(groups[0]?.cleaned.map(({ baseOffset }) => baseOffset)).toEqual(KEYS.map((_, at) => at));
    expect(recordsIn(directory).map(([, key]) => key)).toEqual([...KEYS, 'z']);
  });

  test('is thrown away as far as it can be where writing one of them fails, which is the error', async () => {
    const { directory, size } = twelve();
    const fs = Object.create(nodeFileSystem) as FileSystem;
    const failure = (errno: string): SeglogError => new SeglogError('IO', 'refused', { errno });
    let hasFailed = false;
    fs.open = (path: string, mode: OpenMode): File => {
      const file = nodeFileSystem.open(path, mode);
      if (!path.includes(segmentFileName(10, SUFFIXES.log))) return file;
      file.write = () => {
        hasFailed = true;
        throw failure('ENOSPC');
      };
      return file;
    };
    fs.remove = (path) => {
      if (hasFailed && path.includes(segmentFileName(0, SUFFIXES.log))) throw failure('EACCES');
      nodeFileSystem.remove(path);
    };
    const changes = { nowMs: NOW_MS, maxCleanedBytes: 5 * size, firstUncleanableOffset: 12 };
    const round = cleanSegments({ ...machine, fs }, requestFor(directory, changes));
    await expect(round).rejects.toMatchObject({ errno: 'ENOSPC' });
    expect(readdirSync(directory).filter((name) => name.endsWith('.cleaned'))).toEqual([
      `${segmentFileName(0, SUFFIXES.log)}.cleaned`,
    ]);
  });

  test('has each aborted transaction in the segment with its marker', async () => {
    const producer = (producerId: number): object => ({
      ...{ producerId, producerEpoch: 0, baseSequence: 0, isTransactional: true },
    });
    const data = (producerId: number): ((base: number) => Buffer) => batch([keyed('x')], 0, producer(producerId));
    const marker = (producerId: number): ((base: number) => Buffer) =>
      batch([{ timestamp: NOW_MS, key: '\0\0\0\0', value: '\0\0\0\0\0\x05' }], 0, {
        ...producer(producerId),
        ...{ baseSequence: -1, isControl: true },
      });
    const directory = partitionOf([data(7), data(8), single('a'), marker(7), single('b'), marker(8), single('c')]);
    const entries: AbortedTransaction[] = [
      { producerId: 7, firstOffset: 0, lastOffset: 3, lastStableOffset: 1 },
      { producerId: 8, firstOffset: 1, lastOffset: 5, lastStableOffset: 6 },
    ];
    const indexOf = (base: number): TransactionIndex =>
      TransactionIndex.open(machine.fs, pathOf(directory, base, SUFFIXES.transactionIndex), base);
    for (const entry of entries) indexOf(0).append(entry);
    const sizes = batchesOf(pathOf(directory, 0, SUFFIXES.log)).map(({ sizeBytes }) => sizeBytes);
    const maxCleanedBytes = (sizes[2] as number) + (sizes[3] as number);
    const { groups } = await cleanAndSwap(requestFor(directory, { nowMs: NOW_MS, maxCleanedBytes }));
    expect(groups[0]?.cleaned.map(({ baseOffset }) => baseOffset)).toEqual([0, 4, 6]);
    expect([0, 4, 6].map((base) => indexOf(base).entries())).toEqual([[entries[0]], [entries[1]], []]);
  });

  test('of which one cannot be synced leaves no file, also of those that were being written', async () => {
    const { directory, size } = twelve();
    const before = readdirSync(directory);
    const request = requestFor(directory, { nowMs: NOW_MS, maxCleanedBytes: 5 * size });
    const fs = failing(pathOf(directory, 5, `${SUFFIXES.log}.cleaned`));
    await expect(cleanSegments({ ...machine, fs }, request)).rejects.toThrow('no');
    // What was under way comes to its end.
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(readdirSync(directory)).toEqual(before);
  });
});

describe('a group whose offsets go further than an index can tell', () => {
  test.each([
    [
      [0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 33],
      [0, 2 ** 31, 2 ** 33],
    ],
    [
      [2 ** 31 + 5, 2 ** 31 + 6],
      [0, 2 ** 31 + 5],
    ],
  ])('%j becomes several segments: %j', async (offsets, bases) => {
    const at = (offset: number) => (): Buffer => single(`k${offset}`)(offset);
    const whole = partitionOf([...(offsets[0] === 0 ? [] : [single('k')]), ...offsets.map(at)], [single('k')]);
    const end = (offsets.at(-1) as number) + 1;
    const { groups } = await cleanAndSwap(requestFor(whole, { nowMs: NOW_MS, firstUncleanableOffset: end + 1 }));
    expect(groups[0]?.cleaned.map(({ baseOffset }) => baseOffset)).toEqual(bases);
    expect(recordsIn(whole).map(([offset]) => offset)).toEqual([...offsets, end]);
    expect(segmentsOf(whole).map(({ baseOffset }) => baseOffset)).toEqual([...bases, end, end + 1]);
  });
});

test('the time of a cleaned segment is set before it is synced: it is as durable as its bytes', async () => {
  const { directory } = twelve();
  const calls: string[] = [];
  const fs = telling((what, path) => void (path.endsWith('.log.cleaned') && calls.push(what)));
  const given: CleanedGroup[] = [];
  await cleanSegments({ ...machine, fs }, requestFor(directory, { nowMs: NOW_MS }), {
    onGroup: (group) => void given.push(group),
  });
  expect(given.length).toBeGreaterThan(0);
  expect(calls).toEqual(given.flatMap(() => ['setModified', 'sync']));
  expect(existsSync(pathOf(directory, 0, SUFFIXES.log))).toBe(true);
});

/** The real files, whose syncs and times are told. */
function telling(tell: (what: 'sync' | 'setModified', path: string) => void): FileSystem {
  return Object.assign(Object.create(nodeFileSystem) as FileSystem, {
    open(path: string, mode: OpenMode): File {
      const file = nodeFileSystem.open(path, mode);
      const sync = file.sync.bind(file);
      file.sync = async () => {
        tell('sync', path);
        await sync();
      };
      return file;
    },
    setModified(path: string, modifiedMs: number) {
      tell('setModified', path);
      nodeFileSystem.setModified(path, modifiedMs);
    },
  });
}

/** The real files, of which one cannot be synced. */
function failing(bad: string): FileSystem {
  return telling((what, path) => {
    if (what === 'sync' && path === bad) throw new Error('no');
  });
}
