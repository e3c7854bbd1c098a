/**
 * Verifies files, partitions and log directories: makes tasks of them, has them done, and hands on what was found, partition
 * by partition in their order, as soon as each is done. Changes nothing.
 */
import { basename, dirname, join, resolve } from 'node:path';
import type { FileKind } from '../file-kinds.ts';
import type { Finding } from '../findings/finding.ts';
import { liveReason } from '../live.ts';
import { partitionTarget, type Target } from '../targets.ts';
import { checkLogDirectory } from './directory/check.ts';
import { factsForPartition, readLogDirectory } from './directory/facts.ts';
import type { LogDirectoryFacts, PartitionFacts, SegmentFacts, VerifyContext } from './facts.ts';
import { type PlannedSegment, planBatches, planFile, planPartition } from './plan.ts';
import type { TaskRunner } from './pool.ts';
import { checkEmptyIndexes } from './segment/empty-indexes.ts';
import { checkEpochFalls } from './segment/epoch-falls.ts';
import { addCounts, FindingSink, noFindings, type SeverityCounts } from './sink.ts';
import { type Failure, failureOf, type TaskResult, type VerifySettings } from './task.ts';

/** What was looked at, and what came of it. */
export interface VerifyTotals {
  files: number;
  batches: number;
  records: number;
  bytes: number;
  /** All findings, those beyond the limit of a file included. */
  readonly counts: SeverityCounts;
  /** Files that could not be read. */
  failures: number;
}

/** What is known once a file, a partition or a log directory's own files are done. */
export interface Verified {
  readonly path: string;
  /** In the order of file names, and then of positions. */
  readonly findings: readonly Finding[];
  readonly failures: readonly (Failure & { readonly path: string })[];
  readonly facts: PartitionFacts | undefined;
}

const SEGMENT_KINDS: ReadonlySet<FileKind> = new Set<FileKind>(['log', 'offset-index', 'time-index']);

/** Totals of nothing. */
export function noTotals(): VerifyTotals {
  return { files: 0, batches: 0, records: 0, bytes: 0, counts: noFindings(), failures: 0 };
}

/** A partition or file whose tasks are made, not yet begun. */
interface Unit {
  readonly bytes: number;
  readonly run: () => Promise<Verified>;
}

/** What {@link planTargets} made: how much there is to do, why some of it may change meanwhile, and how to do it. */
export interface VerifyPlan {
  readonly bytes: number;
  readonly notes: readonly string[];
  /** Yields what is done, in the order of the targets. Adds to `totals` as it goes. */
  readonly run: (runner: TaskRunner, totals: VerifyTotals) => AsyncGenerator<Verified, void>;
}

/** Looks at what is there, and at nothing in it. A directory that cannot be listed comes out as a failure when it is run. */
export function planTargets(context: VerifyContext, settings: VerifySettings, targets: readonly Target[]): VerifyPlan {
  const planner = new Planner(context, settings);
  const groups = targets.map((target) => planner.plan(target));
  return {
    bytes: groups.reduce((total, group) => total + group.bytes, 0),
    notes: [...planner.notes],
    async *run(runner, totals) {
      planner.begin(runner, totals);
      for (const group of groups) yield* group.run();
    },
  };
}

/** What comes of one target. */
interface Group {
  readonly bytes: number;
  readonly run: () => AsyncGenerator<Verified, void>;
}

class Planner {
  /** Which directories are live, for people. */
  readonly notes: Set<string> = new Set();
  readonly #context: VerifyContext;
  readonly #settings: VerifySettings;
  #runner: TaskRunner | undefined;
  #totals: VerifyTotals = noTotals();

  constructor(context: VerifyContext, settings: VerifySettings) {
    this.#context = context;
    this.#settings = settings;
  }

  begin(runner: TaskRunner, totals: VerifyTotals): void {
    this.#runner = runner;
    this.#totals = totals;
  }

