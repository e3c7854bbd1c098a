/**
 * A partition's log: its segments, offsets, leader epochs and producers, and the rules by which they change together.
 * What callers hand in is checked and encoded already (see `validate/`); `Log` is the face of it.
 */
import { isNoSpace, SeglogError } from '../errors/errors.ts';
import { ATTRIBUTES } from '../format/batch.ts';
import type { TopicPartition } from '../format/names.ts';
import type { EndTransactionMarker } from '../format/control-record.ts';
import { RecordBatch } from '../record/record-batch.ts';
import { ActiveSegment } from '../segment/active-segment.ts';
import type { SegmentContext } from '../segment/context.ts';
import type { Segment } from '../segment/segment.ts';
import { MAX_INT32 } from '../units/units.ts';
import { DeletedFiles } from './deleted-files.ts';
import type { LeaderEpochs } from './leader-epochs.ts';
import { corruptionError, type Loaded } from './load/load.ts';
import { rebuildProducers } from './load/producers.ts';
import type { Corruption } from './load/report.ts';
import { findEnd } from './load/segment-files.ts';
import { rebuildTransactions } from './load/transactions.ts';
import type { LogDirectory } from './log-directory.ts';
import { type HighWatermarkMode, LogOffsets } from './offsets.ts';
import { markerOf } from './producers/marker.ts';
import type { AppendOrigin, CompletedTransaction, ProducerBatch } from './producers/producer-batch.ts';
import type { ProducerAppend } from './producers/producer-append.ts';
import type { DuplicateBatch, ProducerState } from './producers/producer-state.ts';
import type { SegmentList } from './segments.ts';
import { LogSync } from './sync.ts';
import type { TopicId } from './topic-id.ts';
import type { AnalyzedBatch } from './validate/analyze.ts';

/** The log directory's checkpoints are written at most this often while a log is open. */
const CHECKPOINT_INTERVAL_MS = 5000;
/** How often producers are looked through for ones that are to be forgotten. */
const EXPIRY_INTERVAL_MS = 600_000;
/** How often the clock is asked whether it is time for that. */
const APPENDS_BETWEEN_EXPIRIES = 256;

/** What an append changes of the producers. */
interface ProducerChanges {
  readonly appends: readonly ProducerAppend[];
  readonly completed: readonly CompletedTransaction[];
  readonly duplicate: DuplicateBatch | undefined;
}

/** What a log was opened with, besides what loading found. */
export interface PartitionLogSetup {
  readonly context: SegmentContext;
  readonly directory: string;
  readonly partition: TopicPartition;
  readonly topicId: TopicId;
  readonly logDirectory: LogDirectory;
  readonly highWatermarkMode: HighWatermarkMode;
}

/** The state of a log. All changes are made on the thread that owns it, and done when a call returns. */
export class PartitionLog {
  readonly context: SegmentContext;
  readonly directory: string;
  readonly partition: TopicPartition;
  readonly topicId: TopicId;
  readonly segments: SegmentList;
  readonly offsets: LogOffsets;
  readonly epochs: LeaderEpochs;
  readonly producers: ProducerState;
  readonly sync: LogSync;
  readonly #logDirectory: LogDirectory;
  readonly #deleted: DeletedFiles;
  readonly #readOnly: SeglogError | undefined;
  #corruption: Corruption | undefined;
  #active: ActiveSegment | undefined;
  #recoveryPoint: number;
  /** Where the last batch ends: a truncation within a batch leaves the log end above it, up to the next append. */
  #batchEnd: number;
  #checkpointedMs: number;
  #expiredMs: number;
  #appendsSinceExpiry = 0;

  constructor(setup: PartitionLogSetup, loaded: Loaded) {
    const { context, directory, partition, topicId, logDirectory, highWatermarkMode } = setup;
    this.context = context;
    this.directory = directory;
    this.partition = partition;
    this.topicId = topicId;
    this.#logDirectory = logDirectory;
    this.segments = loaded.segments;
    this.epochs = loaded.epochs;
    this.producers = loaded.producers;
    this.#active = loaded.active;
    this.#readOnly = loaded.readOnly;
    this.#corruption = loaded.corruption;
    this.#recoveryPoint = loaded.recoveryPoint;
    this.#batchEnd = loaded.logEndOffset;
    this.#deleted = new DeletedFiles(context, directory);
    const highWatermark = logDirectory.checkpointOf(partition).highWatermark ?? loaded.logStartOffset;
    this.offsets = new LogOffsets(highWatermarkMode, loaded.logStartOffset, loaded.logEndOffset, highWatermark);
    this.sync = new LogSync(this, loaded.unsynced);
    this.#checkpointedMs = context.clock.monotonicMs();
    this.#expiredMs = this.#checkpointedMs;
    this.#refreshUnstable();
  }

