/** Statistics in the form that the page carries: columns instead of objects, and no more than it shows. */
import type { GrowthStats, SizeDistribution, Stats, TopKey } from '../inspect/stats/contract.ts';
import type { Distribution, Field, Figures, Growth, TopKeyRow, Totals } from './contract.ts';
import { fieldOf } from './fields.ts';

const MOST_PRODUCERS = 10;
const MOST_KEYS = 10;
const MOST_KEY_BYTES = 120;

/** What the page shows of statistics. */
export function figuresOf(stats: Stats): Figures {
  const { records, controlRecords, damagedBatches, unreadableBatches, zeroTailBytes, keys, codecs, timestamps } = stats;
  const { producers, sizes, batchFill } = stats;
  return {
    ...{ records, controlRecords, damagedBatches, unreadableBatches, zeroTailBytes, keys, codecs, timestamps },
    producers: { ...producers, producers: producers.producers.slice(0, MOST_PRODUCERS) },
    topKeys: stats.topKeys.keys.slice(0, MOST_KEYS).map(topKeyRow),
    keySizes: distributionOf(sizes.keys),
    valueSizes: distributionOf(sizes.values),
    recordSizes: distributionOf(sizes.records),
    batchRecords: distributionOf(batchFill.records),
    batchBytes: distributionOf(batchFill.bytes),
    growth: growthOf(stats.growth),
  };
}

/** The sums of statistics. */
export function totalsOf({ fileBytes, segments, batches, records, timestamps }: Stats): Totals {
  return { bytes: fileBytes, segments, batches, records, firstMs: timestamps.min, lastMs: timestamps.max };
}

function distributionOf({ classes, mean, ...rest }: SizeDistribution): Distribution {
  return {
    ...rest,
    mean: mean === null ? null : Math.round(mean * 10) / 10,
    classes: classes.map(({ from, to, count }) => [from, to, count]),
  };
}

function growthOf({ bucketMs, buckets }: GrowthStats): Growth {
  return {
    startMs: buckets[0]?.start ?? 0,
    stepMs: bucketMs,
    records: buckets.map(({ records }) => records),
    recordBytes: buckets.map(({ recordBytes }) => recordBytes),
    bytes: buckets.map(({ bytes }) => bytes),
  };
}

function topKeyRow({ key, encoding, isCut, records, recordsAtMost }: TopKey): TopKeyRow {
  const bytes = key === null ? undefined : Buffer.from(key, encoding);
  const raw = bytes && { bytes, isText: encoding === 'utf8' && !bytes.includes(0) };
  const shown: Field = fieldOf(raw, MOST_KEY_BYTES);
  return { key: shown, isCut: isCut || (bytes?.length ?? 0) > MOST_KEY_BYTES, records, recordsAtMost };
}
