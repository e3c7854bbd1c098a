/** The offset index of one segment: from an offset to the place where its batch starts, or a little before. */
import type { Engine } from '../engine/contract.ts';
import { SeglogError } from '../errors/errors.ts';
import {
  countOffsetEntries,
  OFFSET_INDEX,
  type OffsetIndexEntry,
  offsetOfEntry,
  positionOfEntry,
  writeOffsetEntry,
} from '../format/offset-index.ts';
import type { FileSystem } from '../fs/contract.ts';
import { MAX_INT32 } from '../units/units.ts';
import { EntryTable } from './entry-table.ts';

/** Sparse: one entry for every `index.interval.bytes` of log. Layout in `format/offset-index.ts`. */
export class OffsetIndex {
  readonly table: EntryTable;
  readonly #engine: Engine;
  readonly #baseOffset: number;

  private constructor(engine: Engine, baseOffset: number, table: EntryTable) {
    this.#engine = engine;
    this.#baseOffset = baseOffset;
    this.table = table;
  }

  /** An empty index in a new file. `maxBytes` is `segment.index.bytes`. */
  static create(engine: Engine, fs: FileSystem, path: string, baseOffset: number, maxBytes: number): OffsetIndex {
    const capacity = Math.floor(maxBytes / OFFSET_INDEX.ENTRY_SIZE);
    return new OffsetIndex(engine, baseOffset, EntryTable.create(fs, path, OFFSET_INDEX.ENTRY_SIZE, capacity));
  }

  /** What the file holds; entries behind the first one that does not rise do not count. */
  static load(engine: Engine, fs: FileSystem, path: string, baseOffset: number, maxBytes: number): OffsetIndex {
    const capacity = Math.floor(maxBytes / OFFSET_INDEX.ENTRY_SIZE);
    const table = EntryTable.load(fs, path, OFFSET_INDEX.ENTRY_SIZE, capacity, countOffsetEntries);
    return new OffsetIndex(engine, baseOffset, table);
  }

  get isFull(): boolean {
    return this.table.count >= this.table.capacity;
  }

  /** The last entry; undefined when there is none. */
  get last(): OffsetIndexEntry | undefined {
    return this.table.count === 0 ? undefined : this.#entry(this.table.count - 1);
  }

  /** The last entry at or below `offset`, or the start of the segment. */
  lookup(offset: number): OffsetIndexEntry {
    const { table } = this;
    const slot = this.#engine.searchIndex(table.bytes, table.count, OFFSET_INDEX.ENTRY_SIZE, offset - this.#baseOffset);
    return slot < 0 ? { offset: this.#baseOffset, position: 0 } : this.#entry(slot);
  }

  /** The largest position in the index that is not above `limit`; 0, where the first batch starts, when all are. */
  positionAtOrBelow(limit: number): number {
    const { view, count } = this.table;
    let low = -1;
    let high = count - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (positionOfEntry(view, middle) <= limit) low = middle;
      else high = middle - 1;
    }
    return low < 0 ? 0 : positionOfEntry(view, low);
  }

  /**
   * The offset of the first entry at or behind `position`; undefined when there is none. As in Kafka the very first entry is
   * passed over when it stands at `position` itself: what is asked for is an upper bound, which a later one is, too.
   */
  offsetAtOrBehind(position: number): number | undefined {
    const { view, count } = this.table;
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (positionOfEntry(view, middle) >= position) high = middle;
      else low = middle + 1;
    }
    if (low === 0 && count > 0 && positionOfEntry(view, 0) === position) low = 1;
    return low === count ? undefined : this.#entry(low).offset;
  }

  /**
   * Adds the batch that ends at `lastOffset` and starts at `position`.
   *
   * @throws SeglogError `INDEX_FULL`, `OFFSET_OVERFLOW`, `OFFSETS_OUT_OF_ORDER`
   */
  append(lastOffset: number, position: number): void {
    if (this.isFull) {
      throw new SeglogError('INDEX_FULL', 'the offset index is full', {
        file: this.table.path,
        found: this.table.count,
      });
    }
    const relative = relativeOffset(lastOffset, this.#baseOffset, this.table.path);
    const last = this.last;
    if (last !== undefined && lastOffset <= last.offset) {
      throw new SeglogError('OFFSETS_OUT_OF_ORDER', 'an index entry must be above the one before it', {
        file: this.table.path,
        expected: `above ${last.offset}`,
        found: lastOffset,
      });
    }
    const slot = this.table.append();
    writeOffsetEntry(this.table.view, slot, relative, position);
    this.table.writeWhenDue();
  }

  /** Drops entries at or above `offset`. */
  truncateTo(offset: number): void {
    this.table.truncate(slotsBelow(this.#engine, this.table, OFFSET_INDEX.ENTRY_SIZE, offset - this.#baseOffset));
  }

  #entry(slot: number): OffsetIndexEntry {
    const { view } = this.table;
    return { offset: this.#baseOffset + offsetOfEntry(view, slot), position: positionOfEntry(view, slot) };
  }
}

function slotsBelow(engine: Engine, table: EntryTable, entrySize: 8, relative: number): number {
  const slot = engine.searchIndex(table.bytes, table.count, entrySize, relative);
  if (slot < 0) return 0;
  return offsetOfEntry(table.view, slot) === relative ? slot : slot + 1;
}

/** @throws SeglogError `OFFSET_OVERFLOW` when the offset is too far from the base for an int32 */
export function relativeOffset(offset: number, baseOffset: number, file: string): number {
  const relative = offset - baseOffset;
  if (relative >= 0 && relative <= MAX_INT32) return relative;
  throw new SeglogError('OFFSET_OVERFLOW', "an offset does not fit its segment's index", {
    file,
    expected: `${baseOffset} to ${baseOffset + MAX_INT32}`,
    found: offset,
  });
}
