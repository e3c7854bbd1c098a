/** What a log does when it is told to apply its retention: what goes, in which order, and what a crash in the middle leaves. */
import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/clock/clock.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { Log, type LogOptions, type RetentionResult } from '../../src/index.ts';
import { CrashingFileSystem, Died } from '../support/crashing-fs.ts';
import { Random } from '../support/random.ts';
import { scratchPartition } from '../support/temp.ts';
import { BATCH_BYTES, basesOf, codeOf, fill, numbered, snapshotsIn, valuesOf } from './telling/support.ts';

/** Two records of the same timestamp a segment: 1000 in the first one, 2000 in the second, ... */
async function timed(directory: string, segments: number, options: LogOptions = {}): Promise<Log> {
  const log = await Log.open(directory, { segmentBytes: 2 * BATCH_BYTES, clock: new ManualClock(5000), ...options });
  for (const value of numbered(segments * 2)) {
    await log.append({ value, timestamp: (Math.floor(Number(value) / 2) + 1) * 1000 });
  }
  return log;
}

function told({ deleted }: RetentionResult): [number, string][] {
  return deleted.map(({ baseOffset, rule }) => [baseOffset, rule]);
}

describe('retention of a log', () => {
  test('by time deletes what is older than retention.ms, and moves the log start', async () => {
    await using log = await timed(scratchPartition(), 4, { retentionMs: 2000 });
    const result = await log.applyRetention(3001);
    expect(result).toEqual({
      deleted: [{ baseOffset: 0, nextOffset: 2, sizeBytes: 2 * BATCH_BYTES, rule: 'time', timestamp: 1000 }],
      logStartOffset: 2,
    });
    expect(basesOf(log)).toEqual([2, 4, 6]);
    expect(log.logStartOffset).toBe(2);
    expect(valuesOf(log)).toEqual(numbered(6, 2));
  });

  test('asks the clock when it is given no time', async () => {
    await using log = await timed(scratchPartition(), 4, { retentionMs: 2999 });
    expect(told(await log.applyRetention())).toEqual([
      [0, 'time'],
      [2, 'time'],
    ]);
  });

  test('by size never goes below retention.bytes', async () => {
    await using log = await timed(scratchPartition(), 4, { retentionMs: -1, retentionBytes: 5 * BATCH_BYTES });
    expect((await log.applyRetention()).deleted).toEqual([
      { baseOffset: 0, nextOffset: 2, sizeBytes: 2 * BATCH_BYTES, rule: 'size', logBytes: 8 * BATCH_BYTES },
    ]);
    expect((await log.applyRetention()).deleted).toEqual([]);
    expect(basesOf(log)).toEqual([2, 4, 6]);
  });

  test('of segments below the log start goes under any policy', async () => {
    const directory = scratchPartition();
    const log = await timed(directory, 4);
    await log.close();
    const reopened = { cleanupPolicy: ['compact'], recovery: { logStartOffset: 5 }, retentionMs: 1 } as const;
    await using again = await Log.open(directory, reopened);
    expect(basesOf(again)).toEqual([0, 2, 4, 6]);
    expect(told(await again.applyRetention(1e12))).toEqual([
      [0, 'log-start'],
      [2, 'log-start'],
    ]);
    expect(again.logStartOffset).toBe(5);
    expect(basesOf(again)).toEqual([4, 6]);
  });

  test('keeps everything for ever where the policy is empty', async () => {
    await using log = await timed(scratchPartition(), 3, { cleanupPolicy: [], retentionMs: 1, retentionBytes: 1 });
    expect((await log.applyRetention(1e12)).deleted).toEqual([]);
  });

  test('does not go beyond the high watermark', async () => {
    await using log = await timed(scratchPartition(), 4, { retentionMs: 1, highWatermark: 'managed' });
    log.updateHighWatermark(5);
    expect(told(await log.applyRetention(1e12))).toEqual([
      [0, 'time'],
      [2, 'time'],
    ]);
    expect(log.logStartOffset).toBe(4);
  });

  test('of everything rolls an empty segment at the log end first, and does nothing the second time', async () => {
    const directory = scratchPartition();
    await using log = await timed(directory, 3, { retentionMs: 1 });
    expect(told(await log.applyRetention(1e12))).toHaveLength(3);
    expect(log.segments()).toEqual([{ baseOffset: 6, size: 0 }]);
    expect([log.logStartOffset, log.logEndOffset]).toEqual([6, 6]);
    expect((await log.applyRetention(1e12)).deleted).toEqual([]);
    expect((await log.append({ value: 'next' })).baseOffset).toBe(6);
    expect(valuesOf(log)).toEqual(['next']);
  });

  test('takes the snapshots of what goes along, and unlinks each file its own delay after it was renamed', async () => {
    const clock = new ManualClock(5000);
    const directory = scratchPartition();
    await using log = await timed(directory, 4, { clock, retentionMs: 2000, fileDeleteDelayMs: 1000 });
    const deleted = (): string[] => readdirSync(directory).filter((name) => name.endsWith('.deleted'));
    await log.applyRetention(3001);
    expect(deleted()).toEqual(['index', 'log', 'timeindex'].map((kind) => `${'0'.repeat(20)}.${kind}.deleted`));
    clock.advance(600);
    await log.applyRetention(4001);
    expect(deleted()).toHaveLength(7);
    expect(snapshotsIn(directory)).toEqual([4, 6]);
    clock.advance(400);
    expect(deleted().every((name) => name.startsWith(`${'0'.repeat(19)}2`))).toBe(true);
    expect(deleted()).toHaveLength(4);
    clock.advance(600);
    expect(deleted()).toEqual([]);
  });

  test('unlinks many files in several turns, and none where the delay has no end', async () => {
    const clock = new ManualClock(5000);
    for (const fileDeleteDelayMs of [1000, Infinity]) {
      const fs = new MemoryFileSystem();
      fs.makeDirectory('/logs');
      const log = await timed('/logs/t-0', 60, { fs, clock, retentionMs: 1, fileDeleteDelayMs });
      const deleted = (): number => fs.list('/logs/t-0').filter((name) => name.endsWith('.deleted')).length;
      await log.applyRetention(1e12);
      expect(deleted()).toBe(60 * 4 - 1);
      clock.advance(1000);
      expect(deleted()).toBe(fileDeleteDelayMs === 1000 ? 0 : 60 * 4 - 1);
      await log.close();
      expect(deleted()).toBe(0);
    }
  });

  test('leaves a read that has begun its chunk, and ends it where the records are gone', async () => {
    await using log = await timed(scratchPartition(), 4, { retentionMs: 1000, fileDeleteDelayMs: 0 });
    const read = log.read();
    const first = await read.next();
    expect(first.value?.baseOffset).toBe(0);
    await log.applyRetention(1e12);
    expect(
      await codeOf(async () => {
        for await (const batch of read) void batch;
      }),
    ).toBe('OFFSET_OUT_OF_RANGE');
  });

  test('of a damaged log is refused: nothing is deleted in doubt', async () => {
    const fs = new MemoryFileSystem();
    fs.makeDirectory('/logs');
    const log = await timed('/logs/t-0', 3, { fs, retentionMs: 1 });
    await log.flush();
    const file = fs.open(`/logs/t-0/${'0'.repeat(20)}.log`, 'update');
    file.write(new Uint8Array([0xff]), 0, 1, 80);
    file.close();
    await codeOf(async () => void [...log.readSync()]);
    expect(await codeOf(() => log.applyRetention(1e12))).toBe('LOG_CORRUPT');
    expect(basesOf(log)).toEqual([0, 2, 4]);
    await log.close();
  });
});

