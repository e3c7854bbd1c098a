/** `.txnindex` files: their form, and their entries against the abort markers in the log. */
import type { File } from '../../../fs/contract.ts';
import {
  type ExactAbortedTransaction,
  readAbortedTransactionExact,
  TRANSACTION_INDEX,
} from '../../../format/transaction-index.ts';
import type { Finding } from '../../findings/finding.ts';
import type { PartitionExtent } from './extent.ts';
import type { AbortMarker, PartitionReplay, SegmentTransactions } from './replay.ts';
import { told } from './told.ts';

const { ENTRY_SIZE, CURRENT_VERSION, VERSION, LAST_OFFSET } = TRANSACTION_INDEX;
/** More wrong entries than that say no more. */
const MAX_WRONG = 1000;
/** Entries that are read together. */
const PIECE_ENTRIES = 1024;

/** Looks at an entry whose form is right. Returns whether it was not at fault: those that follow are above such a one only. */
type EntryCheck = (entry: ExactAbortedTransaction, position: number) => Generator<Finding, boolean>;

/**
 * The form of a transaction index: whole entries of a known version, whose markers rise and are not below `baseOffset`. Entries
 * behind one that does not rise are not looked at. Returns whether all were.
 */
export function* checkTransactionForm(
  path: string,
  file: File,
  baseOffset: bigint,
  check?: EntryCheck,
): Generator<Finding, boolean> {
  const sizeBytes = file.sizeBytes();
  const wholeBytes = sizeBytes - (sizeBytes % ENTRY_SIZE);
  if (wholeBytes < sizeBytes) {
    const expected = `a multiple of ${ENTRY_SIZE} bytes`;
    yield told('TXN_INDEX_LENGTH', path, { position: wholeBytes, expected, found: sizeBytes });
  }
  const bytes = Buffer.alloc(Math.min(wholeBytes, PIECE_ENTRIES * ENTRY_SIZE));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let last = baseOffset - 1n;
  let wrong = 0;
  for (let position = 0; position < wholeBytes; position += bytes.length) {
    const got = file.read(bytes, 0, Math.min(bytes.length, wholeBytes - position), position);
    for (let slot = 0; slot < Math.floor(got / ENTRY_SIZE); slot++) {
      const entry = readAbortedTransactionExact(view, slot);
      const at = position + slot * ENTRY_SIZE;
      if (entry.version !== CURRENT_VERSION) {
        yield told('TXN_INDEX_VERSION', path, {
          position: at + VERSION,
          expected: CURRENT_VERSION,
          found: entry.version,
        });
      }
      const fault = orderFault(entry, last);
      if (fault !== undefined) {
        yield told('TXN_INDEX_ORDER', path, { position: at, ...fault });
        return false;
      }
      if (check === undefined || (yield* check(entry, at))) last = entry.lastOffset;
      else wrong += 1;
      if (wrong >= MAX_WRONG) return false;
    }
    // The file has shrunk meanwhile.
    if (got < ENTRY_SIZE) return false;
  }
  return true;
}

function orderFault(
  { firstOffset, lastOffset, lastStableOffset, producerId }: ExactAbortedTransaction,
  last: bigint,
): { expected: string; found: string | bigint } | undefined {
  if (lastOffset <= last) return { expected: `a marker above offset ${last}`, found: lastOffset };
  if (producerId < 0n) return { expected: 'a producer id from 0 on', found: producerId };
  if (firstOffset < 0n || firstOffset >= lastOffset)
    return { expected: `a transaction that begins below its marker at ${lastOffset}`, found: firstOffset };
  // Either an older transaction of another producer was open, or the marker itself ended the last one.
  if (lastStableOffset < 0n || lastStableOffset > lastOffset + 1n)
    return { expected: `a last stable offset up to ${lastOffset + 1n}`, found: lastStableOffset };
  return undefined;
}

/** What the replay of a segment knows of its transactions, and how sure it is. */
export interface TransactionKnowledge {
  readonly extent: PartitionExtent;
  readonly transactions: SegmentTransactions;
  readonly replay: PartitionReplay;
}

