/** What keeps log directories from changing hands. Each check gives all that it finds. */
import { join } from 'node:path';
import type { LogConfig } from '../config/log-config.ts';
import { SeglogError } from '../errors/errors.ts';
import { CONTROL_TYPES } from '../format/control-record.ts';
import { METADATA_DIRECTORY, PARTITION_FILES, type TopicPartition } from '../format/names.ts';
import type { MetadataImage, TopicImage } from '../metadata/image.ts';
import { VotersRecord } from '../message/generated/control.ts';
import type { PartitionRecord } from '../message/generated/metadata-topics.ts';
import { readMessage } from '../message/read.ts';
import { MessageReader } from '../message/reader.ts';
import { isKafkaTrue, kafkaRefuses, refusedByBrokers } from './kafka-configs.ts';
import { type Endpoint, pathProblem } from './server-properties.ts';
import type { Survey, SurveyedPartition } from './survey.ts';

const REMOTE_STORAGE = 'remote.storage.enable';

/** Of a voter that has none: it was a static one. */
const NO_DIRECTORY = 'AAAAAAAAAAAAAAAAAAAAAA';

/** How whoever had them last is made to stop clean. */
const CLOSE_STORE = 'Open it once with `seglog store run`, which recovers it, and stop that with Ctrl-C';
const CLOSE_BROKER =
  'Start that Kafka on it once more, and stop it with kafka-server-stop.sh. If it was an adoption that was killed, `seglog store run` recovers it as well; stop that with Ctrl-C';

/** That the last who had the directories stopped clean. */
export function* checkClosed(
  { directories, replayed, nodeId }: Survey,
  by: 'store' | 'broker',
): Generator<SeglogError, void> {
  const action = by === 'store' ? CLOSE_STORE : CLOSE_BROKER;
  const registered = nodeId === undefined ? undefined : replayed?.image.brokers.get(nodeId);
  for (const { path, isMarked, markedEpoch } of directories) {
    if (!isMarked) {
      yield new SeglogError('RECOVERY_REFUSED', `the log directory was not closed clean by its last ${by}`, {
        ...{ file: path, expected: 'the mark .kafka_cleanshutdown', found: 'none', action },
      });
    } else if (by === 'store' && markedEpoch === undefined && registered !== undefined) {
      // A broker would take the stop for an unclean one, and elect itself leader as after a loss.
      yield new SeglogError(
        'RECOVERY_REFUSED',
        'the mark of a clean stop does not say which life of the broker it ended',
        {
          ...{ file: path, expected: `broker epoch ${registered.brokerEpoch}`, found: 'none', action },
        },
      );
    } else if (
      markedEpoch !== undefined &&
      registered !== undefined &&
      BigInt(markedEpoch) !== BigInt(registered.brokerEpoch)
    ) {
      yield new SeglogError(
        'DIRECTORY_MISMATCH',
        'the mark of a clean stop is of another life of the broker than the metadata log',
        {
          ...{ file: path, expected: `broker epoch ${registered.brokerEpoch}`, found: markedEpoch },
          action: `One of them is from a copy. ${action}`,
        },
      );
    }
  }
}

/** That the metadata log says something, and all of the node's log directories are given. */
export function* checkMetadata(survey: Survey): Generator<SeglogError, void> {
  const { directories, replayed, nodeId, metadataRoot } = survey;
  if (replayed === undefined || nodeId === undefined) return;
  const { image } = replayed;
  if (image.metadataVersion === undefined) {
    yield new SeglogError('DIRECTORY_MISMATCH', `the metadata log in ${METADATA_DIRECTORY} says nothing yet`, {
      file: metadataRoot?.path ?? '',
      action: CLOSE_STORE,
    });
  }
  yield* checkVoter(survey);
  const given = new Set(directories.map(({ identity }) => identity?.directoryId));
  // One in which nothing lies may have been given up: a broker registers those that it starts with.
  const used = new Set([...partitionsOf(image)].flatMap(([, partition]) => partition.directories));
  for (const id of image.brokers.get(nodeId)?.logDirs ?? []) {
    if (given.has(id) || !used.has(id)) continue;
    yield new SeglogError('DIRECTORY_MISMATCH', 'a log directory of the node is not among those given', {
      ...{ expected: `directory.id ${id}`, found: [...given].join(', ') },
      action: 'Give all log directories of the node; each has its id in meta.properties',
    });
  }
}

