/**
 * Gzip members (RFC 1952), deflated by node:zlib.
 *
 *     1f 8b | 08 | flags | mtime x4 | xfl | os | [extra] [name\0] [comment\0] [crc16] | deflate | crc32 LE | size LE
 *
 * Reads like Java's `GZIPInputStream`: members may follow each other, and what follows the last one is passed over unless it
 * is the header of another. That is why the members are taken apart here: node:zlib refuses what follows.
 */
import { gzipSync, inflateRawSync } from 'node:zlib';
import { SeglogError } from '../../../errors/errors.ts';
import { crc32 } from '../crc.ts';
import { corrupt, TOO_SMALL } from './corrupt.ts';

const FIXED_HEADER = 10;
const FLAGS_AT = 3;
const FLAGS = { HEADER_CRC: 0x02, EXTRA: 0x04, NAME: 0x08, COMMENT: 0x10 } as const;
const TRAILER = 4 + 4;
/** Whatever the target's size, output is made in pieces of this size. */
const PIECE_BYTES = 64 * 1024;
const LEVELS = { min: -1, max: 9 } as const;
const CODEC = 'gzip';

/** zlib's most cautious bound, with header and trailer. */
export function gzipBound(length: number): number {
  return FIXED_HEADER + length + Math.ceil(length / 8) + Math.ceil(length / 64) + 16 + TRAILER;
}

/** @returns the number of bytes written to `target[targetStart..]`, which has room for the bound */
export function compressGzip(
  level: number,
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  targetStart: number,
): number {
  if (!(level >= LEVELS.min && level <= LEVELS.max)) {
    throw new SeglogError('INVALID_ARGUMENT', 'gzip has no such level', {
      expected: `${LEVELS.min} to ${LEVELS.max}`,
      found: level,
    });
  }
  const compressed = gzipSync(source.subarray(start, end), { level });
  target.set(compressed, targetStart);
  return compressed.length;
}

/** See `Engine.decompress`. */
export function decompressGzip(source: Uint8Array, start: number, end: number, target: Uint8Array): number {
  const view = new DataView(source.buffer, source.byteOffset, source.byteLength);
  let at = endOfHeader(source, view, start, end);
  if (at === NO_HEADER) throw corrupt(CODEC, 'this is no gzip member');
  let out = 0;
  do {
    const { bytes, consumed } = inflate(source.subarray(at, end), target.length - out);
    if (bytes === undefined) return TOO_SMALL;
    at += consumed;
    if (end - at < TRAILER) throw corrupt(CODEC, 'the trailer is cut off');
    if (view.getUint32(at, true) !== crc32(bytes, 0, bytes.length) || view.getUint32(at + 4, true) !== bytes.length) {
      throw corrupt(CODEC, 'the trailer does not match the data');
    }
    target.set(bytes, out);
    out += bytes.length;
    at = endOfHeader(source, view, at + TRAILER, end);
  } while (at !== NO_HEADER);
  return out;
}

interface Inflated {
  /** Undefined when there are more than was asked for. */
  readonly bytes: Uint8Array | undefined;
  /** How many bytes of the input the stream took. */
  readonly consumed: number;
}

function inflate(source: Uint8Array, room: number): Inflated {
  try {
    // The types leave out what `info` does: the engine comes back with the bytes.
    const { buffer, engine } = inflateRawSync(source, {
      chunkSize: PIECE_BYTES,
      maxOutputLength: Math.max(1, room),
      info: true,
    }) as unknown as {
      buffer: Uint8Array;
      engine: { bytesWritten: number };
    };
    return { bytes: buffer.length > room ? undefined : buffer, consumed: engine.bytesWritten };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') return { bytes: undefined, consumed: 0 };
    throw corrupt(CODEC, (error as Error).message);
  }
}

const NO_HEADER = -1;

/** Where the header of the member at `start` ends, or {@link NO_HEADER} when there is none. */
function endOfHeader(bytes: Uint8Array, view: DataView, start: number, end: number): number {
  if (end - start < FIXED_HEADER || bytes[start] !== 0x1f || bytes[start + 1] !== 0x8b || bytes[start + 2] !== 8)
    return NO_HEADER;
  const flags = view.getUint8(start + FLAGS_AT);
  let at = start + FIXED_HEADER;
  if ((flags & FLAGS.EXTRA) !== 0) {
    if (end - at < 2) return NO_HEADER;
    at += 2 + view.getUint16(at, true);
  }
  for (const flag of [FLAGS.NAME, FLAGS.COMMENT]) {
    if ((flags & flag) === 0) continue;
    const zero = at < end ? bytes.indexOf(0, at) : -1;
    if (zero < 0 || zero >= end) return NO_HEADER;
    at = zero + 1;
  }
  if ((flags & FLAGS.HEADER_CRC) !== 0) {
    if (end - at < 2 || view.getUint16(at, true) !== (crc32(bytes, start, at) & 0xffff)) return NO_HEADER;
    at += 2;
  }
  return at > end ? NO_HEADER : at;
}