/** A segment's transaction index against the log; `file` is undefined when there is none. */
export function* checkTransactionIndex(
  path: string,
  file: File | undefined,
  baseOffset: bigint,
  knowledge: TransactionKnowledge,
): Generator<Finding, void> {
  const { transactions } = knowledge;
  const required = transactions.aborted;
  if (file === undefined) {
    const first = required[0];
    if (first === undefined) return;
    const offsets = [first.lastOffset, (required.at(-1) ?? first).lastOffset] as const;
    yield told('TXN_INDEX_MISSING', path, {
      offsets,
      expected: `${required.length} aborted transactions`,
      found: 'no file',
    });
    return;
  }
  const markers = new Map(transactions.markers.map((marker) => [BigInt(marker.offset), marker]));
  const open = new Map(required.map((transaction) => [BigInt(transaction.lastOffset), transaction]));
  let strangers = 0;
  const isThrough = yield* checkTransactionForm(path, file, baseOffset, function* (entry, position) {
    // Behind the end of what could be replayed anything may have been.
    if (entry.lastOffset >= transactions.end && !transactions.isWhole) return true;
    const known = open.get(entry.lastOffset);
    open.delete(entry.lastOffset);
    const fault = mismatch(entry, markers.get(entry.lastOffset), known, knowledge);
    if (fault === undefined) return true;
    if (known === undefined) strangers += 1;
    const offsets = [entry.firstOffset, entry.lastOffset] as const;
    yield told('TXN_INDEX_MISMATCH', path, { position, offsets, ...fault });
    return known !== undefined;
  });
  const missing = [...open.values()];
  // An entry that names no marker stands for one that the log has: one piece of news, not two.
  if (!isThrough || missing.length <= strangers) return;
  const first = missing[0] as (typeof required)[number];
  yield told('TXN_INDEX_SHORT', path, {
    position: placeOf(file, BigInt(first.lastOffset)),
    offsets: [first.lastOffset, (missing.at(-1) ?? first).lastOffset],
    expected: `${required.length} aborted transactions`,
    found: required.length - missing.length,
  });
}

/** Where an entry of a marker at `offset` belongs. */
function placeOf(file: File, offset: bigint): number {
  const field = Buffer.alloc(8);
  let low = 0;
  let high = Math.floor(file.sizeBytes() / ENTRY_SIZE);
  while (low < high) {
    const middle = (low + high) >>> 1;
    file.read(field, 0, field.length, middle * ENTRY_SIZE + LAST_OFFSET);
    if (field.readBigInt64BE() < offset) low = middle + 1;
    else high = middle;
  }
  return low * ENTRY_SIZE;
}

/** What is wrong with an entry, undefined when nothing is, or nothing can be proven. */
function mismatch(
  entry: ExactAbortedTransaction,
  marker: AbortMarker | undefined,
  known: SegmentTransactions['aborted'][number] | undefined,
  { extent, replay }: TransactionKnowledge,
): { expected: string; found: string } | undefined {
  const found = `producer ${entry.producerId}, offsets ${entry.firstOffset} to ${entry.lastOffset}, last stable offset ${entry.lastStableOffset}`;
  if (marker === undefined) return { expected: 'an abort marker at its last offset', found };
  if (BigInt(marker.producerId) !== entry.producerId) {
    return { expected: `producer ${marker.producerId}, whose abort marker is at offset ${marker.offset}`, found };
  }
  const { isComplete, isUnbroken } = replay;
  if (known === undefined) return isComplete ? { expected: 'a transaction that this marker ended', found } : undefined;
  // A compacted log has lost where transactions began; one whose beginning is gone, those that began there.
  if (!isUnbroken) return undefined;
  const isOutside = (offset: bigint): boolean => !isComplete && offset < extent.logStart;
  // What began below the log start is forgotten by a log that loads its producers from there on, also while its segments are there.
  const isForgotten = (offset: bigint, expected: number): boolean =>
    BigInt(expected) < extent.logStart && offset >= extent.logStart;
  const isRight = (offset: bigint, expected: number): boolean =>
    offset === BigInt(expected) || isOutside(offset) || isForgotten(offset, expected);
  if (isRight(entry.firstOffset, known.firstOffset) && isRight(entry.lastStableOffset, known.lastStableOffset)) {
    return undefined;
  }
  return {
    expected: `producer ${known.producerId}, offsets ${known.firstOffset} to ${known.lastOffset}, last stable offset ${known.lastStableOffset}`,
    found,
  };
}
