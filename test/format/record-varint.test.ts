import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sizeOfVarint, sizeOfVarlong, writeVarint, writeVarlong } from '../../src/format/varint.ts';

/** What the format says, in the plainest way. */
function zigzagBytes(value: bigint): number[] {
  let rest = value < 0n ? -2n * value - 1n : 2n * value;
  const bytes: number[] = [];
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return [...bytes, Number(rest)];
}

function written(write: (bytes: Uint8Array, start: number, value: number) => number, value: number): number[] {
  const bytes = new Uint8Array(14).fill(0xee);
  const end = write(bytes, 2, value);
  expect([bytes[1], bytes[end]]).toEqual([0xee, 0xee]);
  return [...bytes.subarray(2, end)];
}

describe('varints', () => {
  it.each([
    0, -1, 1, 63, -64, 64, -65, 8191, -8192, 8192, 1048575, 1048576, 134217727, 134217728, 0x7fffffff, -0x80000000,
  ])('write int32 %d', (value) => {
    expect(written(writeVarint, value)).toEqual(zigzagBytes(BigInt(value)));
    expect(sizeOfVarint(value)).toBe(zigzagBytes(BigInt(value)).length);
  });

  it('write any whole number up to 2^53, and know its size before', () => {
    const edges = fc
      .nat(53)
      .chain((bits) => fc.integer({ min: -2, max: 2 }).map((by) => Math.min(2 ** bits + by, Number.MAX_SAFE_INTEGER)));
    fc.assert(
      fc.property(
        fc.oneof(
          fc.maxSafeInteger(),
          edges,
          edges.map((edge) => -edge),
        ),
        (value) => {
          const expected = zigzagBytes(BigInt(value));
          expect(written(writeVarlong, value)).toEqual(expected);
          expect(sizeOfVarlong(value)).toBe(expected.length);
        },
      ),
    );
  });
});
