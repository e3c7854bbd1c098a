/**
 * All that the metadata log says up to a point. Topics, configurations, features and brokers are kept by what they mean; of what
 * concerns neither a store nor its handing over (quotas, access rules, credentials, tokens) the last record of each subject is
 * kept as it is, so that a snapshot has it again.
 *
 * Source: spec, cluster 3.2, Kafka's `MetadataImage` and `MetadataDelta`.
 */
import { SeglogError } from '../errors/errors.ts';
import { checkTopicName } from '../format/names.ts';
import type { FeatureLevelRecord } from '../message/generated/metadata-log.ts';
import type {
  BrokerRegistrationChangeRecord,
  FenceBrokerRecord,
  RegisterBrokerRecord,
  RegisterControllerRecord,
  UnfenceBrokerRecord,
  UnregisterBrokerRecord,
} from '../message/generated/metadata-nodes.ts';
import type {
  ClearElrRecord,
  ConfigRecord,
  PartitionChangeRecord,
  PartitionRecord,
  RemoveTopicRecord,
  TopicRecord,
} from '../message/generated/metadata-topics.ts';
import { mergedBroker } from './brokers.ts';
import { checkFeature, METADATA_VERSION } from './features.ts';
import { KeptRecords } from './kept-records.ts';
import { clearedPartition, mergedPartition } from './partitions.ts';
import type { MetadataRecord } from './record.ts';
import { RECORD_TYPES } from './record-types.ts';

/** What configurations are of. */
export const RESOURCE_TYPES = { topic: 2, broker: 4 } as const;

/** A topic. */
export interface TopicImage {
  readonly name: string;
  /** 22 characters of base64url. */
  readonly topicId: string;
  /** By number. */
  readonly partitions: ReadonlyMap<number, PartitionRecord>;
}

interface MutableTopic extends TopicImage {
  readonly partitions: Map<number, PartitionRecord>;
}

/** Whose configuration, and what it says. */
export interface ResourceConfig {
  readonly resourceType: number;
  readonly resourceName: string;
  /** Names and values as they were written. */
  readonly values: ReadonlyMap<string, string>;
}

/** An image; it changes with each record that is applied. */
export class MetadataImage {
  readonly #topics = new Map<string, MutableTopic>();
  readonly #topicsById = new Map<string, MutableTopic>();
  readonly #configs = new Map<string, ResourceConfig & { readonly values: Map<string, string> }>();
  readonly #features = new Map<string, number>();
  readonly #brokers = new Map<number, RegisterBrokerRecord>();
  readonly #controllers = new Map<number, MetadataRecord>();
  readonly #removed = new Map<string, string>();
  /** What is kept as it is. */
  readonly kept: KeptRecords;

  constructor(kept: KeptRecords = new KeptRecords()) {
    this.kept = kept;
  }

