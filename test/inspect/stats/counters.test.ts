/** Distributions, growth and timestamps: held against all values, and put together in any order. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Growth } from '../../../src/inspect/stats/growth.ts';
import { Producers } from '../../../src/inspect/stats/producers.ts';
import { Sizes } from '../../../src/inspect/stats/sizes.ts';
import { Timestamps } from '../../../src/inspect/stats/timestamps.ts';
import { distributionFault, sum } from './model.ts';
import { NOW } from './support.ts';

const size = fc.oneof(fc.nat(200), fc.nat(100_000), fc.nat(2 ** 31 - 1));

describe('a distribution', () => {
  it('is within what it promises, in whatever order parts are put together', () => {
    fc.assert(
      fc.property(fc.array(fc.array(size), { maxLength: 5 }), (parts) => {
        const made = parts.map((sizes) => {
          const part = new Sizes();
          for (const one of sizes) part.add(one);
          return part;
        });
        const [forth, back] = [new Sizes(), new Sizes()];
        for (const part of made) forth.merge(part.data);
        for (const part of made.toReversed()) back.merge(part.data);
        expect(distributionFault(forth.result, parts.flat())).toBeUndefined();
        expect(forth.result).toEqual(back.result);
      }),
    );
  });

  it.each([0, 1, 127, 128, 129, 255, 256, 2 ** 20 - 1, 2 ** 20, 2 ** 31 - 1])('of %i alone is that size', (one) => {
    const sizes = new Sizes();
    sizes.add(one);
    expect(sizes.result).toMatchObject({ count: 1, sum: one, min: one, p50: one, p99: one, max: one, mean: one });
  });

  it('of nothing has no sizes', () => {
    const none = { min: null, p50: null, p90: null, p99: null, max: null, mean: null };
    expect(new Sizes().result).toEqual({ count: 0, sum: 0, ...none, classes: [] });
  });
});

const START = Date.UTC(2026, 0, 1);
const time = fc.oneof(fc.nat(5000), fc.nat(1e6), fc.nat(1e9), fc.nat(1e12)).map((after) => START + after);

describe('growth', () => {
  it('has every record in the bucket of its time, in whatever order parts are put together', () => {
    fc.assert(
      fc.property(fc.array(fc.array(time, { maxLength: 60 }), { maxLength: 5 }), (parts) => {
        const made = parts.map((times) => {
          const part = new Growth();
          for (const at of times) part.addRecord(at, 10);
          for (const at of times.slice(0, 3)) part.addBatch(at, 100);
          return part;
        });
        const [forth, back] = [new Growth(), new Growth()];
        for (const part of made) forth.merge(part.data);
        for (const part of made.toReversed()) back.merge(part.data);
        expect(forth.result).toEqual(back.result);
        const { bucketMs, buckets } = forth.result;
        expect(buckets.length).toBeLessThanOrEqual(128);
        // Half as wide, they would not have sufficed.
        const all = parts.flat();
        const numbers = all.map((at) => Math.floor(at / (bucketMs / 2)));
        if (bucketMs > 1000) expect(Math.max(...numbers) - Math.min(...numbers)).toBeGreaterThanOrEqual(128);
        for (const { start, records, recordBytes } of buckets) {
          const within = all.filter((at) => at >= start && at < start + bucketMs).length;
          expect([records, recordBytes]).toEqual([within, 10 * within]);
        }
        expect(sum(buckets.map(({ records }) => records))).toBe(all.length);
        expect(sum(buckets.map(({ bytes }) => bytes))).toBe(100 * sum(parts.map((times) => Math.min(3, times.length))));
      }),
    );
  });
});

describe('timestamps', () => {
  const DAY = 86_400_000;

  it('are judged by themselves and by the one before, across parts of a partition', () => {
    const stamp = fc.oneof(
      fc.constant(-1),
      fc.integer({ min: -5, max: 2000 }),
      fc.integer({ min: START, max: START + 1000 }),
      fc.integer({ min: NOW + DAY - 2, max: NOW + DAY + 2 }),
    );
    fc.assert(
      fc.property(fc.array(fc.array(stamp, { maxLength: 20 }), { maxLength: 5 }), (parts) => {
        const all = new Timestamps(NOW);
        for (const part of parts) {
          const made = new Timestamps(NOW);
          for (const one of part) made.add(one);
          all.merge(made.data, true);
        }
        const times = parts.flat().filter((one) => one !== -1);
        const steps = times.slice(1).map((one, at) => (times[at] as number) - one);
        expect(all.result).toMatchObject({
          min: times.length === 0 ? null : Math.min(...times),
          max: times.length === 0 ? null : Math.max(...times),
          withoutTimestamp: parts.flat().length - times.length,
          outOfOrder: steps.filter((step) => step > 0).length,
          largestStepBackMs: Math.max(0, ...steps),
          before2001: times.filter((one) => one < Date.UTC(2001, 0, 1)).length,
          inFuture: times.filter((one) => one > NOW + DAY).length,
        });
      }),
    );
  });
});

/** A header with that producer, and nothing else in it. */
function headerOf(id: number): DataView {
  const view = new DataView(new ArrayBuffer(61));
  view.setBigInt64(43, BigInt(id));
  return view;
}

describe('producers', () => {
  it('are followed one by one up to a limit, and counted beyond', () => {
    const producers = new Producers();
    for (let id = 0; id < 20_000; id++) producers.batch(headerOf(id), 0, true, 1, id);
    const { distinct, transactionalBatches, unfollowedBatches, openTransactions, producers: told } = producers.result;
    expect(distinct).toBe(20_000);
    expect(transactionalBatches).toBe(20_000);
    expect(unfollowedBatches).toBe(20_000 - 16_384);
    expect(openTransactions).toBe(16_384);
    expect(told).toHaveLength(100);
    expect(producers.data.followed).toHaveLength(16_384);
  });

  it('open and end transactions across parts as in one', () => {
    const deed = fc.tuple(fc.nat(3), fc.constantFrom('batch', 'commit', 'abort'));
    fc.assert(
      fc.property(fc.array(fc.array(deed, { maxLength: 12 }), { maxLength: 5 }), (parts) => {
        const act = (producers: Producers, [id, what]: readonly [number, string], offset: number): void => {
          if (what === 'batch') producers.batch(headerOf(id), 0, true, 2, offset);
          else producers.controlRecord(headerOf(id), 0, what === 'commit' ? 1 : 0);
        };
        const [one, merged] = [new Producers(), new Producers()];
        let offset = 0;
        for (const part of parts) {
          const made = new Producers();
          for (const next of part) {
            act(one, next, offset);
            act(made, next, offset++);
          }
          merged.merge(made.data, true);
        }
        expect(merged.result).toEqual(one.result);
      }),
    );
  });
});
