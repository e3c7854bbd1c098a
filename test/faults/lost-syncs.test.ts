/**
 * Row F12: the power fails at any change of files, and of what was not synced, names and contents apart, any subset is there.
 * What a flush, a close or a deletion had acknowledged is there. What was not flushed goes from the end, of each segment by itself:
 * one that was sealed a moment ago may lack its end where the next one is there (docs/durability.md).
 */
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/clock/clock.ts';
import type { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { Log, type LogOptions } from '../../src/index.ts';
import { CrashingFileSystem, Died } from '../support/crashing-fs.ts';
import { fuzzPlan, Random } from '../support/random.ts';
import { keepResult } from './result.ts';

const DIRECTORY = '/logs/t-0';
const options: LogOptions = { segmentBytes: 250, retentionMs: -1, fileDeleteDelayMs: 0, clock: new ManualClock(5000) };
/** Up to so many things that were not synced every subset is tried, beyond it random ones. */
const ALL_UP_TO = 4;
/** `SEGLOG_FUZZ_CASES` sets it. */
const RANDOM_SUBSETS = fuzzPlan(5).cases;

/** What was promised when it died. */
interface Known {
  /** All below is on the disk, by a flush, a close or `flush.messages`. */
  durable: number;
  /** All below was accepted. */
  accepted: number;
  /** Below this nothing comes back; asked for, and acknowledged. */
  start: number;
  askedStart: number;
}

type Work = (log: Log, known: Known) => Promise<void>;

async function append(log: Log, known: Known, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    known.accepted++;
    await log.append({ value: `record ${log.logEndOffset}`, timestamp: 1000 });
  }
}

async function flush(log: Log, known: Known): Promise<void> {
  const { accepted } = known;
  await log.flush();
  known.durable = accepted;
}

const WORKS: Record<string, { readonly options?: LogOptions; readonly work: Work }> = {
  'appends, rolls and flushes': {
    work: async (log, known) => {
      await append(log, known, 2);
      await flush(log, known);
      await append(log, known, 5);
      await flush(log, known);
      await append(log, known, 2);
    },
  },
  'flush.messages = 1': {
    options: { flushMessages: 1 },
    work: async (log, known) => {
      for (let i = 0; i < 6; i++) {
        await append(log, known, 1);
        known.durable = known.accepted;
      }
    },
  },
  'deleted records': {
    work: async (log, known) => {
      await append(log, known, 8);
      await flush(log, known);
      known.askedStart = 5;
      await log.deleteRecordsBefore(5);
      known.start = 5;
      await append(log, known, 2);
    },
  },
  'a close, and another opening': {
    work: async (log, known) => {
      await append(log, known, 5);
      await log.close();
      known.durable = known.accepted;
    },
  },
};

/** A life that dies at its `at`th change. */
async function life(at: number, { options: more, work }: (typeof WORKS)[string]) {
  const fs = new CrashingFileSystem();
  fs.makeDirectory('/logs');
  const known: Known = { durable: 0, accepted: 0, start: 0, askedStart: 0 };
  fs.dieIn(at);
  try {
    const log = await Log.open(DIRECTORY, { ...options, ...more, fs });
    await work(log, known);
    await log.close();
    known.durable = known.accepted;
  } catch (error) {
    if (!fs.hasDied) throw error;
    if (!hasDiedOf(error))
      expect(error).toMatchObject({ code: expect.stringMatching(/LOG_OFFLINE|LOG_CLOSED|IO/) as string });
  }
  return { fs, known };
}

function hasDiedOf(error: unknown): boolean {
  return error instanceof Error && (error instanceof Died || hasDiedOf(error.cause));
}

/** Every disk that the power cut may leave, or some of them where there are very many. */
function* disksOf(fs: CrashingFileSystem, random: Random): Generator<MemoryFileSystem> {
  let asked = 0;
  const none = fs.afterPowerLoss(() => (asked++, false));
  yield none;
  const isAll = asked <= ALL_UP_TO;
  for (let mask = 1; mask < (isAll ? 2 ** asked : RANDOM_SUBSETS); mask++) {
    let bit = 0;
    yield fs.afterPowerLoss(() => (isAll ? (mask & (1 << bit++)) !== 0 : random.chance(0.5)));
  }
}

interface Found {
  readonly start: number;
  readonly end: number;
  readonly bases: readonly number[];
  /** The records that are there, by offset. */
  readonly offsets: readonly number[];
}

async function look(fs: MemoryFileSystem): Promise<Found> {
  await using log = await Log.open(DIRECTORY, { ...options, fs });
  expect(log.status().corruption).toBeUndefined();
  log.checkAppendable();
  const records = [...log.readSync()].flatMap((batch) => batch.records());
  for (const { offset, value } of records) expect(value?.toString()).toBe(`record ${offset}`);
  return {
    start: log.logStartOffset,
    end: log.logEndOffset,
    bases: log.segments().map(({ baseOffset }) => baseOffset),
    offsets: records.map(({ offset }) => offset).filter((offset) => offset >= log.logStartOffset),
  };
}

/** Whether the records between two offsets are all there up to a first one that is missing. */
function isPrefix(offsets: readonly number[], from: number, to: number): boolean {
  const there = offsets.filter((offset) => offset >= from && offset < to);
  return there.every((offset, i) => offset === from + i);
}

const counts = { 'crash points': 0, 'disks after a power cut': 0 };

describe('F12: the power fails at any change', () => {
  test.each(Object.entries(WORKS))('of %s', async (_name, work) => {
    const random = new Random(12);
    let disks = 0;
    let at = 1;
    for (let hasDied = true; hasDied; at++) {
      const { fs, known } = await life(at, work);
      hasDied = fs.hasDied;
      for (const disk of disksOf(fs, random)) {
        const where = `change ${at}, disk ${disks++}`;
        disk.makeDirectory(DIRECTORY);
        const found = await look(disk);
        const { start, end, bases, offsets } = found;
        expect(end, where).toBeGreaterThanOrEqual(known.durable);
        expect(end, where).toBeLessThanOrEqual(known.accepted);
        expect(start === known.start || start === known.askedStart, `${where}: starts at ${start}`).toBe(true);
        expect(offsets.filter((offset) => offset < known.durable).length, where).toBe(
          Math.max(0, known.durable - start),
        );
        for (const [i, base] of bases.entries()) {
          expect(isPrefix(offsets, Math.max(start, base), bases[i + 1] ?? end), where).toBe(true);
        }
        expect(await look(disk), `${where}, again`).toEqual(found);
      }
    }
    expect(at).toBeGreaterThan(10);
    counts['crash points'] += at - 1;
    counts['disks after a power cut'] += disks;
    keepResult('lost-syncs', ['F12'], counts);
  });
});
