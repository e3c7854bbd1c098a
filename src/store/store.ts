/** Topics in log directories, as a Kafka broker keeps them. */
import { logConfig } from '../config/log-config.ts';
import { SeglogError } from '../errors/errors.ts';
import { Consumer } from '../group/consumer.ts';
import { GroupCoordinator } from '../group/coordinator.ts';
import type { GroupListing } from '../group/describe.ts';
import { Group } from '../group/group.ts';
import type { GroupHost } from '../group/host.ts';
import type { ConsumerOptions } from '../group/options.ts';
import type { Log } from '../log/log.ts';
import type { RecordsOptions } from '../log/typed-records.ts';
import type { MetricFamily } from '../metrics/families.ts';
import type { MetricDetail } from '../metrics/log-families.ts';
import {
  type ConsumedBatch,
  type ConsumedRecord,
  type ConsumeOptions,
  consumeBatches,
  consumeRecords,
} from './consume.ts';
import { StoreCleaner } from './cleaning.ts';
import { type StoreEnvironment, storeEnvironment } from './environment.ts';
import { checkKept, groupHost, isInternal } from './group-host.ts';
import type { Identity } from './identity.ts';
import { type LoadedStore, loadStore } from './load.ts';
import { storeFacts } from './metrics.ts';
import type { ConfigChange, NewTopic, StoreOptions } from './options.ts';
import { RemovalQueue } from './removal.ts';
import { StoreRetention } from './retention.ts';
import type { Scheduler } from './scheduler.ts';
import { startSchedules } from './schedules.ts';
import {
  describeDirectory,
  describeTopic,
  partitionStatus,
  type StoreStatus,
  type TopicDescription,
} from './status.ts';
import type { StoreDirectory } from './store-directory.ts';
import type { StorePartition } from './store-partition.ts';
import { type Topic, viewOf } from './topic.ts';
import { TopicChanges } from './topic-changes.ts';
import type { TopicRepository } from './topic-repository.ts';
import { TopicWriter, type TopicWriterOptions } from './topic-writer.ts';

/** How many logs of a directory are closed at the same time. */
const CLOSES_AT_ONCE = 8;

/**
 * Topics and their partitions in one or several log directories, locked for this process.
 *
 * @example
 * ```ts
 * await using store = await Store.open(['data/a', 'data/b'], { retentionMs: 86_400_000 });
 * await store.createTopic({ name: 'events', partitions: 4 });
 * await store.partition('events', 0).append({ value: 'first' });
 * ```
 */
export class Store implements AsyncDisposable {
  readonly #environment: StoreEnvironment;
  readonly #identity: Identity;
  readonly #directories: readonly StoreDirectory[];
  readonly #topics: Map<string, Topic>;
  readonly #leaving: LoadedStore['leaving'];
  readonly #repository: TopicRepository;
  readonly #changes: TopicChanges;
  readonly #removals: RemovalQueue;
  readonly #cleaner: StoreCleaner;
  readonly #groupHost: GroupHost;
  readonly #groups: GroupCoordinator;
  readonly #scheduler: Scheduler;
  /** How logs of directories that failed could not be closed, as far as it was told. */
  readonly #toldCloses = new Set<unknown>();
  /** Set once closing has begun. */
  #closing: Promise<void> | undefined;

  private constructor(environment: StoreEnvironment, loaded: LoadedStore) {
    const { identity, directories, repository, content, topics, leaving } = loaded;
    this.#environment = environment;
    this.#identity = identity;
    this.#directories = directories;
    this.#topics = topics;
    this.#leaving = leaving;
    this.#repository = repository;
    // Whatever a topic says: its configuration goes with it.
    this.#removals = new RemovalQueue(environment, logConfig(environment.defaults).fileDeleteDelayMs);
    for (const path of leaving.delete) this.#removals.addFound(path);
    const removals = this.#removals;
    this.#changes = new TopicChanges({ environment, directories, repository, topics, removals }, content.deleting);
    const retention = new StoreRetention(environment);
    const partitions = (): Iterable<StorePartition> => this.#partitions();
    this.#cleaner = new StoreCleaner(environment, partitions, retention);
    for (const directory of directories) {
      directory.whenOffline(() => this.#closeFailed(directory));
      // It may have failed while its partitions were being loaded.
      if (!directory.isOnline) this.#closeFailed(directory);
    }
    this.#groupHost = groupHost(environment, topics, (topic) => this.createTopic(topic));
    const groups = new GroupCoordinator(this.#groupHost);
    this.#groups = groups;
    this.#scheduler = startSchedules({
      ...{ environment, directories, retention, groups, partitions },
      snapshotMetadata: () => this.#changes.inTurn(() => repository.snapshotIfDue()),
      cleaner: this.#cleaner,
    });
  }

