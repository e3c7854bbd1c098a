/**
 * LZ4 blocks: sequences of literals and matches.
 *
 *     token: 4 bits literal length, 4 bits match length less 4; 15 means more bytes follow, each added, 255 goes on
 *     literals
 *     match offset, uint16 little-endian: 1 to 65535 bytes back; absent in the last sequence
 *
 * Invariants of a block: the last five bytes are literals, and no match starts within the last twelve.
 * Source: the LZ4 block format description.
 */
import { copyBytes, copyMatch } from './copy.ts';

const MIN_MATCH = 4;
const LAST_LITERALS = 5;
const MATCH_LIMIT = 12;
const MAX_DISTANCE = 65535;
const HASH_BITS = 14;
/** A read of a length starts at least this far before the block's end; see `decompressLz4Block`. */
const MATCH_LENGTH_MARGIN = 4;
/** What cannot be the last sequence ends at least this far before the block's end: an offset, a token, five literals. */
const SEQUENCE_MARGIN = 2 + 1 + LAST_LITERALS;

/** Positions by the hash of four bytes; from one call to the next only the memory is kept. */
const table = new Int32Array(1 << HASH_BITS);

/** The most bytes a block of `length` can take. */
export function lz4BlockBound(length: number): number {
  return length + Math.floor(length / 255) + 16;
}

function hashAt(view: DataView, at: number): number {
  return Math.imul(view.getInt32(at, true), 0x9e3779b1) >>> (32 - HASH_BITS);
}

/** Greedy, with one candidate a position. @returns the position behind the block in `target`, which has room for the bound */
export function compressLz4Block(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  targetStart: number,
): number {
  const view = new DataView(source.buffer, source.byteOffset, source.byteLength);
  let out = targetStart;
  let anchor = start;
  if (end - start > MATCH_LIMIT) {
    table.fill(-1);
    const limit = end - MATCH_LIMIT;
    let misses = 0;
    for (let at = start; at < limit; ) {
      const hash = hashAt(view, at);
      const candidate = table[hash] as number;
      table[hash] = at;
      if (candidate < start || at - candidate > MAX_DISTANCE || view.getInt32(candidate) !== view.getInt32(at)) {
        // The longer nothing matches, the larger the steps.
        at += 1 + (misses++ >> 6);
        continue;
      }
      misses = 0;
      let length = MIN_MATCH;
      const maxLength = end - LAST_LITERALS - at;
      while (length < maxLength && source[candidate + length] === source[at + length]) length++;
      out = writeSequence(source, anchor, at, target, out, at - candidate, length);
      at += length;
      anchor = at;
    }
  }
  return writeLast(source, anchor, end, target, out);
}

function writeLength(target: Uint8Array, start: number, rest: number): number {
  let at = start;
  let left = rest;
  for (; left >= 255; left -= 255) target[at++] = 255;
  target[at++] = left;
  return at;
}

function writeSequence(
  source: Uint8Array,
  anchor: number,
  at: number,
  target: Uint8Array,
  start: number,
  distance: number,
  length: number,
): number {
  const literals = at - anchor;
  const extra = length - MIN_MATCH;
  let out = start;
  target[out++] = (Math.min(literals, 15) << 4) | Math.min(extra, 15);
  if (literals >= 15) out = writeLength(target, out, literals - 15);
  copyBytes(source, anchor, literals, target, out);
  out += literals;
  target[out++] = distance & 0xff;
  target[out++] = distance >>> 8;
  return extra >= 15 ? writeLength(target, out, extra - 15) : out;
}

function writeLast(source: Uint8Array, anchor: number, end: number, target: Uint8Array, start: number): number {
  const literals = end - anchor;
  let out = start;
  target[out++] = Math.min(literals, 15) << 4;
  if (literals >= 15) out = writeLength(target, out, literals - 15);
  target.set(source.subarray(anchor, end), out);
  return out + literals;
}

/** The block is damaged, or its content does not fit. */
export const NO_FIT = -1;

/**
 * Decompresses the block `source[start, end)` to `target[targetStart, targetEnd)`.
 *
 * It accepts what the reference library accepts, since Kafka and the native engine read with that one: the invariants of a
 * block's end are measured from `targetEnd`, and a match offset of 0, which the format calls invalid, reads as zeros.
 *
 * @returns the position behind what was written, or {@link NO_FIT}
 */
export function decompressLz4Block(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  targetStart: number,
  targetEnd: number,
): number {
  let at = start;
  let out = targetStart;
  // Nothing but an empty block goes into no room.
  if (targetStart === targetEnd) return end - start === 1 && source[start] === 0 ? out : NO_FIT;
  while (at < end) {
    const token = source[at++] as number;
    let literals = token >>> 4;
    if (literals === 15) {
      for (let more = 255; more === 255; literals += more) {
        if (at >= end) return NO_FIT;
        more = source[at++] as number;
      }
    }
    const literalsEnd = at + literals;
    if (out + literals > targetEnd - MATCH_LIMIT || literalsEnd > end - SEQUENCE_MARGIN) {
      if (literalsEnd !== end || out + literals > targetEnd) return NO_FIT;
      copyBytes(source, at, literals, target, out);
      return out + literals;
    }
    copyBytes(source, at, literals, target, out);
    out += literals;
    const distance = (source[literalsEnd] as number) | ((source[literalsEnd + 1] as number) << 8);
    at = literalsEnd + 2;
    let length = (token & 15) + MIN_MATCH;
    if (length === 15 + MIN_MATCH) {
      for (let more = 255; more === 255; length += more) {
        if (at > end - MATCH_LENGTH_MARGIN - 1) return NO_FIT;
        more = source[at++] as number;
      }
    }
    if (distance > out - targetStart || out + length > targetEnd - LAST_LITERALS) return NO_FIT;
    if (distance === 0) target.fill(0, out, out + length);
    else copyMatch(target, out, distance, length);
    out += length;
  }
  return NO_FIT;
}
