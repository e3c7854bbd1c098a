/**
 * `meta.properties`: which cluster, node and directory a log directory belongs to. A file of Java properties.
 *
 *     #
 *     #Sat Nov 21 03:25:44 UTC 2026         comments, and the time of writing
 *     node.id=1                             version 1: must be there; version 0 has broker.id, which need not
 *     directory.id=N-n8Pc62RTeyzDX7h7d1tQ   16 bytes in base64url; older brokers write none
 *     version=1
 *     cluster.id=6LF7qMjvSMOWQNZ2otnwJA     version 1: must be there
 *
 * Java's syntax: ISO-8859-1; a line ends with LF, CR or both, and goes on behind a backslash at its end; `#` and `!` begin
 * comments; a key ends at the first `=`, `:` or blank; `\t`, `\n`, `\r`, `\f` and `\uXXXX` are escapes, any other character
 * behind a backslash is itself. Of a key that comes twice the last value counts.
 *
 * Source: spec 2.8, Kafka's `MetaProperties` and Java's `Properties`.
 */
import { SeglogError } from '../errors/errors.ts';

const MAX_VERSION = 1;
const MAX_NODE_ID = 0x7fffffff;
const ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' };

/** What a `meta.properties` says. */
export interface MetaProperties {
  readonly version: number;
  readonly clusterId: string | undefined;
  /** `node.id`, or `broker.id` in version 0. */
  readonly nodeId: number | undefined;
  /** 22 characters of base64url. */
  readonly directoryId: string | undefined;
  /** Keys that are not known, in the order of the file, and their values. */
  readonly others: readonly (readonly [key: string, value: string])[];
}

/** A property, and where the line of it begins. */
interface Property {
  readonly value: string;
  /** From 1. */
  readonly line: number;
  /** Bytes from the start of the file. */
  readonly position: number;
}

/** @throws SeglogError `CORRUPT_CHECKPOINT`, `UNSUPPORTED_VERSION`, with the position of the line; `file` is named in it */
export function parseMetaProperties(bytes: Uint8Array, file: string): MetaProperties {
  const properties = parseProperties(bytes, file);
  const take = (key: string): Property | undefined => {
    const property = properties.get(key);
    properties.delete(key);
    return property;
  };
  const version = versionOf(take('version'), file);
  const nodeKey = version === 0 ? 'broker.id' : 'node.id';
  const clusterId = take('cluster.id')?.value;
  const nodeId = nodeIdOf(take(nodeKey), nodeKey, file);
  const directoryId = directoryIdOf(take('directory.id'), file);
  if (version > 0 && clusterId === undefined) throw missing('cluster.id', file);
  if (version > 0 && nodeId === undefined) throw missing(nodeKey, file);
  const others = [...properties].map(([key, { value }]) => [key, value] as const);
  return { version, clusterId, nodeId, directoryId, others };
}

function corrupt(file: string, message: string, expected: string, at: Property): SeglogError {
  return new SeglogError('CORRUPT_CHECKPOINT', `${message} in line ${at.line}`, {
    file,
    position: at.position,
    expected,
    found: at.value === '' ? 'nothing' : at.value,
  });
}

function missing(key: string, file: string): SeglogError {
  return new SeglogError('CORRUPT_CHECKPOINT', `there is no ${key}`, {
    file,
    expected: `a line "${key}=..."`,
    found: 'none',
  });
}

function versionOf(property: Property | undefined, file: string): number {
  if (property === undefined) throw missing('version', file);
  if (!/^[+-]?\d{1,9}$/.test(property.value)) throw corrupt(file, 'no version', 'a number', property);
  const version = Number(property.value);
  if (version >= 0 && version <= MAX_VERSION) return version;
  throw new SeglogError('UNSUPPORTED_VERSION', `unknown version of meta.properties in line ${property.line}`, {
    file,
    position: property.position,
    expected: `0 to ${MAX_VERSION}`,
    found: version,
  });
}

