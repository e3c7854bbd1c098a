/** One segment, for reading: a .log file and its indexes, opened on first use. */
import { join } from 'node:path';
import { LOCATE_OUTCOME } from '../engine/contract.ts';
import { SeglogError } from '../errors/errors.ts';
import { type BatchHeader, readBatchHeader } from '../record/batch-header.ts';
import { baseOffsetOf, HEADER_SIZE, lastOffsetOf, LEGACY, maxTimestampOf } from '../format/batch.ts';
import { segmentFileName, SUFFIXES } from '../format/names.ts';
import { offsetOfTimeEntry, timestampOfEntry, TIME_INDEX, type TimeIndexEntry } from '../format/time-index.ts';
import { closeAll } from '../fs/close-all.ts';
import type { File } from '../fs/contract.ts';
import type { EntryTable } from '../index/entry-table.ts';
import { OffsetIndex } from '../index/offset-index.ts';
import { TimeIndex } from '../index/time-index.ts';
import { TransactionIndex } from '../index/transaction-index.ts';
import type { FilePosition, Offset } from '../units/units.ts';
import type { SegmentContext } from './context.ts';
import type { Closable } from './open-segments.ts';
import { walkBatches } from './walk.ts';

/** Room for all the headers between two index entries: most lookups need one read. */
const SCRATCH_BYTES = 8192;
const scratch: Uint8Array = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
const scratchView = new DataView(scratch.buffer, scratch.byteOffset, scratch.byteLength);
const located = new Float64Array(LOCATE_OUTCOME.length);

