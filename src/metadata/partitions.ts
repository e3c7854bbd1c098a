/** What is known of a partition, and how a change of it is merged into that (Kafka's `PartitionRegistration`). */
import type { PartitionChangeRecord, PartitionRecord } from '../message/generated/metadata-topics.ts';

/** In a change: the leader stays, and so does its epoch. */
const SAME_LEADER = -2;
const SAME_RECOVERY = -1;

/** A partition after a change. Every change raises the partition's epoch, and one that names a leader the leader's, too. */
export function mergedPartition(known: PartitionRecord, change: PartitionChangeRecord): PartitionRecord {
  const keepsLeader = change.leader === SAME_LEADER;
  return {
    ...known,
    isr: change.isr ?? known.isr,
    replicas: change.replicas ?? known.replicas,
    removingReplicas: change.removingReplicas ?? known.removingReplicas,
    addingReplicas: change.addingReplicas ?? known.addingReplicas,
    leader: keepsLeader ? known.leader : change.leader,
    leaderEpoch: keepsLeader ? known.leaderEpoch : known.leaderEpoch + 1,
    leaderRecoveryState:
      change.leaderRecoveryState === SAME_RECOVERY ? known.leaderRecoveryState : change.leaderRecoveryState,
    partitionEpoch: known.partitionEpoch + 1,
    directories: change.directories ?? known.directories,
    eligibleLeaderReplicas: change.eligibleLeaderReplicas ?? known.eligibleLeaderReplicas,
    lastKnownElr: change.lastKnownElr ?? known.lastKnownElr,
  };
}

/** A partition without replicas that may lead beside those in sync. */
export function clearedPartition(known: PartitionRecord): PartitionRecord {
  if ((known.eligibleLeaderReplicas ?? []).length === 0 && (known.lastKnownElr ?? []).length === 0) return known;
  return { ...known, eligibleLeaderReplicas: [], lastKnownElr: [], partitionEpoch: known.partitionEpoch + 1 };
}

/** The change that puts a partition's one replica into another log directory. */
export function movedTo(partition: PartitionRecord, directories: readonly string[]): PartitionChangeRecord {
  return {
    partitionId: partition.partitionId,
    topicId: partition.topicId,
    ...{ isr: null, leader: SAME_LEADER, replicas: null, removingReplicas: null, addingReplicas: null },
    ...{ leaderRecoveryState: SAME_RECOVERY, eligibleLeaderReplicas: null, lastKnownElr: null },
    directories,
  };
}
