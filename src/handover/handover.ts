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
import type { FileSystem, Lock } from '../fs/contract.ts';
import { LogDirectory } from '../log/log-directory.ts';
import { ProducerIdsRecord } from '../message/generated/metadata-log.ts';
import { partitionValue } from '../metadata/image-records.ts';
import { type MetadataImage, RESOURCE_TYPES } from '../metadata/image.ts';
import { MetadataLog, SNAPSHOT_DEFAULTS } from '../metadata/metadata-log.ts';
import { encodeRecord } from '../metadata/record.ts';
import type { ReplayedMetadata } from '../metadata/replay.ts';
import {
  checkClosed,
  checkForKafka,
  checkMetadata,
  checkPartitions,
  checkSetup,
  partitionsOf,
  placesOf,
} from './checks.ts';
import { brokerConfigs } from './kafka-configs.ts';
import { whileLocked } from './locks.ts';
import { seenProducers } from './producers.ts';
import { type Endpoint, keptUnless, printServerProperties } from './server-properties.ts';
import { judgeTransactions } from './transactions.ts';
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
  /** false: it was there. */
  readonly wasWritten: boolean;
  /** Whether it says something else than would have been written: it is somebody's own, and was kept. */
  readonly differs: boolean;
  /** What the metadata log says of brokers: it counts, whatever a `server.properties` says. */
  readonly overridden: readonly Overridden[];
}

/** A configuration of which the file says one thing, and the metadata log another. */
export interface Overridden {
  readonly name: string;
  /** That counts. */
  readonly value: string;
  /** As it would be written into the file. */
  readonly written: string;
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
  // To the end: what was looked at is what is handed over.
  return whileLocked(engine, fs, paths, async (locks) => {
    const examined = examine(paths, options);
    if ('problems' in examined) return examined;
    await bringUp(examined, options, locks.get(examined.root));
    return finish(examined, options);
  });
}

/** A survey without problems. */
interface Examined {
  readonly survey: Survey;
  readonly owner: { readonly clusterId: string; readonly nodeId: number };
  readonly replayed: ReplayedMetadata;
  /** The log directory that has the metadata log. */
  readonly root: string;
  readonly values: readonly Uint8Array[];
  readonly propertiesFile: string;
  readonly properties: Uint8Array;
  /** What is in the file that is there. */
  readonly found: Uint8Array | undefined;
  readonly overridden: readonly Overridden[];
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
    ...judgeTransactions(environment, survey, producers.open).unknown,
    ...checkForKafka(survey),
    ...checkSetup(options),
  ];
  const { clusterId, nodeId, replayed, metadataRoot } = survey;
  if (problems.length > 0) return { problems };
  if (clusterId === undefined || nodeId === undefined || replayed === undefined || metadataRoot === undefined) {
    throw new SeglogError('INTERNAL', 'a survey without problems says all');
  }
  const propertiesFile = options.propertiesFile ?? join(paths[0] ?? '', SERVER_PROPERTIES);
  const defaults = keptUnless(brokerConfigs(options.defaults));
  const properties = printServerProperties({
    nodeId,
    logDirectories: paths,
    metadataDirectory: metadataRoot.path,
    hasDynamicVoters: replayed.voters.length > 0,
    listener: options.listener,
    controllerListener: options.controllerListener,
    defaults,
  });
  const brokerEpoch = Number(replayed.image.brokers.get(nodeId)?.brokerEpoch ?? -1);
  return {
    ...{ survey, replayed, propertiesFile },
    properties: new TextEncoder().encode(properties),
    found: options.fs.readSmall(propertiesFile, MAX_PROPERTIES_BYTES),
    overridden: [...overridden(replayed.image, nodeId, defaults)],
    owner: { clusterId, nodeId },
    root: metadataRoot.path,
    values: [
      ...producerIds(replayed.image, producers.nextProducerId, nodeId, brokerEpoch),
      ...places(survey, replayed.image),
    ],
  };
}

/** What `kafka-configs.sh` was told of all brokers, or of this one: that counts more than a file. */
function* overridden(
  image: MetadataImage,
  nodeId: number,
  written: ReadonlyMap<string, string>,
): Generator<Overridden, void> {
  const ofAll = saidOfBrokers(image, '');
  const ofThis = saidOfBrokers(image, String(nodeId));
  for (const [name, text] of written) {
    const value = ofThis.get(name) ?? ofAll.get(name);
    if (value !== undefined && value !== text) yield { name, value, written: text };
  }
}

/** @param broker - a `node.id`; empty: all of them */
function saidOfBrokers(image: MetadataImage, broker: string): ReadonlyMap<string, string> {
  for (const { resourceType, resourceName, values } of image.configs) {
    if (resourceType === RESOURCE_TYPES.broker && resourceName === broker) return values;
  }
  return new Map();
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

/**
 * Appends what is to be in the metadata log, as a store would: its directory is marked again when that is on the disk, or when nothing
 * of it is in the log.
 */
async function bringUp(
  { root, owner, replayed, values }: Examined,
  { engine, fs, clock }: HandoverOptions,
  lock: Lock | undefined,
): Promise<void> {
  if (values.length === 0) return;
  const held = await LogDirectory.hold(engine, fs, root, lock);
  try {
    const log = await MetadataLog.open(held, join(root, METADATA_DIRECTORY), {
      ...{ environment: { engine, fs, clock }, owner, settings: SNAPSHOT_DEFAULTS, replayed },
    });
    try {
      await log.append(values, 'Handing over');
    } finally {
      await log.close();
    }
  } finally {
    await held.giveUp();
  }
}

function finish(examined: Examined, { fs }: HandoverOptions): Handover {
  const { survey, owner, replayed, propertiesFile, properties, found } = examined;
  if (found === undefined) fs.replaceSmall(propertiesFile, properties);
  return {
    ...owner,
    directories: survey.directories.map(({ path }) => path),
    topics: replayed.image.topics.size,
    partitions: [...partitionsOf(replayed.image)].length,
    ...{ propertiesFile, wasWritten: found === undefined },
    differs: found !== undefined && Buffer.compare(found, properties) !== 0,
    overridden: examined.overridden,
  };
}
