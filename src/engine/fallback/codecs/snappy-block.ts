/**
 * Raw snappy: the decompressed length as a varint, then elements whose tag's low two bits are their kind.
 *
 *     00 literal   length less 1 in the tag's upper 6 bits; 60 to 63: in the 1 to 4 bytes that follow
 *     01 copy      length 4-11 in bits 2-4, offset 11 bits: 3 in the tag, 8 that follow
 *     10 copy      length 1-64, offset uint16 little-endian
 *     11 copy      length 1-64, offset uint32 little-endian
 *
 * Source: snappy's format description.
 */
import { corrupt, TOO_SMALL } from './corrupt.ts';
import { copyBytes, copyMatch } from './copy.ts';

const HASH_BITS = 13;
const MIN_MATCH = 4;
const MAX_COPY = 64;
/** The kinds of elements. */
const LITERAL = 0;
const COPY_SHORT = 1;
const COPY_FAR = 3;
/** Longer literals state their length in the bytes behind the tag. */
const INLINE_LITERAL = 60;
/** A varint of 64 bits, of which 32 may be used. */
const MAX_LENGTH_BYTES = 10;
const MAX_LENGTH = 0xffffffff;
/** Matches do not start in a block's last bytes, so that reading four at once stays within it. */
const TAIL = 4;
const CODEC = 'snappy';

const table = new Int32Array(1 << HASH_BITS);

/** The most bytes a block of `length` can take. */
export function snappyBlockBound(length: number): number {
  return 32 + length + Math.ceil(length / 6);
}

/** Greedy; `end - start` is at most 65536, so that every offset fits 16 bits. @returns the position behind the block */
export function compressSnappyBlock(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  targetStart: number,
): number {
  const view = new DataView(source.buffer, source.byteOffset, source.byteLength);
  let out = writeUvarint(target, targetStart, end - start);
  let anchor = start;
  table.fill(-1);
  let misses = 0;
  for (let at = start; at < end - TAIL; ) {
    const hash = Math.imul(view.getInt32(at, true), 0x1e35a7bd) >>> (32 - HASH_BITS);
    const candidate = table[hash] as number;
    table[hash] = at;
    if (candidate < start || view.getInt32(candidate) !== view.getInt32(at)) {
      at += 1 + (misses++ >> 5);
      continue;
    }
    misses = 0;
    let length = MIN_MATCH;
    while (at + length < end && source[candidate + length] === source[at + length]) length++;
    out = writeLiteral(source, anchor, at, target, out);
    out = writeCopy(target, out, at - candidate, length);
    at += length;
    anchor = at;
  }
  return writeLiteral(source, anchor, end, target, out);
}

function writeUvarint(target: Uint8Array, start: number, value: number): number {
  let at = start;
  let rest = value;
  for (; rest >= 0x80; rest >>>= 7) target[at++] = (rest & 0x7f) | 0x80;
  target[at++] = rest;
  return at;
}

function writeLiteral(source: Uint8Array, start: number, end: number, target: Uint8Array, out: number): number {
  const length = end - start;
  if (length === 0) return out;
  let at = out;
  if (length <= INLINE_LITERAL) target[at++] = (length - 1) << 2;
  else if (length <= 256) {
    target[at++] = INLINE_LITERAL << 2;
    target[at++] = length - 1;
  } else {
    target[at++] = (INLINE_LITERAL + 1) << 2;
    target[at++] = (length - 1) & 0xff;
    target[at++] = (length - 1) >>> 8;
  }
  copyBytes(source, start, length, target, at);
  return at + length;
}

function writeCopy(target: Uint8Array, out: number, distance: number, matchLength: number): number {
  let at = out;
  for (let left = matchLength; left > 0; ) {
    // Never leave less than a match for the last copy.
    const length = left > MAX_COPY ? Math.min(MAX_COPY, left - MIN_MATCH) : left;
    target[at++] = ((length - 1) << 2) | 2;
    target[at++] = distance & 0xff;
    target[at++] = distance >>> 8;
    left -= length;
  }
  return at;
}

/**
 * Decompresses the block `source[start, end)` to `target[targetStart..]`.
 *
 * @returns the position behind what was written, or -1 when the length that it states does not fit
 * @throws SeglogError `CORRUPT_COMPRESSED_DATA`
 */
export function decompressSnappyBlock(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  targetStart: number,
): number {
  const bodyAt = endOfLength(source, start, end);
  const length = readLength(source, start, bodyAt);
  if (length > target.length - targetStart) return TOO_SMALL;
  const outEnd = targetStart + length;
  let at = bodyAt;
  let out = targetStart;
  while (at < end) {
    const tag = source[at++] as number;
    const kind = tag & 3;
    if (kind === LITERAL) {
      let literals = (tag >>> 2) + 1;
      if (literals > INLINE_LITERAL) {
        // A literal that long has at least these four bytes behind its tag; the native engine's library insists on them.
        if (end - at < 4) throw corrupt(CODEC, 'a block ends within a literal');
        const lengthBytes = literals - INLINE_LITERAL;
        literals = readLittleEndian(source, at, lengthBytes) + 1;
        at += lengthBytes;
      }
      if (literals > end - at || literals > outEnd - out)
        throw corrupt(CODEC, 'a literal runs past the end of its block');
      copyBytes(source, at, literals, target, out);
      at += literals;
      out += literals;
      continue;
    }
    const offsetBytes = kind === COPY_FAR ? 4 : kind;
    if (end - at < offsetBytes) throw corrupt(CODEC, 'a block ends within a copy');
    const isShort = kind === COPY_SHORT;
    const copyLength = isShort ? MIN_MATCH + ((tag >>> 2) & 7) : 1 + (tag >>> 2);
    const distance = (isShort ? (tag & 0xe0) << 3 : 0) + readLittleEndian(source, at, offsetBytes);
    at += offsetBytes;
    if (distance === 0 || distance > out - targetStart)
      throw corrupt(CODEC, 'a copy points before the start of its block');
    if (copyLength > outEnd - out) throw corrupt(CODEC, 'a copy runs past the end of its block');
    copyMatch(target, out, distance, copyLength);
    out += copyLength;
  }
  if (out !== outEnd) throw corrupt(CODEC, 'a block decompresses to less than it says');
  return out;
}

function endOfLength(source: Uint8Array, start: number, end: number): number {
  for (let at = start; at < Math.min(end, start + MAX_LENGTH_BYTES); at++) {
    if ((source[at] as number) < 0x80) return at + 1;
  }
  throw corrupt(CODEC, 'a block has no length');
}

/** Needless bytes are accepted, as by the native engine's library; more than 32 bits are not. */
function readLength(source: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let at = end - 1; at >= start; at--) value = value * 0x80 + ((source[at] as number) & 0x7f);
  if (value > MAX_LENGTH) throw corrupt(CODEC, "a block's length is no 32-bit number");
  return value;
}

function readLittleEndian(source: Uint8Array, start: number, count: number): number {
  let value = 0;
  for (let at = start + count - 1; at >= start; at--) value = value * 0x100 + (source[at] as number);
  return value;
}
