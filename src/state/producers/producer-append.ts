/** Batches of one producer on their way into the log. Source: spec 3.4, Kafka's `ProducerAppendInfo`. */
import { SeglogError } from '../../errors/errors.ts';
import type { EndTransactionMarker } from '../../format/control-record.ts';
import { type AppendOrigin, type CompletedTransaction, lastSequenceOf, type ProducerBatch } from './producer-batch.ts';
import type { ProducerEntry } from './producer-entry.ts';

const NONE: readonly number[] = [];

/** What follows a sequence; 0 follows the largest one, and -1, which stands for no batch. */
function nextSequence(lastSequence: number): number {
  return lastSequence === -1 ? 0 : lastSequenceOf(lastSequence, 1);
}

/**
 * Collects and checks the batches that one append has of one producer. What is known of the producer stays as it is until
 * `ProducerState.update`, so an append that is refused leaves no trace. Good for one update.
 */
export class ProducerAppend {
  readonly producerId: number;
  /** What the producer will be. */
  readonly updated: ProducerEntry;
  readonly #current: ProducerEntry;
  readonly #origin: AppendOrigin;
  #started: number[] | undefined;

  constructor(current: ProducerEntry, origin: AppendOrigin) {
    this.producerId = current.producerId;
    this.#current = current;
    this.#origin = origin;
    this.updated = current.withoutBatches();
  }

  /** The first offsets of the transactions that these batches open. */
  get startedTransactions(): readonly number[] {
    return this.#started ?? NONE;
  }

  /**
   * Takes the next batch; returns the transaction that it ends, if it does.
   *
   * @throws SeglogError `INVALID_PRODUCER_EPOCH`, `OUT_OF_ORDER_SEQUENCE`, `INVALID_TRANSACTION_STATE`,
   * `TRANSACTION_COORDINATOR_FENCED`; then the whole append is to be given up
   */
  append(batch: ProducerBatch): CompletedTransaction | undefined {
    if (!batch.isControl) {
      this.#appendData(batch);
      return undefined;
    }
    // An empty control batch is what compaction leaves of a marker; the transaction was over before.
    return batch.marker === undefined ? undefined : this.#appendMarker(batch, batch.marker);
  }

  #appendData(batch: ProducerBatch): void {
    this.#checkEpoch(batch);
    if (this.#origin === 'client') this.#checkSequence(batch);
    const { baseOffset, lastOffset } = batch;
    this.updated.addBatch(batch.producerEpoch, {
      lastSequence: batch.lastSequence,
      lastOffset,
      offsetDelta: lastOffset - baseOffset,
      timestamp: batch.maxTimestamp,
    });
    const open = this.updated.currentTxnFirstOffset;
    if (open !== -1 && !batch.isTransactional) {
      throw new SeglogError(
        'INVALID_TRANSACTION_STATE',
        `producer ${this.producerId} wrote outside of its open transaction`,
        {
          baseOffset,
          expected: `a batch of the transaction that began at offset ${open}, or its marker`,
          found: `a batch without transaction at offset ${baseOffset}`,
        },
      );
    }
    if (open === -1 && batch.isTransactional) {
      this.updated.currentTxnFirstOffset = baseOffset;
      (this.#started ??= []).push(baseOffset);
    }
  }

  #appendMarker(batch: ProducerBatch, marker: EndTransactionMarker): CompletedTransaction | undefined {
    this.#checkEpoch(batch);
    this.#checkCoordinatorEpoch(batch, marker.coordinatorEpoch);
    const { updated } = this;
    const firstOffset = updated.currentTxnFirstOffset;
    updated.setEpoch(batch.producerEpoch);
    updated.coordinatorEpoch = marker.coordinatorEpoch;
    updated.lastTimestamp = batch.maxTimestamp;
    updated.currentTxnFirstOffset = -1;
    if (firstOffset === -1) return undefined;
    const { producerId } = this;
    return { producerId, firstOffset, lastOffset: batch.baseOffset, isAborted: marker.type === 'abort' };
  }

  #checkEpoch({ producerEpoch, baseOffset }: ProducerBatch): void {
    if (producerEpoch >= this.updated.producerEpoch || this.#origin === 'replica') return;
    throw new SeglogError('INVALID_PRODUCER_EPOCH', `producer ${this.producerId} wrote with an old producer epoch`, {
      baseOffset,
      expected: `epoch ${this.updated.producerEpoch} or a later one`,
      found: `epoch ${producerEpoch}`,
      action: 'A newer instance of this producer has taken over: stop this one',
    });
  }

  #checkSequence({ producerEpoch, baseSequence, baseOffset }: ProducerBatch): void {
    const { updated } = this;
    const fail = (expected: number): never => {
      throw new SeglogError('OUT_OF_ORDER_SEQUENCE', `producer ${this.producerId} wrote out of order`, {
        baseOffset,
        expected: `sequence ${expected} in epoch ${producerEpoch}`,
        found: `sequence ${baseSequence} (the last known epoch is ${updated.producerEpoch})`,
      });
    };
    if (producerEpoch !== updated.producerEpoch) {
      if (baseSequence !== 0 && updated.producerEpoch !== -1) fail(0);
      return;
    }
    // Of a producer that was not known, or forgotten, any sequence is the first one.
    if (this.#current.producerEpoch === -1) return;
    const expected = nextSequence(this.#lastSequence(producerEpoch));
    if (baseSequence !== expected) fail(expected);
  }

  /** -1 where the epoch has no batch yet: a marker may have raised it. */
  #lastSequence(producerEpoch: number): number {
    if (this.updated.batches.length > 0) return this.updated.lastSequence;
    return producerEpoch === this.#current.producerEpoch ? this.#current.lastSequence : -1;
  }

  #checkCoordinatorEpoch({ baseOffset }: ProducerBatch, coordinatorEpoch: number): void {
    if (coordinatorEpoch >= this.updated.coordinatorEpoch || this.#origin === 'replica') return;
    throw new SeglogError(
      'TRANSACTION_COORDINATOR_FENCED',
      `a marker for producer ${this.producerId} comes from an old transaction coordinator`,
      {
        baseOffset,
        expected: `coordinator epoch ${this.updated.coordinatorEpoch} or a later one`,
        found: `coordinator epoch ${coordinatorEpoch}`,
      },
    );
  }
}
