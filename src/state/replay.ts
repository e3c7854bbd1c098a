/** Feeds the batches of a segment, as a scan tells of them, to the producer state and the leader epochs. */
import { RECOVERY_ROW as ROW } from '../engine/contract.ts';
import { SeglogError } from '../errors/errors.ts';
import { CONTROL_TYPES, type EndTransactionMarker } from '../format/control-record.ts';
import { ATTRIBUTES } from '../format/batch.ts';
import type { AbortedTransaction } from '../format/transaction-index.ts';
import { RecordBatch } from '../record/record-batch.ts';
import type { SegmentContext } from '../segment/context.ts';
import type { LeaderEpochs } from './leader-epochs.ts';
import { markerOf } from './producers/marker.ts';
import { lastSequenceOf, type ProducerBatch } from './producers/producer-batch.ts';
import type { ProducerState } from './producers/producer-state.ts';

/** What `controlType` of a row says besides a type. */
const NO_CONTROL = -1;
const EMPTY_CONTROL = -2;

/** One segment's replay. */
export class Replay {
  /** The transactions whose abort markers were met. */
  readonly aborted: AbortedTransaction[] = [];
  /** What cannot be, where `visit` said to cut. */
  fault: SeglogError | undefined;
  readonly #context: SegmentContext;
  readonly #file: string;
  readonly #producers: ProducerState;
  readonly #epochs: LeaderEpochs | undefined;
  readonly #from: number;
  readonly #to: number;

  /**
   * @param epochs where new leader epochs go; undefined when only producers are replayed
   * @param from batches that end below it are passed over
   * @param to and those that start at it or above
   */
  constructor(
    context: SegmentContext,
    file: string,
    producers: ProducerState,
    epochs: LeaderEpochs | undefined,
    from: number = 0,
    to: number = Infinity,
  ) {
    this.#context = context;
    this.#file = file;
    this.#producers = producers;
    this.#epochs = epochs;
    this.#from = from;
    this.#to = to;
  }

  /** Takes rows in. Returns where to cut the log when a batch cannot follow what is before it (then `fault` tells why). */
  visit(rows: Float64Array, count: number): number | undefined {
    for (let at = 0; at < count * ROW.length; at += ROW.length) {
      if ((rows[at + ROW.lastOffset] as number) < this.#from) continue;
      if ((rows[at + ROW.baseOffset] as number) >= this.#to) return undefined;
      try {
        this.#row(rows, at);
      } catch (error) {
        if (!(error instanceof SeglogError) || error.code === 'IO') throw error;
        this.fault = error;
        return rows[at + ROW.position];
      }
    }
    return undefined;
  }

  #row(rows: Float64Array, at: number): void {
    const epoch = rows[at + ROW.leaderEpoch] as number;
    const baseOffset = rows[at + ROW.baseOffset] as number;
    const latest = this.#epochs?.latest;
    if (this.#epochs !== undefined && epoch >= 0 && (latest === undefined || epoch > latest.epoch)) {
      this.#epochs.assign(epoch, baseOffset);
    }
    if (rows[at + ROW.producerId] !== -1) this.#producer(this.#batch(rows, at));
  }

  #producer(batch: ProducerBatch): void {
    const producers = this.#producers;
    const append = producers.prepareReplay(batch);
    const completed = append.append(batch);
    if (completed?.isAborted === true) {
      const { producerId, firstOffset, lastOffset } = completed;
      const last = this.aborted.at(-1);
      if (last !== undefined && lastOffset <= last.lastOffset) {
        throw new SeglogError('OFFSETS_OUT_OF_ORDER', 'an abort marker is not above the one before it', {
          file: this.#file,
          expected: `above ${last.lastOffset}`,
          found: lastOffset,
        });
      }
      const lastStableOffset = producers.lastStableOffset(completed);
      this.aborted.push({ producerId, firstOffset, lastOffset, lastStableOffset });
    }
    producers.update(append);
    if (completed !== undefined) producers.completeTransaction(completed);
  }

  #batch(rows: Float64Array, at: number): ProducerBatch {
    const attributes = rows[at + ROW.attributes] as number;
    const baseSequence = rows[at + ROW.baseSequence] as number;
    const baseOffset = rows[at + ROW.baseOffset] as number;
    const lastOffset = rows[at + ROW.lastOffset] as number;
    const isControl = (attributes & ATTRIBUTES.CONTROL) !== 0;
    return {
      producerId: this.#exact(rows, at, ROW.producerId),
      producerEpoch: rows[at + ROW.producerEpoch] as number,
      baseSequence,
      lastSequence: lastSequenceOf(baseSequence, lastOffset - baseOffset),
      baseOffset,
      lastOffset,
      maxTimestamp: this.#exact(rows, at, ROW.maxTimestamp),
      isTransactional: (attributes & ATTRIBUTES.TRANSACTIONAL) !== 0,
      isControl,
      marker: isControl ? this.#marker(rows, at) : undefined,
    };
  }

  #exact(rows: Float64Array, at: number, field: number): number {
    const value = rows[at + field] as number;
    if (Number.isSafeInteger(value)) return value;
    throw new SeglogError(
      'OFFSET_NOT_EXACT',
      "a batch's producer id or timestamp is beyond what can be counted exactly",
      {
        file: this.#file,
        position: rows[at + ROW.position] as number,
        found: value,
      },
    );
  }

  #marker(rows: Float64Array, at: number): EndTransactionMarker | undefined {
    const type = rows[at + ROW.controlType] as number;
    if (type === EMPTY_CONTROL || type === NO_CONTROL) return undefined;
    const coordinatorEpoch = rows[at + ROW.coordinatorEpoch] as number;
    if (type === CONTROL_TYPES.commit) return { type: 'commit', coordinatorEpoch };
    if (type === CONTROL_TYPES.abort) return { type: 'abort', coordinatorEpoch };
    // Compressed, or not what it should be: the batch itself tells.
    const { engine, fs } = this.#context;
    const position = rows[at + ROW.position] as number;
    const bytes = Buffer.allocUnsafeSlow(rows[at + ROW.size] as number);
    const file = fs.open(this.#file, 'read');
    try {
      file.read(bytes, 0, bytes.length, position);
    } finally {
      file.close();
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    return markerOf(new RecordBatch(engine, bytes, view, 0, this.#file, position, {}));
  }
}
