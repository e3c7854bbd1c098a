/**
 * Kafka's index search.
 *
 * Appends and most reads look near the end of an index, so the last 8192 bytes are searched by themselves first: a plain
 * binary search would touch pages all over a cold file. Kept step for step, because on entries that are out of order the
 * steps decide the answer.
 */
import { SeglogError } from '../../errors/errors.ts';
import { OFFSET_INDEX, offsetOfEntry } from '../../format/offset-index.ts';
import { timestampOfEntry } from '../../format/time-index.ts';

/** The part at the end that is searched by itself. */
const WARM_BYTES = 8192;

/**
 * The slot of the last of `count` entries whose key is at most `target`, or -1.
 *
 * @throws SeglogError `INVALID_ARGUMENT` when `entries` does not hold `count` entries
 */
export function searchIndex(entries: Uint8Array, count: number, entrySize: 8 | 12, target: number): number {
  if (count * entrySize > entries.length) {
    throw new SeglogError('INVALID_ARGUMENT', 'the bytes do not hold these index entries', {
      expected: `${count} entries of ${entrySize} bytes`,
      found: `${entries.length} bytes`,
    });
  }
  if (count <= 0) return -1;
  const view = new DataView(entries.buffer, entries.byteOffset, entries.byteLength);
  const keyOf = entrySize === OFFSET_INDEX.ENTRY_SIZE ? offsetOfEntry : timestampOfEntry;
  const last = count - 1;
  const firstHot = Math.max(0, last - Math.floor(WARM_BYTES / entrySize));
  let low = 0;
  let high = firstHot;
  if (keyOf(view, firstHot) < target) {
    low = firstHot;
    high = last;
  } else if (keyOf(view, 0) > target) return -1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    const key = keyOf(view, middle);
    if (key > target) high = middle - 1;
    else if (key < target) low = middle;
    else return middle;
  }
  return low;
}
