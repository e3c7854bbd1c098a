/** A partition's log, for reading alone: changes nothing, and may be open in another process, or left by a crash. */
import { systemClock } from '../clock/clock.ts';
import { logConfig } from '../config/log-config.ts';
import { defaultEngine } from '../engine/select.ts';
import { SeglogError } from '../errors/errors.ts';
import { BATCH } from '../format/batch.ts';
import type { Crc32c } from '../format/producer-snapshot.ts';
import { LOG_DIRECTORY_FILES, SUFFIXES, type TopicPartition } from '../format/names.ts';
import { nodeFileSystem } from '../fs/node-fs.ts';
import type { RecordBatch } from '../record/record-batch.ts';
import type { SegmentContext } from '../segment/context.ts';
import { OpenSegments } from '../segment/open-segments.ts';
import { type FoundBatch, Segment } from '../segment/segment.ts';
import { readCheckpoint } from './checkpoints.ts';
import { findSegments, type FoundSegment, layoutKey } from './load/found-segments.ts';
import { findEnd, type LogEnd, partitionOf, walkOn } from './load/segment-files.ts';
import { rebuildProducers } from './load/producers.ts';
import {
  isAborted,
  type LogEnvironment,
  type ReadIsolation,
  type TailOptions,
  type TimestampOffset,
} from './options.ts';
import { ProducerState } from '../state/producers/producer-state.ts';
import { checkStart, type ReadSource } from './read.ts';
import { ReadableLog } from './readable-log.ts';
import { SegmentList } from './segments.ts';
import type { TimestampLookup } from './timestamps.ts';

/** What a reader stands on, and whom it tells of oddities. */
export interface LogReaderOptions extends LogEnvironment {
  /** Called with what is odd but no reason to stop, such as an unreadable checkpoint. */
  readonly onWarning?: (warning: string) => void;
}

const FIRST_POLL_MS = 5;
const LAST_POLL_MS = 250;
/** Offset, length, and up to the format: what tells that a batch is there. */
const PEEK_BYTES = BATCH.MAGIC + 1;

/**
 * Reads a log that may belong to another process, Kafka among them. Its end is the last whole, valid batch; one that is
 * still being written, or that a crash tore, does not count.
 *
 * @example
 * ```ts
 * using reader = LogReader.open('/var/lib/kafka/orders-0');
 * for await (const batch of reader.tail({ from: reader.logEndOffset })) console.log(batch.baseOffset);
 * ```
 */
export class LogReader extends ReadableLog implements Disposable {
  readonly directory: string;
  readonly #context: SegmentContext;
  readonly #partition: TopicPartition | undefined;
  readonly #warn: (warning: string) => void;
  #segments: SegmentList;
  /** The names of the files, as far as they make segments. */
  #layout = '';
  /** The files of each: another .log of its name is another segment. */
  readonly #files = new WeakMap<Segment, FoundSegment>();
  #end: LogEnd = { nextOffset: 0, validBytes: 0, maxTimestamp: -1 };
  #logStartOffset = 0;
  /** The last stable offset as of a log end. */
  #stable: { readonly logEnd: number; readonly offset: number } | undefined;
  #closed = false;

  private constructor(context: SegmentContext, directory: string, warn: (warning: string) => void) {
    super();
    this.#context = context;
    this.directory = directory;
    this.#partition = partitionOf(directory);
    this.#warn = warn;
    this.#segments = new SegmentList([]);
  }

  /** @throws SeglogError `IO` when there is no such directory, `NOT_A_REGULAR_FILE`, `OFFSET_NOT_EXACT` */
  static open(directory: string, options: LogReaderOptions = {}): LogReader {
    const context: SegmentContext = {
      engine: options.engine ?? defaultEngine(),
      fs: options.fs ?? nodeFileSystem,
      clock: options.clock ?? systemClock,
      config: logConfig(),
      open: new OpenSegments(),
    };
    const reader = new LogReader(context, context.fs.realPath(directory), options.onWarning ?? (() => undefined));
    reader.refresh();
    return reader;
  }

  override get logStartOffset(): number {
    return this.#logStartOffset;
  }

  /** The offset behind the last whole, valid batch, as of the last `refresh`, or of a read that met cleaned segments. */
  override get logEndOffset(): number {
    return this.#end.nextOffset;
  }

