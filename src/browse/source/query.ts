/**
 * What a search looks for: bytes, in keys, in values or in both. `order-17` is text, `hex:00ff` bytes; `key:` and `value:`
 * in front restrict it; `text:` says that what follows is text whatever it looks like.
 */
import type { ExactCursor } from '../../inspect/records.ts';

/** One search. */
export interface Query {
  /** As it was typed. */
  readonly typed: string;
  readonly bytes: Buffer;
  readonly inKeys: boolean;
  readonly inValues: boolean;
}

/** @throws Error with a text for people, when it cannot be understood */
export function parseQuery(typed: string): Query {
  const part = /^(key|value):/.exec(typed)?.[1];
  const rest = part === undefined ? typed : typed.slice(part.length + 1);
  const bytes = bytesOf(rest);
  if (bytes.length === 0) throw new Error('nothing to look for');
  return { typed, bytes, inKeys: part !== 'value', inValues: part !== 'key' };
}

function bytesOf(text: string): Buffer {
  if (text.startsWith('text:')) return Buffer.from(text.slice('text:'.length), 'utf8');
  if (!text.startsWith('hex:')) return Buffer.from(text, 'utf8');
  const digits = text.slice('hex:'.length).replace(/\s+/g, '');
  if (!/^(?:[0-9a-f]{2})*$/i.test(digits)) throw new Error('hex: needs pairs of hexadecimal digits, such as hex:00ff');
  return Buffer.from(digits, 'hex');
}

/** Whether a record has what is looked for. */
export function isMatch(query: Query, record: ExactCursor): boolean {
  const { bytes, keyStart, keyLength, valueStart, valueLength } = record;
  return (
    (query.inKeys && holds(query, bytes, keyStart, keyLength)) ||
    (query.inValues && holds(query, bytes, valueStart, valueLength))
  );
}

function holds(query: Query, bytes: Uint8Array, start: number, length: number): boolean {
  if (length < query.bytes.length) return false;
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, length).includes(query.bytes);
}
