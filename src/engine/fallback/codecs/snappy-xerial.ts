/**
 * Snappy as Kafka stores it: the framing of snappy-java ("xerial").
 *
 *     82 53 4E 41 50 50 59 00   int32 version 1   int32 least compatible version 1
 *     chunks: int32 big-endian length, a raw snappy block of at most 32 KiB decompressed
 *
 * No checksum, no end mark. Quirks of its reader, kept: without the magic all of it is one raw block; a chunk length that
 * reads like the magic is the start of another stream; fewer than four bytes at the end are passed over.
 * Source: spec 1.5, snappy-java's `SnappyInputStream`.
 */
import { corrupt, TOO_SMALL } from './corrupt.ts';
import { compressSnappyBlock, decompressSnappyBlock, snappyBlockBound } from './snappy-block.ts';

const MAGIC = Uint8Array.of(0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00);
const VERSION = 1;
const HEADER_BYTES: number = MAGIC.length + 8;
const CHUNK_BYTES = 32 * 1024;
const CODEC = 'snappy';
/** The magic's first four bytes, read as a length. */
const MAGIC_AS_LENGTH: number = new DataView(MAGIC.buffer).getInt32(0);

/** The most bytes that `length` bytes can take. */
export function snappyBound(length: number): number {
  return HEADER_BYTES + Math.ceil(length / CHUNK_BYTES) * (4 + snappyBlockBound(Math.min(length, CHUNK_BYTES)));
}

/** @returns the number of bytes written to `target[targetStart..]` */
export function compressSnappy(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  targetStart: number,
): number {
  const view = new DataView(target.buffer, target.byteOffset, target.byteLength);
  target.set(MAGIC, targetStart);
  view.setInt32(targetStart + MAGIC.length, VERSION);
  view.setInt32(targetStart + MAGIC.length + 4, VERSION);
  let out = targetStart + HEADER_BYTES;
  for (let at = start; at < end; at += CHUNK_BYTES) {
    const blockEnd = compressSnappyBlock(source, at, Math.min(end, at + CHUNK_BYTES), target, out + 4);
    view.setInt32(out, blockEnd - out - 4);
    out = blockEnd;
  }
  return out - targetStart;
}

function hasMagic(source: Uint8Array, start: number, end: number): boolean {
  return end - start >= HEADER_BYTES && MAGIC.every((byte, at) => source[start + at] === byte);
}

/** See `Engine.decompress`. */
export function decompressSnappy(source: Uint8Array, start: number, end: number, target: Uint8Array): number {
  const view = new DataView(source.buffer, source.byteOffset, source.byteLength);
  if (!hasMagic(source, start, end)) return decompressSnappyBlock(source, start, end, target, 0);
  if (view.getInt32(start + MAGIC.length) < VERSION) throw corrupt(CODEC, 'the stream has a version below 1');
  let at = start + HEADER_BYTES;
  let out = 0;
  while (end - at >= 4) {
    const length = view.getInt32(at);
    at += 4;
    if (length === MAGIC_AS_LENGTH) {
      if (end - at < HEADER_BYTES - 4) throw corrupt(CODEC, 'a stream ends within its header');
      at += HEADER_BYTES - 4;
      continue;
    }
    if (length < 0) throw corrupt(CODEC, 'a chunk has a negative length');
    if (length > end - at) throw corrupt(CODEC, 'a chunk runs past the end of the data');
    out = decompressSnappyBlock(source, at, at + length, target, out);
    if (out === TOO_SMALL) return TOO_SMALL;
    at += length;
  }
  return out;
}