  /**
   * Up to here, exclusive, every transaction is decided. Where no snapshot of the producers is, or an old one, the log is read
   * for it.
   */
  get lastStableOffset(): number {
    this.#check();
    if (this.#stable?.logEnd !== this.#end.nextOffset) this.#stable = this.#again(() => this.#findStable());
    return this.#stable.offset;
  }

  /** How many segments there are, and their bytes. */
  get segmentCount(): number {
    return this.#segments.count;
  }
  get sizeBytes(): number {
    return this.#segments.sizeBytes;
  }

  /** Looks again at what is there: new batches, new segments, a new log start. */
  refresh(): void {
    this.#check();
    const { segments: listed, layout } = findSegments(this.#context, this.directory);
    const known = new Map([...this.#segments].map((segment) => [segment.baseOffset, segment]));
    const previous = this.#segments.last;
    const segments = listed.map((files) => {
      const { baseOffset, sizeBytes } = files;
      const segment = known.get(baseOffset);
      // Cleaning puts other files in the place of a segment's; one that was sealed does not change otherwise.
      const isOther = segment !== undefined && !isSameFile(this.#files.get(segment), files);
      const hasGrown = segment !== previous && sizeBytes > (segment?.sizeBytes ?? 0);
      if (segment === undefined || isOther || hasGrown || sizeBytes < segment.sizeBytes) {
        const found = new Segment(this.#context, this.directory, baseOffset, sizeBytes, files);
        this.#files.set(found, files);
        return found;
      }
      known.delete(baseOffset);
      return segment;
    });
    for (const gone of known.values()) gone.release();
    this.#segments = new SegmentList(segments);
    this.#layout = layout;
    const last = listed.at(-1);
    const active = this.#segments.last;
    if (last === undefined || active === undefined) {
      this.#end = { nextOffset: this.#checkpointedStart(), validBytes: 0, maxTimestamp: -1 };
    } else if (active === previous) {
      this.#end = walkOn(this.#context, active, this.#end, last.sizeBytes, true);
      active.update(this.#end.validBytes, this.#end.maxTimestamp);
    } else {
      // What was the last segment may have grown before the next one came.
      if (previous !== undefined && segments.includes(previous)) this.#sealed(previous, listed);
      this.#end = findEnd(this.#context, active, last.sizeBytes, true);
      active.update(this.#end.validBytes, this.#end.maxTimestamp);
    }
    const first = this.#segments.first?.baseOffset ?? this.#end.nextOffset;
    this.#logStartOffset = Math.min(Math.max(this.#checkpointedStart(), first), this.#end.nextOffset);
  }

  /**
   * Follows a log that another process appends to: looks at the place of the next header every 5 ms, less and less often
   * up to every 250 ms while nothing comes.
   */
  async *tail(options: TailOptions = {}): AsyncGenerator<RecordBatch, void> {
    const { signal, ...rest } = options;
    let from = options.from ?? this.#logStartOffset;
    checkStart(this.source(), from);
    let pause = FIRST_POLL_MS;
    while (!isAborted(signal) && !this.#closed) {
      const end = this.source(options.isolation).endOffset;
      if (from < end) {
        for await (const batch of this.read({ ...rest, from, to: end })) {
          if (isAborted(signal)) return;
          yield batch;
        }
        from = end;
        pause = FIRST_POLL_MS;
      }
      if (this.#mayHaveGrown()) this.refresh();
      if (this.source(options.isolation).endOffset > from) continue;
      await this.#context.clock.sleep(pause, signal);
      pause = Math.min(LAST_POLL_MS, pause * 2);
    }
  }

  override find(offset: number): FoundBatch | undefined {
    return this.#again(() => super.find(offset));
  }

  override lookupTimestamp(timestamp: number): TimestampLookup {
    return this.#again(() => super.lookupTimestamp(timestamp));
  }

  override maxTimestamp(): TimestampOffset | undefined {
    return this.#again(() => super.maxTimestamp());
  }

  /** Closes what is open. A second call does nothing. */
  close(): void {
    this.#closed = true;
    for (const segment of this.#segments) segment.release();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #sealed(segment: Segment, listed: readonly { baseOffset: number; sizeBytes: number }[]): void {
    const fileBytes = listed.find(({ baseOffset }) => baseOffset === segment.baseOffset)?.sizeBytes;
    if (fileBytes === undefined) return;
    const end = walkOn(this.#context, segment, this.#end, fileBytes, true);
    segment.release();
    segment.update(end.validBytes, end.maxTimestamp);
  }

  /** Whether a segment's file is not there any more, or another; then what is there now is listed. */
  #isGone(segment: Segment): boolean {
    if (this.#segments.floor(segment.baseOffset) !== segment) return true;
    if (this.#isCurrent(segment)) return false;
    this.refresh();
    return true;
  }

  /** Opens the file first, so that the one that has been looked at is the one that is read. */
  #isCurrent(segment: Segment): boolean {
    try {
      void segment.log();
    } catch (error) {
      if (error instanceof SeglogError && error.errno === 'ENOENT') return false;
      throw error;
    }
    const { fs } = this.#context;
    const files = this.#files.get(segment);
    const stat = fs.stat(segment.logPath);
    if (stat === undefined || files === undefined || stat.fileId !== files.fileId) return false;
    // An index that is asked for under a name that it does not have any more tells nothing.
    return files.stage === files.transactionStage || fs.stat(segment.pathOf(SUFFIXES.transactionIndex)) !== undefined;
  }

  /**
   * Looks again at what is there, and once more for the answer, where it may be that of segments that were replaced: an error
   * that names no file of the log is the caller's.
   */
  #again<T>(look: () => T): T {
    const before = this.#segments;
    try {
      return look();
    } catch (error) {
      const isOfFile = error instanceof SeglogError && error.file !== undefined && error.file !== this.directory;
      if (this.#closed || !isOfFile) throw error;
      this.refresh();
      const { count } = before;
      if (this.#segments.count === count && [...this.#segments].every((segment) => has(before, segment))) throw error;
    }
    return look();
  }

  #checkpointedStart(): number {
    if (this.#partition === undefined) return 0;
    const warn = (problem: SeglogError): void => this.#warn(problem.message);
    return (
      readCheckpoint(this.#context.fs, this.directory, LOG_DIRECTORY_FILES.logStartOffsets, this.#partition, warn) ?? 0
    );
  }

  /** Whether there is a batch, or a new segment, behind the known end: one small read, or one listing. */
  #mayHaveGrown(): boolean {
    const { fs } = this.#context;
    const active = this.#segments.last;
    if (active !== undefined) {
      const peek = new Uint8Array(PEEK_BYTES);
      const got = active.log().read(peek, 0, PEEK_BYTES, this.#end.validBytes);
      if (got === PEEK_BYTES && new DataView(peek.buffer).getInt32(BATCH.LENGTH) !== 0) return true;
    }
    return layoutKey(fs.list(this.directory)) !== this.#layout;
  }

  #findStable(): { logEnd: number; offset: number } {
    const { fs, engine } = this.#context;
    const logEnd = this.#end.nextOffset;
    const crc32c: Crc32c = (bytes, start, end) => engine.crc32c(bytes, start, end);
    const producers = new ProducerState({
      ...{ fs, crc32c, directory: this.directory, expirationMs: Infinity, isReadOnly: true },
    });
    const segments = [...this.#segments];
    const bases = segments.map(({ baseOffset }) => baseOffset);
    const stages = new Map(segments.map((segment) => [segment.baseOffset, this.#files.get(segment)?.stage ?? '']));
    const log = { context: this.#context, directory: this.directory, bases, logStartOffset: this.#logStartOffset };
    rebuildProducers({ ...log, stageOf: (base) => stages.get(base) ?? '' }, producers, logEnd, false);
    producers.onHighWatermark(logEnd);
    for (const segment of this.#segments) segment.dropTransactions();
    return { logEnd, offset: Math.max(producers.firstUnstableOffset ?? logEnd, this.#logStartOffset) };
  }

  protected override source(isolation: ReadIsolation = 'read_uncommitted'): ReadSource {
    this.#check();
    const current = (): SegmentList => this.#segments;
    return {
      engine: this.#context.engine,
      get segments() {
        return current();
      },
      startOffset: this.#logStartOffset,
      endOffset: isolation === 'read_committed' ? this.lastStableOffset : this.#end.nextOffset,
      logEndOffset: this.#end.nextOffset,
      checkOpen: () => this.#check(),
      isGone: (segment) => this.#isGone(segment),
    };
  }

  #check(): void {
    if (this.#closed) throw new SeglogError('LOG_CLOSED', 'the reader is closed', { file: this.directory });
  }
}

function isSameFile(known: FoundSegment | undefined, found: FoundSegment): boolean {
  const { fileId, stage, transactionStage } = found;
  return known?.fileId === fileId && known?.stage === stage && known.transactionStage === transactionStage;
}

function has(segments: SegmentList, segment: Segment): boolean {
  return segments.floor(segment.baseOffset) === segment;
}
