/** The lines of a batch and a record: JSON as `fixtures/README.md` has it, text as Kafka's own dump prints it. */
import { readHeaders } from '../format/record-v2.ts';
import { type BatchSummary, codecName } from './batch-summary.ts';
import {
  type BytesPrinter,
  type FieldPrinter,
  jsonString,
  type Redactable,
  type UsedEncoding,
} from './byte-encoding.ts';
import { controlJson, controlText } from './control.ts';
import type { RecordDecoder } from './decode/contract.ts';
import type { ExactCursor } from './records.ts';

/** Prints batches and records; each line ends with a line feed. */
export interface LinePrinter {
  batch(batch: BatchSummary): string;
  record(record: ExactCursor, batch: BatchSummary): string;
}

/** What of a record is printed. */
export type PrintedRecord = Omit<ExactCursor, 'next' | 'sequence'>;

/** Takes the places of one header. */
type HeaderVisit = (keyStart: number, keyLength: number, valueStart: number, valueLength: number) => void;
/** Calls `visit` with the places of a record's headers. @throws SeglogError as `readHeaders` */
export function eachHeader({ bytes, headersStart }: PrintedRecord, visit: HeaderVisit): void {
  // Most records have none, and the count is then a single zero byte.
  if (headersStart >= 0 && bytes[headersStart] !== 0) readHeaders(bytes, headersStart, visit);
}

/** The members of a record's JSON object in `seglog read`: offset, timestamp, key, value, headers. */
export function recordFields(record: PrintedRecord, printer: BytesPrinter): string {
  const { bytes, keyStart, keyLength, valueStart, valueLength } = record;
  const print = (start: number, length: number): string => (length < 0 ? 'null' : printer.json(bytes, start, length));
  let headers = '';
  eachHeader(record, (start, length, itsValueStart, itsValueLength) => {
    headers += `${headers === '' ? '' : ','}[${print(start, length)},${print(itsValueStart, itsValueLength)}]`;
  });
  const { offset, timestamp } = record;
  return `"offset":${offset},"timestamp":${timestamp},"key":${print(keyStart, keyLength)},"value":${print(valueStart, valueLength)},"headers":[${headers}]`;
}

/** The version of the JSON forms, in every batch's line: members may be added, none changes its name, order or meaning. */
const SCHEMA = 1;

/** One JSON object a line. Numbers are exact, however large: no number goes through a double. */
export class JsonLines implements LinePrinter {
  readonly #printer: FieldPrinter;
  readonly #decoder: RecordDecoder | undefined;

  constructor(printer: FieldPrinter, decoder?: RecordDecoder) {
    this.#printer = printer;
    this.#decoder = decoder;
  }

  batch(batch: BatchSummary): string {
    return (
      `{"type":"batch","position":${batch.position},"size":${batch.size},"magic":${batch.magic}` +
      `,"baseOffset":${batch.baseOffset},"lastOffset":${batch.lastOffset},"count":${batch.count}` +
      `,"compression":${jsonString(codecName(batch.codec))},"timestampType":"${batch.timestampType}"` +
      `,"maxTimestamp":${batch.maxTimestamp},"producerId":${batch.producerId},"producerEpoch":${batch.producerEpoch}` +
      `,"baseSequence":${batch.baseSequence},"lastSequence":${batch.lastSequence}` +
      `,"partitionLeaderEpoch":${batch.partitionLeaderEpoch},"isTransactional":${batch.isTransactional}` +
      `,"isControl":${batch.isControl},"deleteHorizonMs":${batch.deleteHorizonMs}` +
      `,"crc":${batch.magic < 2 ? null : batch.crc},"valid":${batch.valid},"schema":${SCHEMA}}\n`
    );
  }