  /** One that cannot be looked at does not keep the others from being verified. */
  plan(target: Target): Group {
    try {
      return this.#plan(target);
    } catch (error) {
      return groupOf(this.#unplanned(target.path, error));
    }
  }

  #plan(target: Target): Group {
    if (target.kind === 'log-directory') return this.#logDirectory(target);
    return groupOf(target.kind === 'file' ? this.#file(target) : this.#partition(target, undefined));
  }

  /** A unit that fails with what went wrong already. */
  #unplanned(path: string, error: unknown): Unit {
    const result = { ...resultOf(new FindingSink(0)), failure: failureOf(error) };
    return { bytes: 0, run: () => Promise.resolve(this.#verified(path, [{ path, result }])) };
  }

  #isLive(logDirectory: string): boolean {
    const reason = liveReason(this.#context.fs, logDirectory);
    if (reason !== undefined) this.notes.add(reason);
    return reason !== undefined;
  }

  #file({ path, known }: Target & { kind: 'file' }): Unit {
    const isOfLog = SEGMENT_KINDS.has(known.kind);
    const isLive = isOfLog && this.#isLive(join(dirname(path), '..'));
    if (isOfLog) {
      const segment = planFile(this.#context.fs, known, isLive);
      return { bytes: segment.sizeBytes, run: async () => this.#verified(path, [await this.#segment(segment)]) };
    }
    return {
      bytes: 0,
      run: async () => {
        const result = await this.#running().run({ kind: 'lone-file', known });
        this.#totals.files++;
        return this.#verified(path, [{ path, result }]);
      },
    };
  }

  #partition(target: Target & { kind: 'partition' }, logDirectory: LogDirectoryFacts | undefined): Unit {
    const { path, names } = target;
    const isLive = logDirectory?.isLive ?? this.#isLive(dirname(path));
    const segments = planPartition(this.#context.fs, path, names, isLive);
    const bytes = segments.reduce((total, { sizeBytes }) => total + sizeBytes, 0);
    return { bytes, run: () => this.#runPartition(path, segments, logDirectory) };
  }

  async #runPartition(
    path: string,
    segments: readonly PlannedSegment[],
    logDirectory: LogDirectoryFacts | undefined,
  ): Promise<Verified> {
    const done = await Promise.all(segments.map((segment) => this.#segment(segment)));
    const facts = done.flatMap(({ result }) => (result.facts === undefined ? [] : [result.facts]));
    const between = new FindingSink(this.#settings.findingsPerFile);
    between.addAll(checkEpochFalls(facts));
    between.addAll(checkEmptyIndexes(facts));
    const task = { kind: 'partition' as const, directory: path, facts, logDirectory };
    const result = await this.#running().run(task, true);
    this.#totals.files++;
    return this.#verified(path, [...done, { path, result }, { path, result: resultOf(between) }], facts);
  }

  #logDirectory(target: Target & { kind: 'log-directory' }): Group {
    const { path, names, partitions } = target;
    const { fs } = this.#context;
    const isLive = this.#isLive(path);
    const logDirectory = readLogDirectory(this.#context, path, isLive);
    const units = partitions.map((name) => this.#partitionWithin(join(path, name), name, logDirectory));
    const snapshots = names
      .filter((name) => name === 'bootstrap.checkpoint' && fs.stat(join(path, name))?.isFile === true)
      .map((name) => planBatches(fs, join(path, name), undefined));
    return {
      bytes: [...units, ...snapshots.map(({ sizeBytes }) => ({ bytes: sizeBytes }))].reduce(
        (total, { bytes }) => total + bytes,
        0,
      ),
      run: () => this.#runLogDirectory(path, [...names, ...partitions].sort(), units, snapshots),
    };
  }

  #partitionWithin(path: string, name: string, logDirectory: LogDirectoryFacts): Unit {
    try {
      return this.#partition(partitionTarget(this.#context.fs, path), factsForPartition(logDirectory, name));
    } catch (error) {
      return this.#unplanned(path, error);
    }
  }

  async *#runLogDirectory(
    path: string,
    names: readonly string[],
    units: readonly Unit[],
    snapshots: readonly PlannedSegment[],
  ): AsyncGenerator<Verified, void> {
    const facts: PartitionFacts[] = [];
    for (const running of units.map((unit) => unit.run())) {
      const verified = await running;
      if (verified.facts !== undefined) facts.push(verified.facts);
      yield verified;
    }
    const done = await Promise.all(snapshots.map((segment) => this.#segment(segment)));
    yield this.#verified(path, [...done, { path, result: this.#checkLogDirectory(path, names, facts) }]);
  }

  #checkLogDirectory(path: string, names: readonly string[], facts: readonly PartitionFacts[]): TaskResult {
    const sink = new FindingSink(this.#settings.findingsPerFile);
    let failure: Failure | undefined;
    try {
      sink.addAll(checkLogDirectory(this.#context, path, names, facts));
    } catch (error) {
      failure = failureOf(error);
    }
    return { ...resultOf(sink), failure };
  }

  async #segment({ task, path, sizeBytes }: PlannedSegment): Promise<{ path: string; result: TaskResult }> {
    const result = await this.#running().run(task);
    const { log, index, timeIndex } = task.files;
    this.#totals.files += [log, index, timeIndex].filter((file) => file !== undefined).length;
    this.#totals.bytes += sizeBytes;
    this.#totals.batches += result.batches;
    this.#totals.records += result.records;
    return { path, result };
  }

  /**
   * Puts together what tasks found. Gaps are no news where a batch shows that the partition was compacted, nor is it that an
   * index is sparse where it is known to lack entries.
   */
  #verified(
    path: string,
    done: readonly { readonly path: string; readonly result: TaskResult }[],
    facts?: readonly SegmentFacts[],
  ): Verified {
    const isCompacted = done.some(({ result }) => result.facts?.isCompacted === true);
    const found = done.flatMap(({ result }) => result.findings);
    const short = new Set(found.filter(({ code }) => code === 'INDEX_SHORT').map((finding) => finding.path));
    const isNews = ({ code, path: file }: Finding): boolean =>
      !(isCompacted && code === 'OFFSET_GAP') && !(code === 'INDEX_SPARSE' && short.has(file));
    const findings = found.filter(isNews);
    for (const { result } of done) addCounts(this.#totals.counts, result.counts);
    this.#totals.counts.info -= found.length - findings.length;
    const failures = done.flatMap(({ path: file, result }) =>
      result.failure === undefined ? [] : [{ path: file, ...result.failure }],
    );
    this.#totals.failures += failures.length;
    const segments = facts === undefined ? undefined : { name: nameOf(path), path, segments: facts };
    return { path, findings: [...findings].sort(inOrder), failures, facts: segments };
  }

  #running(): TaskRunner {
    if (this.#runner === undefined) throw new Error('nothing runs before it begins');
    return this.#runner;
  }
}

function groupOf(unit: Unit): Group {
  return {
    bytes: unit.bytes,
    async *run() {
      yield await unit.run();
    },
  };
}

/** Findings that belong to no task. */
function resultOf({ findings, counts }: FindingSink): TaskResult {
  return { findings, counts, facts: undefined, batches: 0, records: 0, failure: undefined };
}

function nameOf(path: string): string {
  return basename(resolve(path));
}

function inOrder(a: Finding, b: Finding): number {
  if (a.path !== b.path) return a.path < b.path ? -1 : 1;
  return (a.position ?? -1) - (b.position ?? -1);
}
