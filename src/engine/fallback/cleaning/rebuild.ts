/** A batch made of some of another one's records. */
import { ATTRIBUTES, BATCH, HEADER_SIZE, LOG_OVERHEAD } from '../../../format/batch.ts';
import { writeVarint } from '../../../format/varint.ts';
import { CODEC_IDS, type CodecId } from '../../contract.ts';
import { Int64, sizeOfVarlongHalves, writeVarlongHalves } from './int64.ts';
import { KEPT_ROW, type KeptRecords } from './kept.ts';
import type { Codecs, RecordSource } from './source.ts';

/** Kafka's default level of each codec, by its number; those without levels have 0. */
const DEFAULT_LEVELS: readonly number[] = [0, -1, 0, 9, 3];
/** What a record grows by at the most when its timestamp delta changes: 9 bytes there, 4 in its length. */
const MAX_GROWTH = 13;
/** Attribute bits that a batch built anew keeps, horizon aside. */
const KEPT_ATTRIBUTES =
  ATTRIBUTES.CODEC_MASK | ATTRIBUTES.LOG_APPEND_TIME | ATTRIBUTES.TRANSACTIONAL | ATTRIBUTES.CONTROL;
const NO_TIMESTAMP = -1;

function copyHeader({ view }: RecordSource, target: Uint8Array, at: number): DataView {
  const from = new Uint8Array(view.buffer, view.byteOffset, HEADER_SIZE);
  target.set(from, at);
  return new DataView(target.buffer, target.byteOffset + at, HEADER_SIZE);
}

/** Writes the header alone, unsealed, if there is room. @returns its bytes */
export function writeEmptyBatch(source: RecordSource, target: Uint8Array, at: number): number {
  if (target.length - at < HEADER_SIZE) return HEADER_SIZE;
  const header = copyHeader(source, target, at);
  header.setInt32(BATCH.LENGTH, HEADER_SIZE - LOG_OVERHEAD);
  header.setInt16(BATCH.ATTRIBUTES, source.attributes & KEPT_ATTRIBUTES & ~ATTRIBUTES.CODEC_MASK);
  new Int64().setNumber(NO_TIMESTAMP).write(header, BATCH.BASE_TIMESTAMP);
  header.setInt32(BATCH.RECORD_COUNT, 0);
  return HEADER_SIZE;
}

/** Builds batches anew. One for each engine: its memory is used again. */
export class Rebuild {
  readonly #codecs: Codecs;
  #plain: Uint8Array = new Uint8Array(0);
  readonly #base: Int64 = new Int64();
  /** What is added to a record's timestamp delta. With LogAppendTime: what takes its place. */
  readonly #shift: Int64 = new Int64();
  readonly #largest: Int64 = new Int64();
  readonly #time: Int64 = new Int64();

  constructor(codecs: Codecs) {
    this.#codecs = codecs;
  }

  /**
   * Writes the batch, unsealed, if there is room for it.
   *
   * @param newHorizonMs the delete horizon that it gets; undefined when it keeps what it has
   * @returns its bytes; more than there is room for, when it was not written
   */
  write(
    source: RecordSource,
    kept: KeptRecords,
    newHorizonMs: number | undefined,
    target: Uint8Array,
    at: number,
  ): number {
    this.#setTimes(source, kept, newHorizonMs);
    const room = target.length - at;
    const bound = kept.bytes + kept.count * MAX_GROWTH;
    const { codec } = source;
    if (codec === CODEC_IDS.none) {
      if (HEADER_SIZE + bound > room) return HEADER_SIZE + bound;
      const end = this.#writeRecords(source, kept, target, at + HEADER_SIZE);
      return this.#writeHeader(source, kept, newHorizonMs, target, at, end);
    }
    if (this.#plain.length < bound) this.#plain = Buffer.allocUnsafeSlow(bound);
    const length = this.#writeRecords(source, kept, this.#plain, 0);
    const compressed = this.#codecs.compressBound(codec, length);
    if (HEADER_SIZE + compressed > room) return HEADER_SIZE + compressed;
    const end = at + HEADER_SIZE + this.#compress(codec, length, target, at + HEADER_SIZE);
    return this.#writeHeader(source, kept, newHorizonMs, target, at, end);
  }

  /** Writes the checksum of the batch that was written last. */
  seal(target: Uint8Array, at: number, length: number): void {
    this.#codecs.sealBatch(target.subarray(at, at + length), length);
  }

  #compress(codec: CodecId, length: number, target: Uint8Array, at: number): number {
    return this.#codecs.compress(codec, DEFAULT_LEVELS[codec] ?? 0, this.#plain, 0, length, target, at);
  }

