/** A store as it stands, for people and programs that watch it. */
import type { LogConfig } from '../config/log-config.ts';
import { SeglogError } from '../errors/errors.ts';
import type { CleaningFailure } from './cleaning.ts';
import type { CleaningRun } from './observer.ts';
import type { StoreDirectory } from './store-directory.ts';
import type { StorePartition } from './store-partition.ts';
import type { Topic } from './topic.ts';

/** A log directory as it stands. */
export interface DirectoryStatus {
  readonly path: string;
  /** `directory.id`; undefined when it could not be read. */
  readonly directoryId: string | undefined;
  readonly isOnline: boolean;
  /** Why it is offline. */
  readonly problem: SeglogError | undefined;
  /** Partitions of topics that are in it. */
  readonly partitions: number;
  /** Bytes of their .log files. */
  readonly sizeBytes: number;
}

/** A partition as it stands. */
export interface PartitionStatus {
  readonly partition: number;
  /** Its directory; empty when its log directory is not here. */
  readonly directory: string;
  readonly isOnline: boolean;
  /** Why it is offline, or takes no appends. */
  readonly problem: SeglogError | undefined;
  /** Of a partition that is offline, 0. */
  readonly logStartOffset: number;
  readonly highWatermark: number;
  readonly logEndOffset: number;
  readonly segments: number;
  readonly sizeBytes: number;
}

/** A topic as it stands. */
export interface TopicDescription {
  readonly name: string;
  /** 22 characters of base64url. */
  readonly topicId: string;
  /** One more than the highest partition. */
  readonly partitionCount: number;
  /** What the topic has of its own: Kafka's names and values. */
  readonly configs: Readonly<Record<string, string>>;
  /** What counts, with what the store says. */
  readonly config: LogConfig;
  readonly partitions: readonly PartitionStatus[];
}

/** A store as it stands. */
export interface StoreStatus {
  readonly clusterId: string;
  readonly nodeId: number;
  readonly directories: readonly DirectoryStatus[];
  readonly topics: number;
  readonly partitions: number;
  /** Those that are offline, or take no appends. */
  readonly troubled: readonly { readonly topic: string; readonly partition: number; readonly problem: SeglogError }[];
  /** Those whose compaction failed the last time, or so often that it is not tried any more. */
  readonly uncleanable: readonly CleaningFailure[];
  /** Compactions under way by themselves. */
  readonly cleaning: readonly CleaningRun[];
  /** Directories of deleted partitions that wait for their removal. */
  readonly deleting: readonly string[];
  /** Directories that were put aside, and such that are to become partitions: never touched. */
  readonly stray: readonly string[];
  readonly future: readonly string[];
  /** What went wrong and did not stop the store: the last hundred. */
  readonly problems: readonly SeglogError[];
}

/** Describes a partition. */
export function partitionStatus(partition: StorePartition): PartitionStatus {
  const { partition: number, path } = partition;
  const nothing = { logStartOffset: 0, highWatermark: 0, logEndOffset: 0, segments: 0, sizeBytes: 0 };
  try {
    const { log } = partition;
    const { logStartOffset, highWatermark, logEndOffset, segments, sizeBytes } = log.status();
    const counts = { logStartOffset, highWatermark, logEndOffset, segments, sizeBytes };
    return { partition: number, directory: path, isOnline: true, problem: reasonAgainstAppends(partition), ...counts };
  } catch (error) {
    if (!(error instanceof SeglogError)) throw error;
    return { partition: number, directory: path, isOnline: false, problem: partition.problem ?? error, ...nothing };
  }
}

function reasonAgainstAppends({ log }: StorePartition): SeglogError | undefined {
  try {
    log.checkAppendable();
    return undefined;
  } catch (error) {
    return error as SeglogError;
  }
}

/** Describes a topic. */
export function describeTopic(topic: Topic): TopicDescription {
  const { entry, config, partitions, count } = topic;
  const { name, topicId, configs } = entry;
  const inOrder = [...partitions.values()].sort((a, b) => a.partition - b.partition);
  return {
    ...{ name, topicId, configs, config },
    partitionCount: count,
    partitions: inOrder.map(partitionStatus),
  };
}

/** Describes a log directory. */
export function describeDirectory(directory: StoreDirectory, topics: Iterable<Topic>): DirectoryStatus {
  const own = [...topics].flatMap(({ partitions }) =>
    [...partitions.values()].filter(({ root }) => root === directory),
  );
  return {
    path: directory.path,
    directoryId: directory.id,
    isOnline: directory.isOnline,
    problem: directory.problem,
    partitions: own.length,
    sizeBytes: own.reduce((total, partition) => total + partitionStatus(partition).sizeBytes, 0),
  };
}
