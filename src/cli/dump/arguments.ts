/** What `seglog dump` is asked for, checked and put in order before the first file is opened. */
import { InvalidArgumentError } from 'commander';
import { PRINT_ENCODINGS, type PrintEncoding, REDACTABLE, type Redactable } from '../../inspect/byte-encoding.ts';
import type { DecodeKind } from '../../inspect/decode/contract.ts';
import type { DumpOptions } from '../../inspect/dump/batch-file.ts';
import { Search, type SearchOptions } from '../../inspect/dump/search.ts';
import type { Condition } from '../../inspect/dump/condition.ts';
import { type Int64, narrow } from '../../inspect/int64.ts';
import { parseInt64 } from '../arguments.ts';
import { usageError } from '../exit-codes.ts';

/** As commander gives them. */
export interface DumpArguments {
  readonly json?: boolean;
  readonly csv?: boolean;
  readonly bytes?: PrintEncoding;
  readonly batchesOnly?: boolean;
  readonly columns?: readonly string[];
  readonly redact?: readonly Redactable[];
  readonly decode?: DecodeKind;
  readonly fromOffset?: Int64;
  readonly toOffset?: Int64;
  readonly fromTime?: Int64;
  readonly toTime?: Int64;
  readonly key?: string;
  readonly grep?: string;
  readonly ignoreCase?: boolean;
  readonly where?: readonly string[];
  readonly producerId?: Int64;
  readonly limit?: number;
  readonly maxBytes?: number;
  /** Bytes a second. */
  readonly throttle?: number;
  readonly onCorrupt: 'skip' | 'stop';
}

/** The form of what is printed. */
export type Form = 'text' | 'json' | 'csv';

/** @throws SeglogError `INVALID_ARGUMENT` for both at once */
export function formOf({ json, csv }: DumpArguments): Form {
  if (json === true && csv === true) throw usageError('--json and --csv exclude each other');
  if (json === true) return 'json';
  return csv === true ? 'csv' : 'text';
}

/** `--bytes`, or its default. */
export function printEncodingOf(options: DumpArguments): PrintEncoding {
  return options.bytes ?? (options.json === true ? 'base64' : 'utf8');
}

/** What restricts the dump; undefined when nothing does. @throws SeglogError `INVALID_ARGUMENT` */
export async function searchOf(options: DumpArguments): Promise<Search | undefined> {
  const { fromOffset, toOffset, fromTime, toTime, producerId, limit, maxBytes } = options;
  const search: SearchOptions = {
    fromOffset,
    toOffset,
    fromTime,
    toTime,
    producerId,
    limit,
    maxBytes,
    key: options.key === undefined ? undefined : keyBytes(options.key, options.bytes ?? 'utf8'),
    grep: options.grep === undefined ? undefined : pattern(options.grep, options.ignoreCase === true),
    where: options.where === undefined ? undefined : await conditions(options.where),
  };
  if (options.ignoreCase === true && options.grep === undefined) throw usageError('--ignore-case goes with --grep');
  return Object.values(search).every((value) => value === undefined) ? undefined : new Search(search);
}

/** Rows in place of lines. */
export interface Rows {
  /** What CSV begins with. */
  readonly head: string | undefined;
  readonly printer: NonNullable<DumpOptions['rows']>;
}

/** The rows asked for, undefined when lines are. @throws SeglogError `INVALID_ARGUMENT` */
export async function rowsFor(options: DumpArguments, severalFiles: boolean): Promise<Rows | undefined> {
  const form = formOf(options);
  if (options.columns === undefined && form !== 'csv') return undefined;
  if (options.decode !== undefined)
    throw usageError('--decode is for lines: --columns and --csv have no decoded fields');
  const { ColumnLines, columnsOf, csvHead, usualColumns } = await import('../../inspect/dump/columns.ts');
  const ofBatches = options.batchesOnly === true;
  const columns = columnsOf(form, options.columns ?? usualColumns(ofBatches, severalFiles), ofBatches);
  return {
    head: form === 'csv' ? csvHead(columns) : undefined,
    printer: (printer, path) => new ColumnLines(columns, printer, path),
  };
}

async function conditions(texts: readonly string[]): Promise<Condition[]> {
  const { parseCondition } = await import('../../inspect/dump/where.ts');
  return texts.map(parseCondition);
}

function keyBytes(text: string, encoding: PrintEncoding): Uint8Array {
  if (encoding === 'utf8' || encoding === 'auto') return Buffer.from(text, 'utf8');
  const bytes = Buffer.from(text, encoding);
  // What Buffer does not understand it passes over in silence.
  if (bytes.toString(encoding) !== (encoding === 'hex' ? text.toLowerCase() : text))
    throw usageError(`--key ${JSON.stringify(text)} is not ${encoding}, as --bytes says`);
  return bytes;
}

function pattern(text: string, ignoreCase: boolean): RegExp {
  try {
    return new RegExp(text, ignoreCase ? 'iu' : 'u');
  } catch (error) {
    throw usageError(`--grep: ${(error as Error).message}`);
  }
}

/** An int64, exact. */
export function parseExact(text: string): Int64 {
  return narrow(parseInt64(text));
}

const MOMENT = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/;

/** Milliseconds since 1970, or a date (of UTC), or a moment with its zone. */
export function parseMoment(text: string): Int64 {
  if (!MOMENT.test(text) || Number.isNaN(Date.parse(text))) return parseExact(text);
  return Date.parse(text);
}

export const parsePrintEncoding: (text: string) => PrintEncoding = (text) => member(text, PRINT_ENCODINGS);
export const parseRedact: (text: string) => Redactable[] = (text) =>
  text.split(',').map((part) => member(part, REDACTABLE));
export const parseOnCorrupt: (text: string) => 'skip' | 'stop' = (text) => member(text, ['skip', 'stop'] as const);
export const parseColumns: (text: string) => string[] = (text) => text.split(',').map((name) => name.trim());

/** One of a few words. */
export function member<T extends string>(text: string, values: readonly T[]): T {
  const found = values.find((value) => value === text);
  if (found === undefined)
    throw new InvalidArgumentError(`expected one of ${values.join(', ')}, found ${JSON.stringify(text)}.`);
  return found;
}

/** Collects an option that may repeat. */
export function collect(text: string, previous: readonly string[] = []): string[] {
  return [...previous, text];
}
