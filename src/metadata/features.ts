/**
 * Features of a cluster and their levels: what a Kafka 4.3 writes into a new metadata log, and what is understood here.
 *
 * Source: Kafka 4.3.1's `Feature` and `MetadataVersion`, and the `bootstrap.checkpoint` that its storage tool writes.
 */
import { SeglogError } from '../errors/errors.ts';

/** The feature by which all others are understood. */
export const METADATA_VERSION = 'metadata.version';

/** The feature by which partitions know who may lead besides those in sync. */
export const ELIGIBLE_REPLICAS = 'eligible.leader.replicas.version';

/** What a new cluster has. `kraft.version` is not among them: 0, static voters, is not written down. */
export const NEW_CLUSTER_FEATURES: readonly (readonly [name: string, level: number])[] = [
  [METADATA_VERSION, 30],
  [ELIGIBLE_REPLICAS, 1],
  ['group.version', 1],
  ['share.version', 1],
  ['streams.version', 1],
  ['transaction.version', 2],
];

/** The highest level of each that is known. */
const MAX_LEVELS: ReadonlyMap<string, number> = new Map([...NEW_CLUSTER_FEATURES, ['kraft.version', 1]]);
/** Below it there was ZooKeeper, or no directory ids. */
const MIN_METADATA_VERSION = 7;
/** 3.7-IV2: partitions say their log directories. */
const WITH_DIRECTORIES = 17;
/** 4.0-IV1: partitions say their eligible leader replicas. */
const WITH_ELIGIBLE_REPLICAS = 23;

/** @throws SeglogError `UNSUPPORTED_VERSION` for a feature or a level that is not known */
export function checkFeature(name: string, level: number): void {
  const most = MAX_LEVELS.get(name);
  const least = name === METADATA_VERSION ? MIN_METADATA_VERSION : 0;
  if (level === 0 && name !== METADATA_VERSION) return;
  if (most !== undefined && level >= least && level <= most) return;
  throw new SeglogError('UNSUPPORTED_VERSION', `the cluster has a level of ${name} that is not known here`, {
    expected: most === undefined ? 'no such feature' : `${least} to ${most}`,
    found: level,
    action: 'Use a seglog that knows it, or lower it with kafka-features.sh in the cluster that raised it',
  });
}

/** Whether it knows in which log directories partitions are, and which ones a broker has. */
export function hasDirectories(metadataVersion: number): boolean {
  return metadataVersion >= WITH_DIRECTORIES;
}

/** The version in which a cluster of that `metadata.version` writes `PartitionRecord` and `PartitionChangeRecord`. */
export function partitionRecordVersion(metadataVersion: number): number {
  if (metadataVersion >= WITH_ELIGIBLE_REPLICAS) return 2;
  return hasDirectories(metadataVersion) ? 1 : 0;
}
