/**
 * A partition's log: its segments, offsets, leader epochs and producers, and the rules by which they change together.
 * What callers hand in is checked and encoded already (see `validate/`); `Log` is the face of it.
 */
import type { CleanedSegment } from '../cleaner/contract.ts';
import { SeglogError } from '../errors/errors.ts';
import type { TopicPartition } from '../format/names.ts';
import { closeAll } from '../fs/close-all.ts';
import { ActiveSegment } from '../segment/active-segment.ts';
import type { SegmentContext } from '../segment/context.ts';
import type { Segment } from '../segment/segment.ts';
import { MAX_INT32 } from '../units/units.ts';
import { swapSegments } from './cleaning/swap.ts';
import { DeletedFiles, type UnlinkFiles } from './deleted-files.ts';
import type { LeaderEpochs } from '../state/leader-epochs.ts';
import { corruptionError, type Loaded } from './load/load.ts';
import { rebuildProducers } from './load/producers.ts';
import type { Corruption } from './load/report.ts';
import { endBefore, findDamage, findEnd } from './load/segment-files.ts';
import { rebuildTransactions } from './load/transactions.ts';
import { LogCheckpoint } from './log-checkpoint.ts';
import type { LogDirectory } from './log-directory.ts';
import type { LogObserver } from './observer.ts';
import { type HighWatermarkMode, LogOffsets } from './offsets.ts';
import { PendingProducers } from './pending.ts';
import { ProducerExpiry } from './producer-expiry.ts';
import type { AppendOrigin } from '../state/producers/producer-batch.ts';
import type { DuplicateBatch, ProducerState } from '../state/producers/producer-state.ts';
import type { SegmentList } from './segments.ts';
import { LogSync } from './sync.ts';
import { ifThereIsSpace, unlessIo } from './tolerated.ts';
import type { TopicId } from './topic-id.ts';
import type { AnalyzedBatch } from './validate/analyze.ts';

/** What a log was opened with, besides what loading found. */
export interface PartitionLogSetup {
  readonly context: SegmentContext;
  readonly directory: string;
  readonly partition: TopicPartition;
  readonly topicId: TopicId;
  readonly logDirectory: LogDirectory;
  readonly highWatermarkMode: HighWatermarkMode;
  readonly observer: LogObserver;
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
  readonly checkpoint: LogCheckpoint;
  readonly observer: LogObserver;
  readonly #logDirectory: LogDirectory;
  readonly #deleted: DeletedFiles;
  readonly #readOnly: SeglogError | undefined;
  #corruption: Corruption | undefined;
  #active: ActiveSegment | undefined;
  #cuts = 0;
  #batchEnd: number;
  readonly #expiry: ProducerExpiry;

  constructor(setup: PartitionLogSetup, loaded: Loaded) {
    const { context, directory, partition, topicId, logDirectory, highWatermarkMode, observer } = setup;
    this.context = context;
    this.directory = directory;
    this.partition = partition;
    this.topicId = topicId;
    this.observer = observer;
    this.#logDirectory = logDirectory;
    this.segments = loaded.segments;
    this.epochs = loaded.epochs;
    this.producers = loaded.producers;
    this.#active = loaded.active;
    this.#readOnly = loaded.readOnly;
    this.#corruption = loaded.corruption;
    this.#batchEnd = loaded.logEndOffset;
    this.#deleted = new DeletedFiles(context, directory);
    const highWatermark = logDirectory.checkpointOf(partition).highWatermark ?? loaded.logStartOffset;
    this.offsets = new LogOffsets(highWatermarkMode, loaded.logStartOffset, loaded.logEndOffset, highWatermark);
    this.sync = new LogSync(this, loaded.unsynced, loaded.recovery !== undefined);
    this.checkpoint = new LogCheckpoint(this, logDirectory, loaded.recoveryPoint);
    this.#expiry = new ProducerExpiry(context.clock, this.producers);
    this.#refreshUnstable();
  }

