/**
 * Records of `__consumer_offsets`.
 *
 *     key    +------+-------------------+     value  +---------+-------------------+
 *            | type | message of type   |            | version | message of type   |
 *            +------+-------------------+            +---------+-------------------+
 *             int16   in its version 0                int16     no value: a tombstone
 *
 * Written are type 1 (a committed offset; its value in version 4 with the topic's id, as Kafka 4.3 writes it, or 3 without) and
 * type 2 (a classic group; its value in version 3). Read are these in all versions, and type 0, the old form of 1; of groups of other kinds only whose they are.
 *
 * Source: spec, cluster 4.2.
 */
import { SeglogError } from '../../errors/errors.ts';
import {
  GroupMetadataKey,
  GroupMetadataValue,
  LegacyOffsetCommitKey,
  LegacyOffsetCommitValue,
  OffsetCommitKey,
  OffsetCommitValue,
} from '../../message/generated/group-offsets.ts';
import { GROUP_RECORDS } from '../../message/generated/group-records.ts';
import { readMessage } from '../../message/read.ts';
import { MessageReader } from '../../message/reader.ts';
import type { AnyMessage, Int64, Message } from '../../message/schema.ts';
import { writeMessage } from '../../message/write.ts';
import { MessageWriter } from '../../message/writer.ts';
import type { CommittedOffset, StoredOffset } from './committed-offset.ts';
import { type GroupRecord, groupRecordOf, groupValueOf } from './group-record.ts';

const KEY_VERSION = 0;
const GROUP_VERSION = 3;
const OFFSET_VERSION = { withId: 4, without: 3 } as const;
const LEGACY_TYPE = 0;
const OFFSET_TYPE = 1;
const GROUP_TYPE = 2;
/** Lists of a record hold at most so many values: what is made of bytes can take a hundred times their memory. */
const MAX_VALUES = 1_000_000;
const NO_TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAA';

/** A type of record that belongs to a group of another protocol. */
export type OtherProtocol = 'consumer' | 'share' | 'streams';

/** What one record says. A value that cannot be used is the reason why. */
export type OffsetsRecord =
  | {
      readonly kind: 'offset';
      readonly group: string;
      readonly topic: string;
      readonly partition: number;
      readonly value: StoredOffset | SeglogError | null;
      /** Whether it stands under the old key. */
      readonly isLegacy: boolean;
    }
  | { readonly kind: 'group'; readonly group: string; readonly value: GroupRecord | SeglogError | null }
  | { readonly kind: 'other'; readonly group: string; readonly protocol: OtherProtocol; readonly isTombstone: boolean }
  | { readonly kind: 'unknown'; readonly problem: SeglogError };

/** Reads a record: whatever its bytes are, there is an answer. */
export function readOffsetsRecord(key: Uint8Array | null, value: Uint8Array | null): OffsetsRecord {
  try {
    if (key === null) throw new SeglogError('INVALID_RECORD', 'a record of groups has no key');
    const reader = readerOf(key);
    reader.message = 'record key';
    const type = reader.int16();
    if (type === LEGACY_TYPE) return offsetRecord(whole(LegacyOffsetCommitKey, reader), value, true);
    if (type === OFFSET_TYPE) return offsetRecord(whole(OffsetCommitKey, reader), value, false);
    if (type === GROUP_TYPE) {
      const { group } = whole(GroupMetadataKey, reader);
      return { kind: 'group', group, value: orWhy(value, groupOf) };
    }
    return otherRecord(type, reader, value);
  } catch (error) {
    return { kind: 'unknown', problem: asProblem(error) };
  }
}

/** The type of record that a key is of. @throws SeglogError `INVALID_RECORD` */
export function typeOfKey(key: Uint8Array): number {
  return readerOf(key).int16();
}

function offsetRecord(key: OffsetCommitKey, value: Uint8Array | null, isLegacy: boolean): OffsetsRecord {
  const { group, topic, partition } = key;
  return { kind: 'offset', group, topic, partition, value: orWhy(value, storedOffset), isLegacy };
}

function otherRecord(type: number, reader: MessageReader, value: Uint8Array | null): OffsetsRecord {
  const messages = GROUP_RECORDS.get(type);
  if (messages === undefined) {
    throw new SeglogError('UNSUPPORTED_VERSION', 'a record of groups has an unknown type', {
      expected: `one of ${[...GROUP_RECORDS.keys()].join(', ')}`,
      found: type,
      action: 'A later Kafka wrote it: it is kept, and not looked at',
    });
  }
  const { groupId } = whole(messages.key as Message<{ readonly groupId: string }>, reader);
  return { kind: 'other', group: groupId, protocol: protocolOf(messages.key), isTombstone: value === null };
}

function protocolOf({ name }: AnyMessage): OtherProtocol {
  if (name.startsWith('Share')) return 'share';
  return name.startsWith('Streams') ? 'streams' : 'consumer';
}

