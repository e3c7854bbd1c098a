/**
 * Brings together what is known of topics and which directories are there, when a store is opened.
 *
 *     a directory of a topic that is being deleted          its deletion goes on
 *     a directory with another topic's id                   is put aside as `-stray`, as Kafka does: nothing is deleted in doubt
 *     a directory that no topic knows                       becomes a partition of the topic that its name says
 *     a partition without a directory                       is made anew, if its log directory is here
 *
 * All of it is decided before anything is renamed. Directories with an id are looked at before those without one, which
 * never had a record or were opened alone: the id of an unknown topic is in any of its directories.
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
 * somebody says otherwise, whatever the store's own configuration is.
 */
const ADOPTED_CONFIGS: TopicEntry['configs'] = {
  'cleanup.policy': 'delete',
  'retention.bytes': '-1',
  'retention.ms': '-1',
};

/** What is to be opened, and what is known from now on. */
export interface Reconciled extends TopicsContent {
  /** Whether that is something else than what was known. */
  readonly isChanged: boolean;
  /** Directories by topic and number. */
  readonly found: FoundByTopic;
  /** Paths of directories that were renamed, to be removed. */
  readonly deleted: readonly string[];
}

type FoundByTopic = ReadonlyMap<string, ReadonlyMap<number, FoundPartition>>;

/**
 * Compares, renames what must not stay, adopts what is new.
 *
 * @throws SeglogError `DUPLICATE_PARTITION` naming both directories, and nothing was renamed; `IO`
 */
export function reconcile(
  environment: StoreEnvironment,
  known: TopicsContent | undefined,
  live: readonly FoundPartition[],
  directories: readonly StoreDirectory[],
): Reconciled {
  const plan = new Plan(environment, known, live);
  const deleted = plan.deleted.map((found) => {
    const path = renameAside(environment, found, found.path, 'delete');
    found.root.held.forget(found, found.path);
    return path;
  });
  for (const leftover of plan.strays) putAside(environment, leftover);
  const knownDeleting = known?.deleting ?? [];
  // A directory that is not here now may bring some back.
  const isWhole = directories.every(({ isOnline }) => isOnline);
  const deleting = isWhole ? [] : knownDeleting;
  return {
    topics: [...plan.topics.values()],
    deleting,
    isChanged: plan.isChanged || deleting.length !== knownDeleting.length,
    found: plan.found,
    deleted,
  };
}

/**
 * Which directories are the partitions, for somebody who changes nothing: all of them, unless some hold the same one. Of
 * those it is what a store would go on with.
 *
 * @throws SeglogError `DUPLICATE_PARTITION`
 */
export function foundByTopic(
  environment: StoreEnvironment,
  known: TopicsContent | undefined,
  live: readonly FoundPartition[],
): FoundByTopic {
  const found = new Map<string, Map<number, FoundPartition>>();
  for (const partition of live) {
    if (addTo(found, partition) !== undefined) return new Plan(environment, known, live).found;
  }
  return found;
}

/** Adds a directory, unless there is another one of that partition. @returns the other one */
function addTo(found: Map<string, Map<number, FoundPartition>>, partition: FoundPartition): FoundPartition | undefined {
  let partitions = found.get(partition.topic);
  if (partitions === undefined) found.set(partition.topic, (partitions = new Map()));
  const other = partitions.get(partition.partition);
  if (other === undefined) partitions.set(partition.partition, partition);
  return other;
}

/** A directory whose place another topic of that name has. */
interface Leftover {
  readonly found: FoundPartition;
  readonly id: string | undefined;
  readonly topic: TopicEntry;
}

function putAside(environment: StoreEnvironment, { found, id, topic }: Leftover): void {
  const aside = renameAside(environment, found, found.path, 'stray');
  found.root.held.forget(found, found.path);
  environment.problems.add(
    new SeglogError('TOPIC_ID_MISMATCH', 'a directory belongs to another topic of that name, and was put aside', {
      ...{ file: aside, expected: topic.topicId, found: id ?? 'no id, where the topic is in another log directory' },
      action: 'Look at it with `seglog dump`; remove it when nobody needs it',
    }),
  );
}

