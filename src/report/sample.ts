/**
 * Records for the page to browse: bounded in number and bytes, chosen evenly over the bytes of the log, so that its old end
 * shows as well as its new one. Only the headers of segments with a choice in them are gone over, and only the batches that
 * were chosen are read.
 */
import type { Engine } from '../engine/contract.ts';
import { SeglogError } from '../errors/errors.ts';
import type { File, FileSystem } from '../fs/contract.ts';
import { MAX_BATCH_BYTES } from '../inspect/batch-limit.ts';
import { type BatchSummary, codecName } from '../inspect/batch-summary.ts';
import type { FoundBatch } from '../inspect/batches.ts';
import { controlText } from '../inspect/control.ts';
import type { RecordDecoder } from '../inspect/decode/contract.ts';
import { eachHeader } from '../inspect/dump-lines.ts';
import { HeaderWalk } from '../inspect/explain/headers.ts';
import { type ExactCursor, ExactLegacyCursor, legacyRecords, recordCursor } from '../inspect/records.ts';
import { batchAt } from '../inspect/stats/batch-at.ts';
import type { DecompressOptions } from '../record/decompress.ts';
import type { Exact, SamplePart, SampleRecord } from './contract.ts';
import { cut } from './cut.ts';
import { exact } from './exact.ts';
import { fieldOf, keepField, type RawField } from './fields.ts';
import { scriptBytes } from './script-json.ts';

/** Of a key, a value, a header. */
const MOST_FIELD_BYTES = 512;
/** Cut shorter than this only where few records are left. */
const USUAL_FIELD_BYTES = 128;
const LEAST_FIELD_BYTES = 48;
const FEW_RECORDS = 24;
const MOST_HEADERS = 20;
const MOST_WORDS = 800;

/** A segment to choose from. */
export interface SampledSegment {
  readonly path: string;
  readonly baseOffset: number;
  readonly sizeBytes: number;
}

/** What is asked for. */
export interface SampleRequest {
  readonly segments: readonly SampledSegment[];
  /** How many records there are, as far as that is known. */
  readonly total: number;
  /** At most so many records... */
  readonly records: number;
  /** ...that take at most so many bytes in the page. */
  readonly bytes: number;
  readonly decoder: RecordDecoder | undefined;
}

/** A record as it was read. */
interface RawRecord {
  readonly record: Omit<SampleRecord, 'key' | 'value' | 'headers'>;
  readonly key: RawField | undefined;
  readonly value: RawField | undefined;
  readonly headers: readonly (readonly [RawField | undefined, RawField | undefined])[];
}

/** Where records are wanted in a batch: shares of it from 0 to below 1; undefined for all of them. */
type Wanted = readonly number[] | undefined;

/** Chooses and reads. A batch or file that cannot be read is passed over, and counted. */
export function sampleRecords(engine: Engine, fs: FileSystem, request: SampleRequest): SamplePart {
  const reader = new SampleReader(engine, fs, request);
  const { total } = request;
  const areAllWanted = total <= request.records;
  const bytes = request.segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  let before = 0;
  let next = 0;
  for (const segment of request.segments) {
    const places: number[] = [];
    const end = before + segment.sizeBytes;
    // The middles of equal stretches.
    for (; next < request.records && ((next + 0.5) / request.records) * bytes < end; next++) {
      places.push(((next + 0.5) / request.records) * bytes - before);
    }
    if (areAllWanted || places.length > 0) reader.segment(segment, areAllWanted ? undefined : places);
    before = end;
  }
  const sample = fitting(reader.found, request.bytes);
  const found = reader.found.length;
  // Headers are followed one to the next: what lies behind one that is damaged is not come to.
  const missed = areAllWanted ? Math.max(0, total - found) : 0;
  const unreadable = Math.max(reader.unreadable, missed);
  return { ...sample, isAll: areAllWanted && unreadable === 0 && sample.records.length === found, unreadable };
}

/**
 * The records in the room there is: long fields are cut shorter, then every second record goes, but for a few, then fields are
 * cut shorter still.
 */
function fitting(found: readonly RawRecord[], room: number): Pick<SamplePart, 'records' | 'maxBytes'> {
  let kept = found;
  let maxBytes = MOST_FIELD_BYTES;
  for (;;) {
    const records = kept.map((raw) => recordOf(raw, maxBytes));
    if (scriptBytes(records) <= room || kept.length <= 1) return { records, maxBytes };
    const canThin = kept.length > FEW_RECORDS || maxBytes <= LEAST_FIELD_BYTES;
    if (maxBytes > USUAL_FIELD_BYTES || !canThin) maxBytes = Math.max(LEAST_FIELD_BYTES, Math.floor(maxBytes / 2));
    else kept = kept.filter((_, at) => at % 2 === 0);
  }
}

function recordOf({ record, key, value, headers }: RawRecord, most: number): SampleRecord {
  const pairs = headers.map(([name, its]) => [fieldOf(name, most), fieldOf(its, most)] as const);
  return { ...record, key: fieldOf(key, most), value: fieldOf(value, most), headers: pairs };
}

class SampleReader {
  readonly found: RawRecord[] = [];
  unreadable = 0;
  readonly #engine: Engine;
  readonly #fs: FileSystem;
  readonly #decoder: RecordDecoder | undefined;
  readonly #most: number;

