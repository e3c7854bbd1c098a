/** What a caller can say to a store. */
import type { LogConfig } from '../config/log-config.ts';
import type { SeglogError } from '../errors/errors.ts';
import type { LogEnvironment } from '../log/options.ts';

/** How far opening is. */
export interface LoadProgress {
  /** The partition that was loaded last, as its directory is named. */
  readonly partition: string;
  /** The log directory that it is in. */
  readonly directory: string;
  readonly loadedPartitions: number;
  readonly totalPartitions: number;
  /** Those of them that could not be loaded. */
  readonly failedPartitions: number;
}

/** A store's own settings, in camelCase of Kafka's names; times are milliseconds. */
export interface StoreSettings {
  /** `cluster.id`. Default: what the log directories say; a random one for new directories. */
  readonly clusterId?: string;
  /** `node.id`. Default: what the log directories say; 1 for new directories. */
  readonly nodeId?: number;
  /** How many partitions of a log directory are loaded at the same time. Default 2. */
  readonly numRecoveryThreadsPerDataDir?: number;
  /** How long after opening periodic work begins. Default 30000. */
  readonly logInitialTaskDelayMs?: number;
  /** How often recovery points are written. Default 60000. */
  readonly logFlushOffsetCheckpointIntervalMs?: number;
  /** How often log starts are written. Default 60000. */
  readonly logFlushStartOffsetCheckpointIntervalMs?: number;
  /** How often high watermarks are written. Default 5000. */
  readonly replicaHighWatermarkCheckpointIntervalMs?: number;
  /**
   * Whether retention and compaction are done by themselves, of all topics, and directories of deleted ones are removed. `false`
   * is for whoever opens a store for a while, and does not know the configuration that its topics are kept by. Default true.
   */
  readonly periodicCleaning?: boolean;
  /** How often retention is looked at, by size, by time and by log start. Default 300000. */
  readonly logRetentionCheckIntervalMs?: number;
  /** How many worker threads compact logs. 0: nothing is compacted by itself. Default 1. */
  readonly logCleanerThreads?: number;
  /** How long after looking for logs to compact they are looked for again. Default 15000. */
  readonly logCleanerBackoffMs?: number;
  /** The memory for keys of all cleaner threads together, at least 1 MiB each. Default 134217728. */
  readonly logCleanerDedupeBufferSize?: number;
  /** How full that memory may get before a round ends, above 0 to 1. Default 0.9. */
  readonly logCleanerIoBufferLoadFactor?: number;
  /** The most bytes a second that all cleaner threads together read and write. Default: no limit. */
  readonly logCleanerIoMaxBytesPerSecond?: number;
  /** How long what a group committed is kept after its last consumer has left, in minutes. Default 10080, 7 days. */
  readonly offsetsRetentionMinutes?: number;
  /** How often what groups committed is looked at for that. Default 600000. */
  readonly offsetsRetentionCheckIntervalMs?: number;
  /** Called after each partition that was loaded. What this and `onProblem` raise stops nothing; the status tells of it. */
  readonly onProgress?: (progress: LoadProgress) => void;
  /** Called with what went wrong and did not stop the store: an unreadable checkpoint, a directory that failed. */
  readonly onProblem?: (problem: SeglogError) => void;
}

/** A store's configuration: of its topics, where they say nothing else, and its own; and what it stands on. */
export type StoreOptions = Partial<LogConfig> & StoreSettings & LogEnvironment;

/** A topic to make. */
export interface NewTopic {
  readonly name: string;
  /** Default 1. */
  readonly partitions?: number;
  /** One broker has one copy: only 1 is possible. */
  readonly replicationFactor?: number;
  /** What differs from the store's own configuration. */
  readonly config?: Partial<LogConfig>;
}

/** A change of a topic's configuration. */
export interface ConfigChange {
  readonly set?: Partial<LogConfig>;
  /** What goes back to the store's own value. */
  readonly reset?: readonly (keyof LogConfig)[];
}
