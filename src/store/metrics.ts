/** A store as its metrics see it. */
import type { MeasuredLog } from '../metrics/log-catalogue.ts';
import type { StoreFacts } from '../metrics/store-families.ts';
import type { StoreCleaner } from './cleaning.ts';
import type { StoreEnvironment } from './environment.ts';
import type { RemovalQueue } from './removal.ts';
import { describeDirectory } from './status.ts';
import type { StoreDirectory } from './store-directory.ts';
import type { StorePartition } from './store-partition.ts';
import type { Topic } from './topic.ts';

/** What is looked at. */
export interface MeasuredStore {
  readonly environment: StoreEnvironment;
  readonly directories: readonly StoreDirectory[];
  readonly topics: ReadonlyMap<string, Topic>;
  readonly cleaner: StoreCleaner;
  readonly removals: RemovalQueue;
}

/** The facts of this moment; of a store that is closed, too. */
export function storeFacts({ environment, directories, topics, cleaner, removals }: MeasuredStore): StoreFacts {
  const { observer, settings } = environment;
  const all = [...topics.values()];
  return {
    logs: all.flatMap(({ partitions }) => [...partitions.values()].map((one) => measuredLog(one, environment))),
    topics: topics.size,
    uncleanablePartitions: cleaner.failures.length,
    deletingDirectories: removals.waiting.length,
    cleanerThreads: settings.periodicCleaning ? settings.cleanerThreads : 0,
    compactionsRunning: observer.running.length,
    directories: directories.map((directory) => describeDirectory(directory, all)),
  };
}

function measuredLog(one: StorePartition, { observer }: StoreEnvironment): MeasuredLog {
  const { topic, partition, dirtyRatio } = one;
  const { measures } = observer.measured(one);
  return { topic, partition, measures, state: one.isAvailable ? one.log.status() : undefined, dirtyRatio };
}
