import { describe, expect, it } from 'vitest';
import { RecordKeys } from '../../src/bench/keys.ts';
import { drawSize, largestSize, parseRecordSizes } from '../../src/bench/sizes.ts';
import { randomValues, VALUE_COUNT } from '../../src/bench/values.ts';
import { Random } from '../support/random.ts';

const DRAWS = 20_000;

function draws(text: string): number[] {
  const sizes = parseRecordSizes(text);
  const random = new Random(3);
  return Array.from({ length: DRAWS }, () => drawSize(sizes, random.next()));
}

const mean = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one) / numbers.length;

describe('sizes of records', () => {
  it.each([
    ['100', 100, 100],
    ['uniform:10-1000', 1000, 505],
    ['uniform:7-7', 7, 7],
    ['exponential:200', 3200, 200],
    ['mix:100x9,10000x1', 10_000, 1090],
  ])('%s: none above %d, %d on average', (text, most, average) => {
    const got = draws(text);
    expect(largestSize(parseRecordSizes(text))).toBe(most);
    expect(got.every((size) => Number.isInteger(size) && size >= 0 && size <= most)).toBe(true);
    expect(mean(got) / average).toBeGreaterThan(0.97);
    expect(mean(got) / average).toBeLessThan(1.03);
  });

  it('a mix has its sizes and no others, in their shares', () => {
    const got = draws('mix:5x3,50x1');
    expect(new Set(got)).toEqual(new Set([5, 50]));
    expect(got.filter((size) => size === 5).length / DRAWS).toBeCloseTo(0.75, 1);
  });

  it.each([
    ...['', '-1', '1e3', '100 ', '1.5', '16777217', 'uniform', 'uniform:', 'uniform:9-3', 'uniform:1-2-3', 'gauss:10'],
    ...['exponential:x', 'exponential:16777216', 'mix:', 'mix:100', 'mix:100x0', 'mix:1x2x3', 'uniform:1-2:3'],
  ])('%j is refused', (text) => {
    expect(() => parseRecordSizes(text)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});

/** Bits a byte, by how often each occurs. */
function entropyOf(values: readonly Uint8Array[]): number {
  const counts = new Float64Array(256);
  for (const value of values) for (const byte of value) counts[byte] = (counts[byte] as number) + 1;
  const total = counts.reduce((sum, count) => sum + count);
  return counts.reduce((bits, count) => (count === 0 ? bits : bits - (count / total) * Math.log2(count / total)), 0);
}

describe('values', () => {
  it.each([
    [undefined, 4.7],
    [0, 0],
    [1, 1],
    [4.7, 4.7],
    [6, 6],
    [8, 8],
  ])('of entropy %j have %d bits a byte', (entropy, bits) => {
    expect(entropyOf(randomValues(100, 1, entropy))).toBeCloseTo(bits, 1);
  });

  it('are letters unless told otherwise, the same in every run', () => {
    const values = randomValues(50);
    expect(values.every((value) => /^[A-Z]{50}$/.test(Buffer.from(value).toString('latin1')))).toBe(true);
    expect(randomValues(50)).toEqual(values);
  });

  it('of a distribution have its sizes', () => {
    const lengths = randomValues(parseRecordSizes('uniform:10-90')).map(({ length }) => length);
    expect(lengths).toHaveLength(VALUE_COUNT);
    expect(mean(lengths)).toBeCloseTo(50, -1);
    expect(new Set(lengths).size).toBeGreaterThan(60);
  });

  it('that are large share their bytes, and differ', () => {
    const values = randomValues(200_000);
    expect(values.every(({ length }) => length === 200_000)).toBe(true);
    expect(new Set(values.map(({ buffer }) => buffer)).size).toBe(1);
    expect(new Set(values.map(({ byteOffset }) => byteOffset)).size).toBeGreaterThan(1000);
  });

  it.each([-1, 8.5, Number.NaN])('of entropy %d are refused', (entropy) => {
    expect(() => randomValues(10, 1, entropy)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});

describe('keys', () => {
  it('are as many different ones as were asked for, about as often each', () => {
    const keys = new RecordKeys(1000);
    const counts = new Map<string, number>();
    for (let i = 0; i < 1 << 20; i++) {
      const key = Buffer.from(keys.at(i)).toString();
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(1000);
    expect(counts.has('key-0') && counts.has('key-999')).toBe(true);
    expect(Math.max(...counts.values())).toBeLessThan(1300);
  });

  it.each([0, (1 << 20) + 1])('%d of them are refused', (count) => {
    expect(() => new RecordKeys(count)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});
