/** The time index of one segment: from a moment to an offset from which it can be found. */
import type { Engine } from '../engine/contract.ts';
import { SeglogError } from '../errors/errors.ts';
import {
  countTimeEntries,
  offsetOfTimeEntry,
  TIME_INDEX,
  type TimeIndexEntry,
  timestampOfEntry,
  writeTimeEntry,
} from '../format/time-index.ts';
import type { FileSystem } from '../fs/contract.ts';
import { EntryTable } from './entry-table.ts';
import { relativeOffset } from './offset-index.ts';

const NO_TIMESTAMP = -1;

/** One entry for each offset index entry at which the largest timestamp rose. Layout in `format/time-index.ts`. */
export class TimeIndex {
  readonly table: EntryTable;
  readonly #engine: Engine;
  readonly #baseOffset: number;

  private constructor(engine: Engine, baseOffset: number, table: EntryTable) {
    this.#engine = engine;
    this.#baseOffset = baseOffset;
    this.table = table;
  }

  static create(engine: Engine, fs: FileSystem, path: string, baseOffset: number, maxBytes: number): TimeIndex {
    const capacity = Math.floor(maxBytes / TIME_INDEX.ENTRY_SIZE);
    return new TimeIndex(engine, baseOffset, EntryTable.create(fs, path, TIME_INDEX.ENTRY_SIZE, capacity));
  }

  static load(engine: Engine, fs: FileSystem, path: string, baseOffset: number, maxBytes: number): TimeIndex {
    const capacity = Math.floor(maxBytes / TIME_INDEX.ENTRY_SIZE);
    const table = EntryTable.load(fs, path, TIME_INDEX.ENTRY_SIZE, capacity, countTimeEntries);
    return new TimeIndex(engine, baseOffset, table);
  }

  /** One slot is kept back for the entry that rolling or closing adds. */
  get isFull(): boolean {
    return this.table.count >= this.table.capacity - 1;
  }

  /** The last entry; of an empty index the segment's base, without a timestamp. */
  get last(): TimeIndexEntry {
    return this.table.count === 0
      ? { timestamp: NO_TIMESTAMP, offset: this.#baseOffset }
      : this.#entry(this.table.count - 1);
  }

  /** The last entry whose timestamp is at or below `timestamp`; the segment's base when there is none. */
  lookup(timestamp: number): TimeIndexEntry {
    const { table } = this;
    const slot = this.#engine.searchIndex(table.bytes, table.count, TIME_INDEX.ENTRY_SIZE, timestamp);
    return slot < 0 ? { timestamp: NO_TIMESTAMP, offset: this.#baseOffset } : this.#entry(slot);
  }

  /**
   * Notes that `timestamp` is the largest so far, up to `offset`. Nothing happens unless it rose.
   *
   * @param takeLastSlot at roll and close: the slot kept back may be used, and a full index is passed over
   * @throws SeglogError `OFFSETS_OUT_OF_ORDER` when the offset or the timestamp falls, `INDEX_FULL`, `OFFSET_OVERFLOW`
   */
  maybeAppend(timestamp: number, offset: number, takeLastSlot = false): void {
    const last = this.last;
    if (this.table.count > 0 && (offset < last.offset || timestamp < last.timestamp)) {
      throw new SeglogError('OFFSETS_OUT_OF_ORDER', 'a time index entry must not be below the one before it', {
        file: this.table.path,
        expected: `at least (${last.timestamp}, ${last.offset})`,
        found: `(${timestamp}, ${offset})`,
      });
    }
    if (timestamp <= last.timestamp) return;
    if (takeLastSlot ? this.table.count >= this.table.capacity : this.isFull) {
      if (takeLastSlot) return;
      throw new SeglogError('INDEX_FULL', 'the time index is full', { file: this.table.path, found: this.table.count });
    }
    const relative = relativeOffset(offset, this.#baseOffset, this.table.path);
    const slot = this.table.append();
    writeTimeEntry(this.table.view, slot, timestamp, relative);
    this.table.writeWhenDue();
  }

  /** Drops entries at or above `offset`. */
  truncateTo(offset: number): void {
    let count = this.table.count;
    while (count > 0 && this.#entry(count - 1).offset >= offset) count--;
    this.table.truncate(count);
  }

  #entry(slot: number): TimeIndexEntry {
    const { view } = this.table;
    return { timestamp: timestampOfEntry(view, slot), offset: this.#baseOffset + offsetOfTimeEntry(view, slot) };
  }
}
