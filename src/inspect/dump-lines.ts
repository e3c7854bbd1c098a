/** The lines of a batch and a record: JSON as `fixtures/README.md` has it, text as Kafka's own dump prints it. */
import { readHeaders } from '../format/record-v2.ts';
import { type BatchSummary, codecName } from './batch-summary.ts';
import { type BytesPrinter, jsonString } from './byte-encoding.ts';
import { controlText } from './control.ts';
import type { ExactCursor } from './records.ts';

/** Prints batches and records; each line ends with a line feed. */
export interface LinePrinter {
  batch(batch: BatchSummary): string;
  record(record: ExactCursor, batch: BatchSummary): string;
}

/** What of a record is printed. */
export type PrintedRecord = Omit<ExactCursor, 'next' | 'sequence'>;

/** Calls `visit` with the places of a record's headers. */
type HeaderVisit = (keyStart: number, keyLength: number, valueStart: number, valueLength: number) => void;
function eachHeader({ bytes, headersStart }: PrintedRecord, visit: HeaderVisit): void {
  // Most records have none, and the count is then a single zero byte.
  if (headersStart >= 0 && bytes[headersStart] !== 0) readHeaders(bytes, headersStart, visit);
}

/** The members of a record's JSON object: offset, timestamp, key, value, headers. */
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

/** One JSON object a line. Numbers are exact, however large: no number goes through a double. */
export class JsonLines implements LinePrinter {
  readonly #printer: BytesPrinter;

  constructor(printer: BytesPrinter) {
    this.#printer = printer;
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
      `,"crc":${batch.magic < 2 ? null : batch.crc},"valid":${batch.valid}}\n`
    );
  }

  record(record: ExactCursor): string {
    return `{"type":"record",${recordFields(record, this.#printer)}}\n`;
  }
}

/** The text of `kafka-dump-log --print-data-log`, with what a terminal must not be shown escaped. */
export class TextLines implements LinePrinter {
  readonly #printer: BytesPrinter;

  constructor(printer: BytesPrinter) {
    this.#printer = printer;
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
      eachHeader(record, (start, length) => keys.push(this.#printer.text(bytes, start, length)));
      line += ` sequence: ${record.sequence} headerKeys: [${keys.join(',')}]`;
    }
    if (batch.isControl) return `${line} ${controlText(record)}\n`;
    if (keyLength >= 0) line += ` key: ${this.#printer.text(bytes, keyStart, keyLength)}`;
    if (valueLength >= 0) line += ` payload: ${this.#printer.text(bytes, valueStart, valueLength)}`;
    return `${line}\n`;
  }
}
