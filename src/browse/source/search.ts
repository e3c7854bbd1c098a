/**
 * Searches, forwards and backwards, through all segments. They have files of their own open, tell how far they have come,
 * and count what they looked at: a search that finds nothing says what that is worth.
 */
import { CODEC_IDS, type Engine } from '../../engine/contract.ts';
import { SeglogError } from '../../errors/errors.ts';
import { HEADER_SIZE } from '../../format/batch.ts';
import type { FileSystem } from '../../fs/contract.ts';
import type { Int64 } from '../../inspect/int64.ts';
import { type BatchEntry, BEHIND_ALL, type Place, type Task, WHOLE } from '../contract.ts';
import { lastOffsetOf, OpenSegment, type Step } from './open-segment.ts';
import { limitsOf, plainRecords } from './plain-batch.ts';
import { isMatch, type Query } from './query.ts';
import type { SegmentName, Segments } from './segments.ts';

/** How much is gone over at once backwards: what lies before is only known by going over it. */
const STEP_BACK_BYTES = 1024 * 1024;
/** After how many bytes others have a turn. */
const TURN_BYTES = 512 * 1024;

/** What a search has looked at. */
export class SearchCoverage {
  batches = 0;
  bytes = 0;
  /** Batches that are damaged or could not be opened, or not to their end. */
  unreadable = 0;
  /** Places that hold no batch. */
  damaged = 0;
  /** Segments that are gone by now, or could not be read to their end. */
  lost = 0;
  totalBytes = 0;
  lowest: Int64 | undefined;
  highest: Int64 | undefined;

  /** For people, on one line. */
  text(): string {
    const offsets = this.lowest === undefined ? 'no batches' : `offsets ${this.lowest} to ${this.highest}`;
    const parts = [
      `searched ${offsets}: ${this.batches} batches, ${this.bytes} bytes`,
      ...(this.unreadable === 0 ? [] : [`${this.unreadable} batches unreadable`]),
      ...(this.damaged === 0 ? [] : [`${this.damaged} damaged places`]),
      ...(this.lost === 0 ? [] : [`${this.lost} segments gone or not read to their end`]),
    ];
    return parts.join(', ');
  }

  /** Whether all of what there was could be looked at. */
  get isWhole(): boolean {
    return this.unreadable + this.damaged + this.lost === 0;
  }

  /** Counts a batch. */
  add({ size, summary }: BatchEntry): void {
    this.batches += 1;
    this.bytes += size;
    const first = summary.baseOffset ?? summary.lastOffset;
    const last = summary.lastOffset;
    if (!summary.valid || first === null || last === null) return;
    if (this.lowest === undefined || first < this.lowest) this.lowest = first;
    if (this.highest === undefined || last > this.highest) this.highest = last;
  }
}

/** A record that was found. */
export interface Hit {
  readonly place: Place;
  readonly batch: BatchEntry;
}

/** One search under way. */
export class PartitionSearch {
  readonly #engine: Engine;
  readonly #fs: FileSystem;
  readonly #segments: Segments;
  readonly #query: Query;
  readonly coverage: SearchCoverage = new SearchCoverage();

  constructor(engine: Engine, fs: FileSystem, segments: Segments, query: Query) {
    this.#engine = engine;
    this.#fs = fs;
    this.#segments = segments;
    this.#query = query;
  }

  /** The next record behind a place, or the one before it. */
  run(from: Place, isBackwards: boolean): Task<Hit | undefined> {
    return isBackwards ? this.#backwards(from) : this.#forwards(from);
  }

