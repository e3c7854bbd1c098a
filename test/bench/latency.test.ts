import { describe, expect, it } from 'vitest';
import { Latencies, type LatencySummary } from '../../src/bench/latency.ts';
import { Random } from '../support/random.ts';

/** By sorting: the smallest value that so large a share of all is not above. */
function naive(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] as number;
}

const PERCENTILES: readonly (readonly [keyof LatencySummary, number])[] = [
  ['p50Us', 0.5],
  ['p90Us', 0.9],
  ['p99Us', 0.99],
  ['p999Us', 0.999],
  ['p9999Us', 0.9999],
];

function noted(values: readonly number[]): Latencies {
  const latencies = new Latencies();
  for (const ms of values) latencies.note(ms);
  return latencies;
}

const random = new Random(7);
const CASES: readonly (readonly [string, readonly number[]])[] = [
  ['evenly from 0 to 5 ms', Array.from({ length: 40_000 }, () => random.next() * 5)],
  ['long-tailed', Array.from({ length: 40_000 }, () => 0.002 / (1 - random.next()) ** 1.3)],
  ['two humps far apart', Array.from({ length: 40_000 }, (_, i) => (i % 50 === 0 ? 800 : 0.01) * (1 + random.next()))],
  ['all alike', Array.from({ length: 1000 }, () => 1.25)],
  ['one', [0.5]],
];

describe('percentiles', () => {
  it.each(CASES)('%s: are those of sorting, to three digits', (_, values) => {
    const summary = noted(values).summary() as LatencySummary;
    expect(summary.count).toBe(values.length);
    for (const [field, share] of PERCENTILES) {
      const expected = naive(values, share) * 1000;
      expect(Math.abs(summary[field] / expected - 1), field).toBeLessThan(0.001 + 0.001 / expected);
    }
    expect(summary.maxUs / (Math.max(...values) * 1000)).toBeCloseTo(1, 2);
    expect(summary.meanUs / ((values.reduce((sum, value) => sum + value) / values.length) * 1000)).toBeCloseTo(1, 2);
  });

  it('of several threads are those of all their values', () => {
    const parts = CASES.map(([, values]) => noted(values));
    const together = new Latencies();
    for (const part of parts) together.add(structuredClone(part.histogram));
    together.add(new Latencies().histogram);
    const whole = noted(CASES.flatMap(([, values]) => values)).summary() as LatencySummary;
    expect({ ...together.summary(), meanUs: 0 }).toEqual({ ...whole, meanUs: 0 });
  });

  it('are not there where nothing was noted', () => {
    expect(new Latencies().summary()).toBeUndefined();
  });

  it('take what a clock may say: no time at all, and hours', () => {
    expect(noted([0, 1e9]).summary()).toMatchObject({ count: 2, minUs: 0.001 });
  });
});
