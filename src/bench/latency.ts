/**
 * How long single operations took, as percentiles. The histogram is the HdrHistogram that Node brings along: 3 significant
 * digits from a nanosecond to an hour, 20 ns to note a value, and it passes to other threads and is added up there.
 */
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

/** Times in microseconds; a percentile is the largest value of the histogram's bucket, so 0.1 % too large at most. */
export interface LatencySummary {
  readonly count: number;
  readonly minUs: number;
  readonly meanUs: number;
  readonly p50Us: number;
  readonly p90Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
  readonly p9999Us: number;
  readonly maxUs: number;
}

const NANOSECONDS_PER_MS = 1e6;
const NANOSECONDS_PER_US = 1000;
const HIGHEST_NS = 3_600_000 * NANOSECONDS_PER_MS;
/** Significant digits. */
const FIGURES = 3;

/** A histogram that threads hand over; Node's type, so that no other room needs to name its module. */
export type LatencyHistogram = RecordableHistogram;

/** Gathers times. */
export class Latencies {
  readonly histogram: LatencyHistogram = createHistogram({ lowest: 1, highest: HIGHEST_NS, figures: FIGURES });

  /** @param elapsedMs from 0; less than a nanosecond counts as one */
  note(elapsedMs: number): void {
    this.histogram.record(Math.min(HIGHEST_NS, Math.max(1, Math.round(elapsedMs * NANOSECONDS_PER_MS))));
  }

  /** Adds another thread's. */
  add(other: LatencyHistogram): void {
    // Node adds what it has counted; a histogram that counted nothing has no place in it.
    if (other.count > 0) this.histogram.add(other);
  }

  /** undefined while nothing was noted: an empty histogram has no percentiles. */
  summary(): LatencySummary | undefined {
    const { histogram } = this;
    if (histogram.count === 0) return undefined;
    return {
      count: histogram.count,
      minUs: microseconds(histogram.min),
      meanUs: microseconds(histogram.mean),
      p50Us: microseconds(histogram.percentile(50)),
      p90Us: microseconds(histogram.percentile(90)),
      p99Us: microseconds(histogram.percentile(99)),
      p999Us: microseconds(histogram.percentile(99.9)),
      p9999Us: microseconds(histogram.percentile(99.99)),
      maxUs: microseconds(histogram.max),
    };
  }
}

function microseconds(nanoseconds: number): number {
  return Number((nanoseconds / NANOSECONDS_PER_US).toFixed(3));
}
