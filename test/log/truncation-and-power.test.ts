/**
 * Truncations in the midst of which the power fails: of logs with gaps of offsets, and to below all that is there. What comes up is
 * no damage, has no new gap, and is no shorter than was asked for.
 */
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/clock/clock.ts';
import { Log, type LogOptions } from '../../src/index.ts';
import { Random } from '../support/random.ts';
import { Disk } from '../simulate/disk/disk.ts';
import { DiskProcess } from '../simulate/disk/disk-process.ts';

const DIRECTORY = '/logs/t-0';
const LOSSES = 24;
const LONG = 'x'.repeat(150);

/** Whatever a power loss leaves: all names that were not synced or some, all bytes or some. */
function* losses(disk: Disk): Generator<Disk> {
  for (let seed = 1; seed <= LOSSES; seed++) {
    const likelihood = (seed % 3) / 2;
    const isOrdered = seed % 2 === 0;
    yield disk.afterPowerLoss(new Random(seed), { names: likelihood, pages: likelihood, isOrdered });
  }
}

function offsetsOf(log: Log): number[] {
  return [...log.readSync()].flatMap((batch) => batch.records().map(({ offset }) => offset));
}

/** What is asked of a log of which nothing is in doubt. */
interface Cut {
  readonly options: LogOptions;
  readonly prepare: (log: Log, clock: ManualClock) => Promise<void>;
  readonly cut: (log: Log) => Promise<unknown>;
}

/** The process dies at each of the changes that a cut makes, and then the power fails. Each log that comes up is shown. */
async function eachRemainder({ options, prepare, cut }: Cut, show: (log: Log) => Promise<void>): Promise<void> {
  for (let step = 1, isWhole = false; !isWhole; step++) {
    const disk = new Disk();
    const process = new DiskProcess(disk);
    process.makeDirectory('/logs');
    disk.settleAll();
    const clock = new ManualClock(1_000_000);
    const log = await Log.open(DIRECTORY, { ...options, clock, fs: process });
    await prepare(log, clock);
    disk.settleAll();
    process.dieIn(step);
    isWhole = await cut(log).then(
      () => true,
      () => false,
    );
    process.end();
    for (const left of losses(disk)) {
      await show(await Log.open(DIRECTORY, { ...options, clock, fs: new DiskProcess(left) }));
    }
  }
}

describe('F13: a truncation at a gap of offsets', () => {
  /** Offsets 0, 3, 4: a truncation within a batch took 1 and 2 along. */
  async function withGap(log: Log, clock: ManualClock): Promise<void> {
    log.appendSync({ value: 'x' });
    log.appendSync([{ value: 'y' }, { value: 'y' }, { value: 'y' }]);
    await log.truncateTo(3);
    for (let n = 0; n < 2; n++) log.appendSync({ value: LONG });
    // A checkpoint is due with this.
    clock.advance(6000);
    await log.flush();
    expect(offsetsOf(log)).toEqual([0, 3, 4]);
  }

  test.each([2, 3])('(to %i) leaves no damage below the recovery point, whenever the power fails', async (to) => {
    const lengths = new Set<number>();
    await eachRemainder({ options: {}, prepare: withGap, cut: (log) => log.truncateTo(to) }, async (log) => {
      expect(log.status().corruption).toBeUndefined();
      const found = offsetsOf(log);
      expect(found).toEqual([0, 3, 4].slice(0, found.length));
      lengths.add(found.length);
      await log.append({ value: 'goes on' });
    });
    expect([...lengths]).toEqual(expect.arrayContaining([1, 3]));
  });
});

describe('F12: a truncation to below all that is there', () => {
  const ROLLING: LogOptions = { segmentBytes: 250 };

  /** Segments of one record each; those at 3 to 5 are left. */
  async function deletedBelow(log: Log): Promise<void> {
    for (let n = 0; n < 6; n++) log.appendSync({ value: LONG });
    await log.flush();
    await log.deleteRecordsBefore(3);
    expect(log.segments().map(({ baseOffset }) => baseOffset)).toEqual([3, 4, 5]);
  }

  test('leaves the beginning of the log or nothing, and never ends below what was asked for', async () => {
    const starts = new Set<number>();
    const cut = (log: Log): Promise<unknown> => log.truncateTo(1);
    await eachRemainder({ options: ROLLING, prepare: deletedBelow, cut }, async (log) => {
      const found = offsetsOf(log);
      expect(found).toEqual([3, 4, 5].slice(0, found.length));
      expect([1, 3]).toContain(log.logStartOffset);
      expect(log.logEndOffset).toBe(found.length === 0 ? log.logStartOffset : 3 + found.length);
      starts.add(log.logStartOffset);
      await log.append({ value: 'goes on' });
    });
    expect(starts).toEqual(new Set([1, 3]));
  });

  test.each([1, 3, 4, 6, 10])(
    'that starts it anew at %i leaves the beginning of the old log or the new one, never some of both',
    async (to) => {
      const found = new Set<string>();
      const cut = (log: Log): Promise<unknown> => log.truncateFullyAndStartAt(to);
      await eachRemainder({ options: ROLLING, prepare: deletedBelow, cut }, async (log) => {
        const offsets = offsetsOf(log);
        expect(offsets).toEqual([3, 4, 5].slice(0, offsets.length));
        const { logStartOffset: start, logEndOffset: end } = log;
        expect(offsets.length === 0 ? [3, to] : [3]).toContain(start);
        expect(end).toBe(start + offsets.length);
        expect(log.status().corruption).toBeUndefined();
        found.add(`${start} to ${end}`);
        await log.append({ value: 'goes on' });
        expect(offsetsOf(log)).toEqual([...offsets, end]);
      });
      expect([...found]).toEqual(expect.arrayContaining(['3 to 6', `${to} to ${to}`]));
    },
  );
});
