/**
 * What a pass knows of transactions while it goes over batches in order: which data is of aborted ones, and which markers
 * have nothing left to mark. Source: spec 4.5, Kafka's `CleanedTransactionMetadata`.
 *
 * Which data was aborted is told by the transaction index, which has no checksum. Its entries must agree with the markers in
 * the log: where they do not, the pass ends, and what it dropped by an entry whose marker it has not seen counts for nothing.
 */
import { SeglogError } from '../errors/errors.ts';
import type { AbortedTransaction } from '../format/transaction-index.ts';
import type { Offset } from '../units/units.ts';
import type { AbortedCursor } from './aborted.ts';

/** What a control batch holds. */
export type ControlKind = 'abort' | 'commit' | 'other' | 'empty';

/** What becomes of a control batch: whether it has nothing left to mark, and the aborted transaction that stays for its sake. */
export interface ControlFate {
  readonly isSpent: boolean;
  readonly kept?: AbortedTransaction;
}

/** An aborted transaction of a producer that is not over, and the one behind it. */
interface Aborted {
  readonly transaction: AbortedTransaction;
  /** The segment whose index has it. */
  readonly segment: Offset;
  /** The last offset of the first batch of it that was there. */
  firstData: Offset | undefined;
  next: Aborted | undefined;
}

/** Of one producer, in order. */
interface Queue {
  first: Aborted;
  last: Aborted;
}

/** The state of one pass. Batches must come in the order of the log. */
export class TransactionPass {
  readonly #cursor: AbortedCursor;
  readonly #isStrict: boolean;
  /** The segment that the pass is in. */
  #segment: Offset = 0;
  /** All transactions that begin below it were read. */
  #knownBelow: Offset = -1;
  readonly #aborted = new Map<number, Queue>();
  /** Producers with data that counts as committed, and no marker behind it yet. */
  readonly #committed = new Set<number>();

  /**
   * @param cursor from the first batch of the pass on
   * @param isStrict whether data without an entry must not be followed by an abort marker. A pass that begins below the log
   *   start may meet data that everybody has lost sight of; then the marker stays
   */
  constructor(cursor: AbortedCursor, isStrict: boolean) {
    this.#cursor = cursor;
    this.#isStrict = isStrict;
  }

  /** A segment's batches come next. */
  enter(baseOffset: Offset): void {
    this.#segment = baseOffset;
    this.#cursor.skipTo(baseOffset);
  }

  /** Notes a batch with data of a transaction. @returns whether that was aborted @throws SeglogError `CORRUPT_INDEX` */
  onData(producerId: number, lastOffset: Offset): boolean {
    const aborted = this.#abortedAt(producerId, lastOffset);
    if (aborted === undefined) {
      this.#committed.add(producerId);
      return false;
    }
    if (this.#isStrict && this.#committed.has(producerId)) {
      throw this.#contradiction(aborted, 'data of the same transaction before its first offset');
    }
    aborted.firstData ??= lastOffset;
    return true;
  }

  /** Notes a control batch. @throws SeglogError `CORRUPT_INDEX` */
  onControl(producerId: number, kind: ControlKind, lastOffset: Offset): ControlFate {
    if (kind === 'empty') return { isSpent: true };
    if (kind === 'other') return { isSpent: false };
    const aborted = this.#abortedAt(producerId, lastOffset);
    const hadCommitted = this.#committed.delete(producerId);
    if (kind === 'commit') {
      if (aborted === undefined) return { isSpent: !hadCommitted };
      throw this.#contradiction(aborted, `a commit marker at ${lastOffset}`);
    }
    if (hadCommitted && this.#isStrict) {
      throw this.#contradiction(aborted, `an abort marker of producer ${producerId} at ${lastOffset}`);
    }
    if (aborted === undefined) return { isSpent: !hadCommitted };
    const { transaction, firstData } = aborted;
    if (transaction.lastOffset !== lastOffset) throw this.#contradiction(aborted, `an abort marker at ${lastOffset}`);
    this.#drop(producerId);
    return firstData === undefined && !hadCommitted ? { isSpent: true } : { isSpent: false, kept: transaction };
  }

  /** Whether a marker of this producer decides about data that was gone over. */
  waitsFor(producerId: number): boolean {
    return this.#committed.has(producerId) || this.#aborted.get(producerId)?.first.firstData !== undefined;
  }

  /** Whether data counts as committed whose marker has not come. */
  get isUndecided(): boolean {
    return this.#committed.size > 0;
  }

  /** From where on data was dropped of transactions whose markers have not come; Infinity when there is none. */
  get unconfirmedFrom(): Offset {
    let from = Infinity;
    for (const { first } of this.#aborted.values()) from = Math.min(from, first.firstData ?? Infinity);
    return from;
  }

  /** Behind the last batch of the log. @throws SeglogError `CORRUPT_INDEX` when there is no marker for what was dropped */
  end(): void {
    for (const { first } of this.#aborted.values()) {
      if (first.firstData !== undefined) throw this.#contradiction(first, 'no abort marker');
    }
  }

  /** The aborted transaction of a producer that goes on at an offset. */
  #abortedAt(producerId: number, offset: Offset): Aborted | undefined {
    this.#learn(offset);
    for (let queue = this.#aborted.get(producerId); queue !== undefined; queue = this.#aborted.get(producerId)) {
      const { transaction, firstData } = queue.first;
      if (transaction.lastOffset >= offset) return transaction.firstOffset <= offset ? queue.first : undefined;
      if (firstData !== undefined) throw this.#contradiction(queue.first, `no abort marker up to ${offset}`);
      this.#drop(producerId);
    }
    return undefined;
  }

  /**
   * Reads on in the index until all transactions that begin up to `offset` are known. An entry's last stable offset tells: when
   * its marker was written, all that had begun below were decided, and their entries are before it.
   */
  #learn(offset: Offset): void {
    while (this.#knownBelow <= offset) {
      const transaction = this.#cursor.next();
      this.#knownBelow = Math.max(this.#knownBelow, transaction?.lastStableOffset ?? Infinity);
      if (transaction === undefined) return;
      const { segment } = this.#cursor;
      const aborted: Aborted = { transaction, segment, firstData: undefined, next: undefined };
      const queue = this.#aborted.get(transaction.producerId);
      if (queue === undefined) this.#aborted.set(transaction.producerId, { first: aborted, last: aborted });
      else {
        queue.last.next = aborted;
        queue.last = aborted;
      }
    }
  }

  /** Forgets the first one of a producer. */
  #drop(producerId: number): void {
    const queue = this.#aborted.get(producerId);
    if (queue?.first.next === undefined) this.#aborted.delete(producerId);
    else queue.first = queue.first.next;
  }

  /** @param aborted by whose entry it is one; undefined where there is none, and should be */
  #contradiction(aborted: Aborted | undefined, found: string): SeglogError {
    const { producerId, firstOffset, lastOffset } = aborted?.transaction ?? {};
    return new SeglogError('CORRUPT_INDEX', 'a transaction index and the markers in the log contradict each other', {
      file: this.#cursor.pathOf(aborted?.segment ?? this.#segment),
      expected:
        aborted === undefined
          ? 'an entry for that marker'
          : `a transaction of producer ${producerId} from ${firstOffset} on that is aborted at ${lastOffset}`,
      found,
      action: 'Nothing was dropped for it. Recover the log with `seglog recover`, which builds the index anew',
    });
  }
}
