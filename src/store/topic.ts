/** A topic of a store that is open: what is kept of it, and its partitions. */
import { type LogConfig, logConfig, parseLogConfig } from '../config/log-config.ts';
import { SeglogError } from '../errors/errors.ts';
import type { TopicEntry } from '../format/topics-file.ts';
import type { Log } from '../log/log.ts';
import type { StorePartition } from './store-partition.ts';

/** A topic. */
export class Topic {
  entry: TopicEntry;
  /** The store's configuration with what the topic has of its own. */
  config: LogConfig;
  readonly #partitions = new Map<number, StorePartition>();
  #count = 0;

  constructor(entry: TopicEntry, config: LogConfig) {
    this.entry = entry;
    this.config = config;
  }

  /** By number; those that this store has. */
  get partitions(): ReadonlyMap<number, StorePartition> {
    return this.#partitions;
  }

  /** How many partitions the topic has: one more than the highest that is here. */
  get count(): number {
    return this.#count;
  }

  add(partition: StorePartition): void {
    this.#partitions.set(partition.partition, partition);
    this.#count = Math.max(this.#count, partition.partition + 1);
  }

  /** A partition. @throws SeglogError `UNKNOWN_TOPIC_OR_PARTITION` */
  partition(number: number): StorePartition {
    const found = this.#partitions.get(number);
    if (found !== undefined) return found;
    throw new SeglogError('UNKNOWN_TOPIC_OR_PARTITION', `the topic ${this.entry.name} has no such partition here`, {
      expected: `one of ${[...this.#partitions.keys()].join(', ') || 'none'}`,
      found: String(number),
    });
  }
}

/** What a topic's logs go by. @throws SeglogError `INVALID_CONFIG` */
export function configOf(defaults: Partial<LogConfig>, configs: TopicEntry['configs']): LogConfig {
  return logConfig({ ...defaults, ...parseLogConfig(Object.entries(configs)) });
}

/** Kafka has one metric name for both: `.` and `_` in topics are one. */
export function collidesWith(topic: string, other: string): boolean {
  return topic !== other && topic.replaceAll('.', '_') === other.replaceAll('.', '_');
}

/** A topic as its readers and writers see it: as it is at each moment, partitions that were added included. */
export function viewOf(topic: Topic): {
  readonly count: number;
  readonly partitions: readonly number[];
  isAvailable(partition: number): boolean;
  log(partition: number): Log;
} {
  return {
    get count() {
      return topic.count;
    },
    get partitions() {
      return [...topic.partitions.keys()].sort((a, b) => a - b);
    },
    isAvailable: (partition) => topic.partitions.get(partition)?.isAvailable === true,
    log: (partition) => topic.partition(partition).log,
  };
}
