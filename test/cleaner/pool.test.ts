/** Work on other threads: the built library's, since a thread starts from a file. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { onTestFinished, describe, expect, test } from 'vitest';
import type { CleanerPool as Pool } from '../../src/cleaner/pool.ts';
import type { CleanedGroup, CleanProgress, CleanRequest } from '../../src/cleaner/contract.ts';
import { proposeRetention } from '../../src/cleaner/retention.ts';
import { systemClock } from '../../src/clock/clock.ts';
import { defaultEngine } from '../../src/engine/select.ts';
import { segmentFileName, SUFFIXES } from '../../src/format/names.ts';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { batchOf } from '../log/validate/make.ts';
import { scratchPartition } from '../support/temp.ts';
import { cleanAndSwap, requestFor, segmentsOf } from './partition.ts';

const BUILT = new URL('../../dist/cleaner/pool.js', import.meta.url).href;
type PoolClass = new (threads: number, heapMegabytes?: number) => Pool;
const { CleanerPool } = (await import(BUILT)) as { CleanerPool: PoolClass };

function poolOf(threads: number): Pool {
  const pool = new CleanerPool(threads);
  onTestFinished(() => pool.close());
  return pool;
}

/** Three segments, of which the first two can be cleaned, and what one round makes of them. */
function partition(): CleanRequest {
  const directory = scratchPartition();
  mkdirSync(directory);
  for (const [at, key] of ['a', 'b', 'a'].entries()) {
    const batch = batchOf([{ timestamp: 1, key, value: `${at}` }], { baseOffset: at });
    writeFileSync(join(directory, segmentFileName(at, SUFFIXES.log)), batch);
  }
  writeFileSync(join(directory, segmentFileName(3, SUFFIXES.log)), '');
  return requestFor(directory, { nowMs: 1, segmentBytes: 14 });
}

const logOf = (directory: string, baseOffset: number, stage = ''): string =>
  join(directory, segmentFileName(baseOffset, SUFFIXES.log) + stage);

/** Puts a group in place as its owner would. */
function swap(directory: string, { sources, cleaned }: CleanedGroup): void {
  for (const baseOffset of sources) rmSync(logOf(directory, baseOffset));
  for (const { baseOffset } of cleaned)
    renameSync(logOf(directory, baseOffset, '.cleaned'), logOf(directory, baseOffset));
}