  /** The same image, to be changed apart. */
  copy(): MetadataImage {
    const copy = new MetadataImage(this.kept.copy());
    for (const known of this.#topics.values()) {
      const topic = { ...known, partitions: new Map(known.partitions) };
      copy.#topics.set(topic.name, topic);
      copy.#topicsById.set(topic.topicId, topic);
    }
    for (const [key, config] of this.#configs) copy.#configs.set(key, { ...config, values: new Map(config.values) });
    for (const [name, level] of this.#features) copy.#features.set(name, level);
    for (const [id, broker] of this.#brokers) copy.#brokers.set(id, broker);
    for (const [id, controller] of this.#controllers) copy.#controllers.set(id, controller);
    for (const [id, name] of this.#removed) copy.#removed.set(id, name);
    return copy;
  }

  /** By name. */
  get topics(): ReadonlyMap<string, TopicImage> {
    return this.#topics;
  }
  /** Levels by name. */
  get features(): ReadonlyMap<string, number> {
    return this.#features;
  }
  /** By `node.id`. */
  get brokers(): ReadonlyMap<number, RegisterBrokerRecord> {
    return this.#brokers;
  }
  /** By `node.id`. */
  get controllers(): ReadonlyMap<number, MetadataRecord> {
    return this.#controllers;
  }
  /** Names by id of the topics that were removed since the last snapshot. */
  get removed(): ReadonlyMap<string, string> {
    return this.#removed;
  }
  get configs(): Iterable<ResourceConfig> {
    return this.#configs.values();
  }

  /** The level of `metadata.version`; undefined in a log that does not say it yet: nothing was ever decided in it. */
  get metadataVersion(): number | undefined {
    return this.#features.get(METADATA_VERSION);
  }

  topicById(id: string): TopicImage | undefined {
    return this.#topicsById.get(id);
  }

  /** A topic's own configuration, names and values as they were written. */
  topicConfig(name: string): ReadonlyMap<string, string> {
    return this.#configs.get(configKey(RESOURCE_TYPES.topic, name))?.values ?? new Map<string, string>();
  }

  /**
   * Takes a record over. Those that begin, end and abort a transaction are for whoever reads the log.
   *
   * @throws SeglogError `UNSUPPORTED_VERSION` for a level of a feature that is not known; `INVALID_RECORD` for a record that
   * contradicts those before it
   */
  apply(record: MetadataRecord): void {
    const { type, data } = record;
    switch (type) {
      case RECORD_TYPES.partition:
        return this.#partition(data as PartitionRecord);
      case RECORD_TYPES.partitionChange:
        return this.#partitionChange(data as PartitionChangeRecord);
      case RECORD_TYPES.topic:
        return this.#topic(data as TopicRecord);
      case RECORD_TYPES.removeTopic:
        return this.#removeTopic(data as RemoveTopicRecord);
      case RECORD_TYPES.clearElr:
        return this.#clearElr(data as ClearElrRecord);
      case RECORD_TYPES.config:
        return this.#config(data as ConfigRecord);
      case RECORD_TYPES.featureLevel:
        return this.#feature(data as FeatureLevelRecord);
      case RECORD_TYPES.registerController:
        return void this.#controllers.set((data as RegisterControllerRecord).controllerId, copied(record));
      default:
        return this.#broker(record) || this.kept.apply(record) ? undefined : passedOver();
    }
  }

  #topic({ name, topicId }: TopicRecord): void {
    // It will be part of a path.
    checkTopicName(name);
    if (this.#topicsById.has(topicId)) throw contradiction('a topic is made twice', 'a new topic id', topicId);
    const known = this.#topics.get(name);
    if (known !== undefined) throw contradiction(`the topic ${name} is made twice`, known.topicId, topicId);
    const topic: MutableTopic = { name, topicId, partitions: new Map() };
    this.#topics.set(name, topic);
    this.#topicsById.set(topicId, topic);
  }

  #removeTopic({ topicId }: RemoveTopicRecord): void {
    const { name } = this.#topicOf(topicId);
    this.#topics.delete(name);
    this.#topicsById.delete(topicId);
    this.#configs.delete(configKey(RESOURCE_TYPES.topic, name));
    this.#removed.set(topicId, name);
  }

  #partition(record: PartitionRecord): void {
    if (record.partitionId < 0) throw contradiction('a partition has no number', 'one from 0', `${record.partitionId}`);
    this.#topicOf(record.topicId).partitions.set(record.partitionId, record);
  }

  #partitionChange(change: PartitionChangeRecord): void {
    const { name, partitions } = this.#topicOf(change.topicId);
    const known = partitions.get(change.partitionId);
    if (known === undefined) {
      throw contradiction(
        `a partition of ${name} is changed that there is not`,
        'a partition',
        `${change.partitionId}`,
      );
    }
    partitions.set(change.partitionId, mergedPartition(known, change));
  }

  #clearElr({ topicName }: ClearElrRecord): void {
    for (const { name, partitions } of this.#topics.values()) {
      if (topicName !== '' && topicName !== name) continue;
      for (const [number, partition] of partitions) partitions.set(number, clearedPartition(partition));
    }
  }

  #config({ resourceType, resourceName, name, value }: ConfigRecord): void {
    const key = configKey(resourceType, resourceName);
    let resource = this.#configs.get(key);
    if (resource === undefined) {
      this.#configs.set(key, (resource = { resourceType, resourceName, values: new Map<string, string>() }));
    }
    if (value === null) resource.values.delete(name);
    else resource.values.set(name, value);
    if (resource.values.size === 0) this.#configs.delete(key);
  }

  #feature({ name, featureLevel }: FeatureLevelRecord): void {
    checkFeature(name, featureLevel);
    if (featureLevel === 0) this.#features.delete(name);
    else this.#features.set(name, featureLevel);
  }

  /** @returns whether the record is about a broker */
  #broker({ type, data }: MetadataRecord): boolean {
    if (type === RECORD_TYPES.registerBroker) {
      const broker = data as RegisterBrokerRecord;
      this.#brokers.set(broker.brokerId, broker);
    } else if (type === RECORD_TYPES.unregisterBroker) this.#brokers.delete((data as UnregisterBrokerRecord).brokerId);
    else if (type === RECORD_TYPES.fenceBroker) this.#changeBroker((data as FenceBrokerRecord).id, { fenced: 1 });
    else if (type === RECORD_TYPES.unfenceBroker) this.#changeBroker((data as UnfenceBrokerRecord).id, { fenced: -1 });
    else if (type === RECORD_TYPES.brokerRegistrationChange) {
      const change = data as BrokerRegistrationChangeRecord;
      this.#changeBroker(change.brokerId, change);
    } else return false;
    return true;
  }

  #changeBroker(id: number, change: Parameters<typeof mergedBroker>[1]): void {
    const known = this.#brokers.get(id);
    if (known === undefined) throw contradiction('a broker changes that is not registered', 'a broker', String(id));
    this.#brokers.set(id, mergedBroker(known, change));
  }

  #topicOf(topicId: string): MutableTopic {
    const topic = this.#topicsById.get(topicId);
    if (topic !== undefined) return topic;
    throw contradiction('a record is of a topic that there is not', 'the id of a topic', topicId);
  }
}

function configKey(resourceType: number, resourceName: string): string {
  return `${resourceType} ${resourceName}`;
}

/** What outlives the buffer that it was read into. */
function copied(record: MetadataRecord): MetadataRecord {
  return { ...record, bytes: Buffer.from(record.bytes) };
}

/** A no-op, or the state of a migration from ZooKeeper that is over: nothing that a snapshot needs. */
function passedOver(): void {
  return undefined;
}

function contradiction(message: string, expected: string, found: string): SeglogError {
  return new SeglogError('INVALID_RECORD', `the metadata log contradicts itself: ${message}`, {
    ...{ expected, found },
    action: 'Restore the metadata log from a copy: nothing was changed',
  });
}
