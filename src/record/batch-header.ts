/** A batch's header as numbers: for finding, rolling and indexing. The whole batch is a `RecordBatch`. */
import { SeglogError } from '../errors/errors.ts';
import type { Offset, TimestampMs } from '../units/units.ts';
import { BATCH, LOG_OVERHEAD, magicOf, maxTimestampOf } from '../format/batch.ts';

/** What a header tells without decompression. */
export interface BatchHeader {
  /** The message format: 0, 1 or 2. */
  readonly magic: number;
  /** All bytes of the batch, header included. */
  readonly sizeBytes: number;
  /** The first offset; in formats 0 and 1, whose headers do not have it, the last one. */
  readonly baseOffset: Offset;
  readonly lastOffset: Offset;
  /** The largest timestamp, -1 when there is none. */
  readonly maxTimestamp: TimestampMs;
}

const TWO_POW_32 = 0x1_0000_0000;
/** The high half of 2^53. */
const EXACT_HIGH = 0x20_0000;

/** An int64 that must be exact as a number. */
function exactInt64(view: DataView, at: number): number | undefined {
  const high = view.getInt32(at);
  return high >= EXACT_HIGH || high < -EXACT_HIGH ? undefined : high * TWO_POW_32 + view.getUint32(at + 4);
}

/**
 * Reads a header that is whole at `at`.
 *
 * @param file named in errors, with `position`, where the batch starts in it
 * @throws SeglogError `OFFSET_NOT_EXACT`, `TIMESTAMP_NOT_EXACT` beyond 2^53
 */
export function readBatchHeader(view: DataView, at: number, file: string, position: number): BatchHeader {
  const first = exactInt64(view, at + BATCH.BASE_OFFSET);
  if (first === undefined) throw offsetNotExact(view.getBigInt64(at), file, position);
  const magic = magicOf(view, at);
  const delta = magic >= 2 ? view.getInt32(at + BATCH.LAST_OFFSET_DELTA) : 0;
  const lastOffset = first + delta;
  if (lastOffset > Number.MAX_SAFE_INTEGER) throw offsetNotExact(BigInt(first) + BigInt(delta), file, position);
  const maxTimestamp = maxTimestampOf(view, at);
  if (!Number.isSafeInteger(maxTimestamp)) throw timestampNotExact(maxTimestamp, file, position);
  const sizeBytes = LOG_OVERHEAD + view.getInt32(at + BATCH.LENGTH);
  return { magic, sizeBytes, baseOffset: first, lastOffset, maxTimestamp };
}

export function offsetNotExact(found: bigint, file: string, position: number): SeglogError {
  return new SeglogError('OFFSET_NOT_EXACT', 'an offset is beyond what a log here can count exactly', {
    file,
    position,
    expected: `at most 2^53 - 1`,
    found,
    action: 'Inspect the file with `seglog dump`, which prints any offset',
  });
}

export function timestampNotExact(found: number | bigint, file: string, position: number): SeglogError {
  return new SeglogError('TIMESTAMP_NOT_EXACT', 'a timestamp is beyond what a log here can hold exactly', {
    file,
    position,
    expected: 'at most 2^53 - 1',
    found,
    action: 'Inspect the file with `seglog dump`, which prints any timestamp',
  });
}