describe('a pool', () => {
  test('makes of a partition what this thread makes of it, group by group', async () => {
    const here = partition();
    const round = await cleanAndSwap(here);
    const there = partition();
    const groups: CleanedGroup[] = [];
    const told: CleanProgress[] = [];
    const done = await poolOf(1).clean(there, {
      onGroup: (group) => {
        swap(there.directory, group);
        groups.push(group);
      },
      onProgress: (progress) => told.push(progress),
    });
    expect(groups).toEqual(round.groups);
    expect(done.groups).toEqual(groups);
    expect(done.endOffset).toBe(3);
    expect(told.at(-1)).toMatchObject({ phase: 'clean' });
    const bytes = (directory: string): Buffer[] =>
      segmentsOf(directory).map(({ baseOffset }) => readFileSync(logOf(directory, baseOffset)));
    expect(bytes(there.directory)).toEqual(bytes(here.directory));
  });

  test('does more rounds than it has threads', async () => {
    const pool = poolOf(2);
    const rounds = await Promise.all(Array.from({ length: 7 }, () => pool.clean(partition())));
    expect(rounds.map(({ endOffset }) => endOffset)).toEqual([3, 3, 3, 3, 3, 3, 3]);
  });

  test('tells what was wrong, with the place, and goes on', async () => {
    const pool = poolOf(1);
    const damaged = partition();
    const file = logOf(damaged.directory, 1);
    writeFileSync(file, Buffer.from(readFileSync(file).with(65, 99)));
    await expect(pool.clean(damaged)).rejects.toMatchObject({
      name: 'SeglogError',
      code: 'BATCH_CRC_MISMATCH',
      message: expect.stringMatching(
        /^a batch's checksum does not match its bytes: expected crc \d+, found crc \d+ \(.*\)$/,
      ),
      file,
      position: 0,
    });
    await expect(pool.clean(partition())).resolves.toMatchObject({ endOffset: 3 });
  });

  test('ends a round whose owner does not take a group', async () => {
    const request = partition();
    const onGroup = (): Promise<void> => Promise.reject(new Error('not now'));
    await expect(poolOf(1).clean(request, { onGroup })).rejects.toThrow('not now');
  });

  test('ends a round that is given up, with the reason, whether it runs or waits', async () => {
    const pool = poolOf(1);
    const stop = new AbortController();
    const reason = new Error('enough');
    const request = partition();
    const running = pool.clean(request, { signal: stop.signal, onGroup: () => stop.abort(reason) });
    const waiting = pool.clean(partition(), { signal: stop.signal });
    await Promise.all([expect(running).rejects.toBe(reason), expect(waiting).rejects.toBe(reason)]);
    await expect(pool.clean(partition())).resolves.toMatchObject({ endOffset: 3 });
  });

  test('tells a round that waits of its end while the thread is still busy with another', async () => {
    const pool = poolOf(1);
    const stop = new AbortController();
    const reason = new Error('enough');
    let waiting: Promise<unknown> | undefined;
    const running = pool.clean(partition(), {
      onGroup: async () => {
        if (waiting !== undefined) return;
        waiting = pool.clean(partition(), { signal: stop.signal });
        stop.abort(reason);
        await expect(waiting).rejects.toBe(reason);
      },
    });
    await expect(running).resolves.toMatchObject({ endOffset: 3 });
    await expect(pool.clean(partition())).resolves.toMatchObject({ endOffset: 3 });
  });

  test('F27: that is closed in the middle of a round leaves the log as it was', async () => {
    const pool = poolOf(1);
    const request = partition();
    const before = segmentsOf(request.directory);
    const closings: Promise<void>[] = [];
    const onGroup = (): Promise<void> => {
      const closing = pool.close();
      closings.push(closing);
      return closing;
    };
    await expect(pool.clean(request, { onGroup })).rejects.toMatchObject({ code: 'LOG_CLOSED' });
    await Promise.all(closings);
    expect(closings).toHaveLength(1);
    expect(segmentsOf(request.directory)).toEqual(before);
    await expect(pool.clean(request)).rejects.toMatchObject({ code: 'LOG_CLOSED' });
  });

  test('F27: survives a thread that has no memory left, and says so', async () => {
    const pool = new CleanerPool(1, 16);
    onTestFinished(() => pool.close());
    const request = partition();
    // Far more producers than its heap has room for.
    const activeProducers = Array.from({ length: 300_000 }, (_, producerId) => ({
      ...{ producerId: producerId + 0.5, producerEpoch: 0, lastDataOffset: 1.5 },
    }));
    await expect(pool.clean({ ...request, activeProducers })).rejects.toMatchObject({
      code: 'INTERNAL',
      message: expect.stringMatching(/^the thread that cleaned this died: .*memory limit/),
      file: request.directory,
    });
    expect(existsSync(logOf(request.directory, 0))).toBe(true);
    await expect(pool.clean(request)).resolves.toMatchObject({ endOffset: 3 });
  });
});

