/**
 * Decompression with a limit on what comes out: the bytes that went in, and a configured bound, are all that decide how
 * much memory it takes. A size that the input claims for itself is never believed.
 */
import { CODEC_IDS, type CodecId, type Engine } from '../engine/contract.ts';
import { SeglogError } from '../errors/errors.ts';

/** The most bytes that one batch's records may decompress to, unless told otherwise. */
export const MAX_DECOMPRESSED_BYTES: number = 128 * 1024 * 1024;
/** Kafka's batches are mostly 16 KiB, and records compress about 4 to 1: most fit the first buffer. */
const FIRST_TARGET_BYTES = 64 * 1024;
const USUAL_RATIO = 4;

/** Options of {@link decompressRecords}. */
export interface DecompressOptions {
  /** The most bytes that may come out. Default 128 MiB. */
  readonly maxDecompressedBytes?: number | undefined;
  /** Named in errors: the file, and where in it the batch starts. */
  readonly file?: string | undefined;
  readonly position?: number | undefined;
  /** A buffer to decompress into when it is large enough; the result is then a view of it, valid until its next use. */
  readonly target?: Uint8Array | undefined;
}

/** What errors say of the place, from options that may know it. */
export function placeOf(options: DecompressOptions): { file?: string; position?: number } {
  return {
    ...(options.file === undefined ? {} : { file: options.file }),
    ...(options.position === undefined ? {} : { position: options.position }),
  };
}

/** The codec of a number from the attributes. @throws SeglogError `UNSUPPORTED_CODEC` for 5 to 7, and what is not allowed here */
export function codecOf(id: number, magic: number, options: DecompressOptions = {}): CodecId {
  // zstd came with format 2; in a format 0 or 1 message Kafka refuses it.
  const highest = magic < 2 ? CODEC_IDS.lz4 : CODEC_IDS.zstd;
  if (id > highest) {
    throw new SeglogError('UNSUPPORTED_CODEC', `unknown compression codec for a batch of format ${magic}`, {
      ...placeOf(options),
      expected: `0 to ${highest}`,
      found: id,
    });
  }
  return id as CodecId;
}

/**
 * The decompressed form of `bytes[start, end)`. `magic` is the batch's format: format 0 has its own lz4 checksum.
 * The result belongs to the caller, or is a view of `options.target` (of `bytes` itself when nothing is compressed).
 *
 * @throws SeglogError `DECOMPRESSED_TOO_LARGE`, `CORRUPT_COMPRESSED_DATA`, `UNSUPPORTED_CODEC`
 */
export function decompressRecords(
  engine: Engine,
  codec: CodecId,
  magic: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  options: DecompressOptions = {},
): Uint8Array {
  if (codec === CODEC_IDS.none) return bytes.subarray(start, end);
  const limit = options.maxDecompressedBytes ?? MAX_DECOMPRESSED_BYTES;
  let size = Math.min(limit, Math.max(FIRST_TARGET_BYTES, USUAL_RATIO * (end - start)));
  let target = options.target;
  if (target === undefined || target.length < size) target = new Uint8Array(size);
  else if (target.length > limit) target = target.subarray(0, limit);
  for (;;) {
    const written = attempt(engine, codec, magic, bytes, start, end, target, options);
    if (written >= 0) return target.subarray(0, written);
    if (target.length >= limit) {
      throw new SeglogError('DECOMPRESSED_TOO_LARGE', 'the records decompress to more than is allowed', {
        ...placeOf(options),
        expected: `at most ${limit} bytes from the ${end - start} compressed ones`,
        action: 'Raise maxDecompressedBytes if this batch is to be trusted',
      });
    }
    size = Math.min(limit, target.length * 2);
    target = new Uint8Array(size);
  }
}

/** One try, with the place added to what the engine, which knows no files, says of broken data. */
function attempt(
  engine: Engine,
  codec: CodecId,
  magic: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  options: DecompressOptions,
): number {
  try {
    return engine.decompress(codec, magic, bytes, start, end, target);
  } catch (error) {
    if (!(error instanceof SeglogError) || options.file === undefined || error.file !== undefined) throw error;
    throw new SeglogError(error.code, error.message, { ...placeOf(options), cause: error });
  }
}
