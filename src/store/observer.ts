/** What a store counts and tells of itself, and what its cleaner is doing at the moment. */
import type { CleanProgress } from '../cleaner/contract.ts';
import type { Clock } from '../clock/clock.ts';
import type { SeglogError } from '../errors/errors.ts';
import type { TopicPartition } from '../format/names.ts';
import type { CleanSegments } from '../log/cleaning/compaction.ts';
import { Events } from '../metrics/events.ts';
import type { Logger } from '../metrics/logger.ts';
import type { Measured } from '../metrics/measures.ts';
import { StoreMeasures } from '../metrics/store-families.ts';
import type { CleaningFailure } from './cleaning.ts';

const SECOND_MS = 1000;

/** A compaction under way. */
export interface CleaningRun {
  readonly topic: string;
  readonly partition: number;
  /** For how long, in milliseconds. */
  readonly elapsedMs: number;
  /** undefined until the first chunk was read. */
  readonly progress: CleanProgress | undefined;
}

/** The eyes on a store. */
export class StoreObserver {
  readonly logger: Logger | undefined;
  readonly events: Events;
  readonly measures: StoreMeasures = new StoreMeasures();
  readonly #clock: Clock;
  readonly #startedMs: number;
  readonly #running = new Map<TopicPartition, { readonly startedMs: number; progress: CleanProgress | undefined }>();

  constructor(clock: Clock, logger: Logger | undefined) {
    this.logger = logger;
    this.events = new Events(logger);
    this.#clock = clock;
    this.#startedMs = clock.monotonicMs();
  }

  /** What a partition's log counts in, however often it is opened. */
  measured({ topic, partition }: TopicPartition): Measured {
    return { measures: this.measures.of(topic, partition), distributions: this.measures.distributions };
  }

  opened(facts: { directories: number; topics: number; partitions: number; offlinePartitions: number }): void {
    const seconds = Math.round(this.#clock.monotonicMs() - this.#startedMs) / SECOND_MS;
    this.measures.openSeconds = seconds;
    this.events.tell('store_opened', { ...facts, seconds });
  }

  problem(problem: SeglogError): void {
    const { code, file } = problem;
    this.measures.problem(code);
    this.events.tell('problem', { file, code, err: problem });
  }

  partitionOffline({ topic, partition }: TopicPartition, directory: string, problem: SeglogError): void {
    const events = new Events(this.logger, { topic, partition });
    events.tell('partition_offline', { directory, code: problem.code, err: problem });
  }

  directoryOffline(directory: string, problem: SeglogError): void {
    this.events.tell('directory_offline', { directory, code: problem.code, err: problem });
  }

  compactionFailed({ topic, partition, failures, isGivenUp, problem }: CleaningFailure): void {
    const events = new Events(this.logger, { topic, partition });
    events.tell('compaction_failed', { failures, isGivenUp, code: problem.code, err: problem });
  }

  /**
   * Follows a compaction until `work` is done.
   *
   * @param clean who reads and writes; undefined: the thread that asks, and nobody tells how far it is
   */
  async compacting<T>(
    partition: TopicPartition,
    clean: CleanSegments | undefined,
    work: (clean: CleanSegments | undefined) => Promise<T>,
  ): Promise<T> {
    const run = { startedMs: this.#clock.monotonicMs(), progress: undefined as CleanProgress | undefined };
    const watched: CleanSegments | undefined =
      clean && ((request, hooks) => clean(request, { ...hooks, onProgress: (progress) => (run.progress = progress) }));
    this.#running.set(partition, run);
    try {
      return await work(watched);
    } finally {
      this.#running.delete(partition);
    }
  }

  /** Compactions under way. */
  get running(): CleaningRun[] {
    const nowMs = this.#clock.monotonicMs();
    return [...this.#running].map(([{ topic, partition }, { startedMs, progress }]) => {
      return { topic, partition, progress, elapsedMs: nowMs - startedMs };
    });
  }
}
