/** A partition's log, open for appending and reading. */
import type { LogConfig } from '../config/log-config.ts';
import { SeglogError } from '../errors/errors.ts';
import { BatchBuilder } from '../record/batch-builder.ts';
import type { RecordBatch } from '../record/record-batch.ts';
import type { MetricFamily } from '../metrics/families.ts';
import type { Measured } from '../metrics/measures.ts';
import type { SegmentContext } from '../segment/context.ts';
import type {
  Epoch,
  HighWatermark,
  LastStableOffset,
  LogEndOffset,
  LogStartOffset,
  TimestampMs,
} from '../units/units.ts';
import { checkDeletePolicy } from './append.ts';
import { BatchAppender, type EndTransaction } from './batch-appender.ts';
import {
  type CleanSegments,
  type CompactionResult,
  type CompactOptions,
  LogCompaction,
} from './cleaning/compaction.ts';
import { applyRetention, type ProposeRetention, removeBelowStart, type RetentionResult } from './cleaning/retention.ts';
import { closeLog } from './close.ts';
import { type FetchedSlice, type FetchOptions, fetchSlice } from './fetch.ts';
import type { RecoveryReport } from './load/report.ts';
import type { LogDirectory } from './log-directory.ts';
import { type OpenedLog, openLog } from './open.ts';
import {
  type AppendRecordsOptions,
  type AppendResult,
  type EncodedAppendOptions,
  isAborted,
  type LogOptions,
  type ReadIsolation,
  type RecordInput,
  type TailOptions,
} from './options.ts';
import type { PartitionLog } from './partition-log.ts';
import type { ProducerDescription } from '../state/producers/producer-state.ts';
import { checkStart, type ReadSource } from './read.ts';
import { ReadableLog } from './readable-log.ts';
import { checkUncut, fetchSource, readSource } from './sources.ts';
import { type LogStatus, statusOf } from './status.ts';
import { Waiters } from './waiters.ts';
import { LogWriter, type WriterOptions } from './writer.ts';

