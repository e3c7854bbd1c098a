/** What is told of records' timestamps. Order is judged from one record to the next, so that parts of a log can be put together. */
import type { TimestampStats } from './contract.ts';

/** Times before it are seconds that were taken for milliseconds, mostly. */
const YEAR_2001_MS: number = Date.UTC(2001, 0, 1);
const DAY_MS = 24 * 60 * 60 * 1000;
/** No timestamp. */
const NONE = -1;

/** What is known of a log's timestamps, in a form that crosses threads. */
export interface TimestampsData {
  readonly min: number;
  readonly max: number;
  /** The first and the last record's; NaN without one. */
  readonly first: number;
  readonly last: number;
  readonly createTimeBatches: number;
  readonly appendTimeBatches: number;
  readonly withoutTimestamp: number;
  readonly outOfOrder: number;
  readonly largestStepBackMs: number;
  readonly before2001: number;
  readonly inFuture: number;
}

/** The timestamps of one log, record by record. */
export class Timestamps {
  createTimeBatches = 0;
  appendTimeBatches = 0;
  readonly #latest: number;
  #min = Infinity;
  #max = -Infinity;
  #first = NaN;
  #last = NaN;
  #withoutTimestamp = 0;
  #outOfOrder = 0;
  #largestStepBackMs = 0;
  #before2001 = 0;
  #inFuture = 0;

  /** @param nowMs a day after it the future begins */
  constructor(nowMs: number) {
    this.#latest = nowMs + DAY_MS;
  }

  /** Takes a record's; true when it is a time that can be meant. */
  add(timestamp: number): boolean {
    if (timestamp === NONE) {
      this.#withoutTimestamp++;
      return false;
    }
    if (timestamp < this.#last) this.#stepBack(this.#last - timestamp);
    else if (Number.isNaN(this.#last)) this.#first = timestamp;
    this.#last = timestamp;
    if (timestamp < this.#min) this.#min = timestamp;
    if (timestamp > this.#max) this.#max = timestamp;
    if (timestamp >= YEAR_2001_MS && timestamp <= this.#latest) return true;
    if (timestamp < YEAR_2001_MS) this.#before2001++;
    else this.#inFuture++;
    return false;
  }

  /** Whether a batch's largest timestamp is a time that can be meant. */
  isPlausible(timestamp: number): boolean {
    return timestamp >= YEAR_2001_MS && timestamp <= this.#latest;
  }

  /** @param follows whether the others come behind these in the same partition */
  merge(other: TimestampsData, follows: boolean): void {
    if (follows && other.first < this.#last) this.#stepBack(this.#last - other.first);
    if (!Number.isNaN(other.last)) {
      if (Number.isNaN(this.#first)) this.#first = other.first;
      this.#last = other.last;
    }
    this.#min = Math.min(this.#min, other.min);
    this.#max = Math.max(this.#max, other.max);
    this.createTimeBatches += other.createTimeBatches;
    this.appendTimeBatches += other.appendTimeBatches;
    this.#withoutTimestamp += other.withoutTimestamp;
    this.#outOfOrder += other.outOfOrder;
    this.#largestStepBackMs = Math.max(this.#largestStepBackMs, other.largestStepBackMs);
    this.#before2001 += other.before2001;
    this.#inFuture += other.inFuture;
  }

  get data(): TimestampsData {
    return {
      min: this.#min,
      max: this.#max,
      first: this.#first,
      last: this.#last,
      createTimeBatches: this.createTimeBatches,
      appendTimeBatches: this.appendTimeBatches,
      withoutTimestamp: this.#withoutTimestamp,
      outOfOrder: this.#outOfOrder,
      largestStepBackMs: this.#largestStepBackMs,
      before2001: this.#before2001,
      inFuture: this.#inFuture,
    };
  }

  get result(): TimestampStats {
    const { min, max, first: _, last: __, ...counts } = this.data;
    return { min: min === Infinity ? null : min, max: max === -Infinity ? null : max, ...counts };
  }

  #stepBack(stepMs: number): void {
    this.#outOfOrder++;
    if (stepMs > this.#largestStepBackMs) this.#largestStepBackMs = stepMs;
  }
}
