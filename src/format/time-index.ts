/**
 * The time index, `<base offset>.timeindex`: how far a moment can be.
 *
 *     0           8        12
 *     +-----------+--------+
 *     | timestamp | offset |   one entry, repeated; big-endian signed int64 and int32
 *     +-----------+--------+
 *
 * `timestamp` is the largest one up to and including the batch that ends at `offset` (less the segment's base offset),
 * which is the earliest batch that has it. Invariant: timestamps strictly increase, offsets do not fall. One slot of the
 * file is kept for the entry that rolling or closing adds.
 *
 * Source: spec 2.4, Kafka's `TimeIndex`.
 */
export const TIME_INDEX = { TIMESTAMP: 0, OFFSET: 8, ENTRY_SIZE: 12 } as const;

/** One entry, with the offset made absolute. */
export interface TimeIndexEntry {
  readonly timestamp: number;
  readonly offset: number;
}

const TWO_POW_32 = 0x1_0000_0000;

const TWO_POW_63 = 2 ** 63;

/** Writes entry `slot`. A timestamp beyond 2^53 is a number that was rounded; the largest of all is rounded to 2^63. */
export function writeTimeEntry(view: DataView, slot: number, timestamp: number, relativeOffset: number): void {
  const at = slot * TIME_INDEX.ENTRY_SIZE;
  const isBeyond = timestamp >= TWO_POW_63;
  view.setInt32(at + TIME_INDEX.TIMESTAMP, isBeyond ? 0x7fffffff : Math.floor(timestamp / TWO_POW_32));
  view.setInt32(at + TIME_INDEX.TIMESTAMP + 4, isBeyond ? -1 : timestamp | 0);
  view.setInt32(at + TIME_INDEX.OFFSET, relativeOffset);
}

/** The timestamp of entry `slot`; inexact beyond 2^53. */
export function timestampOfEntry(view: DataView, slot: number): number {
  const at = slot * TIME_INDEX.ENTRY_SIZE + TIME_INDEX.TIMESTAMP;
  return view.getInt32(at) * TWO_POW_32 + view.getUint32(at + 4);
}

/** The relative offset of entry `slot`. */
export function offsetOfTimeEntry(view: DataView, slot: number): number {
  return view.getInt32(slot * TIME_INDEX.ENTRY_SIZE + TIME_INDEX.OFFSET);
}

/** How many entries are real: those before a zero tail, or before the first one that does not rise. */
export function countTimeEntries(view: DataView): number {
  const slots = Math.floor(view.byteLength / TIME_INDEX.ENTRY_SIZE);
  let previousTimestamp = -1;
  let previousOffset = 0;
  for (let slot = 0; slot < slots; slot++) {
    const timestamp = timestampOfEntry(view, slot);
    const offset = offsetOfTimeEntry(view, slot);
    if (timestamp <= previousTimestamp || offset < previousOffset) return slot;
    previousTimestamp = timestamp;
    previousOffset = offset;
  }
  return slots;
}