  record(record: ExactCursor, batch: BatchSummary): string {
    const printer = this.#printer;
    const { bytes, offset, timestamp, keyStart, keyLength, valueStart, valueLength } = record;
    const { encoding } = printer;
    const key = keyLength < 0 ? 'null' : printer.json('keys', bytes, keyStart, keyLength);
    const keyEncoding = keyLength < 0 ? encoding : printer.used;
    const value = valueLength < 0 ? 'null' : printer.json('values', bytes, valueStart, valueLength);
    const valueEncoding = valueLength < 0 ? encoding : printer.used;
    const headers = headersJson(record, printer);
    let line =
      `{"type":"record","offset":${offset},"timestamp":${timestamp},"key":${key},"value":${value}` +
      `,"headers":${headers.json},"encoding":"${encoding}"`;
    if (keyEncoding !== encoding) line += `,"keyEncoding":"${keyEncoding}"`;
    if (valueEncoding !== encoding) line += `,"valueEncoding":"${valueEncoding}"`;
    if (headers.encodings !== undefined) line += `,"headerEncodings":${headers.encodings}`;
    if (batch.isControl) {
      if (!withholdsData(printer)) line += `,"control":${controlJson(record)}`;
    } else if (this.#decoder !== undefined) {
      const decoded = decodeRecord(this.#decoder, record, printer);
      line += `,"decoded":{"key":${decoded.key ?? null},"value":${decoded.value ?? null}}`;
    }
    return `${line}}\n`;
  }
}

/** What most records have. */
const NO_HEADERS = { json: '[]', encodings: undefined };

/** A record's headers as a JSON list, and their encodings as one when any is not the record's. */
export function headersJson(
  record: PrintedRecord,
  printer: FieldPrinter,
): { readonly json: string; readonly encodings: string | undefined } {
  const { bytes, headersStart } = record;
  if (headersStart < 0 || bytes[headersStart] === 0) return NO_HEADERS;
  const { encoding } = printer;
  const found = { json: '', encodings: '', differ: false };
  const print = (start: number, length: number): string => {
    if (length >= 0) return printer.json('headers', bytes, start, length);
    printer.used = encoding;
    return 'null';
  };
  eachHeader(record, (keyStart, keyLength, valueStart, valueLength) => {
    const key = print(keyStart, keyLength);
    const keyEncoding: UsedEncoding = printer.used;
    const value = print(valueStart, valueLength);
    const comma = found.json === '' ? '' : ',';
    found.json += `${comma}[${key},${value}]`;
    found.encodings += `${comma}["${keyEncoding}","${printer.used}"]`;
    found.differ ||= keyEncoding !== encoding || printer.used !== encoding;
  });
  return { json: `[${found.json}]`, encodings: found.differ ? `[${found.encodings}]` : undefined };
}

/** What a decoder says of a record's sides, as JSON; undefined for a side that is null, or withheld. */
function decodeRecord(
  decoder: RecordDecoder,
  { bytes, keyStart, keyLength, valueStart, valueLength }: ExactCursor,
  printer: FieldPrinter,
): { readonly key: string | undefined; readonly value: string | undefined } {
  // A key tells how its value reads, so a withheld one is still handed to the decoder.
  const { key, value } = decoder.decode(
    keyLength < 0 ? null : bytes.subarray(keyStart, keyStart + keyLength),
    valueLength < 0 ? null : bytes.subarray(valueStart, valueStart + valueLength),
  );
  return {
    key: printer.withholds('keys') ? undefined : key?.json,
    value: printer.withholds('values') ? undefined : value?.json,
  };
}

/** A control record that was forged may hold anything, so its meaning is withheld with keys and values. */
function withholdsData(printer: FieldPrinter): boolean {
  return printer.withholds('keys') || printer.withholds('values');
}

/** The text of `kafka-dump-log --print-data-log`, with what a terminal must not be shown escaped. */
export class TextLines implements LinePrinter {
  readonly #printer: FieldPrinter;
  readonly #decoder: RecordDecoder | undefined;

  constructor(printer: FieldPrinter, decoder?: RecordDecoder) {
    this.#printer = printer;
    this.#decoder = decoder;
  }

  batch(batch: BatchSummary): string {
    const { baseOffset, lastOffset, deleteHorizonMs } = batch;
    const head =
      batch.magic < 2 && batch.magic >= 0
        ? `baseOffset: ${baseOffset} lastOffset: ${lastOffset}`
        : `baseOffset: ${baseOffset} lastOffset: ${lastOffset} count: ${batch.count} baseSequence: ${batch.baseSequence}` +
          ` lastSequence: ${batch.lastSequence} producerId: ${batch.producerId} producerEpoch: ${batch.producerEpoch}` +
          ` partitionLeaderEpoch: ${batch.partitionLeaderEpoch} isTransactional: ${batch.isTransactional} isControl: ${batch.isControl}` +
          ` deleteHorizonMs: ${deleteHorizonMs === null ? 'OptionalLong.empty' : `OptionalLong[${deleteHorizonMs}]`}`;
    return (
      `${head} position: ${batch.position} ${batch.timestampType}: ${batch.maxTimestamp} size: ${batch.size} magic: ${batch.magic}` +
      ` compresscodec: ${codecName(batch.codec)} crc: ${batch.crc} isvalid: ${batch.valid}\n`
    );
  }

  record(record: ExactCursor, batch: BatchSummary): string {
    const { bytes, keyStart, keyLength, valueStart, valueLength } = record;
    let line = `| offset: ${record.offset} ${batch.timestampType}: ${record.timestamp} keySize: ${keyLength} valueSize: ${valueLength}`;
    if (record.headersStart >= 0) {
      const keys: string[] = [];
      eachHeader(record, (start, length) => keys.push(this.#printer.text('headers', bytes, start, length)));
      line += ` sequence: ${record.sequence} headerKeys: [${keys.join(',')}]`;
    }
    if (batch.isControl && !withholdsData(this.#printer)) return `${line} ${controlText(record)}\n`;
    const decoded =
      this.#decoder === undefined || batch.isControl ? undefined : decodeRecord(this.#decoder, record, this.#printer);
    const side = (part: Redactable, json: string | undefined, start: number, length: number): string =>
      json ?? this.#printer.text(part, bytes, start, length);
    if (keyLength >= 0) line += ` key: ${side('keys', decoded?.key, keyStart, keyLength)}`;
    if (valueLength >= 0) line += ` payload: ${side('values', decoded?.value, valueStart, valueLength)}`;
    return `${line}\n`;
  }
}
