/** Compactions whose files or segments go while they run: nothing is lost, and nothing counts as clean that is not. */
import { cpSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cleanSegments } from '../../src/cleaner/clean.ts';
import type { CleanedGroup, CleanRound } from '../../src/cleaner/contract.ts';
import { ManualClock, systemClock } from '../../src/clock/clock.ts';
import { defaultEngine } from '../../src/engine/select.ts';
import { SUFFIXES } from '../../src/format/names.ts';
import { TRANSACTION_INDEX } from '../../src/format/transaction-index.ts';
import type { FileSystem } from '../../src/fs/contract.ts';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { Log, type LogOptions, type ReadOptions } from '../../src/index.ts';
import type { CleanSegments } from '../../src/log/cleaning/compaction.ts';
import { scratch, scratchPartition } from '../support/temp.ts';
import { basesOf, codeOf, fileOf, numbered, valuesOf } from './telling/support.ts';

/** Two records a segment, each a batch of its own. */
const options: LogOptions = {
  ...{ segmentBytes: 160, clock: new ManualClock(5000), cleanupPolicy: ['compact', 'delete'], retentionMs: -1 },
};
const TWO_BY_TWO = { segmentBytes: 320, deleteRetentionMs: 100 };

const leftIn = (log: Log): string[] => readdirSync(log.directory).filter((name) => /cleaned|swap/.test(name));

/** Cleans here, and does something before each group is handed over. */
const before =
  (work: (group: CleanedGroup) => unknown): CleanSegments =>
  (request, hooks) =>
    cleanSegments({ engine: defaultEngine(), fs: nodeFileSystem, clock: systemClock }, request, {
      ...hooks,
      onGroup: async (group) => {
        await work(group);
        await hooks.onGroup?.(group);
      },
    });

/** `count` records with a key each; the value is the offset. */
async function distinct(count: number): Promise<Log> {
  const log = await Log.open(scratchPartition(), options);
  for (const value of numbered(count)) await log.append({ key: `k${value}`, value, timestamp: 1000 });
  return log;
}

test('segments that stay of a group are cleaned with the next try, so that no deleted key comes back', async () => {
  await using log = await Log.open(scratchPartition(), options);
  const append = async (keys: string): Promise<void> => {
    for (const key of keys) await log.append({ key, value: key === 'K' ? null : key, timestamp: 1000 });
  };
  for (const key of ['a', 'b', 'k', 'c', 'd', 'e']) await append(key);
  await log.append({ key: 'k', value: null, timestamp: 1000 });
  await append('fgh');
  let isDeleted = false;
  const { endOffset } = await log.compact(
    { ...TWO_BY_TWO, now: 10_000 },
    before(async () => {
      if (!isDeleted) await log.deleteRecordsBefore(2);
      isDeleted = true;
    }),
  );
  expect(endOffset).toBe(8);
  expect(log.logStartOffset).toBe(2);
  expect(valuesOf(log)).not.toContain('k');
  await append('ij');
  await log.compact({ ...TWO_BY_TWO, firstDirtyOffset: endOffset, now: 20_000 });
  expect(valuesOf(log)).toEqual(['c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']);
});

test('a group that loses a segment with every try leaves the log as it is, and is no success', async () => {
  await using log = await distinct(40);
  let start = 0;
  const deleting = before(({ sources }) => {
    const next = sources[1];
    if (next === undefined || next <= start) return undefined;
    start = next;
    return log.deleteRecordsBefore(next);
  });
  expect(await codeOf(() => log.compact(TWO_BY_TWO, deleting))).toBe('OFFSET_OUT_OF_RANGE');
  expect(valuesOf(log)).toEqual(numbered(40 - log.logStartOffset, log.logStartOffset));
  expect(leftIn(log)).toEqual([]);
});

test.each([SUFFIXES.log, SUFFIXES.offsetIndex, SUFFIXES.timeIndex])(
  'a cleaned segment whose %s is gone takes no place',
  async (suffix) => {
    await using log = await distinct(12);
    const losing = before(({ cleaned }) => {
      for (const { baseOffset } of cleaned) rmSync(`${fileOf(log.directory, baseOffset, suffix)}.cleaned`);
    });
    expect(await codeOf(() => log.compact(TWO_BY_TWO, losing))).toBe('IO');
    expect(valuesOf(log)).toEqual(numbered(12));
    expect(leftIn(log)).toEqual([]);
    await log.compact(TWO_BY_TWO);
    expect(valuesOf(log)).toEqual(numbered(12));
  },
);

test.each([-1, 1])('a cleaned segment whose log is %i byte off what was written takes no place', async (more) => {
  await using log = await distinct(12);
  const changing = before(({ cleaned }) => {
    for (const { baseOffset, sizeBytes } of cleaned) {
      truncateSync(`${fileOf(log.directory, baseOffset, SUFFIXES.log)}.cleaned`, sizeBytes + more);
    }
  });
  expect(await codeOf(() => log.compact(TWO_BY_TWO, changing))).toBe('IO');
  expect(valuesOf(log)).toEqual(numbered(12));
  expect(leftIn(log)).toEqual([]);
});

test('a compaction that begins while deleted segments are still being renamed cleans those that stay', async () => {
  await using log = await distinct(600);
  // It goes some segments a turn.
  const deleted = log.deleteRecordsBefore(580);
  while (log.logStartOffset < 580) await new Promise((resolve) => setImmediate(resolve));
  const asked: number[] = [];
  const { endOffset } = await log.compact(TWO_BY_TWO, (request, hooks) => {
    expect(basesOf(log)[0], 'not all are renamed yet').toBeLessThan(578);
    asked.push(request.segments[0]?.baseOffset ?? -1);
    return before(() => deleted)(request, hooks);
  });
  expect(asked).toEqual([580]);
  expect(endOffset).toBe(598);
  expect(valuesOf(log)).toEqual(numbered(20, 580));
  expect(leftIn(log)).toEqual([]);
});

