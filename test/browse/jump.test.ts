/** Jumps land where a look at all records says that they must, and read little to get there. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Row } from '../../src/browse/contract.ts';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { Log } from '../../src/log/log.ts';
import { FIXTURES } from '../support/fixtures.ts';
import { Random } from '../support/random.ts';
import { scratchPartition } from '../support/temp.ts';
import { ALL_OPEN, copyOf, countingFs, finish, placeText, rowsForward, sourceOf } from './support.ts';

type RecordRow = Row & { kind: 'record' };
const PARTITIONS = ['clean/f-none-0', 'clean/f-zstd-0', 'clean/f-txn-0', 'clean/f-compacted-0', 'legacy/magic1-gzip-0'];

function recordsOf(directory: string): RecordRow[] {
  return rowsForward(sourceOf(directory), ALL_OPEN).filter((row): row is RecordRow => row.kind === 'record');
}

describe('a jump', () => {
  test.each(PARTITIONS)('to an offset of %s goes to its record, or to the next one', (name) => {
    const directory = join(FIXTURES, name);
    const records = recordsOf(directory);
    const source = sourceOf(directory);
    const random = new Random(4);
    const last = Number(records.at(-1)?.record.offset);
    for (let round = 0; round < 80; round++) {
      const offset = random.between(-2, last);
      const expected = records.find(({ record }) => record.offset >= offset) ?? expect.fail();
      const landing = finish(source.toOffset(offset));
      expect([offset, placeText(landing.place)]).toEqual([offset, placeText(expected.place)]);
      expect(landing.note === undefined).toBe(expected.record.offset === offset);
    }
    expect(finish(source.toOffset(last + 1000)).note).toBe(`offset ${last + 1000} is behind the end of the log`);
  });

  test.each(PARTITIONS)('to a time of %s goes to the first record of that time or later', (name) => {
    const directory = join(FIXTURES, name);
    const records = recordsOf(directory);
    const random = new Random(5);
    const times = records.map(({ record }) => record.timestamp);
    for (const source of [sourceOf(directory), sourceOf(copyOf(...(name.split('/') as [string, string]), false))]) {
      for (let round = 0; round < 40; round++) {
        const time = Number(random.pick(times)) + random.between(-1, 1);
        const expected = records.find(({ record }) => record.timestamp >= time);
        const landing = finish(source.toTime(time));
        expect([time, landing.note]).toEqual([time, expected === undefined ? 'no record is that late' : undefined]);
        if (expected !== undefined) expect(placeText(landing.place)).toBe(placeText(expected.place));
      }
    }
  });

  test('reads a megabyte or two of a large segment, not all before its target', async () => {
    const directory = scratchPartition();
    const log = await Log.open(directory);
    // 24 MB in batches of 8 KiB.
    const value = 'x'.repeat(8000);
    for (let n = 0; n < 3000; n++) await log.append({ key: `k${n}`, value, timestamp: 1_000_000 + n });
    await log.close();
    const { fs, read } = countingFs();
    const source = sourceOf(directory, fs);
    for (const offset of [2900, 100, 1500]) {
      for (const jump of [() => source.toOffset(offset), () => source.toTime(1_000_000 + offset)]) {
        read.bytes = 0;
        const landing = finish(jump());
        expect(read.bytes).toBeLessThan(3_000_000);
        const { rows, cursor } = finish(source.window(landing.place, 20, 40, ALL_OPEN));
        const row = rows[cursor];
        expect(row?.kind === 'record' && row.record.offset).toBe(offset);
        expect(read.bytes).toBeLessThan(12_000_000);
      }
    }
  });
});

/** A log of several segments, a record a batch, a millisecond apart. */
async function rolledLog(): Promise<{ readonly directory: string; readonly timeIndexes: readonly string[] }> {
  const directory = scratchPartition();
  const log = await Log.open(directory, { segmentBytes: 20_000, indexIntervalBytes: 1000 });
  for (let n = 0; n < 100; n++) await log.append({ value: 'v'.repeat(500), timestamp: 1_000_000 + n });
  await log.close();
  const names = nodeFileSystem.list(directory).filter((name) => name.endsWith('.timeindex'));
  return { directory, timeIndexes: names.map((name) => join(directory, name)).sort() };
}

/** Every entry's timestamp moved. */
function moved(index: Buffer, byMs: bigint): Buffer {
  const bytes = Buffer.from(index);
  for (let at = 0; at < bytes.length; at += 12) bytes.writeBigInt64BE(bytes.readBigInt64BE(at) + byMs, at);
  return bytes;
}

describe('a jump to a time, by time indexes that are wrong,', () => {
  test.each([
    ['cut to their first entry', (index: Buffer) => index.subarray(0, 12)],
    ['empty', () => Buffer.alloc(0)],
    ['too late', (index: Buffer) => moved(index, 1000n)],
    ['too early', (index: Buffer) => moved(index, -1000n)],
  ] as const)('as they are %s, goes to the first record of that time or later', async (_, wrong) => {
    const { directory, timeIndexes } = await rolledLog();
    expect(timeIndexes.length).toBeGreaterThan(2);
    for (const path of timeIndexes) writeFileSync(path, wrong(readFileSync(path)));
    const records = recordsOf(directory);
    const source = sourceOf(directory);
    for (const [n, { place }] of records.entries()) {
      const landing = finish(source.toTime(1_000_000 + n));
      expect([n, placeText(landing.place)]).toEqual([n, placeText(place)]);
    }
    expect(finish(source.toTime(1_000_100)).note).toBe('no record is that late');
  });

  test('says so', async () => {
    const { directory, timeIndexes } = await rolledLog();
    const [first = ''] = timeIndexes;
    writeFileSync(first, moved(readFileSync(first), -1000n));
    expect(finish(sourceOf(directory).toTime(1_000_090)).note).toContain('the time index says');
  });
});

test('a jump passes over a segment that was deleted since the directory was looked at', async () => {
  const { directory, timeIndexes } = await rolledLog();
  const source = sourceOf(directory);
  const second = Number(/(\d{20})\.timeindex$/.exec(timeIndexes[1] ?? '')?.[1]);
  rmSync(join(directory, '00000000000000000000.log'));
  expect(finish(source.toTime(1_000_001)).place).toMatchObject({ base: second, record: 0 });
  expect(finish(source.toOffset(1)).note).toBe(`offset 1 is not in the log: the next one is ${second}`);
});
