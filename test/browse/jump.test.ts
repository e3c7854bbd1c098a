/** Jumps land where a look at all records says that they must, and read little to get there. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Row } from '../../src/browse/contract.ts';
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

  test('reads some hundred kilobytes of a large segment, not all before its target', async () => {
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
        const { rows, cursor } = finish(source.window(landing.place, 20, 40, ALL_OPEN));
        const row = rows[cursor];
        expect(row?.kind === 'record' && row.record.offset).toBe(offset);
        expect(read.bytes).toBeLessThan(12_000_000);
      }
    }
  });
});
