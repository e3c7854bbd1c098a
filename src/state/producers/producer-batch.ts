/** What producer state needs to know of a batch, and what it says of a transaction that a marker ended. */
import type { EndTransactionMarker } from '../../format/control-record.ts';
import { MAX_INT32 } from '../../units/units.ts';

/**
 * Who appends. A `client` is checked for epoch, sequence and state; a `coordinator` writes without sequences; what a `replica`
 * copies was checked by the leader before, so it is taken as it is.
 */
export type AppendOrigin = 'client' | 'coordinator' | 'replica';

/** A batch with a producer id, as far as producer state looks at it. */
export interface ProducerBatch {
  readonly producerId: number;
  readonly producerEpoch: number;
  /** -1: the producer numbers nothing. */
  readonly baseSequence: number;
  readonly lastSequence: number;
  readonly baseOffset: number;
  readonly lastOffset: number;
  /** In milliseconds since 1970; -1 none. */
  readonly maxTimestamp: number;
  readonly isTransactional: boolean;
  readonly isControl: boolean;
  /** Of a control batch: its first record. undefined for an empty control batch, and for every other batch. */
  readonly marker: EndTransactionMarker | undefined;
}

/** A transaction that a marker ended. */
export interface CompletedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
  /** The offset of the marker. */
  readonly lastOffset: number;
  readonly isAborted: boolean;
}

/** The last sequence of a batch. Sequences go from 0 to 2^31-1 and round again; -1 stays -1. */
export function lastSequenceOf(baseSequence: number, lastOffsetDelta: number): number {
  if (baseSequence === -1) return -1;
  const last = baseSequence + lastOffsetDelta;
  return last > MAX_INT32 ? last - MAX_INT32 - 1 : last;
}

/** The inverse of {@link lastSequenceOf}, as Kafka computes it. */
export function baseSequenceOf(lastSequence: number, lastOffsetDelta: number): number {
  const base = lastSequence - lastOffsetDelta;
  return base < 0 ? base + MAX_INT32 + 1 : base;
}