function nodeIdOf(property: Property | undefined, key: string, file: string): number | undefined {
  if (property === undefined) return undefined;
  const id = /^[+-]?\d{1,10}$/.test(property.value) ? Number(property.value) : -1;
  // Version 0 has -1 for a broker that is yet to be given its id.
  if ((id >= 0 && id <= MAX_NODE_ID) || (key === 'broker.id' && property.value === '-1')) return id;
  throw corrupt(file, `no ${key}`, `a number from 0 to ${MAX_NODE_ID}`, property);
}

function directoryIdOf(property: Property | undefined, file: string): string | undefined {
  if (property === undefined) return undefined;
  if (/^[A-Za-z0-9_-]{22}(?:==)?$/.test(property.value)) return property.value.slice(0, 22);
  throw corrupt(file, 'no directory.id', '22 characters of base64url', property);
}

/** The properties in a file, in order of their last mention. @throws SeglogError `CORRUPT_CHECKPOINT` */
function parseProperties(bytes: Uint8Array, file: string): Map<string, Property> {
  const properties = new Map<string, Property>();
  for (const { text, line, position } of logicalLines(bytes)) {
    const place = { value: text, line, position };
    const unescape = (part: string): string => unescaped(part, () => corrupt(file, 'a bad escape', '\\uXXXX', place));
    const end = keyEnd(text);
    const key = unescape(text.slice(0, end));
    const value = unescape(text.slice(end).replace(/^[ \t\f]*[=:]?[ \t\f]*/, ''));
    properties.delete(key);
    properties.set(key, { value, line, position });
  }
  return properties;
}

/** Lines as Java joins them: without comments and empty ones, and with no blanks before them. */
function* logicalLines(bytes: Uint8Array): Generator<{ text: string; line: number; position: number }> {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  let open: { text: string; line: number; position: number } | undefined;
  let line = 0;
  for (const match of text.matchAll(/([^\r\n]*)(\r\n|\r|\n|$)/g)) {
    line += 1;
    const natural = (match[1] as string).replace(/^[ \t\f]+/, '');
    if (open === undefined && (natural === '' || natural.startsWith('#') || natural.startsWith('!'))) continue;
    const isContinued = endsOpen(natural);
    const part = isContinued ? natural.slice(0, -1) : natural;
    open = open === undefined ? { text: part, line, position: match.index } : { ...open, text: open.text + part };
    if (isContinued) continue;
    yield open;
    open = undefined;
  }
  if (open !== undefined) yield open;
}

/** Where a key ends: at the first `=`, `:` or blank that has no backslash before it. */
function keyEnd(text: string): number {
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\') at += 1;
    else if ('=: \t\f'.includes(text[at] as string)) return at;
  }
  return text.length;
}

/** Whether a line goes on: it ends with a backslash that no other one escapes. */
function endsOpen(line: string): boolean {
  let at = line.length;
  while (line[at - 1] === '\\') at -= 1;
  return ((line.length - at) & 1) === 1;
}

function unescaped(part: string, fail: () => SeglogError): string {
  return part.replace(/\\(u(?:[0-9a-fA-F]{4})?|[^]|$)/g, (_all, escape: string) => {
    if (escape.length > 1) return String.fromCharCode(Number.parseInt(escape.slice(1), 16));
    if (escape === 'u') throw fail();
    return ESCAPES[escape] ?? escape;
  });
}

/** The text of a `meta.properties`, without the comments that Kafka puts above it. */
export function printMetaProperties({ version, clusterId, nodeId, directoryId, others }: MetaProperties): string {
  const properties: readonly (readonly [string, string | number | undefined])[] = [
    [version === 0 ? 'broker.id' : 'node.id', nodeId],
    ['directory.id', directoryId],
    ['version', version],
    ['cluster.id', clusterId],
    ...others,
  ];
  const lines = properties.flatMap(([key, value]) =>
    value === undefined ? [] : `${escaped(key)}=${escaped(value)}\n`,
  );
  return lines.join('');
}

/** With a backslash before whatever means something, and as ASCII. */
function escaped(text: string | number): string {
  return String(text).replace(/[\\=:#! \t\f\r\n]|[^\x20-\x7e]/g, (unit) =>
    /[\\=:#! ]/.test(unit) ? `\\${unit}` : `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
