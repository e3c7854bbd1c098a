/**
 * Decompression with a limit on what comes out: the bytes that went in, and a configured bound, are all that decide how
 * much memory it takes. A size that the input claims for itself is never believed.
 */
import { CODEC_IDS, type CodecId, type Engine } from '../engine/contract.ts';
import { SeglogError } from '../errors/errors.ts';

/** The most bytes that one batch's records may decompress to, unless told otherwise. */
export const MAX_DECOMPRESSED_BYTES: number = 128 * 1024 * 1024;
/** The first guess, and the least memory that is taken. */
const USUAL_RATIO = 4;
const LEAST_TARGET_BYTES = 4096;
/** Batches of one log compress alike: the last ratio and a little more is the next guess. */
const MARGIN = 1.1;

/**
 * Memory to decompress into. It learns from batch to batch how much one takes, so that most are decompressed once, into
 * memory that is about their size.
 */
export class DecompressionMemory {
  readonly #isReused: boolean;
  #bytes: Uint8Array = new Uint8Array(0);
  #ratio: number = USUAL_RATIO;

  /** @param isReused - whether each batch overwrites the one before it */
  constructor(isReused: boolean) {
    this.#isReused = isReused;
  }

  /** Memory for what `compressedBytes` are likely to become, or for `atLeast` bytes; never more than `limit`. */
  take(compressedBytes: number, atLeast: number, limit: number): Uint8Array {
    const guess = Math.max(LEAST_TARGET_BYTES, atLeast, Math.ceil(compressedBytes * this.#ratio * MARGIN));
    const size = Math.min(limit, guess);
    if (this.#bytes.length >= size) return this.#bytes.subarray(0, Math.min(limit, this.#bytes.length));
    const made = Buffer.allocUnsafeSlow(size);
    if (this.#isReused) this.#bytes = made;
    return made;
  }

  /** What it came to. */
  learn(compressedBytes: number, decompressedBytes: number): void {
    if (compressedBytes > 0) this.#ratio = decompressedBytes / compressedBytes;
  }
}

/** Options of {@link decompressRecords}. */
export interface DecompressOptions {
  /** The most bytes that may come out. Default 128 MiB. */
  readonly maxDecompressedBytes?: number | undefined;
  /** Named in errors: the file, and where in it the batch starts. */
  readonly file?: string | undefined;
  readonly position?: number | undefined;
  /** Where it goes, when several batches are decompressed one after the other. */
  readonly memory?: DecompressionMemory | undefined;
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
 * The result belongs to the caller, or is a view of `options.memory` (of `bytes` itself when nothing is compressed).
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
  const memory = options.memory ?? new DecompressionMemory(false);
  const compressedBytes = end - start;
  let target = memory.take(compressedBytes, 0, limit);
  for (;;) {
    const written = attempt(engine, codec, magic, bytes, start, end, target, options);
    if (written >= 0) {
      memory.learn(compressedBytes, written);
      return target.subarray(0, written);
    }
    if (target.length >= limit) {
      throw new SeglogError('DECOMPRESSED_TOO_LARGE', 'the records decompress to more than is allowed', {
        ...placeOf(options),
        expected: `at most ${limit} bytes from the ${compressedBytes} compressed ones`,
        action: 'Raise maxDecompressedBytes if this batch is to be trusted',
      });
    }
    target = memory.take(compressedBytes, target.length * 2, limit);
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
