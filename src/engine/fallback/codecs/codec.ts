/** The codecs by their numbers. */
import { SeglogError } from '../../../errors/errors.ts';
import { CODEC_IDS, type CodecId } from '../../contract.ts';
import { requireRange } from '../range.ts';
import { TOO_SMALL } from './corrupt.ts';
import { compressGzip, decompressGzip, gzipBound } from './gzip.ts';
import { compressLz4, decompressLz4, lz4FrameBound } from './lz4-frame.ts';
import { compressSnappy, decompressSnappy, snappyBound } from './snappy-xerial.ts';
import { compressZstd, decompressZstd, zstdBound } from './zstd.ts';

function unsupported(codec: number): SeglogError {
  return new SeglogError('UNSUPPORTED_CODEC', 'unknown compression codec', { expected: '0 to 4', found: codec });
}

/** See `Engine.compressBound`. */
export function compressBound(codec: CodecId, length: number): number {
  switch (codec) {
    case CODEC_IDS.none:
      return length;
    case CODEC_IDS.gzip:
      return gzipBound(length);
    case CODEC_IDS.snappy:
      return snappyBound(length);
    case CODEC_IDS.lz4:
      return lz4FrameBound(length);
    case CODEC_IDS.zstd:
      return zstdBound(length);
    default:
      throw unsupported(codec);
  }
}

/** See `Engine.compress`. @throws SeglogError `INVALID_ARGUMENT` when the target has no room for the bound, `UNSUPPORTED_CODEC` */
export function compress(
  codec: CodecId,
  level: number,
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  targetStart: number,
): number {
  requireRange(source, start, end);
  // What a typed array is told to write behind its end is lost in silence.
  const bound = compressBound(codec, end - start);
  if (!(targetStart >= 0 && target.length - targetStart >= bound)) {
    throw new SeglogError('INVALID_ARGUMENT', 'the target is too small', {
      expected: `room for ${bound} bytes`,
      found: target.length - targetStart,
    });
  }
  switch (codec) {
    case CODEC_IDS.none:
      target.set(source.subarray(start, end), targetStart);
      return end - start;
    case CODEC_IDS.gzip:
      return compressGzip(level, source, start, end, target, targetStart);
    case CODEC_IDS.snappy:
      return compressSnappy(source, start, end, target, targetStart);
    case CODEC_IDS.lz4:
      return compressLz4(level, source, start, end, target, targetStart);
    case CODEC_IDS.zstd:
      return compressZstd(level, source, start, end, target, targetStart);
    default:
      throw unsupported(codec);
  }
}

/** See `Engine.decompress`. */
export function decompress(
  codec: CodecId,
  magic: number,
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
): number {
  requireRange(source, start, end);
  switch (codec) {
    case CODEC_IDS.none:
      if (end - start > target.length) return TOO_SMALL;
      target.set(source.subarray(start, end));
      return end - start;
    case CODEC_IDS.gzip:
      return decompressGzip(source, start, end, target);
    case CODEC_IDS.snappy:
      return decompressSnappy(source, start, end, target);
    case CODEC_IDS.lz4:
      return decompressLz4(magic, source, start, end, target);
    case CODEC_IDS.zstd:
      return decompressZstd(source, start, end, target);
    default:
      throw unsupported(codec);
  }
}