  constructor(engine: Engine, fs: FileSystem, { decoder, records }: SampleRequest) {
    this.#engine = engine;
    this.#fs = fs;
    this.#decoder = decoder;
    this.#most = records;
  }

  #isFull(): boolean {
    return this.found.length >= this.#most;
  }

  /** Reads what is wanted of a segment. @param places - ascending positions in its file; undefined for all records */
  segment(segment: SampledSegment, places: readonly number[] | undefined): void {
    if (this.#isFull()) return;
    let passed = 0;
    try {
      const file = this.#fs.open(segment.path, 'read');
      try {
        for (const summary of new HeaderWalk(file).headers(0, file.sizeBytes())) {
          const end = summary.position + summary.size;
          const shares: number[] = [];
          for (let place = places?.[passed]; place !== undefined && place < end; place = places?.[++passed])
            shares.push(Math.max(0, (place - summary.position) / summary.size));
          if (places === undefined) this.#batch(file, segment, summary, undefined);
          else if (shares.length > 0) this.#batch(file, segment, summary, shares);
          if (this.#isFull() || passed === places?.length) return;
        }
      } finally {
        file.close();
      }
    } catch (error) {
      if (!(error instanceof SeglogError)) throw error;
    }
    // Places behind what can be walked.
    this.unreadable += (places?.length ?? 0) - passed;
  }

  #batch(file: File, segment: SampledSegment, summary: BatchSummary, wanted: Wanted): void {
    try {
      const batch = this.#read(file, summary);
      if (batch === undefined) this.unreadable += wanted?.length ?? 1;
      else this.#records(batch, segment, summary, wanted);
    } catch (error) {
      // Records in front of the fault were taken; the findings tell of it.
      if (!(error instanceof SeglogError)) throw error;
      this.unreadable++;
    }
  }

  /** The whole batch, if it is valid and of a size to be looked into. */
  #read(file: File, { position, size }: BatchSummary): FoundBatch | undefined {
    const batch = batchAt(this.#engine, file, position, MAX_BATCH_BYTES);
    // Somebody may have written another one in its place.
    if (batch?.bytes.length !== size) return undefined;
    return { bytes: batch.bytes, view: batch.view, start: 0, size, position, valid: true };
  }

  #records(batch: FoundBatch, { path, baseOffset }: SampledSegment, summary: BatchSummary, wanted: Wanted): void {
    const limits = { file: path, position: batch.position, maxDecompressedBytes: MAX_BATCH_BYTES };
    const { cursor, count } = this.#open(batch, summary, limits);
    const chosen = wanted && new Set(wanted.map((share) => Math.min(count - 1, Math.floor(share * count))));
    const last = chosen === undefined ? count - 1 : Math.max(...chosen);
    for (let at = 0; at <= last && !this.#isFull() && cursor.next(); at++) {
      if (chosen?.has(at) !== false) this.found.push(this.#raw(cursor, summary, baseOffset));
    }
  }

  #open(batch: FoundBatch, summary: BatchSummary, limits: DecompressOptions): { cursor: ExactCursor; count: number } {
    if (summary.magic < 2) {
      const records = legacyRecords(this.#engine, batch, limits);
      return { cursor: new ExactLegacyCursor(records), count: records.count };
    }
    return { cursor: recordCursor(this.#engine, batch, summary, limits), count: summary.count ?? 0 };
  }

  #raw(cursor: ExactCursor, summary: BatchSummary, segment: Exact): RawRecord {
    const { bytes, keyStart, keyLength, valueStart, valueLength } = cursor;
    const keep = (start: number, length: number): RawField | undefined =>
      keepField(bytes, start, length, MOST_FIELD_BYTES);
    const headers: (readonly [RawField | undefined, RawField | undefined])[] = [];
    eachHeader(cursor, (start, length, itsStart, itsLength) => {
      if (headers.length < MOST_HEADERS) headers.push([keep(start, length), keep(itsStart, itsLength)]);
    });
    return {
      record: {
        offset: exact(cursor.offset),
        timestamp: exact(cursor.timestamp),
        keyBytes: keyLength,
        valueBytes: valueLength,
        codec: codecName(summary.codec),
        segment,
        position: summary.position,
        words: this.#words(cursor, summary),
      },
      key: keep(keyStart, keyLength),
      value: keep(valueStart, valueLength),
      headers,
    };
  }

  /** What a record of Kafka's own says. */
  #words(cursor: ExactCursor, { isControl }: BatchSummary): string[] {
    if (isControl) return [cut(controlText(cursor), MOST_WORDS)];
    if (this.#decoder === undefined) return [];
    const { bytes, keyStart, keyLength, valueStart, valueLength } = cursor;
    const part = (start: number, length: number): Uint8Array | null =>
      length < 0 ? null : bytes.subarray(start, start + length);
    const { key, value } = this.#decoder.decode(part(keyStart, keyLength), part(valueStart, valueLength));
    return [
      ...(key === undefined ? [] : [cut(`key ${key.json}`, MOST_WORDS)]),
      ...(value === undefined ? [] : [cut(`value ${value.json}`, MOST_WORDS)]),
    ];
  }
}