/**
 * Where voters are dynamic, the controller votes for its log directory: one with another `directory.id` waits for a leader for ever, and
 * says nothing.
 */
function* checkVoter({ replayed, metadataRoot }: Survey): Generator<SeglogError, void> {
  const own = metadataRoot?.identity?.directoryId;
  for (const { type, value } of replayed?.voters ?? []) {
    if (type !== CONTROL_TYPES.kraftVoters) continue;
    for (const { voterDirectoryId } of readMessage(VotersRecord, new MessageReader(value), 0).voters) {
      if (voterDirectoryId === own || voterDirectoryId === NO_DIRECTORY) continue;
      yield new SeglogError('DIRECTORY_MISMATCH', 'the voter of the metadata log is in another log directory', {
        ...{ file: metadataRoot?.path ?? '', expected: `directory.id ${voterDirectoryId}`, found: own ?? 'none' },
        action: `Move ${METADATA_DIRECTORY} back to where it was, add that directory to Kafka's log.dirs, start and stop that Kafka, and give it with the others`,
      });
    }
  }
}

/** That directories and metadata tell of the same partitions: a broker puts others aside, and makes what is missing anew. */
export function* checkPartitions({ directories, replayed }: Survey): Generator<SeglogError, void> {
  if (replayed === undefined) return;
  const { image } = replayed;
  const found = new Map<string, SurveyedPartition>();
  for (const partition of directories.flatMap(({ partitions }) => partitions)) {
    const name = nameOf(partition);
    const other = found.get(name);
    if (other !== undefined) yield duplicate(partition, other);
    else found.set(name, partition);
    yield* checkKnown(image, partition);
  }
  for (const [topic, partition] of partitionsOf(image)) {
    const name = `${topic.name}-${partition.partitionId}`;
    if (found.has(name)) continue;
    yield new SeglogError('DIRECTORY_MISMATCH', `${name} is in the metadata log, and its directory is nowhere`, {
      expected: `a directory ${name} in one of ${directories.map(({ path }) => path).join(', ')}`,
      action: 'Give all log directories of the node, or delete the topic: a broker would make it anew, empty',
    });
  }
}

function* checkKnown(image: MetadataImage, partition: SurveyedPartition): Generator<SeglogError, void> {
  const { topic, path, topicId, partition: number } = partition;
  const known = image.topics.get(topic);
  const original = topicId === undefined ? undefined : image.topicById(topicId);
  const action =
    original === undefined || original === known
      ? 'A broker would rename it to -stray: move it out of the log directory, or let a store open it'
      : `It has the id of the topic ${original.name}, and is a copy of that one's: move it out of the log directory`;
  if (known?.partitions.has(number) !== true) {
    yield new SeglogError(
      'DIRECTORY_MISMATCH',
      'there is a directory of a partition that the metadata log does not have',
      {
        ...{ file: path, action },
      },
    );
  } else if (topicId !== undefined && topicId !== known.topicId) {
    yield new SeglogError('TOPIC_ID_MISMATCH', 'a directory is of another topic of that name', {
      ...{ file: path, expected: known.topicId, found: topicId, action },
    });
  }
}

function duplicate({ path }: SurveyedPartition, other: SurveyedPartition): SeglogError {
  return new SeglogError('DUPLICATE_PARTITION', 'two log directories have the same partition', {
    ...{ file: path, expected: `only ${other.path}`, found: 'this one as well' },
    action: 'Move away the one that is not to count',
  });
}

/** What a broker needs besides: it would end at its start otherwise. */
export function* checkForKafka({ directories, replayed }: Survey): Generator<SeglogError, void> {
  for (const { path, partitions } of directories) {
    const problem = pathProblem(path);
    if (problem !== undefined) yield problem;
    for (const partition of partitions) {
      if (partition.topicId === undefined && !partition.isEmpty) yield withoutTopicId(partition);
    }
  }
  if (replayed === undefined) return;
  for (const topic of replayed.image.topics.values()) {
    const { name } = topic;
    yield* checkNumbers(topic);
    for (const [key, value] of replayed.image.topicConfig(name)) {
      const expected = kafkaRefuses(key, value);
      if (expected === undefined) continue;
      yield new SeglogError('INVALID_CONFIG', `Kafka does not take ${key} of the topic ${name}, and would not start`, {
        ...{ expected, found: JSON.stringify(value) },
        action: `Alter it: \`seglog topics alter ${name} --config ${key}=...\`, or with --delete-config ${key}`,
      });
    }
    if (isKafkaTrue(replayed.image.topicConfig(name).get(REMOTE_STORAGE))) yield remote(name);
  }
}

