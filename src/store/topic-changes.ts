/**
 * Making, growing, altering and deleting topics. One change at a time; what is known of topics is saved before a directory
 * is made, and before one is renamed, so that opening the store after a crash ends what was begun.
 */
import { join } from 'node:path';
import { kafkaNameOf, printLogConfig } from '../config/log-config.ts';
import { SeglogError } from '../errors/errors.ts';
import { checkTopicName } from '../format/names.ts';
import type { TopicEntry } from '../format/topics-file.ts';
import type { StoreEnvironment } from './environment.ts';
import type { ConfigChange, NewTopic } from './options.ts';
import { type RemovalQueue, renameAside } from './removal.ts';
import type { StoreDirectory } from './store-directory.ts';
import { StorePartition } from './store-partition.ts';
import { collidesWith, configOf, Topic } from './topic.ts';
import type { TopicRepository, TopicsContent } from './topic-repository.ts';
import { randomId } from './unique-id.ts';

/** As in Kafka: so many partitions are made at once. */
const MAX_NEW_PARTITIONS = 10_000;

/** What changes work on. */
export interface ChangedStore {
  readonly environment: StoreEnvironment;
  readonly directories: readonly StoreDirectory[];
  readonly repository: TopicRepository;
  readonly topics: Map<string, Topic>;
  readonly removals: RemovalQueue;
}

/** Changes topics, one change after the other. */
export class TopicChanges {
  readonly #store: ChangedStore;
  #deleting: TopicsContent['deleting'];
  #last: Promise<unknown> = Promise.resolve();

  constructor(store: ChangedStore, deleting: TopicsContent['deleting']) {
    this.#store = store;
    this.#deleting = deleting;
  }

  /** Does `work` when all changes that were asked for before it are done. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }

  async create({ name, partitions = 1, replicationFactor = 1, config = {} }: NewTopic): Promise<Topic> {
    const { environment, topics } = this.#store;
    this.#checkNew(name, replicationFactor);
    checkCount(partitions, 1);
    const entry: TopicEntry = {
      name,
      topicId: randomId(),
      configs: Object.fromEntries(printLogConfig(config)),
      partitions: this.#places(name, 0, partitions),
    };
    const topic = new Topic(entry, configOf(environment.defaults, entry.configs));
    this.#save([...this.#entries(), entry]);
    topics.set(name, topic);
    try {
      await this.#open(topic, entry.partitions);
    } catch (error) {
      await this.delete(name).catch((failure: unknown) => environment.problems.add(failure));
      throw error;
    }
    return topic;
  }

  async grow(topic: Topic, total: number): Promise<void> {
    const count = topic.count;
    checkCount(total, count + 1, count);
    const { name, partitions } = topic.entry;
    const added = this.#places(name, count, total);
    this.#replace(topic, { ...topic.entry, partitions: { ...partitions, ...added } });
    await this.#open(topic, added);
  }

  alter(topic: Topic, { set = {}, reset = [] }: ConfigChange): void {
    const kept = Object.entries(topic.entry.configs);
    const names = new Set(reset.map(kafkaNameOf));
    const configs = Object.fromEntries([...kept.filter(([name]) => !names.has(name)), ...printLogConfig(set)]);
    const config = configOf(this.#store.environment.defaults, configs);
    this.#replace(topic, { ...topic.entry, configs });
    topic.config = config;
    for (const partition of topic.partitions.values()) partition.alterConfig(config);
  }

  /** From the moment that this is called nobody finds the topic any more. */
  async delete(name: string): Promise<void> {
    const { environment, topics, directories } = this.#store;
    const topic = topics.get(name) as Topic;
    const deleted = { name, topicId: topic.entry.topicId };
    const deleting = [...this.#deleting, deleted];
    this.#save(
      this.#entries().filter((entry) => entry !== topic.entry),
      deleting,
    );
    topics.delete(name);
    let isWhole = directories.every(({ isOnline }) => isOnline);
    for (const partition of topic.partitions.values()) isWhole = (await this.#remove(partition)) && isWhole;
    for (const directory of directories) directory.writeCheckpoints();
    // What is left is found, and renamed, when the store is opened.
    if (isWhole) {
      const others = this.#deleting.filter((one) => one !== deleted);
      tellOrDo(environment, () => this.#save(this.#entries(), others));
    }
  }

  /** @returns whether nothing of the partition is left under its name */
  async #remove(partition: StorePartition): Promise<boolean> {
    const { environment, removals } = this.#store;
    const { root, path } = partition;
    // A log that does not close well is deleted all the same.
    await partition.close().catch((error: unknown) => environment.problems.add(error));
    if (root?.isOnline !== true) return false;
    return tellOrDo(environment, () => {
      root.held.forget(partition, path);
      if (environment.fs.stat(path) === undefined) return;
      removals.add(renameAside(environment, partition, path, 'delete'));
    });
  }

  #entries(): TopicEntry[] {
    return [...this.#store.topics.values()].map(({ entry }) => entry);
  }

  #save(topics: readonly TopicEntry[], deleting: TopicsContent['deleting'] = this.#deleting): void {
    this.#store.repository.save({ topics, deleting });
    this.#deleting = deleting;
  }

