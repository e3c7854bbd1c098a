/** The records of a batch of format 2: where they are, and whether a log may take them. */
import { CODEC_IDS, type Engine, type RecordFault } from '../../engine/contract.ts';
import type { SeglogError } from '../../errors/errors.ts';
import { ATTRIBUTES, BATCH, HEADER_SIZE } from '../../format/batch.ts';
import { RecordCursor } from '../../format/record-v2.ts';
import { recordError } from '../../record/batch-error.ts';
import { timestampNotExact } from '../../record/batch-header.ts';
import { codecOf, decompressRecords } from '../../record/decompress.ts';
import { type AnalyzedBatch, GIVEN } from './analyze.ts';
import { checkExactTimestamp, type RecordRules } from './record-rules.ts';

/** Records where they can be walked over, and what their deltas are relative to. */
export interface WalkableRecords {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly batch: AnalyzedBatch;
  readonly baseTimestamp: number;
  /** With LogAppendTime the one time of all records. */
  readonly stamp: number | undefined;
}

/** What walking over the records told. */
export interface CheckedRecords {
  /** The largest timestamp; -1 when no record has one. */
  readonly maxTimestamp: number;
  /** Whether their offsets are 0, 1, 2, ... as they are in a producer's batch. */
  readonly isNumbered: boolean;
}

/**
 * Finds the records of a batch, decompressed.
 *
 * @throws SeglogError `UNSUPPORTED_CODEC`, `CORRUPT_COMPRESSED_DATA`, `DECOMPRESSED_TOO_LARGE`, `TIMESTAMP_NOT_EXACT`
 */
export function walkable(engine: Engine, given: Uint8Array, batch: AnalyzedBatch): WalkableRecords {
  const { start, sizeBytes, magic, attributes } = batch;
  const place = { file: GIVEN, position: start };
  const codec = codecOf(attributes & ATTRIBUTES.CODEC_MASK, magic, place);
  const found =
    codec === CODEC_IDS.none
      ? { bytes: given, start: start + HEADER_SIZE, end: start + sizeBytes }
      : whole(decompressRecords(engine, codec, magic, given, start + HEADER_SIZE, start + sizeBytes, place));
  const view = new DataView(given.buffer, given.byteOffset + start, HEADER_SIZE);
  const base = view.getBigInt64(BATCH.BASE_TIMESTAMP);
  const baseTimestamp = Number(base);
  if (!Number.isSafeInteger(baseTimestamp)) throw timestampNotExact(base, GIVEN, start);
  const stamp = (attributes & ATTRIBUTES.LOG_APPEND_TIME) === 0 ? undefined : batch.maxTimestamp;
  return { ...found, batch, baseTimestamp, stamp };
}

function whole(bytes: Uint8Array): { bytes: Uint8Array; start: number; end: number } {
  return { bytes, start: 0, end: bytes.length };
}

/** A cursor before the first record. */
export function cursorOver({ bytes, start, end, batch }: WalkableRecords): RecordCursor {
  const cursor = new RecordCursor();
  cursor.reset(bytes, start, end, batch.recordCount);
  return cursor;
}

/**
 * Looks at each record.
 *
 * @throws SeglogError `INVALID_RECORD` at one that cannot be read, `TIMESTAMP_NOT_EXACT`
 * @throws RecordValidationError
 */
export function checkRecords(records: WalkableRecords, rules: RecordRules): CheckedRecords {
  const { batch, baseTimestamp, stamp } = records;
  const { baseOffset } = batch;
  const cursor = cursorOver(records);
  let maxTimestamp = -1;
  let isNumbered = true;
  for (let index = 0; cursor.next(); index++) {
    const timestamp = stamp ?? baseTimestamp + cursor.timestampDelta;
    if (stamp !== undefined || !rules.isUsual(cursor.keyLength, timestamp)) {
      rules.check(index, cursor.keyLength, timestamp, stamp !== undefined);
    }
    checkExactTimestamp(timestamp, index, batch.start);
    if (timestamp > maxTimestamp) maxTimestamp = timestamp;
    if (baseOffset + cursor.offsetDelta !== index) isNumbered = false;
  }
  if (cursor.fault !== 0) throw unreadable(cursor, records);
  rules.endBatch(batch.start);
  return { maxTimestamp, isNumbered };
}

function unreadable(
  { fault, faultRecord, faultPosition }: RecordCursor,
  { start, batch }: WalkableRecords,
): SeglogError {
  return recordError(fault as RecordFault, faultRecord, faultPosition - start, {
    file: GIVEN,
    position: batch.start,
    baseOffset: batch.baseOffset,
    lastOffset: batch.lastOffset,
    nextPosition: batch.start + batch.sizeBytes,
  });
}
