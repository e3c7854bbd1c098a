/** Cuts a plan into tasks: a part of a large file each, or several small files of one partition. */
import type { Machine } from '../verify/task.ts';
import { cutsOf, type PlannedFile, type PlannedPartition, type StatsPlan } from './plan.ts';
import type { ScanRange } from './scan.ts';
import type { StatsTask } from './task.ts';
import { SAMPLE_PLACES } from './what-if.ts';

/** A task, and where it belongs. */
export interface StatsUnit {
  readonly partition: PlannedPartition;
  /** The partition's number. */
  readonly number: number;
  /** Undefined where there is nothing to do. */
  readonly task: StatsTask | undefined;
  readonly isLastOfPartition: boolean;
  /** Where the task is a part of a file: the whole of it, should the parts not fit together, and whether it is the last part. */
  readonly part: { readonly whole: StatsTask; readonly isLast: boolean } | undefined;
}

/** Tasks in the order of partitions and files. Files are looked at only when it is their turn. */
export function* unitsOf(
  machine: Pick<Machine, 'engine' | 'fs'>,
  { partitions, bytes }: StatsPlan,
  partBytes: number,
): Generator<StatsUnit, void> {
  const samples = new SamplePlaces(bytes);
  for (const [number, partition] of partitions.entries()) {
    let last: Pick<StatsUnit, 'task' | 'part'> | undefined;
    for (const next of tasksOf(machine, partition.files, samples, partBytes)) {
      if (last !== undefined) yield { partition, number, ...last, isLastOfPartition: false };
      last = next;
    }
    yield { partition, number, ...(last ?? { task: undefined, part: undefined }), isLastOfPartition: true };
  }
}

function* tasksOf(
  machine: Pick<Machine, 'engine' | 'fs'>,
  files: readonly PlannedFile[],
  samples: SamplePlaces,
  partBytes: number,
): Generator<Pick<StatsUnit, 'task' | 'part'>, void> {
  let together: ScanRange[] = [];
  let togetherBytes = 0;
  for (const file of files) {
    const whole = { ...rangeOf(file), samples: samples.next(file.sizeBytes) };
    const cuts = cutsOf(machine, file, partBytes);
    if (together.length > 0 && (cuts.length > 0 || togetherBytes + file.sizeBytes > partBytes)) {
      yield { task: { ranges: together }, part: undefined };
      together = [];
      togetherBytes = 0;
    }
    if (cuts.length === 0) {
      together.push(whole);
      togetherBytes += file.sizeBytes;
    } else {
      yield* partsOf(whole, cuts);
    }
  }
  if (together.length > 0) yield { task: { ranges: together }, part: undefined };
}

function* partsOf(whole: ScanRange, cuts: readonly number[]): Generator<Pick<StatsUnit, 'task' | 'part'>, void> {
  for (let at = 0; at <= cuts.length; at++) {
    const from = cuts[at - 1] ?? 0;
    const to = cuts[at] ?? Infinity;
    const range = { ...whole, from, to, samples: whole.samples.filter((place) => place >= from && place < to) };
    const part = { whole: { ranges: [whole] }, isLast: at === cuts.length };
    yield { task: { ranges: [range] }, part };
  }
}

function rangeOf({ path, source, isLive }: PlannedFile): Omit<ScanRange, 'samples'> {
  return { path, source, from: 0, to: Infinity, isLive };
}

/** Places at equal distances over all files, as if these were one. */
class SamplePlaces {
  readonly #distance: number;
  #passed = 0;
  #next = 0;

  constructor(bytes: number) {
    this.#distance = Math.max(1, bytes / SAMPLE_PLACES);
  }

  /** The places within the next file, from its start. */
  next(sizeBytes: number): number[] {
    const places: number[] = [];
    const end = this.#passed + sizeBytes;
    for (; this.#placeAt(this.#next) < end; this.#next++) places.push(this.#placeAt(this.#next) - this.#passed);
    this.#passed = end;
    return places;
  }

  /** The middle of each stretch. */
  #placeAt(number: number): number {
    return Math.floor((number + 0.5) * this.#distance);
  }
}
