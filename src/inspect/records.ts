/** The records of a batch in any format, each at its place, with offsets and timestamps exact. */
import { CODEC_IDS, type Engine, type RecordFault } from '../engine/contract.ts';
import type { SeglogError } from '../errors/errors.ts';
import { BATCH, HEADER_SIZE } from '../format/batch.ts';
import { RecordCursor } from '../format/record-v2.ts';
import { recordError } from '../record/batch-error.ts';
import { codecOf, type DecompressOptions, decompressRecords } from '../record/decompress.ts';
import { decodeLegacyBatch, LEGACY_ROW, type LegacyRecords } from '../record/legacy.ts';
import { addSequence, type BatchSummary } from './batch-summary.ts';
import type { FoundBatch } from './batches.ts';
import { addExact, addWrapped, type Int64, narrow, readInt64 } from './int64.ts';

/** One record after the other. The fields are those of the record that `next` went to. */
export interface ExactCursor {
  /** Where keys, values and headers lie. */
  readonly bytes: Uint8Array;
  readonly offset: Int64;
  readonly timestamp: Int64;
  /** -1: none. */
  readonly sequence: number;
  readonly keyStart: number;
  /** -1: null. */
  readonly keyLength: number;
  readonly valueStart: number;
  /** -1: null. */
  readonly valueLength: number;
  /** Where the header count stands; -1 in formats 0 and 1, which have no headers. */
  readonly headersStart: number;
  /** False behind the last record. @throws SeglogError `INVALID_RECORD` where the bytes cannot be read on */
  next(): boolean;
}

/** A cursor over the records of a format 2 batch. @throws SeglogError as `decompressRecords` */
export function recordCursor(
  engine: Engine,
  batch: FoundBatch,
  summary: BatchSummary,
  options: DecompressOptions,
): ExactCursor {
  const codec = codecOf(summary.codec, summary.magic, options);
  const start = batch.start + HEADER_SIZE;
  const end = batch.start + batch.size;
  if (codec === CODEC_IDS.none) return new ExactRecordCursor(batch.bytes, start, end, batch, summary, options);
  const bytes = decompressRecords(engine, codec, summary.magic, batch.bytes, start, end, options);
  return new ExactRecordCursor(bytes, 0, bytes.length, batch, summary, options);
}

/** The messages of a format 0 or 1 entry. @throws SeglogError as `decodeLegacyBatch` */
export function legacyRecords(engine: Engine, batch: FoundBatch, options: DecompressOptions): LegacyRecords {
  return decodeLegacyBatch(engine, batch.bytes, batch.start, batch.size, options);
}

/** The error for record number `record` of a batch, which starts `recordPosition` bytes into its (decompressed) records. */
export function faultOf(
  { position, size, baseOffset, lastOffset }: BatchSummary,
  { file = '' }: DecompressOptions,
  fault: RecordFault,
  record: number,
  recordPosition: number,
): SeglogError {
  // The numbers of the place are for people here; what is beyond 2^53 is in the batch's own line, exact.
  return recordError(fault, record, recordPosition, {
    file,
    position,
    baseOffset: Number(baseOffset),
    lastOffset: Number(lastOffset),
    nextPosition: position + size,
  });
}

class ExactRecordCursor implements ExactCursor {
  readonly bytes: Uint8Array;
  readonly #records: RecordCursor = new RecordCursor();
  readonly #summary: BatchSummary;
  readonly #baseOffset: Int64;
  readonly #baseTimestamp: Int64;
  readonly #options: DecompressOptions;
  readonly #start: number;

  constructor(
    bytes: Uint8Array,
    start: number,
    end: number,
    batch: FoundBatch,
    summary: BatchSummary,
    options: DecompressOptions,
  ) {
    this.bytes = bytes;
    this.#summary = summary;
    this.#baseOffset = summary.baseOffset ?? 0;
    this.#baseTimestamp = readInt64(batch.view, batch.start + BATCH.BASE_TIMESTAMP);
    this.#options = options;
    this.#start = start;
    this.#records.reset(bytes, start, end, summary.count ?? 0);
  }

  get keyStart(): number {
    return this.#records.keyStart;
  }
  get keyLength(): number {
    return this.#records.keyLength;
  }
  get valueStart(): number {
    return this.#records.valueStart;
  }
  get valueLength(): number {
    return this.#records.valueLength;
  }
  get headersStart(): number {
    return this.#records.headersStart;
  }
  get offset(): Int64 {
    return addExact(this.#baseOffset, this.#records.offsetDelta);
  }
  get sequence(): number {
    return addSequence(this.#summary.baseSequence, this.#records.offsetDelta);
  }
  get timestamp(): Int64 {
    if (this.#summary.timestampType === 'LogAppendTime') return this.#summary.maxTimestamp;
    const { timestampDelta, timestampDeltaLow, timestampDeltaHigh } = this.#records;
    const exact = Number.isSafeInteger(timestampDelta)
      ? timestampDelta
      : (BigInt(timestampDeltaHigh) << 32n) | BigInt(timestampDeltaLow >>> 0);
    return addWrapped(this.#baseTimestamp, exact);
  }

  next(): boolean {
    const records = this.#records;
    if (records.next()) return true;
    if (records.fault !== 0) {
      const position = records.faultPosition - this.#start;
      throw faultOf(this.#summary, this.#options, records.fault as RecordFault, records.faultRecord, position);
    }
    return false;
  }
}

/** Over what {@link legacyRecords} found. */
export class ExactLegacyCursor implements ExactCursor {
  readonly bytes: Uint8Array;
  readonly sequence = -1;
  readonly headersStart = -1;
  offset: Int64 = -1;
  timestamp: Int64 = -1;
  keyStart = 0;
  keyLength = -1;
  valueStart = 0;
  valueLength = -1;
  readonly #records: LegacyRecords;
  #at = -1;

  constructor(records: LegacyRecords) {
    this.#records = records;
    this.bytes = records.bytes;
  }

  next(): boolean {
    if (this.#at + 1 >= this.#records.count) return false;
    const { rows, offsets, timestamps } = this.#records;
    const at = ++this.#at;
    const row = at * LEGACY_ROW.length;
    this.offset = narrow(offsets[at] ?? -1n);
    this.timestamp = narrow(timestamps[at] ?? -1n);
    this.keyStart = rows[row + LEGACY_ROW.keyStart] ?? 0;
    this.keyLength = rows[row + LEGACY_ROW.keyLength] ?? -1;
    this.valueStart = rows[row + LEGACY_ROW.valueStart] ?? 0;
    this.valueLength = rows[row + LEGACY_ROW.valueLength] ?? -1;
    return true;
  }
}
