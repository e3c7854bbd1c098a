/** One piece of a scan that a thread does alone: plain data in, plain data out. */
import type { Finding } from '../findings/finding.ts';
import { FindingSink } from '../verify/sink.ts';
import { type Failure, failureOf, type Machine } from '../verify/task.ts';
import type { RangeLimits } from './filter.ts';
import { RangeScan, type ScannedRange, type ScanRange } from './scan.ts';
import { Tally, type TallyData } from './tally.ts';

/** Files, or parts of one, of one partition, in the order in which they follow each other. */
export interface StatsTask {
  readonly ranges: readonly ScanRange[];
}

/** What holds for all tasks. */
export interface StatsSettings {
  /** A day after it timestamps are in the future. */
  readonly nowMs: number;
  readonly limits: RangeLimits | undefined;
  readonly findingsPerFile: number;
  /** The most bytes that a batch may have, compressed or not. */
  readonly maxBatchBytes: number;
}

/** A part that was scanned, to its end or not. */
export interface DoneRange {
  readonly path: string;
  /** Undefined when it was not scanned to its end. */
  readonly scanned: ScannedRange | undefined;
  readonly failure: Failure | undefined;
  /** So many as are kept of a file. */
  readonly findings: readonly Finding[];
  /** All of severity error and warning. */
  readonly findingCount: number;
}

/** What a task came to. */
export interface StatsTaskResult {
  /** Undefined when the thread died. */
  readonly tally: TallyData | undefined;
  readonly ranges: readonly DoneRange[];
}

/** Does a task. Never raises: what went wrong is in the result, with what was counted before. */
export function runStatsTask(
  { engine, fs }: Pick<Machine, 'engine' | 'fs'>,
  settings: StatsSettings,
  { ranges }: StatsTask,
  progress: (bytes: number) => void,
): StatsTaskResult {
  const { limits, maxBatchBytes } = settings;
  const tally = new Tally(settings.nowMs);
  const context = { engine, tally, limits, maxBatchBytes };
  const done = ranges.map((range) => {
    const sink = new FindingSink(settings.findingsPerFile);
    let scanned: ScannedRange | undefined;
    let failure: Failure | undefined;
    try {
      const file = fs.open(range.path, 'read');
      try {
        scanned = new RangeScan(context, file, range, sink).run(progress);
      } finally {
        file.close();
      }
    } catch (error) {
      failure = failureOf(error);
    }
    const findingCount = sink.counts.error + sink.counts.warning;
    tally.counts.findings += findingCount;
    tally.counts.infos += sink.counts.info;
    return { path: range.path, scanned, failure, findings: sink.findings, findingCount };
  });
  return { tally: tally.data, ranges: done };
}

/** The result of a task whose thread died. */
export function lostTask({ ranges }: StatsTask, reason: Error): StatsTaskResult {
  const failure = failureOf(new Error(`the thread that scanned this died: ${reason.message}`));
  const none = { scanned: undefined, failure, findings: [], findingCount: 0 };
  return { tally: undefined, ranges: ranges.map(({ path }) => ({ path, ...none })) };
}
