/** Where an offset or a time is. The indexes tell where to look, so that only a few batches are gone over. */
import type { Engine } from '../../engine/contract.ts';
import type { FileSystem } from '../../fs/contract.ts';
import { startOf } from '../../inspect/dump/start.ts';
import type { Int64 } from '../../inspect/int64.ts';
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
      const segment = this.#openIfThere(name);
      if (segment === undefined) continue;
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

  /**
   * The first record of that time or later, in the order of the log. No segment is passed over because its time index says that
   * it ends before: what that names is looked up in the log, and from there on the segment is gone over.
   */
  *toTime(time: Int64): Task<Landing> {
    let note: string | undefined;
    for (const name of this.#segments.names) {
      // There may be thousands of segments before the right one.
      yield undefined;
      const segment = this.#openIfThere(name);
      if (segment === undefined) continue;
      const { start, note: told } = this.#startOf(segment, name, { fromTime: time });
      note ??= told;
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

  /** A segment that retention deleted since the directory was looked at holds nothing to go to. @throws SeglogError `IO` */
  #openIfThere(name: SegmentName): OpenSegment | undefined {
    return this.#fs.stat(name.known.path) === undefined ? undefined : this.#segments.open(name);
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
