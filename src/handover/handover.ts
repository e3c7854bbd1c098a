/**
 * `seglog handover`: log directories of a store become those of an Apache Kafka of one node.
 *
 * Nothing is converted: a store's directories are a broker's. What is to be done is to see that a broker would take all of it, and to
 * write down how it is started. Only what a store has no need to keep in its metadata log is appended to it: from which producer
 * id on Kafka may give them out, and leader epochs and places that logs were given without the store.
 */
import { join } from 'node:path';
import type { Clock } from '../clock/clock.ts';
import type { LogConfig } from '../config/log-config.ts';
import type { Engine } from '../engine/contract.ts';
import { SeglogError } from '../errors/errors.ts';
import { METADATA_DIRECTORY } from '../format/names.ts';
import type { FileSystem } from '../fs/contract.ts';
import { LogDirectory } from '../log/log-directory.ts';
import { ProducerIdsRecord } from '../message/generated/metadata-log.ts';
import { partitionValue } from '../metadata/image-records.ts';
import type { MetadataImage } from '../metadata/image.ts';
import { MetadataLog, SNAPSHOT_DEFAULTS } from '../metadata/metadata-log.ts';
import { encodeRecord } from '../metadata/record.ts';
import type { ReplayedMetadata } from '../metadata/replay.ts';
import { checkClosed, checkForKafka, checkMetadata, checkPartitions, partitionsOf, placesOf } from './checks.ts';
import { brokerConfigs } from './kafka-configs.ts';
import { whileLocked } from './locks.ts';
import { seenProducers } from './producers.ts';
import { type Endpoint, printServerProperties } from './server-properties.ts';
import { type Survey, type SurveyEnvironment, surveyDirectories } from './survey.ts';

/** The name of the file, in the first log directory: brokers pass over files that they do not know. */
const SERVER_PROPERTIES = 'server.properties';
const MAX_PROPERTIES_BYTES = 1024 * 1024;
/** As many as Kafka gives to a broker at a time. */
const PRODUCER_ID_BLOCK = 1000n;

/** What a handing over stands on, and how the broker is to be set up. */
export interface HandoverOptions {
  readonly engine: Engine;
  readonly fs: FileSystem;
  readonly clock: Clock;
  readonly listener: Endpoint;
  readonly controllerListener: Endpoint;
  /** What topics have that say nothing else. Without them their records are kept for ever. */
  readonly defaults: Partial<LogConfig>;
  /** Where the file is written. Default: `server.properties` in the first log directory. */
  readonly propertiesFile: string | undefined;
}

/** What was handed over. */
export interface Handover {
  readonly clusterId: string;
  readonly nodeId: number;
  readonly directories: readonly string[];
  readonly topics: number;
  readonly partitions: number;
  readonly propertiesFile: string;
  /** false: it was there, with the very same text. */
  readonly wasWritten: boolean;
}

/** Why directories cannot change hands: all reasons at once. */
export interface Refusal {
  /** At least one. */
  readonly problems: readonly SeglogError[];
}

/**
 * Sees that an Apache Kafka would take the directories as they are, and writes its `server.properties`. When it is refused nothing
 * was changed.
 *
 * @param paths - all log directories of the store, with links resolved
 * @throws SeglogError `LOG_LOCKED` while a store or a broker has one of them; `IO`
 */
export async function handOver(paths: readonly string[], options: HandoverOptions): Promise<Handover | Refusal> {
  const { engine, fs } = options;
  const examined = await whileLocked(engine, fs, paths, () => examine(paths, options));
  if ('problems' in examined) return examined;
  await bringUp(examined, options);
  return finish(examined, options);
}

/** A survey without problems. */
interface Examined {
  readonly survey: Survey;
  readonly owner: { readonly clusterId: string; readonly nodeId: number };
  readonly replayed: ReplayedMetadata;
  /** The directory of the metadata log, and which broker's life the marks are of. */
  readonly root: string;
  readonly brokerEpoch: number;
  readonly values: readonly Uint8Array[];
  readonly propertiesFile: string;
  readonly properties: Uint8Array;
}

