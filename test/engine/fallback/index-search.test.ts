import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFallbackEngine } from '../../../src/engine/fallback/engine.ts';

const engine = createFallbackEngine();

function offsetEntries(keys: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(keys.length * 8, 0xff);
  for (const [slot, key] of keys.entries()) bytes.writeInt32BE(key, slot * 8);
  return bytes;
}

function timeEntries(keys: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(keys.length * 12, 0xff);
  for (const [slot, key] of keys.entries()) bytes.writeBigInt64BE(BigInt(key), slot * 12);
  return bytes;
}

describe.each([
  ['an offset index', 8, offsetEntries],
  ['a time index', 12, timeEntries],
] as const)('the search of %s', (_name, entrySize, entriesOf) => {
  it.each([
    [9, -1],
    [10, 0],
    [11, 0],
    [29, 1],
    [30, 2],
    [Number.MAX_SAFE_INTEGER, 2],
    [Number.MIN_SAFE_INTEGER, -1],
  ])('for %d gives slot %d', (target, slot) => {
    expect(engine.searchIndex(entriesOf([10, 20, 30]), 3, entrySize, target)).toBe(slot);
  });

  it('looks at no more entries than it is told of', () => {
    expect(engine.searchIndex(entriesOf([10, 20, 30]), 2, entrySize, 99)).toBe(1);
    expect(engine.searchIndex(entriesOf([]), 0, entrySize, 99)).toBe(-1);
  });

  it('finds the last entry that is not above the target, in the warm part and before it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4000 }), fc.integer({ min: 1, max: 5 }), fc.nat(), (count, step, pick) => {
        const keys = Array.from({ length: count }, (_, slot) => slot * step);
        const target = (pick % (count * step + 2)) - 1;
        const expected = target < 0 ? -1 : Math.min(count - 1, Math.floor(target / step));
        expect(engine.searchIndex(entriesOf(keys), count, entrySize, target)).toBe(expected);
      }),
    );
  });

  it('looks in the last 8192 bytes first, as Kafka does, which decides on entries that are out of order', () => {
    const warm = Math.floor(8192 / entrySize);
    // Before the warm part there is a larger key; a plain binary search would end there.
    const keys = Array.from({ length: warm + 100 }, (_, slot) => (slot < 99 ? 1000 : slot));
    expect(engine.searchIndex(entriesOf(keys), keys.length, entrySize, 150)).toBe(150);
    // From one entry less on, the first key is looked at: it is above the target.
    expect(engine.searchIndex(entriesOf(keys.slice(1)), keys.length - 1, entrySize, 98)).toBe(-1);
  });

  it('does not look in the warm part for the key that it starts with, which decides among equals', () => {
    const keys = new Array<number>(Math.floor(8192 / entrySize) + 100).fill(5);
    expect(engine.searchIndex(entriesOf(keys), keys.length, entrySize, 5)).toBe(50);
  });

  it('refuses fewer bytes than entries', () => {
    expect(() => engine.searchIndex(entriesOf([1, 2]), 3, entrySize, 1)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });
});
