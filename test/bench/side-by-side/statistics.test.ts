/** What is said of turns: medians, extremes, ratios turn by turn, and what came of promises. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judge, median, ratioOf, ratios, summary } from '../../../bench/harness/statistics.mjs';
import { workOf } from './results.ts';

describe('a summary', () => {
  it('has the number in the middle, or the mean of the two', () => {
    expect(median([5, 1, 9])).toBe(5);
    expect(median([4, 1, 9, 2])).toBe(3);
    expect(median([])).toBeNaN();
  });

  it('has the extremes and their distance as a share of the median', () => {
    expect(summary([10, 8, 13])).toEqual({ median: 10, least: 8, most: 13, spread: 0.5, count: 3 });
  });

  it('does not care about the order, and lies within the extremes', () => {
    const numbers = fc.array(fc.double({ min: 0.001, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(numbers, (values) => {
        const said = summary(values);
        expect(summary(values.toReversed())).toEqual(said);
        expect(said.median).toBeGreaterThanOrEqual(said.least);
        expect(said.median).toBeLessThanOrEqual(said.most);
      }),
    );
  });
});

describe('a ratio', () => {
  it('says how many times as good, whichever way good is', () => {
    expect(ratioOf(30, 10, 'more')).toBe(3);
    expect(ratioOf(2, 10, 'less')).toBe(5);
  });

  it('is taken turn by turn, so that a slow hour on both sides leaves it as it is', () => {
    expect(ratios([20, 2, 200], [10, 1, 100], 'more')).toEqual({ median: 2, least: 2, most: 2, spread: 0, count: 3 });
  });

  it('leaves out turns that one of the two did not have', () => {
    expect(ratios([20, 30, 40], [10], 'more')).toMatchObject({ median: 2, count: 1 });
    expect(ratios([20], [], 'more')).toBeUndefined();
  });
});

describe('a promise', () => {
  it('is kept from its bound on', () => {
    expect(judge({ least: 2 }, 2)).toEqual({ reached: true });
    expect(judge({ least: 2 }, 1.99)).toEqual({ reached: false });
    expect(judge({ most: 0.15 }, 0.16)).toEqual({ reached: false });
    expect(judge({ most: 0.15, aim: 0.1 }, 0.12)).toEqual({ reached: true, aimReached: false });
    expect(judge({ least: 2, aim: 2.5 }, 2.5)).toEqual({ reached: true, aimReached: true });
  });

  it('of nothing that was measured is neither kept nor broken', () => {
    expect(judge({ least: 2 }, undefined)).toBeUndefined();
  });
});

describe('a work', () => {
  it('gives each side its median and its ratio to the base', () => {
    const { sides } = workOf({ kafka: [10, 12, 11], native: [33, 24, 22] });
    expect(sides['kafka']?.summary?.median).toBe(11);
    expect(sides['kafka']?.ratio).toBeUndefined();
    expect(sides['native']?.ratio).toMatchObject({ median: 2, least: 2, most: 3.3 });
  });

  it('judges promises by the ratio of the turns, and keeps what was promised', () => {
    const targets = [{ side: 'native', to: 'kafka', least: 2.5, aim: 3 }];
    const [promise] = workOf({ kafka: [10, 10], native: [24, 27] }, { targets }).promises;
    expect(promise).toMatchObject({
      least: 2.5,
      reached: true,
      aimReached: false,
      found: { median: 2.55, least: 2.4 },
    });
  });

  it('judges promises without another side by the value itself', () => {
    const targets = [{ side: 'native', most: 1 }];
    const slow = workOf({ native: [1.5, 2] }, { better: 'less', unit: 's', base: 'ts', targets });
    expect(slow.promises).toMatchObject([{ side: 'native', reached: false, found: { median: 1.75 } }]);
  });

  it('says nothing of promises to sides that did not run', () => {
    const targets = [{ side: 'native', to: 'kafka', least: 2 }];
    const { sides, promises } = workOf({ kafka: 'java not found', native: [5] }, { targets });
    expect(promises).toEqual([]);
    expect(sides['kafka']).toMatchObject({ reason: 'java not found' });
    expect(sides['native']?.ratio).toBeUndefined();
  });
});
