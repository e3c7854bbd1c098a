/**
 * A partition's log told naively: an array of batches, searched whole; no files, no indexes, no segments. Where the real log
 * may know more or less than its batches tell (of producers whose batches are gone), the model says what is allowed.
 */
import type { ProducerDescription } from '../../../src/state/producers/producer-state.ts';
import { lastSequenceOf, type ProducerBatch } from '../../../src/state/producers/producer-batch.ts';
import { Model as NaiveProducers } from '../../state/producers/model.ts';

export interface NaiveRecord {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: string | null;
  readonly value: string | null;
}

export interface NaiveBatch {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly leaderEpoch: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly isTransactional: boolean;
  readonly marker: { readonly type: 'commit' | 'abort'; readonly coordinatorEpoch: number } | undefined;
  readonly records: readonly NaiveRecord[];
  readonly sizeBytes: number;
}

export interface NaiveEpoch {
  readonly epoch: number;
  readonly startOffset: number;
}

interface Aborted {
  readonly producerId: number;
  readonly firstOffset: number;
  readonly lastOffset: number;
}

type Known = NaiveProducers['producers'];

export const maxTimestampOf = (batch: NaiveBatch): number =>
  Math.max(-1, ...batch.records.map(({ timestamp }) => timestamp));

export function producerBatchOf(batch: NaiveBatch): ProducerBatch {
  const { producerId, producerEpoch, baseSequence, baseOffset, lastOffset, isTransactional, marker } = batch;
  const lastSequence = lastSequenceOf(baseSequence, lastOffset - baseOffset);
  const isControl = marker !== undefined;
  const maxTimestamp = maxTimestampOf(batch);
  return {
    ...{ producerId, producerEpoch, baseSequence, lastSequence, baseOffset, lastOffset, maxTimestamp },
    ...{ isTransactional, isControl, marker },
  };
}

/** Numbers in one order, whatever order they come in. */
function textOf(description: ProducerDescription | undefined): string {
  return description === undefined
    ? 'nothing'
    : JSON.stringify(Object.entries(description).sort(([a], [b]) => (a < b ? -1 : 1)));
}

export class NaiveLog {
  readonly isManaged: boolean;
  batches: NaiveBatch[] = [];
  logStart = 0;
  end = 0;
  highWatermark = 0;
  leaderEpoch = 0;
  epochs: NaiveEpoch[] = [];
  aborted: Aborted[] = [];
  /** All below it was synced: a crash takes nothing of it. */
  flushed = 0;
  producers = new NaiveProducers();
  /** Of those transactions that are ended above the high watermark, how many a reload may have forgotten. */
  #maybeEnded = 0;
  /** The producers as they were known when the log ended at an offset: what a snapshot can say. */
  #history = new Map<number, Known>([[0, new Map()]]);

  constructor(isManaged: boolean) {
    this.isManaged = isManaged;
  }

  /** What appends of its own are stamped with. */
  get appendEpoch(): number {
    return Math.max(this.leaderEpoch, this.latestEpoch);
  }

  get latestEpoch(): number {
    return this.epochs.at(-1)?.epoch ?? -1;
  }

  append(batch: NaiveBatch): void {
    if (batch.leaderEpoch !== this.latestEpoch) this.assignEpoch(batch.leaderEpoch, batch.baseOffset);
    this.batches.push(batch);
    this.end = batch.lastOffset + 1;
    if (!this.isManaged) this.highWatermark = this.end;
    if (batch.producerId !== -1) {
      const open = this.producers.producers.get(batch.producerId)?.open ?? -1;
      this.producers.take(producerBatchOf(batch));
      if (batch.marker?.type === 'abort' && open !== -1) {
        this.aborted.push({ producerId: batch.producerId, firstOffset: open, lastOffset: batch.lastOffset });
      }
    }
    this.#history.set(this.end, structuredClone(this.producers.producers));
  }

