/**
 * The layout of batches, message format 2, and of the log entries of formats 0 and 1.
 *
 *     0            8        12       16      17    21           23                27              35
 *     +------------+--------+--------+-------+-----+------------+-----------------+---------------+--------------
 *     | baseOffset | length | epoch  | magic | crc | attributes | lastOffsetDelta | baseTimestamp | maxTimestamp
 *     +------------+--------+--------+-------+-----+------------+-----------------+---------------+--------------
 *       int64        int32    int32    int8    u32   int16        int32             int64           int64
 *
 *     43           51              53             57            61
 *     +------------+---------------+--------------+-------------+---------
 *     | producerId | producerEpoch | baseSequence | recordCount | records, compressed as one stream if at all
 *     +------------+---------------+--------------+-------------+---------
 *       int64        int16           int32          int32
 *
 * `length` counts what follows it. The checksum covers everything from the attributes on: a leader stamps the offset and its
 * epoch on a batch without touching the checksum, which is why they stand before it. Invariants: the last offset is
 * `baseOffset + lastOffsetDelta`, also where compaction took records away; the magic stands at the same place in all formats.
 *
 * Formats 0 and 1: `offset int64, size int32, crc uint32, magic int8, attributes int8, [timestamp int64 in format 1], key, value`;
 * the offset is the LAST one of the entry.
 *
 * Source: spec 1.1 and 1.4, Kafka's `DefaultRecordBatch` and `LegacyRecord`.
 */

const BASE_OFFSET = 0;
const LENGTH = BASE_OFFSET + 8;
const LEADER_EPOCH = LENGTH + 4;
const MAGIC = LEADER_EPOCH + 4;
const CRC = MAGIC + 1;
const ATTRIBUTES_AT = CRC + 4;
const LAST_OFFSET_DELTA = ATTRIBUTES_AT + 2;
const BASE_TIMESTAMP = LAST_OFFSET_DELTA + 4;
const MAX_TIMESTAMP = BASE_TIMESTAMP + 8;
const PRODUCER_ID = MAX_TIMESTAMP + 8;
const PRODUCER_EPOCH = PRODUCER_ID + 8;
const BASE_SEQUENCE = PRODUCER_EPOCH + 2;
const RECORD_COUNT = BASE_SEQUENCE + 4;

/** Where each field of a format 2 header stands. */
export const BATCH: {
  readonly BASE_OFFSET: number;
  readonly LENGTH: number;
  readonly LEADER_EPOCH: number;
  readonly MAGIC: number;
  readonly CRC: number;
  readonly ATTRIBUTES: number;
  readonly LAST_OFFSET_DELTA: number;
  readonly BASE_TIMESTAMP: number;
  readonly MAX_TIMESTAMP: number;
  readonly PRODUCER_ID: number;
  readonly PRODUCER_EPOCH: number;
  readonly BASE_SEQUENCE: number;
  readonly RECORD_COUNT: number;
} = {
  BASE_OFFSET,
  LENGTH,
  LEADER_EPOCH,
  MAGIC,
  CRC,
  ATTRIBUTES: ATTRIBUTES_AT,
  LAST_OFFSET_DELTA,
  BASE_TIMESTAMP,
  MAX_TIMESTAMP,
  PRODUCER_ID,
  PRODUCER_EPOCH,
  BASE_SEQUENCE,
  RECORD_COUNT,
};

/** Offset and length, which no length counts; the same in all formats. */
export const LOG_OVERHEAD: number = LENGTH + 4;
/** Where the records start. */
export const HEADER_SIZE: number = RECORD_COUNT + 4;

/** Where fields of a format 0 or 1 entry stand, from the entry's start. */
export const LEGACY: {
  readonly CRC: number;
  readonly MAGIC: number;
  readonly ATTRIBUTES: number;
  readonly TIMESTAMP: number;
} = {
  CRC: LEADER_EPOCH,
  MAGIC,
  ATTRIBUTES: MAGIC + 1,
  TIMESTAMP: MAGIC + 2,
};
/** The smallest size field that any format has: a format 0 message without key and value. */
export const MIN_MESSAGE_SIZE = 14;

/** Bits of the attributes. */
export const ATTRIBUTES = {
  CODEC_MASK: 0x07,
  /** Records read back with the batch's maxTimestamp. */
  LOG_APPEND_TIME: 0x08,
  TRANSACTIONAL: 0x10,
  CONTROL: 0x20,
  /** baseTimestamp is a delete horizon. */
  DELETE_HORIZON: 0x40,
} as const;

if (HEADER_SIZE !== 61 || LOG_OVERHEAD !== 12 || ATTRIBUTES_AT !== 21)
  throw new Error('the batch layout does not add up');

const TWO_POW_32 = 0x1_0000_0000;

/** An int64 as a number; inexact beyond 2^53. */
function int64(view: DataView, at: number): number {
  return view.getInt32(at) * TWO_POW_32 + view.getUint32(at + 4);
}

/** The format of the batch at `at`: 0, 1, 2, or what a later Kafka may write. */
export function magicOf(view: DataView, at: number): number {
  return view.getInt8(at + MAGIC);
}

/** The first offset; in formats 0 and 1 the last one. Inexact beyond 2^53. */
export function baseOffsetOf(view: DataView, at: number): number {
  return int64(view, at + BASE_OFFSET);
}

/** The last offset, in any format. Inexact beyond 2^53. */
export function lastOffsetOf(view: DataView, at: number): number {
  const first = int64(view, at + BASE_OFFSET);
  return magicOf(view, at) >= 2 ? first + view.getInt32(at + LAST_OFFSET_DELTA) : first;
}

/** The largest timestamp, in any format; -1 where there is none. Inexact beyond 2^53. */
export function maxTimestampOf(view: DataView, at: number): number {
  const magic = magicOf(view, at);
  if (magic >= 2) return int64(view, at + MAX_TIMESTAMP);
  return magic === 1 ? int64(view, at + LEGACY.TIMESTAMP) : -1;
}
