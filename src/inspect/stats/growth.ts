/**
 * Growth over time in a bounded number of buckets. They are a second wide at first, and twice as wide whenever the range asks
 * for more of them than there are: two become one. A bucket starts at a multiple of its width, so what is counted does not
 * depend on the order.
 */
import type { GrowthStats } from './contract.ts';

const BUCKETS = 128;
const LEAST_WIDTH_MS = 1000;
/** Numbers of a bucket. */
const COLUMN = { records: 0, recordBytes: 1, batches: 2, bytes: 3, length: 4 } as const;

/** Growth in a form that crosses threads. */
export interface GrowthData {
  readonly widthMs: number;
  /** The first bucket's number: its start, divided by the width. */
  readonly first: number;
  /** Four numbers a bucket: records, their bytes, batches, their bytes. */
  readonly counts: Float64Array;
}

/** The growth of one log. Times are within what a date can be. */
export class Growth {
  #widthMs = LEAST_WIDTH_MS;
  #first = 0;
  #used = 0;
  #counts: Float64Array = new Float64Array(BUCKETS * COLUMN.length);
  /** The bucket at hand: times come in order, mostly. */
  #from = 0;
  #to = 0;
  #at = 0;

  addRecord(timestamp: number, bytes: number): void {
    if (timestamp < this.#from || timestamp >= this.#to) this.#moveTo(timestamp);
    const at = this.#at;
    this.#counts[at] = (this.#counts[at] as number) + 1;
    this.#counts[at + COLUMN.recordBytes] = (this.#counts[at + COLUMN.recordBytes] as number) + bytes;
  }

  addBatch(timestamp: number, bytes: number): void {
    if (timestamp < this.#from || timestamp >= this.#to) this.#moveTo(timestamp);
    const at = this.#at + COLUMN.batches;
    this.#counts[at] = (this.#counts[at] as number) + 1;
    this.#counts[at + 1] = (this.#counts[at + 1] as number) + bytes;
  }

  merge({ widthMs, first, counts }: GrowthData): void {
    for (let at = 0; at < counts.length; at += COLUMN.length) {
      const more = counts.subarray(at, at + COLUMN.length);
      // An empty bucket would stretch the range.
      if (more.every((count) => count === 0)) continue;
      this.#moveTo((first + at / COLUMN.length) * widthMs);
      while (this.#widthMs < widthMs) this.#double();
      this.#moveTo((first + at / COLUMN.length) * widthMs);
      more.forEach((count, column) => {
        this.#counts[this.#at + column] = (this.#counts[this.#at + column] as number) + count;
      });
    }
  }

  get data(): GrowthData {
    return { widthMs: this.#widthMs, first: this.#first, counts: this.#counts.slice(0, this.#used * COLUMN.length) };
  }

  get result(): GrowthStats {
    const buckets = Array.from({ length: this.#used }, (_, bucket) => {
      const of = (column: number): number => this.#counts[bucket * COLUMN.length + column] as number;
      return {
        start: (this.#first + bucket) * this.#widthMs,
        records: of(COLUMN.records),
        recordBytes: of(COLUMN.recordBytes),
        batches: of(COLUMN.batches),
        bytes: of(COLUMN.bytes),
      };
    });
    return { bucketMs: this.#widthMs, buckets };
  }

  /** Makes the bucket of that time the one at hand. */
  #moveTo(timestamp: number): void {
    let number = Math.floor(timestamp / this.#widthMs);
    if (this.#used === 0) {
      this.#first = number;
      this.#used = 1;
    }
    while (Math.max(this.#first + this.#used - 1, number) - Math.min(this.#first, number) >= BUCKETS) {
      this.#double();
      number = Math.floor(timestamp / this.#widthMs);
    }
    if (number < this.#first) this.#makeRoom(this.#first - number);
    this.#used = Math.max(this.#used, number - this.#first + 1);
    this.#at = (number - this.#first) * COLUMN.length;
    this.#from = number * this.#widthMs;
    this.#to = this.#from + this.#widthMs;
  }

  #makeRoom(buckets: number): void {
    this.#counts.copyWithin(buckets * COLUMN.length, 0, this.#used * COLUMN.length);
    this.#counts.fill(0, 0, buckets * COLUMN.length);
    this.#first -= buckets;
    this.#used += buckets;
  }

  /** Two buckets become one. */
  #double(): void {
    const first = Math.floor(this.#first / 2);
    const counts = new Float64Array(this.#counts.length);
    for (let bucket = 0; bucket < this.#used; bucket++) {
      const to = (Math.floor((this.#first + bucket) / 2) - first) * COLUMN.length;
      for (let column = 0; column < COLUMN.length; column++) {
        const more = this.#counts[bucket * COLUMN.length + column] as number;
        counts[to + column] = (counts[to + column] as number) + more;
      }
    }
    this.#used = this.#used === 0 ? 0 : Math.floor((this.#first + this.#used - 1) / 2) - first + 1;
    this.#first = first;
    this.#counts = counts;
    this.#widthMs *= 2;
    this.#to = this.#from;
  }
}