describe('what is short', () => {
  const TIMES = { retentionMs: 10, segmentIndexBytes: 10_000 };
  const deletedIn = (directory: string): string[] => readdirSync(directory).filter((name) => name.endsWith('.deleted'));

  test('is done while every thread cleans', async () => {
    const pool = poolOf(1);
    const { directory, ...request } = partition();
    const name = segmentFileName(0, SUFFIXES.log);
    const elsewhere = partition().directory;
    const short: Promise<unknown>[] = [];
    const clean = pool.clean(
      { directory, ...request },
      {
        onGroup: async () => {
          if (short.length > 0) return;
          renameSync(join(elsewhere, name), join(elsewhere, `${name}.deleted`));
          short.push(pool.unlink({ directory: elsewhere, names: [`${name}.deleted`] }));
          short.push(
            pool.propose({ directory: elsewhere, segments: segmentsOf(elsewhere).slice(0, 1), nowMs: 5, ...TIMES }),
          );
          await Promise.all(short);
        },
      },
    );
    await expect(clean).resolves.toMatchObject({ endOffset: 3 });
    expect(short).toHaveLength(2);
    expect(await short[1]).toEqual({ largestTimestamps: [1] });
    expect(deletedIn(elsewhere)).toEqual([]);
  });

  test('reads timestamps up to the first segment that is not due, as this thread does', async () => {
    const { directory } = partition();
    const young = batchOf([{ timestamp: 7, key: 'b', value: 'young' }], { baseOffset: 1 });
    writeFileSync(logOf(directory, 1), young);
    const segments = segmentsOf(directory).slice(0, 3);
    const request = { directory, segments, nowMs: 12, ...TIMES };
    const there = await poolOf(1).propose(request);
    expect(there).toEqual({ largestTimestamps: [1, 7] });
    const here = await proposeRetention({ engine: defaultEngine(), fs: nodeFileSystem, clock: systemClock }, request);
    expect(here).toEqual(there);
  });

  test('goes by the time of the file where no record has one', async () => {
    const { directory } = partition();
    const untimed = batchOf([{ timestamp: -1, key: 'b', value: 'x' }], { baseOffset: 0 });
    writeFileSync(logOf(directory, 0), untimed);
    utimesSync(logOf(directory, 0), 100, 100);
    const request = { directory, segments: segmentsOf(directory).slice(0, 2), ...TIMES };
    const pool = poolOf(1);
    await expect(pool.propose({ ...request, nowMs: 100_010 })).resolves.toEqual({ largestTimestamps: [-1] });
    await expect(pool.propose({ ...request, nowMs: 100_011 })).resolves.toEqual({ largestTimestamps: [-1, 1] });
  });

  test('tells of a file that is not there, and removes nothing but what was deleted', async () => {
    const pool = poolOf(1);
    const { directory } = partition();
    const segments = [{ baseOffset: 5, sizeBytes: 10 }];
    await expect(pool.propose({ directory, segments, nowMs: 5, ...TIMES })).rejects.toMatchObject({
      code: 'IO',
      errno: 'ENOENT',
      file: logOf(directory, 5),
    });
    const log = segmentFileName(0, SUFFIXES.log);
    for (const name of [log, `../${log}.deleted`, 'x/y.deleted']) {
      writeFileSync(join(directory, 'a.deleted'), '');
      await expect(pool.unlink({ directory, names: ['a.deleted', name] })).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        found: JSON.stringify(name),
      });
      expect(deletedIn(directory)).toEqual(['a.deleted']);
    }
    await pool.unlink({ directory, names: ['a.deleted', 'gone.deleted'] });
    expect(deletedIn(directory)).toEqual([]);
    expect(existsSync(logOf(directory, 0))).toBe(true);
  });

  test('removes all that can be removed before it tells of what cannot', async () => {
    const { directory } = partition();
    const names = Array.from({ length: 200 }, (_, i) => `${i}.deleted`);
    for (const name of names) writeFileSync(join(directory, name), '');
    mkdirSync(join(directory, 'odd.deleted'));
    const unlinked = poolOf(1).unlink({ directory, names: ['odd.deleted', ...names] });
    await expect(unlinked).rejects.toMatchObject({ code: 'IO', file: join(directory, 'odd.deleted') });
    expect(deletedIn(directory)).toEqual(['odd.deleted']);
  });
});

test('a process that closes its pool in the middle of work lives until the threads have ended', () => {
  const directory = scratchPartition();
  mkdirSync(directory);
  const names = Array.from({ length: 500 }, (_, i) => `${i}.deleted`);
  for (const name of names) writeFileSync(join(directory, name), '');
  const program = `
    const { CleanerPool } = await import('${BUILT}');
    const pool = new CleanerPool(1);
    const names = ${JSON.stringify(names)};
    const unlinking = pool.unlink({ directory: process.argv[1], names }).then(() => 'done', ({ code }) => code);
    await pool.close();
    console.log(await unlinking);
  `;
  const { stdout, status } = spawnSync(process.execPath, ['--input-type=module', '-e', program, directory], {
    encoding: 'utf8',
  });
  expect({ stdout, status }).toEqual({ stdout: expect.stringMatching(/^(?:done|LOG_CLOSED)\n$/) as string, status: 0 });
});