/** What is to become of each directory. Changes nothing but itself. */
class Plan {
  readonly topics: Map<string, TopicEntry>;
  readonly found = new Map<string, Map<number, FoundPartition>>();
  /** Those of deleted topics. */
  readonly deleted: FoundPartition[] = [];
  readonly strays: Leftover[] = [];
  isChanged = false;
  readonly #environment: StoreEnvironment;
  readonly #deleting: TopicsContent['deleting'];
  readonly #live: readonly FoundPartition[];

  /** @throws SeglogError `DUPLICATE_PARTITION` */
  constructor(environment: StoreEnvironment, known: TopicsContent | undefined, live: readonly FoundPartition[]) {
    this.#environment = environment;
    this.#deleting = known?.deleting ?? [];
    this.#live = live;
    this.topics = new Map((known?.topics ?? []).map((topic) => [topic.name, topic]));
    const read = live.map((found) => ({ found, ...this.#idIn(found.path) }));
    for (const { found, id } of read) if (id !== undefined) this.#place(found, id);
    for (const { found, id, problem } of read) {
      if (id !== undefined) continue;
      // Its partition is offline for this reason when it is opened. A topic that nobody knows is not made from it.
      if (problem !== undefined && !this.topics.has(found.topic)) environment.problems.add(problem);
      else if (problem === undefined && this.#isLeftBehind(found)) this.#leaveOut(found, undefined);
      else this.#place(found, undefined);
    }
  }

  #idIn(path: string): { id?: string; problem?: unknown } {
    const file = join(path, PARTITION_FILES.metadata);
    try {
      const bytes = this.#environment.fs.readSmall(file);
      return bytes === undefined ? {} : { id: parsePartitionMetadata(new TextDecoder().decode(bytes), file).topicId };
    } catch (problem) {
      return { problem };
    }
  }

  #place(found: FoundPartition, id: string | undefined): void {
    const topic = this.topics.get(found.topic);
    if (this.#isBeingDeleted(found.topic, id, topic)) this.deleted.push(found);
    else if (topic !== undefined && id !== undefined && id !== topic.topicId) this.#leaveOut(found, id);
    else this.#adopt(found, topic, id);
  }

  #leaveOut(found: FoundPartition, id: string | undefined): void {
    const topic = this.topics.get(found.topic);
    if (topic !== undefined) this.strays.push({ found, id, topic });
  }

  /** Without an id the directory never had a record: its name says enough, unless a topic of that name was made since. */
  #isBeingDeleted(name: string, id: string | undefined, topic: TopicEntry | undefined): boolean {
    return this.#deleting.some((deleted) =>
      id === undefined ? topic === undefined && deleted.name === name : deleted.topicId === id,
    );
  }

  /**
   * Whether a directory without an id is of a topic that was deleted while its log directory was away, and made again in
   * another one.
   */
  #isLeftBehind({ topic: name, partition, root }: FoundPartition): boolean {
    const place = this.topics.get(name)?.partitions[partition];
    if (place === undefined || place === root.id) return false;
    if (!this.#deleting.some((deleted) => deleted.name === name)) return false;
    return this.#live.some((other) => other.topic === name && other.partition === partition && other.root.id === place);
  }

  #adopt(found: FoundPartition, known: TopicEntry | undefined, id: string | undefined): void {
    const { topic: name, partition, root, path } = found;
    const other = addTo(this.found, found);
    if (other !== undefined) {
      throw new SeglogError('DUPLICATE_PARTITION', `two directories hold partition ${name}-${partition}`, {
        file: path,
        expected: 'one',
        found: `${other.path} and ${path}`,
        action: 'Look at both with `seglog dump`, and move the wrong one out of its log directory',
      });
    }
    const topic = known ?? { name, topicId: id ?? randomId(), configs: ADOPTED_CONFIGS, partitions: {} };
    const directoryId = root.id ?? '';
    if (topic.partitions[partition] === directoryId) return;
    this.topics.set(name, { ...topic, partitions: { ...topic.partitions, [partition]: directoryId } });
    this.isChanged = true;
  }
}
