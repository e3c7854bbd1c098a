/**
 * Records of format 2, one behind the other in a batch's (decompressed) records.
 *
 *     length        varint    bytes behind it
 *     attributes    int8      none are defined
 *     timestamp     varlong   less the batch's base timestamp
 *     offset        varint    less the batch's base offset
 *     key length    varint    -1: null
 *     key
 *     value length  varint    -1: null
 *     value
 *     header count  varint
 *       each: key length varint (never null), key (UTF-8), value length varint (-1: null), value
 *
 * Invariant: the fields end exactly where the length says. Faults are named in one fixed order, so that all decoders name
 * the same: the length, that the record is within the bytes, then field by field, then that the fields end in the right place.
 *
 * Source: spec 1.2, Kafka's `DefaultRecord`. Like Java's reader this one takes varints with needless bytes, and drops what
 * the fifth (tenth) byte has too much.
 */
import { joinInt64 } from './varint.ts';

/** What is wrong with a record; the numbers are part of the engine's contract. */
const OK = 0;
const VARINT_TOO_LONG = 1;
const TRUNCATED = 2;
const INVALID_LENGTH = 3;
const INVALID_HEADERS = 4;
const LENGTH_MISMATCH = 5;
const TRAILING_BYTES = 6;

/** What `#varint` and `#varlong` return instead of a position. */
const ENDED = -1;
const TOO_LONG = -2;

/** What the fixed fields of a short record take at the most: length 2, attributes 1, timestamp 3, offset 2, key length 2. */
const SHORT_FIELDS = 10;

const EMPTY = new Uint8Array(0);

/**
 * Goes over records without making objects. After `next()` returned true the fields tell of the record: positions are in
 * the bytes given to `reset`.
 */
export class RecordCursor {
  offsetDelta = 0;
  /** Inexact beyond 2^53: then see `timestampDeltaLow` and `timestampDeltaHigh`, its exact halves. */
  timestampDelta = 0;
  timestampDeltaLow = 0;
  timestampDeltaHigh = 0;
  keyStart = 0;
  /** -1: null. */
  keyLength = -1;
  valueStart = 0;
  /** -1: null. */
  valueLength = -1;
  /** Where the header count stands. */
  headersStart = 0;
  /** What ended the walk: 0, or one of the engine's record faults. */
  fault: number = OK;
  /** Which record has the fault, and where it starts. */
  faultRecord = 0;
  faultPosition = 0;
  #bytes: Uint8Array = EMPTY;
  #at = 0;
  #end = 0;
  #count = 0;
  #index = 0;
  /** What the last varint said; of a varlong the halves. */
  #value = 0;
  #high = 0;

  /** Where the record ends that `next` went to. */
  get recordEnd(): number {
    return this.#at;
  }

  /** Starts anew: `count` records fill `bytes[start, end)`. */
  reset(bytes: Uint8Array, start: number, end: number, count: number): void {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    this.#count = count;
    this.#index = 0;
    this.fault = OK;
    if (count < 0) this.#fail(TRUNCATED, start);
  }

