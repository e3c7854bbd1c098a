/**
 * What a reader of committed records sees: everything below the last stable offset, without the batches of transactions that
 * were aborted (spec 3.5 and 2.6; what Kafka's consumer does with the aborted list of a fetch).
 */
import type { AbortedTransaction } from '../format/transaction-index.ts';
import type { RecordBatch } from '../record/record-batch.ts';
import { markerOf } from '../state/producers/marker.ts';
import type { Segment } from '../segment/segment.ts';
import type { SegmentList } from './segments.ts';
import { checkedTransactions, type RepairTransactions } from './transaction-check.ts';

/** Where aborted transactions are looked up. */
export interface TransactionSource {
  readonly segments: SegmentList;
  /** Whether a segment is no longer part of the log: it was deleted, or cleaned and replaced. `segments` has what is, then. */
  isGone?(segment: Segment): boolean;
  /** undefined when the log is somebody else's. */
  readonly repairTransactions?: RepairTransactions | undefined;
}

/** The aborted transactions with records in `[from, to)`, in the order of their markers. */
export function abortedTransactions(source: TransactionSource, from: number, to: number): AbortedTransaction[] {
  for (;;) {
    const found = collected(source, from, to);
    if (found !== undefined) return found;
  }
}

/** undefined: a segment that was asked is another one by now, and what its index said is of no use. */
function collected(source: TransactionSource, from: number, to: number): AbortedTransaction[] | undefined {
  const { segments, repairTransactions } = source;
  const aborted: AbortedTransaction[] = [];
  const asked: Segment[] = [];
  const isOld = (): boolean => asked.some((segment) => source.isGone?.(segment) === true);
  try {
    for (let segment = segments.floor(from); segment !== undefined; segment = segments.after(segment)) {
      asked.push(segment);
      const { transactions, isComplete } = checkedTransactions(segments, segment, repairTransactions).collect(from, to);
      // Not as arguments of one call: there may be more than that takes.
      for (const transaction of transactions) aborted.push(transaction);
      if (isComplete) break;
    }
  } catch (error) {
    if (isOld()) return undefined;
    throw error;
  }
  return isOld() ? undefined : aborted;
}

/** Tells batches of aborted transactions from others; to be asked of every batch, in order. */
export class AbortedFilter {
  readonly #waiting: readonly AbortedTransaction[];
  #next = 0;
  /** The producers in whose aborted transaction the batches now are, and where that ends. */
  readonly #inside = new Map<number, number>();

  constructor(aborted: readonly AbortedTransaction[]) {
    this.#waiting = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset);
  }

  /** Whether a reader of committed records sees the batch. */
  accepts(batch: RecordBatch): boolean {
    if (batch.producerId === -1) return true;
    for (let next = this.#waiting[this.#next]; next !== undefined; next = this.#waiting[this.#next]) {
      if (next.firstOffset > batch.lastOffset) break;
      this.#inside.set(next.producerId, next.lastOffset);
      this.#next++;
    }
    const end = this.#inside.get(batch.producerId);
    if (end === undefined) return true;
    if (batch.isControl) {
      if (markerOf(batch)?.type === 'abort') this.#inside.delete(batch.producerId);
      return true;
    }
    if (batch.baseOffset > end) {
      // Its marker was there when the read began. Cleaning took it away since: what comes now is another transaction.
      this.#inside.delete(batch.producerId);
      return true;
    }
    return !batch.isTransactional;
  }
}