/** Clients count partitions, and ask for those below the count. */
function* checkNumbers({ name, partitions }: TopicImage): Generator<SeglogError, void> {
  for (let number = 0; number < partitions.size; number++) {
    if (partitions.has(number)) continue;
    yield new SeglogError('DIRECTORY_MISMATCH', `the topic ${name} has no partition ${number}, but later ones`, {
      action: 'Open it once with `seglog store run`, which makes it anew, empty, and stop that with Ctrl-C',
    });
    return;
  }
}

/** How a broker is to be set up: see `HandoverOptions`. */
interface Setup {
  readonly listener: Endpoint;
  readonly controllerListener: Endpoint;
  readonly defaults: Partial<LogConfig>;
}

/** That a broker would not end at its start for what it is set up with. */
export function* checkSetup({ listener, controllerListener, defaults }: Setup): Generator<SeglogError, void> {
  for (const { host } of [listener, controllerListener]) {
    if (!isWildcard(host)) continue;
    yield new SeglogError(
      'INVALID_ARGUMENT',
      'a listener is on all addresses, which is none that clients could be told',
      {
        ...{ expected: 'the name or address by which the broker is reached', found: host },
        action:
          'Name that one. To listen on all of them change `listeners` in the file that is written, and add `advertised.listeners`',
      },
    );
  }
  if (listener.port === controllerListener.port) {
    yield new SeglogError('INVALID_ARGUMENT', 'both listeners of the broker have the same port', {
      ...{ expected: 'two ports', found: listener.port, action: 'Give another one: --listener, --controller-listener' },
    });
  }
  for (const { name, value, expected } of refusedByBrokers(defaults)) {
    yield new SeglogError('INVALID_CONFIG', `Kafka does not take ${name} for all topics, and would not start`, {
      ...{ expected, found: JSON.stringify(value), action: 'Give another value, or leave it out' },
    });
  }
}

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || /^\[[0:]+\]$/.test(host);
}

/** A broker takes it for one that never had a record: it puts it aside, and makes the partition anew. */
function withoutTopicId({ path }: SurveyedPartition): SeglogError {
  return new SeglogError(
    'DIRECTORY_MISMATCH',
    `a partition has no ${PARTITION_FILES.metadata}: a broker would rename it to -stray`,
    {
      file: join(path, PARTITION_FILES.metadata),
      action: 'Open it once with `seglog store run`, which writes that file, and stop that with Ctrl-C',
    },
  );
}

/** What a store could not serve. */
export function* checkForStore({ replayed }: Survey): Generator<SeglogError, void> {
  for (const { name } of replayed?.image.topics.values() ?? []) {
    if (isKafkaTrue(replayed?.image.topicConfig(name).get(REMOTE_STORAGE))) yield remote(name);
  }
}

function remote(topic: string): SeglogError {
  return new SeglogError('INVALID_CONFIG', `a part of the topic ${topic} is in remote storage`, {
    ...{ expected: `${REMOTE_STORAGE}=false`, found: 'true' },
    action: `Bring it back in Kafka first, or delete the topic there`,
  });
}

/** The name of a partition's directory. */
function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`;
}

/** All partitions of all topics. */
export function* partitionsOf(image: MetadataImage): Generator<readonly [TopicImage, PartitionRecord], void> {
  for (const topic of image.topics.values())
    for (const partition of topic.partitions.values()) yield [topic, partition];
}

/** Where partitions lie, by the names of their directories. */
export function placesOf({ directories }: Survey): ReadonlyMap<string, SurveyedPartition> {
  return new Map(directories.flatMap(({ partitions }) => partitions.map((one) => [nameOf(one), one] as const)));
}
