/** Rows of chosen fields, one a record, or one a batch where no records are printed: as text, CSV or JSON. */
import { SeglogError } from '../../errors/errors.ts';
import type { BatchSummary } from '../batch-summary.ts';
import { type FieldPrinter, hasControls, jsonString, printable, type Redactable } from '../byte-encoding.ts';
import { headersJson, type LinePrinter } from '../dump-lines.ts';
import type { ExactCursor } from '../records.ts';
import { BATCH_FIELDS, type FieldValue, RECORD_FIELDS } from './fields.ts';

/** How rows look. */
export type RowForm = 'text' | 'csv' | 'json';

/** The fields of a row, in order. */
export interface Columns {
  readonly form: RowForm;
  readonly names: readonly string[];
  readonly ofBatches: boolean;
}

/** Fields that rows have besides those of `fields.ts`: with `key` and `value` these are printed bytes. */
const PRINTED = ['key', 'value', 'headers', 'keyEncoding', 'valueEncoding', 'headerEncodings'] as const;
type Printed = (typeof PRINTED)[number];
const ENCODING_OF: Readonly<Record<string, Printed | undefined>> = {
  key: 'keyEncoding',
  value: 'valueEncoding',
  headers: 'headerEncodings',
};
/** What CSV has unless told otherwise. */
const USUAL_OF_RECORDS = [
  'offset',
  'timestamp',
  'key',
  'keyEncoding',
  'value',
  'valueEncoding',
  'headers',
  'headerEncodings',
];

const OF_BATCHES: ReadonlyMap<string, (batch: BatchSummary) => FieldValue> = new Map(
  BATCH_FIELDS.map(({ name, of }) => [name, of]),
);
const OF_RECORDS: ReadonlyMap<string, (record: ExactCursor) => FieldValue> = new Map(
  RECORD_FIELDS.filter(({ type }) => type !== 'bytes').map(({ name, of }) => [name, of]),
);

/** The columns of CSV when none are named; with several files they begin with the file. */
export function usualColumns(ofBatches: boolean, severalFiles: boolean): string[] {
  return [...(severalFiles ? ['file'] : []), ...(ofBatches ? OF_BATCHES.keys() : USUAL_OF_RECORDS)];
}

/** Checks names of columns. @throws SeglogError `INVALID_ARGUMENT` for one that is not known, that batches do not have, or that is named twice */
export function columnsOf(form: RowForm, names: readonly string[], ofBatches: boolean): Columns {
  const known = ['file', ...(ofBatches ? [] : [...OF_RECORDS.keys(), ...PRINTED]), ...OF_BATCHES.keys()];
  for (const [i, name] of names.entries()) {
    if (names.indexOf(name) !== i)
      throw new SeglogError('INVALID_ARGUMENT', 'a column is asked for twice', { found: JSON.stringify(name) });
    if (!known.includes(name)) {
      throw new SeglogError('INVALID_ARGUMENT', `there is no column of that name${ofBatches ? ' for batches' : ''}`, {
        expected: `some of ${known.join(', ')}`,
        found: JSON.stringify(name),
      });
    }
  }
  return { form, names: form === 'text' ? names : names.flatMap((name) => withEncoding(name, names)), ofBatches };
}

/** Programs must be told how a field is encoded, so that goes with it. */
function withEncoding(name: string, asked: readonly string[]): string[] {
  const encoding = ENCODING_OF[name];
  return encoding === undefined || asked.includes(encoding) ? [name] : [name, encoding];
}

/** The first line of CSV. */
export function csvHead({ names }: Columns): string {
  return `${names.map(csvCell).join(',')}\r\n`;
}

/** A cell as RFC 4180 has it. The empty text is quoted: a cell with nothing in it is null. */
function csvCell(text: string): string {
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A value of a row: text of users, or a number, word or JSON that needs no care. */
interface Cell {
  readonly text: string | null;
  readonly isText: boolean;
}

/** Prints rows. */
export class ColumnLines implements LinePrinter {
  readonly #columns: Columns;
  readonly #printer: FieldPrinter;
  readonly #file: Cell;

  constructor(columns: Columns, printer: FieldPrinter, file: string) {
    this.#columns = columns;
    this.#printer = printer;
    // CSV has no escapes, and a name of a file may hold anything.
    this.#file = { text: columns.form === 'csv' ? printable(file) : file, isText: true };
  }

  batch(batch: BatchSummary): string {
    return this.#columns.ofBatches ? this.#row('batch', (name) => this.#ofBatch(name, batch)) : '';
  }

  record(record: ExactCursor, batch: BatchSummary): string {
    const printed = this.#printed(record);
    return this.#row('record', (name) => {
      if (printed.has(name)) return printed.get(name) as Cell;
      const of = OF_RECORDS.get(name);
      return of === undefined ? this.#ofBatch(name, batch) : plain(of(record));
    });
  }

  #ofBatch(name: string, batch: BatchSummary): Cell {
    return name === 'file' ? this.#file : plain(OF_BATCHES.get(name)?.(batch) ?? null);
  }

  /** Those of the printed fields that are asked for. */
  #printed(record: ExactCursor): Map<string, Cell> {
    const { bytes, keyStart, keyLength, valueStart, valueLength } = record;
    const cells = new Map<string, Cell>();
    const wants = (...names: Printed[]): boolean => names.some((name) => this.#columns.names.includes(name));
    if (wants('key', 'keyEncoding')) this.#field(cells, 'key', 'keys', bytes, keyStart, keyLength);
    if (wants('value', 'valueEncoding')) this.#field(cells, 'value', 'values', bytes, valueStart, valueLength);
    if (wants('headers', 'headerEncodings')) {
      const { json, encodings } = headersJson(record, this.#printer);
      cells.set('headers', { text: json, isText: false });
      cells.set('headerEncodings', { text: encodings ?? null, isText: false });
    }
    return cells;
  }

  #field(
    cells: Map<string, Cell>,
    name: 'key' | 'value',
    part: Redactable,
    bytes: Uint8Array,
    start: number,
    length: number,
  ): void {
    const printer = this.#printer;
    if (this.#columns.form === 'text') {
      cells.set(name, { text: length < 0 ? null : printer.text(part, bytes, start, length), isText: true });
      cells.set(`${name}Encoding`, { text: printer.used, isText: true });
      return;
    }
    let text = length < 0 ? null : printer.value(part, bytes, start, length);
    let used: string = length < 0 ? printer.encoding : printer.used;
    // CSV has no escapes: text that would steer a terminal is not written as text.
    if (text !== null && used === 'utf8' && this.#columns.form === 'csv' && hasControls(text)) {
      text = Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString('base64');
      used = 'base64';
    }
    cells.set(name, { text, isText: true });
    cells.set(`${name}Encoding`, { text: used, isText: true });
  }

  #row(type: 'batch' | 'record', cellOf: (name: string) => Cell): string {
    const { form, names } = this.#columns;
    const cells = names.map(cellOf);
    if (form === 'csv') return `${cells.map(({ text }) => (text === null ? '' : csvCell(text))).join(',')}\r\n`;
    if (form === 'text') {
      const words = cells.map(({ text }, i) => `${names[i]}: ${text === null ? 'null' : printable(text)}`);
      return `${words.join(' ')}\n`;
    }
    const members = cells.map(({ text, isText }, i) => {
      const value = text === null ? 'null' : isText ? jsonString(text) : text;
      return `,"${names[i]}":${value}`;
    });
    return `{"type":"${type}"${members.join('')}}\n`;
  }
}

function plain(value: FieldValue): Cell {
  return { text: value === null ? null : String(value), isText: typeof value === 'string' };
}
