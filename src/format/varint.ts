/**
 * Variable-length integers, as in records: zigzag, then seven bits a byte, the lowest first, the high bit set on all but
 * the last. An int32 takes up to 5 bytes, an int64 up to 10.
 *
 * Source: spec 1.2, Kafka's `ByteUtils`.
 */

const TWO_POW_32 = 0x1_0000_0000;

/** How many bytes the int32 takes. */
export function sizeOfVarint(value: number): number {
  const zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  if (zigzag < 0x80) return 1;
  if (zigzag < 0x4000) return 2;
  if (zigzag < 0x200000) return 3;
  return zigzag < 0x10000000 ? 4 : 5;
}

/** Writes an int32. @returns the position behind it */
export function writeVarint(bytes: Uint8Array, start: number, value: number): number {
  let zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  let at = start;
  if (zigzag < 0x80) {
    bytes[at] = zigzag;
    return at + 1;
  }
  if (zigzag < 0x4000) {
    bytes[at] = (zigzag & 0x7f) | 0x80;
    bytes[at + 1] = zigzag >>> 7;
    return at + 2;
  }
  while (zigzag >= 0x80) {
    bytes[at++] = (zigzag & 0x7f) | 0x80;
    zigzag >>>= 7;
  }
  bytes[at++] = zigzag;
  return at;
}

/** How many bytes the int64, a whole number, takes. */
export function sizeOfVarlong(value: number): number {
  if (value === (value | 0)) return sizeOfVarint(value);
  let rest = zigzagOf(value) / 0x80;
  let size = 1;
  for (; rest >= 1; rest /= 0x80) size++;
  return size;
}

/** Writes an int64, a whole number within 2^53. @returns the position behind it */
export function writeVarlong(bytes: Uint8Array, start: number, value: number): number {
  if (value === (value | 0)) return writeVarint(bytes, start, value);
  // Beyond int32: halves of the zigzag form, since a double has only 53 bits and zigzag needs one more.
  const magnitude = value < 0 ? -value - 1 : value;
  const sign = value < 0 ? 1 : 0;
  let low = ((magnitude % 0x80000000) * 2 + sign) >>> 0;
  let high = Math.floor(magnitude / 0x80000000);
  let at = start;
  while (high > 0 || low >= 0x80) {
    bytes[at++] = (low & 0x7f) | 0x80;
    low = ((low >>> 7) | ((high & 0x7f) << 25)) >>> 0;
    high = Math.floor(high / 0x80);
  }
  bytes[at++] = low;
  return at;
}

/** The zigzag form as a double: exact enough for its size. */
function zigzagOf(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

/** A number that grew past int32 in two halves, as one; inexact beyond 2^53. */
export function joinInt64(low: number, high: number): number {
  return high * TWO_POW_32 + (low >>> 0);
}
