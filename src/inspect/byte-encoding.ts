/** How bytes of users become text: for JSON, where nothing may be lost, and for terminals, which must not be steered. */
import { isUtf8 } from 'node:buffer';

export const BYTE_ENCODINGS = ['base64', 'utf8', 'hex'] as const;
/** An encoding of keys, values and headers. */
export type ByteEncoding = (typeof BYTE_ENCODINGS)[number];

/** How a dump is asked to print bytes: `auto` and `utf8` print as text what is text, and the rest in base64. */
export const PRINT_ENCODINGS = ['auto', 'utf8', 'base64', 'hex'] as const;
/** One of {@link PRINT_ENCODINGS}. */
export type PrintEncoding = (typeof PRINT_ENCODINGS)[number];

/** Parts of records that can be withheld. */
export const REDACTABLE = ['keys', 'values', 'headers'] as const;
/** One of {@link REDACTABLE}. */
export type Redactable = (typeof REDACTABLE)[number];

/** How one field was printed in the end. A redacted one tells its size alone. */
export type UsedEncoding = ByteEncoding | 'redacted';

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
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
const UNPRINTABLE_ALL = new RegExp(UNPRINTABLE, 'gu');
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Whether a text would steer a terminal, tabs and ends of lines aside. */
export function hasControls(text: string): boolean {
  return UNPRINTABLE.test(text.replace(/\r\n|[\t\n]/g, ''));
}

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

/** Controls that `auto` does not take for text, though they are valid UTF-8: all of C0 but tab and line ends, and DEL. */
const NOT_TEXT = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/;

/** Bytes as text, or undefined when they are none: not valid UTF-8 or, with `auto`, holding controls. */
function asText(bytes: Buffer, isAuto: boolean): string | undefined {
  const text = bytes.toString('utf8');
  // The replacement character is either what the bytes say or a loss: only then is a second look needed.
  if (text.includes('\ufffd') && !isUtf8(bytes)) return undefined;
  return isAuto && NOT_TEXT.test(text) ? undefined : text;
}

/** Prints the fields of records without loss: each in the encoding that suits it, which is named when it is another. */
export class FieldPrinter {
  /** The encoding that a record names for all its fields. */
  readonly encoding: ByteEncoding;
  /** How the last field was printed. */
  used: UsedEncoding;
  readonly #asked: PrintEncoding;
  readonly #redact: ReadonlySet<Redactable>;

  constructor(bytes: PrintEncoding, redact: Iterable<Redactable> = []) {
    this.encoding = bytes === 'auto' ? 'utf8' : bytes;
    this.used = this.encoding;
    this.#asked = bytes;
    this.#redact = new Set(redact);
  }

  /** Whether that part of records is withheld. */
  withholds(part: Redactable): boolean {
    return this.#redact.has(part);
  }

  /** The text that stands for a field; `used` tells how to read it. */
  value(part: Redactable, bytes: Uint8Array, start: number, length: number): string {
    if (this.#redact.has(part)) {
      this.used = 'redacted';
      return `${length} bytes`;
    }
    const asked = this.#asked;
    const field = slice(bytes, start, length);
    if (asked === 'base64' || asked === 'hex') {
      this.used = asked;
      return field.toString(asked);
    }
    const text = asText(field, asked === 'auto');
    this.used = text === undefined ? 'base64' : 'utf8';
    return text ?? field.toString('base64');
  }

  /** A JSON string literal of {@link FieldPrinter.value}. */
  json(part: Redactable, bytes: Uint8Array, start: number, length: number): string {
    const text = this.value(part, bytes, start, length);
    // Neither base64, nor hex, nor a size needs an escape.
    return this.used === 'utf8' ? jsonString(text) : `"${text}"`;
  }

  /** For people, on one line: `utf8` shows bytes that are no text as `\xff`, `auto` names their encoding. */
  text(part: Redactable, bytes: Uint8Array, start: number, length: number): string {
    const text = this.value(part, bytes, start, length);
    if (this.used === 'redacted') return `[${text} redacted]`;
    if (this.used === 'utf8') return printable(text);
    if (this.#asked === 'utf8') return printableInvalid(slice(bytes, start, length));
    return this.#asked === 'auto' ? `base64:${text}` : text;
  }
}

/** A printer for one encoding; it remembers whether anything was lost. */
export function bytesPrinter(encoding: ByteEncoding): BytesPrinter {
  return encoding === 'utf8' ? new Utf8Printer() : new AsciiPrinter(encoding);
}
