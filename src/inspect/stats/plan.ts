/** What there is to scan: partitions, their files of batches, and parts of large files, so that several threads have work. */
import { basename, dirname, join, resolve } from 'node:path';
import { SeglogError } from '../../errors/errors.ts';
import { OFFSET_INDEX, positionOfEntry } from '../../format/offset-index.ts';
import type { File, FileSystem } from '../../fs/contract.ts';
import { MAX_INT32 } from '../../units/units.ts';
import { printable } from '../byte-encoding.ts';
import { entryAt, lastSlot } from '../index-search.ts';
import type { Int64 } from '../int64.ts';
import { liveReason } from '../live.ts';
import { isBatchAt } from '../resync.ts';
import { findTargets, partitionOfName, partitionTarget, type Target } from '../targets.ts';
import { type PlannedSegment, planFile, planPartition } from '../verify/plan.ts';
import { failureOf, type Machine } from '../verify/task.ts';
import type { StatsFailure } from './contract.ts';
import type { RangeLimits } from './filter.ts';

/** A part of a file has about so many bytes; smaller files are done together until they have as many. */
export const PART_BYTES: number = 128 * 1024 * 1024;

/** A file of batches. */
export interface PlannedFile {
  readonly path: string;
  /** Its number among all files. */
  readonly source: number;
  /** From the name. */
  readonly baseOffset: Int64 | undefined;
  readonly sizeBytes: number;
  readonly isLive: boolean;
  readonly index: string | undefined;
}

/** A partition, or a file that was named alone. */
export interface PlannedPartition {
  readonly name: string;
  readonly path: string;
  readonly topic: string | null;
  readonly partition: number | null;
  readonly files: readonly PlannedFile[];
  /** Why it could not be listed. */
  readonly failure: StatsFailure | undefined;
}

/** Everything that was named. */
export interface StatsPlan {
  readonly partitions: readonly PlannedPartition[];
  /** The paths of files, by number. */
  readonly paths: readonly string[];
  readonly bytes: number;
  readonly notes: readonly string[];
  /** Paths that are nothing of Kafka's, or could not be listed. */
  readonly failures: readonly StatsFailure[];
}

/**
 * Looks at what is there, and at nothing in it.
 *
 * @throws SeglogError the reason of the first path, when none of them is anything that can be scanned
 */
export function planStats(fs: FileSystem, paths: readonly string[], limits: RangeLimits | undefined): StatsPlan {
  const planner = new Planner(fs, limits);
  for (const path of paths) planner.add(path);
  return planner.plan();
}

class Planner {
  readonly #fs: FileSystem;
  readonly #limits: RangeLimits | undefined;
  readonly #partitions: PlannedPartition[] = [];
  readonly #paths: string[] = [];
  readonly #notes: Set<string> = new Set();
  readonly #failures: StatsFailure[] = [];
  #bytes = 0;
  #firstError: SeglogError | undefined;
  #understood = 0;

  constructor(fs: FileSystem, limits: RangeLimits | undefined) {
    this.#fs = fs;
    this.#limits = limits;
  }

