/**
 * Whether the transaction index of a compacted segment can stay. Compaction takes the records of aborted transactions away and
 * keeps their entries for a while; from what is left, recovery finds fewer of them, or later starts. That is no damage.
 */
import { SCAN_ROW } from '../engine/contract.ts';
import { BATCH, baseOffsetOf, lastOffsetOf, magicOf } from '../format/batch.ts';
import {
  type AbortedTransaction,
  readAbortedTransaction,
  TRANSACTION_INDEX,
  versionOfTransactionEntry,
} from '../format/transaction-index.ts';
import { walkBatches } from '../segment/walk.ts';
import type { RepairOptions } from './options.ts';

/** Entries of 34 bytes: as many as any index here is read. */
const MAX_INDEX_BYTES = 256 * 1024 * 1024;

/**
 * @param log the segment's .log, which stays as it is
 * @param path its transaction index in the directory
 * @param recovered what recovery would write
 */
export function isCompactedIndexSame(
  options: RepairOptions,
  log: string,
  path: string,
  recovered: Uint8Array | undefined,
): boolean {
  const before = entriesOf(options.fs.readSmall(path, MAX_INDEX_BYTES));
  const after = entriesOf(recovered);
  if (before === undefined || after === undefined) return false;
  const known = new Map(before.map((entry) => [entry.lastOffset, entry]));
  const isKnown = ({ producerId, firstOffset, lastOffset }: AbortedTransaction): boolean => {
    const entry = known.get(lastOffset);
    return entry?.producerId === producerId && entry.firstOffset <= firstOffset;
  };
  return after.every(isKnown) && wasCompacted(options, log);
}

/** undefined for a file that no index is: pieces of entries, other versions, markers that do not rise. */
function entriesOf(bytes: Uint8Array | undefined): AbortedTransaction[] | undefined {
  if (bytes === undefined || bytes.length % TRANSACTION_INDEX.ENTRY_SIZE !== 0) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const entries: AbortedTransaction[] = [];
  for (let slot = 0; slot < bytes.length / TRANSACTION_INDEX.ENTRY_SIZE; slot++) {
    const entry = readAbortedTransaction(view, slot);
    const isRising = entry.lastOffset > (entries.at(-1)?.lastOffset ?? -1) && entry.firstOffset <= entry.lastOffset;
    const isSound = versionOfTransactionEntry(view, slot) === TRANSACTION_INDEX.CURRENT_VERSION && isRising;
    if (!isSound || !Object.values(entry).every(Number.isSafeInteger)) return undefined;
    entries.push(entry);
  }
  return entries;
}

/** Whether records are missing within the segment. */
function wasCompacted({ fs, engine }: RepairOptions, log: string): boolean {
  let next: number | undefined;
  let hasGap = false;
  const file = fs.open(log, 'read');
  try {
    walkBatches(engine, file, 0, file.sizeBytes(), false, ({ view, rows, count }) => {
      for (let row = 0; row < count && !hasGap; row++) {
        const at = rows[row * SCAN_ROW.length + SCAN_ROW.start] as number;
        const base = baseOffsetOf(view, at);
        const last = lastOffsetOf(view, at);
        const isWhole = magicOf(view, at) < 2 || view.getInt32(at + BATCH.RECORD_COUNT) === last - base + 1;
        hasGap = !isWhole || (next !== undefined && base > next);
        next = last + 1;
      }
      return !hasGap;
    });
  } finally {
    file.close();
  }
  return hasGap;
}
