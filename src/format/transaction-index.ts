/**
 * The transaction index, `<base offset>.txnindex`: the aborted transactions whose markers are in the segment.
 *
 *     0         2            10            18           26
 *     +---------+------------+-------------+------------+------------------+
 *     | version | producerId | firstOffset | lastOffset | lastStableOffset |   one entry, repeated; big-endian signed
 *     +---------+------------+-------------+------------+------------------+   int16 and int64s
 *
 * Offsets are absolute. `lastOffset` is the abort marker's own; `lastStableOffset` is what it was once this transaction was
 * resolved: the first offset of the oldest one that another producer still had open, or else `lastOffset + 1`. Invariant:
 * last offsets strictly increase. There is no file until a transaction is aborted.
 *
 * Source: spec 2.6, Kafka's `AbortedTxn` and `TransactionIndex`.
 */
export const TRANSACTION_INDEX = {
  VERSION: 0,
  PRODUCER_ID: 2,
  FIRST_OFFSET: 10,
  LAST_OFFSET: 18,
  LAST_STABLE_OFFSET: 26,
  ENTRY_SIZE: 34,
  /** The only version there is. Entries of a later one cannot be read. */
  CURRENT_VERSION: 0,
} as const;

/** An aborted transaction: what a reader of committed records has to leave out. */
export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
  /** The offset of its abort marker. */
  readonly lastOffset: number;
  /** The last stable offset once it was resolved. */
  readonly lastStableOffset: number;
}

/** An entry as it is stored, exact over the whole of int64. */
export interface ExactAbortedTransaction {
  readonly version: number;
  readonly producerId: bigint;
  readonly firstOffset: bigint;
  readonly lastOffset: bigint;
  readonly lastStableOffset: bigint;
}

const TWO_POW_32 = 0x1_0000_0000;

function readInt64(view: DataView, at: number): number {
  return view.getInt32(at) * TWO_POW_32 + view.getUint32(at + 4);
}

function writeInt64(view: DataView, at: number, value: number): void {
  view.setInt32(at, Math.floor(value / TWO_POW_32));
  view.setInt32(at + 4, value | 0);
}

/** Writes entry `slot`, in the current version. The numbers are whole and within 2^53. */
export function writeAbortedTransaction(view: DataView, slot: number, transaction: AbortedTransaction): void {
  const at = slot * TRANSACTION_INDEX.ENTRY_SIZE;
  view.setInt16(at + TRANSACTION_INDEX.VERSION, TRANSACTION_INDEX.CURRENT_VERSION);
  writeInt64(view, at + TRANSACTION_INDEX.PRODUCER_ID, transaction.producerId);
  writeInt64(view, at + TRANSACTION_INDEX.FIRST_OFFSET, transaction.firstOffset);
  writeInt64(view, at + TRANSACTION_INDEX.LAST_OFFSET, transaction.lastOffset);
  writeInt64(view, at + TRANSACTION_INDEX.LAST_STABLE_OFFSET, transaction.lastStableOffset);
}

/** The version of entry `slot`. */
export function versionOfTransactionEntry(view: DataView, slot: number): number {
  return view.getInt16(slot * TRANSACTION_INDEX.ENTRY_SIZE + TRANSACTION_INDEX.VERSION);
}

/** Entry `slot`; a number beyond 2^53 is inexact, and then no safe integer. */
export function readAbortedTransaction(view: DataView, slot: number): AbortedTransaction {
  const at = slot * TRANSACTION_INDEX.ENTRY_SIZE;
  return {
    producerId: readInt64(view, at + TRANSACTION_INDEX.PRODUCER_ID),
    firstOffset: readInt64(view, at + TRANSACTION_INDEX.FIRST_OFFSET),
    lastOffset: readInt64(view, at + TRANSACTION_INDEX.LAST_OFFSET),
    lastStableOffset: readInt64(view, at + TRANSACTION_INDEX.LAST_STABLE_OFFSET),
  };
}

/** Entry `slot`, exact. */
export function readAbortedTransactionExact(view: DataView, slot: number): ExactAbortedTransaction {
  const at = slot * TRANSACTION_INDEX.ENTRY_SIZE;
  return {
    version: versionOfTransactionEntry(view, slot),
    producerId: view.getBigInt64(at + TRANSACTION_INDEX.PRODUCER_ID),
    firstOffset: view.getBigInt64(at + TRANSACTION_INDEX.FIRST_OFFSET),
    lastOffset: view.getBigInt64(at + TRANSACTION_INDEX.LAST_OFFSET),
    lastStableOffset: view.getBigInt64(at + TRANSACTION_INDEX.LAST_STABLE_OFFSET),
  };
}
