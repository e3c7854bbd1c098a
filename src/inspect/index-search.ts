/** Single entries of an index file, found by halving: of a large index a few are read. */
import type { File } from '../fs/contract.ts';

/** Entry number `slot`; undefined where there is none. @throws SeglogError `IO` */
export function entryAt(index: File, entrySize: number, slot: number): DataView | undefined {
  if (slot < 0) return undefined;
  const bytes = new Uint8Array(entrySize);
  return index.read(bytes, 0, entrySize, slot * entrySize) === entrySize ? new DataView(bytes.buffer) : undefined;
}

/**
 * The number of the last entry for which `isBelow` holds, which gets one entry and its number; -1 when it holds for none. In an
 * index that does not rise it is some entry, or none; whoever asks checks it.
 *
 * @throws SeglogError `IO`
 */
export function lastSlot(index: File, entrySize: number, isBelow: (entry: DataView, slot: number) => boolean): number {
  let low = -1;
  let high = Math.floor(index.sizeBytes() / entrySize) - 1;
  while (low < high) {
    const middle = Math.floor((low + high + 1) / 2);
    const entry = entryAt(index, entrySize, middle);
    if (entry !== undefined && isBelow(entry, middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}
