/** The transactions of a log that hold back its last stable offset. Source: spec 3.1, Kafka's `ProducerStateManager`. */
import { SeglogError } from '../../errors/errors.ts';
import type { CompletedTransaction } from './producer-batch.ts';

interface OngoingTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

/** Where `firstOffset` stands, or would, in a list sorted by first offset. */
function placeOf(list: readonly OngoingTransaction[], firstOffset: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((list[middle] as OngoingTransaction).firstOffset < firstOffset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Transactions that are open (ongoing), and those that a marker ended but whose marker is not yet below the high watermark
 * (unreplicated). Both lists are sorted by first offset.
 */
export class Transactions {
  readonly #ongoing: OngoingTransaction[] = [];
  #unreplicated: CompletedTransaction[] = [];

  get hasOngoing(): boolean {
    return this.#ongoing.length > 0;
  }

  /** The smallest first offset of all; undefined when there is no transaction. */
  get firstUnstableOffset(): number | undefined {
    const ongoing = this.#ongoing[0]?.firstOffset;
    const unreplicated = this.#unreplicated[0]?.firstOffset;
    if (ongoing === undefined || unreplicated === undefined) return ongoing ?? unreplicated;
    return Math.min(ongoing, unreplicated);
  }

  start(producerId: number, firstOffset: number): void {
    const last = this.#ongoing.at(-1);
    if (last === undefined || last.firstOffset < firstOffset) this.#ongoing.push({ producerId, firstOffset });
    else this.#ongoing.splice(placeOf(this.#ongoing, firstOffset), 0, { producerId, firstOffset });
  }

  /** Takes a transaction out of the ongoing ones. @throws SeglogError `INTERNAL` when it is none */
  forget({ producerId, firstOffset }: OngoingTransaction): void {
    const at = this.#ongoing.findIndex((open) => open.firstOffset === firstOffset && open.producerId === producerId);
    if (at === -1) {
      throw new SeglogError('INTERNAL', `a transaction of producer ${producerId} was ended that is not open`, {
        baseOffset: firstOffset,
      });
    }
    this.#ongoing.splice(at, 1);
  }

  /** Moves a transaction from ongoing to unreplicated. */
  complete(completed: CompletedTransaction): void {
    this.forget(completed);
    this.#unreplicated.splice(placeOf(this.#unreplicated, completed.firstOffset), 0, completed);
  }

  /** What the last stable offset will be once the transaction is complete. */
  lastStableOffset({ producerId, lastOffset }: CompletedTransaction): number {
    return this.#ongoing.find((other) => other.producerId !== producerId)?.firstOffset ?? lastOffset + 1;
  }

  /** Lets go of ended transactions whose marker lies below `offset`. */
  replicatedUpTo(offset: number): void {
    if (this.#unreplicated.length === 0) return;
    this.#unreplicated = this.#unreplicated.filter(({ lastOffset }) => lastOffset >= offset);
  }

  clear(): void {
    this.#ongoing.length = 0;
    this.#unreplicated = [];
  }
}