test('a swap that waits for a sync does not outlive its round', async () => {
  await using log = await distinct(12);
  const bases = basesOf(log);
  let flushed: Promise<void> | undefined;
  /** Dies while its first group waits to be swapped. */
  const dying: CleanSegments = (request, hooks) =>
    new Promise<CleanRound>((_, reject) => {
      const first = before((group) => {
        flushed = log.flush();
        void hooks.onGroup?.(group);
        reject(new Error('died'));
        return new Promise(() => undefined);
      });
      void first(request, {});
    });
  await expect(log.compact(TWO_BY_TWO, dying)).rejects.toThrow('died');
  expect(leftIn(log).filter((name) => name.startsWith(`${'0'.repeat(20)}.`))).toEqual([]);
  await log.compact(TWO_BY_TWO);
  await flushed;
  expect(leftIn(log)).toEqual([]);
  expect(basesOf(log).length).toBeLessThan(bases.length);
  expect(valuesOf(log)).toEqual(numbered(12));
});

describe('a transaction index that the log contradicts is built anew before anything goes by it', () => {
  const index = (directory: string): string | undefined =>
    readdirSync(directory).find((name) => name.endsWith(SUFFIXES.transactionIndex));

  test('whatever a crash leaves of that tells what was aborted', async () => {
    const directory = scratchPartition();
    const log = await Log.open(directory, options);
    const producer = { producerId: 7, producerEpoch: 0, isTransactional: true, baseSequence: 0 };
    await log.append({ key: 'a', value: 'committed', timestamp: 1000 });
    await log.append({ key: 'k', value: 'aborted', timestamp: 1000 }, { producer });
    await log.endTransaction({ producerId: 7, producerEpoch: 0, result: 'abort' });
    for (const value of 'bcd') await log.append({ key: value, value, timestamp: 1000 });
    await log.close();
    const path = join(directory, index(directory) as string);
    const bytes = readFileSync(path);
    bytes[TRANSACTION_INDEX.FIRST_OFFSET + 7] = 2;
    writeFileSync(path, bytes);
    // What the directory is before each change of a name or a byte.
    const copies: string[] = [];
    const copy = (): void => {
      const to = scratch();
      cpSync(join(directory, '..'), to, { recursive: true, filter: (file) => !file.endsWith('.lock') });
      copies.push(join(to, 't-0'));
    };
    const isIndex = (file: string): boolean => file.includes(SUFFIXES.transactionIndex);
    const fs = Object.create(nodeFileSystem) as FileSystem;
    fs.open = (file, mode) => {
      const opened = nodeFileSystem.open(file, mode);
      if (!isIndex(file) || mode === 'read') return opened;
      copy();
      const write = opened.write.bind(opened);
      opened.write = (...args) => {
        copy();
        write(...args);
        copy();
      };
      return opened;
    };
    fs.rename = (from, to) => {
      if (isIndex(from)) copy();
      nodeFileSystem.rename(from, to);
    };
    const committed: ReadOptions = { isolation: 'read_committed' };
    const seen = ['committed', 'b', 'c', 'd'];
    {
      await using again = await Log.open(directory, { ...options, fs });
      expect(valuesOf(again, committed)).toEqual(seen);
    }
    expect(copies.flatMap((left) => readdirSync(left)).filter((name) => name.endsWith('.tmp'))).not.toEqual([]);
    for (const [at, left] of copies.entries()) {
      await using crashed = await Log.open(left, { ...options, recovery: { clean: true } });
      expect(readdirSync(left).filter((name) => name.endsWith('.tmp'))).toEqual([]);
      expect(valuesOf(crashed, committed), `copy ${at}`).toEqual(seen);
    }
  });

  test.each<[string, (path: string) => void]>([
    ['that is gone', (path) => rmSync(path)],
    [
      'that begins too early',
      (path) => {
        const bytes = readFileSync(path);
        bytes.writeBigInt64BE(1n, TRANSACTION_INDEX.FIRST_OFFSET);
        writeFileSync(path, bytes);
      },
    ],
  ])('one %s', async (_, damage) => {
    const directory = scratchPartition();
    const producer = { producerId: 7, producerEpoch: 0, isTransactional: true };
    const log = await Log.open(directory, options);
    const append = async (value: string, baseSequence?: number): Promise<unknown> =>
      log.append(
        { key: baseSequence === undefined ? value : 'k', value, timestamp: 1000 },
        baseSequence === undefined ? {} : { producer: { ...producer, baseSequence } },
      );
    await append('a');
    await append('committed', 0);
    await log.endTransaction({ producerId: 7, producerEpoch: 0, result: 'commit' });
    await append('aborted', 1);
    await log.endTransaction({ producerId: 7, producerEpoch: 0, result: 'abort' });
    for (const value of 'bcd') await append(value);
    await log.close();
    damage(join(directory, index(directory) as string));
    await using again = await Log.open(directory, options);
    const { statistics } = await again.compact(TWO_BY_TWO);
    expect(statistics.discarded).toBe(1);
    expect(valuesOf(again)).toEqual(expect.arrayContaining(['a', 'committed', 'b', 'c', 'd']));
    expect(valuesOf(again)).not.toContain('aborted');
  });
});
