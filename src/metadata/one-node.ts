/**
 * Whether a metadata log is this node's alone. A store is controller and broker in one: a log that others vote on, or of whose
 * partitions others have copies, is not its to write.
 */
import { join } from 'node:path';
import { SeglogError } from '../errors/errors.ts';
import { QUORUM_STATE } from '../format/names.ts';
import { parseQuorumState, type QuorumState } from '../format/quorum-state.ts';
import type { FileSystem } from '../fs/contract.ts';
import type { ReplayedMetadata } from './replay.ts';

/** A file of one line. */
const MAX_QUORUM_STATE_BYTES = 64 * 1024;
const NOBODY = -1;

/** Cluster and node. */
export interface MetadataOwner {
  readonly clusterId: string;
  readonly nodeId: number;
}

/** The `quorum-state` in the metadata log's directory. @throws SeglogError `CORRUPT_CHECKPOINT`, `UNSUPPORTED_VERSION`, `IO` */
export function readQuorumState(fs: FileSystem, directory: string): QuorumState | undefined {
  const path = join(directory, QUORUM_STATE);
  const bytes = fs.readSmall(path, MAX_QUORUM_STATE_BYTES);
  return bytes === undefined ? undefined : parseQuorumState(bytes, path);
}

/** @throws SeglogError `DIRECTORY_MISMATCH` naming the file that says something else */
export function checkOneNode(
  directory: string,
  replayed: ReplayedMetadata,
  quorum: QuorumState | undefined,
  { clusterId, nodeId }: MetadataOwner,
): void {
  const { image, voterIds } = replayed;
  const foreign = (what: string, expected: string | number, found: string | number, file: string): SeglogError =>
    new SeglogError('DIRECTORY_MISMATCH', `the metadata log is of another cluster or node: ${what}`, {
      ...{ file, expected, found },
      action:
        'A store is a cluster of one node. Open the directory with the cluster that it belongs to; nothing was changed',
    });
  const other = (id: number): boolean => id !== nodeId;
  if (quorum !== undefined) {
    const file = join(directory, QUORUM_STATE);
    const { leaderId, votedId, clusterId: itsCluster, currentVoters } = quorum;
    const ids = [leaderId, votedId, ...(currentVoters ?? [])].filter((id) => id !== NOBODY);
    const strange = ids.find(other);
    if (strange !== undefined) throw foreign('it knows another voter', nodeId, strange, file);
    if (itsCluster !== undefined && itsCluster !== '' && itsCluster !== clusterId) {
      throw foreign('it has another cluster id', clusterId, itsCluster, file);
    }
  }
  const voter = [...voterIds].find(other);
  if (voter !== undefined) throw foreign('another node votes', nodeId, voter, directory);
  const broker = [...image.brokers.keys()].find(other);
  if (broker !== undefined) throw foreign('another broker is registered', nodeId, broker, directory);
  for (const { name, partitions } of image.topics.values()) {
    for (const { partitionId, replicas } of partitions.values()) {
      if (replicas.length === 1 && replicas[0] === nodeId) continue;
      throw foreign(`${name}-${partitionId} has other replicas`, nodeId, replicas.join(', '), directory);
    }
  }
}
