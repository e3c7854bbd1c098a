/** One segment, for reading: a .log file and its indexes, opened on first use. */
import { join } from 'node:path';
import { LOCATE_OUTCOME } from '../engine/contract.ts';
import { SeglogError } from '../errors/errors.ts';
import { type BatchHeader, readBatchHeader } from '../record/batch-header.ts';
import { segmentFileName, SUFFIXES } from '../format/names.ts';
import { timestampOfEntry, TIME_INDEX } from '../format/time-index.ts';
import type { File } from '../fs/contract.ts';
import type { EntryTable } from '../index/entry-table.ts';
import { OffsetIndex } from '../index/offset-index.ts';
import { TimeIndex } from '../index/time-index.ts';
import { TransactionIndex } from '../index/transaction-index.ts';
import type { FilePosition, Offset } from '../units/units.ts';
import type { SegmentContext } from './context.ts';
import type { Closable } from './open-segments.ts';
import { walkBatches } from './walk.ts';
import { maxTimestampOf } from '../format/batch.ts';

/** Room for all the headers between two index entries: most lookups need one read. */
const SCRATCH_BYTES = 8192;
const scratch: Uint8Array = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
const scratchView = new DataView(scratch.buffer, scratch.byteOffset, scratch.byteLength);
const located = new Float64Array(LOCATE_OUTCOME.length);

/** A batch's header, and where the batch stands. */
export interface FoundBatch extends BatchHeader {
  /** The base offset of its segment. */
  readonly segmentBaseOffset: Offset;
  /** Where it starts in the .log file, in bytes. */
  readonly position: FilePosition;
}

/** The indexes of a segment. */
export interface Indexes {
  readonly offsets: OffsetIndex;
  readonly times: TimeIndex;
}

/** What is special about a segment. */
export interface SegmentState {
  /** The tables of an active segment. */
  readonly live?: Indexes;
  /** What its files have behind their names, while they are not part of the log. */
  readonly stage?: string;
}

/**
 * A segment. Its size is the logical one: the bytes up to the end of the last whole batch.
 *
 * Indexes are hints: what they say is checked against the log, and a wrong one costs a scan, never a wrong answer.
 */
export class Segment implements Closable {
  readonly baseOffset: number;
  readonly logPath: string;
  readonly #context: SegmentContext;
  readonly #directory: string;
  /** What its files have behind their names: `.swap` and the like. */
  readonly #stage: string;
  /** Tables of the active segment, which are ahead of their files; a sealed segment loads its own. */
  #live: Indexes | undefined;
  #log: File | undefined;
  #indexes: Indexes | undefined;
  #transactions: TransactionIndex | undefined;
  #pins = 0;
  #sizeBytes: number;
  #largestTimestamp: number | undefined;

