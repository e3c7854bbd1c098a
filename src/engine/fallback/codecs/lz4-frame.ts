/**
 * LZ4 frames, as Kafka writes and reads them. The only little-endian bytes in a log, besides zstd's.
 *
 *     magic      uint32   0x184D2204
 *     FLG        uint8    version 01, independent blocks, block checksum?, content size?, content checksum?, reserved 0, dictionary 0
 *     BD         uint8    largest block: 4 (64 KiB) to 7 (4 MiB)
 *     [content size, uint64: passed over]
 *     HC         uint8    (xxh32 of FLG to here >> 8) & 0xff
 *     blocks     uint32 length, the top bit: stored as it is; then the bytes; then [xxh32 of them]
 *     end mark   uint32   0
 *     [content checksum, uint32: read, never checked]
 *
 * Kafka writes FLG 0x60 and BD 0x40, so that HC is 0x82. In message format 0 it hashed HC from the frame magic on; there HC
 * is not looked at. Source: spec 1.5, Kafka's `Lz4BlockInputStream` and `Lz4BlockOutputStream`.
 */
import { SeglogError } from '../../../errors/errors.ts';
import { corrupt, TOO_SMALL } from './corrupt.ts';
import { compressLz4Block, decompressLz4Block, lz4BlockBound, NO_FIT } from './lz4-block.ts';
import { xxh32 } from './xxh32.ts';

const FRAME_MAGIC = 0x184d2204;
const FLAGS_AT = 4;
const BLOCK_SIZE_AT = FLAGS_AT + 1;
const DESCRIPTOR_END = BLOCK_SIZE_AT + 1;
const HEADER_BYTES = DESCRIPTOR_END + 1;
/** No byte of a block makes more than this many: a match is as long as its length bytes say, 255 each at most. */
const MOST_GROWTH = 255;
const LENGTH_BYTES = 4;
const CHECKSUM_BYTES = 4;
const CONTENT_SIZE_BYTES = 8;
/** A block's length with this bit: stored as it is. */
const STORED = 0x80000000;

const FLAGS = {
  DICTIONARY: 0x01,
  RESERVED: 0x02,
  CONTENT_CHECKSUM: 0x04,
  CONTENT_SIZE: 0x08,
  BLOCK_CHECKSUM: 0x10,
  INDEPENDENT: 0x20,
  VERSION_1: 0x40,
  VERSION_MASK: 0xc0,
} as const;
const BLOCK_SIZE_RESERVED = 0x8f;
const BLOCK_SIZE_SHIFT = 4;
const SMALLEST_BLOCK_SIZE = 4;
/** What is written: blocks of 64 KiB. */
const BLOCK_BYTES = 64 * 1024;

/** Kafka's range; 9 is the fast compressor, the only one here. */
const LEVELS = { min: 1, max: 17 } as const;
const CODEC = 'lz4';

/** The most bytes that `length` bytes can take, with room for a block that turns out not to shrink. */
export function lz4FrameBound(length: number): number {
  const blocks = Math.ceil(length / BLOCK_BYTES);
  return HEADER_BYTES + length + blocks * LENGTH_BYTES + LENGTH_BYTES + lz4BlockBound(BLOCK_BYTES) - BLOCK_BYTES;
}

/** @returns the number of bytes written to `target[targetStart..]`, which has room for the bound */
export function compressLz4(
  level: number,
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  targetStart: number,
): number {
  if (!(level >= LEVELS.min && level <= LEVELS.max)) {
    throw new SeglogError('INVALID_ARGUMENT', 'lz4 has no such level', {
      expected: `${LEVELS.min} to ${LEVELS.max}`,
      found: level,
    });
  }
  const view = new DataView(target.buffer, target.byteOffset, target.byteLength);
  view.setUint32(targetStart, FRAME_MAGIC, true);
  target[targetStart + FLAGS_AT] = FLAGS.VERSION_1 | FLAGS.INDEPENDENT;
  target[targetStart + BLOCK_SIZE_AT] = SMALLEST_BLOCK_SIZE << BLOCK_SIZE_SHIFT;
  target[targetStart + DESCRIPTOR_END] = headerChecksum(target, targetStart + FLAGS_AT, targetStart + DESCRIPTOR_END);
  let out = targetStart + HEADER_BYTES;
  for (let at = start; at < end; at += BLOCK_BYTES) {
    const blockEnd = Math.min(end, at + BLOCK_BYTES);
    const raw = blockEnd - at;
    const contentAt = out + LENGTH_BYTES;
    const length = compressLz4Block(source, at, blockEnd, target, contentAt) - contentAt;
    if (length < raw) {
      view.setUint32(out, length, true);
      out = contentAt + length;
    } else {
      view.setUint32(out, raw + STORED, true);
      target.set(source.subarray(at, blockEnd), contentAt);
      out = contentAt + raw;
    }
  }
  view.setUint32(out, 0, true);
  return out + LENGTH_BYTES - targetStart;
}

function headerChecksum(bytes: Uint8Array, start: number, end: number): number {
  return (xxh32(bytes, start, end) >>> 8) & 0xff;
}

