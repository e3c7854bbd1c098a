/** What is known of one producer. Source: spec 3.4, Kafka's `ProducerStateEntry`. */
import type { ProducerSnapshotEntry } from '../../format/producer-snapshot.ts';
import { baseSequenceOf, type ProducerBatch } from './producer-batch.ts';

/** How many of its last batches are known, to recognize one that is sent again. */
const BATCHES_KEPT = 5;

/** A batch that a producer wrote. */
export interface BatchMetadata {
  readonly lastSequence: number;
  readonly lastOffset: number;
  /** The last offset minus the first, which is also the distance of the sequences. */
  readonly offsetDelta: number;
  /** The batch's largest timestamp, in milliseconds since 1970. */
  readonly timestamp: number;
}

/** The state of a producer. Only producer state itself changes it; whoever was handed one sees later changes. */
export class ProducerEntry {
  readonly producerId: number;
  /** -1: nothing is known of it yet. */
  producerEpoch = -1;
  /** Of the coordinator that wrote the last marker; -1: none did. */
  coordinatorEpoch = -1;
  /** Of the last batch or marker, in milliseconds since 1970. */
  lastTimestamp = -1;
  /** Where its open transaction starts; -1: none is open. */
  currentTxnFirstOffset = -1;
  /** The last batches of this epoch, oldest first. */
  batches: BatchMetadata[] = [];

  constructor(producerId: number) {
    this.producerId = producerId;
  }

  /** Of the last batch; -1 when none is known. */
  get lastSequence(): number {
    return this.batches.at(-1)?.lastSequence ?? -1;
  }

  /** Of the last batch; -1 when only markers are known. */
  get lastOffset(): number {
    return this.batches.at(-1)?.lastOffset ?? -1;
  }

  /** The same producer without its batches: what an append starts from. */
  withoutBatches(): ProducerEntry {
    const copy = new ProducerEntry(this.producerId);
    copy.producerEpoch = this.producerEpoch;
    copy.coordinatorEpoch = this.coordinatorEpoch;
    copy.lastTimestamp = this.lastTimestamp;
    copy.currentTxnFirstOffset = this.currentTxnFirstOffset;
    return copy;
  }

  /** Another epoch counts its sequences anew, so the batches of the last one go. */
  setEpoch(producerEpoch: number): void {
    if (this.producerEpoch === producerEpoch) return;
    this.batches = [];
    this.producerEpoch = producerEpoch;
  }

  addBatch(producerEpoch: number, batch: BatchMetadata): void {
    this.setEpoch(producerEpoch);
    this.#push(batch);
    this.lastTimestamp = batch.timestamp;
  }

  /** Takes over what an append made of {@link withoutBatches}. */
  absorb(update: ProducerEntry): void {
    this.setEpoch(update.producerEpoch);
    for (const batch of update.batches) this.#push(batch);
    this.coordinatorEpoch = update.coordinatorEpoch;
    this.currentTxnFirstOffset = update.currentTxnFirstOffset;
    this.lastTimestamp = update.lastTimestamp;
  }

  /** The batch with exactly these sequences, if it is among the last ones. */
  findDuplicate(batch: ProducerBatch): BatchMetadata | undefined {
    if (batch.producerEpoch !== this.producerEpoch) return undefined;
    for (const known of this.batches) {
      if (known.lastSequence !== batch.lastSequence) continue;
      if (baseSequenceOf(known.lastSequence, known.offsetDelta) === batch.baseSequence) return known;
    }
    return undefined;
  }

  /** An open transaction keeps a producer known however old it is. */
  hasExpired(nowMs: number, expirationMs: number): boolean {
    return this.currentTxnFirstOffset === -1 && nowMs - this.lastTimestamp >= expirationMs;
  }

  /** Forgets what a snapshot does not keep: all batches but the last, and that one's own timestamp. */
  keepLastBatch(): void {
    const last = this.batches.at(-1);
    this.batches = last === undefined ? [] : [{ ...last, timestamp: this.lastTimestamp }];
  }

  toSnapshot(): ProducerSnapshotEntry {
    return {
      producerId: BigInt(this.producerId),
      producerEpoch: this.producerEpoch,
      lastSequence: this.lastSequence,
      lastOffset: BigInt(this.lastOffset),
      offsetDelta: this.batches.at(-1)?.offsetDelta ?? 0,
      timestamp: BigInt(this.lastTimestamp),
      coordinatorEpoch: this.coordinatorEpoch,
      currentTxnFirstOffset: BigInt(this.currentTxnFirstOffset),
    };
  }

  #push(batch: BatchMetadata): void {
    if (this.batches.length === BATCHES_KEPT) this.batches.shift();
    this.batches.push(batch);
  }
}
