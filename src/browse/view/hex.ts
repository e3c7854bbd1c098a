/** Bytes in hexadecimal digits, a line at a time: nothing is made of lines that are not shown. */
import { type Line, line, span } from './line.ts';

/** Bytes that are read when a line of them is shown. */
export interface ByteRange {
  readonly length: number;
  /** Up to `count` bytes from `at` on. */
  read(at: number, count: number): Uint8Array;
}

/** A range that lies in memory. */
export function rangeOf(bytes: Uint8Array, start: number, length: number): ByteRange {
  return { length, read: (at, count) => bytes.subarray(start + at, start + Math.min(length, at + count)) };
}

/** How many bytes a line of so many columns shows: 16, 8 or 4. */
function bytesPerLine(columns: number): number {
  if (columns >= widthFor(16)) return 16;
  return columns >= widthFor(8) ? 8 : 4;
}

/** Place, digits with a gap in the middle, characters between bars. */
function widthFor(count: number): number {
  return 10 + count * 3 + 1 + count + 2;
}

/** How many lines a range takes. */
export function hexLines(length: number, columns: number): number {
  return Math.ceil(length / bytesPerLine(columns));
}

/** Line number `number` of a range. */
export function hexLine(range: ByteRange, number: number, columns: number): Line {
  const count = bytesPerLine(columns);
  const at = number * count;
  const bytes = range.read(at, count);
  const digits: string[] = [];
  let text = '';
  for (let i = 0; i < count; i++) {
    const byte = bytes[i];
    digits.push(byte === undefined ? '  ' : byte.toString(16).padStart(2, '0'));
    if (i === count / 2 - 1) digits.push('');
    if (byte !== undefined) text += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.';
  }
  return line(
    span(`${at.toString(16).padStart(8, '0')}  `, 'dim'),
    span(`${digits.join(' ')} `),
    span(`|${text}|`, 'accent'),
  );
}
