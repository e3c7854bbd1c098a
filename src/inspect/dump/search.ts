/** Which batches and records a dump shows, and when it has seen enough. One serves all files of a run. */
import { isUtf8 } from 'node:buffer';
import type { BatchSummary } from '../batch-summary.ts';
import type { Int64 } from '../int64.ts';
import type { ExactCursor } from '../records.ts';
import { allOf, type Condition } from './condition.ts';
import { Coverage } from './coverage.ts';

/** What is looked for. Offsets and times are inclusive on both sides. */
export interface SearchOptions {
  readonly fromOffset?: Int64 | undefined;
  readonly toOffset?: Int64 | undefined;
  readonly fromTime?: Int64 | undefined;
  readonly toTime?: Int64 | undefined;
  readonly producerId?: Int64 | undefined;
  /** The key's bytes. */
  readonly key?: Uint8Array | undefined;
  /** Found in the key or in the value: as UTF-8 where they are, else as Latin-1. */
  readonly grep?: RegExp | undefined;
  readonly where?: readonly Condition[] | undefined;
  /** How many records are shown at most: batches, where no records are. */
  readonly limit?: number | undefined;
  /** How many bytes of batches are looked at at most. */
  readonly maxBytes?: number | undefined;
}

/** What a batch's header says of its records. */
export type Verdict = 'none' | 'all' | 'some';

/** The state of one run. */
export class Search {
  readonly options: SearchOptions;
  readonly coverage: Coverage = new Coverage();
  readonly #condition: Condition;
  /** Whether records must be seen to tell whether their batch is shown. */
  readonly looksAtRecords: boolean;
  /** Why the run is over; undefined while it goes on. */
  over: '--limit' | '--max-bytes' | undefined;

  constructor(options: SearchOptions) {
    this.options = options;
    const { fromTime, toTime, producerId, key, grep } = options;
    this.#condition = allOf([
      ...(producerId === undefined ? [] : [ofProducer(producerId)]),
      ...(fromTime === undefined && toTime === undefined ? [] : [inTime(fromTime, toTime)]),
      ...(options.where ?? []),
      ...(key === undefined ? [] : [withKey(key)]),
      ...(grep === undefined ? [] : [matching(grep, this.coverage)]),
    ]);
    this.looksAtRecords = this.#condition.looksAtRecords;
    if (options.limit === 0) this.over = '--limit';
  }

  /** Whether nothing more is to be looked at. */
  isOver(): boolean {
    return this.over !== undefined;
  }

  /** Whether a batch of that size is still within the budget; once it is not, the run is over. */
  affords(size: number): boolean {
    const { maxBytes } = this.options;
    if (maxBytes === undefined || this.coverage.bytes + size <= maxBytes) return true;
    this.over = '--max-bytes';
    return false;
  }

  /** Which of a batch's records are shown, as far as its header tells. */
  ofBatch(batch: BatchSummary): Verdict {
    const { fromOffset, toOffset } = this.options;
    const last = batch.lastOffset ?? batch.baseOffset;
    if (fromOffset !== undefined && last !== null && last < fromOffset) return 'none';
    if (toOffset !== undefined && batch.baseOffset !== null && batch.baseOffset > toOffset) return 'none';
    const answer = this.#condition.ofBatch(batch);
    if (answer === false) return 'none';
    const isWithin =
      (fromOffset === undefined || (batch.baseOffset !== null && batch.baseOffset >= fromOffset)) &&
      (toOffset === undefined || (last !== null && last <= toOffset));
    return answer === true && isWithin ? 'all' : 'some';
  }

  /** Whether a record is shown. */
  ofRecord(record: ExactCursor, batch: BatchSummary): boolean {
    const { fromOffset, toOffset } = this.options;
    if (fromOffset !== undefined && record.offset < fromOffset) return false;
    if (toOffset !== undefined && record.offset > toOffset) return false;
    return this.#condition.ofRecord(record, batch);
  }

  /** How many more may be shown. */
  get remaining(): number {
    return this.options.limit === undefined ? Number.POSITIVE_INFINITY : this.options.limit - this.coverage.matched;
  }

  /** Counts what was shown. */
  shown(count: number): void {
    this.coverage.matched += count;
    if (this.remaining <= 0) this.over = '--limit';
  }

  /** Whether nothing that lies behind a batch can be within the range: offsets rise. */
  isBehind({ valid, lastOffset }: BatchSummary): boolean {
    const { toOffset } = this.options;
    return valid && toOffset !== undefined && lastOffset !== null && lastOffset >= toOffset;
  }
}

function ofProducer(producerId: Int64): Condition {
  return {
    looksAtRecords: false,
    ofBatch: (batch) => batch.producerId === producerId,
    ofRecord: (_, batch) => batch.producerId === producerId,
  };
}

function inTime(from: Int64 | undefined, to: Int64 | undefined): Condition {
  const holds = (time: Int64): boolean => (from === undefined || time >= from) && (to === undefined || time <= to);
  return {
    looksAtRecords: true,
    ofBatch(batch) {
      // What a wrapper of messages says of its time is not binding for them.
      if (batch.magic !== 2) return undefined;
      if (batch.timestampType === 'LogAppendTime') return holds(batch.maxTimestamp);
      return from !== undefined && batch.maxTimestamp < from ? false : undefined;
    },
    ofRecord: (record) => holds(record.timestamp),
  };
}

function withKey(key: Uint8Array): Condition {
  const wanted = Buffer.from(key.buffer, key.byteOffset, key.length);
  return {
    looksAtRecords: true,
    ofBatch: () => undefined,
    ofRecord: ({ bytes, keyStart, keyLength }) =>
      keyLength === wanted.length && wanted.compare(bytes, keyStart, keyStart + keyLength) === 0,
  };
}

function matching(pattern: RegExp, coverage: Coverage): Condition {
  const holds = (bytes: Uint8Array, start: number, length: number): boolean => {
    if (length < 0) return false;
    const field = Buffer.from(bytes.buffer, bytes.byteOffset + start, length);
    const text = field.toString('utf8');
    if (!text.includes('\ufffd') || isUtf8(field)) return pattern.test(text);
    coverage.latin1 += 1;
    return pattern.test(field.toString('latin1'));
  };
  return {
    looksAtRecords: true,
    ofBatch: () => undefined,
    ofRecord: ({ bytes, keyStart, keyLength, valueStart, valueLength }) =>
      holds(bytes, keyStart, keyLength) || holds(bytes, valueStart, valueLength),
  };
}
