/** A partition's log, open for appending and reading. */
import { basename, dirname } from 'node:path';
import { systemClock } from '../clock/clock.ts';
import { type LogConfig, logConfig } from '../config/log-config.ts';
import { defaultEngine } from '../engine/select.ts';
import { SeglogError } from '../errors/errors.ts';
import { LOG_DIRECTORY_FILES, parsePartitionDirectory, type TopicPartition } from '../format/names.ts';
import { nodeFileSystem } from '../fs/node-fs.ts';
import { BatchBuilder } from '../record/batch-builder.ts';
import type { RecordBatch } from '../record/record-batch.ts';
import { ActiveSegment } from '../segment/active-segment.ts';
import type { SegmentContext } from '../segment/context.ts';
import { OpenSegments } from '../segment/open-segments.ts';
import type { Segment } from '../segment/segment.ts';
import { ReadableLog } from './readable-log.ts';
import { addRecords, checkSize, checkTimestamps, compressionFor } from './append.ts';
import { readLatestEpoch, updateCheckpoint, writeFirstEpoch } from './checkpoints.ts';
import { enterLogDirectory, leaveLogDirectory, writeOwnMark } from './clean-shutdown.ts';
import { encodedBatches } from './encoded.ts';
import { Flusher } from './flusher.ts';
import type { RecoveryReport } from './load.ts';
import { type Loaded, loadForWriting } from './open.ts';
import {
  type AppendRecordsOptions,
  type AppendResult,
  isAborted,
  type LogOptions,
  type RecordInput,
  type TailOptions,
} from './options.ts';
import { checkStart, readBatches, type ReadSource } from './read.ts';
import type { SegmentList } from './segments.ts';
import { syncSegment, syncSegmentSync } from './sync.ts';
import { LogWriter, type WriterOptions } from './writer.ts';

/** A log as it stands. */
export interface LogStatus {
  readonly directory: string;
  readonly topic: string;
  readonly partition: number;
  readonly logStartOffset: number;
  /** Opened alone, the high watermark is the log end. */
  readonly highWatermark: number;
  /** The offset that the next record will have. */
  readonly logEndOffset: number;
  /** Everything below it is on the disk. */
  readonly recoveryPoint: number;
  readonly segments: number;
  /** Bytes of .log files. */
  readonly sizeBytes: number;
  readonly activeSegment: {
    readonly baseOffset: number;
    readonly sizeBytes: number;
    readonly written: 'mapped' | 'written';
  };
  readonly engine: 'native' | 'ts';
  /** undefined after a clean close. */
  readonly recovery: RecoveryReport | undefined;
  readonly config: LogConfig;
}

/**
 * The log of one partition: a directory of segments, exactly as Apache Kafka would have written it.
 *
 * One writer: a directory is opened for writing once at a time. Nothing is deleted unless asked.
 *
 * @example
 * ```ts
 * await using log = await Log.open('data/events-0', { segmentBytes: 256 * 1024 * 1024 });
 * await log.append([{ key: 'a', value: 'first' }, { value: 'second' }]);
 * for await (const batch of log.read({ from: 0 })) for (const record of batch.records()) console.log(record.offset);
 * ```
 */
export class Log extends ReadableLog implements AsyncDisposable {
  readonly directory: string;
  readonly config: LogConfig;
  readonly #context: SegmentContext;
  readonly #partition: TopicPartition;
  readonly #segments: SegmentList;
  readonly #recovery: RecoveryReport | undefined;
  readonly #builder: BatchBuilder;
  readonly #flusher = new Flusher(() => this.#sync());
  readonly #leaderEpoch: number;
  #needsEpochFile: boolean;
  #active: ActiveSegment;
  /** Sealed since the last flush: their bytes may not be on the disk yet. */
  #unsynced: Segment[] = [];
  readonly #logStartOffset: number;
  #logEndOffset: number;
  #recoveryPoint: number;
  #state: 'open' | 'closing' | 'closed' = 'open';
  #failure: unknown;
  #waiters: (() => void)[] = [];

