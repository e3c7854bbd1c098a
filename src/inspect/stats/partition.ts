/** Puts together what the tasks of one partition came to. */
import type { Finding } from '../findings/finding.ts';
import type { PartitionStats, SegmentStats, Stats, StatsFailure } from './contract.ts';
import type { PlannedPartition } from './plan.ts';
import { Tally } from './tally.ts';
import type { DoneRange, StatsSettings, StatsTask, StatsTaskResult } from './task.ts';
import type { StatsUnit } from './units.ts';
import type { SampledBatch } from './what-if.ts';

/** A partition, task by task in the order of its files. */
export class PartitionTally {
  readonly tally: Tally;
  readonly failures: StatsFailure[] = [];
  readonly sampled: SampledBatch[] = [];
  readonly #planned: PlannedPartition;
  readonly #segments: SegmentStats[] = [];
  readonly #findings: Finding[] = [];
  /** Parts of the file at hand. */
  #parts: StatsTaskResult[] = [];
  #number = 0;
  readonly #findingsPerFile: number;
  /** Of the file at hand. */
  #findingsKept = 0;

  constructor(planned: PlannedPartition, { nowMs, findingsPerFile }: StatsSettings) {
    this.#planned = planned;
    this.#findingsPerFile = findingsPerFile;
    this.tally = new Tally(nowMs);
    if (planned.failure !== undefined) this.failures.push(planned.failure);
  }

  /** Takes what a task came to. Returns the one that is to be done in its stead, when parts of a file do not fit together. */
  take({ part, number }: StatsUnit, result: StatsTaskResult | undefined): StatsTask | undefined {
    this.#number = number;
    if (result === undefined) return undefined;
    if (part === undefined) {
      this.#merge([result]);
      return undefined;
    }
    this.#parts.push(result);
    if (!part.isLast) return undefined;
    const parts = this.#parts;
    this.#parts = [];
    // A cut that is no batch's start after all, since it lies within damage or within a record.
    if (!fitTogether(parts)) return part.whole;
    this.#merge(parts);
    return undefined;
  }

  /** Takes a file that was done again as a whole. */
  takeWhole(result: StatsTaskResult): void {
    this.#merge([result]);
  }

  /** The partition's statistics, once all tasks were taken. */
  result(stats: Stats): PartitionStats {
    const { name, path, topic, partition } = this.#planned;
    const [segmentList, findingList] = [this.#segments, this.#findings];
    return { name, path, topic, partition, ...stats, segmentList, findingList, failures: this.failures };
  }

  #merge(results: readonly StatsTaskResult[]): void {
    for (const { tally, ranges } of results) {
      if (tally !== undefined) this.tally.merge(tally, true);
      for (const range of ranges) this.#takeRange(range);
    }
  }

  #takeRange({ path, scanned, failure, findings, findingCount }: DoneRange): void {
    // Parts of one file follow each other.
    if (this.#segments.at(-1)?.path !== path) this.#findingsKept = 0;
    const kept = findings.slice(0, this.#findingsPerFile - this.#findingsKept);
    this.#findingsKept += kept.length;
    this.#findings.push(...kept);
    if (failure !== undefined) this.failures.push({ path, ...failure });
    for (const position of scanned?.sampled ?? []) this.sampled.push({ path, position, partition: this.#number });
    const found = segmentOf(scanned, path, this.#planned, findingCount);
    const before = this.#segments.at(-1);
    if (before?.path === path) this.#segments.splice(-1, 1, joined(before, found));
    else this.#segments.push(found);
  }
}

/** Whether each part ended where the next one started. One that failed has its failure told as it is. */
function fitTogether(parts: readonly StatsTaskResult[]): boolean {
  const ranges = parts.map(({ ranges: [range] }) => range);
  return ranges.every((range, at) => {
    const next = ranges[at + 1]?.scanned;
    return range?.scanned === undefined || next === undefined || range.scanned.end === next.from;
  });
}

function segmentOf(
  scanned: DoneRange['scanned'],
  path: string,
  { files }: PlannedPartition,
  findings: number,
): SegmentStats {
  const file = files.find((planned) => planned.path === path);
  const number = (value: number | undefined): number | null =>
    value === undefined || Number.isNaN(value) ? null : value;
  return {
    path,
    baseOffset: file?.baseOffset === undefined ? null : Number(file.baseOffset),
    sizeBytes: scanned?.sizeBytes ?? file?.sizeBytes ?? 0,
    bytes: scanned?.bytes ?? 0,
    batches: scanned?.batches ?? 0,
    records: scanned?.records ?? 0,
    firstOffset: number(scanned?.firstOffset),
    lastOffset: number(scanned?.lastOffset),
    minTimestamp: number(scanned?.minTimestamp),
    maxTimestamp: number(scanned?.maxTimestamp),
    zeroTailBytes: scanned?.zeroTailBytes ?? 0,
    findings,
  };
}

/** Two parts of one file. */
function joined(a: SegmentStats, b: SegmentStats): SegmentStats {
  return {
    ...a,
    sizeBytes: Math.max(a.sizeBytes, b.sizeBytes),
    bytes: a.bytes + b.bytes,
    batches: a.batches + b.batches,
    records: a.records + b.records,
    firstOffset: a.firstOffset ?? b.firstOffset,
    lastOffset: b.lastOffset ?? a.lastOffset,
    minTimestamp: extreme(Math.min, a.minTimestamp, b.minTimestamp),
    maxTimestamp: extreme(Math.max, a.maxTimestamp, b.maxTimestamp),
    zeroTailBytes: a.zeroTailBytes + b.zeroTailBytes,
    findings: a.findings + b.findings,
  };
}

function extreme(of: (a: number, b: number) => number, a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : of(a, b);
}
