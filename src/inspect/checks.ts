/** Whether bytes are a batch: by checksum, and by what can be said without one. */
import { CODEC_IDS, type Engine } from '../engine/contract.ts';
import { ATTRIBUTES, BATCH, HEADER_SIZE, LEGACY, LOG_OVERHEAD, MIN_MESSAGE_SIZE } from '../format/batch.ts';

/** Bytes up to and including the magic, which tells the format. */
export const UNTIL_MAGIC: number = BATCH.MAGIC + 1;

/** The checksum that a whole batch states, and the one that its bytes have; undefined when it is too small for its format. */
export function checksums(
  engine: Engine,
  bytes: Uint8Array,
  view: DataView,
  at: number,
  size: number,
): { stored: number; computed: number } | undefined {
  const magic = view.getInt8(at + BATCH.MAGIC);
  if (magic === 0 || magic === 1) {
    return {
      stored: view.getUint32(at + LOG_OVERHEAD),
      computed: engine.crc32(bytes, at + LOG_OVERHEAD + 4, at + size),
    };
  }
  if (size < HEADER_SIZE) return undefined;
  return { stored: view.getUint32(at + BATCH.CRC), computed: engine.crc32c(bytes, at + BATCH.ATTRIBUTES, at + size) };
}

/** Whether the size and the checksum of a whole batch are right: what Kafka calls valid. */
export function isValid(engine: Engine, bytes: Uint8Array, view: DataView, at: number, size: number): boolean {
  const sums = checksums(engine, bytes, view, at, size);
  return sums !== undefined && sums.stored === sums.computed;
}

/**
 * The size of the batch that `view[at..]` seems to start, if nothing speaks against it; undefined otherwise. At least
 * {@link HEADER_SIZE} bytes, or all that remain in the file, are there; `remaining` counts to the end of the file.
 */
export function plausibleSize(view: DataView, at: number, remaining: number): number | undefined {
  if (remaining < LOG_OVERHEAD + MIN_MESSAGE_SIZE) return undefined;
  const size = LOG_OVERHEAD + view.getInt32(at + BATCH.LENGTH);
  if (size < LOG_OVERHEAD + MIN_MESSAGE_SIZE || size > remaining || view.getInt32(at + BATCH.BASE_OFFSET) < 0)
    return undefined;
  const magic = view.getInt8(at + BATCH.MAGIC);
  if (magic === 0 || magic === 1) return (view.getUint8(at + LEGACY.ATTRIBUTES) & 0xf0) === 0 ? size : undefined;
  if (magic !== 2 || size < HEADER_SIZE) return undefined;
  const attributes = view.getUint16(at + BATCH.ATTRIBUTES);
  if ((attributes & ATTRIBUTES.CODEC_MASK) > CODEC_IDS.zstd || attributes > 0x7f) return undefined;
  return view.getInt32(at + BATCH.RECORD_COUNT) >= 0 && view.getInt32(at + BATCH.LAST_OFFSET_DELTA) >= 0
    ? size
    : undefined;
}
