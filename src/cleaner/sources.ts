/** The segments of a round as they are on disk: facts that the request does not carry. */
import { SeglogError } from '../errors/errors.ts';
import { SUFFIXES } from '../format/names.ts';
import { OffsetIndex } from '../index/offset-index.ts';
import { TimeIndex } from '../index/time-index.ts';
import type { GroupedSegment } from '../policy/grouping.ts';
import type { Offset, TimestampMs } from '../units/units.ts';
import type { CleanerMachine, CleanRequest, SourceSegment } from './contract.ts';
import { pathOf } from './path.ts';

/** A segment that is read. */
export interface ReadSegment extends SourceSegment {
  readonly path: string;
  /** Where it ends, exclusive: the next one's base offset. */
  readonly nextOffset: Offset;
}

/** A segment that is to be cleaned. */
export interface Source extends GroupedSegment, ReadSegment {
  /** When its .log was last written, in whole milliseconds. */
  readonly modifiedMs: TimestampMs;
}

/** The log that a round works on. */
export class LogSources {
  readonly #machine: CleanerMachine;
  readonly #request: CleanRequest;
  /** Those that were looked at, by their place among the segments. */
  readonly #known = new Map<number, Source>();

  /** @throws SeglogError `INVALID_ARGUMENT` when cleaning would end elsewhere than where a segment does */
  constructor(machine: CleanerMachine, request: CleanRequest) {
    const { segments, firstUncleanableOffset } = request;
    this.#machine = machine;
    this.#request = request;
    const isBoundary = segments.some(({ baseOffset }) => baseOffset === firstUncleanableOffset);
    if (!isBoundary) {
      throw new SeglogError('INVALID_ARGUMENT', 'cleaning ends where a segment starts', {
        expected: 'the base offset of a segment',
        found: firstUncleanableOffset,
      });
    }
  }

  /** The segments that start below `endOffset`. */
  below(endOffset: Offset): Source[] {
    const { segments, firstUncleanableOffset } = this.#request;
    const end = Math.min(endOffset, firstUncleanableOffset);
    const first = segments.findIndex(({ baseOffset }) => baseOffset >= end);
    return Array.from({ length: first < 0 ? segments.length : first }, (_, at) => this.#sourceAt(at));
  }

  /** The cleanable segments from the one on that holds the first dirty offset. */
  dirty(): Source[] {
    const { firstDirtyOffset, firstUncleanableOffset } = this.#request;
    if (firstDirtyOffset >= firstUncleanableOffset) return [];
    return this.below(firstUncleanableOffset).filter(({ nextOffset }) => nextOffset > firstDirtyOffset);
  }

  /** The segments from the one on that starts at `baseOffset`, also those that are not cleaned: for reading alone. */
  *from(baseOffset: Offset): Generator<ReadSegment, void, void> {
    const { directory, segments } = this.#request;
    for (const [at, segment] of segments.entries()) {
      if (segment.baseOffset < baseOffset) continue;
      const path = pathOf(directory, segment.baseOffset, SUFFIXES.log);
      yield { path, ...segment, nextOffset: segments[at + 1]?.baseOffset ?? Number.MAX_SAFE_INTEGER };
    }
  }

  /**
   * Up to which file time tombstones of formats 0 and 1 are due: `delete.retention.ms` before the last clean segment was
   * written. Without such a segment none are.
   */
  legacyHorizonMs(): number {
    const { segments, firstDirtyOffset, directory, deleteRetentionMs } = this.#request;
    const lastClean = segments.findLast(({ baseOffset }) => baseOffset < firstDirtyOffset);
    if (lastClean === undefined) return 0;
    return this.#modifiedMs(pathOf(directory, lastClean.baseOffset, SUFFIXES.log)) - deleteRetentionMs;
  }

  #sourceAt(at: number): Source {
    const known = this.#known.get(at);
    if (known !== undefined) return known;
    const { engine, fs } = this.#machine;
    const { directory, segments, segmentIndexBytes } = this.#request;
    const { baseOffset, sizeBytes } = segments[at] as SourceSegment;
    const path = pathOf(directory, baseOffset, SUFFIXES.log);
    const index = (suffix: string): string => pathOf(directory, baseOffset, suffix);
    const offsets = OffsetIndex.load(engine, fs, index(SUFFIXES.offsetIndex), baseOffset, segmentIndexBytes).table;
    const times = TimeIndex.load(engine, fs, index(SUFFIXES.timeIndex), baseOffset, segmentIndexBytes).table;
    const source: Source = {
      baseOffset,
      sizeBytes,
      offsetIndexBytes: offsets.count * offsets.entrySize,
      timeIndexBytes: times.count * times.entrySize,
      path,
      nextOffset: segments[at + 1]?.baseOffset ?? baseOffset,
      modifiedMs: this.#modifiedMs(path),
    };
    this.#known.set(at, source);
    return source;
  }

  #modifiedMs(path: string): TimestampMs {
    const stat = this.#machine.fs.stat(path);
    if (stat !== undefined) return Math.floor(stat.modifiedMs);
    throw new SeglogError('IO', 'a segment that is to be cleaned is not there', { file: path, errno: 'ENOENT' });
  }
}
