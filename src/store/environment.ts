/** What the parts of a store share: engine, files, time, settings, and whom they tell of problems. */
import { type Clock, systemClock } from '../clock/clock.ts';
import { type LogConfig, logConfig } from '../config/log-config.ts';
import type { Engine } from '../engine/contract.ts';
import { defaultEngine } from '../engine/select.ts';
import { SeglogError } from '../errors/errors.ts';
import type { FileSystem } from '../fs/contract.ts';
import { nodeFileSystem } from '../fs/node-fs.ts';
import { MAX_INT32 } from '../units/units.ts';
import type { LoadProgress, StoreOptions } from './options.ts';

/** Problems that are kept for the status. */
const KEPT_PROBLEMS = 100;

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
}

/** What went wrong and did not stop the store: told to its caller, and the last ones kept. */
export class Problems {
  readonly #kept: SeglogError[] = [];
  readonly #tell: (problem: SeglogError) => void;

  constructor(tell: (problem: SeglogError) => void = () => undefined) {
    this.#tell = tell;
  }

  /** The last ones, oldest first. */
  get kept(): readonly SeglogError[] {
    return [...this.#kept];
  }

  add(error: unknown): SeglogError {
    const problem = asSeglogError(error);
    this.#kept.push(problem);
    if (this.#kept.length > KEPT_PROBLEMS) this.#kept.shift();
    this.#tell(problem);
    return problem;
  }
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
  readonly onProgress: (progress: LoadProgress) => void;
}

/** @throws SeglogError `INVALID_CONFIG` */
export function storeEnvironment(options: StoreOptions): StoreEnvironment {
  const { engine, fs, clock, onProgress, onProblem, clusterId, nodeId, ...others } = options;
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
    ...defaults
  } = others;
  logConfig(defaults);
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
      cleanerThreads: checked('log.cleaner.threads', logCleanerThreads, 0, 1),
      cleanerBackoffMs: checked('log.cleaner.backoff.ms', logCleanerBackoffMs, 1, 15_000),
    },
    problems: new Problems(onProblem),
    onProgress: onProgress ?? (() => undefined),
  };
}

function checked(name: string, value: number | undefined, least: number, fallback: number): number {
  const number = value ?? fallback;
  if (Number.isSafeInteger(number) && number >= least && number <= MAX_INT32) return number;
  throw new SeglogError('INVALID_CONFIG', `the value of ${name} is not valid`, {
    expected: `a whole number from ${least} to ${MAX_INT32}`,
    found: String(number),
  });
}

/** What is no error of ours is a broken invariant. */
function asSeglogError(error: unknown): SeglogError {
  if (error instanceof SeglogError) return error;
  return new SeglogError('INTERNAL', error instanceof Error ? error.message : String(error), { cause: error });
}