  /** One path that cannot be understood does not keep the others from being scanned. */
  add(path: string): void {
    try {
      const stat = this.#fs.stat(path);
      if (stat === undefined) throw new SeglogError('INVALID_ARGUMENT', `${printable(path)} is not there`);
      for (const target of findTargets(this.#fs, [path])) this.#add(target);
      this.#understood++;
    } catch (error) {
      if (!(error instanceof SeglogError)) throw error;
      this.#firstError ??= error;
      this.#failures.push({ path, ...failureOf(error) });
    }
  }

  plan(): StatsPlan {
    if (this.#understood === 0 && this.#firstError !== undefined) throw this.#firstError;
    const [partitions, paths, bytes] = [this.#partitions, this.#paths, this.#bytes];
    return { partitions, paths, bytes, notes: [...this.#notes], failures: this.#failures };
  }

  #add(target: Target): void {
    if (target.kind === 'file') return this.#addFile(target);
    if (target.kind === 'partition') return this.#addPartition(target, this.#isLive(dirname(resolve(target.path))));
    const isLive = this.#isLive(target.path);
    for (const name of target.partitions) {
      const path = join(target.path, name);
      try {
        this.#addPartition(partitionTarget(this.#fs, path), isLive);
      } catch (error) {
        this.#take(path, [], { path, ...failureOf(error) });
      }
    }
  }

  #addFile({ path, known }: Target & { kind: 'file' }): void {
    if (known.kind !== 'log')
      throw new SeglogError('INVALID_ARGUMENT', `${printable(path)} has no batches`, {
        action: 'Name .log files, partition directories or log directories',
      });
    const isLive = this.#isLive(join(dirname(path), '..'));
    this.#take(path, [planFile(this.#fs, known, isLive)], undefined);
  }

  #addPartition({ path, names }: Target & { kind: 'partition' }, isLive: boolean): void {
    // A KRaft snapshot repeats what the log says.
    const segments = planPartition(this.#fs, path, names, isLive).filter(
      ({ task }) => task.files.log !== undefined && task.files.baseOffset !== undefined,
    );
    this.#take(path, this.#withinLimits(segments), undefined);
  }

  #take(path: string, segments: readonly PlannedSegment[], failure: StatsFailure | undefined): void {
    const name = basename(resolve(path));
    const known = partitionOfName(name) ?? partitionOfName(basename(dirname(resolve(path))));
    const files = segments.map(({ task: { files: found }, sizeBytes }) => {
      const file = found.log as string;
      this.#paths.push(file);
      this.#bytes += sizeBytes;
      const { baseOffset, isLive, index } = found;
      return { path: file, source: this.#paths.length - 1, baseOffset, sizeBytes, isLive, index };
    });
    const [topic, partition] = [known?.topic ?? null, known?.partition ?? null];
    this.#partitions.push({ name, path, topic, partition, files, failure });
  }

  /** A segment ends below the next one's base offset. */
  #withinLimits(segments: readonly PlannedSegment[]): readonly PlannedSegment[] {
    const limits = this.#limits;
    if (limits === undefined) return segments;
    return segments.filter(({ task }, at) => {
      const own = task.files.baseOffset ?? 0;
      const next = segments[at + 1]?.task.files.baseOffset;
      return own <= limits.toOffset && (next === undefined || next > limits.fromOffset);
    });
  }

  #isLive(logDirectory: string): boolean {
    const reason = liveReason(this.#fs, logDirectory);
    if (reason !== undefined) this.#notes.add(reason);
    return reason !== undefined;
  }
}

/**
 * Where a large file may be cut in parts: positions of batches, ascending, from its offset index. What that says is believed
 * only where a whole batch is found; without an index, the file is one part.
 */
export function cutsOf({ engine, fs }: Pick<Machine, 'engine' | 'fs'>, file: PlannedFile, partBytes: number): number[] {
  const sizeBytes = Math.min(file.sizeBytes, MAX_INT32);
  if (sizeBytes <= partBytes || file.index === undefined) return [];
  try {
    const index = fs.open(file.index, 'read');
    try {
      const log = fs.open(file.path, 'read');
      try {
        const cuts: number[] = [];
        for (let wanted = partBytes; wanted < sizeBytes; wanted += partBytes) {
          const found = firstNotBelow(index, wanted);
          const isBehind = found !== undefined && found > (cuts.at(-1) ?? 0) && found < sizeBytes;
          if (isBehind && isBatchAt(engine, log, found, sizeBytes)) cuts.push(found);
        }
        return cuts;
      } finally {
        log.close();
      }
    } finally {
      index.close();
    }
  } catch (error) {
    // Whoever scans the file tells what is wrong with it; an index is not needed for that.
    if (error instanceof SeglogError) return [];
    throw error;
  }
}

/** The first position that is not below `wanted`, among entries that rise up to a tail of zeros; undefined without one. */
function firstNotBelow(index: File, wanted: number): number | undefined {
  const size = OFFSET_INDEX.ENTRY_SIZE;
  const isBelow = (entry: DataView, slot: number): boolean => {
    const position = positionOfEntry(entry, 0);
    return (position !== 0 || slot === 0) && position < wanted;
  };
  const next = entryAt(index, size, lastSlot(index, size, isBelow) + 1);
  const position = next === undefined ? 0 : positionOfEntry(next, 0);
  return position < wanted ? undefined : position;
}