/**
 * The log of one partition: a directory of segments, exactly as Apache Kafka would have written it.
 *
 * One writer: a log directory (the parent of the partition's) is locked by the process that has logs in it open. Nothing is
 * deleted unless asked.
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
  readonly #context: SegmentContext;
  readonly #logDirectory: LogDirectory;
  readonly #log: PartitionLog;
  readonly #appender: BatchAppender;
  readonly #recovery: RecoveryReport | undefined;
  readonly #compaction: LogCompaction;
  readonly #waiters = new Waiters();
  #isOpen = true;
  /** Set once closing has begun. */
  #closing: Promise<void> | undefined;

  private constructor({ log, logDirectory, loaded, leaderEpoch }: OpenedLog) {
    super();
    this.#context = log.context;
    this.directory = log.directory;
    this.#logDirectory = logDirectory;
    this.#log = log;
    this.#appender = new BatchAppender(log, leaderEpoch);
    this.#compaction = new LogCompaction(log);
    this.#recovery = loaded.recovery;
  }

  /**
   * Opens the log in `directory` for appending; makes it when there is none.
   *
   * The directory is named as Kafka names a partition's: `<topic>-<partition>`. After a clean close opening is exact and
   * reads almost nothing; after any other end the log is recovered from its recovery point on (docs/recovery.md), and what
   * is cut goes to `quarantine/`.
   *
   * @throws SeglogError `INVALID_NAME`, `INVALID_CONFIG`, `IO`, `NOT_A_REGULAR_FILE`, `OFFSET_NOT_EXACT`, `LOG_LOCKED`,
   * `SEGMENTS_OVERLAP`, `RECOVERY_REFUSED`
   */
  static async open(directory: string, options: LogOptions = {}): Promise<Log> {
    const opened = await openLog(directory, options);
    return new Log(opened);
  }

  /**
   * {@link Log.open} in a log directory that a store holds, which sees to the log's state as well.
   *
   * @internal
   */
  static async openHeld(
    held: LogDirectory,
    path: string,
    options: LogOptions,
    measured?: Measured,
  ): Promise<{ log: Log; state: PartitionLog }> {
    const opened = await openLog(path, options, held, measured);
    return { log: new Log(opened), state: opened.log };
  }

  /** The configuration that counts now. */
  get config(): LogConfig {
    return this.#context.config;
  }

  override get logStartOffset(): LogStartOffset {
    return this.#log.offsets.logStart;
  }

  /** Up to here, exclusive, every transaction is decided. */
  get lastStableOffset(): LastStableOffset {
    return this.#log.offsets.lastStable;
  }

  /** Up to here, exclusive, consumers may read. */
  get highWatermark(): HighWatermark {
    return this.#log.offsets.highWatermark;
  }

  /** The offset that the next record will have. */
  override get logEndOffset(): LogEndOffset {
    return this.#log.offsets.logEnd;
  }

  /** The epoch that appends are stamped with. */
  get leaderEpoch(): Epoch {
    return this.#appender.leaderEpoch;
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
   * @throws SeglogError (as a rejection) `RECORD_TOO_LARGE`, `INVALID_TIMESTAMP`, `INVALID_RECORD`, `INVALID_ARGUMENT`, `IO`,
   * `LOG_CLOSED`, `LOG_OFFLINE`, `LOG_CORRUPT`, `READ_ONLY`; with a producer `INVALID_PRODUCER_EPOCH`,
   * `OUT_OF_ORDER_SEQUENCE`, `INVALID_TRANSACTION_STATE`. Nothing was appended then
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

  #append(input: RecordInput | readonly RecordInput[] | BatchBuilder, options: AppendRecordsOptions): AppendResult {
    this.#checkTelling();
    const result = this.#appender.records(input, options);
    this.#waiters.wake();
    return result;
  }

  /**
   * Appends batches that are encoded already.
   *
   * With `assign` (the default) this log is their leader: it checks them as Kafka's leader does, to the last record, numbers
   * them, and changes their codec where the log has its own. With `given` it is a replica: the offsets are the leader's, and
   * must rise from the log end on, with gaps or without.
   *
   * @param bytes - one or more whole batches; one where offsets are assigned
   * @throws SeglogError `BATCH_CRC_MISMATCH`, `BATCH_SIZE_INVALID`, `OFFSETS_OUT_OF_ORDER`, `UNSUPPORTED_MAGIC`, and what
   * {@link Log.append} raises; nothing was appended then
   */
  async appendEncoded(
    bytes: Uint8Array,
    offsets: 'assign' | 'given' = 'assign',
    options: EncodedAppendOptions = {},
  ): Promise<AppendResult> {
    this.#checkTelling();
    const result = this.#appender.encoded(bytes, offsets, options);
    this.#waiters.wake();
    if (this.#isFlushDue) await this.flush();
    return result;
  }

  /**
   * Ends a producer's transaction: appends the marker that commits or aborts its records.
   *
   * @throws SeglogError `INVALID_PRODUCER_EPOCH`, `TRANSACTION_COORDINATOR_FENCED`, and what {@link Log.append} raises
   */
  async endTransaction(end: EndTransaction): Promise<AppendResult> {
    this.#checkTelling();
    const result = this.#appender.marker(end);
    this.#waiters.wake();
    if (this.#isFlushDue) await this.flush();
    return result;
  }

  /** A writer that gathers records to batches. */
  writer<K = Uint8Array | string, V = Uint8Array | string>(options: WriterOptions<K, V> = {}): LogWriter<K, V> {
    return new LogWriter(this, this.#context, options);
  }

  /** Reads batches, and waits for more at the log end until the signal aborts or the log closes. */
  async *tail(options: TailOptions = {}): AsyncGenerator<RecordBatch, void> {
    this.#checkTelling();
    const { signal, ...rest } = options;
    let from = options.from ?? this.logStartOffset;
    checkStart(this.source(), from);
    const { cuts } = this.#log;
    while (!isAborted(signal) && this.#isOpen) {
      checkUncut(this.#log, cuts);
      const end = this.source(options.isolation).endOffset;
      if (from >= end) {
        await this.#waiters.next(signal);
        continue;
      }
      for await (const batch of this.read({ ...rest, from, to: end })) {
        if (isAborted(signal)) return;
        yield batch;
      }
      from = end;
    }
  }

  /**
   * One slice of the log as Kafka's own engine cuts it, with the aborted transactions that a reader of committed records
   * must leave out: for whoever serves the log on.
   *
   * @throws SeglogError `OFFSET_OUT_OF_RANGE`, `INVALID_ARGUMENT`, `IO`
   */
  fetch(startOffset: number, options: FetchOptions): FetchedSlice {
    this.#checkTelling();
    const slice = fetchSlice(fetchSource(this.#log, options.isolation ?? 'high_watermark'), startOffset, options);
    this.#log.observer.fetched(slice.bytes.length);
    return slice;
  }

  /** Moves the high watermark of a managed log, within the log; returns where it is then. */
  updateHighWatermark(offset: number): HighWatermark {
    this.#checkManaged();
    const highWatermark = this.#log.setHighWatermark(offset);
    this.#waiters.wake();
    return highWatermark;
  }

  /** Moves the high watermark of a managed log forward; tells whether it moved. @throws SeglogError `OFFSET_OUT_OF_RANGE` */
  maybeIncrementHighWatermark(offset: number): boolean {
    this.#checkManaged();
    const hasMoved = this.#log.raiseHighWatermark(offset);
    if (hasMoved) this.#waiters.wake();
    return hasMoved;
  }

  /** From now on appends are stamped with `epoch`, which starts at the log end. @throws SeglogError `INVALID_ARGUMENT` */
  becomeLeader(epoch: Epoch): void {
    this.#checkTelling();
    this.#appender.becomeLeader(epoch);
  }

  /** Which leader epoch starts where. */
  leaderEpochs(): { readonly epoch: Epoch; readonly startOffset: number }[] {
    return [...this.#log.epochs.entries()];
  }

  /** Where an epoch ends in this log, and the epoch that is meant: the one asked for, or the last one below it; -1 for none. */
  endOffsetForEpoch(epoch: Epoch): { readonly epoch: Epoch; readonly endOffset: number } {
    return this.#log.epochs.endOffsetFor(epoch, this.logEndOffset);
  }

  /** What is known of the producers that number their records. */
  producers(): ProducerDescription[] {
    return this.#log.producers.entries();
  }

  /**
   * Cuts the log so that it ends at `offset`; the batch that holds that offset goes whole.
   *
   * @returns whether there was anything to cut
   * @throws SeglogError `INVALID_ARGUMENT`, `IO`, `LOG_OFFLINE`
   */
  async truncateTo(offset: number): Promise<boolean> {
    checkOffset(offset);
    return this.#exclusive(() => this.#log.truncateTo(offset));
  }

  /** Empties the log, which goes on at `offset`. @throws SeglogError `INVALID_ARGUMENT`, `IO`, `LOG_OFFLINE` */
  async truncateFullyAndStartAt(offset: number, logStartOffset: number = offset): Promise<void> {
    checkOffset(offset);
    checkOffset(logStartOffset);
    return this.#exclusive(() => this.#log.truncateFullyAndStartAt(offset, Math.min(logStartOffset, offset)));
  }

  /**
   * Deletes the records before `offset`: they are no longer read, and segments that are wholly below it go.
   *
   * @param offset - -1: all below the high watermark
   * @returns the log start
   * @throws SeglogError `OFFSET_OUT_OF_RANGE`, `POLICY_VIOLATION` when the log's `cleanup.policy` does not delete; `IO` with `ENOSPC`
   * when they are deleted, and there is no space to write the new log start down: call it again when there is
   */
  async deleteRecordsBefore(offset: number): Promise<LogStartOffset> {
    if (offset !== -1) checkOffset(offset);
    checkDeletePolicy(this.config, this.directory);
    await this.#exclusive(() => this.#log.raiseLogStart(offset === -1 ? this.highWatermark : offset));
    await removeBelowStart(this.#log, (work) => this.#exclusive(work));
    const { checkpoint } = this.#log;
    if (checkpoint.isStartUnwritten) await this.#exclusive(() => checkpoint.settleStart());
    return this.logStartOffset;
  }

  /**
   * Deletes the segments that are due, exactly as a broker would: wholly below the log start, or by `retention.bytes` and
   * `retention.ms` where `cleanup.policy` deletes. Their files go after `file.delete.delay.ms`.
   *
   * It takes a few turns of the event loop, so that ten thousand segments stop nobody. The log start is where it will be with
   * the first of them; what a log that is closed meanwhile still has below it goes with the next retention.
   *
   * @param now - milliseconds since 1970; the clock's time when left out
   * @param propose - who reads the timestamps of segments that nobody looked at yet; this thread when left out
   * @throws SeglogError `IO`, `LOG_OFFLINE`, `LOG_CORRUPT`, `READ_ONLY`, `LOG_CLOSED`
   */
  async applyRetention(
    now: TimestampMs = this.#context.clock.now(),
    propose?: ProposeRetention,
  ): Promise<RetentionResult> {
    const startedMs = this.#log.observer.begin();
    const result = await applyRetention(this.#log, (work) => this.#exclusive(work), now, propose);
    this.#log.observer.retired(startedMs, result);
    return result;
  }

  /**
   * Keeps of each key the last record, and removes tombstones and transaction markers whose time has come (docs/compaction.md):
   * in the sealed segments, up to the last stable offset. Appends and reads go on meanwhile. Whether it is worth it, and
   * whether `cleanup.policy` says so, is not asked here.
   *
   * @param clean - who reads the segments and writes new ones; this thread when left out
   * @throws SeglogError (as a rejection) `INVALID_ARGUMENT` while another one runs; `BATCH_CRC_MISMATCH` and other faults of what
   * it reads; `IO`, `LOG_OFFLINE`, `LOG_CORRUPT`, `READ_ONLY`; `LOG_CLOSED`, `OFFSET_OUT_OF_RANGE` when the log is closed or
   * truncated meanwhile. What was not swapped in by then is as it was
   * @example
   * ```ts
   * const { bytesBefore, bytesAfter } = await log.compact();
   * ```
   */
  async compact(options: CompactOptions = {}, clean?: CleanSegments): Promise<CompactionResult> {
    this.#check();
    return this.#compaction.run(options, clean);
  }

  /**
   * All that was appended before the call is on the disk once this resolves: it survives the end of the machine. Calls
   * that overlap share a sync.
   *
   * @throws SeglogError (as a rejection) `IO` when the disk says no: the log is offline from then on, since what is on the
   * disk is unknown
   */
  flush(): Promise<void> {
    // Not `async`: many appenders share one promise, without one more each around it.
    try {
      this.#checkTelling();
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#log.sync.flush();
  }

  /** {@link Log.flush} on this thread. */
  flushSync(): void {
    this.#checkTelling();
    this.#log.sync.flushSync();
  }

  /** The segments, in order: their base offsets, and the bytes of their .log files that count. */
  segments(): { readonly baseOffset: number; readonly size: number }[] {
    return [...this.#log.segments].map(({ baseOffset, sizeBytes }) => ({ baseOffset, size: sizeBytes }));
  }

  /** @throws SeglogError why the log takes no appends, if it does not: `LOG_CORRUPT`, `READ_ONLY`, `LOG_OFFLINE`, `LOG_CLOSED` */
  checkAppendable(): void {
    this.#check();
    this.#log.checkAppendable();
  }

  /** The log as it stands. */
  status(): LogStatus {
    return statusOf(this.#log, this.#recovery);
  }

  /** What the log has counted since it was opened, and where it stands (docs/metrics.md); also when it is closed. */
  metrics(): MetricFamily[] {
    return this.#log.observer.families(this.status());
  }

  /**
   * Flushes, trims and closes, and marks the log as closed clean. A second call waits for the first, and ends as it does.
   *
   * @throws SeglogError (as a rejection) `IO`, and `LOG_OFFLINE` for a sync in the background that failed and that no call has
   * told of; the log is not marked then, and the next opening scans it
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#isOpen = false;
    this.#waiters.wake();
    await closeLog({ log: this.#log, logDirectory: this.#logDirectory, compaction: this.#compaction });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // How an earlier call ends is told to whoever made it.
    await (this.#closing?.catch(() => undefined) ?? this.close());
  }

  async #exclusive<T>(work: () => T): Promise<T> {
    this.#check();
    return this.#log.sync.exclusive(() => {
      this.#check();
      try {
        return work();
      } finally {
        this.#waiters.wake();
      }
    });
  }

  get #isFlushDue(): boolean {
    return this.logEndOffset - this.#log.recoveryPoint >= this.config.flushMessages;
  }

  protected override source(isolation: ReadIsolation = 'read_uncommitted'): ReadSource {
    this.#checkTelling();
    return readSource(this.#log, isolation, () => this.#checkOpen());
  }

  #checkOpen(): void {
    if (!this.#isOpen) throw new SeglogError('LOG_CLOSED', 'the log is closed', { file: this.directory });
  }

  #check(): void {
    this.#checkOpen();
    this.#log.sync.check();
  }

  /** For what only those call who append and read: schedules and displays ask as well, and nobody hears what they are told. */
  #checkTelling(): void {
    this.#checkOpen();
    this.#log.sync.checkTelling();
  }

  #checkManaged(): void {
    this.#checkTelling();
    if (this.#log.offsets.mode === 'managed') return;
    throw new SeglogError('INVALID_ARGUMENT', 'the high watermark of this log follows its end', {
      file: this.directory,
      action: "Open it with highWatermark: 'managed' to move it",
    });
  }
}

/** @throws SeglogError `INVALID_ARGUMENT` */
function checkOffset(offset: number): void {
  if (Number.isSafeInteger(offset) && offset >= 0) return;
  throw new SeglogError('INVALID_ARGUMENT', 'this is no offset', { expected: 'a whole number from 0', found: offset });
}
