/** Bytes of users as the page carries them. The page shows them as text and nothing else; here nothing is escaped or lost. */
import { isUtf8 } from 'node:buffer';
import type { Field } from './contract.ts';

/** The first bytes of a field, to be cut further. */
export interface RawField {
  readonly bytes: Uint8Array;
  /** Whether the whole of it is text, not only what was kept. */
  readonly isText: boolean;
}

function bufferOf(bytes: Uint8Array, start: number, length: number): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, length);
}

/** A copy of the first bytes of a field; undefined for null. */
export function keepField(bytes: Uint8Array, start: number, length: number, most: number): RawField | undefined {
  if (length < 0) return undefined;
  const whole = bufferOf(bytes, start, length);
  const isText = isUtf8(whole) && !whole.includes(0);
  return { bytes: Uint8Array.prototype.slice.call(whole, 0, most), isText };
}

/** The field, cut to `most` bytes. */
export function fieldOf(raw: RawField | undefined, most: number): Field {
  if (raw === undefined) return null;
  const cut = bufferOf(raw.bytes, 0, Math.min(most, raw.bytes.length));
  if (!raw.isText) return { base64: cut.toString('base64') };
  return bufferOf(cut, 0, wholeCharacters(cut)).toString('utf8');
}

/** How many of these bytes, which start valid UTF-8, are whole characters. */
function wholeCharacters(bytes: Uint8Array): number {
  let length = bytes.length;
  while (length > 0 && !isUtf8(bytes.subarray(0, length))) length--;
  return length;
}