  constructor(
    context: SegmentContext,
    directory: string,
    baseOffset: number,
    sizeBytes: number,
    { live, stage = '' }: SegmentState = {},
  ) {
    this.#context = context;
    this.#directory = directory;
    this.baseOffset = baseOffset;
    this.#sizeBytes = sizeBytes;
    this.#live = live;
    this.#stage = stage;
    this.logPath = this.pathOf(SUFFIXES.log);
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get memoryBytes(): number {
    return this.#indexes === undefined
      ? 0
      : this.#indexes.offsets.table.memoryBytes + this.#indexes.times.table.memoryBytes;
  }

  get isPinned(): boolean {
    return this.#pins > 0;
  }

  pathOf(suffix: string): string {
    return join(this.#directory, segmentFileName(this.baseOffset, suffix) + this.#stage);
  }

  /** The .log file, open for reading. */
  log(): File {
    this.#log ??= this.#context.fs.open(this.logPath, 'read');
    this.#context.open.touch(this);
    return this.#log;
  }

  indexes(): Indexes {
    if (this.#live !== undefined) return this.#live;
    this.#indexes ??= this.#loadChecked();
    this.#context.open.touch(this);
    return this.#indexes;
  }

  /** The aborted transactions whose markers are in this segment. */
  transactions(): TransactionIndex {
    this.#transactions ??= TransactionIndex.open(
      this.#context.fs,
      this.pathOf(SUFFIXES.transactionIndex),
      this.baseOffset,
    );
    this.#context.open.touch(this);
    return this.#transactions;
  }

  /** Loads the indexes; ones whose ends cannot be (a zero tail, an odd length, a place behind the log) are built anew. */
  #loadChecked(): Indexes {
    const { repairIndexes } = this.#context;
    const indexes = this.#load();
    if (repairIndexes === undefined || this.#stage !== '' || this.#sizeBytes === 0 || this.#endsWell(indexes))
      return indexes;
    repairIndexes(this.#directory, this.baseOffset);
    return this.#load();
  }

  #load(): Indexes {
    const { engine, fs, config } = this.#context;
    const { baseOffset } = this;
    const indexBytes = config.segmentIndexBytes;
    return {
      offsets: OffsetIndex.load(engine, fs, this.pathOf(SUFFIXES.offsetIndex), baseOffset, indexBytes),
      times: TimeIndex.load(engine, fs, this.pathOf(SUFFIXES.timeIndex), baseOffset, indexBytes),
    };
  }

  /** What costs next to nothing to look at: the files' lengths and last entries. */
  #endsWell({ offsets, times }: Indexes): boolean {
    const { fs } = this.#context;
    const isWhole = (table: EntryTable): boolean =>
      (fs.stat(table.path)?.sizeBytes ?? -1) === table.count * table.entrySize;
    if (!isWhole(offsets.table) || !isWhole(times.table)) return false;
    const last = offsets.last;
    return last === undefined || (last.offset >= this.baseOffset && last.position < this.#sizeBytes);
  }

  /** Keeps the files open over an asynchronous read; ends with `unpin`. */
  pin(): File {
    const file = this.log();
    this.#pins++;
    return file;
  }

  unpin(): void {
    this.#pins--;
  }

  /**
   * The first batch that ends at `offset` or later; undefined when there is none in this segment.
   *
   * @param useIndex false to go through all headers: for when the index was found out to lie
   */
  find(offset: number, useIndex = true): FoundBatch | undefined {
    const found = this.#locate(offset, useIndex);
    if (found !== undefined && (!useIndex || (found.magic <= 2 && found.baseOffset >= this.baseOffset))) return found;
    const stoppedAt = located[LOCATE_OUTCOME.position] as number;
    if (found === undefined && located[LOCATE_OUTCOME.found] === 0 && stoppedAt >= this.#sizeBytes) return undefined;
    // The index may lie, or the log be damaged: headers from the start on tell which.
    if (useIndex) return this.find(offset, false);
    throw this.#damagedAt(stoppedAt);
  }

  #damagedAt(position: number): SeglogError {
    const place = { file: this.logPath, position };
    if (located[LOCATE_OUTCOME.found] !== 0)
      return new SeglogError('BATCH_SIZE_INVALID', 'the size of a batch cannot be', place);
    const found = this.log().sizeBytes();
    if (found >= this.#sizeBytes) return new SeglogError('BATCH_TRUNCATED', 'the segment ends within a batch', place);
    return new SeglogError('FILE_SHRANK', 'the file became shorter while it was read', {
      ...place,
      expected: `${this.#sizeBytes} bytes`,
      found,
    });
  }

  #locate(offset: number, useIndex: boolean): FoundBatch | undefined {
    const { engine } = this.#context;
    const file = this.log();
    if (useIndex) {
      const { table } = this.indexes().offsets;
      engine.find(file, table.bytes, table.count, this.baseOffset, this.#sizeBytes, offset, scratch, located);
    } else engine.locate(file, 0, this.#sizeBytes, offset, scratch, located);
    if (located[LOCATE_OUTCOME.found] !== 1) return undefined;
    const position = located[LOCATE_OUTCOME.position] as number;
    const header = located[LOCATE_OUTCOME.header] as number;
    const { magic, sizeBytes, baseOffset, lastOffset, maxTimestamp } = readBatchHeader(
      scratchView,
      header,
      this.logPath,
      position,
    );
    return { segmentBaseOffset: this.baseOffset, position, magic, sizeBytes, baseOffset, lastOffset, maxTimestamp };
  }

  /**
   * The largest timestamp in this segment, or -1 when none of its batches has one.
   * A sealed segment's time index ends with it; without such an entry all headers are read, once.
   */
  largestTimestamp(): number {
    this.#largestTimestamp ??= this.#lastTimeEntry() ?? this.#scanLargestTimestamp();
    return this.#largestTimestamp;
  }

  /** When the .log file was last written, in milliseconds since 1970. */
  modifiedMs(): number {
    return this.#context.fs.stat(this.logPath)?.modifiedMs ?? 0;
  }

  /** Sets the logical size and what is known of timestamps, as appending, truncation and a reader's refresh do. */
  update(sizeBytes: number, largestTimestamp?: number): void {
    this.#sizeBytes = sizeBytes;
    this.#largestTimestamp = largestTimestamp;
  }

  /** From now on the files are complete: indexes load from them again. */
  sealed(): void {
    this.#live = undefined;
  }

  /** The transaction index is read anew when it is asked next: another process may have written to it. */
  dropTransactions(): void {
    this.#transactions?.close();
    this.#transactions = undefined;
  }

  /** Closes what is open; any later use opens it again. */
  release(): void {
    this.#log?.close();
    this.#log = undefined;
    this.#indexes?.offsets.table.close();
    this.#indexes?.times.table.close();
    this.#indexes = undefined;
    this.dropTransactions();
    this.#context.open.forget(this);
  }

  /** The timestamp of the last entry of the time index file, without loading the rest of it. */
  #lastTimeEntry(): number | undefined {
    const { fs } = this.#context;
    const path = this.pathOf(SUFFIXES.timeIndex);
    const sizeBytes = fs.stat(path)?.sizeBytes ?? 0;
    if (sizeBytes === 0 || sizeBytes % TIME_INDEX.ENTRY_SIZE !== 0) return undefined;
    const file = fs.open(path, 'read');
    try {
      const entry = new Uint8Array(TIME_INDEX.ENTRY_SIZE);
      if (file.read(entry, 0, entry.length, sizeBytes - entry.length) < entry.length) return undefined;
      const timestamp = timestampOfEntry(new DataView(entry.buffer), 0);
      // A zero entry is an untrimmed tail, not a record from 1970.
      return timestamp > 0 ? timestamp : undefined;
    } finally {
      file.close();
    }
  }

  #scanLargestTimestamp(): number {
    let largest = -1;
    walkBatches(this.#context.engine, this.log(), 0, this.#sizeBytes, false, (chunk) => {
      for (let row = 0; row < chunk.count; row++) {
        const timestamp = maxTimestampOf(chunk.view, chunk.rows[row * 2] as number);
        if (timestamp > largest) largest = timestamp;
      }
      return true;
    });
    return largest;
  }
}