  /** Goes to the next record; false behind the last one, or at a fault. */
  next(): boolean {
    if (this.#index >= this.#count || this.fault !== OK) return this.#finish();
    if (!this.#readShort() && !this.#readAny()) return false;
    this.#index++;
    return true;
  }

  /**
   * The common record: every number but the timestamp in at most two bytes, no headers. Whatever is not quite so is left to
   * `#readAny`. No field needs a check of its own: positions only rise, so if they end at the record's end none ran past it.
   */
  #readShort(): boolean {
    const bytes = this.#bytes;
    let at = this.#at;
    // Room for the largest fixed fields: nothing below reads behind the bytes before key and value.
    if (this.#end - at < SHORT_FIELDS) return false;
    let raw = bytes[at++] as number;
    if (raw >= 0x80) {
      const second = bytes[at++] as number;
      if (second >= 0x80) return false;
      raw = (raw & 0x7f) | (second << 7);
    }
    const bodyEnd = at + (raw >>> 1);
    if ((raw & 1) !== 0 || bodyEnd > this.#end) return false;
    at++; // attributes

    raw = bytes[at++] as number;
    if (raw >= 0x80) {
      const second = bytes[at++] as number;
      raw = (raw & 0x7f) | ((second & 0x7f) << 7);
      if (second >= 0x80) {
        const third = bytes[at++] as number;
        if (third >= 0x80) return false;
        raw |= third << 14;
      }
    }
    const timestampDelta = (raw >>> 1) ^ -(raw & 1);

    raw = bytes[at++] as number;
    if (raw >= 0x80) {
      const second = bytes[at++] as number;
      if (second >= 0x80) return false;
      raw = (raw & 0x7f) | (second << 7);
    }
    const offsetDelta = (raw >>> 1) ^ -(raw & 1);

    raw = bytes[at++] as number;
    if (raw >= 0x80) {
      const second = bytes[at++] as number;
      if (second >= 0x80) return false;
      raw = (raw & 0x7f) | (second << 7);
    }
    const keyLength = (raw >>> 1) ^ -(raw & 1);
    const keyStart = at;
    if (keyLength > 0) at += keyLength;
    // A value length and a header count must follow, or the reads below could leave the bytes.
    if (keyLength < -1 || at + 2 > bodyEnd) return false;

    raw = bytes[at++] as number;
    if (raw >= 0x80) {
      const second = bytes[at++] as number;
      if (second >= 0x80) return false;
      raw = (raw & 0x7f) | (second << 7);
    }
    const valueLength = (raw >>> 1) ^ -(raw & 1);
    const valueStart = at;
    if (valueLength > 0) at += valueLength;
    if (valueLength < -1 || at + 1 !== bodyEnd || bytes[at] !== 0) return false;

    this.timestampDelta = timestampDelta;
    this.timestampDeltaLow = timestampDelta;
    this.timestampDeltaHigh = timestampDelta >> 31;
    this.offsetDelta = offsetDelta;
    this.keyStart = keyStart;
    this.keyLength = keyLength;
    this.valueStart = valueStart;
    this.valueLength = valueLength;
    this.headersStart = at;
    this.#at = bodyEnd;
    return true;
  }

  /** Any record, field by field, with faults in their order. */
  #readAny(): boolean {
    const bytes = this.#bytes;
    const end = this.#end;
    const start = this.#at;
    let at = this.#varint(start, end);
    if (at < 0) return this.#fail(at === ENDED ? TRUNCATED : VARINT_TOO_LONG, start);
    if (this.#value < 0) return this.#fail(INVALID_LENGTH, start);
    const bodyEnd = at + this.#value;
    if (bodyEnd > end) return this.#fail(TRUNCATED, start);
    // Attributes.
    if (at >= bodyEnd) return this.#fail(LENGTH_MISMATCH, start);
    at = this.#varlong(at + 1, bodyEnd);
    if (at < 0) return this.#failWithin(at, start);
    this.timestampDeltaLow = this.#value;
    this.timestampDeltaHigh = this.#high;
    this.timestampDelta = joinInt64(this.#value, this.#high);
    at = this.#varint(at, bodyEnd);
    if (at < 0) return this.#failWithin(at, start);
    this.offsetDelta = this.#value;
    at = this.#varint(at, bodyEnd);
    if (at < 0) return this.#failWithin(at, start);
    this.keyStart = at;
    this.keyLength = this.#value;
    if (this.#value < -1) return this.#fail(INVALID_LENGTH, start);
    if (this.#value > 0) at += this.#value;
    if (at > bodyEnd) return this.#fail(LENGTH_MISMATCH, start);
    at = this.#varint(at, bodyEnd);
    if (at < 0) return this.#failWithin(at, start);
    this.valueStart = at;
    this.valueLength = this.#value;
    if (this.#value < -1) return this.#fail(INVALID_LENGTH, start);
    if (this.#value > 0) at += this.#value;
    if (at > bodyEnd) return this.#fail(LENGTH_MISMATCH, start);
    this.headersStart = at;
    if (at < bodyEnd && bytes[at] === 0) at++;
    else {
      at = this.#skipHeaders(at, bodyEnd);
      if (at < 0) return this.#fail(-at, start);
    }
    if (at !== bodyEnd) return this.#fail(LENGTH_MISMATCH, start);
    this.#at = at;
    return true;
  }

  /** @returns the position behind the headers, or the fault, negative */
  #skipHeaders(start: number, bodyEnd: number): number {
    let at = this.#varint(start, bodyEnd);
    if (at < 0) return at === ENDED ? -LENGTH_MISMATCH : -VARINT_TOO_LONG;
    const count = this.#value;
    if (count < 0 || count > bodyEnd - at) return -INVALID_HEADERS;
    for (let header = 0; header < count; header++) {
      at = this.#varint(at, bodyEnd);
      if (at < 0) return at === ENDED ? -LENGTH_MISMATCH : -VARINT_TOO_LONG;
      if (this.#value < 0) return -INVALID_HEADERS;
      at += this.#value;
      if (at > bodyEnd) return -LENGTH_MISMATCH;
      at = this.#varint(at, bodyEnd);
      if (at < 0) return at === ENDED ? -LENGTH_MISMATCH : -VARINT_TOO_LONG;
      if (this.#value < -1) return -INVALID_LENGTH;
      if (this.#value > 0) at += this.#value;
      if (at > bodyEnd) return -LENGTH_MISMATCH;
    }
    return at;
  }

  /** Behind the last record nothing may remain. */
  #finish(): false {
    if (this.fault === OK && this.#count > 0 && this.#at !== this.#end) {
      this.#fail(TRAILING_BYTES, this.#at);
    }
    return false;
  }

  #fail(fault: number, position: number): false {
    this.fault = fault;
    this.faultRecord = this.#index;
    this.faultPosition = position;
    return false;
  }

  #failWithin(at: number, start: number): false {
    return this.#fail(at === ENDED ? LENGTH_MISMATCH : VARINT_TOO_LONG, start);
  }

  #varint(start: number, limit: number): number {
    const bytes = this.#bytes;
    let raw = 0;
    let at = start;
    for (let shift = 0; shift <= 28; shift += 7) {
      if (at >= limit) return ENDED;
      const byte = bytes[at++] as number;
      raw |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        this.#value = (raw >>> 1) ^ -(raw & 1);
        return at;
      }
    }
    return TOO_LONG;
  }

  #varlong(start: number, limit: number): number {
    const bytes = this.#bytes;
    // Three parts of 28, 28 and 8 bits: no part overflows 32.
    let low = 0;
    let middle = 0;
    let top = 0;
    let at = start;
    for (let group = 0; group < 10; group++) {
      if (at >= limit) return ENDED;
      const byte = bytes[at++] as number;
      const bits = byte & 0x7f;
      if (group < 4) low |= bits << (group * 7);
      else if (group < 8) middle |= bits << ((group - 4) * 7);
      else top |= bits << ((group - 8) * 7);
      if (byte < 0x80) {
        const rawLow = low | (middle << 28) | 0;
        const rawHigh = (middle >>> 4) | (top << 24) | 0;
        const sign = -(rawLow & 1);
        this.#value = ((rawLow >>> 1) | (rawHigh << 31)) ^ sign;
        this.#high = (rawHigh >>> 1) ^ sign;
        return at;
      }
    }
    return TOO_LONG;
  }
}

/** Called for each header: positions in the bytes, length -1 is null. */
export type HeaderVisitor = (keyStart: number, keyLength: number, valueStart: number, valueLength: number) => void;

/** Goes over the headers of a record that a cursor has checked; `start` is its `headersStart`. */
export function readHeaders(bytes: Uint8Array, start: number, visit: HeaderVisitor): void {
  let at = start;
  const varint = (): number => {
    let raw = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] as number;
      raw |= (byte & 0x7f) << shift;
      if (byte < 0x80 || shift === 28) return (raw >>> 1) ^ -(raw & 1);
    }
  };
  const count = varint();
  for (let header = 0; header < count; header++) {
    const keyLength = varint();
    const keyStart = at;
    at += keyLength;
    const valueLength = varint();
    const valueStart = at;
    if (valueLength > 0) at += valueLength;
    visit(keyStart, keyLength, valueStart, valueLength);
  }
}
