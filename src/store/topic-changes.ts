/**
 * Making, growing, altering and deleting topics. One change at a time; what is known of topics is saved before a directory
 * is made, and before one is renamed, so that opening the store after a crash ends what was begun.
 */
import { kafkaNameOf } from '../config/log-config.ts';
import { isNoSpace, SeglogError } from '../errors/errors.ts';
import { checkTopicName, METADATA_TOPIC } from '../format/names.ts';
import type { TopicEntry } from '../format/topics-file.ts';
import type { StoreEnvironment } from './environment.ts';
import { checkCount, partitionsAt, placesFor } from './new-partitions.ts';
import type { ConfigChange, NewTopic } from './options.ts';
import { type RemovalQueue, renameAside } from './removal.ts';
import type { StoreDirectory } from './store-directory.ts';
import type { StorePartition } from './store-partition.ts';
import { collidesWith, Topic } from './topic.ts';
import { changedConfig, printedConfig } from './topic-config.ts';
import type { TopicRepository, TopicsContent } from './topic-repository.ts';
import { randomId } from './unique-id.ts';

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
    const { environment, directories, topics } = this.#store;
    this.#checkNew(name, replicationFactor);
    checkCount(partitions);
    const entry: TopicEntry = {
      name,
      topicId: randomId(),
      configs: printedConfig(config),
      partitions: placesFor(this.#store, name, 0, partitions),
    };
    const topic = new Topic(entry, changedConfig(environment.defaults, {}, config));
    await this.#save([...this.#entries(), entry]);
    const made = partitionsAt(directories, entry, entry.partitions);
    try {
      await this.#open(topic, made);
    } catch (error) {
      await this.#undo(entry, made);
      throw error;
    }
    topic.add(made);
    topics.set(name, topic);
    return topic;
  }

  async grow(topic: Topic, total: number): Promise<void> {
    const { count, entry } = topic;
    checkCount(total, count);
    const added = placesFor(this.#store, entry.name, count, total);
    const made = partitionsAt(this.#store.directories, entry, added);
    try {
      // No record takes partitions away again: they are there before one says so.
      await this.#open(topic, made);
      await this.#replace(topic, { ...entry, partitions: { ...entry.partitions, ...added } });
    } catch (error) {
      for (const partition of made) await this.#remove(partition);
      throw error;
    }
    topic.add(made);
  }

  async alter(topic: Topic, { set = {}, reset = [] }: ConfigChange): Promise<void> {
    const kept = Object.entries(topic.entry.configs);
    const names = new Set(reset.map(kafkaNameOf));
    const configs = { ...Object.fromEntries(kept.filter(([name]) => !names.has(name))), ...printedConfig(set) };
    const config = changedConfig(this.#store.environment.defaults, configs, set);
    await this.#replace(topic, { ...topic.entry, configs });
    topic.config = config;
    for (const partition of topic.partitions.values()) partition.alterConfig(config);
  }

  /** From the moment that the log says so nobody finds the topic any more. */
  async delete(name: string): Promise<void> {
    const { environment, topics, directories } = this.#store;
    const topic = topics.get(name) as Topic;
    const { topicId, partitions } = topic.entry;
    // Where it is; Kafka may have left open where it was to be.
    const placeOf = ({ root, partition }: StorePartition): string[] => {
      const id = root?.id ?? partitions[partition] ?? '';
      return id === '' ? [] : [id];
    };
    const deleted = { name, topicId, directories: [...new Set([...topic.partitions.values()].flatMap(placeOf))] };
    const deleting = [...this.#deleting, deleted];
    await this.#save(
      this.#entries().filter((entry) => entry !== topic.entry),
      deleting,
    );
    topics.delete(name);
    const left = new Set<string>();
    for (const partition of topic.partitions.values()) {
      if (!(await this.#remove(partition))) for (const id of placeOf(partition)) left.add(id);
    }
    for (const directory of directories) directory.writeCheckpoints();
    // What is left is found, and renamed, when the store is opened.
    const others = this.#deleting.filter((one) => one !== deleted);
    const rest = left.size === 0 ? [] : [{ ...deleted, directories: [...left] }];
    await this.#save(this.#entries(), [...others, ...rest]).catch((error: unknown) => environment.problems.add(error));
  }

  /** @returns whether nothing of the partition is left under its name */
  async #remove(partition: StorePartition): Promise<boolean> {
    const { environment, removals } = this.#store;
    const { root, path } = partition;
    // A log that does not close well is deleted all the same.
    await partition.close().catch((error: unknown) => environment.problems.add(error));
    if (root?.isOnline !== true) return false;
    return tellOrDo(environment, () => {
      if (environment.fs.stat(path) !== undefined) {
        removals.add(renameAside(environment, partition, path, 'delete', removals.dueMs));
      }
      // Until then it may be there again, as unclean as it was closed.
      root.held.forget(partition, path);
    });
  }

  #entries(): TopicEntry[] {
    return [...this.#store.topics.values()].map(({ entry }) => entry);
  }

  async #save(topics: readonly TopicEntry[], deleting: TopicsContent['deleting'] = this.#deleting): Promise<void> {
    await this.#store.repository.save({ topics, deleting });
    this.#deleting = deleting;
  }

  async #replace(topic: Topic, entry: TopicEntry): Promise<void> {
    await this.#save(this.#entries().map((known) => (known === topic.entry ? entry : known)));
    topic.entry = entry;
  }

  #checkNew(name: string, replicationFactor: number): void {
    checkTopicName(name);
    if (name === METADATA_TOPIC) {
      throw new SeglogError('INVALID_NAME', "this is the name of Kafka's own metadata", { found: name });
    }
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

  /**
   * Opens new partitions. They become the topic's all at once, when all are there: a key belongs to none of a count that never was.
   *
   * @throws SeglogError what keeps the first of those from being made that cannot be
   */
  async #open(topic: Topic, made: readonly StorePartition[]): Promise<void> {
    const { environment } = this.#store;
    forgetOthers(made);
    for (const partition of made) {
      await partition.open(environment, topic.entry.topicId, topic.config);
      if (partition.problem !== undefined) throw partition.problem;
    }
    // A log directory may have failed while the others were being made.
    const failed = made.find(({ problem }) => problem !== undefined);
    if (failed?.problem !== undefined) throw failed.problem;
  }

  /** Takes away a new topic of which not all partitions could be made: their directories first, so that a crash leaves all or none. */
  async #undo({ name, topicId }: TopicEntry, made: readonly StorePartition[]): Promise<void> {
    const { problems } = this.#store.environment;
    const left = new Set<string>();
    for (const partition of made) {
      const isGone = await this.#remove(partition);
      if (!isGone && partition.root?.id !== undefined) left.add(partition.root.id);
    }
    const rest = left.size > 0 ? [{ name, topicId, directories: [...left] }] : [];
    await this.#save(this.#entries(), [...this.#deleting, ...rest]).catch((error: unknown) => problems.add(error));
  }
}

/**
 * Lines of partitions that had these names before a crash are none of theirs. They are gone from the disk before there is a
 * directory that a later opening would believe them of.
 *
 * @throws SeglogError `IO`
 */
function forgetOthers(made: readonly StorePartition[]): void {
  const changed = new Set<StoreDirectory>();
  for (const partition of made) {
    const { root, path } = partition;
    if (root?.isOnline !== true) continue;
    const lines = [...Object.values(root.held.checkpointOf(partition)), root.held.cleanerOffset(partition)];
    if (lines.some((line) => line !== undefined)) changed.add(root);
    root.held.forget(partition, path);
  }
  for (const root of changed) {
    try {
      root.held.writeCheckpoints();
    } catch (error) {
      if (!isNoSpace(error)) root.goOffline(error);
      throw error;
    }
  }
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
