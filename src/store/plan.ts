/**
 * What is to become of each directory that is found in the log directories, by its name and its topic id.
 *
 * Directories with an id are looked at before those without one, which never had a record or were opened alone: the id of an
 * unknown topic is in any of its directories. Those whose id cannot be read come last: no topic is made from them.
 *
 * An id is that of one topic. Directories of a name that is not known, and of which one has the id of another topic, are a copy of
 * that one's: no topic is made from them. Where no name is known nobody can tell which one is the copy, and none is.
 */
import { join } from 'node:path';
import { SeglogError } from '../errors/errors.ts';
import { PARTITION_FILES, SUFFIXES } from '../format/names.ts';
import { parsePartitionMetadata } from '../format/partition-metadata.ts';
import type { TopicEntry } from '../format/topics-file.ts';
import type { FileSystem } from '../fs/contract.ts';
import type { StoreEnvironment } from './environment.ts';
import { MAX_NEW_PARTITIONS } from './new-partitions.ts';
import type { FoundPartition } from './store-directory.ts';
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

/** So much of a .log is looked at for anything but zeros. */
const LOOK_BYTES = 64 * 1024;

/** Directories of partitions, by topic and number. */
export type FoundByTopic = ReadonlyMap<string, ReadonlyMap<number, FoundPartition>>;

/** A directory of another topic of that name than the one that is known, or was. */
export interface Leftover {
  readonly found: FoundPartition;
  /** Whose the place is. */
  readonly expected: string;
  readonly id: string;
}

/** What is to become of each directory. Changes nothing but itself. */
export class Plan {
  /** Those that are known from now on. */
  readonly topics: Map<string, TopicEntry>;
  /** The partitions that are there. */
  readonly found: Map<string, Map<number, FoundPartition>> = new Map();
  /** Those of deleted topics. */
  readonly deleted: FoundPartition[] = [];
  /** Those that are to be put aside. */
  readonly strays: Leftover[] = [];
  /** Those of which nobody can tell what they are. */
  readonly unknown: FoundPartition[] = [];
  /** Whether topics are other ones than those that were known. */
  isChanged = false;
  readonly #environment: StoreEnvironment;
  readonly #deleting: TopicsContent['deleting'];
  readonly #known: ReadonlyMap<string, TopicEntry>;
  readonly #removed: ReadonlySet<string>;
  /** Whose id the directories of a name have that are a copy, by that name. */
  readonly #copies: ReadonlyMap<string, string>;
  /** How many directories of a name there are. */
  readonly #counts = new Map<string, number>();

