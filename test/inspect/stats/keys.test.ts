/** Hashes, the count of different ones, and the most frequent: their promises, on keys of fixed seeds and on any. */
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { DistinctCount } from '../../../src/inspect/stats/distinct.ts';
import { FrequentKeys } from '../../../src/inspect/stats/frequent.ts';
import { KeyHash } from '../../../src/inspect/stats/hash.ts';
import { Random } from '../../support/random.ts';

/** What `DistinctCount` keeps one by one. */
const EXACT_LIMIT = 131_072;
/** What `FrequentKeys` has. */
const COUNTERS = 2048;

const hash = new KeyHash();

function hashOf(bytes: Uint8Array, at = 0): readonly [number, number] {
  const padded = new Uint8Array(at + bytes.length);
  padded.set(bytes, at);
  hash.update(new DataView(padded.buffer), at, bytes.length);
  return [hash.low, hash.high];
}

function hashOfNumber(number: number): readonly [number, number] {
  return hashOf(Buffer.from(`key-${number}`));
}

describe('a hash', () => {
  it.each([
    ['', -1960997179, 1274673583],
    ['a', -610249649, 1271298123],
    ['abcd', -669299998, -576447495],
    ['abcdefg', -811650134, -881428060],
    ['abcdefgh', -2019262519, -1021379592],
    ['order-00017', 1483685449, -853337850],
    ['ключ', -1690551678, 536200380],
  ])('of %j is known: it is the same on every engine and machine', (key, low, high) => {
    expect(hashOf(Buffer.from(key))).toEqual([low, high]);
  });

  it('does not depend on where the key lies', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(9), (bytes, at) => {
        expect(hashOf(bytes, at)).toEqual(hashOf(bytes));
      }),
    );
  });

  it('tells keys apart that differ in one bit, or in zeros at the end', () => {
    const seen = new Set<string>();
    const key = Buffer.from('a key of some bytes');
    for (let bit = 0; bit < key.length * 8; bit++) {
      const other = Buffer.from(key);
      other[bit >>> 3] = (other[bit >>> 3] as number) ^ (1 << (bit & 7));
      seen.add(hashOf(other).join());
    }
    for (let zeros = 0; zeros < 20; zeros++) seen.add(hashOf(Buffer.alloc(zeros)).join());
    expect(seen.size).toBe(key.length * 8 + 20);
  });

  it('spreads over all bits of both words', () => {
    const ones = new Float64Array(64);
    for (let key = 0; key < 4096; key++) {
      const [low, high] = hashOfNumber(key);
      for (let bit = 0; bit < 32; bit++) {
        ones[bit] = (ones[bit] as number) + ((low >>> bit) & 1);
        ones[32 + bit] = (ones[32 + bit] as number) + ((high >>> bit) & 1);
      }
    }
    // Five standard deviations of 4096 fair coins.
    for (const count of ones) expect(Math.abs(count - 2048)).toBeLessThan(160);
  });
});

function distinctOf(from: number, to: number): DistinctCount {
  const count = new DistinctCount();
  for (let key = from; key < to; key++) count.add(...hashOfNumber(key));
  return count;
}

describe('the count of different keys', () => {
  it('is exact up to the limit, however often they come', () => {
    const count = distinctOf(0, EXACT_LIMIT);
    for (let key = 0; key < 1000; key++) count.add(...hashOfNumber(key));
    expect(count.result).toEqual({ distinct: EXACT_LIMIT, isExact: true, standardError: 0 });
    count.add(...hashOfNumber(EXACT_LIMIT));
    expect(count.result.isExact).toBe(false);
    expect(count.data.hashes).toBeUndefined();
  });

  it.each([EXACT_LIMIT + 1, 200_000, 500_000, 1_000_000])('of %i is right within three standard errors', (keys) => {
    const { distinct, isExact, standardError } = distinctOf(0, keys).result;
    expect(isExact).toBe(false);
    expect(standardError).toBe(0.0081);
    expect(Math.abs(distinct - keys) / keys).toBeLessThan(3 * standardError);
  });

  it('errs on average by what is stated', () => {
    let squares = 0;
    const rounds = 20;
    for (let round = 0; round < rounds; round++) {
      const from = 1_000_000 * (round + 1);
      const { distinct } = distinctOf(from, from + 150_000).result;
      squares += (distinct / 150_000 - 1) ** 2;
    }
    const error = Math.sqrt(squares / rounds);
    expect(error).toBeGreaterThan(0.003);
    expect(error).toBeLessThan(0.0081 * 1.5);
  });

  it('does not depend on the order in which parts are put together, nor on how they overlap', () => {
    const part = fc.tuple(fc.nat(3000), fc.nat(3000)).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), fc.boolean(), (parts, isMany) => {
        // With many keys before them the sketch takes over.
        const more = isMany ? [distinctOf(10_000, 10_000 + EXACT_LIMIT + 1)] : [];
        const counts = [...parts.map(([from, to]) => distinctOf(from, to)), ...more];
        const merged = (order: readonly DistinctCount[]): DistinctCount => {
          const all = new DistinctCount();
          for (const count of order) all.merge(count.data);
          return all;
        };
        const [forth, back] = [merged(counts), merged(counts.toReversed())];
        expect(forth.result).toEqual(back.result);
        expect(forth.data.registers).toEqual(back.data.registers);
        const keys = new Set(parts.flatMap(([from, to]) => Array.from({ length: to - from }, (_, at) => from + at)));
        if (!isMany) expect(forth.result.distinct).toBe(keys.size);
      }),
      { numRuns: 20 },
    );
  });

  it('takes the sketch when keys are made to lie side by side, and stays bounded', () => {
    const count = new DistinctCount();
    for (let key = 1; key <= 2000; key++) count.add(7, key);
    expect(count.result.isExact).toBe(false);
  });
});

