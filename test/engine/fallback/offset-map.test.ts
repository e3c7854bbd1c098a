/** The offset map of the TypeScript engine, and its hash. What both engines do with maps is in test/parity. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KeyedHash } from '../../../src/engine/fallback/cleaning/hash.ts';
import { SlotMap } from '../../../src/engine/fallback/cleaning/offset-map.ts';

const SLOT = 24;

/** The words of a hash as bytes, lowest first. */
function bytesOf(...words: number[]): string {
  const bytes = Buffer.alloc(words.length * 4);
  for (const [at, word] of words.entries()) bytes.writeInt32LE(word, at * 4);
  return bytes.toString('hex');
}

describe('the hash', () => {
  const key = new Uint32Array([0x03020100, 0x07060504, 0x03020100, 0x07060504]);

  test.each([
    [0, '218d1f59b9b83cc8'],
    [1, 'be552412f8387315'],
  ])('is HalfSipHash-2-4 as its authors publish it, of %i bytes', (length, expected) => {
    const hash = new KeyedHash(key);
    hash.update(
      Uint8Array.from({ length }, (_, at) => at),
      0,
      length,
    );
    expect(bytesOf(hash.a, hash.b)).toBe(expected);
    expect(bytesOf(hash.c, hash.d)).toBe(expected);
  });

  test('has two halves that differ, and differs from map to map', () => {
    const [one, other] = [new KeyedHash(), new KeyedHash()];
    const bytes = Buffer.from('key');
    one.update(bytes, 0, 3);
    other.update(bytes, 0, 3);
    expect(bytesOf(one.a, one.b)).not.toBe(bytesOf(one.c, one.d));
    expect(bytesOf(one.a, one.b)).not.toBe(bytesOf(other.a, other.b));
  });
});

describe('a map', () => {
  test('answers as a map of strings does, until it is full', () => {
    const step = fc.tuple(fc.uint8Array({ maxLength: 6 }), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER - 1 }));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.array(step, { maxLength: 80 }), (slots, steps) => {
        const map = new SlotMap(slots * SLOT, 1);
        const model = new Map<string, number>();
        for (const [key, offset] of steps) {
          const name = Buffer.from(key).toString('hex');
          const isStored = map.put(key, 0, key.length, offset);
          expect(isStored).toBe(model.size < slots);
          if (isStored) model.set(name, offset);
          expect(map.size).toBe(model.size);
        }
        for (const [key] of steps) {
          expect(map.get(key, 0, key.length)).toBe(model.get(Buffer.from(key).toString('hex')) ?? -1);
        }
      }),
    );
  });

  test('takes keys in a part of its slots', () => {
    expect(new SlotMap(30 * SLOT + 23, 0.9).capacity).toBe(27);
    expect(new SlotMap(SLOT, 0.1).capacity).toBe(1);
  });

  test.each([
    [SLOT - 1, 0.9],
    [SLOT, 0],
    [SLOT, 1.1],
    [Number.NaN, 0.9],
  ])('of %d bytes with a load factor of %d is refused', (bytes, factor) => {
    expect(() => new SlotMap(bytes, factor)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });

  test('forgets its keys', () => {
    const map = new SlotMap(4 * SLOT, 1);
    const key = Buffer.from('k');
    map.put(key, 0, 1, 7);
    map.clear();
    expect([map.size, map.get(key, 0, 1)]).toEqual([0, -1]);
  });
});
