/** A batch as read: a view over its bytes. Records are decoded when they are asked for, and copied never. */
import {
  type CodecId,
  CODEC_IDS,
  DECODE_OUTCOME,
  type Engine,
  RECORD_ROW,
  type RecordFault,
} from '../engine/contract.ts';
import { ATTRIBUTES, BATCH, HEADER_SIZE, LEGACY } from '../format/batch.ts';
import { readHeaders } from '../format/record-v2.ts';
import { type BatchPlace, recordError } from './batch-error.ts';
import { type BatchHeader, readBatchHeader, timestampNotExact } from './batch-header.ts';
import { codecOf, type DecompressionMemory, decompressRecords } from './decompress.ts';
import {
  type BatchCursor,
  columnsOfCursor,
  LegacyBatchCursor,
  newColumns,
  type RecordColumns,
  RecordBatchCursor,
} from './cursors.ts';
import { decodeLegacyBatch, type LegacyRecords } from './legacy.ts';

/** A header as read. */
export type RecordHeader = readonly [key: string, value: Buffer | null];

/** A record as a plain object. `key`, `value` and header values are views of the batch's bytes, not copies. */
export interface LogRecord {
  readonly offset: number;
  /** Milliseconds since 1970; -1 when the message format has none. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly RecordHeader[];
}

/** What `Buffer.prototype.subarray` makes, at half its cost: 10 ns instead of 30 a view (see docs/design.md). */
const View = (
  Buffer as unknown as { [Symbol.species]: new (memory: ArrayBufferLike, offset: number, length: number) => Buffer }
)[Symbol.species];
const NO_HEADERS: readonly RecordHeader[] = Object.freeze([]);
const TWO_POW_32 = 0x1_0000_0000;

/** Options of reading records. */
export interface RecordBatchOptions {
  /** The most bytes that the records may decompress to. */
  readonly maxDecompressedBytes?: number | undefined;
}

/**
 * A batch in any message format. In formats 0 and 1 it is one log entry: a message, or a wrapper around several.
 *
 * The view is of a buffer that belongs to the read that made it: with `reuseBuffers` it is valid until the next batch is
 * asked for, without it for as long as anything refers to it.
 */
export class RecordBatch implements BatchHeader {
  readonly magic: number;
  readonly sizeBytes: number;
  readonly lastOffset: number;
  readonly maxTimestamp: number;
  /** The file that it was read from, and where it starts there. */
  readonly file: string;
  readonly position: number;
  readonly #engine: Engine;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #start: number;
  readonly #options: RecordBatchOptions;
  readonly #memory: DecompressionMemory | undefined;
  readonly #headerOffset: number;
  #records: Uint8Array | undefined;
  #legacy: LegacyRecords | undefined;

  /** `bytes[start..]` holds a whole batch, whose checksum was verified if it was to be. */
  constructor(
    engine: Engine,
    bytes: Uint8Array,
    view: DataView,
    start: number,
    file: string,
    position: number,
    options: RecordBatchOptions,
    memory?: DecompressionMemory,
  ) {
    const header = readBatchHeader(view, start, file, position);
    this.magic = header.magic;
    this.sizeBytes = header.sizeBytes;
    this.lastOffset = header.lastOffset;
    this.maxTimestamp = header.maxTimestamp;
    this.#headerOffset = header.baseOffset;
    this.file = file;
    this.position = position;
    this.#engine = engine;
    this.#bytes = bytes;
    this.#view = view;
    this.#start = start;
    this.#options = options;
    this.#memory = memory;
  }

  /** The first offset. In formats 0 and 1 a wrapper has to be decompressed to know it. */
  get baseOffset(): number {
    return this.magic >= 2 ? this.#headerOffset : Number(this.#legacyRecords().offsets[0]);
  }

  /** How many records there are. In formats 0 and 1 a wrapper has to be decompressed to know it. */
  get count(): number {
    return this.magic >= 2 ? this.#view.getInt32(this.#start + BATCH.RECORD_COUNT) : this.#legacyRecords().count;
  }