  /** The segment that is appended to. @throws SeglogError why the log takes no appends: `LOG_CORRUPT`, `READ_ONLY` */
  get active(): ActiveSegment {
    if (this.#active !== undefined) return this.#active;
    throw this.#readOnly ?? new SeglogError('INTERNAL', 'a log without an active segment');
  }

  /** Damage below the recovery point, found by loading or by a read. */
  get corruption(): Corruption | undefined {
    return this.#corruption;
  }

  /** @throws SeglogError `LOG_CORRUPT`, `READ_ONLY` */
  checkAppendable(): void {
    if (this.#corruption !== undefined) throw corruptionError(this.#corruption);
    void this.active;
  }

  /** A read met a damaged batch. Below the recovery point that is corruption: there is no appending behind it. */
  damaged(error: SeglogError, segment: Segment, position: number): void {
    if (this.#corruption !== undefined) return;
    const end = this.segments.after(segment)?.baseOffset ?? this.offsets.logEnd;
    if (end > this.#recoveryPoint) return;
    const { nextOffset: offset } = findEnd(this.context, segment, position, false);
    this.#corruption = { file: segment.logPath, position, offset, error };
  }

  /** Builds a transaction index anew that is not what the log says. */
  repairTransactions(segment: Segment): void {
    const { context, directory, offsets, producers } = this;
    const bases = [...this.segments].map(({ baseOffset }) => baseOffset);
    rebuildTransactions({ context, directory, bases, logStartOffset: offsets.logStart }, segment, producers.readOnly());
  }

  get isReadOnly(): boolean {
    return this.#active === undefined;
  }

  get logEndOffset(): number {
    return this.offsets.logEnd;
  }

  /** Everything below it is on the disk. */
  get recoveryPoint(): number {
    return this.#recoveryPoint;
  }

  /** A sync covers all below `offset`. */
  synced(offset: number): void {
    this.#recoveryPoint = Math.max(this.#recoveryPoint, Math.min(offset, this.#batchEnd));
    const now = this.context.clock.monotonicMs();
    if (now - this.#checkpointedMs >= CHECKPOINT_INTERVAL_MS) this.checkpoint();
  }

  /**
   * Appends batches that fill `bytes[0, length)`: all of them, or none.
   *
   * @returns where they are already, when they come again from a producer that numbers them
   * @throws SeglogError as `ProducerAppend.append`; `IO`, `LOG_OFFLINE`, `LOG_CORRUPT`, `READ_ONLY`, `OFFSET_OVERFLOW`
   */
  append(
    bytes: Uint8Array,
    length: number,
    batches: readonly AnalyzedBatch[],
    origin: AppendOrigin,
  ): DuplicateBatch | undefined {
    const first = batches[0];
    const last = batches.at(-1);
    if (first === undefined || last === undefined) return undefined;
    const changes = this.#producerChanges(bytes, batches, origin);
    if (changes?.duplicate !== undefined) return changes.duplicate;
    let maxTimestamp = first.maxTimestamp;
    if (last !== first) for (const batch of batches) maxTimestamp = Math.max(maxTimestamp, batch.maxTimestamp);
    if (this.#corruption !== undefined) throw corruptionError(this.#corruption);
    const { lastOffset } = last;
    this.topicId.write();
    if (this.active.rollReason(length, { lastOffset, maxTimestamp }) !== undefined) {
      this.#roll(first.magic >= 2 ? first.baseOffset : lastOffset - MAX_INT32, length);
    }
    if (last === first) this.#noteEpoch(first);
    else for (const batch of batches) this.#noteEpoch(batch);
    this.active.append(bytes, length, batches);
    this.#batchEnd = lastOffset + 1;
    this.offsets.appended(lastOffset + 1);
    if (changes === undefined) this.producers.updateMapEndOffset(lastOffset + 1);
    else this.#applyChanges(changes, lastOffset + 1);
    this.sync.appended();
    return undefined;
  }

  #noteEpoch({ magic, leaderEpoch, baseOffset }: AnalyzedBatch): void {
    const latest = this.epochs.latest;
    if (magic < 2) {
      // Formats 0 and 1 know no epochs: what is known of them no longer holds.
      if (latest !== undefined) this.epochs.clear();
    } else if (leaderEpoch >= 0 && leaderEpoch !== latest?.epoch) this.epochs.assign(leaderEpoch, baseOffset);
  }

  #producerChanges(
    bytes: Uint8Array,
    batches: readonly AnalyzedBatch[],
    origin: AppendOrigin,
  ): ProducerChanges | undefined {
    if (batches.length === 1 && batches[0]?.producerId === -1) return undefined;
    const appends: ProducerAppend[] = [];
    const completed: CompletedTransaction[] = [];
    for (const batch of batches) {
      const { producerId } = batch;
      if (producerId === -1) continue;
      const producerBatch = this.#producerBatch(bytes, batch);
      if (origin === 'client') {
        const duplicate = this.producers.findDuplicate(producerBatch);
        if (duplicate !== undefined) return { appends, completed, duplicate };
      }
      // One producer a call is the rule, several come in a replica's batches.
      let append = appends.find((other) => other.producerId === producerId);
      if (append === undefined) appends.push((append = this.producers.prepareUpdate(producerId, origin)));
      const ended = append.append(producerBatch);
      if (ended !== undefined) completed.push(ended);
    }
    return { appends, completed, duplicate: undefined };
  }

  #producerBatch(bytes: Uint8Array, batch: AnalyzedBatch): ProducerBatch {
    const isControl = (batch.attributes & ATTRIBUTES.CONTROL) !== 0;
    // Field by field: a spread costs 300 ns here.
    return {
      producerId: batch.producerId,
      producerEpoch: batch.producerEpoch,
      baseSequence: batch.baseSequence,
      lastSequence: batch.lastSequence,
      baseOffset: batch.baseOffset,
      lastOffset: batch.lastOffset,
      maxTimestamp: batch.maxTimestamp,
      isTransactional: (batch.attributes & ATTRIBUTES.TRANSACTIONAL) !== 0,
      isControl,
      marker: isControl ? this.#markerIn(bytes, batch.start) : undefined,
    };
  }

  #markerIn(bytes: Uint8Array, start: number): EndTransactionMarker | undefined {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return markerOf(new RecordBatch(this.context.engine, bytes, view, start, 'the batches to append', 0, {}));
  }

  #applyChanges({ appends, completed }: ProducerChanges, end: number): void {
    const { producers } = this;
    for (const append of appends) producers.update(append);
    for (const transaction of completed) {
      if (transaction.isAborted) {
        const { producerId, firstOffset, lastOffset } = transaction;
        const lastStableOffset = producers.lastStableOffset(transaction);
        this.active.segment.transactions().append({ producerId, firstOffset, lastOffset, lastStableOffset });
      }
      producers.completeTransaction(transaction);
    }
    producers.updateMapEndOffset(end);
    this.#refreshUnstable();
    if (++this.#appendsSinceExpiry >= APPENDS_BETWEEN_EXPIRIES) this.#expireProducers();
  }

  #expireProducers(): void {
    const { clock } = this.context;
    this.#appendsSinceExpiry = 0;
    if (clock.monotonicMs() - this.#expiredMs < EXPIRY_INTERVAL_MS) return;
    this.#expiredMs = clock.monotonicMs();
    this.producers.expire(clock.now());
  }

  #refreshUnstable(): void {
    this.producers.onHighWatermark(this.offsets.highWatermark);
    this.offsets.setFirstUnstable(this.producers.firstUnstableOffset);
  }

  /** Seals the active segment and starts one at `baseOffset`; an empty one at that very base is made anew. */
  #roll(wantedBase: number, firstAppendBytes: number): void {
    const baseOffset = Math.max(this.offsets.logEnd, wantedBase);
    const old = this.active;
    let sealed: Segment | undefined;
    if (old.sizeBytes === 0 && old.baseOffset === baseOffset) {
      old.closeNow();
      this.segments.pop();
    } else sealed = old.seal();
    this.#active = ActiveSegment.create(this.context, this.directory, baseOffset, firstAppendBytes);
    this.segments.push(this.#active.segment);
    this.producers.updateMapEndOffset(baseOffset);
    this.producers.takeSnapshot();
    this.sync.rolled(sealed);
  }

  /** Moves the high watermark, within the log. */
  setHighWatermark(offset: number): number {
    const highWatermark = this.offsets.setHighWatermark(offset);
    this.#refreshUnstable();
    return highWatermark;
  }

  /** Moves the high watermark forward; tells whether it moved. */
  raiseHighWatermark(offset: number): boolean {
    const hasMoved = this.offsets.raiseHighWatermark(offset);
    if (hasMoved) this.#refreshUnstable();
    return hasMoved;
  }

  /**
   * Cuts the log so that it ends at `offset` (spec 3.8): the batch that holds it goes whole. Nothing may be syncing.
   *
   * @returns whether there was anything to cut
   */
  truncateTo(offset: number): boolean {
    if (offset >= this.offsets.logEnd) {
      this.epochs.truncateFromEnd(this.offsets.logEnd);
      return false;
    }
    if (offset < (this.segments.first?.baseOffset ?? 0)) {
      this.truncateFullyAndStartAt(offset, offset);
      return true;
    }
    const { active } = this;
    const removed = this.segments.splitAt(offset + 1);
    const last = this.segments.last as Segment;
    const position = last.find(offset)?.position ?? last.sizeBytes;
    if (removed.length > 0) {
      active.closeNow();
      this.#delete(removed);
      const { sizeBytes } = last;
      last.release();
      this.segments.pop();
      this.#active = ActiveSegment.reopen(this.context, this.directory, last.baseOffset, sizeBytes);
      this.segments.push(this.#active.segment);
    }
    this.active.truncateTo(position, offset);
    this.sync.removed(offset + 1);
    this.#truncated(offset);
    return true;
  }

  #truncated(offset: number): void {
    const { context, directory, producers, offsets } = this;
    if (this.#corruption !== undefined && offset <= this.#corruption.offset) this.#corruption = undefined;
    this.epochs.truncateFromEnd(offset);
    offsets.truncated(offset);
    const { segment, sizeBytes } = this.active;
    this.#batchEnd = findEnd(context, segment, sizeBytes, false).nextOffset;
    this.#recoveryPoint = Math.min(this.#recoveryPoint, this.#batchEnd);
    const bases = [...this.segments].map(({ baseOffset }) => baseOffset);
    rebuildProducers({ context, directory, bases, logStartOffset: offsets.logStart }, producers, offset, false);
    this.#refreshUnstable();
    context.fs.syncDirectory(directory);
    this.checkpoint();
  }

  /** Empties the log, which goes on at `offset` (spec 3.8). Nothing may be syncing. */
  truncateFullyAndStartAt(offset: number, logStartOffset: number): void {
    const { context, directory } = this;
    this.active.closeNow();
    this.#corruption = undefined;
    this.#delete(this.segments.splitAt(0));
    this.#active = ActiveSegment.create(context, directory, offset);
    this.segments.push(this.#active.segment);
    this.epochs.clear();
    this.producers.truncateFullyAndStartAt(offset);
    this.offsets.restarted(logStartOffset, offset);
    this.#batchEnd = offset;
    this.#recoveryPoint = Math.min(this.#recoveryPoint, offset);
    this.sync.removed(0);
    context.fs.syncDirectory(directory);
    this.checkpoint();
  }

  /**
   * Moves the log start to `offset`, and removes the segments that are wholly below it (spec 3.11).
   *
   * @throws SeglogError `OFFSET_OUT_OF_RANGE` above the high watermark
   */
  raiseLogStart(offset: number): void {
    if (!this.offsets.raiseStart(offset)) return;
    ifThereIsSpace(() => this.epochs.truncateFromStart(offset));
    this.producers.onLogStartIncremented(offset);
    this.#recoveryPoint = Math.max(this.#recoveryPoint, offset);
    this.#refreshUnstable();
    // The start is on the disk before what is below it goes: else a crash would bring some of it back. Where there is no space
    // for it, what goes makes some.
    ifThereIsSpace(() => this.checkpoint());
    const gone = this.segments.takeBelow(offset);
    this.#delete(gone);
    this.sync.removedBelow(this.segments.first?.baseOffset ?? 0);
    if (gone.length > 0) this.context.fs.syncDirectory(this.directory);
    ifThereIsSpace(() => this.checkpoint());
  }

  #delete(segments: readonly Segment[]): void {
    for (const segment of segments) {
      segment.release();
      this.#deleted.addSegment(segment.baseOffset);
      this.producers.deleteSnapshot(segment.baseOffset);
    }
  }

  /** Writes where the log stands to the log directory's checkpoints. */
  checkpoint(): void {
    this.#noteCheckpoint();
    this.#checkpointedMs = this.context.clock.monotonicMs();
    this.#logDirectory.writeCheckpoints();
  }

  #noteCheckpoint(): void {
    const { logStart, highWatermark } = this.offsets;
    const first = this.segments.first?.baseOffset ?? 0;
    const logStartOffset = logStart > first ? logStart : undefined;
    // Of a damaged log: else the damage would lie above the recovery point at the next opening, and be cut.
    const recoveryPoint = this.isReadOnly ? undefined : this.#recoveryPoint;
    this.#logDirectory.note(this.partition, { recoveryPoint, logStartOffset, highWatermark });
  }

  /**
   * Syncs and closes everything; the last snapshot is written, and the checkpoints are noted.
   *
   * @throws SeglogError `IO`; the files are closed then, too
   */
  async close(): Promise<void> {
    await this.sync.flush();
    this.producers.takeSnapshot({ sync: true });
    await this.active.close();
    this.#deleted.remove();
    this.context.fs.syncDirectory(this.directory);
    this.#recoveryPoint = Math.max(this.#batchEnd, this.offsets.logStart);
    this.#noteCheckpoint();
  }

  /** Closes the files as they are. */
  closeNow(): void {
    this.#active?.closeNow();
    for (const segment of this.segments) segment.release();
  }
}

/** What a small file could not take for lack of space it takes the next time. */
function ifThereIsSpace(write: () => void): void {
  try {
    write();
  } catch (error) {
    if (!isNoSpace(error)) throw error;
  }
}
