/** Batches made anew, where a codec or a message format is not the log's, or offsets in a batch have to be put right. */
import type { Engine } from '../../engine/contract.ts';
import { ATTRIBUTES } from '../../format/batch.ts';
import { readHeaders } from '../../format/record-v2.ts';
import { BatchBuilder, type BatchCompression, type Header } from '../../record/batch-builder.ts';
import { decodeLegacyBatch, LEGACY_ROW } from '../../record/legacy.ts';
import { type AnalyzedBatch, GIVEN } from './analyze.ts';
import { checkInnerMessages } from './inner-messages.ts';
import { checkExactTimestamp, type RecordRules } from './record-rules.ts';
import { cursorOver, type WalkableRecords } from './records.ts';

/** What a batch is given by the log. */
export interface Assigned {
  readonly nextOffset: number;
  readonly leaderEpoch: number;
  readonly logAppendTimeMs: number | undefined;
  readonly compression: BatchCompression | undefined;
}

const NO_HEADERS: readonly Header[] = [];

/** The records of a batch of format 2, checked before, in a new one. @throws SeglogError `INVALID_TIMESTAMP` for a time below -1 */
export function rebuilt(engine: Engine, records: WalkableRecords, assigned: Assigned): Uint8Array {
  const { bytes, batch, baseTimestamp, stamp } = records;
  const builder = new BatchBuilder(engine);
  const cursor = cursorOver(records);
  while (cursor.next()) {
    const key = field(bytes, cursor.keyStart, cursor.keyLength);
    const value = field(bytes, cursor.valueStart, cursor.valueLength);
    builder.add(stamp ?? baseTimestamp + cursor.timestampDelta, key, value, headersAt(bytes, cursor.headersStart));
  }
  return built(builder, batch, assigned);
}

/**
 * Messages of format 0 or 1, plain ones or those in one wrapper, as one batch of format 2: since Kafka 4 a leader writes
 * no other.
 *
 * @throws SeglogError as `decodeLegacyBatch`; `BATCH_CRC_MISMATCH` of a message in a wrapper, `TIMESTAMP_NOT_EXACT`
 * @throws RecordValidationError
 */
export function convertedLegacy(
  engine: Engine,
  bytes: Uint8Array,
  batches: readonly [AnalyzedBatch, ...AnalyzedBatch[]],
  rules: RecordRules,
  assigned: Assigned,
): Uint8Array {
  const builder = new BatchBuilder(engine);
  for (const batch of batches) addMessages(engine, bytes, batch, rules, builder);
  return built(builder, batches[0], assigned);
}

function addMessages(
  engine: Engine,
  given: Uint8Array,
  batch: AnalyzedBatch,
  rules: RecordRules,
  builder: BatchBuilder,
): void {
  const { start, sizeBytes, magic, attributes } = batch;
  const messages = decodeLegacyBatch(engine, given, start, sizeBytes, { file: GIVEN, position: start });
  const { bytes, rows, timestamps } = messages;
  if ((attributes & ATTRIBUTES.CODEC_MASK) !== 0) checkInnerMessages(engine, messages, batch, rules);
  const isLogAppendTime = magic === 1 && (attributes & ATTRIBUTES.LOG_APPEND_TIME) !== 0;
  const number = (row: number, column: number): number => rows[row * LEGACY_ROW.length + column] ?? -1;
  for (let index = 0; index < messages.count; index++) {
    const timestamp = Number(timestamps[index]);
    checkExactTimestamp(timestamp, index, start);
    const keyLength = number(index, LEGACY_ROW.keyLength);
    rules.check(index, keyLength, timestamp, isLogAppendTime);
    const key = field(bytes, number(index, LEGACY_ROW.keyStart), keyLength);
    const value = field(bytes, number(index, LEGACY_ROW.valueStart), number(index, LEGACY_ROW.valueLength));
    builder.add(timestamp, key, value);
  }
  rules.endBatch(start);
}

function built(builder: BatchBuilder, first: AnalyzedBatch, assigned: Assigned): Uint8Array {
  const { logAppendTimeMs } = assigned;
  const { bytes, length } = builder.build(
    {
      baseOffset: assigned.nextOffset,
      partitionLeaderEpoch: assigned.leaderEpoch,
      producerId: first.producerId,
      producerEpoch: first.producerEpoch,
      baseSequence: first.baseSequence,
      isTransactional: first.magic >= 2 && (first.attributes & ATTRIBUTES.TRANSACTIONAL) !== 0,
      ...(logAppendTimeMs === undefined ? {} : { logAppendTimeMs }),
    },
    assigned.compression,
  );
  // The builder ends here, and its memory with it: no copy.
  return bytes.subarray(0, length);
}

function field(bytes: Uint8Array, start: number, length: number): Uint8Array | null {
  return length < 0 ? null : bytes.subarray(start, start + length);
}

function headersAt(bytes: Uint8Array, start: number): readonly Header[] {
  if (bytes[start] === 0) return NO_HEADERS;
  const headers: Header[] = [];
  readHeaders(bytes, start, (keyStart, keyLength, valueStart, valueLength) => {
    headers.push([bytes.subarray(keyStart, keyStart + keyLength), field(bytes, valueStart, valueLength)]);
  });
  return headers;
}
