/** On all that Kafka wrote: the statistics are those that are counted from the lines of `dump --json`. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it, test } from 'vitest';
import { ATTRIBUTES, BATCH, HEADER_SIZE, LOG_OVERHEAD } from '../../../src/format/batch.ts';
import type { LogStats, PartitionStats } from '../../../src/inspect/stats/contract.ts';
import { FIXTURES } from '../../support/fixtures.ts';
import { countedFromDump, distributionFault, type DumpedBatch, dumped, sum } from './model.ts';
import { statsInParts, statsOf } from './support.ts';

const SETS = ['clean', 'unclean', 'legacy'] as const;
const PARTITIONS = SETS.flatMap((set) =>
  readdirSync(join(FIXTURES, set), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(set, name)),
);

function logsOf(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => /^\d{20}\.log$/.test(name))
    .sort()
    .map((name) => join(directory, name));
}

async function both(partition: string): Promise<{ stats: PartitionStats; batches: DumpedBatch[] }> {
  const directory = join(FIXTURES, partition);
  const { partitions } = await statsOf([directory], { topKeys: 1000 });
  return { stats: partitions[0] as PartitionStats, batches: logsOf(directory).flatMap(dumped) };
}

describe.each(PARTITIONS)('%s', (partition) => {
  it('is counted as its dump is', async () => {
    const { stats, batches } = await both(partition);
    const { keyCounts, sizes, fill, codecs, times, producers, ...counts } = countedFromDump(batches);
    expect(stats).toMatchObject(counts);
    const { keys, values, headers, records } = stats.sizes;
    expect(distributionFault(keys, sizes.keys)).toBeUndefined();
    expect(distributionFault(values, sizes.values)).toBeUndefined();
    expect(distributionFault(headers, sizes.headers)).toBeUndefined();
    expect(distributionFault(stats.batchFill.records, fill.records)).toBeUndefined();
    expect(distributionFault(stats.batchFill.bytes, fill.bytes)).toBeUndefined();
    expect(records.count).toBe(counts.records);
    const foundCodecs = stats.codecs.map(({ codec, batches: of, records: many }) => [
      codec,
      { batches: of, records: many },
    ]);
    expect(Object.fromEntries(foundCodecs)).toEqual(codecs);
    const named = stats.topKeys.keys.map(({ key, encoding, records: many }) => [
      Buffer.from(key ?? '?', encoding === 'utf8' ? 'utf8' : 'base64').toString('base64'),
      many,
    ]);
    expect(stats.topKeys.errorBound).toBe(0);
    const expected = [...keyCounts].sort((a, b) => b[1] - a[1]).map(([, count]) => count);
    expect(named.map(([, count]) => count)).toEqual(expected.slice(0, 1000));
    for (const [key, count] of named) expect(keyCounts.get(String(key))).toBe(count);
    expect(stats.producers.producers.map(({ producerId }) => producerId).sort()).toEqual(
      producers.map(({ producerId }) => producerId).sort(),
    );
    for (const producer of producers)
      expect(stats.producers.producers).toContainEqual(expect.objectContaining(producer));
    expect(stats.producers).toMatchObject({
      distinct: producers.length,
      commits: sum(producers.map(({ commits }) => commits)),
      aborts: sum(producers.map(({ aborts }) => aborts)),
      openTransactions: producers.filter(({ openSince }) => openSince !== null).length,
    });
    growthIsThatOf(stats, times, batches);
  });

  it('tells of each segment what is in it', async () => {
    const { stats } = await both(partition);
    for (const segment of stats.segmentList) {
      const batches = dumped(segment.path);
      const records = batches.filter(({ isControl }) => !isControl).flatMap((batch) => batch.records);
      expect(segment).toMatchObject({
        batches: batches.length,
        records: records.length,
        sizeBytes: readFileSync(segment.path).length,
        bytes: sum(batches.map(({ size }) => size)),
        lastOffset: batches.at(-1)?.lastOffset ?? null,
      });
      const first = batches[0]?.baseOffset ?? batches[0]?.records[0]?.offset ?? null;
      expect(segment.firstOffset).toBe(first);
      const times = records.map(({ timestamp }) => timestamp).filter((time) => time !== -1);
      expect(segment.maxTimestamp).toBe(times.length === 0 ? null : Math.max(...times));
      expect(segment.minTimestamp).toBe(times.length === 0 ? null : Math.min(...times));
    }
    expect(stats.segmentList.map(({ path }) => path)).toEqual(logsOf(join(FIXTURES, partition)));
  });

  it('is the same when it is cut in parts', async () => {
    const directory = join(FIXTURES, partition);
    const [whole, parts] = [await statsOf([directory]), await statsInParts([directory], 20_000)];
    expect(parts).toEqual(whole);
  });
});

function growthIsThatOf(stats: PartitionStats, times: readonly number[], batches: readonly DumpedBatch[]): void {
  const { bucketMs, buckets } = stats.growth;
  const plausible = times.filter((time) => time >= Date.UTC(2001, 0, 1));
  expect(buckets.length).toBeLessThanOrEqual(128);
  expect(sum(buckets.map(({ records }) => records))).toBe(plausible.length);
  for (const [at, { start, records, bytes }] of buckets.entries()) {
    expect(start).toBe((buckets[0]?.start ?? 0) + at * bucketMs);
    expect(records).toBe(plausible.filter((time) => time >= start && time < start + bucketMs).length);
    const within = batches.filter(
      ({ maxTimestamp: time, isControl }) => !isControl && time >= start && time < start + bucketMs,
    );
    expect(bytes).toBe(sum(within.map(({ size }) => size)));
  }
}

test('uncompressed bytes are what the codec makes of the stored ones, and records fill them', async () => {
  const { stats } = await both('clean/f-gzip-0');
  let uncompressed = 0;
  for (const path of logsOf(join(FIXTURES, 'clean/f-gzip-0'))) {
    const bytes = readFileSync(path);
    for (let at = 0; at < bytes.length; at += LOG_OVERHEAD + bytes.readInt32BE(at + BATCH.LENGTH)) {
      const records = bytes.subarray(at + HEADER_SIZE, at + LOG_OVERHEAD + bytes.readInt32BE(at + BATCH.LENGTH));
      const codec = bytes.readInt16BE(at + BATCH.ATTRIBUTES) & ATTRIBUTES.CODEC_MASK;
      uncompressed += codec === 1 ? gunzipSync(records).length : records.length;
    }
  }
  expect(sum(stats.codecs.map(({ uncompressedBytes }) => uncompressedBytes))).toBe(uncompressed);
  expect(stats.sizes.records.sum).toBe(uncompressed);
  expect(stats.bytes - HEADER_SIZE * stats.batches).toBe(sum(stats.codecs.map(({ storedBytes }) => storedBytes)));
});

test('a whole log directory is the sum of its partitions, keys aside, which are counted once', async () => {
  const directory = join(FIXTURES, 'clean');
  const { total, partitions, failures }: LogStats = await statsOf([directory]);
  const partitionNames = PARTITIONS.filter((name) => name.startsWith('clean/')).map((name) =>
    name.slice('clean/'.length),
  );
  expect(failures).toEqual([]);
  expect(partitions.map(({ name }) => name).sort()).toEqual(partitionNames.sort());
  for (const count of ['segments', 'fileBytes', 'bytes', 'batches', 'records', 'controlRecords'] as const)
    expect(total[count]).toBe(sum(partitions.map((partition) => partition[count])));
  const keys = new Set<string>();
  for (const name of partitionNames)
    for (const path of logsOf(join(directory, name)))
      for (const key of countedFromDump(dumped(path)).keyCounts.keys()) keys.add(key);
  expect(total.keys.distinct).toBe(keys.size);
  expect(total.keys.distinct).toBeLessThan(sum(partitions.map((partition) => partition.keys.distinct)));
  expect(total.producers.openTransactions).toBe(sum(partitions.map(({ producers }) => producers.openTransactions)));
  expect(total.timestamps.outOfOrder).toBe(sum(partitions.map(({ timestamps }) => timestamps.outOfOrder)));
  expect(total).toMatchObject({ firstOffset: null, lastOffset: null });
});
