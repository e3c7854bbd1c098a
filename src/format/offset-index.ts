/**
 * The offset index, `<base offset>.index`: where batches start.
 *
 *     0        4          8
 *     +--------+----------+
 *     | offset | position |   one entry, repeated; big-endian signed int32s
 *     +--------+----------+
 *
 * `offset` is the LAST offset of a batch, less the segment's base offset; `position` is where that batch STARTS in the
 * .log. Invariant: offsets strictly increase, and so do positions. The first batch of a segment is never indexed.
 * A file that Kafka has open is longer, with zeros behind the last entry; trimmed at roll and close.
 *
 * Source: spec 2.3, Kafka's `OffsetIndex`.
 */
export const OFFSET_INDEX = { OFFSET: 0, POSITION: 4, ENTRY_SIZE: 8 } as const;

/** One entry, with the offset made absolute. */
export interface OffsetIndexEntry {
  readonly offset: number;
  readonly position: number;
}

/** Writes entry `slot`. */
export function writeOffsetEntry(view: DataView, slot: number, relativeOffset: number, position: number): void {
  const at = slot * OFFSET_INDEX.ENTRY_SIZE;
  view.setInt32(at + OFFSET_INDEX.OFFSET, relativeOffset);
  view.setInt32(at + OFFSET_INDEX.POSITION, position);
}

/** The relative offset of entry `slot`. */
export function offsetOfEntry(view: DataView, slot: number): number {
  return view.getInt32(slot * OFFSET_INDEX.ENTRY_SIZE + OFFSET_INDEX.OFFSET);
}

/** The file position of entry `slot`. */
export function positionOfEntry(view: DataView, slot: number): number {
  return view.getInt32(slot * OFFSET_INDEX.ENTRY_SIZE + OFFSET_INDEX.POSITION);
}

/**
 * How many entries are real: those before a zero tail (a preallocated file that was not trimmed), or before the first
 * entry that does not rise, which nothing can have written.
 */
export function countOffsetEntries(view: DataView): number {
  const slots = Math.floor(view.byteLength / OFFSET_INDEX.ENTRY_SIZE);
  let previousOffset = -1;
  let previousPosition = 0;
  for (let slot = 0; slot < slots; slot++) {
    const offset = offsetOfEntry(view, slot);
    const position = positionOfEntry(view, slot);
    if (offset <= previousOffset || position <= previousPosition) return slot;
    previousOffset = offset;
    previousPosition = position;
  }
  return slots;
}
