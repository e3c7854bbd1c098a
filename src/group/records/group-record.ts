/**
 * A classic group as its record has it. What members of groups of consumers subscribed to, and what they were assigned, are
 * messages of their own behind an int16 of their version: `ConsumerProtocolSubscription` and `ConsumerProtocolAssignment`.
 *
 * Source: spec, cluster 4.2 and 4.4.
 */
import { SeglogError } from '../../errors/errors.ts';
import type { TopicPartition } from '../../format/names.ts';
import { ConsumerProtocolAssignment, ConsumerProtocolSubscription } from '../../message/generated/consumer-protocol.ts';
import type { GroupMetadataValue } from '../../message/generated/group-offsets.ts';
import { readMessage } from '../../message/read.ts';
import { MessageReader } from '../../message/reader.ts';
import type { Message } from '../../message/schema.ts';
import { writeMessage } from '../../message/write.ts';
import { MessageWriter } from '../../message/writer.ts';

/** The protocol type of groups of consumers. */
export const CONSUMER_PROTOCOL = 'consumer';

/** Both messages are written in it, as Kafka 4's consumers do. */
const EMBEDDED_VERSION = 3;
const MAX_VALUES = 1_000_000;

/** A member as recorded. */
export interface MemberRecord {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly rebalanceTimeoutMs: number;
  readonly sessionTimeoutMs: number;
  /** undefined where the bytes are none of a consumer's. */
  readonly topics: readonly string[] | undefined;
  readonly assigned: readonly TopicPartition[] | undefined;
}

/** A classic group as recorded. */
export interface GroupRecord {
  readonly protocolType: string;
  readonly generation: number;
  /** The assignor; null while the group has no members. */
  readonly protocol: string | null;
  readonly leader: string | null;
  /** Since when it is in its state, milliseconds since 1970; -1 where an old broker left it out. */
  readonly currentStateTimestamp: number;
  readonly members: readonly MemberRecord[];
}

/** @throws SeglogError `TIMESTAMP_NOT_EXACT` */
export function groupRecordOf(value: GroupMetadataValue): GroupRecord {
  const { protocolType, generation, protocol, leader, currentStateTimestamp } = value;
  if (typeof currentStateTimestamp !== 'number') {
    throw new SeglogError('TIMESTAMP_NOT_EXACT', "a group's time is beyond what can be counted exactly", {
      found: currentStateTimestamp,
    });
  }
  const isConsumers = protocolType === CONSUMER_PROTOCOL;
  const members = value.members.map((member) => ({
    memberId: member.memberId,
    groupInstanceId: member.groupInstanceId,
    clientId: member.clientId,
    clientHost: member.clientHost,
    rebalanceTimeoutMs: member.rebalanceTimeout,
    sessionTimeoutMs: member.sessionTimeout,
    topics: isConsumers ? topicsOf(member.subscription) : undefined,
    assigned: isConsumers ? assignedOf(member.assignment) : undefined,
  }));
  return { protocolType, generation, protocol, leader, currentStateTimestamp, members };
}

/** The message for {@link groupRecordOf}'s record. */
export function groupValueOf(record: GroupRecord): GroupMetadataValue {
  const { members, ...rest } = record;
  return {
    ...rest,
    members: members.map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      rebalanceTimeout: member.rebalanceTimeoutMs,
      sessionTimeout: member.sessionTimeoutMs,
      subscription: subscriptionBytes(record.generation, member),
      assignment: assignmentBytes(member.assigned ?? []),
    })),
  };
}

function subscriptionBytes(generationId: number, { topics = [], assigned = [] }: MemberRecord): Uint8Array {
  const ownedPartitions = byTopic(assigned);
  const value = { topics, userData: null, ownedPartitions, generationId, rackId: null };
  return embeddedBytes(ConsumerProtocolSubscription, value);
}

function assignmentBytes(assigned: readonly TopicPartition[]): Uint8Array {
  return embeddedBytes(ConsumerProtocolAssignment, { assignedPartitions: byTopic(assigned), userData: null });
}

function byTopic(partitions: readonly TopicPartition[]): { topic: string; partitions: number[] }[] {
  const found = new Map<string, number[]>();
  for (const { topic, partition } of partitions) {
    const known = found.get(topic);
    if (known === undefined) found.set(topic, [partition]);
    else known.push(partition);
  }
  return [...found].map(([topic, numbers]) => ({ topic, partitions: numbers }));
}

function topicsOf(bytes: Uint8Array): readonly string[] | undefined {
  return embedded(ConsumerProtocolSubscription, bytes)?.topics;
}

function assignedOf(bytes: Uint8Array): readonly TopicPartition[] | undefined {
  // A member that joined last has none yet.
  if (bytes.length === 0) return [];
  return embedded(ConsumerProtocolAssignment, bytes)?.assignedPartitions.flatMap(({ topic, partitions }) =>
    partitions.map((partition) => ({ topic, partition })),
  );
}

function embeddedBytes<T>(message: Message<T>, value: T): Uint8Array {
  const writer = new MessageWriter();
  writer.int16(EMBEDDED_VERSION);
  writeMessage(message, writer, value, EMBEDDED_VERSION);
  return writer.bytes;
}

/** Newer versions only add fields behind the known ones: what follows is passed over. */
function embedded<T>(message: Message<T>, bytes: Uint8Array): T | undefined {
  try {
    const reader = new MessageReader(bytes);
    reader.valuesLeft = MAX_VALUES;
    const version = Math.min(reader.int16(), message.versions[1]);
    return readMessage(message, reader, version);
  } catch (error) {
    if (error instanceof SeglogError) return undefined;
    throw error;
  }
}
