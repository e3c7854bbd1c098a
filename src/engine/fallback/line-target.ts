/** Bytes of users as JSON strings, written to bytes: in an encoding that loses nothing, and without steering a terminal. */
import { isUtf8 } from 'node:buffer';
import { LINE_ENCODINGS, type LineEncoding } from '../contract.ts';

/** What a field is in. */
export type Form = 'base64' | 'utf8' | 'hex' | 'redacted';

const ascii = (text: string): Uint8Array => Buffer.from(text, 'latin1');

const LETTERS64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
/** Two letters for each twelve bits. Made by plain loops, as below: every command that starts waits for them. */
const BASE64 = new Uint16Array(4096);
for (let bits = 0; bits < BASE64.length; bits++)
  BASE64[bits] = (LETTERS64.charCodeAt(bits >>> 6) << 8) | LETTERS64.charCodeAt(bits & 63);

/** Four digits for each number below ten thousand. */
const DIGITS = new Uint32Array(10_000);
for (let number = 0; number < DIGITS.length; number++) {
  const digits = ((number / 1000) << 24) | (((number / 100) % 10) << 16) | (((number / 10) % 10) << 8) | (number % 10);
  DIGITS[number] = 0x3030_3030 + digits;
}
const HEX = ascii('0123456789abcdef');
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const PADDING = 0x3d;

/** Fields that are longer go through Node's own codecs, whose calls cost as much as coding some hundred bytes here. */
const LONG_BYTES = 1024;

/** Four bytes at once: their high bits, and a byte value in each of them. */
const HIGH_BITS = 0x80808080 | 0;
const ONES = 0x01010101;
const SPACES = 0x20202020;
const QUOTES = QUOTE * ONES;
const BACKSLASHES = BACKSLASH * ONES;
const DELETES = 0x7f * ONES;

/** What a byte may be: a character that is escaped; not ASCII; a control character that text has no use for. */
const LOOK = 1;
const WIDE = 2;
const ODD = 4;
const KINDS = Uint8Array.from({ length: 256 }, (_, byte) => {
  const isControl = byte < 0x20 || byte === 0x7f;
  const isOdd = isControl && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d;
  return (isControl || byte === QUOTE || byte === BACKSLASH ? LOOK : 0) | (byte >= 0x80 ? WIDE : 0) | (isOdd ? ODD : 0);
});

/** The letter behind the backslash; 0 where there is none, and the character's number follows `\u`. */
const LETTERS = new Uint8Array(256);
for (const [byte, letter] of [
  [QUOTE, '"'],
  [BACKSLASH, '\\'],
  [0x08, 'b'],
  [0x09, 't'],
  [0x0a, 'n'],
  [0x0c, 'f'],
  [0x0d, 'r'],
] as const)
  LETTERS[byte] = letter.charCodeAt(0);

/** What kinds of bytes there are in a field. */
function kindsIn(bytes: Uint8Array, start: number, end: number): number {
  let kinds = 0;
  for (let at = start; at < end; at++) kinds |= KINDS[bytes[at] as number] as number;
  return kinds;
}

/** What fields are in unless a line says otherwise. */
export function usualForm(encoding: LineEncoding): Form {
  if (encoding === LINE_ENCODINGS.base64) return 'base64';
  return encoding === LINE_ENCODINGS.hex ? 'hex' : 'utf8';
}

/** What these bytes will be in. */
export function formOf(encoding: LineEncoding, bytes: Uint8Array, start: number, length: number): Form {
  if (encoding === LINE_ENCODINGS.base64) return 'base64';
  if (encoding === LINE_ENCODINGS.hex) return 'hex';
  const kinds = kindsIn(bytes, start, start + length);
  if (encoding === LINE_ENCODINGS.auto && (kinds & ODD) !== 0) return 'base64';
  return (kinds & WIDE) === 0 || isUtf8(bytes.subarray(start, start + length)) ? 'utf8' : 'base64';
}

/** Letters that are written as they are, again and again. */
export class Piece {
  readonly bytes: Uint8Array;
  /** The same in fours, with zeros behind. */
  readonly words: Int32Array;

  constructor(text: string) {
    this.bytes = ascii(text);
    const padded = Buffer.alloc(Math.ceil(text.length / 4) * 4, text, 'latin1').fill(0, text.length);
    this.words = Int32Array.from({ length: padded.length / 4 }, (_, word) => padded.readInt32BE(word * 4));
  }
}

const BYTES = new Piece(' bytes"');

/** Where lines go, and where their fields come from. Once something did not fit nothing more is written. */
export class LineTarget {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #source: Uint8Array;
  readonly #sourceView: DataView;
  #buffer: Buffer | undefined;
  /** Infinity once something did not fit. */
  #at = 0;