interface Descriptor {
  readonly blocksAt: number;
  readonly maxBlockBytes: number;
  readonly blockChecksumBytes: number;
  readonly contentChecksumBytes: number;
}

function readDescriptor(
  view: DataView,
  bytes: Uint8Array,
  start: number,
  end: number,
  checkHeader: boolean,
): Descriptor {
  if (end - start < DESCRIPTOR_END) throw corrupt(CODEC, 'the frame ends within its header');
  if (view.getUint32(start, true) !== FRAME_MAGIC) throw corrupt(CODEC, 'this is no lz4 frame');
  const flags = view.getUint8(start + FLAGS_AT);
  const blockSize = view.getUint8(start + BLOCK_SIZE_AT);
  if ((flags & (FLAGS.DICTIONARY | FLAGS.RESERVED)) !== 0 || (blockSize & BLOCK_SIZE_RESERVED) !== 0) {
    throw corrupt(CODEC, 'a reserved bit of the header is set');
  }
  if ((flags & FLAGS.VERSION_MASK) !== FLAGS.VERSION_1) throw corrupt(CODEC, 'the frame has another version than 1');
  if ((flags & FLAGS.INDEPENDENT) === 0) throw corrupt(CODEC, 'the blocks of the frame depend on each other');
  const sizeCode = blockSize >>> BLOCK_SIZE_SHIFT;
  if (sizeCode < SMALLEST_BLOCK_SIZE) throw corrupt(CODEC, 'the frame has an unknown block size');
  const descriptorEnd = start + DESCRIPTOR_END + ((flags & FLAGS.CONTENT_SIZE) === 0 ? 0 : CONTENT_SIZE_BYTES);
  if (descriptorEnd >= end) throw corrupt(CODEC, 'the frame ends within its header');
  if (checkHeader && bytes[descriptorEnd] !== headerChecksum(bytes, start + FLAGS_AT, descriptorEnd)) {
    throw corrupt(CODEC, "the header's checksum does not match");
  }
  return {
    blocksAt: descriptorEnd + 1,
    maxBlockBytes: 1 << (8 + 2 * sizeCode),
    blockChecksumBytes: (flags & FLAGS.BLOCK_CHECKSUM) === 0 ? 0 : CHECKSUM_BYTES,
    contentChecksumBytes: (flags & FLAGS.CONTENT_CHECKSUM) === 0 ? 0 : CHECKSUM_BYTES,
  };
}

/** See `Engine.decompress`. What follows the first frame's end mark is not looked at, as in Kafka. */
export function decompressLz4(
  magic: number,
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
): number {
  const view = new DataView(source.buffer, source.byteOffset, source.byteLength);
  const { blocksAt, maxBlockBytes, blockChecksumBytes, contentChecksumBytes } = readDescriptor(
    view,
    source,
    start,
    end,
    magic !== 0,
  );
  let at = blocksAt;
  let out = 0;
  for (;;) {
    if (end - at < LENGTH_BYTES) throw corrupt(CODEC, 'the frame has no end mark');
    const field = view.getUint32(at, true);
    at += LENGTH_BYTES;
    const isStored = field >= STORED;
    const length = isStored ? field - STORED : field;
    if (length === 0) {
      if (end - at < contentChecksumBytes) throw corrupt(CODEC, 'the frame ends within its checksum');
      return out;
    }
    if (length > maxBlockBytes) throw corrupt(CODEC, 'a block is larger than the frame allows');
    if (length + blockChecksumBytes > end - at) throw corrupt(CODEC, 'a block runs past the end of the data');
    const blockEnd = at + length;
    if (blockChecksumBytes > 0 && view.getUint32(blockEnd, true) !== xxh32(source, at, blockEnd)) {
      throw corrupt(CODEC, "a block's checksum does not match");
    }
    if (isStored) {
      if (length > target.length - out) return TOO_SMALL;
      target.set(source.subarray(at, blockEnd), out);
      out += length;
    } else {
      out = readBlock(source, at, blockEnd, target, out, maxBlockBytes);
      if (out === TOO_SMALL) return TOO_SMALL;
    }
    at = blockEnd + blockChecksumBytes;
  }
}

/** A block that did not fit is decompressed aside once more, to tell a small target from a damaged block. */
function readBlock(
  source: Uint8Array,
  at: number,
  blockEnd: number,
  target: Uint8Array,
  out: number,
  maxBlockBytes: number,
): number {
  const room = target.length - out;
  const written = decompressLz4Block(source, at, blockEnd, target, out, out + Math.min(room, maxBlockBytes));
  if (written !== NO_FIT) return written;
  // In no more memory than the block can fill, whatever the frame says.
  const bound = Math.min(maxBlockBytes, (blockEnd - at) * MOST_GROWTH);
  if (room >= maxBlockBytes || decompressLz4Block(source, at, blockEnd, new Uint8Array(bound), 0, bound) === NO_FIT) {
    throw corrupt(CODEC, 'a block is damaged');
  }
  return TOO_SMALL;
}