describe('a round that dies at any change', () => {
  const options = { segmentBytes: 2 * BATCH_BYTES, retentionMs: 2000, clock: new ManualClock(5000) };

  /** Runs a round that dies at its `at`th change; returns the file system, and whether it died. */
  async function round(at: number): Promise<{ fs: CrashingFileSystem; hasDied: boolean }> {
    const fs = new CrashingFileSystem();
    fs.makeDirectory('/logs');
    const log = await timed('/logs/t-0', 4, { fs, ...options });
    await log.flush();
    fs.dieIn(at);
    try {
      await log.applyRetention(4001);
      return { fs, hasDied: false };
    } catch (error) {
      if (!(error instanceof Died)) throw error;
      return { fs, hasDied: true };
    }
  }

  /** Opens what is left, and returns where the log starts. */
  async function startOf(fs: MemoryFileSystem): Promise<number> {
    const log = await Log.open('/logs/t-0', { ...options, fs });
    expect(valuesOf(log)).toEqual(numbered(8 - log.logStartOffset, log.logStartOffset));
    expect(fs.list('/logs/t-0').filter((name) => name.endsWith('.deleted'))).toEqual([]);
    await fill(log, 1);
    expect(log.logEndOffset).toBe(9);
    await log.close();
    return log.logStartOffset;
  }

  test('leaves the log as before it or as behind it', async () => {
    const starts: number[] = [];
    for (let at = 1, hasDied = true; hasDied; at++) {
      const dead = await round(at);
      ({ hasDied } = dead);
      starts.push(await startOf(dead.fs.afterProcessEnd()));
    }
    expect(starts.length).toBeGreaterThan(8);
    expect([...new Set(starts)]).toEqual([0, 4]);
    expect(starts.at(-1)).toBe(4);
  });

  test('and the machine with it, too', async () => {
    const random = new Random(7);
    const starts = new Set<number>();
    for (let at = 1, hasDied = true; hasDied; at++) {
      const dead = await round(at);
      ({ hasDied } = dead);
      for (let turn = 0; turn < 6; turn++) {
        starts.add(await startOf(dead.fs.afterPowerLoss(() => random.chance(turn / 5))));
      }
    }
    expect(starts).toEqual(new Set([0, 4]));
  });
});
