/** The line of one record that is megabytes long, piece by piece: memory does not grow with what a field becomes as text. */
import { isUtf8 } from 'node:buffer';
import { LINE_STATE } from '../engine/contract.ts';
import { RecordCursor } from '../format/record-v2.ts';
import {
  type ByteEncoding,
  jsonString,
  type PrintEncoding,
  type Redactable,
  type UsedEncoding,
} from './byte-encoding.ts';
import { addExact, addWrapped, type Int64, narrow } from './int64.ts';

/** Bytes of a field that become text at once: in base64, threes become fours. */
const PIECE_BYTES = 3 * 64 * 1024;
/** Small pieces are handed over together. */
const GATHERED_LENGTH = 64 * 1024;

/** How fields are printed. */
interface Style {
  readonly bytes: PrintEncoding;
  readonly redact: ReadonlySet<Redactable>;
}

/** A field of the record, and how it is printed. */
interface Field {
  readonly start: number;
  /** -1: null. */
  readonly length: number;
  readonly used: UsedEncoding;
}

/** Writes the line of the record at `state`'s position, which can be read, and moves the state to the next one. */
export function* longLine(
  bytes: Uint8Array,
  end: number,
  state: Int32Array,
  style: Style,
): Generator<Uint8Array, void> {
  const cursor = new RecordCursor();
  cursor.reset(bytes, state[LINE_STATE.position] as number, end, 1);
  cursor.next();
  let gathered = '';
  for (const text of new LongLine(bytes, style).pieces(cursor, state)) {
    gathered += text;
    if (gathered.length < GATHERED_LENGTH) continue;
    yield Buffer.from(gathered);
    gathered = '';
  }
  yield Buffer.from(gathered);
  state[LINE_STATE.position] = cursor.recordEnd;
  state[LINE_STATE.record] = (state[LINE_STATE.record] as number) + 1;
}

class LongLine {
  readonly #bytes: Uint8Array;
  readonly #style: Style;
  readonly #usual: ByteEncoding;

  constructor(bytes: Uint8Array, style: Style) {
    this.#bytes = bytes;
    this.#style = style;
    this.#usual = style.bytes === 'auto' ? 'utf8' : style.bytes;
  }

  *pieces(cursor: RecordCursor, state: Int32Array): Generator<string, void> {
    const usual = this.#usual;
    const key = this.#field('keys', cursor.keyStart, cursor.keyLength);
    const value = this.#field('values', cursor.valueStart, cursor.valueLength);
    const offset = addExact(int64Of(state, LINE_STATE.baseOffsetLow), cursor.offsetDelta);
    yield `{"type":"record","offset":${offset},"timestamp":${timestampOf(cursor, state)},"key":`;
    yield* this.#json(key);
    yield ',"value":';
    yield* this.#json(value);
    yield ',"headers":[';
    let areUsual = true;
    let separator = '[';
    for (const header of this.#headers(cursor.headersStart)) {
      yield separator;
      yield* this.#json(header.key);
      yield ',';
      yield* this.#json(header.value);
      yield ']';
      separator = ',[';
      areUsual &&= header.key.used === usual && header.value.used === usual;
    }
    yield `],"encoding":"${usual}"`;
    if (key.used !== usual) yield `,"keyEncoding":"${key.used}"`;
    if (value.used !== usual) yield `,"valueEncoding":"${value.used}"`;
    if (!areUsual) yield* this.#headerEncodings(cursor.headersStart);
    yield '}\n';
  }

  *#headerEncodings(headersStart: number): Generator<string, void> {
    let separator = ',"headerEncodings":[';
    for (const { key, value } of this.#headers(headersStart)) {
      yield `${separator}["${key.used}","${value.used}"]`;
      separator = ',';
    }
    yield ']';
  }

  /** One after the other: there may be millions. */
  *#headers(start: number): Generator<{ readonly key: Field; readonly value: Field }, void> {
    let at = start;
    const varint = (): number => {
      let raw = 0;
      for (let shift = 0; ; shift += 7) {
        const byte = this.#bytes[at++] as number;
        raw |= (byte & 0x7f) << shift;
        if (byte < 0x80 || shift === 28) return (raw >>> 1) ^ -(raw & 1);
      }
    };
    const field = (): Field => {
      const length = varint();
      const from = at;
      at += Math.max(0, length);
      return this.#field('headers', from, length);
    };
    for (let rest = varint(); rest > 0; rest--) yield { key: field(), value: field() };
  }

  #field(part: Redactable, start: number, length: number): Field {
    return { start, length, used: length < 0 ? this.#usual : this.#used(part, start, length) };
  }

  #used(part: Redactable, start: number, length: number): UsedEncoding {
    const { bytes: asked, redact } = this.#style;
    if (redact.has(part)) return 'redacted';
    if (asked === 'base64' || asked === 'hex') return asked;
    const field = this.#bytes.subarray(start, start + length);
    return isUtf8(field) && !(asked === 'auto' && hasOddControl(field)) ? 'utf8' : 'base64';
  }

  /** A field as JSON, in pieces. */
  *#json({ start, length, used }: Field): Generator<string, void> {
    if (length < 0) yield 'null';
    else if (used === 'redacted') yield `"${length} bytes"`;
    else {
      yield '"';
      for (let at = start; at < start + length; ) {
        const end = this.#pieceEnd(at, start + length, used);
        const piece = Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + at, end - at);
        yield used === 'utf8' ? jsonString(piece.toString('utf8')).slice(1, -1) : piece.toString(used);
        at = end;
      }
      yield '"';
    }
  }

  /** Not within a character. */
  #pieceEnd(at: number, end: number, used: UsedEncoding): number {
    let pieceEnd = Math.min(end, at + PIECE_BYTES);
    if (used === 'utf8') while (pieceEnd < end && ((this.#bytes[pieceEnd] as number) & 0xc0) === 0x80) pieceEnd--;
    return pieceEnd;
  }
}

/** Control characters of ASCII but tab, line feed and carriage return. */
function hasOddControl(bytes: Uint8Array): boolean {
  for (const byte of bytes) {
    if (byte === 0x7f || (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d)) return true;
  }
  return false;
}

/** The int64 whose low half is at `low`, and its high half behind it. */
function int64Of(state: Int32Array, low: number): Int64 {
  return join(state[low] as number, state[low + 1] as number);
}

function join(low: number, high: number): Int64 {
  return narrow((BigInt(high) << 32n) | BigInt(low >>> 0));
}

function timestampOf({ timestampDeltaLow, timestampDeltaHigh }: RecordCursor, state: Int32Array): Int64 {
  const base = int64Of(state, LINE_STATE.timestampLow);
  return state[LINE_STATE.isAppendTime] === 0 ? addWrapped(base, join(timestampDeltaLow, timestampDeltaHigh)) : base;
}
