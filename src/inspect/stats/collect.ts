/**
 * Collects statistics: makes tasks of what is there, has them done, puts together what they counted in the order of the log,
 * and hands on partition by partition. Changes nothing. What comes out does not depend on the number of threads.
 */
import { SeglogError } from '../../errors/errors.ts';
import { MAX_BATCH_BYTES } from '../batch-limit.ts';
import { LocalTasks, type Runner, TaskPool, threadsFor } from '../task-pool.ts';
import type { Machine } from '../verify/task.ts';
import type { LogStats, PartitionStats, Stats, StatsFailure, StatsOptions } from './contract.ts';
import { limitsOf } from './filter.ts';
import { orderedResults } from './ordered.ts';
import { PartitionTally } from './partition.ts';
import { PART_BYTES, planStats, type StatsPlan } from './plan.ts';
import { Tally } from './tally.ts';
import { lostTask, runStatsTask, type StatsSettings, type StatsTask, type StatsTaskResult } from './task.ts';
import { nameKeys } from './top-keys.ts';
import { type StatsUnit, unitsOf } from './units.ts';
import { type SampledBatch, tryCodecs } from './what-if.ts';

/** Less than this is done before a thread has started. */
const WORTH_THREADS_BYTES = 32 * 1024 * 1024;
const FINDINGS_PER_FILE = 100;
const TOP_KEYS = 10;
const MOST_TOP_KEYS = 1000;
/** So many tasks a thread are begun before the first is needed. */
const TASKS_AHEAD = 2;

/**
 * Statistics of files, partition directories and log directories.
 *
 * @throws SeglogError `INVALID_ARGUMENT` when nothing of what is named can be scanned, or an option is not as it should be;
 * one that cannot be read among others is in `failures`
 */
export async function collectStats(
  machine: Machine,
  paths: readonly string[],
  options: StatsOptions = {},
): Promise<LogStats> {
  const collection = new StatsCollection(machine, paths, options);
  const partitions: PartitionStats[] = [];
  for await (const partition of collection.partitions()) partitions.push(partition);
  return { ...(await collection.finish()), partitions };
}

/** What is known once all partitions are done. */
export type StatsEnd = Omit<LogStats, 'partitions'>;

/** One collection: first its partitions, then what is known in the end. */
export class StatsCollection {
  readonly #machine: Machine;
  readonly #options: StatsOptions;
  readonly #plan: StatsPlan;
  readonly #settings: StatsSettings;
  readonly #total: Tally;
  readonly #failures: StatsFailure[];
  readonly #sampled: SampledBatch[] = [];
  readonly #partBytes: number;
  #doneBytes = 0;

  /**
   * Looks at what is there.
   *
   * @param partBytes how large the parts of a file are that threads scan
   * @throws SeglogError as {@link collectStats}
   */
  constructor(machine: Machine, paths: readonly string[], options: StatsOptions, partBytes: number = PART_BYTES) {
    this.#machine = machine;
    this.#partBytes = partBytes;
    this.#options = checked(options);
    const limits = limitsOf(options);
    this.#plan = planStats(machine.fs, paths, limits);
    this.#settings = {
      nowMs: machine.clock.now(),
      limits,
      findingsPerFile: options.findingsPerFile ?? FINDINGS_PER_FILE,
      maxBatchBytes: MAX_BATCH_BYTES,
    };
    this.#total = new Tally(this.#settings.nowMs);
    this.#failures = [...this.#plan.failures];
  }

  /** How many bytes there are to scan. */
  get totalBytes(): number {
    return this.#plan.bytes;
  }

  /** For people: directories that somebody has open. */
  get notes(): readonly string[] {
    return this.#plan.notes;
  }

  /** Yields each partition as soon as it is done, in their order. */
  async *partitions(): AsyncGenerator<PartitionStats, void> {
    const { signal } = this.#options;
    const threads = threadsFor(this.#plan.bytes, WORTH_THREADS_BYTES, this.#options.threads);
    const runner = this.#runner(threads);
    const run = (unit: StatsUnit): Promise<StatsTaskResult | undefined> =>
      unit.task === undefined ? Promise.resolve(undefined) : runner.run(unit.task);
    const units = unitsOf(this.#machine, this.#plan, this.#partBytes);
    let partition: PartitionTally | undefined;
    try {
      for await (const [unit, result] of orderedResults(units, Math.max(1, threads) * TASKS_AHEAD, run)) {
        signal?.throwIfAborted();
        partition ??= new PartitionTally(unit.partition, this.#settings);
        const again = partition.take(unit, result);
        if (again !== undefined) partition.takeWhole(await runner.run(again));
        if (!unit.isLastOfPartition) continue;
        yield this.#finished(partition);
        partition = undefined;
      }
    } finally {
      runner.close();
    }
  }

  /** What is known of all together; to be called when all partitions were yielded. */
  async finish(): Promise<StatsEnd> {
    const { whatIf = 'usual', signal } = this.#options;
    const total = { ...this.#statsOf(this.#total), firstOffset: null, lastOffset: null };
    const tried =
      whatIf === 'none'
        ? null
        : await tryCodecs(this.#machine, whatIf, this.#sampled, this.#settings.maxBatchBytes, signal);
    const { nowMs } = this.#settings;
    return { now: nowMs, total, whatIf: tried, failures: this.#failures, notes: this.#plan.notes };
  }

  #finished(partition: PartitionTally): PartitionStats {
    const { tally, failures, sampled } = partition;
    this.#total.merge(tally.data, false);
    this.#failures.push(...failures);
    this.#sampled.push(...sampled);
    return partition.result(this.#statsOf(tally));
  }

  #statsOf(tally: Tally): Stats {
    const found = tally.topKeys(this.#options.topKeys ?? TOP_KEYS);
    return tally.result(nameKeys(this.#machine, found, this.#plan.paths, this.#settings.maxBatchBytes));
  }

  #runner(threads: number): Runner<StatsTask, StatsTaskResult> {
    const settings = this.#settings;
    const progress = (bytes: number): void => {
      this.#doneBytes += bytes;
      this.#options.onProgress?.(Math.min(this.#doneBytes, this.totalBytes), this.totalBytes);
    };
    if (threads === 0)
      return new LocalTasks<StatsTask, StatsTaskResult>((task) =>
        runStatsTask(this.#machine, settings, task, progress),
      );
    const program = new URL('./stats-worker.js', import.meta.url);
    return new TaskPool<StatsTask, StatsTaskResult>(threads, { program, settings, progress, lost: lostTask });
  }
}

function checked(options: StatsOptions): StatsOptions {
  const { topKeys = TOP_KEYS, threads = 0, findingsPerFile = 0, fromOffset, toOffset, fromTime, toTime } = options;
  const isCount = (count: number): boolean => Number.isSafeInteger(count) && count >= 0;
  for (const [name, count] of Object.entries({ topKeys, threads, findingsPerFile })) {
    if (!isCount(count)) throw invalid(name, 'a whole number from 0 on', count);
  }
  if (topKeys > MOST_TOP_KEYS) throw invalid('topKeys', `at most ${MOST_TOP_KEYS}`, topKeys);
  for (const [name, limit] of Object.entries({ fromOffset, toOffset, fromTime, toTime })) {
    if (limit !== undefined && Number.isNaN(limit)) throw invalid(name, 'a number', limit);
  }
  return options;
}

function invalid(name: string, expected: string, found: number): SeglogError {
  return new SeglogError('INVALID_ARGUMENT', `${name} is not understood`, { expected, found });
}
