/** What a new cluster's metadata log begins with, as Kafka 4.3's storage tool, its controller and its broker write it. */
import { RegisterBrokerRecord } from '../message/generated/metadata-nodes.ts';
import type { Offset } from '../units/units.ts';
import { NEW_CLUSTER_FEATURES } from './features.ts';
import { RESOURCE_TYPES } from './image.ts';
import { configValue, featureValue } from './image-records.ts';
import { encodeRecord } from './record.ts';

/** The name of the transaction that they are in. */
export const BOOTSTRAP: string = 'Bootstrap records';

/** The records of `bootstrap.checkpoint`. */
export function bootstrapFeatures(): Uint8Array[] {
  return NEW_CLUSTER_FEATURES.map(([name, level]) => featureValue(name, level));
}

/** Those that the log begins with: with eligible leader replicas a cluster says how many replicas must be in sync. */
export function bootstrapRecords(): Uint8Array[] {
  return [...bootstrapFeatures(), configValue(RESOURCE_TYPES.broker, '', 'min.insync.replicas', '1')];
}

/** The node as it is registered: its one broker, which is not running now. */
export interface Registration {
  readonly brokerId: number;
  /** A random uuid: it stands for one life of a broker. */
  readonly incarnationId: string;
  /** `directory.id`s. */
  readonly logDirs: readonly string[];
}

/**
 * The record that registers the broker. Its epoch is the record's own offset, and stands in the marks of a clean stop: by that a
 * broker that starts is known to be the one that stopped, and leads again what it has led.
 */
export function registerBroker(registration: Registration, offset: Offset): Uint8Array {
  const broker: RegisterBrokerRecord = {
    ...registration,
    brokerEpoch: offset,
    ...{ isMigratingZkBroker: false, endPoints: [], features: [], rack: null },
    ...{ fenced: true, inControlledShutdown: false, cordonedLogDirs: null },
  };
  return encodeRecord(RegisterBrokerRecord, broker, 3);
}
