/** Producer state told naively: plain lists, searched whole; no cleverness to be wrong in. */
import type { AppendOrigin, ProducerBatch } from '../../../src/state/producers/producer-batch.ts';
import type { ProducerDescription } from '../../../src/state/producers/producer-state.ts';
import { DAY_MS } from './support.ts';

interface Producer {
  epoch: number;
  coordinatorEpoch: number;
  timestamp: number;
  open: number;
  /** Those of this epoch that are known, all of them. */
  batches: ProducerBatch[];
}

const unknown = (): Producer => ({ epoch: -1, coordinatorEpoch: -1, timestamp: -1, open: -1, batches: [] });

export class Model {
  log: ProducerBatch[] = [];
  /** How far the log goes, and how far the state. */
  end = 0;
  lastSnapshot = 0;
  producers = new Map<number, Producer>();
  snapshots = new Map<number, Map<number, Producer>>();
  /** Ended transactions whose marker is not known to be below the high watermark. */
  ended: { firstOffset: number; lastOffset: number }[] = [];

  /** The code with which a batch is refused. */
  refusal(batch: ProducerBatch, origin: AppendOrigin): string | undefined {
    const known = this.producers.get(batch.producerId) ?? unknown();
    const { epoch, open, coordinatorEpoch } = known;
    if (batch.isControl && batch.marker === undefined) return undefined;
    if (origin !== 'replica' && batch.producerEpoch < epoch) return 'INVALID_PRODUCER_EPOCH';
    if (batch.isControl) {
      const older = (batch.marker?.coordinatorEpoch ?? 0) < coordinatorEpoch;
      return older && origin !== 'replica' ? 'TRANSACTION_COORDINATOR_FENCED' : undefined;
    }
    if (origin === 'client' && epoch !== -1) {
      const before = batch.producerEpoch === epoch ? (known.batches.at(-1)?.lastSequence ?? -1) : -1;
      if (batch.baseSequence !== (before + 1) % 2 ** 31) return 'OUT_OF_ORDER_SEQUENCE';
    }
    return open !== -1 && !batch.isTransactional ? 'INVALID_TRANSACTION_STATE' : undefined;
  }

  /** Takes a batch; returns the last stable offset that the transaction's index entry would have, if it ends one. */
  take(batch: ProducerBatch): number | undefined {
    const producer = this.producers.get(batch.producerId) ?? unknown();
    this.producers.set(batch.producerId, producer);
    if (batch.isControl && batch.marker === undefined) return undefined;
    if (producer.epoch !== batch.producerEpoch) producer.batches = [];
    producer.epoch = batch.producerEpoch;
    producer.timestamp = batch.maxTimestamp;
    if (!batch.isControl) {
      producer.batches.push(batch);
      if (batch.isTransactional && producer.open === -1) producer.open = batch.baseOffset;
      return undefined;
    }
    producer.coordinatorEpoch = batch.marker?.coordinatorEpoch ?? 0;
    const firstOffset = producer.open;
    producer.open = -1;
    if (firstOffset === -1) return undefined;
    this.ended.push({ firstOffset, lastOffset: batch.baseOffset });
    return Math.min(...this.#openOffsets(), batch.baseOffset + 1);
  }

  snapshot(): number | undefined {
    if (this.end <= this.lastSnapshot) return undefined;
    this.lastSnapshot = this.end;
    this.snapshots.set(this.end, structuredClone(this.producers));
    return this.end;
  }

  /** Loads the newest snapshot up to `end` and takes the log from there. */
  reload(end: number, nowMs: number): void {
    this.log = this.log.filter(({ lastOffset }) => lastOffset < end);
    for (const offset of this.snapshots.keys()) if (offset > end) this.snapshots.delete(offset);
    this.lastSnapshot = Math.max(0, ...this.snapshots.keys());
    this.end = end;
    this.#restore(structuredClone(this.snapshots.get(this.lastSnapshot) ?? new Map()), nowMs);
    for (const batch of this.log) if (batch.baseOffset >= this.lastSnapshot) this.take(batch);
  }

  asFromSnapshot(nowMs: number): void {
    this.#restore(this.producers, nowMs);
  }

  #restore(producers: Map<number, Producer>, nowMs: number): void {
    this.producers = producers;
    this.ended = [];
    for (const producer of producers.values()) producer.batches = producer.batches.slice(-1);
    this.expire(nowMs);
  }

  expire(nowMs: number): void {
    for (const [id, { open, timestamp }] of this.producers) {
      if (open === -1 && timestamp + DAY_MS <= nowMs) this.producers.delete(id);
    }
  }

  highWatermark(offset: number): void {
    this.ended = this.ended.filter(({ lastOffset }) => lastOffset >= offset);
  }

  firstUnstable(): number | undefined {
    const offsets = [...this.#openOffsets(), ...this.ended.map(({ firstOffset }) => firstOffset)];
    return offsets.length === 0 ? undefined : Math.min(...offsets);
  }

  duplicateOf(batch: ProducerBatch): number | undefined {
    const known = this.producers.get(batch.producerId);
    if (known?.epoch !== batch.producerEpoch) return undefined;
    return known.batches
      .slice(-5)
      .find((other) => other.baseSequence === batch.baseSequence && other.lastSequence === batch.lastSequence)
      ?.baseOffset;
  }

  describe(): ProducerDescription[] {
    return [...this.producers]
      .sort(([a], [b]) => a - b)
      .map(([producerId, { epoch, coordinatorEpoch, timestamp, open, batches }]) => ({
        ...{
          producerId,
          producerEpoch: epoch,
          lastTimestamp: timestamp,
          coordinatorEpoch,
          currentTxnFirstOffset: open,
        },
        lastSequence: batches.at(-1)?.lastSequence ?? -1,
        lastOffset: batches.at(-1)?.lastOffset ?? -1,
      }));
  }

  #openOffsets(): number[] {
    return [...this.producers.values()].flatMap(({ open }) => (open === -1 ? [] : [open]));
  }
}