  #replace(topic: Topic, entry: TopicEntry): void {
    this.#save(this.#entries().map((known) => (known === topic.entry ? entry : known)));
    topic.entry = entry;
  }

  #checkNew(name: string, replicationFactor: number): void {
    checkTopicName(name);
    const known = [...this.#store.topics.keys()];
    const other = known.find((topic) => topic === name || collidesWith(topic, name));
    if (other !== undefined) {
      throw new SeglogError('TOPIC_ALREADY_EXISTS', 'there is a topic of that name', {
        expected: 'another name ("." and "_" count as one)',
        found: other,
      });
    }
    if (replicationFactor === 1) return;
    throw new SeglogError('INVALID_REPLICATION_FACTOR', 'the replication factor is not possible', {
      expected: '1: there is one broker',
      found: String(replicationFactor),
    });
  }

  /** The directories of new partitions: one after the other where the fewest partitions are. @throws SeglogError `IO` */
  #places(topic: string, from: number, to: number): Record<number, string> {
    const { environment, directories, topics } = this.#store;
    const counts = new Map(directories.filter(({ isOnline }) => isOnline).map((directory) => [directory, 0]));
    for (const { partitions } of topics.values()) {
      for (const { root } of partitions.values()) {
        if (root !== undefined && counts.has(root)) counts.set(root, (counts.get(root) ?? 0) + 1);
      }
    }
    const places: Record<number, string> = {};
    for (let partition = from; partition < to; partition++) {
      const [root, count] = [...counts].reduce((least, one) => (one[1] < least[1] ? one : least));
      const path = join(root.path, `${topic}-${partition}`);
      if (environment.fs.stat(path) !== undefined) {
        throw new SeglogError('TOPIC_ALREADY_EXISTS', 'there is a directory of that name', {
          file: path,
          action: 'Look at it with `seglog dump`, and move it out of the log directory',
        });
      }
      counts.set(root, count + 1);
      places[partition] = root.id ?? '';
    }
    return places;
  }

  /** All of them, whatever becomes of the others. @throws SeglogError what keeps the first of those from being made that are not */
  async #open(topic: Topic, places: Readonly<Record<number, string>>): Promise<void> {
    const { environment, directories } = this.#store;
    const { name, topicId } = topic.entry;
    let problem: SeglogError | undefined;
    for (const [number, directoryId] of Object.entries(places)) {
      const partition = Number(number);
      const root = directories.find(({ id }) => id === directoryId);
      const path = join(root?.path ?? '', `${name}-${partition}`);
      const made = new StorePartition({ topic: name, partition, root, path });
      topic.add(made);
      // Lines of a partition that had this name before a crash are none of its.
      if (root?.isOnline === true) root.held.forget(made, path);
      await made.open(environment, topicId, topic.config);
      problem ??= made.problem;
    }
    if (problem !== undefined) throw problem;
  }
}

/** @throws SeglogError `INVALID_PARTITIONS` */
function checkCount(total: number, least: number, before = 0): void {
  if (Number.isSafeInteger(total) && total >= least && total - before <= MAX_NEW_PARTITIONS) return;
  throw new SeglogError('INVALID_PARTITIONS', 'the number of partitions is not possible', {
    expected: `from ${least} to ${before + MAX_NEW_PARTITIONS}${before > 0 ? ': partitions are added, and never taken away' : ''}`,
    found: String(total),
  });
}

/** @returns whether it was done */
function tellOrDo({ problems }: StoreEnvironment, work: () => void): boolean {
  try {
    work();
    return true;
  } catch (error) {
    problems.add(error);
    return false;
  }
}