  /** An epoch that starts takes the place of all that is no older, or starts no earlier. */
  assignEpoch(epoch: number, startOffset: number): void {
    const latest = this.epochs.at(-1);
    if (latest?.epoch === epoch && latest.startOffset <= startOffset) return;
    while (this.epochs.length > 0) {
      const last = this.epochs.at(-1) as NaiveEpoch;
      if (last.epoch < epoch && last.startOffset < startOffset) break;
      this.epochs.pop();
    }
    this.epochs.push({ epoch, startOffset });
  }

  moveHighWatermark(offset: number): void {
    this.highWatermark = Math.min(Math.max(offset, this.logStart), this.end);
  }

  truncateTo(offset: number, firstBase: number): boolean {
    if (offset >= this.end) {
      this.epochs = this.epochs.filter(({ startOffset }) => startOffset < this.end);
      return false;
    }
    if (offset < firstBase) this.truncateFullyAndStartAt(offset, offset);
    else {
      this.#endAt(offset);
      this.logStart = Math.min(this.logStart, offset);
      this.moveHighWatermark(this.highWatermark);
    }
    return true;
  }

  truncateFullyAndStartAt(offset: number, logStart: number): void {
    this.#endAt(0);
    this.epochs = [];
    this.end = offset;
    this.logStart = logStart;
    this.highWatermark = offset;
    this.producers = new NaiveProducers();
    this.#maybeEnded = 0;
    this.#history = new Map([[offset, new Map()]]);
  }

  deleteRecordsBefore(offset: number): void {
    if (offset <= this.logStart) return;
    this.logStart = offset;
    this.#epochsFrom(offset);
    this.#forgetEnded(offset);
  }

