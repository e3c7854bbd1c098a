/** Distributions with fixed buckets: counted as they come, made cumulative only when somebody looks. */

/** One bucket, as Prometheus has them: how many values were at most `le`. The last one's `le` is `Infinity`. */
export interface Bucket {
  readonly le: number;
  readonly count: number;
}

/** A distribution as it stands. */
export interface Distribution {
  /** Ascending; each counts all that the ones before it count, too. */
  readonly buckets: readonly Bucket[];
  readonly sum: number;
  readonly count: number;
}

/** Seconds, for what comes a few times a second at most. */
export class Histogram {
  readonly #bounds: readonly number[];
  readonly #counts: Float64Array;
  #sum = 0;

  /** @param bounds the upper ends of the buckets, ascending */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    const at = this.#bounds.findIndex((bound) => value <= bound);
    const bucket = at < 0 ? this.#bounds.length : at;
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1;
    this.#sum += value;
  }

  get distribution(): Distribution {
    return cumulative(this.#bounds, [...this.#counts], this.#sum);
  }
}

/** Powers of two up to 2^32: the bucket of a size is found by its leading zeros. */
const SIZE_CLASSES = 33;
/** What is reported: every second power, from 256 bytes to 16 MiB. */
const SIZE_EXPONENTS = [8, 10, 12, 14, 16, 18, 20, 22, 24];

/** Bytes, for the hot path: no search, no memory, two additions. */
export class SizeHistogram {
  readonly #counts = new Float64Array(SIZE_CLASSES);
  #sum = 0;

  /** @param sizeBytes from 1 to 2^31 */
  observe(sizeBytes: number): void {
    const exponent = SIZE_CLASSES - 1 - Math.clz32(sizeBytes - 1);
    this.#counts[exponent] = (this.#counts[exponent] as number) + 1;
    this.#sum += sizeBytes;
  }

  get distribution(): Distribution {
    const bounds = SIZE_EXPONENTS.map((exponent) => 2 ** exponent);
    const counts = [...bounds, Infinity].map(() => 0);
    this.#counts.forEach((count, exponent) => {
      const at = SIZE_EXPONENTS.findIndex((most) => exponent <= most);
      const bucket = at < 0 ? SIZE_EXPONENTS.length : at;
      counts[bucket] = (counts[bucket] as number) + count;
    });
    return cumulative(bounds, counts, this.#sum);
  }
}

function cumulative(bounds: readonly number[], counts: readonly number[], sum: number): Distribution {
  let count = 0;
  const buckets = [...bounds, Infinity].map((le, at) => ({ le, count: (count += counts[at] ?? 0) }));
  return { buckets, sum, count };
}
