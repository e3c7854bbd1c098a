/**
 * Zstd frames (RFC 8878), read straight to where they belong: the target is the window.
 *
 *     frame      magic uint32 LE 0xFD2FB528, descriptor uint8, [window uint8], [dictionary id], [content size], blocks, [checksum]
 *     descriptor bits 0-1 dictionary id, 2 checksum, 3 reserved, 4 unused, 5 single segment, 6-7 content size
 *     block      3 bytes LE: bit 0 last, bits 1-2 kind (0 raw, 1 run, 2 compressed), bits 3-23 size; then its content
 *     skippable  uint32 LE 0x184D2A50 to 0x184D2A5F, length uint32 LE, so many bytes
 */
import { corrupt, TOO_SMALL } from '../corrupt.ts';
import { Literals } from './literals.ts';
import { Sequences } from './sequences.ts';
import { xxh64 } from './xxh64.ts';

const CODEC = 'zstd';
export const FRAME_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
const SKIPPABLE_MASK = 0xfffffff0;
const SKIPPABLE_HEADER = 8;
const DESCRIPTOR_AT = 4;
const DESCRIPTOR = { CHECKSUM: 0x04, RESERVED: 0x08, SINGLE_SEGMENT: 0x20 } as const;
/** The largest window that readers accept unless told otherwise, Kafka's among them. */
const MAX_WINDOW: number = 2 ** 27;
const CHECKSUM_BYTES = 4;
export const MAX_BLOCK_BYTES: number = 128 * 1024;
export const BLOCK_HEADER = 3;
export const BLOCK_KINDS = { raw: 0, run: 1, compressed: 2, reserved: 3 } as const;

/** What a frame's header says, and where the frame ends, which takes a look at each block's header. */
export interface Frame {
  readonly blocksAt: number;
  /** Behind the last block. */
  readonly blocksEnd: number;
  /** Behind the frame. */
  readonly end: number;
  readonly maxBlockBytes: number;
  readonly contentSize: number | undefined;
  readonly hasChecksum: boolean;
  readonly isSkippable: boolean;
}

interface Block {
  readonly kind: number;
  readonly size: number;
  readonly isLast: boolean;
  /** Its bytes behind the header. */
  readonly storedBytes: number;
}

function readBlockHeader(bytes: Uint8Array, at: number, end: number): Block {
  if (end - at < BLOCK_HEADER) throw corrupt(CODEC, 'the frame has no last block');
  const field = (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16);
  const kind = (field >>> 1) & 3;
  const size = field >>> 3;
  if (kind === BLOCK_KINDS.reserved) throw corrupt(CODEC, 'a block of a reserved kind');
  return { kind, size, isLast: (field & 1) === 1, storedBytes: kind === BLOCK_KINDS.run ? 1 : size };
}

function endOfBlocks(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  for (;;) {
    const block = readBlockHeader(bytes, at, end);
    at += BLOCK_HEADER + block.storedBytes;
    if (at > end) throw corrupt(CODEC, 'a block is cut off');
    if (block.isLast) return at;
  }
}

function readContentSize(view: DataView, at: number, byteCount: number): number | undefined {
  if (byteCount === 0) return undefined;
  if (byteCount === 1) return view.getUint8(at);
  if (byteCount === 2) return view.getUint16(at, true) + 256;
  return byteCount === 4 ? view.getUint32(at, true) : Number(view.getBigUint64(at, true));
}

