/** Numbers, times and bytes in words. */
import { FieldPrinter } from '../../inspect/byte-encoding.ts';
import type { Int64 } from '../../inspect/int64.ts';

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
/** What JavaScript's dates can tell. */
const MAX_DATE_MS = 8.64e15;
const printer = new FieldPrinter('utf8');

/** `512 B`, `12.3 KiB`. */
export function sizeText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`;
}

/** A moment of UTC to the millisecond; the number itself where it is none. */
export function timeText(ms: Int64): string {
  if (ms < 0 || ms > MAX_DATE_MS) return String(ms);
  return new Date(Number(ms)).toISOString().replace('T', ' ').replace('Z', '');
}

/** The start of bytes as text, on one line, what is no text as `\xff`; at most about so many characters. */
export function previewText(bytes: Uint8Array, start: number, length: number, characters: number): string {
  const end = start + Math.min(length, characters * 4);
  return printer.text(
    'values',
    bytes,
    start,
    (end < start + length ? wholeCharacters(bytes, start, end) : end) - start,
  );
}

/** Where the last whole UTF-8 character ends, not behind `end`: a cut one would look like damage. */
export function wholeCharacters(bytes: Uint8Array, start: number, end: number): number {
  let at = end;
  for (let steps = 0; steps < 3 && at > start && ((bytes[at] ?? 0) & 0xc0) === 0x80; steps++) at--;
  return ((bytes[at] ?? 0) & 0xc0) === 0x80 ? end : at;
}
