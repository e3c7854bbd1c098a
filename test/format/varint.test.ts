import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { joinInt64, sizeOfVarint, sizeOfVarlong, writeVarint, writeVarlong } from '../../src/format/varint.ts';

/** By the definition, with whole numbers of any size. */
function encoded(value: number): number[] {
  const exact = BigInt(value);
  let rest = exact < 0n ? -2n * exact - 1n : 2n * exact;
  const bytes: number[] = [];
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return [...bytes, Number(rest)];
}

function written(write: typeof writeVarint, value: number): number[] {
  const bytes = new Uint8Array(20).fill(0xaa);
  const end = write(bytes, 3, value);
  expect([...bytes.subarray(0, 3), ...bytes.subarray(end)].every((byte) => byte === 0xaa)).toBe(true);
  return [...bytes.subarray(3, end)];
}

/** Where one more byte is needed, and the ends. */
const int32Edges = [
  0,
  1,
  -1,
  63,
  64,
  -64,
  -65,
  8191,
  8192,
  -8192,
  -8193,
  2 ** 20 - 1,
  2 ** 20,
  -(2 ** 20) - 1,
  2 ** 27 - 1,
  2 ** 27,
  -(2 ** 27) - 1,
  2 ** 31 - 1,
  -(2 ** 31),
];
const int64Edges = [
  ...int32Edges,
  2 ** 31,
  -(2 ** 31) - 1,
  2 ** 32,
  2 ** 34 - 1,
  2 ** 34,
  2 ** 41,
  2 ** 48 - 1,
  2 ** 48,
  Number.MAX_SAFE_INTEGER,
  Number.MIN_SAFE_INTEGER,
];

describe.each([
  ['varint', writeVarint, sizeOfVarint, int32Edges, fc.integer()],
  ['varlong', writeVarlong, sizeOfVarlong, int64Edges, fc.oneof(fc.maxSafeInteger(), fc.integer())],
] as const)('a %s', (_name, write, sizeOf, edges, numbers) => {
  test.each(edges)('of %d has the bytes of its definition', (value) => {
    expect(written(write, value)).toEqual(encoded(value));
    expect(sizeOf(value)).toBe(encoded(value).length);
  });

  test('of any number has, and as many of them as was said', () => {
    fc.assert(
      fc.property(numbers, (value) => {
        expect(written(write, value)).toEqual(encoded(value));
        expect(sizeOf(value)).toBe(encoded(value).length);
      }),
      { numRuns: 1000 },
    );
  });
});

test("Kafka's own examples", () => {
  expect(written(writeVarint, 300)).toEqual([0xd8, 0x04]);
  expect(written(writeVarint, -1)).toEqual([0x01]);
  expect(written(writeVarint, 2 ** 31 - 1)).toEqual([0xfe, 0xff, 0xff, 0xff, 0x0f]);
});

test.each([
  [0, 0, 0],
  [-1, 0, 2 ** 32 - 1],
  [-1, -1, -1],
  [5, 1, 2 ** 32 + 5],
  [0, -1, -(2 ** 32)],
  [-1, 2 ** 21 - 1, Number.MAX_SAFE_INTEGER],
])('the halves %d and %d are %d', (low, high, whole) => {
  expect(joinInt64(low, high)).toBe(whole);
});