/** Keys of which some come far more often: key `n` with a share that falls with `n`. */
function skewed(random: Random, length: number, keys: number): number[] {
  return Array.from({ length }, () => Math.floor(keys * random.next() ** 6));
}

interface Counted {
  readonly frequent: FrequentKeys;
  readonly truth: ReadonlyMap<string, number>;
  readonly taken: number;
}

function counted(keys: readonly number[], parts: number, isReversed: boolean): Counted {
  const truth = new Map<string, number>();
  const made = Array.from({ length: parts }, () => new FrequentKeys());
  for (const [at, key] of keys.entries()) {
    const [low, high] = hashOfNumber(key);
    truth.set(`${low} ${high}`, (truth.get(`${low} ${high}`) ?? 0) + 1);
    (made[Math.floor((at * parts) / keys.length)] as FrequentKeys).add(low, high, at % 3, at, key);
  }
  const frequent = new FrequentKeys();
  for (const part of isReversed ? made.toReversed() : made) frequent.merge(part.data);
  return { frequent, truth, taken: keys.length };
}

function expectBounds({ frequent, truth, taken }: Counted): void {
  const named = new Set<string>();
  for (const { low, high, count: found, lacking } of frequent.top(Infinity)) {
    const real = truth.get(`${low} ${high}`) ?? 0;
    expect(found).toBeLessThanOrEqual(real);
    expect(found + lacking).toBeGreaterThanOrEqual(real);
    named.add(`${low} ${high}`);
  }
  for (const [key, real] of truth) if (real > 2 * frequent.floor) expect(named.has(key)).toBe(true);
  expect(frequent.floor).toBeLessThanOrEqual((2 * taken) / COUNTERS);
}

describe('the most frequent keys', () => {
  it('are exact while every key has a counter', () => {
    const random = new Random(1);
    const found = counted(skewed(random, 20_000, COUNTERS / 2), 1, false);
    expectBounds(found);
    expect(found.frequent.floor).toBe(0);
    const top = found.frequent.top(5).map(({ count }) => count);
    expect(top).toEqual([...found.truth.values()].sort((a, b) => b - a).slice(0, 5));
  });

  it.each([1, 2, 3])('are within their bounds among far more keys than counters (seed %i)', (seed) => {
    const keys = skewed(new Random(seed), 100_000, 60_000);
    for (const parts of [1, 4, 9]) {
      const found = counted(keys, parts, seed === 2);
      expect(found.frequent.floor).toBeGreaterThan(0);
      expectBounds(found);
      expect(found.frequent.top(3).map(({ record }) => record)).toContain(0);
    }
  });

  it('name nobody when no key stands out', () => {
    const keys = Array.from({ length: 20 * COUNTERS }, (_, key) => key);
    const found = counted(keys, 3, false);
    expect(found.frequent.top(10)).toEqual([]);
    expectBounds(found);
  });

  it('keep their bounds for any keys in any parts', () => {
    const keys = fc.array(fc.nat(6000), { minLength: 1, maxLength: 9000, size: 'max' });
    fc.assert(
      fc.property(keys, fc.integer({ min: 1, max: 6 }), fc.boolean(), (some, parts, isReversed) => {
        expectBounds(counted(some, parts, isReversed));
      }),
      { numRuns: 30 },
    );
  });

  test('a counter tells where its key was seen', () => {
    const frequent = new FrequentKeys();
    for (let turn = 0; turn < 3; turn++) frequent.add(5, 6, turn, 1000 + turn, turn);
    expect(frequent.top(1)).toEqual([{ low: 5, high: 6, count: 3, lacking: 0, source: 0, position: 1000, record: 0 }]);
  });
});
