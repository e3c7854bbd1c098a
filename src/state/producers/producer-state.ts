/** What is known of the producers of a partition. Source: spec 2.7 and 3.4, Kafka's `ProducerStateManager`. */
import type { AppendOrigin, CompletedTransaction, ProducerBatch } from './producer-batch.ts';
import { ProducerAppend } from './producer-append.ts';
import { ProducerEntry } from './producer-entry.ts';
import { SnapshotFiles, type SnapshotFilesOptions } from './snapshot-files.ts';
import { Transactions } from './transactions.ts';

/** What producer state works with. */
export interface ProducerStateOptions extends SnapshotFilesOptions {
  /** How long a producer is remembered after the timestamp of its last batch (`producer.id.expiration.ms`). */
  readonly expirationMs: number;
}

/** A producer, described. Every number is -1 where nothing is known. */
export interface ProducerDescription {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly lastSequence: number;
  readonly lastOffset: number;
  /** In milliseconds since 1970. */
  readonly lastTimestamp: number;
  readonly coordinatorEpoch: number;
  readonly currentTxnFirstOffset: number;
}

/** Where a batch that comes again was written the first time. */
export interface DuplicateBatch {
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly timestamp: number;
}

/**
 * The producers of a partition, its transactions, and the snapshots of both.
 *
 * One owner, who tells it of every batch in offset order: `prepareUpdate`, `append` of each batch, and once they are written
 * `update`, then for each transaction that was ended `lastStableOffset` and `completeTransaction`, and at last
 * `updateMapEndOffset`.
 */
export class ProducerState {
  readonly #snapshots: SnapshotFiles;
  readonly #expirationMs: number;
  readonly #producers = new Map<number, ProducerEntry>();
  readonly #transactions = new Transactions();
  #mapEndOffset = 0;
  #lastSnapshotOffset = 0;
  #logStartOffset = 0;

  readonly #options: ProducerStateOptions;

  constructor(options: ProducerStateOptions) {
    this.#options = options;
    this.#snapshots = new SnapshotFiles(options);
    this.#expirationMs = options.expirationMs;
  }

