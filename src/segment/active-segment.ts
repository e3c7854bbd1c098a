/** The segment that a log appends to. */
import { SCAN_ROW } from '../engine/contract.ts';
import { SeglogError } from '../errors/errors.ts';
import { lastOffsetOf, maxTimestampOf } from '../format/batch.ts';
import { SUFFIXES } from '../format/names.ts';
import { closeAll } from '../fs/close-all.ts';
import type { AppendFile } from '../fs/contract.ts';
import { OffsetIndex } from '../index/offset-index.ts';
import { TimeIndex } from '../index/time-index.ts';
import { MAX_INT32, type Offset, type TimestampMs } from '../units/units.ts';
import type { SegmentContext } from './context.ts';
import { type Indexes, Segment } from './segment.ts';
import { walkBatches } from './walk.ts';

/** What rolling asks of what is about to be appended: the last offset and the largest timestamp of all of it. */
export interface AppendedBatch {
  readonly lastOffset: Offset;
  readonly maxTimestamp: TimestampMs;
}

/** What a batch's header tells that appending needs. */
export interface SegmentBatch extends AppendedBatch {
  readonly sizeBytes: number;
}

/** Why a segment rolls. */
export type RollReason = 'size' | 'time' | 'offset index full' | 'time index full' | 'offset range';

/**
 * Appends to one segment: the log file, and the moments at which its indexes get an entry (spec 2.5):
 *
 * for each batch, before it counts, if more than `index.interval.bytes` were appended since the last entry, the batch
 * gets an offset index entry and, if the largest timestamp rose since, a time index entry. So the first batch never has
 * one, and an indexed batch counts toward the next interval.
 */
export class ActiveSegment {
  readonly segment: Segment;
  readonly #context: SegmentContext;
  readonly #file: AppendFile;
  readonly #offsets: OffsetIndex;
  readonly #times: TimeIndex;
  #openedMs: number;
  readonly #jitterMs: number;
  #bytesSinceLastEntry = 0;
  #maxTimestamp: number;
  #offsetOfMaxTimestamp: number;
  /** The largest timestamp of the segment's first batch: what its age counts from. Undefined before it is known. */
  #firstTimestamp: number | undefined;

  private constructor(context: SegmentContext, segment: Segment, file: AppendFile, indexes: Indexes) {
    this.#context = context;
    this.segment = segment;
    this.#file = file;
    this.#offsets = indexes.offsets;
    this.#times = indexes.times;
    const last = indexes.times.last;
    this.#maxTimestamp = last.timestamp;
    this.#offsetOfMaxTimestamp = last.offset;
    segment.update(file.sizeBytes, last.timestamp);
    const { segmentJitterMs, segmentMs } = context.config;
    const bound = Math.min(segmentJitterMs, segmentMs);
    this.#openedMs = context.clock.now();
    this.#jitterMs = bound === 0 ? 0 : Math.floor(Math.random() * bound);
  }

