/** Offsets and times restrict what is counted, as they restrict what a dump shows. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FIXTURES } from '../../support/fixtures.ts';
import { Random } from '../../support/random.ts';
import { batch, record as recordBytes } from '../make-batch.ts';
import { countedFromDump, type DumpedBatch, dumped, type Limits, restricted } from './model.ts';
import { statsOf, statsOfBytes } from './support.ts';

function batchesOf(directory: string): DumpedBatch[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.log'))
    .sort()
    .flatMap((name) => dumped(join(directory, name)));
}

describe.each(['clean/f-none-0', 'clean/f-lz4-0', 'clean/f-logappend-0', 'clean/f-txn-0', 'legacy/magic1-gzip-0'])(
  '%s',
  (partition) => {
    const directory = join(FIXTURES, partition);
    const batches = batchesOf(directory);
    const records = batches.flatMap((read) => read.records);

    it.each(['offsets', 'times', 'both'])('between %s', async (what) => {
      const random = new Random(what.length + partition.length);
      for (let turn = 0; turn < 8; turn++) {
        const ends = [random.pick(records), random.pick(records)].sort((a, b) => a.offset - b.offset);
        const times = ends.map(({ timestamp }) => timestamp).sort((a, b) => a - b);
        const limits: Limits = {
          ...(what === 'times' ? {} : { fromOffset: ends[0]?.offset, toOffset: ends[1]?.offset }),
          ...(what === 'offsets' ? {} : { fromTime: times[0], toTime: times[1] }),
        } as Limits;
        const { partitions } = await statsOf([directory], limits);
        const {
          keyCounts: _,
          sizes: __,
          fill: ___,
          codecs,
          times: ____,
          producers,
          ...counts
        } = countedFromDump(restricted(batches, limits));
        expect(partitions[0], JSON.stringify(limits)).toMatchObject(counts);
        expect(partitions[0]?.codecs.map(({ codec }) => codec).sort()).toEqual(Object.keys(codecs).sort());
        expect(partitions[0]?.producers.distinct).toBe(producers.length);
      }
    });

    it('from beyond the end is nothing', async () => {
      const { total } = await statsOf([directory], { fromOffset: 10_000_000 });
      expect(total).toMatchObject({ records: 0, batches: 0, bytes: 0, keys: { distinct: 0 } });
    });
  },
);

it('a batch that reaches beyond the last time grows the log at the time of its last record within', async () => {
  const start = 1_700_000_000_000;
  const records = Buffer.concat(
    Array.from({ length: 10 }, (_, at) => recordBytes(at, null, 'v', { timestampDelta: BigInt(at * 1000) })),
  );
  const times = { baseTimestamp: BigInt(start), maxTimestamp: BigInt(start + 9000) };
  const bytes = batch({ records, count: 10, lastOffsetDelta: 9, ...times });
  const { growth, records: counted } = await statsOfBytes(bytes, { toTime: start + 4999 });
  expect(counted).toBe(5);
  expect(growth.buckets.map(({ records: found, batches }) => [found, batches])).toEqual([
    [1, 0],
    [1, 0],
    [1, 0],
    [1, 0],
    [1, 1],
  ]);
});
