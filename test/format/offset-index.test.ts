import { expect, test } from 'vitest';
import { countOffsetEntries, offsetOfEntry, positionOfEntry, writeOffsetEntry } from '../../src/format/offset-index.ts';

const viewOf = (...numbers: number[]): DataView => new DataView(Int32Array.from(numbers, bigEndian).buffer);

function bigEndian(value: number): number {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return new Int32Array(Uint8Array.from(bytes).buffer)[0] ?? 0;
}

test('an entry is an offset and a position, big-endian', () => {
  const bytes = Buffer.alloc(24, 0xff);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  writeOffsetEntry(view, 1, 0x01020304, 0x7fffffff);
  expect(bytes.toString('hex')).toBe('ffffffffffffffff010203047fffffffffffffffffffffff');
  expect([offsetOfEntry(view, 1), positionOfEntry(view, 1)]).toEqual([0x01020304, 0x7fffffff]);
});

test.each([
  ['all of a trimmed file', [0, 10, 5, 20, 9, 30], 3],
  ['none of an empty file', [], 0],
  ['none of a file of zeros', [0, 0, 0, 0], 0],
  ['those before a zero tail', [4, 10, 5, 20, 0, 0, 0, 0], 2],
  ['those before an offset that stays', [4, 10, 4, 20], 1],
  ['those before an offset that falls', [4, 10, 7, 20, 6, 30, 9, 40], 2],
  ['those before a position that stays', [4, 10, 7, 10], 1],
  ['those before a position that falls', [4, 10, 7, 9], 1],
  ['none when the first batch itself is indexed', [4, 0, 7, 10], 0],
  ['none when the first offset is negative', [-1, 10, 7, 20], 0],
  ['those before a negative position', [4, 10, 7, -20], 1],
])('real are %s', (_what, numbers, count) => {
  expect(countOffsetEntries(viewOf(...numbers))).toBe(count);
});

test('a part of an entry at the end is none', () => {
  const whole = viewOf(4, 10, 5, 20);
  expect(countOffsetEntries(new DataView(whole.buffer, 0, 15))).toBe(1);
});