  private constructor(
    context: SegmentContext,
    directory: string,
    partition: TopicPartition,
    epoch: number | undefined,
    loaded: Loaded,
  ) {
    super();
    this.#context = context;
    this.directory = directory;
    this.config = context.config;
    this.#partition = partition;
    this.#segments = loaded.segments;
    this.#active = loaded.active;
    this.#logStartOffset = loaded.logStartOffset;
    this.#logEndOffset = loaded.logEndOffset;
    this.#recoveryPoint = loaded.recoveryPoint;
    this.#unsynced = [...loaded.unsynced];
    this.#recovery = loaded.recovery;
    this.#leaderEpoch = epoch ?? 0;
    this.#needsEpochFile = epoch === undefined;
    this.#builder = new BatchBuilder(context.engine);
  }

  /**
   * Opens the log in `directory` for appending; makes it when there is none.
   *
   * The directory is named as Kafka names a partition's: `<topic>-<partition>`. After a clean close opening is exact and
   * reads almost nothing; after any other end the last segment is scanned, and what is no whole, valid batch at its end
   * goes to `quarantine/`.
   *
   * @throws SeglogError `INVALID_NAME`, `INVALID_CONFIG`, `IO`, `NOT_A_REGULAR_FILE`, `OFFSET_NOT_EXACT`, `LOG_LOCKED`
   */
  static async open(directory: string, options: LogOptions = {}): Promise<Log> {
    const { engine, fs, clock, ...given } = options;
    const config = logConfig(given);
    const context: SegmentContext = {
      engine: engine ?? defaultEngine(),
      fs: fs ?? nodeFileSystem,
      clock: clock ?? systemClock,
      config,
      open: new OpenSegments(),
    };
    const made = context.fs.makeDirectory(directory);
    const path = context.fs.realPath(directory);
    const partition = parsePartitionDirectory(basename(path));
    if (made) context.fs.syncDirectory(dirname(path));
    const parentClean = enterLogDirectory(context.fs, path);
    try {
      // What can be refused is read before files are opened.
      const epoch = readLatestEpoch(context.fs, path);
      return new Log(context, path, partition, epoch, loadForWriting(context, path, partition, parentClean));
    } catch (error) {
      leaveLogDirectory(context.fs, path, false);
      throw error;
    }
  }

  override get logStartOffset(): number {
    return this.#logStartOffset;
  }

  /** The offset that the next record will have. */
  override get logEndOffset(): number {
    return this.#logEndOffset;
  }

