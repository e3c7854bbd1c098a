/**
 * Brings together what is known of topics and which directories are there, when a store is opened.
 *
 *     a directory of a topic that is being deleted          its deletion goes on
 *     a directory with another topic's id                   is put aside as `-stray`, as Kafka does: nothing is deleted in doubt
 *     a directory that no topic knows                       becomes a partition of the topic that its name says
 *     a partition without a directory                       is made anew, if its log directory is here
 */
import { join } from 'node:path';
import { SeglogError } from '../errors/errors.ts';
import { PARTITION_FILES } from '../format/names.ts';
import { parsePartitionMetadata } from '../format/partition-metadata.ts';
import type { TopicEntry } from '../format/topics-file.ts';
import type { StoreEnvironment } from './environment.ts';
import { renameAside } from './removal.ts';
import type { FoundPartition, StoreDirectory } from './store-directory.ts';
import type { TopicsContent } from './topic-repository.ts';
import { randomId } from './unique-id.ts';

/**
 * Whoever wrote a topic's directories before had a configuration that is not known here: its records are kept until
 * somebody says otherwise.
 */
const ADOPTED_CONFIGS: TopicEntry['configs'] = { 'retention.ms': '-1' };

/** What is to be opened, and what is known from now on. */
export interface Reconciled extends TopicsContent {
  /** Whether that is something else than what was known. */
  readonly isChanged: boolean;
  /** Directories by topic and number. */
  readonly found: ReadonlyMap<string, ReadonlyMap<number, FoundPartition>>;
  /** Paths of directories that were renamed, to be removed. */
  readonly deleted: readonly string[];
}

/** The two directories of one partition. @throws SeglogError `DUPLICATE_PARTITION` naming both */
export function checkDuplicates(live: readonly FoundPartition[]): void {
  const paths = new Map<string, string>();
  for (const { topic, partition, path } of live) {
    const name = `${topic}-${partition}`;
    const other = paths.get(name);
    if (other !== undefined) {
      throw new SeglogError('DUPLICATE_PARTITION', `two directories hold partition ${name}`, {
        file: path,
        expected: 'one',
        found: `${other} and ${path}`,
        action: 'Look at both with `seglog dump`, and move the wrong one out of its log directory',
      });
    }
    paths.set(name, path);
  }
}

/** Compares, renames what must not stay, adopts what is new. @throws SeglogError `IO` */
export function reconcile(
  environment: StoreEnvironment,
  known: TopicsContent | undefined,
  live: readonly FoundPartition[],
  directories: readonly StoreDirectory[],
): Reconciled {
  const work = new Reconciliation(environment, known ?? { topics: [], deleting: [] });
  for (const partition of live) work.place(partition);
  return work.result(directories);
}

class Reconciliation {
  readonly #environment: StoreEnvironment;
  readonly #known: TopicsContent;
  readonly #topics: Map<string, TopicEntry>;
  readonly #found = new Map<string, Map<number, FoundPartition>>();
  readonly #deleted: string[] = [];
  #isChanged = false;

  constructor(environment: StoreEnvironment, known: TopicsContent) {
    this.#environment = environment;
    this.#known = known;
    this.#topics = new Map(known.topics.map((topic) => [topic.name, topic]));
  }

  place(found: FoundPartition): void {
    const { topic: name, path, root } = found;
    let id: string | undefined;
    try {
      id = this.#topicIdIn(path);
    } catch (error) {
      // Its partition is offline for this reason when it is opened. A topic that nobody knows is not made from it.
      if (!this.#topics.has(name)) return void this.#environment.problems.add(error);
    }
    const topic = this.#topics.get(name);
    if (this.#isBeingDeleted(name, id, topic)) {
      this.#deleted.push(renameAside(this.#environment, found, path, 'delete'));
      root.held.forget(found, path);
      return;
    }
    if (topic !== undefined && id !== undefined && id !== topic.topicId) return this.#putAside(found, id, topic);
    this.#adopt(found, topic, id);
  }

  result(directories: readonly StoreDirectory[]): Reconciled {
    // A directory that is not here now may bring some back.
    const isWhole = directories.every(({ isOnline }) => isOnline);
    const deleting = isWhole ? [] : this.#known.deleting;
    return {
      topics: [...this.#topics.values()],
      deleting,
      isChanged: this.#isChanged || deleting.length !== this.#known.deleting.length,
      found: this.#found,
      deleted: this.#deleted,
    };
  }

  #topicIdIn(path: string): string | undefined {
    const file = join(path, PARTITION_FILES.metadata);
    const bytes = this.#environment.fs.readSmall(file);
    return bytes && parsePartitionMetadata(new TextDecoder().decode(bytes), file).topicId;
  }

  /** Without an id the directory never had a record: its name says enough, unless a topic of that name was made since. */
  #isBeingDeleted(name: string, id: string | undefined, topic: TopicEntry | undefined): boolean {
    return this.#known.deleting.some((deleted) =>
      id === undefined ? topic === undefined && deleted.name === name : deleted.topicId === id,
    );
  }

  #putAside(found: FoundPartition, id: string, topic: TopicEntry): void {
    const aside = renameAside(this.#environment, found, found.path, 'stray');
    found.root.held.forget(found, found.path);
    this.#environment.problems.add(
      new SeglogError('TOPIC_ID_MISMATCH', 'a directory belongs to another topic of that name, and was put aside', {
        ...{ file: aside, expected: topic.topicId, found: id },
        action: 'Look at it with `seglog dump`; remove it when nobody needs it',
      }),
    );
  }

  #adopt(found: FoundPartition, known: TopicEntry | undefined, id: string | undefined): void {
    const { topic: name, partition, root } = found;
    const topic = known ?? { name, topicId: id ?? randomId(), configs: ADOPTED_CONFIGS, partitions: {} };
    const directoryId = root.id ?? '';
    if (topic.partitions[partition] !== directoryId) {
      this.#topics.set(name, { ...topic, partitions: { ...topic.partitions, [partition]: directoryId } });
      this.#isChanged = true;
    }
    let partitions = this.#found.get(name);
    if (partitions === undefined) this.#found.set(name, (partitions = new Map()));
    partitions.set(partition, found);
  }
}
