import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countTimeEntries, offsetOfTimeEntry, timestampOfEntry, writeTimeEntry } from '../../src/format/time-index.ts';

function viewOf(entries: readonly (readonly [timestamp: number, offset: number])[]): DataView {
  const bytes = Buffer.alloc(entries.length * 12);
  for (const [slot, [timestamp, offset]] of entries.entries()) {
    bytes.writeBigInt64BE(BigInt(timestamp), slot * 12);
    bytes.writeInt32BE(offset, slot * 12 + 8);
  }
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

test('an entry is a timestamp and an offset, big-endian', () => {
  const bytes = Buffer.alloc(36, 0xff);
  writeTimeEntry(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 1, 0x0001020304050607, 0x08090a0b);
  expect(bytes.subarray(12, 24).toString('hex')).toBe('000102030405060708090a0b');
  expect([...bytes.subarray(0, 12), ...bytes.subarray(24)].every((byte) => byte === 0xff)).toBe(true);
});

test('any timestamp within 2^53 comes back, as DataView itself writes it', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), fc.nat(2 ** 31 - 1), (timestamp, offset) => {
      const view = new DataView(new ArrayBuffer(12));
      writeTimeEntry(view, 0, timestamp, offset);
      expect(view.getBigInt64(0)).toBe(BigInt(timestamp));
      expect([timestampOfEntry(view, 0), offsetOfTimeEntry(view, 0)]).toEqual([timestamp, offset]);
    }),
    { numRuns: 500 },
  );
});

test('the largest timestamp of all, which is rounded up, does not become a negative one', () => {
  const view = new DataView(new ArrayBuffer(12));
  writeTimeEntry(view, 0, Number(2n ** 63n - 1n), 7);
  expect([view.getBigInt64(0), view.getInt32(8)]).toEqual([2n ** 63n - 1n, 7]);
});

test.each([
  [
    'all of a trimmed file',
    [
      [10, 0],
      [11, 0],
      [20, 7],
    ],
    3,
  ],
  ['none of an empty file', [], 0],
  [
    'one of timestamp 0, which zeros are too',
    [
      [0, 0],
      [0, 0],
    ],
    1,
  ],
  [
    'those before a zero tail',
    [
      [10, 3],
      [0, 0],
      [0, 0],
    ],
    1,
  ],
  [
    'those before a timestamp that stays',
    [
      [10, 3],
      [10, 4],
    ],
    1,
  ],
  [
    'those before a timestamp that falls',
    [
      [10, 3],
      [12, 4],
      [11, 5],
    ],
    2,
  ],
  [
    'those before an offset that falls',
    [
      [10, 3],
      [12, 2],
    ],
    1,
  ],
  ['none without a timestamp', [[-1, 3]], 0],
  ['none with a negative offset', [[10, -1]], 0],
] as const)('real are %s', (_what, entries, count) => {
  expect(countTimeEntries(viewOf(entries))).toBe(count);
});

test('a part of an entry at the end is none', () => {
  const whole = viewOf([
    [10, 3],
    [11, 4],
  ]);
  expect(countTimeEntries(new DataView(whole.buffer, whole.byteOffset, 23))).toBe(1);
});
