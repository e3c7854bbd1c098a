/**
 * Zstandard. Read by the decoder in `zstd/`, on every Node alike. Written by node:zlib where that has it (Node 22.15), else as
 * frames of raw and run-length blocks, which every reader takes and which compress nothing but runs.
 *
 * Why a decoder of our own, though Nodes have one and the package fzstd is another: fzstd loops for ever on a Huffman
 * description whose states take no bits, sets aside whatever window a frame claims, and checks neither bounds nor checksums;
 * node:zlib's sets the window aside too, and is not there on Node 20. This one takes no memory besides the target and a
 * block's literals, and refuses what the format's reference refuses.
 */
import * as zlib from 'node:zlib';
import { TOO_SMALL } from './corrupt.ts';
import { BLOCK_HEADER, BLOCK_KINDS, decompressFrame, FRAME_MAGIC, MAX_BLOCK_BYTES, readFrame } from './zstd/frame.ts';

/** What newer Nodes have, and the types of the oldest one that runs this do not know. */
interface ZstdZlib {
  readonly zstdCompressSync?: (bytes: Uint8Array, options: { params: Record<number, number> }) => Uint8Array;
  readonly constants: { readonly ZSTD_c_compressionLevel?: number; readonly ZSTD_c_contentSizeFlag?: number };
}
const nodeZlib = zlib as unknown as ZstdZlib;

/** No content size, as in Kafka's own frames, no dictionary, no checksum. */
const DESCRIPTOR = 0;
/** A window of one block: nothing here looks back. */
const WINDOW_OF_128_KIB = 7 << 3;
const HEADER_BYTES = 4 + 1 + 1;

/** The most bytes that `length` bytes can take, by either writer. */
export function zstdBound(length: number): number {
  return (
    HEADER_BYTES + length + (Math.ceil(length / MAX_BLOCK_BYTES) + 1) * BLOCK_HEADER + Math.ceil(length / 128) + 64
  );
}

/** @returns the number of bytes written to `target[targetStart..]`, which has room for the bound */
export function compressZstd(
  level: number,
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  targetStart: number,
): number {
  const { zstdCompressSync, constants } = nodeZlib;
  if (
    zstdCompressSync === undefined ||
    constants.ZSTD_c_compressionLevel === undefined ||
    constants.ZSTD_c_contentSizeFlag === undefined
  ) {
    return writePlainFrame(source, start, end, target, targetStart);
  }
  const params = { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_contentSizeFlag]: 0 };
  const compressed = zstdCompressSync(source.subarray(start, end), { params });
  target.set(compressed, targetStart);
  return compressed.length;
}

function writePlainFrame(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  targetStart: number,
): number {
  new DataView(target.buffer, target.byteOffset, target.byteLength).setUint32(targetStart, FRAME_MAGIC, true);
  target[targetStart + 4] = DESCRIPTOR;
  target[targetStart + 5] = WINDOW_OF_128_KIB;
  let out = targetStart + HEADER_BYTES;
  let at = start;
  do {
    const length = Math.min(MAX_BLOCK_BYTES, end - at);
    const isLast = at + length === end ? 1 : 0;
    const isRun = length > 1 && isOneByteRepeated(source, at, at + length);
    const header = isLast | ((isRun ? BLOCK_KINDS.run : BLOCK_KINDS.raw) << 1) | (length << 3);
    target[out++] = header & 0xff;
    target[out++] = (header >>> 8) & 0xff;
    target[out++] = header >>> 16;
    const storedBytes = isRun ? 1 : length;
    target.set(source.subarray(at, at + storedBytes), out);
    out += storedBytes;
    at += length;
  } while (at < end);
  return out - targetStart;
}

function isOneByteRepeated(source: Uint8Array, start: number, end: number): boolean {
  for (let at = start + 1; at < end; at++) {
    if (source[at] !== source[start]) return false;
  }
  return true;
}

/** See `Engine.decompress`. Frames may follow each other, and no bytes at all are no content, as for Kafka's reader. */
export function decompressZstd(source: Uint8Array, start: number, end: number, target: Uint8Array): number {
  const view = new DataView(source.buffer, source.byteOffset, source.byteLength);
  let at = start;
  let out = 0;
  while (at < end) {
    const frame = readFrame(source, view, at, end);
    if (!frame.isSkippable) out = decompressFrame(frame, source, view, target, out);
    if (out === TOO_SMALL) return TOO_SMALL;
    at = frame.end;
  }
  return out;
}
