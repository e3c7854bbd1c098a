/** The records that make an image again, in the order in which Kafka writes them into a snapshot, and those that make a change. */
import { FeatureLevelRecord } from '../message/generated/metadata-log.ts';
import { RegisterBrokerRecord } from '../message/generated/metadata-nodes.ts';
import { ConfigRecord, PartitionRecord, TopicRecord } from '../message/generated/metadata-topics.ts';
import { METADATA_VERSION, partitionRecordVersion } from './features.ts';
import type { MetadataImage } from './image.ts';
import { encodeRecord } from './record.ts';

/** 3.9-IV0 and 4.1-IV0 and so on raised it: a version that has all fields that the record has. */
function registerBrokerVersion({ cordonedLogDirs, logDirs }: RegisterBrokerRecord): number {
  if (cordonedLogDirs !== null) return 4;
  return logDirs.length > 0 ? 3 : 2;
}

/** The value of a partition's record, in the version that the cluster's `metadata.version` has. */
export function partitionValue(partition: PartitionRecord, metadataVersion: number): Uint8Array {
  return encodeRecord(PartitionRecord, partition, partitionRecordVersion(metadataVersion));
}

/** All records of an image. */
export function* imageRecords(image: MetadataImage): Generator<Uint8Array, void> {
  const { features, metadataVersion = 0 } = image;
  // Kafka's reader needs this one first: it says how to read the others.
  if (features.has(METADATA_VERSION)) yield featureValue(METADATA_VERSION, metadataVersion);
  for (const [name, level] of features) if (name !== METADATA_VERSION) yield featureValue(name, level);
  for (const broker of image.brokers.values()) {
    yield encodeRecord(RegisterBrokerRecord, broker, registerBrokerVersion(broker));
  }
  for (const { bytes } of image.controllers.values()) yield bytes;
  for (const { name, topicId, partitions } of image.topics.values()) {
    yield encodeRecord(TopicRecord, { name, topicId });
    for (const partition of partitions.values()) yield partitionValue(partition, metadataVersion);
  }
  for (const { resourceType, resourceName, values } of image.configs) {
    for (const [name, value] of values) yield configValue(resourceType, resourceName, name, value);
  }
  yield* image.kept.values();
}

/** The value of the record of a feature's level. */
export function featureValue(name: string, featureLevel: number): Uint8Array {
  return encodeRecord(FeatureLevelRecord, { name, featureLevel });
}

/** The value of the record of a configuration; null takes it away. */
export function configValue(
  resourceType: number,
  resourceName: string,
  name: string,
  value: string | null,
): Uint8Array {
  return encodeRecord(ConfigRecord, { resourceType, resourceName, name, value });
}
