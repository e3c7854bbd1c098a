/** What a new cluster's metadata log begins with, as Kafka 4.3's storage tool and its controller write it. */
import { NEW_CLUSTER_FEATURES } from './features.ts';
import { RESOURCE_TYPES } from './image.ts';
import { configValue, featureValue } from './image-records.ts';

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