  /**
   * Opens a store over log directories; makes those that are not there.
   *
   * Partitions that are there are found by the names of their directories, and loaded in parallel. One that cannot be loaded
   * is offline, and so is a log directory that the machine refuses; the others go on, and {@link Store.status} says why.
   *
   * @param logDirectories - each of them is locked, against a broker too
   * @throws SeglogError `LOG_LOCKED`, `DIRECTORY_MISMATCH` for a directory of another cluster or broker,
   * or files of topics that were changed apart, `DUPLICATE_PARTITION`, `CORRUPT_CHECKPOINT` and `UNSUPPORTED_VERSION` for a
   * `meta.properties` or a file of topics that cannot be read, `INVALID_CONFIG`, `INVALID_ARGUMENT`; `IO` when no directory
   * is left, or one is offline that alone may say what the others are
   */
  static async open(logDirectories: string | readonly string[], options: StoreOptions = {}): Promise<Store> {
    const environment = storeEnvironment(options);
    const paths = typeof logDirectories === 'string' ? [logDirectories] : logDirectories;
    const store = new Store(environment, await loadStore(environment, paths));
    // Before anything is appended: what a group committed must not lie above it.
    const isAfterCrash = [...store.#partitions()].some((one) => one.isAvailable && one.log.status().recovery);
    if (isAfterCrash) await store.#groups.pullBack();
    const { directories, topics, partitions, troubled } = store.status();
    const offlinePartitions = troubled.length;
    environment.observer.opened({ directories: directories.length, topics, partitions, offlinePartitions });
    return store;
  }

  /** The names of all topics, in order; with `internal` those too that Kafka keeps for itself (`__consumer_offsets`). */
  topics({ internal = false }: { readonly internal?: boolean } = {}): string[] {
    this.#check();
    return [...this.#topics.keys()].filter((name) => internal || !isInternal(name)).sort();
  }

  /** @throws SeglogError `UNKNOWN_TOPIC_OR_PARTITION` */
  describeTopic(name: string): TopicDescription {
    return describeTopic(this.#topic(name));
  }

  /**
   * Makes a topic. Its partitions go where the fewest are.
   *
   * @throws SeglogError (as a rejection) `INVALID_NAME`, `TOPIC_ALREADY_EXISTS` (also for a name that differs only in `.` and
   * `_`), `INVALID_PARTITIONS`, `INVALID_REPLICATION_FACTOR`, `INVALID_CONFIG`, `LOG_OFFLINE`, `IO`; nothing is left of it then,
   * unless the disk failed while it was taken back
   */
  createTopic(topic: NewTopic): Promise<TopicDescription> {
    return this.#change(async () => {
      const created = this.#told('topic_created', await this.#changes.create(topic));
      this.#groups.topicChanged(topic.name);
      return created;
    });
  }

  /**
   * Adds partitions to a topic, so that it has `total`. Keys may belong to other partitions from then on.
   *
   * @throws SeglogError (as a rejection) `INVALID_PARTITIONS` when it would not grow, `UNKNOWN_TOPIC_OR_PARTITION`,
   * `POLICY_VIOLATION` for `__consumer_offsets`, `IO`
   */
  createPartitions(name: string, total: number): Promise<TopicDescription> {
    return this.#change(async () => {
      checkKept(name);
      const topic = this.#known(name);
      await this.#changes.grow(topic, total);
      this.#groups.topicChanged(name);
      return this.#told('topic_altered', topic);
    });
  }

  /**
   * Alters a topic's configuration; logs that are open go by it at once. When it resolves, no clean of a topic goes on that is
   * not compacted any more.
   *
   * @throws SeglogError (as a rejection) `INVALID_CONFIG`, `UNKNOWN_TOPIC_OR_PARTITION`, `IO`; nothing is altered then
   */
  alterTopic(name: string, change: ConfigChange): Promise<TopicDescription> {
    return this.#change(async () => {
      const topic = this.#known(name);
      await this.#changes.alter(topic, change);
      const ended = [...topic.partitions.values()].filter(({ isCompacted }) => !isCompacted);
      await Promise.all(ended.map((partition) => this.#cleaner.stop(partition)));
      return this.#told('topic_altered', topic);
    });
  }

  /**
   * Deletes a topic: its logs are closed and their directories renamed before this resolves, and removed after
   * `file.delete.delay.ms` (the store's own). What groups committed of it goes, too.
   *
   * @throws SeglogError (as a rejection) `UNKNOWN_TOPIC_OR_PARTITION`, `POLICY_VIOLATION` for `__consumer_offsets`, `IO`
   */
  deleteTopic(name: string): Promise<void> {
    return this.#change(async () => {
      checkKept(name);
      const { partitions } = this.#known(name);
      await this.#changes.delete(name);
      const { events, measures } = this.#environment.observer;
      for (const partition of partitions.keys()) measures.forget(name, partition);
      events.tell('topic_deleted', { name });
      // The topic is gone whatever becomes of this: what is left names the id of a topic that is no more.
      await this.#groups.topicDeleted(name).catch((error: unknown) => this.#environment.problems.add(error));
    });
  }

  /**
   * Removes directories of deleted topics that wait for it: all of them, since whoever calls this knows that nobody reads them
   * any more; or with `dueOnly` those whose `file.delete.delay.ms` has passed. Resolves when they are gone; what cannot be
   * removed is told of.
   */
  async removeDeleted({ dueOnly = false }: { readonly dueOnly?: boolean } = {}): Promise<void> {
    this.#check();
    await this.#removals.removeNow(dueOnly);
  }

  /** A partition's log. The store closes it. @throws SeglogError `UNKNOWN_TOPIC_OR_PARTITION`, `LOG_OFFLINE` */
  partition(topic: string, partition: number): Log {
    return this.#topic(topic).partition(partition).log;
  }

  /**
   * A writer to a topic. Partitions that are added later are used as soon as they are there.
   *
   * @throws SeglogError `UNKNOWN_TOPIC_OR_PARTITION`, `INVALID_ARGUMENT`
   */
  writer<K = Uint8Array | string, V = Uint8Array | string>(
    topic: string,
    options: TopicWriterOptions<K, V> = {},
  ): TopicWriter<K, V> {
    return new TopicWriter(viewOf(this.#topic(topic)), options);
  }

  /**
   * Reads batches of one or many partitions of a topic: in the order of offsets within a partition, and as they come among
   * them. At most one batch of each is held for the caller.
   *
   * @throws SeglogError `UNKNOWN_TOPIC_OR_PARTITION`, `LOG_OFFLINE`, `INVALID_ARGUMENT`; while iterating as `Log.read`
   */
  consume(topic: string, options: ConsumeOptions = {}): AsyncGenerator<ConsumedBatch, void> {
    return consumeBatches(viewOf(this.#topic(topic)), options);
  }

  /** The same record by record, with keys and values as what serdes make of them. Control records are left out. */
  records<K = Uint8Array, V = Uint8Array>(
    topic: string,
    options: ConsumeOptions & Omit<RecordsOptions<K, V>, 'from' | 'to'> = {},
  ): AsyncGenerator<ConsumedRecord<K, V>, void> {
    return consumeRecords(viewOf(this.#topic(topic)), options);
  }

  /**
   * A consumer of a group: the group's consumers share the partitions of its topics, and what it commits is where the group goes
   * on (docs/groups.md). The store closes it.
   *
   * @throws SeglogError `UNKNOWN_TOPIC_OR_PARTITION`, `INVALID_ARGUMENT`
   */
  consumer<K = Uint8Array, V = Uint8Array>(options: ConsumerOptions<K, V>): Consumer<K, V> {
    this.#check();
    return new Consumer(this.#groupHost, this.#groups, options);
  }

  /** A group by its id, whether anything is known of it or not. */
  group(id: string): Group {
    this.#check();
    return new Group(id, this.#groupHost, this.#groups);
  }

  /**
   * All groups that committed anything, or have members, in order. Those of a partition of `__consumer_offsets` that cannot be read are
   * left out, and that is a problem that the status tells.
   */
  async groups(): Promise<GroupListing[]> {
    this.#check();
    return this.#groups.list();
  }

  /** The store as it stands. */
  status(): StoreStatus {
    this.#check();
    const partitions = [...this.#partitions()];
    const troubled = partitions.flatMap((one) => {
      const { problem } = partitionStatus(one);
      return problem === undefined ? [] : [{ topic: one.topic, partition: one.partition, problem }];
    });
    return {
      ...this.#identity,
      directories: this.#directories.map((directory) => describeDirectory(directory, this.#topics.values())),
      topics: this.#topics.size,
      partitions: partitions.length,
      troubled,
      uncleanable: this.#cleaner.failures,
      cleaning: this.#environment.observer.running,
      deleting: this.#removals.waiting,
      stray: this.#leaving.stray,
      future: this.#leaving.future,
      problems: this.#environment.problems.kept,
    };
  }

  /**
   * What the store and its logs have counted since it was opened, and where they stand (docs/metrics.md); also when it is closed.
   *
   * @param detail - for what there are series of their own. Default: for each partition, from 1,001 of them on for each topic, and
   * from 1,001 topics on for the store alone
   */
  metrics(detail?: MetricDetail): MetricFamily[] {
    const [environment, directories, topics] = [this.#environment, this.#directories, this.#topics];
    const facts = storeFacts({ environment, directories, topics, cleaner: this.#cleaner, removals: this.#removals });
    return environment.observer.measures.families(facts, detail);
  }

  /** Brings everything that was appended before the call to the disk. @throws SeglogError (as a rejection) `IO` */
  async flush(): Promise<void> {
    this.#check();
    const online = [...this.#partitions()].filter(({ problem }) => problem === undefined);
    const outcomes = await Promise.allSettled(online.map(({ log }) => log.flush()));
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }

  /**
   * Closes all logs, writes the checkpoints, marks each directory whose logs all closed well, and gives the locks back. A
   * second call waits for the first.
   *
   * @throws SeglogError (as a rejection) `IO`, the first one; the others go on, and the locks are given back
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    // They commit and leave while there is somewhere to write it.
    await this.#groups.close();
    await this.#changes.inTurn(async () => undefined);
    // A clean under way is given up: what was swapped by then stays.
    await Promise.all([this.#scheduler.stop(), this.#cleaner.close()]);
    await this.#removals.stop();
    const failures: unknown[] = [];
    await this.#closeRepository((error) => failures.push(error));
    await Promise.all(this.#directories.map((directory) => this.#closeDirectory(directory, failures)));
    const isWhole = [...this.#partitions()].every(({ problem }) => problem === undefined);
    this.#environment.observer.events.tell('store_closed', { clean: isWhole && failures.length === 0 });
    if (failures.length > 0) throw failures[0];
  }

  async #closeDirectory(directory: StoreDirectory, failures: unknown[]): Promise<void> {
    const own = this.#partitionsOf(directory);
    // A log that could not be loaded is in a state that nobody knows.
    const isWhole = own.every(({ problem }) => problem === undefined);
    await closeAll(own, (error) => {
      if (directory.isOnline) failures.push(error);
      else this.#tellClose(error);
    });
    try {
      await directory.release(isWhole, this.#repository.brokerEpoch);
    } catch (error) {
      failures.push(error);
    }
  }

  async #closeRepository(failed: (error: unknown) => void): Promise<void> {
    const directory = this.#directories.find((one) => this.#repository.isIn(one));
    await this.#repository.close().catch((error: unknown) => {
      if (directory?.isOnline === true) failed(error);
      else this.#tellClose(error);
    });
  }

  /** Nothing in a directory that has failed is appended to from this call on; it is closed as well as it can be. */
  #closeFailed(directory: StoreDirectory): void {
    for (const partition of this.#partitionsOf(directory)) {
      partition.close().catch((error: unknown) => this.#tellClose(error));
    }
    if (this.#repository.isIn(directory)) void this.#closeRepository(() => undefined);
  }

  /** That its directory failed was told; that what was appended to this log may not be on the disk was not. */
  #tellClose(error: unknown): void {
    if (this.#toldCloses.has(error)) return;
    this.#toldCloses.add(error);
    this.#environment.problems.add(error);
  }

  *#partitions(): Generator<StorePartition, void> {
    for (const { partitions } of this.#topics.values()) yield* partitions.values();
  }

  #partitionsOf(directory: StoreDirectory): StorePartition[] {
    return [...this.#partitions()].filter(({ root }) => root === directory);
  }

  #topic(name: string): Topic {
    this.#check();
    return this.#known(name);
  }

  /** Also while the store closes: what was asked for before is done. */
  #known(name: string): Topic {
    const topic = this.#topics.get(name);
    if (topic !== undefined) return topic;
    throw new SeglogError('UNKNOWN_TOPIC_OR_PARTITION', 'there is no such topic', { found: JSON.stringify(name) });
  }

  #told(event: 'topic_created' | 'topic_altered', topic: Topic): TopicDescription {
    const { name, configs } = topic.entry;
    this.#environment.observer.events.tell(event, { name, partitions: topic.count, configs });
    return describeTopic(topic);
  }

  async #change<T>(work: () => Promise<T>): Promise<T> {
    this.#check();
    return this.#changes.inTurn(work);
  }

  #check(): void {
    if (this.#closing !== undefined) throw new SeglogError('LOG_CLOSED', 'the store is closed');
  }
}

async function closeAll(partitions: readonly StorePartition[], failed: (error: unknown) => void): Promise<void> {
  const waiting = partitions.values();
  const work = async (): Promise<void> => {
    for (const partition of waiting) await partition.close().catch(failed);
  };
  await Promise.all(Array.from({ length: CLOSES_AT_ONCE }, work));
}
