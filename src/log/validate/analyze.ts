/**
 * Encoded batches taken apart, as far as it goes without their records: sizes, checksums, what the headers say.
 *
 * Source: spec 3.2 item 2, Kafka's `UnifiedLog.analyzeAndValidateRecords` and `ByteBufferLogInputStream`.
 */
import type { LogConfig } from '../../config/log-config.ts';
import { type Engine, SCAN_STOPS } from '../../engine/contract.ts';
import { SeglogError } from '../../errors/errors.ts';
import { BATCH, HEADER_SIZE, LEGACY, LOG_OVERHEAD, magicOf, MIN_MESSAGE_SIZE } from '../../format/batch.ts';
import { batchError } from '../../record/batch-error.ts';
import { readBatchHeader } from '../../record/batch-header.ts';
import type { AppendOrigin } from '../../state/producers/producer-batch.ts';
import { checkMessageSize } from './sizes.ts';

/** What a batch's header says. In formats 0 and 1, which lack most of it, what is missing is -1. */
export interface AnalyzedBatch {
  /** Where it starts in the bytes. */
  readonly start: number;
  readonly sizeBytes: number;
  readonly magic: number;
  /** In formats 0 and 1 the last offset. */
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly maxTimestamp: number;
  readonly leaderEpoch: number;
  /** The low byte: only that has a meaning. */
  readonly attributes: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly lastSequence: number;
  /** -1 in formats 0 and 1, where only the records tell. */
  readonly recordCount: number;
}

/** What errors call the bytes. */
export const GIVEN = 'the batches to append';

const NEWEST_MAGIC = 2;
const UNTIL_MAGIC = BATCH.MAGIC + 1;
const MAX_SEQUENCE = 0x7fffffff;
const NONE = -1;
const TWO_POW_32 = 0x1_0000_0000;

/** What names the bytes in errors, and whose epoch is the highest that is taken. */
export interface AnalyzeOptions {
  /** A replica's fetch was from a leader of this epoch: what is of a later one is dropped (KAFKA-18723). */
  readonly leaderEpoch?: number | undefined;
  readonly file?: string | undefined;
}

/**
 * Takes bytes apart into batches. A piece of a batch at their end is dropped, as Kafka does.
 *
 * - Client: a batch of format 2 has the base offset 0.
 * - Client and coordinator: no batch is above `max.message.bytes`.
 * - Replica: the last offsets rise; from the first batch on whose epoch is above `options.leaderEpoch`, all are dropped.
 *
 * @throws SeglogError `BATCH_SIZE_INVALID`, `UNSUPPORTED_MAGIC`, `BATCH_CRC_MISMATCH`, `RECORD_TOO_LARGE`,
 * `INVALID_RECORD`, `OFFSETS_OUT_OF_ORDER`, `OFFSET_NOT_EXACT`, `TIMESTAMP_NOT_EXACT`
 */
export function analyzeBatches(
  engine: Engine,
  config: LogConfig,
  bytes: Uint8Array,
  origin: AppendOrigin,
  options: AnalyzeOptions = {},
): AnalyzedBatch[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const file = options.file ?? GIVEN;
  const batches: AnalyzedBatch[] = [];
  let lastOffset = NONE;
  for (let start = 0, size = 0; ; start += size) {
    size = frameAt(engine, view, bytes, start, file);
    if (size === 0) return batches;
    if (origin === 'client') checkBaseOffset(view, start, file);
    if (origin === 'replica' && isOfLaterLeader(view, start, options.leaderEpoch)) return batches;
    if (origin !== 'replica') checkMessageSize(config, size, start);
    checkCrc(engine, view, bytes, start, size, file);
    const batch = describeBatch(view, start, file);
    if (origin === 'replica' && batch.lastOffset <= lastOffset) throw outOfOrder(batch, lastOffset + 1, file);
    lastOffset = batch.lastOffset;
    batches.push(batch);
  }
}

/** How large the batch at `start` is; 0 where the bytes end before it does. */
function frameAt(engine: Engine, view: DataView, bytes: Uint8Array, start: number, file: string): number {
  const available = bytes.length - start;
  if (available < LOG_OVERHEAD) return 0;
  const length = view.getInt32(start + BATCH.LENGTH);
  if (length < MIN_MESSAGE_SIZE) {
    throw new SeglogError('BATCH_SIZE_INVALID', 'the size of a batch cannot be', {
      file,
      position: start,
      expected: `at least ${MIN_MESSAGE_SIZE}`,
      found: length,
    });
  }
  if (available < UNTIL_MAGIC) return 0;
  const magic = magicOf(view, start);
  if (magic < 0 || magic > NEWEST_MAGIC) {
    throw new SeglogError('UNSUPPORTED_MAGIC', 'a batch is of a format that a log cannot take', {
      file,
      position: start,
      expected: `0 to ${NEWEST_MAGIC}`,
      found: magic,
    });
  }
  const size = LOG_OVERHEAD + length;
  if (size > available) return 0;
  if (magic === NEWEST_MAGIC && size < HEADER_SIZE) throw damaged(engine, bytes, start, size, file);
  return size;
}

