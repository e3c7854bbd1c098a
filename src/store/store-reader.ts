/** Looks at log directories that may belong to somebody else, a running store or broker among them. Changes nothing. */
import { join } from 'node:path';
import { SeglogError } from '../errors/errors.ts';
import type { MetaProperties } from '../format/meta-properties.ts';
import { type Leaving, LOG_DIRECTORY_FILES } from '../format/names.ts';
import type { TopicEntry } from '../format/topics-file.ts';
import type { TopicPartition } from '../format/names.ts';
import type { GroupDescription, GroupListing } from '../group/describe.ts';
import type { PlannedReset, ResetTarget } from '../group/reset.ts';
import { LogReader } from '../log/log-reader.ts';
import type { LogEnvironment } from '../log/options.ts';
import type { RecordsOptions } from '../log/typed-records.ts';
import {
  type ConsumedBatch,
  type ConsumedRecord,
  type ConsumeOptions,
  consumeBatches,
  consumeRecords,
} from './consume.ts';
import { type StoreEnvironment, storeEnvironment } from './environment.ts';
import { readIdentity } from './identity.ts';
import { foundByTopic } from './plan.ts';
import { isInternal } from './group-host.ts';
import { describeSeenGroup, listGroups, type LyingTopics, planSeenReset } from './seen-groups.ts';
import type { PartitionStatus } from './status.ts';
import { type FoundPartition, StoreDirectory } from './store-directory.ts';
import { MetadataTopics } from './metadata-topics.ts';

/** What a reader stands on, and whom it tells of oddities. */
export interface StoreReaderOptions extends LogEnvironment {
  readonly onProblem?: (problem: SeglogError) => void;
}

/** A log directory as it lies there. */
export interface SeenDirectory {
  readonly path: string;
  /** Its `meta.properties`; undefined when there is none. */
  readonly identity: MetaProperties | undefined;
  /** Whether the mark of a clean stop is there. Without it somebody has the directory open, or was stopped hard. */
  readonly isMarkedClean: boolean;
  readonly partitions: number;
  /** Paths of directories on their way out or in. */
  readonly leaving: Readonly<Record<Leaving, readonly string[]>>;
}

/** A topic as it lies there. */
export interface SeenTopic {
  readonly name: string;
  /** undefined when no file of topics has it. */
  readonly topicId: string | undefined;
  readonly configs: TopicEntry['configs'];
  /** Numbers of the partitions whose directories are there. */
  readonly partitions: readonly number[];
  /** Numbers of partitions that are known, and have no directory here. */
  readonly missing: readonly number[];
}

/**
 * Reads topics from log directories, without a lock.
 *
 * @example
 * ```ts
 * using reader = StoreReader.open(['data/a', 'data/b']);
 * for await (const { partition, value } of reader.records('events', { follow: true })) console.log(partition, value);
 * ```
 */
export class StoreReader implements Disposable {
  readonly directories: readonly SeenDirectory[];
  readonly #environment: StoreEnvironment;
  readonly #found: ReadonlyMap<string, ReadonlyMap<number, FoundPartition>>;
  readonly #known: ReadonlyMap<string, TopicEntry>;
  readonly #readers = new Map<string, LogReader>();

  private constructor(environment: StoreEnvironment, paths: readonly string[]) {
    const { fs } = environment;
    this.#environment = environment;
    const directories = paths.map((path) => new StoreDirectory(environment, fs.realPath(path)));
    const live: FoundPartition[] = [];
    this.directories = directories.map((directory) => {
      const { path } = directory;
      const found = directory.scan();
      live.push(...found.live);
      const identity = readIdentity(fs, path);
      if (identity?.directoryId !== undefined) directory.id = identity.directoryId;
      return {
        path,
        identity,
        isMarkedClean: fs.stat(join(path, LOG_DIRECTORY_FILES.cleanShutdown)) !== undefined,
        partitions: found.live.length,
        leaving: found.leaving,
      };
    });
    const known = MetadataTopics.peek(environment, directories);
    this.#found = foundByTopic(environment, known, live);
    this.#known = new Map((known?.topics ?? []).map((topic) => [topic.name, topic]));
  }

  /**
   * @throws SeglogError `IO` when a directory is not there, `DUPLICATE_PARTITION`, `CORRUPT_CHECKPOINT`, `UNSUPPORTED_VERSION`
   */
  static open(logDirectories: string | readonly string[], options: StoreReaderOptions = {}): StoreReader {
    const paths = typeof logDirectories === 'string' ? [logDirectories] : logDirectories;
    return new StoreReader(storeEnvironment(options), paths);
  }

  /** What was odd and no reason to stop. */
  get problems(): readonly SeglogError[] {
    return this.#environment.problems.kept;
  }

