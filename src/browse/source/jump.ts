/** Where an offset or a time is. The indexes tell where to look, so that only a few batches are gone over. */
import type { Engine } from '../../engine/contract.ts';
import { SeglogError } from '../../errors/errors.ts';
import { SUFFIXES } from '../../format/names.ts';
import { offsetOfTimeEntry, TIME_INDEX } from '../../format/time-index.ts';
import type { FileSystem } from '../../fs/contract.ts';
import { startOf } from '../../inspect/dump/start.ts';
import { type Int64, readInt64 } from '../../inspect/int64.ts';
import { type BatchEntry, END_PLACE, type Place, type Task, WHOLE } from '../contract.ts';
import type { Contents } from './contents.ts';
import { lastOffsetOf, type OpenSegment } from './open-segment.ts';
import type { SegmentName, Segments } from './segments.ts';

/** After how many bytes of batches others have a turn. */
const TURN_BYTES = 256 * 1024;

/** Where a jump ends. */
export interface Landing {
  readonly place: Place;
  /** The batch that is to be open for the place to be seen. */
  readonly batch: BatchEntry | undefined;
  /** What is to be said of it. */
  readonly note: string | undefined;
}

/** Looks for places. */
export class Jumps {
  readonly #engine: Engine;
  readonly #fs: FileSystem;
  readonly #segments: Segments;
  readonly #contents: Contents;

  constructor(engine: Engine, fs: FileSystem, segments: Segments, contents: Contents) {
    this.#engine = engine;
    this.#fs = fs;
    this.#segments = segments;
    this.#contents = contents;
  }

  /** The record of an offset, or the first one behind it. */
  *toOffset(offset: Int64): Task<Landing> {
    const { names } = this.#segments;
    for (let index = this.#segments.indexOf(offset); index < names.length; index++) {
      const name = names[index];
      if (name === undefined) break;
      const segment = this.#segments.open(name);
      const { start, note } = this.#startOf(segment, name, { fromOffset: offset });
      let position = start;
      for (;;) {
        const entry = yield* firstFrom(segment, position, ({ summary }) => (summary.lastOffset ?? -1) >= offset);
        if (entry === undefined) break;
        const content = this.#contents.of(segment, entry);
        const number = content.find((record) => record.offset >= offset);
        const found = number < content.count ? content.record(number)?.offset : undefined;
        if (found === offset) return { ...landing(entry, number), note };
        if (found !== undefined)
          return { ...landing(entry, number), note: `offset ${offset} is not in the log: the next one is ${found}` };
        // It may be among the records that cannot be read.
        if (content.fault !== undefined) return { ...landing(entry, undefined), note };
        position = entry.position + entry.size;
      }
    }
    return { ...AT_END, note: `offset ${offset} is behind the end of the log` };
  }

  /** The first record of that time or later, in the order of the log. */
  *toTime(time: Int64): Task<Landing> {
    const { names } = this.#segments;
    for (const [index, name] of names.entries()) {
      // The last segment's index may not tell of its last batches.
      if (index < names.length - 1 && this.#endsBefore(name, time)) {
        yield undefined;
        continue;
      }
      const segment = this.#segments.open(name);
      const { start, note } = this.#startOf(segment, name, { fromTime: time });
      let position = start;
      for (;;) {
        const entry = yield* firstFrom(segment, position, ({ summary }) => summary.maxTimestamp >= time);
        if (entry === undefined) break;
        const content = this.#contents.of(segment, entry);
        const number = content.find((record) => record.timestamp >= time);
        if (number < content.count) return { ...landing(entry, number), note };
        if (content.fault !== undefined) return { ...landing(entry, undefined), note };
        position = entry.position + entry.size;
      }
    }
    return { ...AT_END, note: 'no record is that late' };
  }

  #startOf(
    segment: OpenSegment,
    { known }: SegmentName,
    asked: { readonly fromOffset?: Int64; readonly fromTime?: Int64 },
  ): { readonly start: number; readonly note: string | undefined } {
    let note: string | undefined;
    const searched = {
      ...{ engine: this.#engine, fs: this.#fs, known, file: segment.file },
      note: (text: string) => void (note ??= text),
    };
    const start = startOf(searched, asked);
    return { start, note };
  }

  /** Whether the time index of a segment that is no longer written says that all in it is older. */
  #endsBefore({ known }: SegmentName, time: Int64): boolean {
    const path = known.path.slice(0, -SUFFIXES.log.length) + SUFFIXES.timeIndex;
    try {
      if (this.#fs.stat(path) === undefined) return false;
      const index = this.#fs.open(path, 'read');
      try {
        const slots = Math.floor(index.sizeBytes() / TIME_INDEX.ENTRY_SIZE);
        const entry = new DataView(new ArrayBuffer(TIME_INDEX.ENTRY_SIZE));
        const at = (slots - 1) * TIME_INDEX.ENTRY_SIZE;
        if (slots === 0 || index.read(new Uint8Array(entry.buffer), 0, TIME_INDEX.ENTRY_SIZE, at) === 0) return false;
        const timestamp = readInt64(entry, TIME_INDEX.TIMESTAMP);
        // An entry of zeros is space that was set aside: how far the segment reaches is not known.
        return (timestamp !== 0 || offsetOfTimeEntry(entry, 0) !== 0) && timestamp < time;
      } finally {
        index.close();
      }
    } catch (error) {
      if (!(error instanceof SeglogError)) throw error;
      return false;
    }
  }
}

const AT_END = { place: END_PLACE, batch: undefined } as const;

function landing(entry: BatchEntry, number: number | undefined): Omit<Landing, 'note'> {
  const place = { base: entry.base, position: entry.position, record: number ?? WHOLE };
  return { place, batch: number === undefined ? undefined : entry };
}

/** The first valid batch from a position on for which `holds`. */
function* firstFrom(
  segment: OpenSegment,
  from: number,
  holds: (entry: BatchEntry) => boolean,
): Task<BatchEntry | undefined> {
  let turnAt = from + TURN_BYTES;
  for (const step of segment.scan(from)) {
    if (step === undefined) {
      yield undefined;
      continue;
    }
    const { entry } = step;
    if (entry.kind === 'batch' && entry.fault === undefined && holds(entry)) return entry;
    if (entry.position < turnAt) continue;
    turnAt = entry.position + TURN_BYTES;
    yield { doneBytes: entry.position, totalBytes: segment.file.sizeBytes(), offset: lastOffsetOf(entry) };
  }
  return undefined;
}
