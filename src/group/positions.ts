/** What is committed, as callers say it and are told. */
import { SeglogError } from '../errors/errors.ts';
import type { TopicPartition } from '../format/names.ts';
import type { Log } from '../log/log.ts';
import type { GroupHost, GroupTopic } from './host.ts';
import type { OffsetsEntry } from './offsets-log.ts';
import { offsetKey, offsetValue } from './records/codec.ts';
import type { CommittedOffset } from './records/committed-offset.ts';
import { positionKey, type StoredGroup, type StoredPosition } from './state/stored-groups.ts';

/** As in Kafka (`offset.metadata.max.bytes`). */
const MAX_METADATA_BYTES = 4096;

/** A position to commit: the offset of the next record to read. */
export interface PositionToCommit extends TopicPartition {
  readonly offset: number;
  /** The leader epoch of the record before it. Default -1: not known. */
  readonly leaderEpoch?: number;
  /** Text of the caller's own, at most 4096 bytes. Default empty. */
  readonly metadata?: string;
}

/**
 * The records that commit positions.
 *
 * @throws SeglogError `UNKNOWN_TOPIC_OR_PARTITION`, `INVALID_ARGUMENT`
 */
export function commitEntries(host: GroupHost, group: string, positions: readonly PositionToCommit[]): OffsetsEntry[] {
  const commitTimestamp = host.clock.now();
  return positions.map(({ topic, partition, offset, leaderEpoch = -1, metadata = '' }) => {
    const found = host.topic(topic);
    if (found === undefined || !Number.isSafeInteger(partition) || partition < 0 || partition >= found.count) {
      throw new SeglogError('UNKNOWN_TOPIC_OR_PARTITION', 'there is no such partition to commit a position of', {
        found: `${topic}-${partition}`,
      });
    }
    checkPosition(offset);
    const metadataBytes = Buffer.byteLength(metadata);
    if (metadataBytes > MAX_METADATA_BYTES) {
      throw new SeglogError('INVALID_ARGUMENT', 'the metadata of a committed position is too long', {
        expected: `at most ${MAX_METADATA_BYTES} bytes`,
        found: metadataBytes,
      });
    }
    const { topicId } = found;
    const value = { offset, leaderEpoch, metadata, commitTimestamp, expireTimestamp: -1, topicId };
    return {
      key: offsetKey(group, topic, partition),
      value: offsetValue(value, topicId),
      record: { kind: 'offset', group, topic, partition, value, isLegacy: false },
    };
  });
}

/** The record that pulls a position back to the log end, where it lies above it. A log that is damaged has no end to tell. */
export function pulledBack(host: GroupHost, group: string, position: StoredPosition): OffsetsEntry[] {
  const { topic, partition, value } = position;
  const found = host.topic(topic);
  if (value instanceof SeglogError || found === undefined || partition >= found.count) return [];
  if (value.topicId !== undefined && value.topicId !== found.topicId) return [];
  const log = logOf(found, partition);
  if (log === undefined || log.status().corruption !== undefined || value.offset <= log.logEndOffset) return [];
  const { topicId } = found;
  const offset = log.logEndOffset;
  const committed = { ...value, offset, leaderEpoch: -1 };
  return [{ key: offsetKey(group, topic, partition), value: offsetValue(committed, topicId) }];
}

/**
 * Brings the records to the disk that positions lie behind: a position that is there without them would be above the log end after a
 * power failure. Of what is offline nothing is known; it is looked at when it is recovered.
 */
export async function flushBefore(host: GroupHost, positions: readonly TopicPartition[]): Promise<void> {
  const logs = positions.flatMap(({ topic, partition }) => logOf(host.topic(topic), partition) ?? []);
  await Promise.all(logs.map((log) => log.flush()));
}

/** undefined where it is not there, or offline. */
function logOf(topic: GroupTopic | undefined, partition: number): Log | undefined {
  try {
    return topic?.log(partition);
  } catch (error) {
    if (error instanceof SeglogError) return undefined;
    throw error;
  }
}

/** @throws SeglogError `INVALID_ARGUMENT` */
export function checkPosition(offset: number): void {
  if (Number.isSafeInteger(offset) && offset >= 0) return;
  throw new SeglogError('INVALID_ARGUMENT', 'this is no position', {
    expected: 'a whole number from 0',
    found: String(offset),
  });
}

/** The tombstones of a committed position. */
export function positionTombstones(group: string, position: StoredPosition): OffsetsEntry[] {
  const { topic, partition, hasLegacyKey } = position;
  const keys = [offsetKey(group, topic, partition)];
  if (hasLegacyKey) keys.push(offsetKey(group, topic, partition, true));
  return keys.map((key) => ({ key, value: null }));
}

/**
 * What a group committed of a partition; undefined where it did not, or of a topic of that name that is no more.
 *
 * @throws SeglogError why a record of it cannot be used: `UNSUPPORTED_VERSION`, `INVALID_RECORD`, `OFFSET_NOT_EXACT`
 */
export function committedOf(
  topics: { topic(name: string): { readonly topicId: string | undefined } | undefined },
  group: StoredGroup | undefined,
  { topic, partition }: TopicPartition,
): CommittedOffset | undefined {
  const value = group?.positions.get(positionKey(topic, partition))?.value;
  if (value === undefined) return undefined;
  if (value instanceof SeglogError) {
    throw new SeglogError(
      value.code,
      `what ${group?.id} committed of ${topic}-${partition} cannot be used: ${value.message}`,
      {
        cause: value,
        action: "Commit a position, or reset the group's offsets",
      },
    );
  }
  const { topicId, offset, leaderEpoch, metadata, commitTimestamp } = value;
  const known = topics.topic(topic)?.topicId;
  if (topicId !== undefined && known !== undefined && topicId !== known) return undefined;
  return { offset, leaderEpoch, metadata, commitTimestamp };
}
