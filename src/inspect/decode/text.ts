/** Keys and values that are text: plain, or JSON. */
import { isUtf8 } from 'node:buffer';
import { jsonString } from '../byte-encoding.ts';
import type { Decoded, RecordDecoder } from './contract.ts';
import { MAX_VALUES } from './limits.ts';
import { unknown, unknownText } from './unknown.ts';

/** undefined: not UTF-8. */
function textOf(bytes: Uint8Array): string | undefined {
  if (!isUtf8(bytes)) return undefined;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
}

/** A decoder that does the same with either side. */
export function bothSides(kind: RecordDecoder['kind'], decode: (bytes: Uint8Array) => Decoded): RecordDecoder {
  const side = (bytes: Uint8Array | null): Decoded | undefined => (bytes === null ? undefined : decode(bytes));
  return { kind, decode: (key, value) => ({ key: side(key), value: side(value) }) };
}

/** UTF-8, as a JSON string. */
export const stringDecoder: RecordDecoder = bothSides('string', (bytes) => {
  const text = textOf(bytes);
  return text === undefined ? unknown('not UTF-8', bytes) : { json: jsonString(text), known: true };
});

/** JSON, checked and made one line. Numbers stay as they are written, and so do members that come twice. */
export const jsonDecoder: RecordDecoder = bothSides('json', (bytes) => {
  const text = textOf(bytes);
  if (text === undefined) return unknown('not UTF-8', bytes);
  if (hasTooMany(bytes)) return unknownText(`more than ${MAX_VALUES} values`, text);
  return isJson(text) ? { json: oneLine(text), known: true } : unknownText('not JSON', text);
});

const [QUOTE, BACKSLASH, COMMA, BRACKET, BRACE] = Buffer.from('"\\,[{');

/** Whether a parser would make more values of JSON than it may: outside of strings, each follows one of three characters. */
function hasTooMany(json: Uint8Array): boolean {
  let values = 1;
  let isInString = false;
  for (let at = 0; at < json.length && values <= MAX_VALUES; at++) {
    const byte = json[at];
    if (byte === QUOTE) isInString = !isInString;
    else if (isInString) at += byte === BACKSLASH ? 1 : 0;
    else if (byte === COMMA || byte === BRACKET || byte === BRACE) values++;
  }
  return values > MAX_VALUES;
}

/** The words of the parser's own error are another one's in every version of Node. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Where the string literal that starts at `start` ends. The JSON is valid. */
function endOfString(json: string, start: number): number {
  let end = start;
  let isEscaped = true;
  while (isEscaped) {
    end = json.indexOf('"', end + 1);
    let backslashes = 0;
    while (json[end - 1 - backslashes] === '\\') backslashes++;
    isEscaped = backslashes % 2 === 1;
  }
  return end + 1;
}

/** Valid JSON without the white space between its tokens, its strings fit for a terminal. */
function oneLine(json: string): string {
  const parts: string[] = [];
  for (let at = 0; at < json.length; ) {
    const quote = json.indexOf('"', at);
    const end = quote < 0 ? json.length : quote;
    parts.push(json.slice(at, end).replace(/[ \t\r\n]+/g, ''));
    if (quote < 0) break;
    at = endOfString(json, quote);
    parts.push(jsonString(JSON.parse(json.slice(quote, at)) as string));
  }
  return parts.join('');
}
