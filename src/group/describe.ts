/** Groups as they stand, for people and programs. */
import { SeglogError } from '../errors/errors.ts';
import type { TopicPartition } from '../format/names.ts';
import { committedOf } from './positions.ts';
import type { CommittedOffset } from './records/committed-offset.ts';
import type { OtherProtocol } from './records/codec.ts';
import { CONSUMER_PROTOCOL } from './records/group-record.ts';
import type { GroupStateName } from './state/group-state.ts';
import { positionKey, type StoredGroup } from './state/stored-groups.ts';

/** Of which protocol a group is: Kafka's older one, one of the newer ones, or none, where only offsets were committed. */
export type GroupKind = 'classic' | OtherProtocol | 'simple';

/** A group in a list. */
export interface GroupListing {
  readonly groupId: string;
  readonly kind: GroupKind;
  /** `consumer` for consumers; whatever else a client said; empty where none ever did. */
  readonly protocolType: string;
  readonly state: GroupStateName;
}

/** A member as it stands. */
export interface MemberDescription {
  readonly memberId: string;
  readonly clientId: string;
  readonly topics: readonly string[];
  readonly assigned: readonly TopicPartition[];
}

/** A partition, as a group stands to it. */
export interface GroupPartition extends TopicPartition {
  /** undefined: nothing was committed. */
  readonly committed: CommittedOffset | undefined;
  /** Why what was committed cannot be used, or where the log stands cannot be told. */
  readonly problem: SeglogError | undefined;
  /** The next offset that its consumer reads; undefined where nobody has it. */
  readonly position: number | undefined;
  /** Who has it. */
  readonly memberId: string | undefined;
  readonly logStartOffset: number | undefined;
  /** Up to here, exclusive, consumers may read. */
  readonly highWatermark: number | undefined;
  readonly logEndOffset: number | undefined;
  /** How many offsets the high watermark is ahead of what was committed; undefined where either is not known. */
  readonly lag: number | undefined;
}

/** A group as it stands. */
export interface GroupDescription extends GroupListing {
  readonly generation: number;
  /** What its members share partitions by. */
  readonly assignor: string | undefined;
  /** The partition of `__consumer_offsets` that has its records. */
  readonly coordinatorPartition: number | undefined;
  readonly members: readonly MemberDescription[];
  /** What was committed, and what members have, in order. */
  readonly partitions: readonly GroupPartition[];
}

/** A log, as far as a lag needs it. */
interface MeasuredLog {
  readonly logStartOffset: number;
  readonly logEndOffset: number;
  /** undefined where only its owner knows it. */
  readonly highWatermark?: number;
}

/** Where topics are looked up. */
export interface DescribedTopics {
  topic(name: string): { readonly topicId: string | undefined; log(partition: number): MeasuredLog } | undefined;
}

/** A group that is at work here. */
interface LiveGroup {
  readonly id: string;
  readonly partition: number;
  readonly state: {
    readonly state: GroupStateName;
    readonly isEmpty: boolean;
    readonly generation: number;
    readonly assignor: string | undefined;
    readonly members: readonly MemberDescription[];
  };
  readonly members: ReadonlyMap<string, { position(partition: TopicPartition): number | undefined }>;
}

/** A group by name. */
export function listingOf(stored: StoredGroup | undefined, live: LiveGroup | undefined): GroupListing {
  const groupId = stored?.id ?? live?.id ?? '';
  if (live !== undefined && !live.state.isEmpty) {
    return { groupId, kind: 'classic', protocolType: CONSUMER_PROTOCOL, state: live.state.state };
  }
  const { record, protocol } = stored ?? {};
  // Members that are recorded went with the process that they were in.
  const state = 'Empty';
  if (protocol !== undefined) return { groupId, kind: protocol, protocolType: protocol, state };
  if (record === undefined) return { groupId, kind: 'simple', protocolType: '', state };
  return { groupId, kind: 'classic', protocolType: record instanceof Error ? '' : record.protocolType, state };
}

/** A group with its members and lags. */
export function describeGroup(
  topics: DescribedTopics,
  stored: StoredGroup | undefined,
  live?: LiveGroup,
): GroupDescription {
  const { record } = stored ?? {};
  const recorded = record instanceof Error ? undefined : record;
  const isLive = live !== undefined && !live.state.isEmpty;
  const members = isLive ? live.state.members.map(memberOf) : [];
  return {
    ...listingOf(stored, live),
    generation: isLive ? live.state.generation : (recorded?.generation ?? 0),
    assignor: isLive ? live.state.assignor : (recorded?.protocol ?? undefined),
    coordinatorPartition: live?.partition,
    members,
    partitions: partitionsOf(topics, stored, members, live),
  };
}

function memberOf({ memberId, clientId, topics, assigned }: MemberDescription): MemberDescription {
  return { memberId, clientId, topics, assigned };
}

function partitionsOf(
  topics: DescribedTopics,
  stored: StoredGroup | undefined,
  members: readonly MemberDescription[],
  live: LiveGroup | undefined,
): GroupPartition[] {
  const owners = new Map<string, string>();
  const all = new Map<string, TopicPartition>();
  for (const { memberId, assigned } of members) {
    for (const one of assigned) {
      owners.set(positionKey(one.topic, one.partition), memberId);
      all.set(positionKey(one.topic, one.partition), one);
    }
  }
  for (const { topic, partition } of stored?.positions.values() ?? []) {
    all.set(positionKey(topic, partition), { topic, partition });
  }
  return [...all.values()].sort(byName).map((one) => {
    const memberId = owners.get(positionKey(one.topic, one.partition));
    const position = memberId === undefined ? undefined : live?.members.get(memberId)?.position(one);
    return Object.assign(lagOf(topics, stored, one), {
      topic: one.topic,
      partition: one.partition,
      memberId,
      position,
    });
  });
}

function byName(a: TopicPartition, b: TopicPartition): number {
  return a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : a.partition - b.partition;
}

type Lag = Omit<GroupPartition, keyof TopicPartition | 'memberId' | 'position'>;

function lagOf(topics: DescribedTopics, stored: StoredGroup | undefined, partition: TopicPartition): Lag {
  let problem: SeglogError | undefined;
  const orProblem = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof SeglogError)) throw error;
      problem ??= error;
      return undefined;
    }
  };
  const committed = orProblem(() => committedOf(topics, stored, partition));
  const log = orProblem(() => topics.topic(partition.topic)?.log(partition.partition));
  const highWatermark = log && (log.highWatermark ?? log.logEndOffset);
  const lag = committed === undefined || highWatermark === undefined ? undefined : highWatermark - committed.offset;
  return {
    ...{ committed, problem, highWatermark, lag: lag === undefined ? undefined : Math.max(0, lag) },
    ...{ logStartOffset: log?.logStartOffset, logEndOffset: log?.logEndOffset },
  };
}
