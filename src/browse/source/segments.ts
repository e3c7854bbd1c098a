/** The segments of a partition directory, and what becomes of them while they are looked at. */
import { join } from 'node:path';
import type { Engine } from '../../engine/contract.ts';
import type { FileSystem } from '../../fs/contract.ts';
import { type KnownFile, kindOfName } from '../../inspect/file-kinds.ts';
import { type Int64, narrow } from '../../inspect/int64.ts';
import { OpenSegment } from './open-segment.ts';

/** Each has a descriptor and up to a few MB of what it holds. */
const MAX_OPEN = 4;

/** A segment by name. */
export interface SegmentName {
  readonly base: Int64;
  readonly known: KnownFile;
}

/** What a look at the directory found. */
export interface Changes {
  /** The last segment has more batches, or there is a new one. */
  readonly grew: boolean;
  /** Segments that are no longer there, by base offset. */
  readonly gone: readonly Int64[];
  /** Segments with other bytes than before: compacted, or cut. */
  readonly replaced: readonly Int64[];
}

/** The segments, in order. */
export class Segments {
  readonly #engine: Engine;
  readonly #fs: FileSystem;
  readonly #directory: string;
  readonly #open: Map<Int64, OpenSegment> = new Map();
  #names: readonly SegmentName[] = [];

  /** @throws SeglogError `IO` when the directory cannot be listed */
  constructor(engine: Engine, fs: FileSystem, directory: string) {
    this.#engine = engine;
    this.#fs = fs;
    this.#directory = directory;
    this.#names = this.#list();
  }

  get names(): readonly SegmentName[] {
    return this.#names;
  }

  /** Looks again. What is known of segments that changed is forgotten. @throws SeglogError `IO` */
  refresh(): Changes {
    const before = this.#names;
    this.#names = this.#list();
    const bases = new Set(this.#names.map(({ base }) => base));
    const gone = before.map(({ base }) => base).filter((base) => !bases.has(base));
    const replaced: Int64[] = [];
    let grew = this.#names.at(-1)?.base !== before.at(-1)?.base;
    for (const [base, segment] of this.#open) {
      if (!bases.has(base)) this.#drop(segment);
      else if (segment.isReplaced()) {
        replaced.push(base);
        this.#drop(segment);
      } else if (segment.hasGrown()) grew = true;
    }
    return { grew, gone, replaced };
  }

  /** A segment, opened. @throws SeglogError `IO` when it is no longer there */
  open({ base, known }: SegmentName): OpenSegment {
    let segment = this.#open.get(base);
    if (segment === undefined) segment = new OpenSegment(this.#engine, this.#fs, known);
    else this.#open.delete(base);
    this.#open.set(base, segment);
    // The last segment stays open: what is appended to it is noticed there.
    const last = this.#names.at(-1)?.base;
    const oldest = [...this.#open.values()].find((other) => other.base !== last && other !== segment);
    if (this.#open.size > MAX_OPEN && oldest !== undefined) this.#drop(oldest);
    return segment;
  }

  /** The number of the segment that a place is in, or would be: the last one that starts at `base` or below; at least 0. */
  indexOf(base: Int64): number {
    return Math.max(
      0,
      this.#names.findLastIndex((name) => name.base <= base),
    );
  }

  /** The size of each file; 0 for one that is gone. */
  sizes(): readonly number[] {
    return this.#names.map(({ known }) => this.#fs.stat(known.path)?.sizeBytes ?? 0);
  }

  close(): void {
    for (const segment of [...this.#open.values()]) this.#drop(segment);
  }

  #drop(segment: OpenSegment): void {
    this.#open.delete(segment.base);
    segment.close();
  }

  #list(): readonly SegmentName[] {
    const names: SegmentName[] = [];
    for (const name of this.#fs.list(this.#directory)) {
      const known = kindOfName(join(this.#directory, name));
      if (known?.kind !== 'log' || known.stage !== undefined || known.baseOffset === undefined) continue;
      names.push({ base: narrow(known.baseOffset), known });
    }
    return names.sort((a, b) => (a.base < b.base ? -1 : 1));
  }
}