function storedOffset(value: Uint8Array): StoredOffset {
  const reader = readerOf(value);
  const version = versionOf(reader, OffsetCommitValue, 0);
  if (version === 0) {
    const old = whole(LegacyOffsetCommitValue, reader, 0);
    const { metadata } = old;
    return { ...exactOf({ ...old, expireTimestamp: -1 }), leaderEpoch: -1, metadata, topicId: undefined };
  }
  const read = whole(OffsetCommitValue, reader, version);
  const { leaderEpoch, metadata, topicId } = read;
  return { ...exactOf(read), leaderEpoch, metadata, topicId: topicId === NO_TOPIC_ID ? undefined : topicId };
}

function exactOf(value: Pick<OffsetCommitValue, 'offset' | 'commitTimestamp' | 'expireTimestamp'>): {
  readonly offset: number;
  readonly commitTimestamp: number;
  readonly expireTimestamp: number;
} {
  return {
    offset: exact(value.offset, 'OFFSET_NOT_EXACT'),
    commitTimestamp: exact(value.commitTimestamp, 'TIMESTAMP_NOT_EXACT'),
    expireTimestamp: exact(value.expireTimestamp, 'TIMESTAMP_NOT_EXACT'),
  };
}

function exact(value: Int64, code: 'OFFSET_NOT_EXACT' | 'TIMESTAMP_NOT_EXACT'): number {
  if (typeof value === 'number') return value;
  throw new SeglogError(code, 'a committed number is beyond what can be counted exactly', { found: value });
}

function groupOf(value: Uint8Array): GroupRecord {
  const reader = readerOf(value);
  return groupRecordOf(whole(GroupMetadataValue, reader, versionOf(reader, GroupMetadataValue)));
}

function versionOf(reader: MessageReader, { name, versions }: AnyMessage, from: number = versions[0]): number {
  reader.message = name;
  const version = reader.int16();
  if (version >= from && version <= versions[1]) return version;
  throw new SeglogError('UNSUPPORTED_VERSION', `${name} has an unknown version`, {
    expected: `${from} to ${versions[1]}`,
    found: version,
    action: 'A later Kafka wrote it: it is kept, and not used',
  });
}

/** The message that fills what is left. @throws SeglogError `INVALID_RECORD` */
function whole<T>(message: Message<T>, reader: MessageReader, version: number = KEY_VERSION): T {
  const value = readMessage(message, reader, version);
  reader.field = '';
  if (reader.left > 0) throw reader.wrong('no more bytes', reader.left);
  return value;
}

function readerOf(bytes: Uint8Array): MessageReader {
  const reader = new MessageReader(bytes);
  reader.valuesLeft = MAX_VALUES;
  return reader;
}

function orWhy<T>(value: Uint8Array | null, read: (value: Uint8Array) => T): T | SeglogError | null {
  if (value === null) return null;
  try {
    return read(value);
  } catch (error) {
    return asProblem(error);
  }
}

function asProblem(error: unknown): SeglogError {
  if (error instanceof SeglogError) return error;
  throw error;
}

/** The key of a committed offset. @throws SeglogError `INVALID_ARGUMENT` */
export function offsetKey(group: string, topic: string, partition: number, isLegacy = false): Uint8Array {
  const key = { group, topic, partition };
  return isLegacy
    ? bytesOf(LEGACY_TYPE, LegacyOffsetCommitKey, key, KEY_VERSION)
    : bytesOf(OFFSET_TYPE, OffsetCommitKey, key, KEY_VERSION);
}

/** @param topicId of the topic that is meant, where it is known @throws SeglogError `INVALID_ARGUMENT` */
export function offsetValue(committed: CommittedOffset, topicId?: string): Uint8Array {
  const version = topicId === undefined ? OFFSET_VERSION.without : OFFSET_VERSION.withId;
  const { offset, leaderEpoch, metadata, commitTimestamp } = committed;
  const id = topicId ?? NO_TOPIC_ID;
  const value = { offset, leaderEpoch, metadata, commitTimestamp, expireTimestamp: -1, topicId: id };
  return bytesOf(version, OffsetCommitValue, value, version);
}

/** The key of a classic group. @throws SeglogError `INVALID_ARGUMENT` */
export function groupKey(group: string): Uint8Array {
  return bytesOf(GROUP_TYPE, GroupMetadataKey, { group }, KEY_VERSION);
}

/** @throws SeglogError `INVALID_ARGUMENT` */
export function groupValue(record: GroupRecord): Uint8Array {
  return bytesOf(GROUP_VERSION, GroupMetadataValue, groupValueOf(record), GROUP_VERSION);
}

function bytesOf<T>(prefix: number, message: Message<T>, value: T, version: number): Uint8Array {
  const writer = new MessageWriter();
  writer.int16(prefix);
  writeMessage(message, writer, value, version);
  return writer.bytes;
}