function damaged(engine: Engine, bytes: Uint8Array, start: number, size: number, file: string): SeglogError {
  return batchError(engine, SCAN_STOPS.invalidCrc, bytes, start, size, file, start);
}

function checkCrc(engine: Engine, view: DataView, bytes: Uint8Array, start: number, size: number, file: string): void {
  const end = start + size;
  const matches =
    magicOf(view, start) >= NEWEST_MAGIC
      ? engine.crc32c(bytes, start + BATCH.ATTRIBUTES, end) === view.getUint32(start + BATCH.CRC)
      : engine.crc32(bytes, start + LEGACY.MAGIC, end) === view.getUint32(start + LEGACY.CRC);
  if (!matches) throw damaged(engine, bytes, start, size, file);
}

function checkBaseOffset(view: DataView, start: number, file: string): void {
  if (magicOf(view, start) < NEWEST_MAGIC) return;
  if (view.getInt32(start) === 0 && view.getInt32(start + 4) === 0) return;
  throw new SeglogError('INVALID_RECORD', 'a batch from a client has the base offset 0: the log gives the offsets', {
    file,
    position: start,
    expected: 0,
    found: view.getBigInt64(start + BATCH.BASE_OFFSET),
  });
}

function isOfLaterLeader(view: DataView, start: number, leaderEpoch: number | undefined): boolean {
  if (leaderEpoch === undefined || magicOf(view, start) < NEWEST_MAGIC) return false;
  const epoch = view.getInt32(start + BATCH.LEADER_EPOCH);
  return epoch !== NONE && epoch > leaderEpoch;
}

/** @param expected - the lowest offset that the batch may have */
export function outOfOrder(batch: AnalyzedBatch, expected: number, file: string): SeglogError {
  return new SeglogError('OFFSETS_OUT_OF_ORDER', "a batch's offsets must rise from the log end on", {
    file,
    position: batch.start,
    baseOffset: batch.baseOffset,
    lastOffset: batch.lastOffset,
    expected: `at least ${expected}`,
    found: batch.baseOffset,
  });
}

/**
 * Reads the header of a whole batch.
 *
 * @throws SeglogError `OFFSET_NOT_EXACT`, `TIMESTAMP_NOT_EXACT`, `INVALID_RECORD` for a producer id beyond 2^53
 */
export function describeBatch(view: DataView, start: number, file: string): AnalyzedBatch {
  const { magic, sizeBytes, baseOffset, lastOffset, maxTimestamp } = readBatchHeader(view, start, file, start);
  if (!Number.isSafeInteger(lastOffset + 1)) {
    throw new SeglogError('OFFSET_NOT_EXACT', 'a batch ends at an offset behind which none can be counted exactly', {
      file,
      position: start,
      found: lastOffset,
    });
  }
  if (magic < NEWEST_MAGIC) {
    return {
      start,
      sizeBytes,
      magic,
      baseOffset,
      lastOffset,
      maxTimestamp,
      leaderEpoch: NONE,
      attributes: view.getUint8(start + LEGACY.ATTRIBUTES),
      producerId: NONE,
      producerEpoch: NONE,
      baseSequence: NONE,
      lastSequence: NONE,
      recordCount: NONE,
    };
  }
  const baseSequence = view.getInt32(start + BATCH.BASE_SEQUENCE);
  return {
    start,
    sizeBytes,
    magic,
    baseOffset,
    lastOffset,
    maxTimestamp,
    leaderEpoch: view.getInt32(start + BATCH.LEADER_EPOCH),
    attributes: view.getUint8(start + BATCH.ATTRIBUTES + 1),
    producerId: producerIdOf(view, start, file),
    producerEpoch: view.getInt16(start + BATCH.PRODUCER_EPOCH),
    baseSequence,
    lastSequence: lastSequenceOf(baseSequence, view.getInt32(start + BATCH.LAST_OFFSET_DELTA)),
    recordCount: view.getInt32(start + BATCH.RECORD_COUNT),
  };
}

/** Sequences go round from 2^31 - 1 to 0. */
function lastSequenceOf(baseSequence: number, delta: number): number {
  if (baseSequence === NONE) return NONE;
  return baseSequence > MAX_SEQUENCE - delta ? delta - (MAX_SEQUENCE - baseSequence) - 1 : baseSequence + delta;
}

function producerIdOf(view: DataView, start: number, file: string): number {
  const at = start + BATCH.PRODUCER_ID;
  const id = view.getInt32(at) * TWO_POW_32 + view.getUint32(at + 4);
  if (Number.isSafeInteger(id)) return id;
  throw new SeglogError('INVALID_RECORD', 'a producer id is beyond what a log here can hold exactly', {
    file,
    position: start,
    expected: 'at most 2^53 - 1',
    found: view.getBigInt64(at),
  });
}
