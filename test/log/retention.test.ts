/** What a log does when it is told to apply its retention: what goes, in which order, and what a crash in the middle leaves. */
import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/clock/clock.ts';
import { proposeRetention, type RetentionRequest } from '../../src/cleaner/retention.ts';
import { defaultEngine } from '../../src/engine/select.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { Log, type LogOptions, type RetentionResult, SeglogError } from '../../src/index.ts';
import type { ProposeRetention } from '../../src/log/cleaning/retention.ts';
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

/** Files are removed in turns of the event loop that no clock counts. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
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
    await turns();
    expect(deleted().every((name) => name.startsWith(`${'0'.repeat(19)}2`))).toBe(true);
    expect(deleted()).toHaveLength(4);
    clock.advance(600);
    await turns();
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
      await turns();
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

/** As `timed`, opened again: nobody knows the timestamps of its segments. */
async function openedAgain(segments: number, options: LogOptions = {}): Promise<{ log: Log; fs: MemoryFileSystem }> {
  const fs = new MemoryFileSystem();
  fs.makeDirectory('/logs');
  await (await timed('/logs/t-0', segments, { fs })).close();
  const clock = new ManualClock(5000);
  return { log: await Log.open('/logs/t-0', { fs, clock, segmentBytes: 2 * BATCH_BYTES, ...options }), fs };
}

/** Reads as this thread does, and keeps what was asked. */
function reader(fs: MemoryFileSystem): { propose: ProposeRetention; asked: RetentionRequest[] } {
  const asked: RetentionRequest[] = [];
  const machine = { engine: defaultEngine(), fs, clock: new ManualClock() };
  return {
    asked,
    propose: (request) => {
      asked.push(request);
      return proposeRetention(machine, request);
    },
  };
}

describe('retention whose timestamps somebody else reads', () => {
  test('asks for what nobody knows yet, once, and decides by itself', async () => {
    const { log, fs } = await openedAgain(5, { retentionMs: 2000 });
    const { propose, asked } = reader(fs);
    expect(told(await log.applyRetention(4001, propose))).toEqual([
      [0, 'time'],
      [2, 'time'],
    ]);
    // The active segment is never among them: its files are not complete.
    expect(asked.map(({ segments }) => segments.map(({ baseOffset }) => baseOffset))).toEqual([[0, 2, 4, 6]]);
    expect(asked[0]).toMatchObject({ directory: '/logs/t-0', retentionMs: 2000, nowMs: 4001 });
    expect(told(await log.applyRetention(4001, propose))).toEqual([]);
    expect(asked).toHaveLength(1);
    expect(told(await log.applyRetention(1e12, propose))).toHaveLength(3);
    await log.close();
  });

  test('asks nothing where size and log start decide, or where nothing can go', async () => {
    for (const options of [
      { retentionMs: -1, retentionBytes: 5 * BATCH_BYTES },
      { retentionMs: 1, highWatermark: 'managed' },
      { retentionMs: 1, cleanupPolicy: ['compact'] },
    ] as const) {
      const { log, fs } = await openedAgain(4, { ...options });
      const { propose, asked } = reader(fs);
      await log.applyRetention(1e12, propose);
      expect(asked).toEqual([]);
      await log.close();
    }
  });

  test('goes by the log as it is when the answer comes', async () => {
    const { log, fs } = await openedAgain(6, { retentionMs: 1, highWatermark: 'managed' });
    log.updateHighWatermark(12);
    const { propose } = reader(fs);
    const { deleted, logStartOffset } = await log.applyRetention(1e12, async (request) => {
      const answer = await propose(request);
      await log.deleteRecordsBefore(3);
      log.updateHighWatermark(7);
      return answer;
    });
    expect(deleted.map(({ baseOffset }) => baseOffset)).toEqual([2, 4]);
    expect(logStartOffset).toBe(6);
    expect(basesOf(log)).toEqual([6, 8, 10]);
    await log.close();
  });

  test('asks again where segments were swapped or cut while they were read, and says why at last', async () => {
    const { log, fs } = await openedAgain(6, { retentionMs: 1 });
    const { propose, asked } = reader(fs);
    await log.applyRetention(1e12, async (request) => {
      if (asked.length > 0) return propose(request);
      await log.truncateTo(5);
      return proposeRetention(
        { engine: defaultEngine(), fs, clock: new ManualClock() },
        { ...request, segments: request.segments.slice(-1), directory: '/gone' },
      ).catch((error: unknown) => {
        asked.push(request);
        throw error;
      });
    });
    expect(asked).toHaveLength(2);
    expect(log.segments()).toEqual([{ baseOffset: 5, size: 0 }]);
    await log.close();
  });

  test('is refused with the reason of whoever reads, and leaves the log as it was', async () => {
    const { log } = await openedAgain(4, { retentionMs: 1 });
    const died = new SeglogError('INTERNAL', 'the thread died');
    await expect(log.applyRetention(1e12, () => Promise.reject(died))).rejects.toBe(died);
    expect(basesOf(log)).toEqual([0, 2, 4, 6]);
    expect(log.logStartOffset).toBe(0);
    expect(told(await log.applyRetention(1e12))).toHaveLength(4);
    await log.close();
  });
});

