/** A record in words: its place and times, its key, value and headers, decoded where something is known of them. */
import { isUtf8 } from 'node:buffer';
import type { BatchSummary } from '../../inspect/batch-summary.ts';
import { controlText } from '../../inspect/control.ts';
import type { Decoded, RecordDecoder } from '../../inspect/decode/contract.ts';
import { jsonDecoder } from '../../inspect/decode/text.ts';
import { eachHeader } from '../../inspect/dump-lines.ts';
import type { ExactCursor } from '../../inspect/records.ts';
import { type Abilities, type Line, line, span } from './line.ts';
import { prettyJson } from './pretty-json.ts';
import { previewText, timeText, wholeCharacters } from './words.ts';
import { wrapped } from './wrap.ts';

/** What is longer is shown in part: all of it is in the hex pane. */
const MAX_TEXT_BYTES = 64 * 1024;
const MAX_LINES = 4000;
const MAX_HEADERS = 200;

/** The lines of a record. */
export function recordLines(
  record: ExactCursor,
  summary: BatchSummary,
  columns: number,
  decoder: RecordDecoder | undefined,
  abilities: Abilities,
): Line[] {
  const { offset, timestamp, sequence, bytes, keyStart, keyLength, valueStart, valueLength } = record;
  const head = [
    `offset ${offset}`,
    `${summary.timestampType} ${timeText(timestamp)} (${timestamp})`,
    ...(sequence === -1 ? [] : [`sequence ${sequence}`]),
  ];
  const lines = [line(span(head.join('   '), 'bold'))];
  const text = (part: string): Line => line(span(part));
  if (summary.isControl) lines.push(...wrapped(controlText(record), columns, abilities).map(text));
  const decoded = summary.isControl ? undefined : decode(record, decoder);
  const side = (name: string, start: number, length: number, its: Decoded | undefined): void => {
    lines.push(line(span(name.padEnd(7), 'accent'), span(length < 0 ? 'null' : `${length} bytes`, 'dim')));
    if (length > 0) lines.push(...sideLines(bytes, start, length, its, columns, abilities));
  };
  side('key', keyStart, keyLength, decoded?.key);
  side('value', valueStart, valueLength, decoded?.value);
  lines.push(...headerLines(record, columns, abilities));
  return lines.slice(0, MAX_LINES);
}

/** With a decoder, what it says; else JSON where it looks like JSON. */
function decode(
  { bytes, keyStart, keyLength, valueStart, valueLength }: ExactCursor,
  decoder: RecordDecoder | undefined,
): { readonly key: Decoded | undefined; readonly value: Decoded | undefined } {
  const part = (start: number, length: number): Uint8Array | null =>
    length < 0 ? null : bytes.subarray(start, start + length);
  const key = part(keyStart, keyLength);
  const value = part(valueStart, valueLength);
  if (decoder !== undefined && isShort(key) && isShort(value)) return decoder.decode(key, value);
  return { key: jsonOf(key), value: jsonOf(value) };
}

function isShort(bytes: Uint8Array | null): boolean {
  return bytes === null || bytes.length <= MAX_TEXT_BYTES;
}

const [BRACKET, BRACE] = Buffer.from('[{');

function jsonOf(bytes: Uint8Array | null): Decoded | undefined {
  if (bytes === null || !isShort(bytes) || (bytes[0] !== BRACKET && bytes[0] !== BRACE)) return undefined;
  const decoded = jsonDecoder.decode(null, bytes).value;
  return decoded?.known === true ? decoded : undefined;
}

function sideLines(
  bytes: Uint8Array,
  start: number,
  length: number,
  decoded: Decoded | undefined,
  columns: number,
  abilities: Abilities,
): Line[] {
  const indented = (text: string, style: 'plain' | 'dim' = 'plain'): Line => line(span(`  ${text}`, style));
  if (decoded !== undefined) {
    const lines = prettyJson(decoded.json, MAX_LINES).flatMap((text) => wrapped(text, columns - 2, abilities));
    return lines.map((text) => indented(text, decoded.known ? 'plain' : 'dim'));
  }
  const isCut = length > MAX_TEXT_BYTES;
  const end = isCut ? wholeCharacters(bytes, start, start + MAX_TEXT_BYTES) : start + length;
  const lines = wrapped(textOf(bytes, start, end), columns - 2, abilities).map((text) => indented(text));
  if (isCut) lines.push(indented(`... ${start + length - end} more bytes: x shows all of them`, 'dim'));
  return lines;
}

/** Text keeps its lines; what is no text is on one line, as `\xff`. */
function textOf(bytes: Uint8Array, start: number, end: number): string {
  const part = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
  return isUtf8(part) ? part.toString('utf8') : previewText(bytes, start, end - start, end - start);
}

function headerLines(record: ExactCursor, columns: number, abilities: Abilities): Line[] {
  const lines: Line[] = [];
  let count = 0;
  eachHeader(record, (keyStart, keyLength, valueStart, valueLength) => {
    if (++count > MAX_HEADERS) return;
    const { bytes } = record;
    const name = previewText(bytes, keyStart, keyLength, columns);
    const value = valueLength < 0 ? 'null' : previewText(bytes, valueStart, valueLength, 1000);
    const parts = wrapped(`${name}: ${value}`, columns - 2, abilities);
    lines.push(...parts.map((text) => line(span(`  ${text}`))));
  });
  if (count === 0) return [];
  if (count > MAX_HEADERS) lines.push(line(span(`  ... ${count - MAX_HEADERS} more`, 'dim')));
  return [line(span('headers', 'accent'), span(` ${count}`, 'dim')), ...lines];
}