  constructor(bytes: Uint8Array, source: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#source = source;
    this.#sourceView = new DataView(source.buffer, source.byteOffset, source.byteLength);
  }

  /** How many bytes are written; Infinity when something did not fit. */
  get written(): number {
    return this.#at;
  }

  /** Bytes as they are. */
  put({ bytes, words }: Piece): void {
    let at = this.#take(bytes.length);
    if (at < 0) return;
    // The last word's zeros are overwritten by what comes next.
    if (at + words.length * 4 > this.#bytes.length) this.#bytes.set(bytes, at);
    else for (let word = 0; word < words.length; word++, at += 4) this.#view.setInt32(at, words[word] as number);
  }

  /** Characters of ASCII. */
  putText(text: string): void {
    let at = this.#take(text.length);
    if (at < 0) return;
    for (let i = 0; i < text.length; i++) this.#bytes[at++] = text.charCodeAt(i);
  }

  /** A whole number, exact. */
  number(value: number | bigint): void {
    if (typeof value === 'bigint' || value < 0) {
      this.putText(String(value));
      return;
    }
    // Parts of eight digits, which are int32: dividing doubles is slow.
    const high = Math.floor(value / 1e8);
    if (high === 0) this.#digits(value, digitsOf(value));
    else {
      // Up to 2^53 / 1e8.
      this.#digits(high, digitsOf(high));
      this.#digits(value - high * 1e8, 8);
    }
  }

  /** A field's size in place of it. */
  redacted(length: number): void {
    this.#byte(QUOTE);
    this.number(length);
    this.put(BYTES);
  }

  /** A field as a JSON string; returns what it is in, which means nothing once something did not fit. */
  field(start: number, length: number, encoding: LineEncoding): Form {
    this.#byte(QUOTE);
    const form = this.#inside(start, length, encoding);
    this.#byte(QUOTE);
    return form;
  }

  #inside(start: number, length: number, encoding: LineEncoding): Form {
    if (encoding === LINE_ENCODINGS.hex) {
      this.#hex(start, length);
      return 'hex';
    }
    if (encoding !== LINE_ENCODINGS.base64) {
      const at = this.#at;
      if (this.#text(start, start + length, encoding === LINE_ENCODINGS.auto)) return 'utf8';
      this.#at = at;
      // What has no room as text may have some as base64, when its end shows that it is no text.
      if (formOf(encoding, this.#source, start, length) === 'utf8') {
        this.#at = Infinity;
        return 'utf8';
      }
    }
    this.#base64(start, length);
    return 'base64';
  }

  /** Moves past `length` bytes; returns where they start, -1 where they do not fit. */
  #take(length: number): number {
    const at = this.#at;
    if (at + length > this.#bytes.length) {
      this.#at = Infinity;
      return -1;
    }
    this.#at = at + length;
    return at;
  }

  #byte(byte: number): void {
    const at = this.#take(1);
    if (at >= 0) this.#bytes[at] = byte;
  }