  /**
   * The names of all topics, in order: those that are known, and those that only have directories; with `internal` those too that
   * Kafka keeps for itself.
   */
  topics({ internal = false }: { readonly internal?: boolean } = {}): string[] {
    const all = new Set([...this.#known.keys(), ...this.#found.keys()]);
    return [...all].filter((name) => internal || !isInternal(name)).sort();
  }

  /** @throws SeglogError `UNKNOWN_TOPIC_OR_PARTITION` */
  topic(name: string): SeenTopic {
    const known = this.#known.get(name);
    const found = this.#found.get(name);
    if (known === undefined && found === undefined) {
      throw new SeglogError('UNKNOWN_TOPIC_OR_PARTITION', 'there is no such topic', { found: JSON.stringify(name) });
    }
    const all = Object.keys(known?.partitions ?? {}).map(Number);
    return {
      name,
      topicId: known?.topicId,
      configs: known?.configs ?? {},
      partitions: [...(found?.keys() ?? [])].sort((a, b) => a - b),
      missing: all.filter((partition) => found?.has(partition) !== true),
    };
  }

  /** A partition as it stands. Nothing of it stays open. */
  partition(topic: string, partition: number): PartitionStatus {
    const directory = this.#found.get(topic)?.get(partition)?.path ?? '';
    const nothing = { logStartOffset: 0, highWatermark: 0, logEndOffset: 0, segments: 0, sizeBytes: 0 };
    try {
      using reader = this.#open(this.#pathOf(topic, partition));
      const { logStartOffset, logEndOffset, segmentCount, sizeBytes } = reader;
      const sizes = { segments: segmentCount, sizeBytes };
      const offsets = { logStartOffset, highWatermark: logEndOffset, logEndOffset };
      return { partition, directory, isOnline: true, problem: undefined, ...offsets, ...sizes };
    } catch (error) {
      if (!(error instanceof SeglogError)) throw error;
      return { partition, directory, isOnline: false, problem: error, ...nothing };
    }
  }

  /** As `Store.consume`, of logs that may belong to somebody else. */
  consume(topic: string, options: ConsumeOptions = {}): AsyncGenerator<ConsumedBatch, void> {
    return consumeBatches(this.#view(topic), options);
  }

  /** As `Store.records`. */
  records<K = Uint8Array, V = Uint8Array>(
    topic: string,
    options: ConsumeOptions & Omit<RecordsOptions<K, V>, 'from' | 'to'> = {},
  ): AsyncGenerator<ConsumedRecord<K, V>, void> {
    return consumeRecords(this.#view(topic), options);
  }

  /** All groups that committed anything, in order. Whether they have members only the store that has them knows. */
  groups(): Promise<GroupListing[]> {
    return listGroups(this.#groupTopics());
  }

  /** What a group committed, and how far it is behind. @throws SeglogError (as a rejection) `GROUP_ID_NOT_FOUND`, as `Log.read` */
  group(id: string): Promise<GroupDescription> {
    return describeSeenGroup(this.#groupTopics(), id);
  }

  /** As `Group.planReset`. */
  planReset(id: string, target: ResetTarget, partitions?: readonly TopicPartition[]): Promise<PlannedReset[]> {
    return planSeenReset(this.#groupTopics(), id, target, partitions);
  }

  #groupTopics(): LyingTopics {
    return {
      topic: (name) => {
        const found = this.#found.get(name);
        if (found === undefined) return undefined;
        const known = this.#known.get(name);
        const count = Math.max(-1, ...found.keys(), ...Object.keys(known?.partitions ?? {}).map(Number)) + 1;
        return { topicId: known?.topicId, count, log: (partition) => this.#reader(name, partition) };
      },
      problem: (problem) => void this.#environment.problems.add(problem),
    };
  }

  /** Closes what is open. A second call does nothing. */
  close(): void {
    for (const reader of this.#readers.values()) reader.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #view(topic: string): { partitions: readonly number[]; log(partition: number): LogReader } {
    const { partitions } = this.topic(topic);
    return { partitions, log: (partition) => this.#reader(topic, partition) };
  }

  /** The reader of a partition, which looks again at what is there. */
  #reader(topic: string, partition: number): LogReader {
    const path = this.#pathOf(topic, partition);
    const known = this.#readers.get(path);
    if (known !== undefined) {
      known.refresh();
      return known;
    }
    const reader = this.#open(path);
    this.#readers.set(path, reader);
    return reader;
  }

  #open(path: string): LogReader {
    const { engine, fs, clock, problems } = this.#environment;
    const onWarning = (warning: string): unknown => problems.add(new SeglogError('CORRUPT_CHECKPOINT', warning));
    return LogReader.open(path, { engine, fs, clock, onWarning });
  }

  #pathOf(topic: string, partition: number): string {
    const path = this.#found.get(topic)?.get(partition)?.path;
    if (path === undefined) {
      throw new SeglogError('UNKNOWN_TOPIC_OR_PARTITION', `the topic ${topic} has no such partition here`, {
        expected: `one of ${this.topic(topic).partitions.join(', ') || 'none'}`,
        found: String(partition),
      });
    }
    return path;
  }
}
