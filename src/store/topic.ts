/** A topic of a store that is open: what is kept of it, and its partitions. */
import type { LogConfig } from '../config/log-config.ts';
import { SeglogError } from '../errors/errors.ts';
import type { TopicEntry } from '../format/topics-file.ts';
import type { Log } from '../log/log.ts';
import type { ReadableTopic } from './consume.ts';
import type { StorePartition } from './store-partition.ts';
import type { WritableTopic } from './topic-writer.ts';

/** A topic. */
export class Topic {
  entry: TopicEntry;
  /** The store's configuration with what the topic has of its own. */
  config: LogConfig;
  readonly #partitions = new Map<number, StorePartition>();
  #numbers: readonly number[] = [];
  #count = 0;

  constructor(entry: TopicEntry, config: LogConfig) {
    this.entry = entry;
    this.config = config;
  }

  /** By number; those that this store has. */
  get partitions(): ReadonlyMap<number, StorePartition> {
    return this.#partitions;
  }

  /** Their numbers, ascending. */
  get numbers(): readonly number[] {
    return this.#numbers;
  }

  /** How many partitions the topic has: one more than the highest that is here. */
  get count(): number {
    return this.#count;
  }

  /** Adds partitions, all at once: whoever looks sees none of them, or all. */
  add(partitions: readonly StorePartition[]): void {
    for (const partition of partitions) this.#partitions.set(partition.partition, partition);
    this.#numbers = [...this.#partitions.keys()].sort((a, b) => a - b);
    this.#count = (this.#numbers.at(-1) ?? -1) + 1;
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

/** Kafka has one metric name for both: `.` and `_` in topics are one. */
export function collidesWith(topic: string, other: string): boolean {
  return topic !== other && topic.replaceAll('.', '_') === other.replaceAll('.', '_');
}

/** A topic as its readers and writers see it: as it is at each moment, partitions that were added included. */
export function viewOf(topic: Topic): WritableTopic & ReadableTopic & { log(partition: number): Log } {
  return {
    get count() {
      return topic.count;
    },
    get numbers() {
      return topic.numbers;
    },
    get partitions() {
      return topic.numbers.filter((partition) => topic.partitions.get(partition)?.isAvailable === true);
    },
    isAvailable: (partition) => topic.partitions.get(partition)?.isAppendable === true,
    log: (partition) => topic.partition(partition).log,
  };
}
