/**
 * What a reader of committed records sees: everything below the last stable offset, without the batches of transactions that
 * were aborted (spec 3.5 and 2.6; what Kafka's consumer does with the aborted list of a fetch).
 */
import type { AbortedTransaction } from '../format/transaction-index.ts';
import type { RecordBatch } from '../record/record-batch.ts';
import { markerOf } from '../state/producers/marker.ts';
import type { SegmentList } from './segments.ts';
import { checkedTransactions, type RepairTransactions } from './transaction-check.ts';

/** Where aborted transactions are looked up. */
export interface TransactionSource {
  readonly segments: SegmentList;
  /** undefined when the log is somebody else's. */
  readonly repairTransactions?: RepairTransactions | undefined;
}

/** The aborted transactions with records in `[from, to)`, in the order of their markers. */
export function abortedTransactions(
  { segments, repairTransactions }: TransactionSource,
  from: number,
  to: number,
): AbortedTransaction[] {
  const aborted: AbortedTransaction[] = [];
  for (let segment = segments.floor(from); segment !== undefined; segment = segments.after(segment)) {
    const { transactions, isComplete } = checkedTransactions(segments, segment, repairTransactions).collect(from, to);
    aborted.push(...transactions);
    if (isComplete) break;
  }
  return aborted;
}

/** Tells batches of aborted transactions from others; to be asked of every batch, in order. */
export class AbortedFilter {
  readonly #waiting: readonly AbortedTransaction[];
  #next = 0;
  /** The producers in whose aborted transaction the batches now are. */
  readonly #inside = new Set<number>();

  constructor(aborted: readonly AbortedTransaction[]) {
    this.#waiting = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset);
  }

  /** Whether a reader of committed records sees the batch. */
  accepts(batch: RecordBatch): boolean {
    if (batch.producerId === -1) return true;
    for (let next = this.#waiting[this.#next]; next !== undefined; next = this.#waiting[this.#next]) {
      if (next.firstOffset > batch.lastOffset) break;
      this.#inside.add(next.producerId);
      this.#next++;
    }
    if (batch.isControl) {
      if (this.#inside.has(batch.producerId) && markerOf(batch)?.type === 'abort') {
        this.#inside.delete(batch.producerId);
      }
      return true;
    }
    return !(batch.isTransactional && this.#inside.has(batch.producerId));
  }
}
