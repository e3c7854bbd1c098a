/** Distributions with fixed buckets. */
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { Histogram, SizeHistogram } from '../../src/metrics/histogram.ts';

/** What each bucket must say, by its definition. */
function expected(values: readonly number[], bounds: readonly number[]): { le: number; count: number }[] {
  return [...bounds, Infinity].map((le) => ({ le, count: values.filter((value) => value <= le).length }));
}

it('counts a value in every bucket whose end it does not exceed', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom<number>(0, 0.5, 1, 1.5, 2, 7, 10, 11)), (values) => {
      const histogram = new Histogram([1, 2, 10]);
      for (const value of values) histogram.observe(value);
      const { buckets, sum, count } = histogram.distribution;
      expect(buckets).toEqual(expected(values, [1, 2, 10]));
      expect({ sum, count }).toEqual({ sum: values.reduce((a, b) => a + b, 0), count: values.length });
    }),
  );
});

it('counts sizes by their leading zeros as it would by comparing', () => {
  const edges = [8, 9, 10, 24, 25, 30].flatMap((exponent) => [2 ** exponent - 1, 2 ** exponent, 2 ** exponent + 1]);
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.constantFrom(...edges), fc.integer({ min: 1, max: 2 ** 31 }))), (sizes) => {
      const histogram = new SizeHistogram();
      for (const size of sizes) histogram.observe(size);
      const { buckets, sum, count } = histogram.distribution;
      const bounds = buckets.slice(0, -1).map(({ le }) => le);
      expect(bounds).toEqual([256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216]);
      expect(buckets).toEqual(expected(sizes, bounds));
      expect({ sum, count }).toEqual({ sum: sizes.reduce((a, b) => a + b, 0), count: sizes.length });
    }),
  );
});