  get codec(): CodecId {
    return codecOf(this.#attributes & ATTRIBUTES.CODEC_MASK, this.magic, this.#place);
  }
  get isLogAppendTime(): boolean {
    return (this.#attributes & ATTRIBUTES.LOG_APPEND_TIME) !== 0;
  }
  get isTransactional(): boolean {
    return this.magic >= 2 && (this.#attributes & ATTRIBUTES.TRANSACTIONAL) !== 0;
  }
  /** Whether it holds markers (of transactions, of the KRaft log) instead of data. */
  get isControl(): boolean {
    return this.magic >= 2 && (this.#attributes & ATTRIBUTES.CONTROL) !== 0;
  }
  /** When its tombstones and markers may go, if it went through compaction once. */
  get deleteHorizonMs(): number | undefined {
    return this.magic >= 2 && (this.#attributes & ATTRIBUTES.DELETE_HORIZON) !== 0
      ? this.#int64(BATCH.BASE_TIMESTAMP)
      : undefined;
  }
  /** -1: none. */
  get producerId(): number {
    return this.magic >= 2 ? this.#int64(BATCH.PRODUCER_ID) : -1;
  }
  /** -1: none. */
  get producerEpoch(): number {
    return this.magic >= 2 ? this.#view.getInt16(this.#start + BATCH.PRODUCER_EPOCH) : -1;
  }
  /** -1: none. */
  get baseSequence(): number {
    return this.magic >= 2 ? this.#view.getInt32(this.#start + BATCH.BASE_SEQUENCE) : -1;
  }
  /** -1: unset. */
  get partitionLeaderEpoch(): number {
    return this.magic >= 2 ? this.#view.getInt32(this.#start + BATCH.LEADER_EPOCH) : -1;
  }
  /** The time that the records' deltas are relative to; the delete horizon where there is one. */
  get baseTimestamp(): number {
    return this.magic >= 2 ? this.#int64(BATCH.BASE_TIMESTAMP) : this.maxTimestamp;
  }

  /** The whole batch as it is in the file: a view. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(this.#start, this.#start + this.sizeBytes);
  }

  /**
   * The records as plain objects.
   *
   * @throws SeglogError `INVALID_RECORD`, `CORRUPT_COMPRESSED_DATA`, `DECOMPRESSED_TOO_LARGE`, `UNSUPPORTED_CODEC`
   */
  records(): LogRecord[] {
    const cursor = this.magic < 2 ? this.#legacyCursor() : this.#v2Cursor();
    const buffer = asBuffer(cursor.bytes);
    const { buffer: memory, byteOffset: offset } = buffer;
    const records: LogRecord[] = [];
    while (cursor.next()) {
      const { keyStart, keyLength, valueStart, valueLength } = cursor;
      records.push({
        offset: cursor.offset,
        timestamp: cursor.timestamp,
        key: keyLength < 0 ? null : new View(memory, offset + keyStart, keyLength),
        value: valueLength < 0 ? null : new View(memory, offset + valueStart, valueLength),
        headers: cursor instanceof RecordBatchCursor ? headersAt(buffer, cursor.headersStart) : NO_HEADERS,
      });
    }
    return records;
  }

  /** A cursor over the records: no object a record. @throws as {@link RecordBatch.records}, from `next` too */
  cursor(): BatchCursor {
    return this.magic < 2 ? this.#legacyCursor() : this.#v2Cursor();
  }

  /** The records as columns, decoded by the engine in one call. @throws as {@link RecordBatch.records} */
  columns(): RecordColumns {
    if (this.magic < 2) return columnsOfCursor(this.cursor(), this.count);
    const { start, end, bytes } = this.#recordBytes();
    const count = Math.max(0, Math.min(this.count, end - start));
    const rows = new Int32Array(count * RECORD_ROW.length);
    const outcome = new Int32Array(DECODE_OUTCOME.length);
    this.#engine.decodeRecords(bytes, start, end, this.count === count ? count : -1, rows, outcome);
    this.#check(
      outcome[DECODE_OUTCOME.fault] as RecordFault,
      outcome[DECODE_OUTCOME.record] as number,
      (outcome[DECODE_OUTCOME.position] as number) - start,
    );
    return this.#splitColumns(bytes, rows, count);
  }

  #splitColumns(bytes: Uint8Array, rows: Int32Array, count: number): RecordColumns {
    const columns = newColumns(bytes, count);
    const baseTimestamp = this.baseTimestamp;
    const stamp = this.isLogAppendTime ? this.maxTimestamp : undefined;
    for (let i = 0, row = 0; i < count; i++, row += RECORD_ROW.length) {
      columns.offsets[i] = this.#headerOffset + (rows[row] as number);
      const low = rows[row + RECORD_ROW.timestampDeltaLow] as number;
      const delta = (rows[row + RECORD_ROW.timestampDeltaHigh] as number) * TWO_POW_32 + (low >>> 0);
      const timestamp = stamp ?? baseTimestamp + delta;
      if (!Number.isSafeInteger(timestamp)) throw timestampNotExact(timestamp, this.file, this.position);
      columns.timestamps[i] = timestamp;
      columns.keyStarts[i] = rows[row + RECORD_ROW.keyStart] as number;
      columns.keyLengths[i] = rows[row + RECORD_ROW.keyLength] as number;
      columns.valueStarts[i] = rows[row + RECORD_ROW.valueStart] as number;
      columns.valueLengths[i] = rows[row + RECORD_ROW.valueLength] as number;
    }
    return columns;
  }

  get #attributes(): number {
    return this.#view.getUint8(this.#start + (this.magic >= 2 ? BATCH.ATTRIBUTES + 1 : LEGACY.ATTRIBUTES));
  }

  get #place(): BatchPlace {
    const { file, position, lastOffset } = this;
    return { file, position, baseOffset: this.#headerOffset, lastOffset, nextPosition: position + this.sizeBytes };
  }

  #int64(field: number): number {
    const value = this.#view.getInt32(this.#start + field) * TWO_POW_32 + this.#view.getUint32(this.#start + field + 4);
    if (!Number.isSafeInteger(value))
      throw timestampNotExact(this.#view.getBigInt64(this.#start + field), this.file, this.position);
    return value;
  }

  /** Where the records lie, decompressed. */
  #recordBytes(): { bytes: Uint8Array; start: number; end: number } {
    const { codec } = this;
    const start = this.#start + HEADER_SIZE;
    const end = this.#start + this.sizeBytes;
    if (codec === CODEC_IDS.none) return { bytes: this.#bytes, start, end };
    this.#records ??= decompressRecords(this.#engine, codec, this.magic, this.#bytes, start, end, {
      ...this.#options,
      memory: this.#memory,
      file: this.file,
      position: this.position,
    });
    return { bytes: this.#records, start: 0, end: this.#records.length };
  }

  #legacyRecords(): LegacyRecords {
    this.#legacy ??= decodeLegacyBatch(this.#engine, this.#bytes, this.#start, this.sizeBytes, {
      ...this.#options,
      memory: this.#memory,
      file: this.file,
      position: this.position,
    });
    return this.#legacy;
  }

  #legacyCursor(): LegacyBatchCursor {
    return new LegacyBatchCursor(this.#legacyRecords(), this.#place);
  }

  #v2Cursor(): RecordBatchCursor {
    const { start, end, bytes } = this.#recordBytes();
    const base = {
      baseOffset: this.#headerOffset,
      baseTimestamp: this.baseTimestamp,
      stamp: this.isLogAppendTime ? this.maxTimestamp : undefined,
    };
    return new RecordBatchCursor(bytes, start, end, this.count, base, () => this.#place);
  }

  #check(fault: RecordFault, record: number, recordPosition: number): void {
    if (fault !== 0) throw recordError(fault, record, recordPosition, this.#place);
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The headers whose count stands at `start`. */
function headersAt(buffer: Buffer, start: number): readonly RecordHeader[] {
  if (buffer[start] === 0) return NO_HEADERS;
  const headers: RecordHeader[] = [];
  readHeaders(buffer, start, (keyStart, keyLength, valueStart, valueLength) => {
    const key = buffer.toString('utf8', keyStart, keyStart + keyLength);
    headers.push([key, valueLength < 0 ? null : buffer.subarray(valueStart, valueStart + valueLength)]);
  });
  return headers;
}