  *#forwards(from: Place): Task<Hit | undefined> {
    const names = this.#segments.names.filter(({ base }) => base >= from.base);
    this.#measure(names, from, false);
    for (const name of names) {
      const hit = yield* this.#within(name, (segment) => this.#firstOf(segment, from));
      if (hit !== undefined) return hit;
    }
    return undefined;
  }

  *#backwards(from: Place): Task<Hit | undefined> {
    const names = this.#segments.names.filter(({ base }) => base <= from.base).toReversed();
    this.#measure(names, from, true);
    for (const name of names) {
      const hit = yield* this.#within(name, (segment) => this.#lastOf(segment, from));
      if (hit !== undefined) return hit;
    }
    return undefined;
  }

  /** Searches one segment. One that retention deletes meanwhile, or that cannot be read on, does not end the search. */
  *#within(name: SegmentName, search: (segment: OpenSegment) => Task<Hit | undefined>): Task<Hit | undefined> {
    let segment: OpenSegment | undefined;
    try {
      segment = new OpenSegment(this.#engine, this.#fs, name.known);
      return yield* search(segment);
    } catch (error) {
      if (!(error instanceof SeglogError)) throw error;
      this.coverage.lost += 1;
      return undefined;
    } finally {
      segment?.close();
    }
  }

  /** The first hit in a segment behind a place. */
  *#firstOf(segment: OpenSegment, from: Place): Task<Hit | undefined> {
    const isFirst = segment.base === from.base;
    let turnAt = 0;
    for (const step of segment.scan(isFirst ? from.position : 0)) {
      if (step === undefined) {
        yield undefined;
        continue;
      }
      const isSame = isFirst && step.entry.position === from.position;
      const hit = this.#look(segment, step, isSame ? from.record : WHOLE, BEHIND_ALL, false);
      if (hit !== undefined) return hit;
      if (step.entry.position < turnAt) continue;
      turnAt = step.entry.position + TURN_BYTES;
      yield this.#progress(step);
    }
    return undefined;
  }

  /** The last hit in a segment before a place. */
  *#lastOf(segment: OpenSegment, from: Place): Task<Hit | undefined> {
    const isFirst = segment.base === from.base;
    // The batch that the place is in is looked at too, up to the place.
    let end = isFirst && from.record > WHOLE ? from.position + 1 : isFirst ? from.position : segment.file.sizeBytes();
    while (end > 0) {
      const start = end <= STEP_BACK_BYTES ? 0 : segment.startBelow(end - STEP_BACK_BYTES);
      const hit = yield* this.#lastWithin(segment, start, end, from);
      if (hit !== undefined) return hit;
      end = start;
    }
    return undefined;
  }

  /** The last hit among the batches that start in a range, and before the place. */
  *#lastWithin(segment: OpenSegment, start: number, end: number, from: Place): Task<Hit | undefined> {
    let last: Hit | undefined;
    let turnAt = start;
    for (const step of segment.scan(start)) {
      if (step === undefined) {
        yield undefined;
        continue;
      }
      const { position } = step.entry;
      if (position >= end) break;
      const isSame = segment.base === from.base && position === from.position;
      last = this.#look(segment, step, WHOLE, isSame ? from.record : BEHIND_ALL, true) ?? last;
      if (position < turnAt) continue;
      turnAt = position + TURN_BYTES;
      yield this.#progress(step);
    }
    return last;
  }

  /** The first or last hit in a batch among the records between two numbers, both of which are left out. */
  #look(segment: OpenSegment, step: Step, after: number, before: number, isLast: boolean): Hit | undefined {
    const { entry, batch } = step;
    if (entry.kind === 'fault' || batch === undefined) {
      this.coverage.damaged += 1;
      return undefined;
    }
    this.coverage.add(entry);
    if (entry.fault !== undefined) {
      this.coverage.unreadable += 1;
      return undefined;
    }
    const isPlain = entry.summary.magic === 2 && entry.summary.codec === CODEC_IDS.none && batch.size >= HEADER_SIZE;
    if (isPlain && !this.#mayHold(batch.bytes, batch.start + HEADER_SIZE, batch.start + batch.size)) return undefined;
    let found = WHOLE;
    try {
      const limits = limitsOf(segment.file.path, entry.position);
      const cursor = plainRecords(this.#engine, batch, entry.summary, limits).cursor();
      if (!isPlain && !this.#mayHold(cursor.bytes, 0, cursor.bytes.length)) return undefined;
      for (let number = 0; number < before && cursor.next(); number++) {
        if (number <= after || !isMatch(this.#query, cursor)) continue;
        found = number;
        if (!isLast) break;
      }
    } catch (error) {
      if (!(error instanceof SeglogError)) throw error;
      this.coverage.unreadable += 1;
    }
    if (found === WHOLE) return undefined;
    return { place: { base: entry.base, position: entry.position, record: found }, batch: entry };
  }

  /** Whether the bytes are anywhere in a batch: most batches are ruled out so, at the speed of memory. */
  #mayHold(bytes: Uint8Array, start: number, end: number): boolean {
    return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).includes(this.#query.bytes);
  }

  #measure(names: readonly SegmentName[], from: Place, isBackwards: boolean): void {
    for (const { base, known } of names) {
      const size = this.#fs.stat(known.path)?.sizeBytes ?? 0;
      const here = base === from.base ? Math.min(from.position, size) : isBackwards ? size : 0;
      this.coverage.totalBytes += isBackwards ? here : size - here;
    }
  }

  #progress({ entry }: Step): { doneBytes: number; totalBytes: number; offset: Int64 | undefined } {
    const { bytes, totalBytes } = this.coverage;
    return { doneBytes: bytes, totalBytes, offset: lastOffsetOf(entry) };
  }
}
