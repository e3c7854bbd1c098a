/** A range by offset or time shows what a filter over the whole dump shows, however it got there. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FIXTURES } from '../../support/fixtures.ts';
import { Random } from '../../support/random.ts';
import { type Fields, filtered, naively, search } from './run.ts';

const RANGES_EACH = 6;

const partitions = ['clean', 'unclean', 'legacy'].flatMap((set) =>
  readdirSync(join(FIXTURES, set), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => ({ name: `${set}/${entry.name}`, path: join(FIXTURES, set, entry.name) })),
);

/** Times that records have, and ones beside them. */
function someTime(random: Random, times: readonly number[]): number {
  return random.pick(times) + random.between(-1, 1);
}

describe.each(partitions)('$name', ({ path }) => {
  const batches = naively([path]);
  const records = batches.flatMap(({ records: lines }) => lines.map((line) => JSON.parse(line) as Fields));
  const random = new Random(partitions.findIndex((partition) => partition.path === path));
  const last = records.at(-1)?.offset ?? 0;
  // A partition without records has none in any range.
  const times = records.length === 0 ? [0] : records.map(({ timestamp }) => timestamp);

  it('by offset', () => {
    for (let i = 0; i < RANGES_EACH; i++) {
      const from = random.between(0, last + 1);
      const to = random.between(from, last + 1);
      const dump = search([path], { fromOffset: from, toOffset: to });
      // A batch that overlaps the range is shown, also when none of its records is left.
      const expected = batches.flatMap(({ batch, records: lines }) => {
        const { baseOffset, lastOffset } = JSON.parse(batch) as Fields;
        if (lastOffset < from || baseOffset > to) return [];
        const within = lines.filter((line) => {
          const { offset } = JSON.parse(line) as Fields;
          return offset >= from && offset <= to;
        });
        return [batch, ...within];
      });
      expect(dump.lines, `${from} to ${to}`).toEqual(expected);
      expect(dump.findings).toEqual([]);
    }
  });

  it('by time', () => {
    for (let i = 0; i < RANGES_EACH; i++) {
      const from = someTime(random, times);
      const to = Math.max(from, someTime(random, times));
      const bounded = search([path], { fromTime: from, toTime: to });
      expect(bounded.lines).toEqual(filtered(batches, ({ timestamp }) => timestamp >= from && timestamp <= to));
      const open = search([path], { fromTime: from });
      expect(open.lines).toEqual(filtered(batches, ({ timestamp }) => timestamp >= from));
    }
  });

  it('of both', () => {
    for (let i = 0; i < RANGES_EACH; i++) {
      const fromOffset = random.between(0, last);
      const fromTime = someTime(random, times);
      const dump = search([path], { fromOffset, fromTime });
      expect(dump.lines).toEqual(
        filtered(batches, ({ offset, timestamp }) => offset >= fromOffset && timestamp >= fromTime),
      );
    }
  });
});

it('some fixtures have timestamps that fall from record to record, and from batch to batch', () => {
  const falls = partitions.filter(({ path }) => {
    const times = naively([path]).map(({ batch }) => (JSON.parse(batch) as Fields).maxTimestamp);
    return times.some((time, i) => time < (times[i - 1] ?? 0));
  });
  expect(falls.length).toBeGreaterThan(3);
});
