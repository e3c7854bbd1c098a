/** Topics as a store has them, and as records of the metadata log: one from the other. */
import { join } from 'node:path';
import { parseLeaderEpochs } from '../format/checkpoint.ts';
import { METADATA_TOPIC_ID, PARTITION_FILES } from '../format/names.ts';
import type { TopicEntry } from '../format/topics-file.ts';
import type { FileSystem } from '../fs/contract.ts';
import {
  type PartitionRecord,
  PartitionChangeRecord,
  RemoveTopicRecord,
  TopicRecord,
} from '../message/generated/metadata-topics.ts';
import { registeredWith } from '../metadata/brokers.ts';
import { hasDirectories, partitionRecordVersion } from '../metadata/features.ts';
import { type MetadataImage, RESOURCE_TYPES, type TopicImage } from '../metadata/image.ts';
import { configValue, partitionValue } from '../metadata/image-records.ts';
import { movedTo } from '../metadata/partitions.ts';
import { encodeRecord } from '../metadata/record.ts';
import type { StoreDirectory } from './store-directory.ts';
import { brokersValue } from './topic-config.ts';

/** `directory.id`s that are none: not assigned, lost, to be moved. Kafka's `DirectoryId`. */
const UNASSIGNED = METADATA_TOPIC_ID;
const NO_DIRECTORIES: ReadonlySet<string> = new Set([UNASSIGNED, 'AAAAAAAAAAAAAAAAAAAAAA', 'AAAAAAAAAAAAAAAAAAAAAg']);

/** The topics of an image. */
export function entriesOf(image: MetadataImage): TopicEntry[] {
  return [...image.topics.values()].map((topic) => entryOf(image, topic));
}

function entryOf(image: MetadataImage, { name, topicId, partitions }: TopicImage): TopicEntry {
  return {
    ...{ name, topicId },
    configs: Object.fromEntries(image.topicConfig(name)),
    partitions: Object.fromEntries([...partitions].map(([number, partition]) => [number, directoryOf(partition)])),
  };
}

/** Where the one replica is; empty where that is not decided. */
function directoryOf({ directories }: PartitionRecord): string {
  const [id = UNASSIGNED] = directories;
  return NO_DIRECTORIES.has(id) ? '' : id;
}

/** What records of topics are made with. */
export interface TopicRecords {
  readonly fs: FileSystem;
  readonly directories: readonly StoreDirectory[];
  readonly nodeId: number;
  readonly metadataVersion: number;
}

/**
 * The records that make of the topics that an image has those that are wanted, in the order of Kafka's controller; and the node's log
 * directories.
 */
export function topicChanges(context: TopicRecords, image: MetadataImage, wanted: readonly TopicEntry[]): Uint8Array[] {
  const values: Uint8Array[] = [];
  const names = new Map(wanted.map(({ topicId, name }) => [topicId, name]));
  for (const { name, topicId } of image.topics.values()) {
    if (names.get(topicId) !== name) values.push(encodeRecord(RemoveTopicRecord, { topicId }));
  }
  for (const entry of wanted) {
    const { name, topicId } = entry;
    const same = image.topics.get(name);
    const known = same?.topicId === topicId ? same : undefined;
    if (known === undefined) values.push(encodeRecord(TopicRecord, { name, topicId }));
    for (const value of configChanges(image, known === undefined ? undefined : name, entry)) values.push(value);
    for (const value of partitionChanges(context, known, entry)) values.push(value);
  }
  for (const value of registrationChanges(context, image, wanted)) values.push(value);
  return values;
}

/** The node is registered with the log directories that it has; with one that is not here while a partition is there. */
function* registrationChanges(
  { directories, nodeId, metadataVersion }: TopicRecords,
  image: MetadataImage,
  wanted: readonly TopicEntry[],
): Generator<Uint8Array> {
  const broker = image.brokers.get(nodeId);
  if (broker === undefined || !hasDirectories(metadataVersion)) return;
  const places = new Set(wanted.flatMap(({ partitions }) => Object.values(partitions)));
  const known = new Set(broker.logDirs);
  const ids = new Set(directories.flatMap(({ id }) => id ?? []));
  for (const id of known) if (places.has(id)) ids.add(id);
  if (ids.size === known.size && [...ids].every((id) => known.has(id))) return;
  yield registeredWith(broker, [...ids]);
}

function* configChanges(
  image: MetadataImage,
  known: string | undefined,
  { name, configs }: TopicEntry,
): Generator<Uint8Array> {
  const before = known === undefined ? new Map<string, string>() : image.topicConfig(known);
  for (const key of before.keys()) {
    if (configs[key] === undefined) yield configValue(RESOURCE_TYPES.topic, name, key, null);
  }
  for (const [key, said] of Object.entries(configs)) {
    const value = brokersValue(key, said);
    if (before.get(key) !== value) yield configValue(RESOURCE_TYPES.topic, name, key, value);
  }
}

function* partitionChanges(
  context: TopicRecords,
  known: TopicImage | undefined,
  entry: TopicEntry,
): Generator<Uint8Array> {
  const version = partitionRecordVersion(context.metadataVersion);
  for (const [number, directory] of Object.entries(entry.partitions)) {
    const partitionId = Number(number);
    const before = known?.partitions.get(partitionId);
    if (before === undefined) yield partitionValue(newPartition(context, entry, partitionId), context.metadataVersion);
    // Versions before 1 do not say where a partition is.
    else if (version > 0 && directory !== '' && directoryOf(before) !== directory) {
      yield encodeRecord(PartitionChangeRecord, movedTo(before, [directory]), version);
    }
  }
}

/** Led by this node, its one replica. */
function newPartition(
  context: TopicRecords,
  { name, topicId, partitions }: TopicEntry,
  partitionId: number,
): PartitionRecord {
  const { nodeId, directories, fs } = context;
  const directory = partitions[partitionId] ?? '';
  const root = directories.find(({ id, isOnline }) => id === directory && isOnline);
  const isAssigned = partitionRecordVersion(context.metadataVersion) > 0;
  return {
    ...{ partitionId, topicId, replicas: [nodeId], isr: [nodeId], removingReplicas: [], addingReplicas: [] },
    ...{ leader: nodeId, leaderRecoveryState: 0, partitionEpoch: 0 },
    leaderEpoch: root === undefined ? 0 : newestEpoch(fs, join(root.path, `${name}-${partitionId}`)),
    directories: isAssigned ? [directory === '' ? UNASSIGNED : directory] : [],
    ...{ eligibleLeaderReplicas: null, lastKnownElr: null },
  };
}

/** A log that was there before may have epochs: its leader's is not below them. A file that cannot be read is made anew from the log. */
function newestEpoch(fs: FileSystem, directory: string): number {
  try {
    const path = join(directory, PARTITION_FILES.leaderEpochs);
    const bytes = fs.readSmall(path);
    if (bytes === undefined) return 0;
    return Math.max(0, ...parseLeaderEpochs(new TextDecoder().decode(bytes), path).map(({ epoch }) => epoch));
  } catch {
    return 0;
  }
}
