/**
 * Distributions of sizes: a counter each below 128, and above that 64 for every power of two, so that a percentile is at most
 * 1.6 % too large. Count, sum, least and largest are exact.
 */
import type { SizeClass, SizeDistribution } from './contract.ts';

const EXACT = 128;
/** The exponent of {@link EXACT}, and of the counters for every power of two. */
const FIRST_EXPONENT = 7;
const STEP_BITS = 6;
const STEPS = 1 << STEP_BITS;
/** Sizes are int32s. */
const COUNTERS = EXACT + (31 - FIRST_EXPONENT) * STEPS;

/** A distribution in a form that crosses threads. */
export interface SizesData {
  readonly counts: Float64Array;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
}

/** One distribution. */
export class Sizes {
  readonly #counts: Float64Array;
  #sum = 0;
  #min = Infinity;
  #max = -1;

  constructor() {
    this.#counts = new Float64Array(COUNTERS);
  }

  /** @param size from 0 to 2^31 - 1 */
  add(size: number): void {
    const at = size < EXACT ? size : counterOf(size);
    this.#counts[at] = (this.#counts[at] as number) + 1;
    this.#sum += size;
    if (size < this.#min) this.#min = size;
    if (size > this.#max) this.#max = size;
  }

  merge({ counts, sum, min, max }: SizesData): void {
    for (let at = 0; at < COUNTERS; at++) this.#counts[at] = (this.#counts[at] as number) + (counts[at] as number);
    this.#sum += sum;
    if (min < this.#min) this.#min = min;
    if (max > this.#max) this.#max = max;
  }

  get data(): SizesData {
    return { counts: this.#counts, sum: this.#sum, min: this.#min, max: this.#max };
  }

  get result(): SizeDistribution {
    const count = this.#counts.reduce((total, more) => total + more, 0);
    if (count === 0) {
      const none = { min: null, p50: null, p90: null, p99: null, max: null, mean: null };
      return { count, sum: 0, ...none, classes: [] };
    }
    return {
      count,
      sum: this.#sum,
      min: this.#min,
      p50: this.#percentile(count, 0.5),
      p90: this.#percentile(count, 0.9),
      p99: this.#percentile(count, 0.99),
      max: this.#max,
      mean: this.#sum / count,
      classes: this.#classes(),
    };
  }

  /** The least size that so large a share of all does not exceed; the largest that its counter can stand for. */
  #percentile(count: number, share: number): number {
    const rank = Math.ceil(count * share);
    let seen = 0;
    for (let at = 0; at < COUNTERS; at++) {
      seen += this.#counts[at] as number;
      if (seen >= rank) return Math.max(this.#min, Math.min(this.#max, largestOf(at)));
    }
    return this.#max;
  }

  #classes(): SizeClass[] {
    const first = classOf(this.#min);
    const counts = new Float64Array(classOf(this.#max) - first + 1);
    for (let at = 0; at < COUNTERS; at++) {
      const own = this.#counts[at] as number;
      if (own === 0) continue;
      const place = classOf(largestOf(at)) - first;
      counts[place] = (counts[place] as number) + own;
    }
    return [...counts].map((own, at) => {
      const { from, to } = boundsOf(first + at);
      return { from, to, count: own };
    });
  }
}

function counterOf(size: number): number {
  const exponent = 31 - Math.clz32(size);
  return EXACT + (exponent - FIRST_EXPONENT - 1) * STEPS + (size >>> (exponent - STEP_BITS));
}

/** The largest size that a counter stands for. */
function largestOf(counter: number): number {
  if (counter < EXACT) return counter;
  const exponent = FIRST_EXPONENT + ((counter - EXACT) >>> STEP_BITS);
  const step = STEPS + ((counter - EXACT) & (STEPS - 1));
  return (step + 1) * 2 ** (exponent - STEP_BITS) - 1;
}

/** 0 for 0, 1 for 1, 2 for 2 and 3, 3 for 4 to 7, and so on. */
function classOf(size: number): number {
  return 32 - Math.clz32(size);
}

function boundsOf(sizeClass: number): { readonly from: number; readonly to: number } {
  return sizeClass === 0 ? { from: 0, to: 0 } : { from: 2 ** (sizeClass - 1), to: 2 ** sizeClass - 1 };
}