/** What formats 0 and 1 have before their first field of any length. */
const LEGACY_HEADER_SIZE = LEGACY.TIMESTAMP;

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
  /** What its transaction index has, where that is something else. */
  readonly transactionStage?: string;
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
  readonly #transactionStage: string;
  /** Tables of the active segment, which are ahead of their files; a sealed segment loads its own. */
  #live: Indexes | undefined;
  #log: File | undefined;
  #indexes: Indexes | undefined;
  #transactions: TransactionIndex | undefined;
  #pins = 0;
  #isReleased = false;
  #sizeBytes: number;
  #largestTimestamp: number | undefined;

  constructor(
    context: SegmentContext,
    directory: string,
    baseOffset: number,
    sizeBytes: number,
    { live, stage = '', transactionStage = stage }: SegmentState = {},
  ) {
    this.#context = context;
    this.#directory = directory;
    this.baseOffset = baseOffset;
    this.#sizeBytes = sizeBytes;
    this.#live = live;
    this.#stage = stage;
    this.#transactionStage = transactionStage;
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
    const stage = suffix === SUFFIXES.transactionIndex ? this.#transactionStage : this.#stage;
    return join(this.#directory, segmentFileName(this.baseOffset, suffix) + stage);
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
    this.#indexes = this.#load();
    if (repairIndexes === undefined || this.#stage !== '' || this.#sizeBytes === 0) return this.#indexes;
    if (this.#endsWell(this.#indexes)) return this.#indexes;
    try {
      repairIndexes(this.#directory, this.baseOffset);
    } catch (error) {
      // A disk that takes no new index is no reason not to read: what is there is a hint, as for any reader.
      if (!(error instanceof SeglogError) || error.code !== 'IO') throw error;
    }
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
    // A segment that is whole has a time entry, unless its batches have no timestamps at all.
    if (times.table.count === 0 ? this.#firstTimestamp() >= 0 : !this.#isTrue(times.last)) return false;
    const last = offsets.last;
    return last === undefined || (last.offset >= this.baseOffset && last.position < this.#sizeBytes);
  }

  /** The largest timestamp of the first batch; -1 when there is none. */
  #firstTimestamp(): number {
    const header = new Uint8Array(HEADER_SIZE);
    if (this.log().read(header, 0, HEADER_SIZE, 0) < LEGACY_HEADER_SIZE + 8) return -1;
    return maxTimestampOf(new DataView(header.buffer), 0);
  }

  /**
   * Where a search for the first record of `timestamp` or later starts. A time index entry counts only if its batch has the
   * timestamp that it says; else the search starts at the segment's first batch.
   */
  offsetBefore(timestamp: number): number {
    return this.#checkedOffset(this.indexes().times.lookup(timestamp));
  }

  /** Where a search for the record with the largest timestamp starts. */
  offsetBeforeLargest(): number {
    return this.#checkedOffset(this.indexes().times.last);
  }

  #checkedOffset(entry: TimeIndexEntry): number {
    return entry.timestamp < 0 || this.#isTrue(entry) ? entry.offset : this.baseOffset;
  }

  #isTrue({ timestamp, offset }: TimeIndexEntry): boolean {
    if (offset < this.baseOffset) return false;
    try {
      const found = this.find(offset);
      return found !== undefined && found.baseOffset <= offset && found.maxTimestamp === timestamp;
    } catch (error) {
      // Damage before that batch: a reader will meet it, and be told.
      if (error instanceof SeglogError && error.code !== 'IO') return false;
      throw error;
    }
  }

  /** Keeps the files open over an asynchronous read; ends with `unpin`. */
  pin(): File {
    const file = this.log();
    this.#pins++;
    return file;
  }

  unpin(): void {
    this.#pins--;
    if (this.#pins === 0 && this.#isReleased) this.release();
  }

  /**
   * The first batch that ends at `offset` or later; undefined when there is none in this segment.
   *
   * @param useIndex false to go through all headers: for when the index was found out to lie
   */
  find(offset: number, useIndex = true): FoundBatch | undefined {
    const found = this.#locate(offset, useIndex);
    const stoppedAt = located[LOCATE_OUTCOME.position] as number;
    const isAtEnd = found === undefined && located[LOCATE_OUTCOME.found] === 0 && stoppedAt >= this.#sizeBytes;
    if (!useIndex) {
      if (found === undefined && !isAtEnd) throw this.#damagedAt(stoppedAt);
      return found;
    }
    if (found !== undefined && found.magic <= 2 && found.baseOffset >= this.baseOffset) {
      // A batch that holds the offset is the right one, whatever the index said; one behind a gap is if the index is right.
      if (found.baseOffset <= offset || this.#startsWell(offset)) return found;
    } else if (isAtEnd && this.#startsWell(offset)) return undefined;
    // The index may lie, or the log be damaged: headers from the start on tell which.
    return this.find(offset, false);
  }

  /** Whether the index entry from which `offset` is looked for stands at a batch that ends at or below the entry's offset. */
  #startsWell(offset: number): boolean {
    const entry = this.indexes().offsets.lookup(offset);
    if (entry.position === 0) return true;
    const header = new Uint8Array(HEADER_SIZE);
    if (this.log().read(header, 0, HEADER_SIZE, entry.position) < LEGACY_HEADER_SIZE) return false;
    const view = new DataView(header.buffer);
    return baseOffsetOf(view, 0) >= this.baseOffset && lastOffsetOf(view, 0) <= entry.offset;
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
    // What an index that lies points at can say anything: only numbers that a log can have are read as a header.
    if (useIndex && !Number.isSafeInteger(lastOffsetOf(scratchView, header))) return undefined;
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

  /** The same as far as it is known without reading: of a segment that was appended to or looked at since the log was opened. */
  get knownLargestTimestamp(): number | undefined {
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

  /**
   * Closes what is open; any later use opens it again. A file that is being read on another thread is closed when that is
   * done: its descriptor's number could be another file's by then.
   */
  release(): void {
    this.#isReleased = this.#pins > 0;
    const log = this.#isReleased ? undefined : this.#log;
    if (!this.#isReleased) this.#log = undefined;
    const indexes = this.#indexes;
    this.#indexes = undefined;
    closeAll([
      () => log?.close(),
      () => indexes?.offsets.table.close(),
      () => indexes?.times.table.close(),
      () => this.dropTransactions(),
      () => this.#context.open.forget(this),
    ]);
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
      const view = new DataView(entry.buffer);
      const timestamp = timestampOfEntry(view, 0);
      // A zero entry is an untrimmed tail, not a record from 1970.
      if (timestamp <= 0) return undefined;
      return this.#isTrue({ timestamp, offset: this.baseOffset + offsetOfTimeEntry(view, 0) }) ? timestamp : undefined;
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