  #forgetEnded(below: number): void {
    const before = this.producers.ended.length;
    this.producers.highWatermark(below);
    this.#maybeEnded = Math.max(0, this.#maybeEnded - (before - this.producers.ended.length));
  }

  /**
   * What loading the log's files gives. `lastBase`: where the last segment starts; `scannedFrom`: where recovery began, whose
   * batches tell of epochs later than any that is known.
   */
  reload(firstBase: number, lastBase: number, scannedFrom: number = Infinity): void {
    for (const { baseOffset, leaderEpoch } of this.batches) {
      if (baseOffset >= scannedFrom && leaderEpoch > this.latestEpoch) this.assignEpoch(leaderEpoch, baseOffset);
    }
    const end = Math.max(lastBase, (this.batches.at(-1)?.lastOffset ?? -1) + 1);
    if (end < this.logStart) this.truncateFullyAndStartAt(this.logStart, this.logStart);
    else {
      this.#endAt(end);
      this.logStart = Math.max(this.logStart, firstBase);
      if (this.logStart > firstBase) this.#epochsFrom(this.logStart);
      this.moveHighWatermark(this.isManaged ? this.highWatermark : end);
    }
    this.leaderEpoch = Math.max(0, this.latestEpoch);
  }

  #endAt(end: number): void {
    this.batches = this.batches.filter(({ lastOffset }) => lastOffset < end);
    this.aborted = this.aborted.filter(({ lastOffset }) => lastOffset < end);
    this.epochs = this.epochs.filter(({ startOffset }) => startOffset < end);
    this.end = end;
    this.flushed = Math.min(this.flushed, end);
  }

  #epochsFrom(offset: number): void {
    const before = this.epochs.findLast(({ startOffset }) => startOffset <= offset);
    if (before === undefined) return;
    const behind = this.epochs.filter(({ startOffset }) => startOffset > offset);
    this.epochs = [{ epoch: before.epoch, startOffset: offset }, ...behind];
  }

  /**
   * Takes over what the log knows of its producers after it loaded them anew, if that may be: of each of them what was known
   * when the log ended here, or what the batches tell: those from the log start on, or, where recovery scans whole segments,
   * those below it too.
   *
   * @returns what may not be
   */
  adoptProducers(found: readonly ProducerDescription[]): string[] {
    const key = Math.max(...[...this.#history.keys()].filter((offset) => offset <= this.end));
    const before = new NaiveProducers();
    before.producers = structuredClone(this.#history.get(key) ?? new Map());
    const told = new NaiveProducers();
    const scanned = new NaiveProducers();
    for (const batch of this.batches.filter(({ producerId }) => producerId !== -1)) {
      if (batch.lastOffset >= this.logStart) told.take(producerBatchOf(batch));
      scanned.take(producerBatchOf(batch));
    }
    const wrong: string[] = [];
    const adopted: Known = new Map();
    const ids = new Set([...before.producers.keys(), ...found.map(({ producerId }) => producerId)]);
    for (const id of ids) {
      const actual = textOf(found.find(({ producerId }) => producerId === id));
      const models = [before, told, scanned];
      const allowed = models.map((model) => model.describe().find(({ producerId }) => producerId === id));
      const at = allowed.findIndex((description) => textOf(description) === actual);
      if (at === -1) wrong.push(`producer ${id}: ${actual}, not ${allowed.map(textOf).join(' or ')}`);
      const known = models[at]?.producers.get(id);
      if (known !== undefined) adopted.set(id, { ...known, batches: known.batches.slice(-1) });
    }
    this.producers.producers = adopted;
    this.producers.ended = told.ended.filter(({ lastOffset }) => lastOffset >= this.highWatermark);
    this.#maybeEnded = this.producers.ended.length;
    for (const offset of this.#history.keys()) if (offset > this.end) this.#history.delete(offset);
    this.#history.set(this.end, structuredClone(adopted));
    return wrong;
  }

  /** The last stable offsets that may be: one, but where a reload may have forgotten ended transactions. */
  lastStableOffsets(): number[] {
    const { producers } = this;
    this.#forgetEnded(this.highWatermark);
    const all = producers.ended;
    const allowed = Array.from({ length: this.#maybeEnded + 1 }, (_, forgotten) => {
      producers.ended = all.slice(forgotten);
      const unstable = producers.firstUnstable();
      return unstable === undefined
        ? this.highWatermark
        : Math.min(Math.max(unstable, this.logStart), this.highWatermark);
    });
    producers.ended = all;
    return allowed;
  }

  /** What a reader sees up to `end`. */
  visible(end: number): NaiveBatch[] {
    if (end <= this.logStart) return [];
    return this.batches.filter(({ baseOffset, lastOffset }) => lastOffset >= this.logStart && baseOffset < end);
  }

  committed(lastStableOffset: number): NaiveBatch[] {
    return this.visible(lastStableOffset).filter(
      ({ producerId, baseOffset, isTransactional, marker }) =>
        marker !== undefined ||
        !isTransactional ||
        !this.aborted.some(
          (one) => one.producerId === producerId && one.firstOffset <= baseOffset && baseOffset <= one.lastOffset,
        ),
    );
  }

  endOffsetForEpoch(epoch: number): { epoch: number; endOffset: number } {
    if (epoch === -1 || this.latestEpoch === -1 || epoch > this.latestEpoch) return { epoch: -1, endOffset: -1 };
    if (epoch === this.latestEpoch) return { epoch, endOffset: this.end };
    const { startOffset: endOffset } = this.epochs.find((one) => one.epoch > epoch) as NaiveEpoch;
    return { epoch: this.epochs.findLast((one) => one.epoch <= epoch)?.epoch ?? epoch, endOffset };
  }

  /** The first batch that ends at `offset` or later. */
  find(offset: number): NaiveBatch | undefined {
    return this.batches.find(({ lastOffset }) => lastOffset >= offset);
  }

  /** As Kafka finds it: in the first segment whose largest timestamp is not below. */
  offsetForTimestamp(timestamp: number, bases: readonly number[]): { offset: number; timestamp: number } | undefined {
    for (const [at, base] of bases.entries()) {
      const next = bases[at + 1] ?? Infinity;
      const inside = this.batches.filter(({ baseOffset }) => baseOffset >= base && baseOffset < next);
      // A segment without timestamps counts with the time of its file, which is later than any here.
      if (inside.length > 0 && Math.max(...inside.map(maxTimestampOf)) < timestamp) continue;
      const records = inside
        .filter(({ baseOffset }) => baseOffset < this.highWatermark)
        .flatMap((batch) => batch.records);
      const found = records.find((one) => one.timestamp >= timestamp && one.offset >= this.logStart);
      return found && { offset: found.offset, timestamp: found.timestamp };
    }
    return undefined;
  }
}