describe('retention of very many segments', () => {
  const SEGMENTS = 1300;

  test('lets others have their turn, with appends and reads among them', async () => {
    const { log, fs } = await openedAgain(SEGMENTS, { retentionMs: 1 });
    let turnsOfOthers = 0;
    const stop = new AbortController();
    const others = (async () => {
      while (!stop.signal.aborted) {
        await new Promise((resolve) => setImmediate(resolve));
        turnsOfOthers++;
        if (turnsOfOthers % 10 !== 0) continue;
        await log.append({ value: 'meanwhile', timestamp: 3_000_000 });
        expect(valuesOf(log).at(-1)).toBe('meanwhile');
      }
    })();
    const { deleted } = await log.applyRetention(2_000_000);
    stop.abort();
    await others;
    expect(deleted.filter(({ rule }) => rule === 'time').length).toBeGreaterThanOrEqual(SEGMENTS - 1);
    expect(turnsOfOthers).toBeGreaterThan(SEGMENTS / 100);
    expect(fs.list('/logs/t-0').filter((name) => /^0{17}\d{3}\.log$/.test(name))).toEqual([]);
    await log.close();
  });

  test('that is closed in the middle goes on with the next round, at the same log start', async () => {
    const { log, fs } = await openedAgain(200, { retentionMs: 1 });
    await log.truncateTo(399);
    const retention = log.applyRetention(1e12, reader(fs).propose);
    while (log.logStartOffset === 0) await new Promise((resolve) => setImmediate(resolve));
    const [outcome] = await Promise.all([codeOf(() => retention), log.close()]);
    expect(outcome).toBe('LOG_CLOSED');
    const again = await Log.open('/logs/t-0', { fs, segmentBytes: 2 * BATCH_BYTES, retentionMs: -1 });
    expect(again.logStartOffset).toBe(399);
    expect(again.segments().length).toBeGreaterThan(1);
    const { deleted } = await again.applyRetention(0);
    expect(new Set(deleted.map(({ rule }) => rule))).toEqual(new Set(['log-start']));
    expect(again.segments()).toHaveLength(1);
    await again.close();
  });
});

describe('F10: a round of retention that dies at any change', () => {
  const options = { segmentBytes: 2 * BATCH_BYTES, retentionMs: 2000, clock: new ManualClock(5000) };

  /** Runs a round that dies at its `at`th change; returns the file system, and whether it died. */
  async function round(at: number, segments = 4, nowMs = 4001): Promise<{ fs: CrashingFileSystem; hasDied: boolean }> {
    const fs = new CrashingFileSystem();
    fs.makeDirectory('/logs');
    const log = await timed('/logs/t-0', segments, { fs, ...options });
    await log.flush();
    fs.dieIn(at);
    try {
      await log.applyRetention(nowMs);
      return { fs, hasDied: false };
    } catch (error) {
      if (!(error instanceof Died)) throw error;
      return { fs, hasDied: true };
    }
  }

  /** Opens what is left, and returns where the log starts. */
  async function startOf(fs: MemoryFileSystem, end = 8): Promise<number> {
    const log = await Log.open('/logs/t-0', { ...options, fs });
    expect(valuesOf(log)).toEqual(numbered(end - log.logStartOffset, log.logStartOffset));
    expect(fs.list('/logs/t-0').filter((name) => name.endsWith('.deleted'))).toEqual([]);
    await fill(log, 1);
    expect(log.logEndOffset).toBe(end + 1);
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

  test('in one of its many turns, too', async () => {
    const random = new Random(8);
    const starts = new Set<number>();
    for (let at = 1, hasDied = true; hasDied; at += random.between(20, 60)) {
      const dead = await round(at, 150, 142_001);
      ({ hasDied } = dead);
      const { fs } = dead;
      for (const image of [fs.afterProcessEnd(), fs.afterPowerLoss(() => random.chance(0.5))]) {
        starts.add(await startOf(image, 300));
      }
    }
    expect(starts).toEqual(new Set([0, 280]));
  });
});
