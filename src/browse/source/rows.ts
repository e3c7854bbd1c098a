/** The rows of a partition, forwards and backwards from any place, as far as they are asked for. */
import type { Int64 } from '../../inspect/int64.ts';
import {
  BEHIND_ALL,
  type BatchEntry,
  END_PLACE,
  type Entry,
  isOpen,
  type Opened,
  type Place,
  type Row,
  type Task,
  WHOLE,
  type Window,
} from '../contract.ts';
import type { Content, Contents } from './contents.ts';
import type { SegmentName, Segments } from './segments.ts';

/** The row behind the last one. */
const END: Row = { kind: 'end', place: END_PLACE };

/** An entry and the segment that it lies in. */
interface Found {
  readonly name: SegmentName;
  readonly entry: Entry;
}

/** Makes rows. */
export class Rows {
  readonly #segments: Segments;
  readonly #contents: Contents;
  readonly #opened: Opened;

  constructor(segments: Segments, contents: Contents, opened: Opened) {
    this.#segments = segments;
    this.#contents = contents;
    this.#opened = opened;
  }

  /**
   * `height` rows, of which the one at `place`, or the first one behind it, is the current one and, if it can be, stands
   * at `line`.
   */
  *window(place: Place, line: number, height: number): Task<Window> {
    const below = yield* this.from(place, height);
    const first = below[0] ?? END;
    const above = yield* this.before(first.place, Math.max(line, height - below.length));
    const skipped = Math.max(0, Math.min(above.length - line, above.length + below.length - height));
    const rows = [...above.slice(skipped), ...below].slice(0, height);
    return { rows, cursor: rows.indexOf(first) };
  }

  /** The row so many rows away, or the first or last one when there are not as many. */
  *away(place: Place, by: number): Task<Row> {
    if (by >= 0) return (yield* this.from(place, by + 1)).at(-1) ?? END;
    const rows = yield* this.before(place, -by);
    return rows[0] ?? (yield* this.from(place, 1))[0] ?? END;
  }

  /** The row at `place`, or the first one behind it, and those that follow; the last one of all is {@link END}. */
  *from(place: Place, count: number): Task<Row[]> {
    const rows: Row[] = [];
    let at = place;
    while (rows.length < count) {
      const found = yield* this.#entryFrom(at.base, at.position);
      if (found === undefined) {
        rows.push(END);
        return rows;
      }
      const isSame = found.name.base === at.base && found.entry.position === at.position;
      this.#rowsOf(found, isSame ? at.record : WHOLE, count - rows.length, rows);
      at = { base: found.name.base, position: found.entry.position + 1, record: WHOLE };
    }
    return rows;
  }

  /** The rows before a place, in order: as many as are asked for, or all. */
  *before(place: Place, count: number): Task<Row[]> {
    const rows: Row[] = [];
    let at = place;
    if (at.record > WHOLE && count > 0) {
      const found = yield* this.#entryFrom(at.base, at.position);
      if (found !== undefined && found.name.base === at.base && found.entry.position === at.position)
        this.#rowsBefore(found, at.record, count, rows);
      at = { ...at, record: WHOLE };
    }
    while (rows.length < count) {
      const found = yield* this.#entryBefore(at.base, at.position);
      if (found === undefined) break;
      this.#rowsBefore(found, Number.POSITIVE_INFINITY, count - rows.length, rows);
      at = { base: found.name.base, position: found.entry.position, record: WHOLE };
    }
    return rows.toReversed();
  }

  /** The first entry at a place or behind it. */
  *#entryFrom(base: Int64, position: number): Task<Found | undefined> {
    const { names } = this.#segments;
    for (let index = this.#segments.indexOf(base); index < names.length; index++) {
      const name = names[index];
      if (name === undefined || name.base < base) continue;
      const from = name.base === base ? position : 0;
      const entry = yield* this.#segments.open(name).entryFrom(from);
      if (entry !== undefined) return { name, entry };
    }
    return undefined;
  }

  /** The last entry before a place. */
  *#entryBefore(base: Int64, position: number): Task<Found | undefined> {
    const { names } = this.#segments;
    for (let index = this.#segments.indexOf(base); index >= 0; index--) {
      const name = names[index];
      if (name === undefined || name.base > base) continue;
      const before = name.base === base ? position : BEHIND_ALL;
      const entry = yield* this.#segments.open(name).entryBefore(before);
      if (entry !== undefined) return { name, entry };
    }
    return undefined;
  }

  /** Adds up to `count` rows of an entry, from record number `record` on. */
  #rowsOf({ name, entry }: Found, record: number, count: number, rows: Row[]): void {
    const end = rows.length + count;
    if (record === WHOLE) rows.push(this.#row(entry));
    if (entry.kind === 'fault' || rows.length >= end || !isOpen(this.#opened, entry)) return;
    const content = this.#contents.of(this.#segments.open(name), entry);
    for (let number = Math.max(0, record); number < rowsIn(content) && rows.length < end; number++)
      rows.push(recordRow(entry, content, number));
  }

  /** Adds up to `count` rows of an entry that lie before record number `record`, the last one first. */
  #rowsBefore({ name, entry }: Found, record: number, count: number, rows: Row[]): void {
    const end = rows.length + count;
    if (entry.kind === 'batch' && isOpen(this.#opened, entry)) {
      const content = this.#contents.of(this.#segments.open(name), entry);
      for (let number = Math.min(record, rowsIn(content)) - 1; number >= 0 && rows.length < end; number--)
        rows.push(recordRow(entry, content, number));
    }
    if (rows.length < end) rows.push(this.#row(entry));
  }

  #row(entry: Entry): Row {
    const place = { base: entry.base, position: entry.position, record: WHOLE };
    if (entry.kind === 'fault') return { kind: 'fault', place, entry, fault: entry.fault };
    return { kind: 'batch', place, entry, isOpen: isOpen(this.#opened, entry) };
  }
}

/** A batch's rows besides its own: a fault has one behind the records that can be read. */
function rowsIn(content: Content): number {
  return content.count + (content.fault === undefined ? 0 : 1);
}

function recordRow(entry: BatchEntry, content: Content, number: number): Row {
  const place = { base: entry.base, position: entry.position, record: number };
  const record = number < content.count ? content.record(number) : undefined;
  if (record !== undefined) return { kind: 'record', place, entry, record };
  const fault = content.fault ?? { code: 'INVALID_RECORD', text: 'the record cannot be read' };
  return { kind: 'fault', place, entry, fault };
}
