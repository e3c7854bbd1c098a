/**
 * Compaction by itself (spec 4.1): of the logs that are due, the filthiest first, on as many worker threads as there are to be.
 * What fails is tried again the next time, so often; then the partition counts as uncleanable, and the status says why.
 */
import { CleanerPool } from '../cleaner/pool.ts';
import { SeglogError } from '../errors/errors.ts';
import type { CleanSegments } from '../log/cleaning/compaction.ts';
import type { StoreEnvironment } from './environment.ts';
import type { StorePartition } from './store-partition.ts';

/** So often in a row, and a partition is left alone until the store is opened again. */
const MOST_FAILURES = 5;

/** A partition whose cleaning failed. */
export interface CleaningFailure {
  readonly topic: string;
  readonly partition: number;
  /** How often in a row. */
  readonly failures: number;
  /** Whether it is not tried any more. */
  readonly isGivenUp: boolean;
  readonly problem: SeglogError;
}

/** Cleans the partitions of a store. */
export class StoreCleaner {
  readonly #environment: StoreEnvironment;
  readonly #partitions: () => Iterable<StorePartition>;
  readonly #pool: CleanerPool | undefined;
  readonly #failures = new Map<StorePartition, CleaningFailure>();

  constructor(environment: StoreEnvironment, partitions: () => Iterable<StorePartition>) {
    this.#environment = environment;
    this.#partitions = partitions;
    // A worker sees the machine's files, and no others.
    if (environment.fs.kind === 'node') this.#pool = new CleanerPool(environment.settings.cleanerThreads);
  }

  /** Those whose cleaning failed the last time. */
  get failures(): readonly CleaningFailure[] {
    const live = new Set(this.#partitions());
    return [...this.#failures].flatMap(([partition, failure]) => (live.has(partition) ? [failure] : []));
  }

  /** Cleans what is due, each log once. Resolves when nothing more is. */
  async run(signal: AbortSignal): Promise<void> {
    const seen = new Set<StorePartition>();
    const work = async (): Promise<void> => {
      for (let next = this.#next(seen, signal); next !== undefined; next = this.#next(seen, signal)) {
        seen.add(next);
        await this.#clean(next, signal);
      }
    };
    await Promise.all(Array.from({ length: this.#environment.settings.cleanerThreads }, work));
  }

  /** Ends the threads, whatever they do. */
  async close(): Promise<void> {
    await this.#pool?.close();
  }

  #next(seen: ReadonlySet<StorePartition>, signal: AbortSignal): StorePartition | undefined {
    if (signal.aborted) return undefined;
    const nowMs = this.#environment.clock.now();
    let filthiest: StorePartition | undefined;
    let most = -1;
    for (const partition of this.#partitions()) {
      if (seen.has(partition) || this.#failures.get(partition)?.isGivenUp === true) continue;
      try {
        const selection = partition.compactionDue(nowMs);
        if (selection?.isEligible !== true || selection.dirtyRatio <= most) continue;
        most = selection.dirtyRatio;
        filthiest = partition;
      } catch (error) {
        this.#failed(partition, error);
      }
    }
    return filthiest;
  }

  async #clean(partition: StorePartition, signal: AbortSignal): Promise<void> {
    const pool = this.#pool;
    const clean: CleanSegments | undefined = pool && ((request, hooks) => pool.clean(request, hooks));
    try {
      await partition.compact(this.#environment.clock.now(), signal, clean);
      this.#failures.delete(partition);
    } catch (error) {
      // The store is closing, or the topic was deleted.
      const isOver = signal.aborted || (error instanceof SeglogError && error.code === 'LOG_CLOSED');
      if (!isOver) this.#failed(partition, error);
    }
  }

  #failed(partition: StorePartition, error: unknown): void {
    const failures = (this.#failures.get(partition)?.failures ?? 0) + 1;
    const { topic, partition: number } = partition;
    const problem = this.#environment.problems.add(error);
    const isGivenUp = failures >= MOST_FAILURES;
    this.#failures.set(partition, { topic, partition: number, failures, isGivenUp, problem });
  }
}