  /** The last `count` digits of a number below 2^31. */
  #digits(value: number, count: number): void {
    const start = this.#take(count);
    if (start < 0) return;
    let rest = value | 0;
    let at = start + count - 4;
    for (; at >= start; at -= 4) {
      const next = (rest / 10_000) | 0;
      this.#view.setInt32(at, DIGITS[rest - next * 10_000] as number);
      rest = next;
    }
    for (at += 3; at >= start; at--) {
      const next = (rest / 10) | 0;
      this.#bytes[at] = 0x30 + rest - next * 10;
      rest = next;
    }
  }

  #base64(start: number, length: number): void {
    let at = this.#take(Math.ceil(length / 3) * 4);
    if (at < 0) return;
    if (length > LONG_BYTES) {
      this.#coded(start, length, 'base64', at);
      return;
    }
    const source = this.#source;
    const view = this.#view;
    const tail = length % 3;
    const end = start + length - tail;
    for (let from = start; from < end; from += 3) {
      const high = ((source[from] as number) << 4) | ((source[from + 1] as number) >>> 4);
      const low = (((source[from + 1] as number) & 15) << 8) | (source[from + 2] as number);
      view.setInt32(at, ((BASE64[high] as number) << 16) | (BASE64[low] as number));
      at += 4;
    }
    if (tail === 0) return;
    const bits = ((source[end] as number) << 8) | (tail === 2 ? (source[end + 1] as number) : 0);
    const last = BASE64[(bits & 15) << 8] as number;
    view.setInt16(at, BASE64[bits >>> 4] as number);
    view.setInt16(at + 2, ((tail === 2 ? last >>> 8 : PADDING) << 8) | PADDING);
  }

  #hex(start: number, length: number): void {
    let at = this.#take(length * 2);
    if (at < 0) return;
    if (length > LONG_BYTES) {
      this.#coded(start, length, 'hex', at);
      return;
    }
    for (let from = start; from < start + length; from++) {
      const byte = this.#source[from] as number;
      this.#bytes[at++] = HEX[byte >>> 4] as number;
      this.#bytes[at++] = HEX[byte & 15] as number;
    }
  }

  #coded(start: number, length: number, encoding: 'base64' | 'hex', at: number): void {
    const { buffer, byteOffset, byteLength } = this.#bytes;
    this.#buffer ??= Buffer.from(buffer, byteOffset, byteLength);
    const text = Buffer.from(this.#source.buffer, this.#source.byteOffset + start, length).toString(encoding);
    this.#buffer.write(text, at, 'latin1');
  }

  /** The inside of a JSON string; false when it is no text, or has no room. */
  #text(start: number, end: number, isAuto: boolean): boolean {
    const source = this.#source;
    let isValid = false;
    let at = start;
    for (;;) {
      at = this.#plain(at, end);
      if (at >= end) return true;
      if (this.#at >= this.#bytes.length) return false;
      const first = source[at] as number;
      const kind = KINDS[first] as number;
      if (isAuto && (kind & ODD) !== 0) return false;
      if ((kind & WIDE) === 0) {
        this.#escapeAscii(first);
        at += 1;
        continue;
      }
      isValid ||= isUtf8(source.subarray(start, end));
      if (!isValid) return false;
      at = this.#wide(at, end);
    }
  }

  /** Copies bytes of ASCII that are not escaped, as far as there are some and there is room; returns where they end. */
  #plain(start: number, end: number): number {
    const first = this.#at;
    // An Infinity here leaves no room.
    const last = Math.min(end, start + this.#bytes.length - first);
    let at = start;
    let to = first;
    for (; at + 4 <= last; at += 4, to += 4) {
      const word = this.#sourceView.getInt32(at);
      const quotes = word ^ QUOTES;
      const backslashes = word ^ BACKSLASHES;
      const deletes = word ^ DELETES;
      // In each term the high bit of a byte is set if it, or one behind it, is what the term looks for.
      const found =
        word |
        ((word - SPACES) & ~word) |
        ((quotes - ONES) & ~quotes) |
        ((backslashes - ONES) & ~backslashes) |
        ((deletes - ONES) & ~deletes);
      if ((found & HIGH_BITS) !== 0) break;
      this.#view.setInt32(to, word);
    }
    for (; at < last; at++, to++) {
      const byte = this.#source[at] as number;
      if (KINDS[byte] !== 0) break;
      this.#bytes[to] = byte;
    }
    this.#at = to;
    return at;
  }

  /** Bytes of valid UTF-8 up to the next of ASCII; returns where they end. */
  #wide(start: number, end: number): number {
    let at = start;
    while (at < end && (this.#source[at] as number) >= 0x80) {
      const first = this.#source[at] as number;
      const code = first === 0xc2 || first === 0xe2 ? escapedCode(this.#source, at, first) : undefined;
      if (code === undefined) {
        this.#byte(first);
        at += 1;
      } else {
        this.#escape(code);
        at += first === 0xc2 ? 2 : 3;
      }
    }
    return at;
  }

  #escapeAscii(byte: number): void {
    const letter = LETTERS[byte] as number;
    if (letter === 0) {
      this.#escape(byte);
      return;
    }
    this.#byte(BACKSLASH);
    this.#byte(letter);
  }

  #escape(code: number): void {
    const at = this.#take(6);
    if (at < 0) return;
    const target = this.#bytes;
    target[at] = BACKSLASH;
    target[at + 1] = 0x75; // u
    for (let digit = 0; digit < 4; digit++) target[at + 2 + digit] = HEX[(code >>> (12 - 4 * digit)) & 15] as number;
  }
}

/** The number of the character at `at`, which starts with 0xC2 or 0xE2, when it is one that is escaped. */
function escapedCode(bytes: Uint8Array, at: number, first: number): number | undefined {
  const second = bytes[at + 1] as number;
  if (first === 0xc2) return second < 0xa0 ? second : undefined;
  if (second > 0x81) return undefined;
  const code = 0x2000 | ((second & 0x3f) << 6) | ((bytes[at + 2] as number) & 0x3f);
  const isEscaped =
    code === 0x200e || code === 0x200f || (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
  return isEscaped ? code : undefined;
}

/** For numbers below 1e9. */
function digitsOf(value: number): number {
  if (value < 10) return 1;
  if (value < 100) return 2;
  if (value < 1000) return 3;
  if (value < 10_000) return 4;
  if (value < 100_000) return 5;
  if (value < 1_000_000) return 6;
  if (value < 10_000_000) return 7;
  return value < 100_000_000 ? 8 : 9;
}
