/** What the parts of a store share: engine, files, time, settings, and whom they tell of problems. */
import { CleanerPool } from '../cleaner/pool.ts';
import { type Clock, systemClock } from '../clock/clock.ts';
import { type LogConfig, logConfig } from '../config/log-config.ts';
import type { Engine } from '../engine/contract.ts';
import { defaultEngine } from '../engine/select.ts';
import { SeglogError } from '../errors/errors.ts';
import type { FileSystem } from '../fs/contract.ts';
import { nodeFileSystem } from '../fs/node-fs.ts';
import { MAX_INT32 } from '../units/units.ts';
import { StoreObserver } from './observer.ts';
import type { LoadProgress, StoreOptions } from './options.ts';

/** Problems that are kept for the status. */
const KEPT_PROBLEMS = 100;
/** Kafka's `log.cleaner.dedupe.buffer.size` and `log.cleaner.io.buffer.load.factor`; a thread has no less than a MiB. */
const DEFAULT_DEDUPE_BYTES = 128 * 1024 * 1024;
const LEAST_MAP_BYTES = 1024 * 1024;
const DEFAULT_LOAD_FACTOR = 0.9;

/** The settings of a store, complete. */
export interface Settings {
  readonly clusterId: string | undefined;
  readonly nodeId: number | undefined;
  readonly loadsPerDirectory: number;
  readonly initialTaskDelayMs: number;
  readonly recoveryPointIntervalMs: number;
  readonly logStartIntervalMs: number;
  readonly highWatermarkIntervalMs: number;
  readonly periodicCleaning: boolean;
  readonly retentionIntervalMs: number;
  readonly cleanerThreads: number;
  readonly cleanerBackoffMs: number;
  /** The memory of one thread's offset map. */
  readonly offsetMapBytes: number;
  readonly offsetMapLoadFactor: number;
  /** Of all threads together. */
  readonly cleanerBytesPerSecond: number;
  readonly offsetsRetentionMinutes: number;
  readonly offsetsRetentionIntervalMs: number;
}

/** What went wrong and did not stop the store: told to its caller, and the last ones kept. */
export class Problems {
  readonly #kept: SeglogError[] = [];
  readonly #tell: (problem: SeglogError) => void;

  readonly #observer: StoreObserver;

  constructor(observer: StoreObserver, tell: (problem: SeglogError) => void = () => undefined) {
    this.#observer = observer;
    this.#tell = guarded('onProblem', tell, (problem) => this.#keep(problem));
  }

