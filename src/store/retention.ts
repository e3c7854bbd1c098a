/** Retention of one log of a store: the one place from which it is called. */
import { SeglogError } from '../errors/errors.ts';
import type { ProposeRetention } from '../log/cleaning/retention.ts';
import type { StoreEnvironment } from './environment.ts';
import type { StorePartition } from './store-partition.ts';

/** Deletes what is due, of one log after the other. */
export class StoreRetention {
  readonly #environment: StoreEnvironment;
  /** What was told of a log last: a log that stays damaged is news once. */
  readonly #told = new WeakMap<StorePartition, string>();

  constructor(environment: StoreEnvironment) {
    this.#environment = environment;
  }

  /** Applies retention to a log, if it is online; a worker reads. What goes wrong is told of, and never raised. */
  async apply(partition: StorePartition): Promise<void> {
    if (!partition.isAvailable) return;
    const { cleaners } = this.#environment;
    const propose: ProposeRetention | undefined = cleaners && ((request) => cleaners.propose(request));
    try {
      await partition.log.applyRetention(undefined, propose);
      this.#told.delete(partition);
    } catch (error) {
      if (!isOver(partition, error)) this.#tell(partition, error);
    }
  }

  #tell(partition: StorePartition, error: unknown): void {
    const news = error instanceof SeglogError ? `${error.code} ${error.errno ?? ''}` : String(error);
    if (this.#told.get(partition) === news) return;
    this.#told.set(partition, news);
    this.#environment.problems.add(error);
  }
}

/** Whether work on a partition ended since its topic was deleted or the store closes, or its log directory failed: no news. */
export function isOver(partition: StorePartition, error: unknown): boolean {
  return !partition.isAvailable || (error instanceof SeglogError && error.code === 'LOG_CLOSED');
}