  /**
   * @param removed - ids of topics that were deleted, of which nothing is to be left
   * @throws SeglogError `DUPLICATE_PARTITION`
   */
  constructor(
    environment: StoreEnvironment,
    known: TopicsContent | undefined,
    live: readonly FoundPartition[],
    removed: ReadonlySet<string> = new Set(),
  ) {
    this.#environment = environment;
    this.#deleting = known?.deleting ?? [];
    this.#removed = removed;
    this.topics = this.#distinct(known?.topics ?? []);
    this.#known = new Map(this.topics);
    for (const { topic } of live) this.#counts.set(topic, (this.#counts.get(topic) ?? 0) + 1);
    const read = live.filter((found) => this.#isPossible(found)).map((found) => this.#withId(found));
    this.#copies = this.#copiesIn(read);
    for (const { found, id } of read) if (id !== undefined) this.#place(found, id);
    for (const { found, id, problem } of read) {
      if (id === undefined && problem === undefined) this.#placeWithoutId(found);
    }
    for (const { found, problem } of read) if (problem !== undefined) this.#placeUnread(found, problem);
    for (const topic of this.topics.values()) this.#fill(topic);
  }

  /** Topics by name. Earlier versions may have written down a copy of a topic's directories as another topic of that id. */
  #distinct(topics: readonly TopicEntry[]): Map<string, TopicEntry> {
    const byId = new Map<string, TopicEntry>();
    for (const topic of topics) {
      const other = byId.get(topic.topicId);
      if (other === undefined) {
        byId.set(topic.topicId, topic);
        continue;
      }
      this.isChanged = true;
      this.#environment.problems.add(
        new SeglogError('TOPIC_ID_MISMATCH', `the topic ${topic.name} is given up: it has the id of another topic`, {
          ...{ expected: 'an id of its own', found: `${topic.topicId}, which ${other.name} has` },
        }),
      );
    }
    return new Map([...byId.values()].map((topic) => [topic.name, topic]));
  }

  #copiesIn(read: readonly { readonly found: FoundPartition; readonly id?: string }[]): Map<string, string> {
    const names = new Map<string, Set<string>>();
    for (const { name, topicId } of this.topics.values()) names.set(topicId, new Set([name]));
    for (const { found, id } of read) {
      // One with another id than its topic is put aside, and nobody's copy.
      if (id === undefined || (this.topics.get(found.topic)?.topicId ?? id) !== id) continue;
      names.set(id, (names.get(id) ?? new Set()).add(found.topic));
    }
    const copies = new Map<string, string>();
    for (const [id, alike] of names) {
      for (const name of alike.size > 1 ? alike : []) if (!this.topics.has(name)) copies.set(name, id);
    }
    return copies;
  }

  #passOverCopy(found: FoundPartition, id: string): void {
    const known = [...this.topics.values()].find(({ topicId }) => topicId === id)?.name;
    this.#environment.problems.add(
      new SeglogError('TOPIC_ID_MISMATCH', 'passed over: directories of two topics have one id', {
        file: found.path,
        expected: known === undefined ? 'one topic with the id' : `the id with ${known} alone`,
        found: id,
        action: `One is a copy of the other: move ${known === undefined ? 'the one that is' : 'this one'} out of the log directory`,
      }),
    );
    found.root.passOver();
    this.unknown.push(found);
  }

  /** A number far above all others would make a topic of as many partitions. */
  #isPossible(found: FoundPartition): boolean {
    const { topic, partition, path, root } = found;
    const known = this.topics.get(topic)?.partitions ?? {};
    if (known[partition] !== undefined) return true;
    const most = Object.keys(known).length + (this.#counts.get(topic) ?? 0) + MAX_NEW_PARTITIONS;
    if (partition < most) return true;
    this.#environment.problems.add(
      new SeglogError('INVALID_PARTITIONS', 'passed over: the topic has far fewer partitions', {
        ...{ file: path, expected: `a number below ${most}`, found: partition },
      }),
    );
    root.passOver();
    return false;
  }

  /**
   * Partitions are numbered from 0 without a gap: keys are spread by how many there are, and Kafka takes no others. What lies lower
   * than a directory and is nowhere was in a log directory that is lost; it is made anew, where that directory is.
   */
  #fill(topic: TopicEntry): void {
    const numbers = Object.keys(topic.partitions).map(Number);
    const count = numbers.reduce((most, number) => Math.max(most, number + 1), 0);
    const found = [...(this.found.get(topic.name)?.values() ?? [])];
    if (count === numbers.length || found.length === 0) return;
    const place = found.reduce((last, one) => (one.partition > last.partition ? one : last)).root.id ?? '';
    const missing = Array.from({ length: count }, (_, number) => number).filter(
      (number) => topic.partitions[number] === undefined,
    );
    const made = Object.fromEntries(missing.map((number) => [number, place]));
    this.topics.set(topic.name, { ...topic, partitions: { ...topic.partitions, ...made } });
    this.isChanged = true;
  }

  /** Its partition is offline for this reason when it is opened. A topic that nobody knows is not made from it. */
  #placeUnread(found: FoundPartition, problem: unknown): void {
    const topic = this.topics.get(found.topic);
    if (topic !== undefined && this.#deletedAs(found) === undefined) return this.#adopt(found, topic, undefined);
    this.#environment.problems.add(problem);
    found.root.passOver();
    this.unknown.push(found);
  }

  #withId(found: FoundPartition): { found: FoundPartition; id?: string; problem?: unknown } {
    const file = join(found.path, PARTITION_FILES.metadata);
    try {
      const bytes = this.#environment.fs.readSmall(file);
      if (bytes === undefined) return { found };
      return { found, id: parsePartitionMetadata(new TextDecoder().decode(bytes), file).topicId };
    } catch (problem) {
      return { found, problem };
    }
  }

  #place(found: FoundPartition, id: string): void {
    const topic = this.topics.get(found.topic);
    const deletion = this.#deleting.find(({ topicId }) => topicId === id);
    const isOfIt = deletion?.name === found.topic && deletion.directories.includes(found.root.id ?? '');
    const copyOf = this.#copies.get(found.topic);
    if (isOfIt) this.deleted.push(found);
    // In this log directory the deletion was done, or it is a copy: somebody has put the directory there.
    else if (deletion !== undefined) this.strays.push({ found, expected: 'none: the topic was deleted', id });
    else if (this.#removed.has(id)) this.strays.push({ found, expected: 'none: the topic was deleted', id });
    else if (copyOf !== undefined) this.#passOverCopy(found, copyOf);
    else if (this.#isUnfinished(found, id)) this.deleted.push(found);
    else if (topic === undefined || topic.topicId === id) this.#adopt(found, topic, id);
    else this.strays.push({ found, expected: topic.topicId, id });
  }

  #placeWithoutId(found: FoundPartition): void {
    const deleted = this.#deletedAs(found);
    const copyOf = this.#copies.get(found.topic);
    if (deleted === undefined && copyOf !== undefined) this.#passOverCopy(found, copyOf);
    else if (deleted === undefined && this.#isUnfinished(found)) this.deleted.push(found);
    else if (deleted === undefined) this.#adopt(found, this.topics.get(found.topic), undefined);
    else if (this.#mayHaveRecords(found.path)) {
      this.strays.push({ found, expected: deleted.topicId, id: 'none, but records: it came from elsewhere' });
    } else this.deleted.push(found);
  }

  /**
   * Which deletion a directory without an id is of: one that is not done in its log directory. Its name says enough, unless
   * a topic of that name that was made since has this very directory.
   */
  #deletedAs({ topic, partition, root: { id = '' } }: FoundPartition): TopicsContent['deleting'][number] | undefined {
    if (this.topics.get(topic)?.partitions[partition] === id) return undefined;
    return this.#deleting.find(({ name, directories }) => name === topic && directories.includes(id));
  }

  /**
   * Directories of added partitions are made before the metadata log says that there are more: without records, one that it does not
   * know is what a crash has left of that.
   */
  #isUnfinished({ topic, partition, path }: FoundPartition, id?: string): boolean {
    const known = this.#known.get(topic);
    if (known === undefined || known.partitions[partition] !== undefined) return false;
    return (id === undefined || known.topicId === id) && !this.#mayHaveRecords(path);
  }

  /** A directory of a store's own gets its id with its first record: what has records and no id came from elsewhere. */
  #mayHaveRecords(path: string): boolean {
    const { fs } = this.#environment;
    try {
      return fs.list(path).some((name) => name.endsWith(SUFFIXES.log) && beginsWithRecords(fs, join(path, name)));
    } catch {
      return true;
    }
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

/** Whether there is more than the space that was set aside for records, which is zeros. */
function beginsWithRecords(fs: FileSystem, path: string): boolean {
  const file = fs.open(path, 'read');
  try {
    const bytes = new Uint8Array(Math.min(file.sizeBytes(), LOOK_BYTES));
    return bytes.subarray(0, file.read(bytes, 0, bytes.length, 0)).some((byte) => byte !== 0);
  } finally {
    file.close();
  }
}
