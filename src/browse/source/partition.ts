/** A partition directory as the browser reads it: lazily, bounded in memory, and never writing. */
import type { Engine } from '../../engine/contract.ts';
import type { FileSystem } from '../../fs/contract.ts';
import { addExact, type Int64 } from '../../inspect/int64.ts';
import { BEHIND_ALL, type Opened, type Place, type Row, START_PLACE, type Task, type Window } from '../contract.ts';
import { Contents } from './contents.ts';
import { Jumps, type Landing } from './jump.ts';
import type { Query } from './query.ts';
import { Rows } from './rows.ts';
import { PartitionSearch } from './search.ts';
import { type Changes, Segments } from './segments.ts';

/** What is told of the whole partition. */
export interface PartitionInfo {
  readonly segments: number;
  readonly sizeBytes: number;
  /** The base offset of the first segment; undefined without one. */
  readonly start: Int64 | undefined;
  /** The offset behind the last batch; undefined without a segment. */
  readonly end: Int64 | undefined;
}

/** Reads one partition. */
export class PartitionSource {
  readonly #engine: Engine;
  readonly #fs: FileSystem;
  readonly #segments: Segments;
  readonly #contents: Contents;
  readonly #jumps: Jumps;

  /** @throws SeglogError `IO` when the directory cannot be listed */
  constructor(engine: Engine, fs: FileSystem, directory: string) {
    this.#engine = engine;
    this.#fs = fs;
    this.#segments = new Segments(engine, fs, directory);
    this.#contents = new Contents(engine);
    this.#jumps = new Jumps(engine, fs, this.#segments, this.#contents);
  }

  /** See {@link Rows.window}. */
  window(place: Place, line: number, height: number, opened: Opened): Task<Window> {
    return this.#rows(opened).window(place, line, height);
  }

  /** See {@link Rows.away}. */
  away(place: Place, by: number, opened: Opened): Task<Row> {
    return this.#rows(opened).away(place, by);
  }

  /** See {@link Jumps.toOffset}. */
  toOffset(offset: Int64): Task<Landing> {
    return this.#jumps.toOffset(offset);
  }

  /** See {@link Jumps.toTime}. */
  toTime(time: Int64): Task<Landing> {
    return this.#jumps.toTime(time);
  }

  /** A search that was not begun yet. */
  search(query: Query): PartitionSearch {
    return new PartitionSearch(this.#engine, this.#fs, this.#segments, query);
  }

  /** Looks at what became of the files. Not while a task is under way. @throws SeglogError `IO` */
  refresh(): Changes {
    const changes = this.#segments.refresh();
    if (changes.gone.length > 0 || changes.replaced.length > 0) this.#contents.clear();
    return changes;
  }

  /** What is to be told of the whole. */
  *info(): Task<PartitionInfo> {
    const { names } = this.#segments;
    const sizeBytes = this.#segments.sizes().reduce((sum, size) => sum + size, 0);
    return { segments: names.length, sizeBytes, start: names[0]?.base, end: yield* this.#end() };
  }

  /** Bytes of the segment that a place is in, `at` bytes behind it; fewer at the file's end. @throws SeglogError `IO` */
  raw({ base, position }: Place, at: number, length: number): Uint8Array {
    const name = this.#segments.names.find((other) => other.base === base);
    return name === undefined ? new Uint8Array(0) : this.#segments.open(name).bytes(position + at, length);
  }

  /** The first place that is left when a segment is gone: the start of the next one, or of the log. */
  placeAfter(gone: Place): Place {
    const next = this.#segments.names.find(({ base }) => base >= gone.base)?.base;
    return next === undefined ? START_PLACE : { ...START_PLACE, base: next };
  }

  close(): void {
    this.#segments.close();
  }

  *#end(): Task<Int64 | undefined> {
    const name = this.#segments.names.at(-1);
    if (name === undefined) return undefined;
    const segment = this.#segments.open(name);
    let position = BEHIND_ALL;
    for (;;) {
      const entry = yield* segment.entryBefore(position);
      if (entry === undefined) return name.base;
      const last = entry.kind === 'batch' && entry.fault === undefined ? entry.summary.lastOffset : null;
      if (last !== null) return addExact(last, 1);
      ({ position } = entry);
    }
  }

  #rows(opened: Opened): Rows {
    return new Rows(this.#segments, this.#contents, opened);
  }
}
