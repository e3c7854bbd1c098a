/** Everything that is counted of a log, or of a part of it. Parts are put together in the order in which they follow each other. */
import { codecName } from '../batch-summary.ts';
import type { CodecStats, Stats, TopKey } from './contract.ts';
import { DistinctCount, type DistinctData } from './distinct.ts';
import { type FrequentData, type FrequentKey, FrequentKeys } from './frequent.ts';
import { Growth, type GrowthData } from './growth.ts';
import { Producers, type ProducersData } from './producers.ts';
import { Sizes, type SizesData } from './sizes.ts';
import { Timestamps, type TimestampsData } from './timestamps.ts';

/** Codecs that three bits can name. */
const CODECS = 8;
/** Numbers of a codec. */
const CODEC = { batches: 0, records: 1, storedBytes: 2, uncompressedBytes: 3, length: 4 } as const;

/** What is counted one by one. */
export interface Counts {
  segments: number;
  fileBytes: number;
  bytes: number;
  batches: number;
  records: number;
  controlRecords: number;
  damagedBatches: number;
  unreadableBatches: number;
  zeroTailBytes: number;
  findings: number;
  infos: number;
  withKey: number;
  withoutKey: number;
  tombstones: number;
}

const SIZES = ['keys', 'values', 'headers', 'records', 'batchRecords', 'batchBytes'] as const;

/** A tally in a form that crosses threads. */
export interface TallyData {
  readonly counts: Readonly<Counts>;
  /** NaN without a batch. */
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly distinct: DistinctData;
  readonly frequent: FrequentData;
  readonly sizes: readonly SizesData[];
  readonly codecs: Float64Array;
  readonly timestamps: TimestampsData;
  readonly producers: ProducersData;
  readonly growth: GrowthData;
}

/** One tally. Those who count write to its parts. */
export class Tally {
  readonly counts: Counts = {
    segments: 0,
    fileBytes: 0,
    bytes: 0,
    batches: 0,
    records: 0,
    controlRecords: 0,
    damagedBatches: 0,
    unreadableBatches: 0,
    zeroTailBytes: 0,
    findings: 0,
    infos: 0,
    withKey: 0,
    withoutKey: 0,
    tombstones: 0,
  };
  readonly distinct: DistinctCount = new DistinctCount();
  readonly frequent: FrequentKeys = new FrequentKeys();
  readonly keys: Sizes = new Sizes();
  readonly values: Sizes = new Sizes();
  readonly headers: Sizes = new Sizes();
  readonly records: Sizes = new Sizes();
  readonly batchRecords: Sizes = new Sizes();
  readonly batchBytes: Sizes = new Sizes();
  readonly timestamps: Timestamps;
  readonly producers: Producers = new Producers();
  readonly growth: Growth = new Growth();
  #firstOffset = NaN;
  #lastOffset = NaN;
  readonly #codecs: Float64Array = new Float64Array(CODECS * CODEC.length);

  /** @param nowMs a day after it timestamps are in the future */
  constructor(nowMs: number) {
    this.timestamps = new Timestamps(nowMs);
  }

  /** Takes where a batch's offsets are. */
  addOffsets(first: number, last: number): void {
    if (Number.isNaN(first)) return;
    // Nothing is below or above NaN, which stands for none so far.
    if (!(this.#firstOffset <= first)) this.#firstOffset = first;
    if (!(this.#lastOffset >= last)) this.#lastOffset = last;
  }

  /** Takes how a batch is compressed; `codec` from 0 to 7. */
  addCodec(codec: number, records: number, storedBytes: number, uncompressedBytes: number): void {
    const at = codec * CODEC.length;
    const codecs = this.#codecs;
    codecs[at] = (codecs[at] as number) + 1;
    codecs[at + CODEC.records] = (codecs[at + CODEC.records] as number) + records;
    codecs[at + CODEC.storedBytes] = (codecs[at + CODEC.storedBytes] as number) + storedBytes;
    codecs[at + CODEC.uncompressedBytes] = (codecs[at + CODEC.uncompressedBytes] as number) + uncompressedBytes;
  }

  /** @param follows whether the others come behind these in the same partition */
  merge(other: TallyData, follows: boolean): void {
    for (const name of Object.keys(this.counts) as (keyof Counts)[]) this.counts[name] += other.counts[name];
    this.addOffsets(other.firstOffset, other.lastOffset);
    this.distinct.merge(other.distinct);
    this.frequent.merge(other.frequent);
    for (const [at, name] of SIZES.entries()) this[name].merge(other.sizes[at] as SizesData);
    for (const [at, count] of other.codecs.entries()) this.#codecs[at] = (this.#codecs[at] as number) + count;
    this.timestamps.merge(other.timestamps, follows);
    this.producers.merge(other.producers, follows);
    this.growth.merge(other.growth);
  }

  get data(): TallyData {
    return {
      counts: this.counts,
      firstOffset: this.#firstOffset,
      lastOffset: this.#lastOffset,
      distinct: this.distinct.data,
      frequent: this.frequent.data,
      sizes: SIZES.map((name) => this[name].data),
      codecs: this.#codecs,
      timestamps: this.timestamps.data,
      producers: this.producers.data,
      growth: this.growth.data,
    };
  }

  /** The statistics. `named` are the counters of {@link FrequentKeys.top}, with the keys' bytes. */
  result(named: readonly TopKey[]): Stats {
    const { withKey, withoutKey, tombstones, ...counts } = this.counts;
    return {
      ...counts,
      firstOffset: Number.isNaN(this.#firstOffset) ? null : this.#firstOffset,
      lastOffset: Number.isNaN(this.#lastOffset) ? null : this.#lastOffset,
      keys: { ...this.distinct.result, withKey, withoutKey, tombstones },
      topKeys: { keys: named, errorBound: this.frequent.floor },
      sizes: {
        keys: this.keys.result,
        values: this.values.result,
        headers: this.headers.result,
        records: this.records.result,
      },
      batchFill: { records: this.batchRecords.result, bytes: this.batchBytes.result },
      codecs: this.#codecStats(),
      timestamps: this.timestamps.result,
      producers: this.producers.result,
      growth: this.growth.result,
    };
  }

  /** The most frequent keys, by falling count. */
  topKeys(limit: number): FrequentKey[] {
    return this.frequent.top(limit);
  }

  #codecStats(): CodecStats[] {
    return Array.from({ length: CODECS }, (_, codec) => {
      const of = (column: number): number => this.#codecs[codec * CODEC.length + column] as number;
      const storedBytes = of(CODEC.storedBytes);
      const uncompressedBytes = of(CODEC.uncompressedBytes);
      return {
        codec: codecName(codec),
        batches: of(CODEC.batches),
        records: of(CODEC.records),
        storedBytes,
        uncompressedBytes,
        ratio: storedBytes === 0 ? null : uncompressedBytes / storedBytes,
      };
    }).filter(({ batches }) => batches > 0);
  }
}