  /** A new, empty segment. Files of that name that are already there are replaced. */
  static create(context: SegmentContext, directory: string, baseOffset: number, firstAppendBytes = 0): ActiveSegment {
    const { engine, fs, config } = context;
    const probe = new Segment(context, directory, baseOffset, 0);
    for (const suffix of Object.values(SUFFIXES)) {
      if (suffix !== SUFFIXES.producerSnapshot) fs.remove(probe.pathOf(suffix));
    }
    const file = openLog(context, probe.logPath, 0, firstAppendBytes);
    try {
      const [offsetsPath, timesPath] = [probe.pathOf(SUFFIXES.offsetIndex), probe.pathOf(SUFFIXES.timeIndex)];
      const indexes = bothIndexes(
        () => OffsetIndex.create(engine, fs, offsetsPath, baseOffset, config.segmentIndexBytes),
        () => TimeIndex.create(engine, fs, timesPath, baseOffset, config.segmentIndexBytes),
      );
      const segment = new Segment(context, directory, baseOffset, 0, { live: indexes });
      return new ActiveSegment(context, segment, file, indexes);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** Takes away what {@link ActiveSegment.create} left when it failed: else the next opening takes the log end from it. */
  static discard(context: SegmentContext, directory: string, baseOffset: number): void {
    const probe = new Segment(context, directory, baseOffset, 0);
    const suffixes = [SUFFIXES.log, SUFFIXES.offsetIndex, SUFFIXES.timeIndex];
    for (const suffix of suffixes) context.fs.remove(probe.pathOf(suffix));
    context.fs.syncDirectory(directory);
  }

  /**
   * The last segment of a log that was loaded: `sizeBytes` are known to be good, and the index files to be right.
   * As in Kafka the count of bytes since the last index entry starts anew.
   */
  static reopen(context: SegmentContext, directory: string, baseOffset: number, sizeBytes: number): ActiveSegment {
    const { engine, fs, config } = context;
    const probe = new Segment(context, directory, baseOffset, 0);
    const [offsetsPath, timesPath] = [probe.pathOf(SUFFIXES.offsetIndex), probe.pathOf(SUFFIXES.timeIndex)];
    const indexes = bothIndexes(
      () => OffsetIndex.load(engine, fs, offsetsPath, baseOffset, config.segmentIndexBytes),
      () => TimeIndex.load(engine, fs, timesPath, baseOffset, config.segmentIndexBytes),
    );
    try {
      // What is behind the entries that count (a zero tail) would otherwise be followed by new ones.
      indexes.offsets.table.trim();
      indexes.times.table.trim();
      const file = openLog(context, probe.logPath, sizeBytes, 0);
      const segment = new Segment(context, directory, baseOffset, sizeBytes, { live: indexes });
      return new ActiveSegment(context, segment, file, indexes);
    } catch (error) {
      indexes.offsets.table.close();
      indexes.times.table.close();
      throw error;
    }
  }

  get baseOffset(): number {
    return this.segment.baseOffset;
  }

  get sizeBytes(): number {
    return this.#file.sizeBytes;
  }

  /** How the log file is written. */
  get kind(): AppendFile['kind'] {
    return this.#file.kind;
  }

  /** The age at which this segment rolls, in milliseconds: `segment.ms` less its own jitter. */
  get rollAfterMs(): number {
    return this.#context.config.segmentMs - this.#jitterMs;
  }

  /** Why the segment must roll before `newBytes` that end at `lastOffset` are appended; undefined when it need not. */
  rollReason(newBytes: number, batch: AppendedBatch): RollReason | undefined {
    const { config } = this.#context;
    const size = this.#file.sizeBytes;
    if (size > config.segmentBytes - newBytes) return 'size';
    if (size > 0 && this.#waitedMs(batch.maxTimestamp) > this.rollAfterMs) return 'time';
    // An empty segment with a full index would roll for ever: `segment.index.bytes` below one entry.
    if (size > 0 && this.#offsets.isFull) return 'offset index full';
    if (size > 0 && this.#times.isFull) return 'time index full';
    const relative = batch.lastOffset - this.baseOffset;
    return relative < 0 || relative > MAX_INT32 ? 'offset range' : undefined;
  }

  /**
   * Appends batches that fill `bytes[0, length)`: all of them, or none.
   *
   * @throws SeglogError `IO`, `LOG_OFFLINE`, `OFFSET_OVERFLOW`; the segment is as before then
   */
  append(bytes: Uint8Array, length: number, batches: readonly SegmentBatch[]): void {
    const first = batches[0];
    const last = batches.at(-1);
    if (first === undefined || last === undefined) return;
    this.#checkOffset(first.lastOffset);
    this.#checkOffset(last.lastOffset);
    const start = this.#file.sizeBytes;
    if (start + length > MAX_INT32) {
      throw new SeglogError('RECORD_TOO_LARGE', 'a segment file cannot exceed 2^31 - 1 bytes', {
        file: this.segment.logPath,
        found: start + length,
      });
    }
    this.#file.append(bytes, length);
    if (start === 0) this.#firstTimestamp = first.maxTimestamp;
    let position = start;
    for (const batch of batches) {
      this.#index(batch, position);
      position += batch.sizeBytes;
    }
    this.segment.update(this.#file.sizeBytes, this.#maxTimestamp);
  }

  #checkOffset(lastOffset: number): void {
    const relative = lastOffset - this.baseOffset;
    if (relative >= 0 && relative <= MAX_INT32) return;
    throw new SeglogError('OFFSET_OVERFLOW', 'an offset does not fit its segment', {
      file: this.segment.logPath,
      expected: `${this.baseOffset} to ${this.baseOffset + MAX_INT32}`,
      found: lastOffset,
    });
  }

  #index({ lastOffset, maxTimestamp, sizeBytes }: SegmentBatch, position: number): void {
    if (maxTimestamp > this.#maxTimestamp) {
      this.#maxTimestamp = maxTimestamp;
      this.#offsetOfMaxTimestamp = lastOffset;
    }
    // An append of several batches can fill an index on its way: what does not fit is left out, as a sparse index may.
    if (
      this.#bytesSinceLastEntry > this.#context.config.indexIntervalBytes &&
      !this.#offsets.isFull &&
      !this.#times.isFull
    ) {
      this.#offsets.append(lastOffset, position);
      this.#times.maybeAppend(this.#maxTimestamp, this.#offsetOfMaxTimestamp);
      this.#bytesSinceLastEntry = 0;
    }
    this.#bytesSinceLastEntry += sizeBytes;
  }

  /**
   * Cuts the segment at `position`, where the first batch starts that ends at `offset` or later, with all that its
   * indexes say of `offset` and above.
   */
  truncateTo(position: number, offset: number): void {
    this.#file.truncate(position);
    this.#offsets.truncateTo(offset);
    this.#times.truncateTo(offset);
    this.segment.transactions().truncateTo(offset);
    this.segment.update(position, undefined);
    this.#bytesSinceLastEntry = 0;
    this.#recountTimestamps();
    if (position === 0) {
      this.#openedMs = this.#context.clock.now();
      this.#firstTimestamp = undefined;
    }
  }

  /** The largest timestamp as the time index has it, or of a batch behind its last entry. */
  #recountTimestamps(): void {
    const last = this.#times.last;
    this.#maxTimestamp = last.timestamp;
    this.#offsetOfMaxTimestamp = last.offset;
    const from = this.#offsets.lookup(last.offset).position;
    walkBatches(this.#context.engine, this.segment.log(), from, this.sizeBytes, false, ({ view, rows, count }) => {
      for (let row = 0; row < count; row++) {
        const at = rows[row * SCAN_ROW.length] as number;
        const timestamp = maxTimestampOf(view, at);
        if (timestamp <= this.#maxTimestamp) continue;
        this.#maxTimestamp = timestamp;
        this.#offsetOfMaxTimestamp = lastOffsetOf(view, at);
      }
      return true;
    });
    this.segment.update(this.sizeBytes, this.#maxTimestamp);
  }

  /** The largest timestamp so far, -1 when there is none. */
  get maxTimestamp(): number {
    return this.#maxTimestamp;
  }

  /** Ends this segment: the last time entry, trimmed files. What remains is for reading; its files are not synced yet. */
  seal(): Segment {
    this.#finish();
    this.#file.close();
    this.#offsets.table.close();
    this.#times.table.close();
    this.segment.sealed();
    this.segment.update(this.segment.sizeBytes, this.#maxTimestamp);
    return this.segment;
  }

  /**
   * All that was appended is on the disk once this resolves. The indexes are not: a crash that takes them has the segment
   * scanned anyway, since it holds the recovery point.
   */
  async sync(): Promise<void> {
    await this.#file.sync();
  }

  /** The same, before it returns. */
  syncSync(): void {
    this.#file.syncSync();
  }

  /** Writes the last time entry, trims and syncs everything, and closes. */
  async close(): Promise<void> {
    try {
      this.#finish();
      await this.#file.sync();
      await this.#offsets.table.sync();
      await this.#times.table.sync();
      await this.segment.transactions().sync();
    } finally {
      this.closeNow();
    }
  }

  /** Closes the files as they are. */
  closeNow(): void {
    closeAll([
      () => this.segment.release(),
      () => this.#offsets.table.close(),
      () => this.#times.table.close(),
      () => this.#file.close(),
    ]);
  }

  #finish(): void {
    this.#times.maybeAppend(this.#maxTimestamp, this.#offsetOfMaxTimestamp, true);
    this.#offsets.table.trim();
    this.#times.table.trim();
    this.#file.trim();
  }

  /** How old the segment is, as of a batch: by the records' own time, or by the clock when the first has none. */
  #waitedMs(maxTimestamp: number): number {
    this.#firstTimestamp ??= this.#readFirstTimestamp();
    return this.#firstTimestamp >= 0 ? maxTimestamp - this.#firstTimestamp : this.#context.clock.now() - this.#openedMs;
  }

  #readFirstTimestamp(): number {
    let first = -1;
    walkBatches(this.#context.engine, this.segment.log(), 0, this.sizeBytes, false, ({ view, rows }) => {
      first = maxTimestampOf(view, rows[SCAN_ROW.start] as number);
      return false;
    });
    return first;
  }
}

/** Both indexes, or none: the first one's file is closed when the second cannot be had. */
function bothIndexes(makeOffsets: () => OffsetIndex, makeTimes: () => TimeIndex): Indexes {
  const offsets = makeOffsets();
  try {
    return { offsets, times: makeTimes() };
  } catch (error) {
    offsets.table.close();
    throw error;
  }
}

function openLog(
  { engine, fs, config }: SegmentContext,
  path: string,
  sizeBytes: number,
  firstAppendBytes: number,
): AppendFile {
  const maxSizeBytes = Math.max(config.segmentBytes, firstAppendBytes, sizeBytes);
  return engine.openAppend(fs, path, { sizeBytes, maxSizeBytes, preallocate: config.preallocate });
}
