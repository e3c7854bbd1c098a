/** The cursors over a batch's records, one for each family of message formats, and columns. */
import type { RecordFault } from '../engine/contract.ts';
import { RecordCursor } from '../format/record-v2.ts';
import { type BatchPlace, recordError } from './batch-error.ts';
import { offsetNotExact, timestampNotExact } from './batch-header.ts';
import { LEGACY_ROW, type LegacyRecords } from './legacy.ts';

/** A record's place in `bytes`, one after the other: for bulk work without objects. */
export interface BatchCursor {
  /** Goes to the next record; false behind the last one. @throws SeglogError `INVALID_RECORD` */
  next(): boolean;
  /** Where keys and values lie. */
  readonly bytes: Uint8Array;
  readonly offset: number;
  readonly timestamp: number;
  readonly keyStart: number;
  /** -1: null. */
  readonly keyLength: number;
  readonly valueStart: number;
  /** -1: null. */
  readonly valueLength: number;
}

/** All records of a batch at once, as arrays. Entry `i` of each is record `i`; a length of -1 is null. */
export interface RecordColumns {
  readonly count: number;
  /** Where keys and values lie. */
  readonly bytes: Uint8Array;
  readonly offsets: Float64Array;
  readonly timestamps: Float64Array;
  readonly keyStarts: Int32Array;
  readonly keyLengths: Int32Array;
  readonly valueStarts: Int32Array;
  readonly valueLengths: Int32Array;
}

/** What the deltas in a batch of format 2 are relative to. */
export interface BatchBase {
  readonly baseOffset: number;
  readonly baseTimestamp: number;
  /** With LogAppendTime the one timestamp of all records. */
  readonly stamp: number | undefined;
}

/**
 * Over records of format 2: the walk over the bytes itself, so that no call stands between a caller and it. Getters are as
 * short as they are to be compiled into the caller's loop; what is thrown is made elsewhere.
 */
export class RecordBatchCursor extends RecordCursor implements BatchCursor {
  readonly bytes: Uint8Array;
  readonly #start: number;
  readonly #baseOffset: number;
  readonly #baseTimestamp: number;
  /** 1; 0 where deltas do not count, since all records have one timestamp. */
  readonly #deltaScale: number;
  readonly #place: () => BatchPlace;

  /** `count` records fill `bytes[start, end)`; `place` tells where they are when something is wrong. */
  constructor(bytes: Uint8Array, start: number, end: number, count: number, base: BatchBase, place: () => BatchPlace) {
    super();
    this.bytes = bytes;
    this.#start = start;
    this.#baseOffset = base.baseOffset;
    this.#baseTimestamp = base.stamp ?? base.baseTimestamp;
    this.#deltaScale = base.stamp === undefined ? 1 : 0;
    this.#place = place;
    this.reset(bytes, start, end, count);
  }

  override next(): boolean {
    return super.next() || this.#ended();
  }

  get offset(): number {
    return this.#baseOffset + this.offsetDelta;
  }

  get timestamp(): number {
    const timestamp = this.#baseTimestamp + this.timestampDelta * this.#deltaScale;
    // A sum of whole numbers is one, so its size tells as much as `isSafeInteger`, in less code to compile into the loop.
    return Math.abs(timestamp) <= Number.MAX_SAFE_INTEGER ? timestamp : this.#inexact(timestamp);
  }

  #inexact(timestamp: number): never {
    const { file, position } = this.#place();
    throw timestampNotExact(timestamp, file, position);
  }

  #ended(): false {
    const { fault, faultRecord, faultPosition } = this;
    if (fault !== 0) throw recordError(fault as RecordFault, faultRecord, faultPosition - this.#start, this.#place());
    return false;
  }
}

/** Over the messages of an entry of format 0 or 1. */
export class LegacyBatchCursor implements BatchCursor {
  readonly #records: LegacyRecords;
  readonly #place: BatchPlace;
  #at = -1;

  constructor(records: LegacyRecords, place: BatchPlace) {
    this.#records = records;
    this.#place = place;
  }

  next(): boolean {
    if (this.#at < this.#records.count) this.#at++;
    return this.#at < this.#records.count;
  }

  get bytes(): Uint8Array {
    return this.#records.bytes;
  }
  get offset(): number {
    const exact = this.#records.offsets[this.#at] ?? -1n;
    const offset = Number(exact);
    if (!Number.isSafeInteger(offset)) throw offsetNotExact(exact, this.#place.file, this.#place.position);
    return offset;
  }
  get timestamp(): number {
    const exact = this.#records.timestamps[this.#at] ?? -1n;
    const timestamp = Number(exact);
    if (!Number.isSafeInteger(timestamp)) throw timestampNotExact(exact, this.#place.file, this.#place.position);
    return timestamp;
  }
  get keyStart(): number {
    return this.#field(LEGACY_ROW.keyStart);
  }
  get keyLength(): number {
    return this.#field(LEGACY_ROW.keyLength);
  }
  get valueStart(): number {
    return this.#field(LEGACY_ROW.valueStart);
  }
  get valueLength(): number {
    return this.#field(LEGACY_ROW.valueLength);
  }

  #field(field: number): number {
    return this.#records.rows[this.#at * LEGACY_ROW.length + field] ?? -1;
  }
}

/** Columns for `count` records, to be filled. */
export function newColumns(bytes: Uint8Array, count: number): RecordColumns {
  return {
    count,
    bytes,
    offsets: new Float64Array(count),
    timestamps: new Float64Array(count),
    keyStarts: new Int32Array(count),
    keyLengths: new Int32Array(count),
    valueStarts: new Int32Array(count),
    valueLengths: new Int32Array(count),
  };
}

/** Columns from any cursor: for formats that the engine does not decode. */
export function columnsOfCursor(cursor: BatchCursor, count: number): RecordColumns {
  const columns = newColumns(cursor.bytes, count);
  for (let i = 0; cursor.next(); i++) {
    columns.offsets[i] = cursor.offset;
    columns.timestamps[i] = cursor.timestamp;
    columns.keyStarts[i] = cursor.keyStart;
    columns.keyLengths[i] = cursor.keyLength;
    columns.valueStarts[i] = cursor.valueStart;
    columns.valueLengths[i] = cursor.valueLength;
  }
  return columns;
}