  /** The new base timestamp, what deltas change by, and the largest timestamp. */
  #setTimes({ view, attributes }: RecordSource, kept: KeptRecords, newHorizonMs: number | undefined): void {
    const isAppendTime = (attributes & ATTRIBUTES.LOG_APPEND_TIME) !== 0;
    const oldBase = this.#time.read(view, BATCH.BASE_TIMESTAMP);
    const largest = this.#largest.read(view, BATCH.MAX_TIMESTAMP);
    const base = this.#base.copy(oldBase);
    if (newHorizonMs !== undefined) base.setNumber(newHorizonMs);
    else if ((attributes & ATTRIBUTES.DELETE_HORIZON) === 0) {
      if (isAppendTime) base.copy(largest);
      else base.add(kept.rows[KEPT_ROW.deltaLow] as number, kept.rows[KEPT_ROW.deltaHigh] as number);
    }
    if (isAppendTime) {
      this.#shift.copy(largest).subtract(base.low, base.high);
      return;
    }
    this.#shift.copy(oldBase).subtract(base.low, base.high);
    this.#findLargest(kept, oldBase.low, oldBase.high);
  }

  #findLargest({ rows, count }: KeptRecords, baseLow: number, baseHigh: number): void {
    const largest = this.#largest.setNumber(NO_TIMESTAMP);
    const time = this.#time;
    for (let row = 0; row < count * KEPT_ROW.length; row += KEPT_ROW.length) {
      time.set(baseLow, baseHigh);
      time.add(rows[row + KEPT_ROW.deltaLow] as number, rows[row + KEPT_ROW.deltaHigh] as number);
      if (largest.isBelow(time)) largest.copy(time);
    }
  }

  /** @returns the position behind the last record */
  #writeRecords({ bytes, attributes }: RecordSource, kept: KeptRecords, target: Uint8Array, start: number): number {
    const { rows, count } = kept;
    const shift = this.#shift;
    const isAppendTime = (attributes & ATTRIBUTES.LOG_APPEND_TIME) !== 0;
    const delta = this.#time;
    let at = start;
    for (let row = 0; row < count * KEPT_ROW.length; row += KEPT_ROW.length) {
      const from = rows[row + KEPT_ROW.start] as number;
      const to = rows[row + KEPT_ROW.end] as number;
      const low = rows[row + KEPT_ROW.deltaLow] as number;
      const high = rows[row + KEPT_ROW.deltaHigh] as number;
      delta.copy(shift);
      if (!isAppendTime) delta.add(low, high);
      if (delta.low === low && delta.high === high) {
        target.set(bytes.subarray(from, to), at);
        at += to - from;
      } else at = writeRecord(bytes, from, to, delta, target, at);
    }
    return at;
  }

  #writeHeader(
    source: RecordSource,
    kept: KeptRecords,
    newHorizonMs: number | undefined,
    target: Uint8Array,
    at: number,
    end: number,
  ): number {
    const header = copyHeader(source, target, at);
    const horizon =
      newHorizonMs === undefined ? source.attributes & ATTRIBUTES.DELETE_HORIZON : ATTRIBUTES.DELETE_HORIZON;
    header.setInt32(BATCH.LENGTH, end - at - LOG_OVERHEAD);
    header.setInt16(BATCH.ATTRIBUTES, (source.attributes & KEPT_ATTRIBUTES) | horizon);
    this.#base.write(header, BATCH.BASE_TIMESTAMP);
    this.#largest.write(header, BATCH.MAX_TIMESTAMP);
    header.setInt32(BATCH.RECORD_COUNT, kept.count);
    return end - at;
  }
}

/** The position behind the varint at `at`. */
function behindVarint(bytes: Uint8Array, at: number): number {
  let end = at;
  while ((bytes[end] as number) >= 0x80) end++;
  return end + 1;
}

/** A record with another timestamp delta. @returns the position behind it */
function writeRecord(
  bytes: Uint8Array,
  from: number,
  to: number,
  { low, high }: Int64,
  target: Uint8Array,
  start: number,
): number {
  const attributes = behindVarint(bytes, from);
  const tail = behindVarint(bytes, attributes + 1);
  let at = writeVarint(target, start, 1 + sizeOfVarlongHalves(low, high) + to - tail);
  target[at++] = bytes[attributes] as number;
  at = writeVarlongHalves(target, at, low, high);
  target.set(bytes.subarray(tail, to), at);
  return at + to - tail;
}
