/** Reading a log: the same for one that is appended to here and for one that belongs to somebody else. */
import type { AbortedTransaction } from '../format/transaction-index.ts';
import type { RecordBatch } from '../record/record-batch.ts';
import type { FoundBatch } from '../segment/segment.ts';
import { AbortedFilter, abortedTransactions } from './committed.ts';
import type { ReadIsolation, ReadOptions, TimestampOffset } from './options.ts';
import { checkStart, readBatches, readBatchesSync, type ReadSource } from './read.ts';
import { maxTimestampRecord, offsetForTimestamp, type TimestampLookup } from './timestamps.ts';
import { type RecordsOptions, type TypedRecord, typedRecords } from './typed-records.ts';

/** What can be read. `Log` and `LogReader` are the two of it. */
export abstract class ReadableLog {
  /** The log as it is now; raises when it is closed. */
  protected abstract source(isolation?: ReadIsolation): ReadSource;

  /** The first offset that can be read. */
  abstract readonly logStartOffset: number;

  /** The offset behind the last record. */
  abstract readonly logEndOffset: number;

  /**
   * Reads batches, in order, up to the log end as it is now. The next chunks are read and checked while the caller works.
   *
   * @throws SeglogError (while iterating) `OFFSET_OUT_OF_RANGE`, `BATCH_CRC_MISMATCH`, `BATCH_TRUNCATED`,
   * `BATCH_SIZE_INVALID`, with file, position, offsets and where the next batch would start; `IO`, `LOG_CLOSED`
   */
  read(options: ReadOptions = {}): AsyncGenerator<RecordBatch, void> {
    const source = this.source(options.isolation);
    return options.isolation === 'read_committed' ? committedBatches(source, options) : readBatches(source, options);
  }

  /** {@link ReadableLog.read} on this thread alone. */
  readSync(options: ReadOptions = {}): Generator<RecordBatch, void> {
    const source = this.source(options.isolation);
    return options.isolation === 'read_committed'
      ? committedBatchesSync(source, options)
      : readBatchesSync(source, options);
  }

  /** The transactions with records in `[from, to)` that were aborted, in the order of their markers. */
  abortedTransactions(from: number, to: number): AbortedTransaction[] {
    return abortedTransactions(this.source('log_end'), from, to);
  }

  /** Reads data records one by one, with their keys and values as what a serde makes of them. */
  records<K = Uint8Array, V = Uint8Array>(
    options: ReadOptions & RecordsOptions<K, V> = {},
  ): AsyncGenerator<TypedRecord<K, V>, void> {
    return typedRecords(this.read(options), options);
  }

  /**
   * The batch that holds `offset`, or the first one behind it: its header and where it stands. undefined at the log end.
   *
   * @throws SeglogError `OFFSET_OUT_OF_RANGE`, `BATCH_TRUNCATED`, `BATCH_SIZE_INVALID`
   */
  find(offset: number): FoundBatch | undefined {
    const source = this.source();
    checkStart(source, offset);
    const { segments } = source;
    for (let segment = segments.floor(offset); segment !== undefined; segment = segments.after(segment)) {
      const found = segment.find(offset);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** The first record, in offset order, whose timestamp is `timestamp` or later; undefined when there is none. */
  offsetForTimestamp(timestamp: number): TimestampOffset | undefined {
    return this.lookupTimestamp(timestamp).found;
  }

  /** {@link ReadableLog.offsetForTimestamp}, and whether a segment without timestamps ended the search. */
  lookupTimestamp(timestamp: number): TimestampLookup {
    return offsetForTimestamp(this.source(), timestamp);
  }

  /** The record with the largest timestamp, the first of several; undefined when no record has one. */
  maxTimestamp(): TimestampOffset | undefined {
    return maxTimestampRecord(this.source());
  }
}

function filterOf(source: ReadSource, options: ReadOptions): AbortedFilter {
  const from = options.from ?? source.startOffset;
  return new AbortedFilter(abortedTransactions(source, from, source.endOffset));
}

async function* committedBatches(source: ReadSource, options: ReadOptions): AsyncGenerator<RecordBatch, void> {
  const filter = filterOf(source, options);
  for await (const batch of readBatches(source, options)) if (filter.accepts(batch)) yield batch;
}

function* committedBatchesSync(source: ReadSource, options: ReadOptions): Generator<RecordBatch, void> {
  const filter = filterOf(source, options);
  for (const batch of readBatchesSync(source, options)) if (filter.accepts(batch)) yield batch;
}