  /** An empty state of the same directory that leaves it as it is. */
  readOnly(): ProducerState {
    return new ProducerState({ ...this.#options, isReadOnly: true });
  }

  /** How many producers are known. */
  get count(): number {
    return this.#producers.size;
  }

  /** Everything below this offset is accounted for. */
  get mapEndOffset(): number {
    return this.#mapEndOffset;
  }

  /** The first offset of the oldest transaction that is open, or ended with its marker at or above the high watermark. */
  get firstUnstableOffset(): number | undefined {
    return this.#transactions.firstUnstableOffset;
  }

  get hasOpenTransactions(): boolean {
    return this.#transactions.hasOngoing;
  }

  /** The offsets of the snapshots that are there, ascending. */
  get snapshotOffsets(): readonly number[] {
    return this.#snapshots.offsets;
  }

  get latestSnapshotOffset(): number | undefined {
    return this.#snapshots.latest;
  }

  get oldestSnapshotOffset(): number | undefined {
    return this.#snapshots.oldest;
  }

  /** What is known of a producer; later updates change it. */
  get(producerId: number): ProducerEntry | undefined {
    return this.#producers.get(producerId);
  }

  /** All producers, by id. */
  entries(): ProducerDescription[] {
    return [...this.#producers.values()]
      .sort((a, b) => a.producerId - b.producerId)
      .map((entry) => ({
        producerId: entry.producerId,
        producerEpoch: entry.producerEpoch,
        lastSequence: entry.lastSequence,
        lastOffset: entry.lastOffset,
        lastTimestamp: entry.lastTimestamp,
        coordinatorEpoch: entry.coordinatorEpoch,
        currentTxnFirstOffset: entry.currentTxnFirstOffset,
      }));
  }

  /** The batch with the same epoch and sequences, if it is among the producer's last five. */
  findDuplicate(batch: ProducerBatch): DuplicateBatch | undefined {
    const known = this.#producers.get(batch.producerId)?.findDuplicate(batch);
    if (known === undefined) return undefined;
    const { lastOffset, offsetDelta, timestamp } = known;
    return { firstOffset: lastOffset - offsetDelta, lastOffset, timestamp };
  }

  /** Starts an append of one producer; nothing changes before {@link update}. */
  prepareUpdate(producerId: number, origin: AppendOrigin): ProducerAppend {
    return new ProducerAppend(this.#producers.get(producerId) ?? new ProducerEntry(producerId), origin);
  }

  /**
   * As {@link prepareUpdate}, of a batch that the log has. A batch outside of its producer's open transaction cannot be,
   * unless that began below the log start: a truncation reloads the producers from there on, and then they are not in it.
   * Kafka forgets it in the same way, but does not load the log any more when a recovery sees it begin.
   */
  prepareReplay({ producerId, isTransactional, isControl }: ProducerBatch): ProducerAppend {
    const known = this.#producers.get(producerId);
    if (known !== undefined && !isTransactional && !isControl) this.#forgetBelowLogStart(known);
    return this.prepareUpdate(producerId, 'replica');
  }

  #forgetBelowLogStart(entry: ProducerEntry): void {
    const { producerId, currentTxnFirstOffset: firstOffset } = entry;
    if (firstOffset === -1 || firstOffset >= this.#logStartOffset) return;
    this.#transactions.forget({ producerId, firstOffset });
    entry.currentTxnFirstOffset = -1;
  }

  /** Takes over what an append collected. */
  update(append: ProducerAppend): void {
    const { producerId, startedTransactions, updated } = append;
    const entry = this.#producers.get(producerId);
    if (entry === undefined) this.#producers.set(producerId, updated);
    else entry.absorb(updated);
    for (const firstOffset of startedTransactions) this.#transactions.start(producerId, firstOffset);
  }

  /** The last stable offset once this transaction is complete: what its entry in the transaction index says. */
  lastStableOffset(completed: CompletedTransaction): number {
    return this.#transactions.lastStableOffset(completed);
  }

  /** Ends a transaction; it still holds back the last stable offset until its marker is below the high watermark. */
  completeTransaction(completed: CompletedTransaction): void {
    this.#transactions.complete(completed);
  }

  onHighWatermark(highWatermark: number): void {
    this.#transactions.replicatedUpTo(highWatermark);
  }

  updateMapEndOffset(offset: number): void {
    this.#mapEndOffset = offset;
  }

  /**
   * Writes `<mapEndOffset>.snapshot`; returns its offset, or undefined when nothing came in since the last one. With `sync`
   * its bytes are on the disk; its name is once the directory is synced.
   */
  takeSnapshot({ sync = false }: { readonly sync?: boolean } = {}): number | undefined {
    if (this.#mapEndOffset <= this.#lastSnapshotOffset) return undefined;
    this.#snapshots.write(this.#mapEndOffset, this.#producers.values(), sync);
    this.#lastSnapshotOffset = this.#mapEndOffset;
    return this.#mapEndOffset;
  }

  /** The newest snapshot is on the disk when this returns, whenever it was written. */
  syncLatestSnapshot(): void {
    const { latest } = this.#snapshots;
    if (latest !== undefined) this.#snapshots.sync(latest);
  }

  /**
   * Brings the state to at most `logEndOffset`: keeps it when it ends there, else takes the newest usable snapshot at or
   * below. What the log has from `mapEndOffset` on is then to be replayed.
   */
  truncateAndReload(logStartOffset: number, logEndOffset: number, nowMs: number): void {
    this.#snapshots.deleteWhere((offset) => offset > logEndOffset || offset <= logStartOffset);
    this.#logStartOffset = logStartOffset;
    if (this.#mapEndOffset === logEndOffset) {
      this.onLogStartIncremented(logStartOffset);
      return;
    }
    this.#forgetAll();
    const offset = this.#loadSnapshot(nowMs) ?? logStartOffset;
    this.#mapEndOffset = offset;
    this.#lastSnapshotOffset = offset;
  }

  /** Forgets everything, snapshots too: the log starts anew at `offset`. */
  truncateFullyAndStartAt(offset: number): void {
    this.#forgetAll();
    this.#snapshots.deleteWhere(() => true);
    this.#mapEndOffset = offset;
    this.#lastSnapshotOffset = 0;
  }

  /** Producers stay known though their batches are gone; ended transactions below the start are nobody's concern. */
  onLogStartIncremented(logStartOffset: number): void {
    this.#transactions.replicatedUpTo(logStartOffset);
    this.#mapEndOffset = Math.max(this.#mapEndOffset, logStartOffset);
    this.#lastSnapshotOffset = this.#snapshots.latest ?? logStartOffset;
  }

  /**
   * Removes snapshots that stand at no segment's base, except the newest of them when it lies above all segments: that is
   * the one of a clean shutdown.
   */
  removeStraySnapshots(segmentBaseOffsets: readonly number[]): void {
    const bases = new Set(segmentBaseOffsets);
    const lastBase = segmentBaseOffsets.reduce((a, b) => Math.max(a, b), -1);
    const newest = this.#snapshots.offsets.findLast((offset) => !bases.has(offset)) ?? -1;
    this.#snapshots.deleteWhere((offset) => !bases.has(offset) && (offset < newest || newest < lastBase));
  }

  deleteSnapshotsBefore(offset: number): void {
    this.#snapshots.deleteWhere((other) => other < offset);
  }

  deleteSnapshot(offset: number): void {
    this.#snapshots.delete(offset);
  }

  /** Snapshots that were taken out of the directory. */
  forgetSnapshots(offsets: readonly number[]): void {
    this.#snapshots.forget(new Set(offsets));
  }

  /** Forgets the producers whose last timestamp is too long ago and who have no transaction open; returns how many. */
  expire(nowMs: number): number {
    const before = this.count;
    for (const [producerId, entry] of this.#producers) {
      if (entry.hasExpired(nowMs, this.#expirationMs)) this.#producers.delete(producerId);
    }
    return before - this.count;
  }

  /**
   * Leaves what writing a snapshot and loading it back would: of each producer the last batch only, expired ones gone, and
   * no transaction but the open ones. No file is touched, and the next snapshot is not skipped for it.
   */
  reloadAsFromSnapshot(nowMs: number): void {
    const entries = [...this.#producers.values()];
    for (const entry of entries) entry.keepLastBatch();
    this.#forgetAll();
    this.#load(entries, nowMs);
  }

  /** Loads the newest snapshot that can be used; returns its offset. */
  #loadSnapshot(nowMs: number): number | undefined {
    for (;;) {
      const offset = this.#snapshots.latest;
      if (offset === undefined) return undefined;
      const entries = this.#snapshots.read(offset);
      if (entries === undefined) continue;
      this.#load(entries, nowMs);
      return offset;
    }
  }

  #load(entries: readonly ProducerEntry[], nowMs: number): void {
    for (const entry of entries) {
      if (!entry.hasExpired(nowMs, this.#expirationMs)) this.#producers.set(entry.producerId, entry);
    }
    for (const { producerId, currentTxnFirstOffset } of this.#producers.values()) {
      if (currentTxnFirstOffset !== -1) this.#transactions.start(producerId, currentTxnFirstOffset);
    }
  }

  #forgetAll(): void {
    this.#producers.clear();
    this.#transactions.clear();
  }
}