/** The frame at `start`, whole within `bytes[start, end)`. @throws SeglogError `CORRUPT_COMPRESSED_DATA` */
export function readFrame(bytes: Uint8Array, view: DataView, start: number, end: number): Frame {
  const available = end - start;
  const magic = available < DESCRIPTOR_AT + 1 ? 0 : view.getUint32(start, true);
  if ((magic & SKIPPABLE_MASK) === SKIPPABLE_MAGIC) {
    const frameEnd =
      available < SKIPPABLE_HEADER
        ? Number.POSITIVE_INFINITY
        : start + SKIPPABLE_HEADER + view.getUint32(start + DESCRIPTOR_AT, true);
    if (frameEnd > end) throw corrupt(CODEC, 'a frame is cut off');
    return {
      blocksAt: frameEnd,
      blocksEnd: frameEnd,
      end: frameEnd,
      maxBlockBytes: 0,
      contentSize: 0,
      hasChecksum: false,
      isSkippable: true,
    };
  }
  if (magic !== FRAME_MAGIC) throw corrupt(CODEC, 'this is no zstd frame');
  const descriptor = view.getUint8(start + DESCRIPTOR_AT);
  const isSingleSegment = (descriptor & DESCRIPTOR.SINGLE_SEGMENT) !== 0;
  const windowAt = start + DESCRIPTOR_AT + 1;
  const dictionaryAt = windowAt + (isSingleSegment ? 0 : 1);
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] as number;
  const sizeAt = dictionaryAt + dictionaryBytes;
  const sizeCode = descriptor >>> 6;
  const sizeBytes = sizeCode === 0 ? (isSingleSegment ? 1 : 0) : 1 << sizeCode;
  const blocksAt = sizeAt + sizeBytes;
  if (blocksAt > end) throw corrupt(CODEC, 'the header is cut off');
  if ((descriptor & DESCRIPTOR.RESERVED) !== 0) throw corrupt(CODEC, 'a reserved bit of the header is set');
  const contentSize = readContentSize(view, sizeAt, sizeBytes);
  const window = isSingleSegment ? (contentSize as number) : windowSize(view.getUint8(windowAt));
  if (window > MAX_WINDOW) throw corrupt(CODEC, 'the window is larger than 2^27 bytes');
  if (bytes.subarray(dictionaryAt, sizeAt).some((byte) => byte !== 0))
    throw corrupt(CODEC, 'the frame needs a dictionary');
  const hasChecksum = (descriptor & DESCRIPTOR.CHECKSUM) !== 0;
  const blocksEnd = endOfBlocks(bytes, blocksAt, end);
  const frameEnd = blocksEnd + (hasChecksum ? CHECKSUM_BYTES : 0);
  if (frameEnd > end) throw corrupt(CODEC, 'the checksum is cut off');
  return {
    blocksAt,
    blocksEnd,
    end: frameEnd,
    maxBlockBytes: Math.min(window, MAX_BLOCK_BYTES),
    contentSize,
    hasChecksum,
    isSkippable: false,
  };
}

/** An exponent in the upper five bits, eighths of it in the lower three. */
function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >>> 3));
  return base + (base / 8) * (descriptor & 7);
}

/** One of each for all calls: none of them can be interrupted. */
const literals = new Literals();
const sequences = new Sequences();

/**
 * Decompresses a frame to `target[targetStart..]`.
 *
 * @returns the position behind what was written, or -1 when it does not fit
 * @throws SeglogError `CORRUPT_COMPRESSED_DATA`
 */
export function decompressFrame(
  frame: Frame,
  bytes: Uint8Array,
  view: DataView,
  target: Uint8Array,
  targetStart: number,
): number {
  literals.reset();
  sequences.reset();
  let out = targetStart;
  for (let at = frame.blocksAt; at < frame.blocksEnd; ) {
    const block = readBlockHeader(bytes, at, frame.blocksEnd);
    at += BLOCK_HEADER;
    out = decompressBlock(block, frame, bytes, at, target, out, targetStart);
    if (out === TOO_SMALL) return TOO_SMALL;
    at += block.storedBytes;
  }
  if (frame.contentSize !== undefined && frame.contentSize !== out - targetStart)
    throw corrupt(CODEC, 'the content is not as long as the header says');
  if (
    frame.hasChecksum &&
    view.getUint32(frame.blocksEnd, true) !== Number(xxh64(target, targetStart, out) & 0xffffffffn)
  ) {
    throw corrupt(CODEC, 'the checksum does not match');
  }
  return out;
}

function decompressBlock(
  block: Block,
  { maxBlockBytes }: Frame,
  bytes: Uint8Array,
  at: number,
  target: Uint8Array,
  out: number,
  frameStart: number,
): number {
  const { kind, size } = block;
  if (kind === BLOCK_KINDS.compressed) {
    // The reference, and so the native engine, lets raw blocks and runs be larger.
    if (size > maxBlockBytes) throw corrupt(CODEC, 'a compressed block is larger than it may be');
    const end = at + size;
    const sequencesAt = literals.read(bytes, at, end, maxBlockBytes);
    return sequences.execute(bytes, sequencesAt, end, literals, target, out, frameStart, maxBlockBytes);
  }
  if (size > target.length - out) return TOO_SMALL;
  if (kind === BLOCK_KINDS.run) target.fill(bytes[at] as number, out, out + size);
  else target.set(bytes.subarray(at, at + size), out);
  return out + size;
}
