/** A line of stdin as a record: its bytes, or the JSON of one. */
import { isUtf8 } from 'node:buffer';
import { SeglogError } from '../errors/errors.ts';
import type { ByteEncoding } from '../inspect/byte-encoding.ts';
import type { RecordInput } from '../log/options.ts';

/** A record that is ready to be appended: bytes only. */
export interface ParsedRecord extends RecordInput {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}

/** `offset` and `type` are what `read` and `dump` print: their output can be appended as it is. */
const MEMBERS = new Set(['key', 'value', 'headers', 'timestamp', 'offset', 'type']);

function bad(number: number, problem: string): SeglogError {
  return new SeglogError('INVALID_ARGUMENT', `line ${number}: ${problem}`);
}

/** A string in an encoding as the bytes it means; undefined when it is not in that encoding. */
function decodeText(text: string, encoding: ByteEncoding): Buffer | undefined {
  if (encoding === 'utf8') {
    const bytes = Buffer.from(text, 'utf8');
    // A lone surrogate has no UTF-8: it would become U+FFFD without a word.
    return bytes.includes('\ufffd') && bytes.toString('utf8') !== text ? undefined : bytes;
  }
  const bytes = Buffer.from(text, encoding);
  // Node stops at, or passes over, what is not in the alphabet: the length tells. It takes the URL alphabet too.
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const length = encoding === 'hex' ? text.length / 2 : (text.length / 4) * 3 - padding;
  return bytes.length === length && !text.includes('-') && !text.includes('_') ? bytes : undefined;
}

/** A plain line is the value. */
export function parsePlainLine(line: Buffer, number: number, encoding: ByteEncoding): ParsedRecord {
  if (encoding === 'utf8') return { key: null, value: line };
  const value = decodeText(line.toString('latin1'), encoding);
  if (value === undefined) throw bad(number, `the value is not ${encoding}`);
  return { key: null, value };
}

/** A line of JSON is a record. @returns undefined for a blank line */
export function parseJsonLine(line: Buffer, number: number, encoding: ByteEncoding): ParsedRecord | undefined {
  if (!isUtf8(line)) throw bad(number, 'not UTF-8');
  const text = line.toString('utf8');
  if (text.trim() === '') return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw bad(number, `not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw bad(number, 'expected a JSON object');
  const { key = null, value, headers = [], timestamp, ...rest } = parsed as Record<string, unknown>;
  const unknown = Object.keys(rest).find((name) => !MEMBERS.has(name));
  if (unknown !== undefined)
    throw bad(number, `unknown member ${JSON.stringify(unknown)}; expected key, value, headers, timestamp`);
  if (value === undefined) throw bad(number, 'no value (null is one)');
  if (timestamp !== undefined && !Number.isSafeInteger(timestamp))
    throw bad(number, 'the timestamp is no whole number of milliseconds that is exact');
  return {
    key: bytesOf(key, 'the key', number, encoding),
    value: bytesOf(value, 'the value', number, encoding),
    ...(timestamp === undefined ? {} : { timestamp: timestamp as number }),
    ...(Array.isArray(headers) && headers.length === 0 ? {} : { headers: headersOf(headers, number, encoding) }),
  };
}

function bytesOf(value: unknown, what: string, number: number, encoding: ByteEncoding): Buffer | null {
  if (value === null) return null;
  if (typeof value !== 'string') throw bad(number, `${what} is neither a string nor null`);
  const bytes = decodeText(value, encoding);
  if (bytes === undefined) throw bad(number, `${what} is not ${encoding}`);
  return bytes;
}

function headersOf(headers: unknown, number: number, encoding: ByteEncoding): (readonly [Buffer, Buffer | null])[] {
  if (!Array.isArray(headers)) throw bad(number, 'headers are not an array of [key, value]');
  return headers.map((header: unknown) => {
    if (!Array.isArray(header) || header.length !== 2) throw bad(number, 'a header is not [key, value]');
    const key = bytesOf(header[0], "a header's key", number, encoding);
    if (key === null) throw bad(number, "a header's key is null");
    return [key, bytesOf(header[1], "a header's value", number, encoding)] as const;
  });
}