  /** The last ones, oldest first. */
  get kept(): readonly SeglogError[] {
    return [...this.#kept];
  }

  add(error: unknown): SeglogError {
    const problem = asSeglogError(error);
    this.#keep(problem);
    this.#tell(problem);
    return problem;
  }

  #keep(problem: SeglogError): void {
    this.#observer.problem(problem);
    this.#kept.push(problem);
    if (this.#kept.length > KEPT_PROBLEMS) this.#kept.shift();
  }
}

/** A caller's function that stops nothing when it raises: that is told of, once. */
function guarded<T>(
  name: string,
  callback: (value: T) => void,
  raised: (problem: SeglogError) => void,
): (value: T) => void {
  let hasRaised = false;
  const failed = (cause: unknown): void => {
    if (hasRaised) return;
    hasRaised = true;
    raised(new SeglogError('INTERNAL', `the caller's ${name} raised: ${String(cause)}`, { cause }));
  };
  return (value) => {
    try {
      // It may be asynchronous all the same: a rejection that nobody takes would end the process.
      void Promise.resolve(callback(value) as unknown).catch(failed);
    } catch (cause) {
      failed(cause);
    }
  };
}

/** Handed down, never looked up. */
export interface StoreEnvironment {
  readonly engine: Engine;
  readonly fs: FileSystem;
  readonly clock: Clock;
  /** What topics have where they say nothing else. */
  readonly defaults: Partial<LogConfig>;
  readonly settings: Settings;
  readonly problems: Problems;
  readonly observer: StoreObserver;
  readonly onProgress: (progress: LoadProgress) => void;
  /** The threads that clean and that retention reads and unlinks by; undefined where this thread does it. */
  readonly cleaners: CleanerPool | undefined;
}

/** @throws SeglogError `INVALID_CONFIG` */
export function storeEnvironment(options: StoreOptions): StoreEnvironment {
  const { engine, fs, clock, logger, onProgress, onProblem, clusterId, nodeId, ...others } = options;
  const {
    numRecoveryThreadsPerDataDir,
    logInitialTaskDelayMs,
    logFlushOffsetCheckpointIntervalMs,
    logFlushStartOffsetCheckpointIntervalMs,
    replicaHighWatermarkCheckpointIntervalMs,
    periodicCleaning,
    logRetentionCheckIntervalMs,
    logCleanerThreads,
    logCleanerBackoffMs,
    logCleanerDedupeBufferSize,
    logCleanerIoBufferLoadFactor,
    logCleanerIoMaxBytesPerSecond,
    offsetsRetentionMinutes,
    offsetsRetentionCheckIntervalMs,
    ...defaults
  } = others;
  logConfig(defaults);
  const observer = new StoreObserver(clock ?? systemClock, logger);
  const problems = new Problems(observer, onProblem);
  const cleanerThreads = checked('log.cleaner.threads', logCleanerThreads, 0, 1);
  if (nodeId !== undefined) checked('node.id', nodeId, 0, 0);
  return {
    engine: engine ?? defaultEngine(),
    fs: fs ?? nodeFileSystem,
    clock: clock ?? systemClock,
    defaults,
    settings: {
      clusterId,
      nodeId,
      loadsPerDirectory: checked('num.recovery.threads.per.data.dir', numRecoveryThreadsPerDataDir, 1, 2),
      initialTaskDelayMs: checked('log.initial.task.delay.ms', logInitialTaskDelayMs, 0, 30_000),
      recoveryPointIntervalMs: checked(
        'log.flush.offset.checkpoint.interval.ms',
        logFlushOffsetCheckpointIntervalMs,
        1,
        60_000,
      ),
      logStartIntervalMs: checked(
        'log.flush.start.offset.checkpoint.interval.ms',
        logFlushStartOffsetCheckpointIntervalMs,
        1,
        60_000,
      ),
      highWatermarkIntervalMs: checked(
        'replica.high.watermark.checkpoint.interval.ms',
        replicaHighWatermarkCheckpointIntervalMs,
        1,
        5000,
      ),
      periodicCleaning: periodicCleaning ?? true,
      retentionIntervalMs: checked('log.retention.check.interval.ms', logRetentionCheckIntervalMs, 1, 300_000),
      cleanerThreads,
      cleanerBackoffMs: checked('log.cleaner.backoff.ms', logCleanerBackoffMs, 1, 15_000),
      offsetMapBytes: mapBytesOf(logCleanerDedupeBufferSize, Math.max(1, cleanerThreads)),
      offsetMapLoadFactor: between(
        'log.cleaner.io.buffer.load.factor',
        logCleanerIoBufferLoadFactor ?? DEFAULT_LOAD_FACTOR,
        Number.MIN_VALUE,
        1,
      ),
      cleanerBytesPerSecond: between(
        'log.cleaner.io.max.bytes.per.second',
        logCleanerIoMaxBytesPerSecond ?? Infinity,
        1,
        Infinity,
      ),
      offsetsRetentionMinutes: checked('offsets.retention.minutes', offsetsRetentionMinutes, 1, 10_080),
      offsetsRetentionIntervalMs: checked(
        'offsets.retention.check.interval.ms',
        offsetsRetentionCheckIntervalMs,
        1,
        600_000,
      ),
    },
    problems,
    observer,
    onProgress: guarded('onProgress', onProgress ?? (() => undefined), (problem) => problems.add(problem)),
    // A worker sees the machine's files, and no others. Its threads start when they are needed.
    cleaners:
      cleanerThreads > 0 && (fs ?? nodeFileSystem).kind === 'node' ? new CleanerPool(cleanerThreads) : undefined,
  };
}

function checked(name: string, value: number | undefined, least: number, fallback: number): number {
  const number = value ?? fallback;
  if (Number.isSafeInteger(number) && number >= least && number <= MAX_INT32) return number;
  throw invalid(name, `a whole number from ${least} to ${MAX_INT32}`, number);
}

/** The part of the cleaners' memory that each of them has. @throws SeglogError `INVALID_CONFIG` */
function mapBytesOf(given: number | undefined, threads: number): number {
  const total = given ?? DEFAULT_DEDUPE_BYTES;
  const least = LEAST_MAP_BYTES * threads;
  if (!Number.isSafeInteger(total) || total < least) {
    throw invalid('log.cleaner.dedupe.buffer.size', `a whole number from ${least}: 1 MiB a cleaner thread`, total);
  }
  return Math.min(MAX_INT32, Math.floor(total / threads));
}

function between(name: string, value: number, least: number, most: number): number {
  if (typeof value === 'number' && value >= least && value <= most) return value;
  const from = least === Number.MIN_VALUE ? 'above 0' : `from ${least}`;
  throw invalid(name, `a number ${from}${most === Infinity ? '' : ` to ${most}`}`, value);
}

function invalid(name: string, expected: string, found: unknown): SeglogError {
  return new SeglogError('INVALID_CONFIG', `the value of ${name} is not valid`, { expected, found: String(found) });
}

/** What is no error of ours is a broken invariant. */
export function asSeglogError(error: unknown): SeglogError {
  if (error instanceof SeglogError) return error;
  return new SeglogError('INTERNAL', error instanceof Error ? error.message : String(error), { cause: error });
}
