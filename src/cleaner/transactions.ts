/**
 * What a pass knows of transactions while it goes over batches in order: which data is of aborted ones, and which markers
 * have nothing left to mark. Source: spec 4.5, Kafka's `CleanedTransactionMetadata`.
 */
import type { AbortedTransaction } from '../format/transaction-index.ts';
import type { Offset } from '../units/units.ts';

/** What a control batch holds. */
export type ControlKind = 'abort' | 'commit' | 'other' | 'empty';

/** An aborted transaction that is being gone over, and whether data of it was there. */
interface Ongoing {
  readonly transaction: AbortedTransaction;
  hasData: boolean;
}

/** The state of one pass. Batches must come in the order of the log. */
export class TransactionPass {
  /** Ascending by first offset. */
  readonly #waiting: AbortedTransaction[] = [];
  readonly #aborted = new Map<number, Ongoing>();
  readonly #committed = new Set<number>();

  /** Adds aborted transactions. One that is known already does no harm. */
  add(transactions: readonly AbortedTransaction[]): void {
    if (transactions.length === 0) return;
    this.#waiting.push(...transactions);
    this.#waiting.sort((a, b) => a.firstOffset - b.firstOffset);
  }

  /** Notes a data batch; true when it is of an aborted transaction. */
  onData(producerId: number, isTransactional: boolean, lastOffset: Offset): boolean {
    if (this.#waiting.length > 0) this.#begin(lastOffset);
    if (!isTransactional) return false;
    const ongoing = this.#aborted.get(producerId);
    if (ongoing === undefined) {
      this.#committed.add(producerId);
      return false;
    }
    ongoing.hasData = true;
    return true;
  }

  /**
   * Notes a control batch.
   *
   * @returns whether it has nothing left to mark, and the aborted transaction that stays for its sake
   */
  onControl(
    producerId: number,
    kind: ControlKind,
    lastOffset: Offset,
  ): { readonly isSpent: boolean; readonly kept?: AbortedTransaction } {
    if (this.#waiting.length > 0) this.#begin(lastOffset);
    if (kind === 'empty') return { isSpent: true };
    if (kind === 'commit') return { isSpent: !this.#committed.delete(producerId) };
    if (kind === 'other') return { isSpent: false };
    const ongoing = this.#aborted.get(producerId);
    this.#aborted.delete(producerId);
    return ongoing?.hasData === true ? { isSpent: false, kept: ongoing.transaction } : { isSpent: true };
  }

  /** Takes up the transactions that begin up to `offset`. */
  #begin(offset: Offset): void {
    const behind = this.#waiting.findIndex(({ firstOffset }) => firstOffset > offset);
    const begun = this.#waiting.splice(0, behind < 0 ? this.#waiting.length : behind);
    for (const transaction of begun) {
      if (!this.#aborted.has(transaction.producerId))
        this.#aborted.set(transaction.producerId, { transaction, hasData: false });
    }
  }
}
