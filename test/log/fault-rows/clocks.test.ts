/** Row F18 of the fault list: clocks that jump or stand still, and timestamps that no clock gives. */
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/clock/clock.ts';
import { Log, LogReader } from '../../../src/index.ts';
import { scratchPartition } from '../../support/temp.ts';
import { codeOf, fileOf, filesIn, opened, readAll, unclean } from './partition.ts';

const T0 = 1_700_000_000_000;
const HOUR = 3_600_000;
const YEAR = 365 * 24 * HOUR;

/** The entries of every time index: timestamps and offsets rise. */
function expectRisingTimes(directory: string): void {
  const files = filesIn(directory);
  const names = [...files.keys()].filter((name) => name.endsWith('.timeindex'));
  expect(names.length).toBeGreaterThan(0);
  for (const name of names) {
    const bytes = fileOf(files, name);
    expect(bytes.length % 12).toBe(0);
    for (let at = 12; at < bytes.length; at += 12) {
      expect(bytes.readBigInt64BE(at), `${name}, entry ${at / 12}`).toBeGreaterThan(bytes.readBigInt64BE(at - 12));
      expect(bytes.readInt32BE(at + 8), `${name}, entry ${at / 12}`).toBeGreaterThan(bytes.readInt32BE(at - 4));
    }
  }
}

/** What the clock does between one append and the next. */
const CLOCKS: readonly (readonly [string, (clock: ManualClock, i: number) => void])[] = [
  ['stands still', () => undefined],
  ['goes back an hour in the middle', (clock, i) => clock.jumpTo(i < 10 ? T0 + i : T0 - HOUR + i)],
  ['goes forward ten years, and back', (clock, i) => clock.jumpTo(i === 8 ? T0 + 10 * YEAR : T0 + i)],
  ['goes back all the time', (clock, i) => clock.jumpTo(T0 - i * HOUR)],
  ['is at 0', (clock) => clock.jumpTo(0)],
];

describe.each(CLOCKS)('F18: a clock that %s', (_what, tick) => {
  test.each(['CreateTime', 'LogAppendTime'] as const)(
    'with %s: every record is kept, times rise in the indexes, and a second look finds the same',
    async (messageTimestampType) => {
      const directory = scratchPartition();
      const clock = new ManualClock(T0);
      const options = { clock, messageTimestampType, segmentBytes: 500, indexIntervalBytes: 1 };
      const values: string[] = [];
      {
        await using log = await Log.open(directory, options);
        for (let i = 0; i < 20; i++) {
          tick(clock, i);
          await log.append({ value: `record ${i}` });
          values.push(`record ${i}`);
        }
        expect(readAll(log)).toMatchObject({ values, readError: undefined });
      }
      expectRisingTimes(directory);
      const again = await opened(directory, { ...options, ...unclean() });
      expect(again).toMatchObject({ opening: 'ok', appending: 'ok', values, cuts: [] });
      expectRisingTimes(directory);
      using reader = LogReader.open(directory);
      const times = [...reader.readSync()].flatMap((batch) => batch.records().map(({ timestamp }) => timestamp));
      const largest = Math.max(...times);
      expect(reader.offsetForTimestamp(largest)).toEqual({ offset: times.indexOf(largest), timestamp: largest });
      expect(reader.offsetForTimestamp(largest + 1)).toBeUndefined();
    },
  );

  test('does not keep a sync by flush.ms from coming, nor a wait from ending', async () => {
    const clock = new ManualClock(T0);
    await using log = await Log.open(scratchPartition(), { clock, flushMs: 1000 });
    tick(clock, 10);
    await log.append({ value: 'x', timestamp: 0 });
    tick(clock, 11);
    clock.advance(1000);
    await log.flush();
    expect(log.status().recoveryPoint).toBe(1);
  });
});

test.each(['CreateTime', 'LogAppendTime'] as const)(
  'F18: a clock that is before 1970: with %s an append without a time is refused by name, and works again when the clock does',
  async (messageTimestampType) => {
    const clock = new ManualClock(-HOUR);
    await using log = await Log.open(scratchPartition(), { clock, messageTimestampType });
    expect(await codeOf(log.append({ value: 'x' }))).toMatch(/^INVALID_(?:RECORD|TIMESTAMP|ARGUMENT)$/);
    expect(log.logEndOffset).toBe(0);
    clock.jumpTo(T0);
    await log.append({ value: 'y' });
    expect(readAll(log).values).toEqual(['y']);
  },
);

describe('F18: a timestamp', () => {
  test.each([-1, 0, 1, 1_700_000_000, T0, T0 + HOUR])('of %i is kept, and found', async (timestamp) => {
    const directory = scratchPartition();
    const clock = new ManualClock(T0);
    {
      await using log = await Log.open(directory, { clock, indexIntervalBytes: 1 });
      for (let i = 0; i < 3; i++) await log.append({ value: `record ${i}`, timestamp });
    }
    for (const options of [{}, unclean()]) {
      await using log = await Log.open(directory, { clock, ...options });
      expect([...log.readSync()].map((batch) => batch.records()[0]?.timestamp)).toEqual([
        timestamp,
        timestamp,
        timestamp,
      ]);
      expect(log.offsetForTimestamp(timestamp === -1 ? 0 : timestamp)).toEqual(
        timestamp === -1 ? undefined : { offset: 0, timestamp },
      );
    }
  });

  test.each([
    -2,
    -HOUR,
    Number.MIN_SAFE_INTEGER,
    T0 + HOUR + 1,
    Number.MAX_SAFE_INTEGER,
    2 ** 63,
    Number.NaN,
    Infinity,
    0.5,
  ])('of %d is refused by name, and nothing is appended', async (timestamp) => {
    await using log = await Log.open(scratchPartition(), { clock: new ManualClock(T0) });
    expect(await codeOf(log.append({ value: 'x', timestamp }))).toMatch(
      /^(?:INVALID_(?:TIMESTAMP|RECORD|ARGUMENT)|TIMESTAMP_NOT_EXACT)$/,
    );
    expect(log.logEndOffset).toBe(0);
    await log.append({ value: 'y' });
    expect(readAll(log).values).toEqual(['y']);
  });

  test('in the far future, where the log takes it, pins nothing: the records behind it are found', async () => {
    const directory = scratchPartition();
    const options = {
      clock: new ManualClock(T0),
      messageTimestampAfterMaxMs: Number.MAX_SAFE_INTEGER,
      indexIntervalBytes: 1,
    };
    {
      await using log = await Log.open(directory, options);
      for (const timestamp of [T0, T0 + 100 * YEAR, T0 + 1, T0 + 2]) await log.append({ value: 'x', timestamp });
    }
    expectRisingTimes(directory);
    for (const recovery of [{}, unclean()]) {
      await using log = await Log.open(directory, { ...options, ...recovery });
      expect(log.offsetForTimestamp(T0)).toMatchObject({ offset: 0 });
      expect(log.offsetForTimestamp(T0 + 1)).toMatchObject({ offset: 1 });
      await log.append({ value: 'x', timestamp: T0 + 3 });
    }
    expectRisingTimes(directory);
  });
});
