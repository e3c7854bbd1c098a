/** A batch's header, field by field and exact, as a dump shows it. */
import { ATTRIBUTES, BATCH, HEADER_SIZE, LEGACY, LOG_OVERHEAD } from '../format/batch.ts';
import { addExact, type Int64, readInt64 } from './int64.ts';

/** The fields of a batch line, in Kafka's names. What a message format does not have is -1 or null, as Kafka reads it. */
export interface BatchSummary {
  readonly position: number;
  readonly size: number;
  readonly magic: number;
  /** null when it would take a decompression that failed (formats 0 and 1), or lies behind the batch's end. */
  baseOffset: Int64 | null;
  readonly lastOffset: Int64 | null;
  /** null in formats 0 and 1. */
  readonly count: number | null;
  readonly codec: number;
  readonly timestampType: 'CreateTime' | 'LogAppendTime' | 'NoTimestampType';
  readonly maxTimestamp: Int64;
  readonly producerId: Int64;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly lastSequence: number;
  readonly partitionLeaderEpoch: number;
  readonly isTransactional: boolean;
  readonly isControl: boolean;
  readonly deleteHorizonMs: Int64 | null;
  /** As stored. JSON has null in formats 0 and 1. */
  readonly crc: number;
  readonly valid: boolean;
}

const MAX_SEQUENCE = 0x7fffffff;
const CODEC_NAMES = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

/** Kafka's name of a codec; `unknown(5)` for what Kafka does not know. */
export function codecName(codec: number): string {
  return CODEC_NAMES[codec] ?? `unknown(${codec})`;
}

/** Sequences count modulo 2^31; -1 is none. */
export function addSequence(sequence: number, delta: number): number {
  if (sequence === -1) return -1;
  return sequence > MAX_SEQUENCE - delta ? delta - (MAX_SEQUENCE - sequence) - 1 : sequence + delta;
}

/** As Kafka counts back: below 0 comes the largest. */
export function subtractSequence(sequence: number, delta: number): number {
  return sequence < delta ? (MAX_SEQUENCE - (delta - sequence) + 1) | 0 : (sequence - delta) | 0;
}

/** Reads the header of the batch at `view[at..]`, which is whole: `size` bytes, at `position` of its file. */
export function summarize(view: DataView, at: number, size: number, position: number, valid: boolean): BatchSummary {
  const magic = view.getInt8(at + BATCH.MAGIC);
  if (magic === 0 || magic === 1) return summarizeLegacy(view, at, size, position, valid, magic);
  if (size < HEADER_SIZE) return summarizeStub(view, at, size, position, magic);
  const attributes = view.getUint8(at + BATCH.ATTRIBUTES + 1);
  const baseOffset = readInt64(view, at + BATCH.BASE_OFFSET);
  const lastOffsetDelta = view.getInt32(at + BATCH.LAST_OFFSET_DELTA);
  const baseSequence = view.getInt32(at + BATCH.BASE_SEQUENCE);
  return {
    position,
    size,
    magic,
    baseOffset,
    lastOffset: addExact(baseOffset, lastOffsetDelta),
    count: view.getInt32(at + BATCH.RECORD_COUNT),
    codec: attributes & ATTRIBUTES.CODEC_MASK,
    timestampType: (attributes & ATTRIBUTES.LOG_APPEND_TIME) === 0 ? 'CreateTime' : 'LogAppendTime',
    maxTimestamp: readInt64(view, at + BATCH.MAX_TIMESTAMP),
    producerId: readInt64(view, at + BATCH.PRODUCER_ID),
    producerEpoch: view.getInt16(at + BATCH.PRODUCER_EPOCH),
    baseSequence,
    lastSequence: addSequence(baseSequence, lastOffsetDelta),
    partitionLeaderEpoch: view.getInt32(at + BATCH.LEADER_EPOCH),
    isTransactional: (attributes & ATTRIBUTES.TRANSACTIONAL) !== 0,
    isControl: (attributes & ATTRIBUTES.CONTROL) !== 0,
    deleteHorizonMs: (attributes & ATTRIBUTES.DELETE_HORIZON) === 0 ? null : readInt64(view, at + BATCH.BASE_TIMESTAMP),
    crc: view.getUint32(at + BATCH.CRC),
    valid,
  };
}

/** What formats 0 and 1 do not have, as Kafka reads it. */
const NO_PRODUCER = {
  count: null,
  producerId: -1,
  producerEpoch: -1,
  baseSequence: -1,
  lastSequence: -1,
  partitionLeaderEpoch: -1,
  isTransactional: false,
  isControl: false,
  deleteHorizonMs: null,
} as const;

function summarizeLegacy(
  view: DataView,
  at: number,
  size: number,
  position: number,
  valid: boolean,
  magic: 0 | 1,
): BatchSummary {
  const attributes = view.getUint8(at + LEGACY.ATTRIBUTES);
  const codec = attributes & ATTRIBUTES.CODEC_MASK;
  const offset = readInt64(view, at + BATCH.BASE_OFFSET);
  // A format 1 message has 8 bytes more; one that is too short for them is not valid, and has no timestamp.
  const hasTimestamp = magic === 1 && size >= LEGACY.ATTRIBUTES + 1 + 8;
  const stamped = (attributes & ATTRIBUTES.LOG_APPEND_TIME) === 0 ? 'CreateTime' : 'LogAppendTime';
  return {
    ...NO_PRODUCER,
    position,
    size,
    magic,
    // A wrapper's offset is its last one; the first is known once it is decompressed.
    baseOffset: codec === 0 ? offset : null,
    lastOffset: offset,
    codec,
    timestampType: magic === 0 ? 'NoTimestampType' : stamped,
    maxTimestamp: hasTimestamp ? readInt64(view, at + LEGACY.ATTRIBUTES + 1) : -1,
    crc: view.getUint32(at + LOG_OVERHEAD),
    valid,
  };
}

/** What is left of a format 2 batch that is smaller than its header. */
function summarizeStub(view: DataView, at: number, size: number, position: number, magic: number): BatchSummary {
  return {
    ...NO_PRODUCER,
    position,
    size,
    magic,
    baseOffset: readInt64(view, at + BATCH.BASE_OFFSET),
    lastOffset: null,
    codec: 0,
    timestampType: 'NoTimestampType',
    maxTimestamp: -1,
    partitionLeaderEpoch: view.getInt32(at + BATCH.LEADER_EPOCH),
    crc: view.getUint32(at + BATCH.CRC),
    valid: false,
  };
}
