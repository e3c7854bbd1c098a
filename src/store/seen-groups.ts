/** Groups of log directories that may belong to somebody else: read from their records, a partition at a time. */
import { SeglogError } from '../errors/errors.ts';
import type { TopicPartition } from '../format/names.ts';
import { describeGroup, type GroupDescription, type GroupListing, listingOf } from '../group/describe.ts';
import { loadGroups } from '../group/load.ts';
import { OFFSETS_TOPIC, partitionForGroup } from '../group/records/partition-for-group.ts';
import { type PlannedReset, planReset, type ResetTarget } from '../group/reset.ts';
import { checkOfConsumers, type StoredGroup } from '../group/state/stored-groups.ts';
import type { LogReader } from '../log/log-reader.ts';

/** A topic as it lies there. */
interface LyingTopic {
  readonly topicId: string | undefined;
  readonly count: number;
  /** @throws SeglogError `UNKNOWN_TOPIC_OR_PARTITION`, `IO` */
  log(partition: number): LogReader;
}

/** Where topics are looked up, and who is told of records that are not used. */
export interface LyingTopics {
  topic(name: string): LyingTopic | undefined;
  problem(problem: SeglogError): void;
}

/** Every group, in order. Of partitions that cannot be read it is told. */
export async function listGroups(topics: LyingTopics): Promise<GroupListing[]> {
  const offsets = topics.topic(OFFSETS_TOPIC);
  const found: GroupListing[] = [];
  for (let partition = 0; partition < (offsets?.count ?? 0); partition++) {
    for (const group of await groupsOrNone(topics, partition)) found.push(listingOf(group, undefined));
  }
  return found.sort((a, b) => (a.groupId < b.groupId ? -1 : 1));
}

async function groupsOrNone(topics: LyingTopics, partition: number): Promise<Iterable<StoredGroup>> {
  try {
    return (await groupsIn(topics, partition)).values();
  } catch (error) {
    if (!(error instanceof SeglogError)) throw error;
    topics.problem(error);
    return [];
  }
}

/** @throws SeglogError (as a rejection) `GROUP_ID_NOT_FOUND` */
export async function describeSeenGroup(topics: LyingTopics, id: string): Promise<GroupDescription> {
  const { group, partition } = await groupOf(topics, id);
  if (group === undefined) {
    throw new SeglogError('GROUP_ID_NOT_FOUND', 'there is no such group', { found: JSON.stringify(id) });
  }
  return { ...describeGroup(topics, group), coordinatorPartition: partition };
}

/** As `Group.planReset`. */
export async function planSeenReset(
  topics: LyingTopics,
  id: string,
  target: ResetTarget,
  partitions?: readonly TopicPartition[],
): Promise<PlannedReset[]> {
  const { group } = await groupOf(topics, id);
  checkOfConsumers(id, group);
  return planReset(topics, group, partitions ?? [...(group?.positions.values() ?? [])], target);
}

async function groupOf(
  topics: LyingTopics,
  id: string,
): Promise<{ readonly group: StoredGroup | undefined; readonly partition: number | undefined }> {
  const offsets = topics.topic(OFFSETS_TOPIC);
  if (offsets === undefined) return { group: undefined, partition: undefined };
  const partition = partitionForGroup(id, offsets.count);
  return { group: (await groupsIn(topics, partition)).get(id), partition };
}

async function groupsIn(topics: LyingTopics, partition: number): Promise<ReadonlyMap<string, StoredGroup>> {
  const log = topics.topic(OFFSETS_TOPIC)?.log(partition);
  if (log === undefined) return new Map();
  const name = `${OFFSETS_TOPIC}-${partition}`;
  return (await loadGroups(log, name, (problem) => topics.problem(problem))).groups;
}