function examine(paths: readonly string[], options: HandoverOptions): Examined | Refusal {
  const environment: SurveyEnvironment = options;
  const survey = surveyDirectories(environment, paths);
  const producers = seenProducers(environment, survey);
  const problems = [
    ...survey.problems,
    ...checkClosed(survey, 'store'),
    ...checkMetadata(survey),
    ...checkPartitions(survey),
    ...producers.problems,
    ...checkForKafka(survey),
  ];
  const { clusterId, nodeId, replayed, metadataRoot } = survey;
  if (problems.length > 0) return { problems };
  if (clusterId === undefined || nodeId === undefined || replayed === undefined || metadataRoot === undefined) {
    throw new SeglogError('INTERNAL', 'a survey without problems says all');
  }
  const propertiesFile = options.propertiesFile ?? join(paths[0] ?? '', SERVER_PROPERTIES);
  const properties = printServerProperties({
    nodeId,
    logDirectories: paths,
    metadataDirectory: metadataRoot.path,
    hasDynamicVoters: replayed.voters.length > 0,
    listener: options.listener,
    controllerListener: options.controllerListener,
    defaults: brokerConfigs(options.defaults),
  });
  const bytes = new TextEncoder().encode(properties);
  const other = otherProperties(options.fs, propertiesFile, bytes);
  if (other !== undefined) return { problems: [other] };
  const brokerEpoch = Number(replayed.image.brokers.get(nodeId)?.brokerEpoch ?? -1);
  return {
    ...{ survey, replayed, brokerEpoch, propertiesFile, properties: bytes },
    owner: { clusterId, nodeId },
    root: metadataRoot.path,
    values: [
      ...producerIds(replayed.image, producers.nextProducerId, nodeId, brokerEpoch),
      ...places(survey, replayed.image),
    ],
  };
}

/** What the file has that is there: it may be somebody's own. */
function otherProperties(fs: FileSystem, file: string, bytes: Uint8Array): SeglogError | undefined {
  const found = fs.readSmall(file, MAX_PROPERTIES_BYTES);
  if (found === undefined || Buffer.compare(found, bytes) === 0) return undefined;
  return new SeglogError('INVALID_ARGUMENT', 'there is another file of that name, which is not overwritten', {
    file,
    action:
      'Start Kafka with it if it is right for these directories; else move it away, or name another file with --output',
  });
}

/** From where on Kafka may give out producer ids, unless the metadata log says that. */
function* producerIds(
  image: MetadataImage,
  next: bigint,
  nodeId: number,
  brokerEpoch: number,
): Generator<Uint8Array, void> {
  if (next <= BigInt(image.kept.nextProducerId)) return;
  const nextProducerId = ((next + PRODUCER_ID_BLOCK - 1n) / PRODUCER_ID_BLOCK) * PRODUCER_ID_BLOCK;
  yield encodeRecord(ProducerIdsRecord, { brokerId: nodeId, brokerEpoch, nextProducerId });
}

/** The records of partitions that lie elsewhere than the metadata log says, or whose logs know a newer leader epoch. */
function* places(survey: Survey, image: MetadataImage): Generator<Uint8Array, void> {
  const lying = placesOf(survey);
  for (const [{ name }, partition] of partitionsOf(image)) {
    const found = lying.get(`${name}-${partition.partitionId}`);
    const id = found?.directory.identity?.directoryId;
    const leaderEpoch = Math.max(partition.leaderEpoch, found?.newestEpoch ?? 0);
    // Versions before 3.7 do not say it.
    const isThere = id === undefined || partition.directories.length === 0 || partition.directories[0] === id;
    if (isThere && leaderEpoch === partition.leaderEpoch) continue;
    const { partitionEpoch } = partition;
    const placed = { ...partition, leaderEpoch, directories: isThere ? partition.directories : [id] };
    yield partitionValue({ ...placed, partitionEpoch: partitionEpoch + 1 }, image.metadataVersion ?? 0);
  }
}

/** Appends what is to be in the metadata log, as a store would: its directory is marked again when that is on the disk. */
async function bringUp(
  { root, owner, replayed, values, brokerEpoch }: Examined,
  options: HandoverOptions,
): Promise<void> {
  if (values.length === 0) return;
  const { engine, fs, clock } = options;
  const held = await LogDirectory.hold(engine, fs, root);
  let isDone = false;
  try {
    const log = await MetadataLog.open(held, join(root, METADATA_DIRECTORY), {
      ...{ environment: { engine, fs, clock }, owner, settings: SNAPSHOT_DEFAULTS, replayed },
    });
    try {
      if (log.logEndOffset !== replayed.logEndOffset) throw changedMeanwhile(root);
      await log.append(values, 'Handing over');
      isDone = true;
    } finally {
      await log.close();
    }
  } finally {
    await held.release(isDone, brokerEpoch);
  }
}

/** A log directory is locked twice: to be looked at, and to be written to. */
function changedMeanwhile(file: string): SeglogError {
  return new SeglogError('LOG_LOCKED', 'the log directory was changed by somebody while it was looked at', {
    file,
    action: 'Stop whoever has it, and try again',
  });
}

function finish({ survey, owner, replayed, propertiesFile, properties }: Examined, { fs }: HandoverOptions): Handover {
  const wasWritten = fs.stat(propertiesFile) === undefined;
  if (wasWritten) fs.replaceSmall(propertiesFile, properties);
  return {
    ...owner,
    directories: survey.directories.map(({ path }) => path),
    topics: replayed.image.topics.size,
    partitions: [...partitionsOf(replayed.image)].length,
    ...{ propertiesFile, wasWritten },
  };
}
