/**
 * Whether a transaction index tells the truth. It has no checksum, and a wrong entry would show aborted records, or hide
 * committed ones; but all that it says can be looked up in the log. Each index is looked at once, before its first use.
 */
import { SeglogError } from '../errors/errors.ts';
import { ATTRIBUTES, BATCH, HEADER_SIZE } from '../format/batch.ts';
import type { AbortedTransaction } from '../format/transaction-index.ts';
import type { TransactionIndex } from '../index/transaction-index.ts';
import type { Segment } from '../segment/segment.ts';
import type { SegmentList } from './segments.ts';

/** Builds the transaction index of a segment anew. */
export type RepairTransactions = (segment: Segment) => void;

/** Those that were looked at. */
const checked = new WeakSet<TransactionIndex>();

/**
 * The segment's transaction index, known to be right, or built anew.
 *
 * @throws SeglogError `CORRUPT_INDEX` when it is wrong and the log is not ours to repair
 */
export function checkedTransactions(
  segments: SegmentList,
  segment: Segment,
  repair: RepairTransactions | undefined,
): TransactionIndex {
  const index = segment.transactions();
  if (checked.has(index)) return index;
  const fault = index.check() ?? firstLie(segments, segment, index);
  if (fault !== undefined) {
    if (repair === undefined) throw fault;
    repair(segment);
  }
  const right = segment.transactions();
  checked.add(right);
  return right;
}

function firstLie(segments: SegmentList, segment: Segment, index: TransactionIndex): SeglogError | undefined {
  for (const transaction of index.entries()) {
    if (isTrue(segments, transaction)) continue;
    const { producerId, firstOffset, lastOffset, lastStableOffset } = transaction;
    return new SeglogError('CORRUPT_INDEX', 'the log does not have a transaction that its index tells of', {
      file: segment.pathOf('.txnindex'),
      found: `producer ${producerId}, ${firstOffset} to ${lastOffset}, last stable offset ${lastStableOffset}`,
      action: 'Recover the log with `seglog recover`, which builds the index anew',
    });
  }
  return undefined;
}

/** What compaction took away cannot be looked up, and counts as true. */
function isTrue(segments: SegmentList, transaction: AbortedTransaction): boolean {
  const { producerId, firstOffset, lastOffset, lastStableOffset } = transaction;
  const { CONTROL, TRANSACTIONAL } = ATTRIBUTES;
  const starts = (offset: number, isRight: (batch: Batch) => boolean): boolean => {
    const batch = batchAt(segments, offset);
    return batch === undefined || batch.baseOffset > offset || (batch.baseOffset === offset && isRight(batch));
  };
  const opens = ({ attributes }: Batch): boolean => (attributes & (TRANSACTIONAL | CONTROL)) === TRANSACTIONAL;
  return (
    firstOffset <= lastOffset &&
    lastStableOffset <= lastOffset + 1 &&
    starts(lastOffset, (batch) => batch.producerId === producerId && (batch.attributes & CONTROL) !== 0) &&
    starts(firstOffset, (batch) => batch.producerId === producerId && opens(batch)) &&
    (lastStableOffset === lastOffset + 1 ||
      starts(lastStableOffset, (batch) => batch.producerId !== producerId && opens(batch)))
  );
}

interface Batch {
  readonly baseOffset: number;
  readonly attributes: number;
  readonly producerId: number;
}

/** The batch that holds `offset`, or the first one behind it; undefined outside of the log. */
function batchAt(segments: SegmentList, offset: number): Batch | undefined {
  if (offset < (segments.first?.baseOffset ?? Infinity)) return undefined;
  for (let segment = segments.floor(offset); segment !== undefined; segment = segments.after(segment)) {
    const found = segment.find(offset);
    if (found === undefined) continue;
    const { baseOffset, position } = found;
    const header = new Uint8Array(HEADER_SIZE);
    segment.log().read(header, 0, HEADER_SIZE, position);
    const view = new DataView(header.buffer);
    return {
      baseOffset,
      attributes: view.getInt16(BATCH.ATTRIBUTES),
      producerId: Number(view.getBigInt64(BATCH.PRODUCER_ID)),
    };
  }
  return undefined;
}
