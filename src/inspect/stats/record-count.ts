/** The hot loop: counts the data records of one batch after the other. No object is made for a record. */
import { RecordCursor, readHeaders } from '../../format/record-v2.ts';
import { LEGACY_ROW, type LegacyRecords } from '../../record/legacy.ts';
import { isWithin, type RangeLimits } from './filter.ts';
import { KeyHash } from './hash.ts';
import type { Tally } from './tally.ts';

/** What a message of format 0 and 1 takes besides key and value. */
const LEGACY_OVERHEAD = 26;
const LEGACY_TIMESTAMP = 8;

/** What the deltas of a batch's records are relative to. Inexact beyond 2^53. */
export interface RecordBase {
  readonly baseOffset: number;
  readonly baseTimestamp: number;
  /** Where the broker stamped the records: the one timestamp of all. */
  readonly stamp: number | undefined;
}

/** Counts records to a tally. The fields tell of the batch that was taken last. */
export class RecordCount {
  /** How many records were within the limits. */
  counted = 0;
  /** Of those with a timestamp; NaN without one. */
  minTimestamp: number = NaN;
  maxTimestamp: number = NaN;
  readonly cursor: RecordCursor = new RecordCursor();
  readonly #tally: Tally;
  readonly #limits: RangeLimits | undefined;
  readonly #hash: KeyHash = new KeyHash();
  #headerBytes = 0;

  constructor(tally: Tally, limits: RangeLimits | undefined) {
    this.#tally = tally;
    this.#limits = limits;
  }

  /**
   * Counts the `count` records that fill `bytes[start, end)`, up to the first that cannot be read; that one is told by the
   * cursor. `source` and `position` say where the batch is.
   */
  run(
    bytes: Uint8Array,
    start: number,
    end: number,
    count: number,
    { baseOffset, baseTimestamp, stamp }: RecordBase,
    source: number,
    position: number,
  ): void {
    const { cursor } = this;
    const limits = this.#limits;
    const { records } = this.#tally;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#begin();
    cursor.reset(bytes, start, end, count);
    let at = start;
    let record = -1;
    let counted = 0;
    while (cursor.next()) {
      record++;
      const recordBytes = cursor.recordEnd - at;
      at = cursor.recordEnd;
      const timestamp = stamp ?? baseTimestamp + cursor.timestampDelta;
      if (limits !== undefined && !isWithin(limits, baseOffset + cursor.offsetDelta, timestamp)) continue;
      counted++;
      records.add(recordBytes);
      this.#time(timestamp, recordBytes);
      this.#fields(view, cursor.keyStart, cursor.keyLength, cursor.valueLength, source, position, record);
      if (at - cursor.headersStart > 1) this.#headers(bytes, cursor.headersStart);
    }
    this.counted = counted;
  }

  /** The same for the messages of an entry of format 0 or 1. */
  runLegacy(messages: LegacyRecords, magic: number, source: number, position: number): void {
    const { bytes, rows } = messages;
    const limits = this.#limits;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#begin();
    for (let record = 0; record < messages.count; record++) {
      const offset = Number(messages.offsets[record]);
      const timestamp = Number(messages.timestamps[record]);
      if (limits !== undefined && !isWithin(limits, offset, timestamp)) continue;
      const row = record * LEGACY_ROW.length;
      const keyLength = rows[row + LEGACY_ROW.keyLength] as number;
      const valueLength = rows[row + LEGACY_ROW.valueLength] as number;
      const overhead = LEGACY_OVERHEAD + (magic === 0 ? 0 : LEGACY_TIMESTAMP);
      const recordBytes = overhead + Math.max(0, keyLength) + Math.max(0, valueLength);
      this.counted++;
      this.#tally.records.add(recordBytes);
      this.#time(timestamp, recordBytes);
      this.#fields(view, rows[row + LEGACY_ROW.keyStart] as number, keyLength, valueLength, source, position, record);
    }
  }

  #begin(): void {
    this.counted = 0;
    this.minTimestamp = NaN;
    this.maxTimestamp = NaN;
  }

  #time(timestamp: number, recordBytes: number): void {
    const { timestamps, growth } = this.#tally;
    if (timestamps.add(timestamp)) growth.addRecord(timestamp, recordBytes);
    else if (timestamp === -1) return;
    // Nothing is below or above NaN, which stands for none so far.
    if (!(timestamp >= this.minTimestamp)) this.minTimestamp = timestamp;
    if (!(timestamp <= this.maxTimestamp)) this.maxTimestamp = timestamp;
  }

  #fields(
    view: DataView,
    keyStart: number,
    keyLength: number,
    valueLength: number,
    source: number,
    position: number,
    record: number,
  ): void {
    const tally = this.#tally;
    const { counts } = tally;
    if (valueLength >= 0) tally.values.add(valueLength);
    if (keyLength < 0) {
      counts.withoutKey++;
      return;
    }
    counts.withKey++;
    if (valueLength < 0) counts.tombstones++;
    tally.keys.add(keyLength);
    const hash = this.#hash;
    hash.update(view, keyStart, keyLength);
    tally.distinct.add(hash.low, hash.high);
    tally.frequent.add(hash.low, hash.high, source, position, record);
  }

  #headers(bytes: Uint8Array, start: number): void {
    this.#headerBytes = 0;
    readHeaders(bytes, start, this.#addHeader);
    this.#tally.headers.add(this.#headerBytes);
  }

  readonly #addHeader = (_: number, keyLength: number, __: number, valueLength: number): void => {
    this.#headerBytes += keyLength + Math.max(0, valueLength);
  };
}
