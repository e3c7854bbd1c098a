import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/clock/clock.ts';
import { Log, type LogOptions, type RecordInput } from '../../src/index.ts';
import { scratchPartition } from '../support/temp.ts';

const T0 = 1_700_000_000_000;

function basesIn(directory: string): number[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.log'))
    .map((name) => Number(name.slice(0, 20)));
}

/** Appends one record a batch, and tells at which offsets segments start. */
async function rolled(
  options: LogOptions,
  records: readonly (RecordInput | ((clock: ManualClock) => RecordInput))[],
): Promise<number[]> {
  const clock = new ManualClock(T0);
  const directory = scratchPartition();
  await using log = await Log.open(directory, { ...options, clock });
  for (const record of records) await log.append(typeof record === 'function' ? record(clock) : record);
  return basesIn(directory);
}

const later = (ms: number, timestamp?: number) => (clock: ManualClock) => {
  clock.advance(ms);
  return { value: 'x', timestamp: timestamp ?? clock.now() };
};

describe('a segment rolls', () => {
  test('by size: before a batch that would take it over segment.bytes, not at it', async () => {
    // A batch of one record of one byte takes 69 bytes.
    expect(
      await rolled(
        { segmentBytes: 138 },
        Array.from({ length: 5 }, () => ({ value: 'x' })),
      ),
    ).toEqual([0, 2, 4]);
    expect(
      await rolled(
        { segmentBytes: 137 },
        Array.from({ length: 3 }, () => ({ value: 'x' })),
      ),
    ).toEqual([0, 1, 2]);
  });

  test('by the age that its records tell, whatever the clock says', async () => {
    const at = (timestamp: number): RecordInput => ({ value: 'x', timestamp });
    expect(await rolled({ segmentMs: 1000 }, [at(T0), at(T0 + 1000), at(T0 + 1001)])).toEqual([0, 2]);
    expect(await rolled({ segmentMs: 1000 }, [at(T0), later(5000, T0 + 1)])).toEqual([0]);
  });

  test('by the clock when its first batch has no timestamp', async () => {
    const none: RecordInput = { value: 'x', timestamp: -1 };
    expect(await rolled({ segmentMs: 1000 }, [none, later(1000, -1), later(1, -1)])).toEqual([0, 2]);
  });

  test('never by age while it is empty', async () => {
    expect(await rolled({ segmentMs: 1000 }, [later(5000)])).toEqual([0]);
  });

  test('sooner by a jitter of its own, never by more than segment.jitter.ms', async () => {
    const bases = await rolled({ segmentMs: 1000, segmentJitterMs: 400 }, [later(0), later(600), later(401)]);
    expect(bases[0]).toBe(0);
    expect(bases).not.toContain(1);
    expect(bases.length).toBe(2);
  });

  test('when the offset index is full', async () => {
    // Entries from the second batch on: 3 of them fit 24 bytes, and time entries do not limit it.
    const records = Array.from({ length: 6 }, () => ({ value: 'x', timestamp: -1 }));
    expect(await rolled({ indexIntervalBytes: 0, segmentIndexBytes: 24 }, records)).toEqual([0, 4]);
  });

  test('when the time index has one slot left, which rolling takes', async () => {
    const directory = scratchPartition();
    {
      await using log = await Log.open(directory, { indexIntervalBytes: 0, segmentIndexBytes: 48 });
      for (let i = 0; i < 6; i++) await log.append({ value: 'x', timestamp: 1000 + i });
      expect(basesIn(directory)).toEqual([0, 4]);
    }
    expect(statSync(join(directory, '00000000000000000000.timeindex')).size).toBe(36);
  });

  test('when an offset would be more than 2^31 - 1 above its base', async () => {
    const directory = scratchPartition();
    await using log = await Log.open(directory);
    await using other = await Log.open(scratchPartition());
    other.appendSync({ value: 'x' });
    const encoded = Buffer.from([...other.readSync()][0]?.bytes ?? []);
    const at = (offset: bigint): Buffer => {
      encoded.writeBigInt64BE(offset);
      return encoded;
    };
    await log.appendEncoded(at(0n), 'given');
    await log.appendEncoded(at(2n ** 31n - 1n), 'given');
    await log.appendEncoded(at(2n ** 31n), 'given');
    expect(basesIn(directory)).toEqual([0, 2 ** 31]);
    expect([...log.readSync()].map(({ baseOffset }) => baseOffset)).toEqual([0, 2 ** 31 - 1, 2 ** 31]);
  });
});

describe('preallocation', () => {
  test('with preallocate sets the whole segment aside, and gives back what is unused at roll and close', async () => {
    const directory = scratchPartition();
    {
      await using log = await Log.open(directory, { preallocate: true, segmentBytes: 4096 });
      await log.append({ value: 'x' });
      expect(statSync(join(directory, '00000000000000000000.log')).size).toBe(4096);
      expect([...log.readSync()].length).toBe(1);
      for (let i = 0; i < 60; i++) await log.append({ value: 'x' });
      expect(statSync(join(directory, '00000000000000000000.log')).size).toBe(4071);
    }
    const total = readdirSync(directory)
      .filter((name) => name.endsWith('.log'))
      .reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
    expect(total).toBe(61 * 69);
  });

  test('without it does not take a whole segment for a few records', async () => {
    const directory = scratchPartition();
    await using log = await Log.open(directory);
    await log.append({ value: 'x' });
    expect(statSync(join(directory, '00000000000000000000.log')).size).toBeLessThanOrEqual(1024 * 1024);
  });
});