  /** A builder for {@link Log.append}: for filling a batch record by record, without an object for each. */
  batch(): BatchBuilder {
    return new BatchBuilder(this.#context.engine);
  }

  /**
   * Appends records as one batch. The work is done before it returns; the promise resolves at once unless
   * `flush.messages` asks for a sync, and then after it.
   *
   * Once it resolves the records are in the page cache: they survive the end of the process, not of the machine. For that
   * see {@link Log.flush}.
   *
   * @param input - a record, several, or a builder, which is empty afterwards
   * @throws SeglogError (as a rejection) `RECORD_TOO_LARGE`, `INVALID_TIMESTAMP`, `INVALID_ARGUMENT`, `IO`,
   * `LOG_CLOSED`, `LOG_OFFLINE`; nothing was appended then
   */
  async append(
    input: RecordInput | readonly RecordInput[] | BatchBuilder,
    options: AppendRecordsOptions = {},
  ): Promise<AppendResult> {
    const result = this.#append(input, options);
    if (this.#isFlushDue) await this.flush();
    return result;
  }

  /** {@link Log.append}, done when it returns. */
  appendSync(
    input: RecordInput | readonly RecordInput[] | BatchBuilder,
    options: AppendRecordsOptions = {},
  ): AppendResult {
    const result = this.#append(input, options);
    if (this.#isFlushDue) this.flushSync();
    return result;
  }

  /**
   * Appends batches that are encoded already: the cheapest way in, and a replica's.
   *
   * @param bytes - one or more whole batches
   * @param offsets - `assign`: this log numbers the records (one batch in format 2, with records in it); `given`: the
   * batches keep their offsets, which must rise from the log end on, with gaps or without
   * @throws SeglogError `BATCH_CRC_MISMATCH`, `BATCH_TRUNCATED`, `BATCH_SIZE_INVALID`, `OFFSETS_OUT_OF_ORDER`,
   * `UNSUPPORTED_MAGIC`, and what {@link Log.append} raises; nothing was appended then
   */
  async appendEncoded(bytes: Uint8Array, offsets: 'assign' | 'given' = 'assign'): Promise<AppendResult> {
    this.#check();
    const { batches, bytes: numbered } = encodedBatches(
      this.#context.engine,
      bytes,
      this.#logEndOffset,
      offsets === 'assign' ? this.#leaderEpoch : undefined,
    );
    if (offsets === 'assign') for (const { sizeBytes } of batches) checkSize(this.config, sizeBytes);
    const baseOffset = this.#logEndOffset;
    for (const batch of batches) {
      this.#write(
        numbered.subarray(batch.start, batch.start + batch.sizeBytes),
        batch.sizeBytes,
        batch.lastOffset,
        batch.maxTimestamp,
        batch.baseOffset,
      );
    }
    if (this.#isFlushDue) await this.flush();
    return { baseOffset, lastOffset: this.#logEndOffset - 1, sizeBytes: numbered.length };
  }

  /** A writer that gathers records to batches. */
  writer<K = Uint8Array | string, V = Uint8Array | string>(options: WriterOptions<K, V> = {}): LogWriter<K, V> {
    return new LogWriter(this, this.#context, options);
  }

  /** Reads batches, and waits for more at the log end until the signal aborts or the log closes. */
  async *tail(options: TailOptions = {}): AsyncGenerator<RecordBatch, void> {
    this.#check();
    const { signal, ...rest } = options;
    let from = options.from ?? this.#logStartOffset;
    checkStart(this.source(), from);
    while (!isAborted(signal) && this.#state === 'open') {
      const end = this.#logEndOffset;
      if (from === end) {
        await this.#nextAppend(signal);
        continue;
      }
      for await (const batch of readBatches(this.source(), { ...rest, from, to: end })) {
        if (isAborted(signal)) return;
        yield batch;
      }
      from = end;
    }
  }

  /**
   * All that was appended before the call is on the disk once this resolves: it survives the end of the machine. Calls
   * that overlap share a sync.
   *
   * @throws SeglogError (as a rejection) `IO` when the disk says no: the log is offline from then on, since what is on the
   * disk is unknown
   */
  async flush(): Promise<void> {
    this.#check();
    await this.#flusher.flush();
  }

  /** {@link Log.flush} on this thread. */
  flushSync(): void {
    this.#check();
    const end = this.#logEndOffset;
    try {
      for (const segment of this.#unsynced) syncSegmentSync(this.#context, segment);
      this.#active.syncSync();
      this.#context.fs.syncDirectory(this.directory);
    } catch (error) {
      this.#failure = error;
      throw error;
    }
    this.#unsynced = [];
    this.#recoveryPoint = Math.max(this.#recoveryPoint, end);
  }

  /** The log as it stands. */
  status(): LogStatus {
    const active = this.#active;
    return {
      directory: this.directory,
      ...this.#partition,
      logStartOffset: this.#logStartOffset,
      highWatermark: this.#logEndOffset,
      logEndOffset: this.#logEndOffset,
      recoveryPoint: this.#recoveryPoint,
      segments: this.#segments.count,
      sizeBytes: this.#segments.sizeBytes,
      activeSegment: { baseOffset: active.baseOffset, sizeBytes: active.sizeBytes, written: active.kind },
      engine: this.#context.engine.name,
      recovery: this.#recovery,
      config: this.config,
    };
  }

  /**
   * Flushes, trims and closes, and marks the log as closed clean. A second call does nothing.
   *
   * @throws SeglogError (as a rejection) `IO`; the log is not marked then, and the next opening scans it
   */
  async close(): Promise<void> {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.#wake();
    let clean = false;
    try {
      await this.#flusher.idle();
      if (this.#failure === undefined) {
        await this.#sync();
        await this.#active.close();
        this.#context.fs.syncDirectory(this.directory);
        this.#markClean();
        clean = true;
      }
    } finally {
      this.#state = 'closed';
      if (!clean) this.#active.closeNow();
      for (const segment of this.#segments) segment.release();
      leaveLogDirectory(this.#context.fs, this.directory, clean);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #markClean(): void {
    const { fs } = this.#context;
    const end = this.#logEndOffset;
    updateCheckpoint(fs, this.directory, LOG_DIRECTORY_FILES.recoveryPoints, this.#partition, end);
    updateCheckpoint(fs, this.directory, LOG_DIRECTORY_FILES.highWatermarks, this.#partition, end);
    const { baseOffset, sizeBytes } = this.#active;
    writeOwnMark(fs, this.directory, { logEndOffset: end, activeBaseOffset: baseOffset, activeSizeBytes: sizeBytes });
  }

  #append(input: RecordInput | readonly RecordInput[] | BatchBuilder, options: AppendRecordsOptions): AppendResult {
    this.#check();
    const { config } = this;
    const now = this.#context.clock.now();
    let builder = this.#builder;
    if (input instanceof BatchBuilder) builder = input;
    else {
      builder.reset();
      addRecords(builder, Array.isArray(input) ? (input as readonly RecordInput[]) : [input as RecordInput], now);
    }
    const baseOffset = this.#logEndOffset;
    if (builder.count === 0) return { baseOffset, lastOffset: baseOffset - 1, sizeBytes: 0 };
    const lastOffset = baseOffset + builder.lastOffsetDelta;
    if (lastOffset >= Number.MAX_SAFE_INTEGER) {
      throw new SeglogError('OFFSET_NOT_EXACT', 'the log has no more offsets', {
        file: this.directory,
        expected: 'below 2^53',
        found: lastOffset,
      });
    }
    const logAppendTime = config.messageTimestampType === 'LogAppendTime';
    if (!logAppendTime) checkTimestamps(config, builder, now);
    const fields = {
      baseOffset,
      partitionLeaderEpoch: this.#leaderEpoch,
      ...(logAppendTime ? { logAppendTimeMs: now } : {}),
    };
    const { bytes, length } = builder.build(fields, compressionFor(config, options.compression));
    checkSize(config, length);
    this.#write(bytes, length, lastOffset, logAppendTime ? now : builder.maxTimestamp, baseOffset);
    builder.reset();
    return { baseOffset, lastOffset, sizeBytes: length };
  }

  #write(bytes: Uint8Array, length: number, lastOffset: number, maxTimestamp: number, firstOffset: number): void {
    if (this.#needsEpochFile) {
      writeFirstEpoch(this.#context.fs, this.directory, this.#leaderEpoch, firstOffset);
      this.#needsEpochFile = false;
    }
    const batch = { lastOffset, maxTimestamp };
    if (this.#active.rollReason(length, batch) !== undefined) this.#roll(firstOffset, length);
    this.#active.append(bytes, length, batch);
    this.#logEndOffset = lastOffset + 1;
    if (this.#waiters.length > 0) this.#wake();
  }

  /** Seals the active segment and starts one at `baseOffset`, or remakes the active one when it is empty. */
  #roll(baseOffset: number, firstAppendBytes: number): void {
    const old = this.#active;
    if (old.sizeBytes === 0) {
      old.closeNow();
      this.#segments.pop();
    } else {
      this.#unsynced.push(old.seal());
    }
    this.#active = ActiveSegment.create(this.#context, this.directory, baseOffset, firstAppendBytes);
    this.#segments.push(this.#active.segment);
  }

  async #sync(): Promise<void> {
    const end = this.#logEndOffset;
    try {
      // A roll meanwhile adds to the list. Only when it is empty is the active segment the one behind all that was synced.
      for (let sealed = this.#unsynced[0]; sealed !== undefined; sealed = this.#unsynced[0]) {
        await syncSegment(this.#context, sealed);
        this.#unsynced.shift();
      }
      await this.#active.sync();
      this.#context.fs.syncDirectory(this.directory);
    } catch (error) {
      this.#failure = error;
      throw error;
    }
    this.#recoveryPoint = Math.max(this.#recoveryPoint, end);
  }

  get #isFlushDue(): boolean {
    return this.#logEndOffset - this.#recoveryPoint >= this.config.flushMessages;
  }

  protected override source(): ReadSource {
    this.#check();
    return {
      engine: this.#context.engine,
      segments: this.#segments,
      startOffset: this.#logStartOffset,
      endOffset: this.#logEndOffset,
      checkOpen: () => this.#checkOpen(),
    };
  }

  #checkOpen(): void {
    if (this.#state !== 'open') throw new SeglogError('LOG_CLOSED', 'the log is closed', { file: this.directory });
  }

  #check(): void {
    this.#checkOpen();
    if (this.#failure !== undefined) {
      throw new SeglogError('LOG_OFFLINE', 'a sync of the log failed, so what is on the disk is unknown', {
        file: this.directory,
        cause: this.#failure,
        action: 'Close the log, see to the disk, and open it again',
      });
    }
  }

  #nextAppend(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        signal?.removeEventListener('abort', done);
        resolve();
      };
      this.#waiters.push(done);
      signal?.addEventListener('abort', done, { once: true });
    });
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }
}
