/**
 * Compaction by itself (spec 4.1): of the logs that are due, the filthiest first, on as many worker threads as there are to be;
 * and retention of the logs that are compacted, which Kafka's cleaner does, too.
 *
 *     a look at all logs, one a turn -> those that are due, by their dirty ratio -> each thread takes the next one
 *
 * A thread that finds nothing left ends its run, and comes again after `log.cleaner.backoff.ms`: to what the others have left,
 * or with a new look. What fails is tried again later, so often; then the partition counts as uncleanable, and the status says
 * why.
 */
import { cleanSegments } from '../cleaner/clean.ts';
import { turn } from '../cleaner/turn.ts';
import { isNoSpace, SeglogError } from '../errors/errors.ts';
import type { CleanSegments } from '../log/cleaning/compaction.ts';
import type { StoreEnvironment } from './environment.ts';
import { isOver, type StoreRetention } from './retention.ts';
import type { StorePartition } from './store-partition.ts';

/** So often in a row, and a partition is left alone until the store is opened again. */
const MOST_FAILURES = 5;
/** What passes by itself is waited for at most this many back-offs. */
const MOST_BACKOFFS = 64;

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

/** What is known of a partition that failed. */
interface Failing {
  readonly failure: CleaningFailure;
  /** Those of its failures in a row that do not pass by themselves. */
  readonly faults: number;
  /** By the monotonic time. */
  readonly retryAtMs: number;
}

/** Cleans the partitions of a store. */
export class StoreCleaner {
  readonly #environment: StoreEnvironment;
  readonly #partitions: () => Iterable<StorePartition>;
  readonly #retention: StoreRetention;
  readonly #failing = new Map<StorePartition, Failing>();
  /** What is being cleaned, and how it is stopped. */
  readonly #busy = new Map<StorePartition, { readonly stop: AbortController; readonly done: Promise<void> }>();
  /** How many threads clean at this moment: they share the speed that is allowed. */
  readonly #sharers = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  /** What the last look found due and nobody has taken, the filthiest first. */
  #due: StorePartition[] = [];
  #looking: Promise<void> | undefined;

  constructor(environment: StoreEnvironment, partitions: () => Iterable<StorePartition>, retention: StoreRetention) {
    this.#environment = environment;
    this.#partitions = partitions;
    this.#retention = retention;
  }

  /** Those whose cleaning failed the last time. */
  get failures(): readonly CleaningFailure[] {
    const live = new Set(this.#partitions());
    return [...this.#failing].flatMap(([partition, { failure }]) => (live.has(partition) ? [failure] : []));
  }

  /** The work of one thread: cleans what is due, each log once. Resolves when nothing is left that another has not taken. */
  async run(signal: AbortSignal): Promise<void> {
    if (this.#due.length === 0) {
      this.#looking ??= this.#look(signal).finally(() => (this.#looking = undefined));
      await this.#looking;
    }
    for (let next = this.#due.shift(); next !== undefined; next = this.#due.shift()) {
      if (signal.aborted) return;
      const stop = new AbortController();
      const done = this.#clean(next, AbortSignal.any([signal, stop.signal]));
      this.#busy.set(next, { stop, done });
      await done.finally(() => this.#busy.delete(next));
    }
  }

  /** Ends the clean of a partition that is not to be compacted any more. Resolves when no record of it goes; what was swapped stays. */
  async stop(partition: StorePartition): Promise<void> {
    const running = this.#busy.get(partition);
    running?.stop.abort();
    await running?.done;
  }

  /** Ends the threads, whatever they do. */
  async close(): Promise<void> {
    await this.#environment.cleaners?.close();
  }

  /** Looks at all logs that are compacted, one a turn; what is below the rules of retention goes at the same time. */
  async #look(signal: AbortSignal): Promise<void> {
    const due: { readonly partition: StorePartition; readonly dirtyRatio: number }[] = [];
    const all = [...this.#partitions()];
    for (const partition of all) {
      if (signal.aborted) return;
      // As in Kafka, one that is being cleaned or was given up is left alone, for retention too.
      const failing = this.#failing.get(partition);
      if (!partition.isCompacted || this.#busy.has(partition) || failing?.failure.isGivenUp === true) continue;
      await this.#retention.apply(partition);
      await turn();
      // Retention may be what makes room for one that waits for it.
      if (failing !== undefined && failing.retryAtMs > this.#environment.clock.monotonicMs()) continue;
      try {
        const selection = partition.compactionDue(this.#environment.clock.now());
        if (selection?.isEligible === true) due.push({ partition, dirtyRatio: selection.dirtyRatio });
      } catch (error) {
        if (!isOver(partition, error)) this.#failed(partition, error);
      }
    }
    const live = new Set(all);
    for (const partition of this.#failing.keys()) if (!live.has(partition)) this.#failing.delete(partition);
    this.#due = due.sort((a, b) => b.dirtyRatio - a.dirtyRatio).map(({ partition }) => partition);
  }

  async #clean(partition: StorePartition, signal: AbortSignal): Promise<void> {
    const { clock, settings, observer } = this.#environment;
    Atomics.add(this.#sharers, 0, 1);
    try {
      const { offsetMapBytes, cleanerBytesPerSecond: maxBytesPerSecond } = settings;
      const options = { now: clock.now(), signal, offsetMapBytes, maxBytesPerSecond };
      await observer.compacting(partition, this.#cleanSegments, (clean) => partition.compact(options, clean));
      this.#failing.delete(partition);
    } catch (error) {
      if (!signal.aborted && !isOver(partition, error)) this.#failed(partition, error);
    } finally {
      Atomics.sub(this.#sharers, 0, 1);
    }
  }

  readonly #cleanSegments: CleanSegments = (request, hooks) => {
    const { engine, fs, clock, settings, cleaners } = this.#environment;
    const throttleSharers = this.#sharers;
    const whole = { ...request, offsetMapLoadFactor: settings.offsetMapLoadFactor, throttleSharers };
    return cleaners?.clean(whole, hooks) ?? cleanSegments({ engine, fs, clock }, whole, hooks);
  };

  #failed(partition: StorePartition, error: unknown): void {
    const { settings, clock, problems, observer } = this.#environment;
    const before = this.#failing.get(partition);
    const failures = (before?.failure.failures ?? 0) + 1;
    const passes = passesByItself(error);
    const faults = passes ? 0 : (before?.faults ?? 0) + 1;
    const backoffs = passes ? Math.min(MOST_BACKOFFS, 2 ** (failures - 1)) : 1;
    const { topic, partition: number } = partition;
    const problem = problems.add(error);
    const failure = { topic, partition: number, failures, isGivenUp: faults >= MOST_FAILURES, problem };
    const retryAtMs = clock.monotonicMs() + backoffs * settings.cleanerBackoffMs;
    this.#failing.set(partition, { failure, faults, retryAtMs });
    observer.compactionFailed(failure);
  }
}

/** Whether the next try may go well without anybody's doing: there is room again, or the log is left alone meanwhile. */
function passesByItself(error: unknown): boolean {
  if (isNoSpace(error)) return true;
  if (!(error instanceof SeglogError)) return false;
  return error.code === 'OFFSET_OUT_OF_RANGE' || error.errno === 'EMFILE' || error.errno === 'ENFILE';
}
