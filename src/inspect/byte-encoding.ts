/** How bytes of users become text: for JSON, where nothing may be lost, and for terminals, which must not be steered. */
import { isUtf8 } from 'node:buffer';

export const BYTE_ENCODINGS = ['base64', 'utf8', 'hex'] as const;
/** An encoding of keys, values and headers. */
export type ByteEncoding = (typeof BYTE_ENCODINGS)[number];

/** Prints bytes in one encoding. */
export interface BytesPrinter {
  /** A JSON string literal. */
  json(bytes: Uint8Array, start: number, length: number): string;
  /** One line for people: no control character, and nothing that turns the direction of writing. */
  text(bytes: Uint8Array, start: number, length: number): string;
  /** Whether something printed was not valid UTF-8, so that JSON shows U+FFFD in its place. */
  readonly lossy: boolean;
}

/** C0, DEL, C1, line and paragraph separators, and the controls of bidirectional text. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
const UNPRINTABLE_ALL = new RegExp(UNPRINTABLE, 'gu');
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escapeOne(character: string): string {
  const code = character.charCodeAt(0);
  return (
    SHORT[character] ??
    (code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`)
  );
}

/** Text that a terminal shows as it is: what would steer it is written as `\n`, `\x1b`, `\u202e`. */
export function printable(text: string): string {
  return UNPRINTABLE.test(text) ? text.replace(UNPRINTABLE_ALL, escapeOne) : text;
}

/** A JSON string literal that a terminal can be shown too: `\u009b` where JSON itself would allow the raw character. */
export function jsonString(text: string): string {
  const literal = JSON.stringify(text);
  return UNPRINTABLE.test(literal)
    ? literal.replace(UNPRINTABLE_ALL, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
    : literal;
}

/** Bytes that are not valid UTF-8, each invalid one as `\xNN`. */
function printableInvalid(bytes: Uint8Array): string {
  let out = '';
  let at = 0;
  while (at < bytes.length) {
    let length = 1;
    while (length <= 4 && !isUtf8(bytes.subarray(at, at + length))) length++;
    if (length <= 4 && at + length <= bytes.length) {
      out += printable(Buffer.from(bytes.buffer, bytes.byteOffset + at, length).toString('utf8'));
      at += length;
    } else {
      out += `\\x${(bytes[at] ?? 0).toString(16).padStart(2, '0')}`;
      at += 1;
    }
  }
  return out;
}

function slice(bytes: Uint8Array, start: number, length: number): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, length);
}

class Utf8Printer implements BytesPrinter {
  lossy = false;

  json(bytes: Uint8Array, start: number, length: number): string {
    const text = slice(bytes, start, length).toString('utf8');
    // The replacement character is either what the bytes say or a loss: only then is a second look needed.
    if (!this.lossy && text.includes('\ufffd') && !isUtf8(slice(bytes, start, length))) this.lossy = true;
    return jsonString(text);
  }

  text(bytes: Uint8Array, start: number, length: number): string {
    const text = slice(bytes, start, length).toString('utf8');
    if (text.includes('\ufffd') && !isUtf8(slice(bytes, start, length)))
      return printableInvalid(slice(bytes, start, length));
    return printable(text);
  }
}

class AsciiPrinter implements BytesPrinter {
  readonly lossy = false;
  readonly #encoding: 'base64' | 'hex';

  constructor(encoding: 'base64' | 'hex') {
    this.#encoding = encoding;
  }

  json(bytes: Uint8Array, start: number, length: number): string {
    return `"${this.text(bytes, start, length)}"`;
  }

  text(bytes: Uint8Array, start: number, length: number): string {
    return slice(bytes, start, length).toString(this.#encoding);
  }
}

/** A printer for one encoding; it remembers whether anything was lost. */
export function bytesPrinter(encoding: ByteEncoding): BytesPrinter {
  return encoding === 'utf8' ? new Utf8Printer() : new AsciiPrinter(encoding);
}