  /** The segment that is appended to. @throws SeglogError why the log takes no appends: `LOG_CORRUPT`, `READ_ONLY` */
  get active(): ActiveSegment {
    if (this.#active !== undefined) return this.#active;
    throw this.#readOnly ?? new SeglogError('INTERNAL', 'a log without an active segment');
  }

  /** From now on `.deleted` files are removed by others. */
  unlinkBy(unlink: UnlinkFiles): void {
    this.#deleted.unlinkBy(unlink);
  }

  /** How often something was cut off the end: what was read before may be other records now. */
  get cuts(): number {
    return this.#cuts;
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
    // One that was swapped or deleted meanwhile says nothing of what is there now.
    if (this.#corruption !== undefined || !this.segments.hasRun([segment])) return;
    const end = this.segments.after(segment)?.baseOffset ?? this.offsets.logEnd;
    if (end > this.recoveryPoint) return;
    // Believed only if the batches before it lead there: a read that an index misled stands anywhere.
    const found = findDamage(this.context, segment);
    if (found?.position !== position) return;
    const { offset } = found;
    this.#corruption = { file: segment.logPath, position, offset, error };
    this.observer.corrupt(segment.logPath, position, offset, error);
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

  /** Where the last batch ends: a truncation within a batch leaves the log end above it, up to the next append. */
  get batchEnd(): number {
    return this.#batchEnd;
  }

  /** Everything below it is on the disk. */
  get recoveryPoint(): number {
    return this.checkpoint.recoveryPoint;
  }

  /** A sync covers all below `offset`. */
  synced(offset: number): void {
    this.checkpoint.synced(offset);
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
    const changes = PendingProducers.collect(this.context.engine, this.producers, bytes, batches, origin);
    if (changes?.duplicate !== undefined) {
      this.observer.measures.duplicateBatches++;
      return changes.duplicate;
    }
    let maxTimestamp = first.maxTimestamp;
    if (last !== first) for (const batch of batches) maxTimestamp = Math.max(maxTimestamp, batch.maxTimestamp);
    if (this.#corruption !== undefined) throw corruptionError(this.#corruption);
    const { lastOffset } = last;
    this.topicId.write();
    const rollReason = this.active.rollReason(length, { lastOffset, maxTimestamp });
    if (rollReason !== undefined) {
      this.#roll(first.magic >= 2 ? first.baseOffset : lastOffset - MAX_INT32, length, rollReason);
    }
    if (last === first) this.#noteEpoch(first);
    else for (const batch of batches) this.#noteEpoch(batch);
    // A marker alone is in the index before it is in the log: a reader that sees it finds the entry, and a marker without one
    // would turn what was aborted into committed records. Those among a replica's batches come behind.
    const aborted = changes?.abortedAlone(batches);
    if (aborted !== undefined) this.active.segment.transactions().append(aborted);
    try {
      this.active.append(bytes, length, batches);
    } catch (error) {
      if (aborted !== undefined) {
        this.#orOffline(() => this.active.segment.transactions().truncateTo(aborted.lastOffset));
      }
      throw error;
    }
    this.#batchEnd = lastOffset + 1;
    this.offsets.appended(lastOffset + 1);
    if (changes === undefined) this.producers.updateMapEndOffset(lastOffset + 1);
    else this.#applyChanges(changes, lastOffset + 1, aborted !== undefined);
    this.sync.appended();
    this.observer.appended(length, batches);
    return undefined;
  }

  #noteEpoch({ magic, leaderEpoch, baseOffset }: AnalyzedBatch): void {
    const latest = this.epochs.latest;
    if (magic < 2) {
      // Formats 0 and 1 know no epochs: what is known of them no longer holds.
      if (latest !== undefined) this.epochs.clear();
    } else if (leaderEpoch >= 0 && leaderEpoch !== latest?.epoch) this.epochs.assign(leaderEpoch, baseOffset);
  }

  #applyChanges(changes: PendingProducers, end: number, isNoted: boolean): void {
    changes.apply(
      isNoted ? undefined : (aborted) => this.#orOffline(() => this.active.segment.transactions().append(aborted)),
    );
    this.producers.updateMapEndOffset(end);
    this.#refreshUnstable();
    this.#expiry.appended();
  }

  #refreshUnstable(): void {
    this.producers.onHighWatermark(this.offsets.highWatermark);
    this.offsets.setFirstUnstable(this.producers.firstUnstableOffset);
  }

  /** Seals the active segment and starts one at `baseOffset`; an empty one at that very base is made anew. */
  #roll(wantedBase: number, firstAppendBytes: number, reason: string): void {
    const startedMs = this.observer.begin();
    const baseOffset = Math.max(this.offsets.logEnd, wantedBase);
    const old = this.active;
    const { context, directory } = this;
    let sealed: Segment | undefined;
    if (old.sizeBytes === 0 && old.baseOffset === baseOffset) {
      this.#orOffline(() => {
        old.closeNow();
        this.segments.pop();
        this.#active = ActiveSegment.create(context, directory, baseOffset, firstAppendBytes);
      });
    } else {
      // The old one first: a reader in another process takes a segment with one behind it for sealed, and trimmed.
      sealed = old.seal();
      try {
        this.#active = ActiveSegment.create(context, directory, baseOffset, firstAppendBytes);
      } catch (error) {
        this.#goOnWith(sealed, baseOffset);
        throw error;
      }
    }
    this.segments.push(this.active.segment);
    this.sync.rolled(sealed);
    this.producers.updateMapEndOffset(baseOffset);
    // Derived: without it the log is read from the snapshot before.
    unlessIo(() => this.producers.takeSnapshot());
    this.observer.rolled(startedMs, baseOffset, sealed?.sizeBytes ?? 0, reason);
  }

  /** Seals the active segment and goes on in an empty one at the log end. @throws SeglogError `IO`, `LOG_CORRUPT`, `READ_ONLY` */
  roll(): void {
    this.#roll(this.offsets.logEnd, 0, 'retention');
  }

  /** Appends to a segment again that was sealed for one that could not be made. */
  #goOnWith(sealed: Segment, unmadeBase: number): void {
    this.#orOffline(() => {
      ActiveSegment.discard(this.context, this.directory, unmadeBase);
      const { baseOffset, sizeBytes } = sealed;
      sealed.release();
      this.#active = ActiveSegment.reopen(this.context, this.directory, baseOffset, sizeBytes);
      this.segments.pop();
      this.segments.push(this.#active.segment);
    });
  }

  /** What fails half-way takes the log offline: only opening it again tells what is on the disk. */
  #orOffline<T>(change: () => T): T {
    try {
      return change();
    } catch (error) {
      this.sync.fail(error);
      throw error;
    }
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
    const { active, logEndOffset } = this;
    const kept = this.segments.floor(offset);
    this.#logDirectory.lowerCleanerOffset(this.partition, Math.min(kept?.baseOffset ?? 0, offset));
    // On the disk before the cut: what a power loss leaves of a page that was cut is no damage.
    this.checkpoint.lower(kept === undefined ? offset : endBefore(this.context, kept, offset));
    this.checkpoint.write({ isStartNamed: this.#isBelowAll(offset) });
    this.#orOffline(() => this.#cutTo(offset, active));
    this.observer.truncated(logEndOffset, offset);
    return true;
  }

  /** Whether no segment begins at `offset` or below. */
  #isBelowAll(offset: number): boolean {
    return offset < (this.segments.first?.baseOffset ?? 0);
  }

  #cutTo(offset: number, active: ActiveSegment): void {
    this.#cuts++;
    if (this.#isBelowAll(offset)) {
      this.#restartAt(offset, offset);
      return;
    }
    const removed = this.segments.splitAt(offset + 1);
    const last = this.segments.last as Segment;
    const position = last.find(offset)?.position ?? last.sizeBytes;
    if (removed.length > 0) {
      active.closeNow();
      this.#delete(removed, true);
      const { sizeBytes } = last;
      last.release();
      this.segments.pop();
      this.#active = ActiveSegment.reopen(this.context, this.directory, last.baseOffset, sizeBytes);
      this.segments.push(this.#active.segment);
    }
    this.active.truncateTo(position, offset);
    this.sync.removed(offset + 1);
    this.#truncated(offset);
  }

  #truncated(offset: number): void {
    const { context, directory, producers, offsets } = this;
    if (this.#corruption !== undefined && offset <= this.#corruption.offset) this.#corruption = undefined;
    this.epochs.truncateFromEnd(offset);
    offsets.truncated(offset);
    this.#batchEnd = findEnd(context, this.active.segment, this.active.sizeBytes, false).nextOffset;
    this.checkpoint.lower(this.#batchEnd);
    const bases = [...this.segments].map(({ baseOffset }) => baseOffset);
    rebuildProducers({ context, directory, bases, logStartOffset: offsets.logStart }, producers, offset, false);
    this.#refreshUnstable();
    context.fs.syncDirectory(directory);
    this.checkpoint.write();
  }

  /** Empties the log, which goes on at `offset` (spec 3.8). Nothing may be syncing. */
  truncateFullyAndStartAt(offset: number, logStartOffset: number): void {
    void this.active;
    const { logEndOffset, recoveryPoint } = this;
    this.#logDirectory.lowerCleanerOffset(this.partition, offset);
    // On the disk before anything goes: of what a power loss leaves of the log nothing is believed unseen.
    this.checkpoint.lower(Math.min(offset, this.segments.first?.baseOffset ?? 0));
    this.checkpoint.write({ isStartNamed: true });
    this.#orOffline(() => this.#restartAt(offset, logStartOffset, recoveryPoint));
    this.observer.truncated(logEndOffset, offset);
  }

  /**
   * The old segments go, the last one first, and all of theirs is gone for good before anything new has a name: whenever the power
   * fails, there is the beginning of the old log or nothing of it, and never some of it beside the new one.
   */
  #restartAt(offset: number, logStartOffset: number, recoveryPoint = this.recoveryPoint): void {
    const { context, directory } = this;
    this.#cuts++;
    this.active.closeNow();
    this.#corruption = undefined;
    this.#delete(this.segments.splitAt(0), true);
    this.epochs.clear();
    this.producers.truncateFullyAndStartAt(offset);
    context.fs.syncDirectory(directory);
    this.#active = ActiveSegment.create(context, directory, offset);
    this.segments.push(this.#active.segment);
    this.offsets.restarted(logStartOffset, offset);
    this.#batchEnd = offset;
    this.sync.removed(0);
    context.fs.syncDirectory(directory);
    // Nothing is left below it that could be missing. Not above where it was, as with Kafka.
    this.checkpoint.synced(Math.min(offset, recoveryPoint));
    this.checkpoint.write();
  }

  /**
   * Moves the log start to `offset` (spec 3.11). It is on the disk when this returns, unless there is no space for it: what is
   * below is not read any more, and its segments go by {@link PartitionLog.removeBelowStart}.
   *
   * @throws SeglogError `OFFSET_OUT_OF_RANGE` above the high watermark
   */
  raiseLogStart(offset: number): void {
    if (this.offsets.raiseStart(offset)) this.#orOffline(() => this.#startMoved(this.offsets.logStart));
  }

  /**
   * Puts what a cleaning made of neighbouring segments in their place. Nothing may be syncing, and the caller knows that they
   * are in the log.
   *
   * @param cleaned base offsets and sizes, ascending; their `.cleaned` files are synced
   * @throws SeglogError `IO`; the log is offline then, and opening it again finds all of the old ones or all of the new
   */
  replaceSegments(sources: readonly Segment[], cleaned: readonly CleanedSegment[]): void {
    const { context, directory, segments, sync, producers } = this;
    const log = { context, directory, segments, sync, producers, deleted: this.#deleted };
    this.#orOffline(() => swapSegments(log, sources, cleaned));
  }

  #startMoved(offset: number): void {
    this.producers.onLogStartIncremented(offset);
    this.#refreshUnstable();
    this.checkpoint.startMoved();
  }

  /**
   * Removes segments that are wholly below the log start, the oldest first, at most so many. Nothing may be syncing.
   *
   * @returns whether there are more of them
   */
  removeBelowStart(most: number): boolean {
    const { segments, sync, offsets, context, directory } = this;
    const gone = segments.takeBelow(offsets.logStart, most);
    const hasMore = segments.hasBelow(offsets.logStart);
    this.#orOffline(() => {
      this.#delete(gone);
      sync.removedBelow(segments.first?.baseOffset ?? 0);
      // The checkpoint names the start for as long as a file below it may come back.
      if (hasMore || gone.length === 0) return;
      context.fs.syncDirectory(directory);
      ifThereIsSpace(() => this.checkpoint.write());
    });
    return hasMore;
  }

  /** @param isCutOff whether what is before them stays */
  #delete(segments: readonly Segment[], isCutOff = false): void {
    for (const segment of segments) segment.release();
    const bases = segments.map(({ baseOffset }) => baseOffset);
    if (isCutOff) this.#deleted.addLogsFromEnd(bases);
    this.#deleted.add(bases, bases);
    this.producers.forgetSnapshots(bases);
  }

  /**
   * Syncs and closes everything; the last snapshot is written, and the checkpoints are noted.
   *
   * @throws SeglogError `IO`; the files are closed then, too
   */
  async close(): Promise<void> {
    await this.sync.flush();
    this.producers.takeSnapshot();
    this.producers.syncLatestSnapshot();
    await this.active.close();
    await this.#deleted.remove();
    this.context.fs.syncDirectory(this.directory);
    this.checkpoint.noteClosed();
  }

  /** Closes the files as they are. */
  closeNow(): void {
    this.#deleted.stop();
    const releases = [...this.segments].map((segment) => () => segment.release());
    closeAll([() => this.#active?.closeNow(), ...releases]);
  }
}
