/** Records of Kafka's own topics, of every type and version, made from their schemas. */
import { CONTROL_TYPES } from '../../src/format/control-record.ts';
import {
  ConsumerProtocolAssignment,
  ConsumerProtocolSubscription,
} from '../../src/message/generated/consumer-protocol.ts';
import {
  KRaftVersionRecord,
  LeaderChangeMessage,
  SnapshotFooterRecord,
  SnapshotHeaderRecord,
  VotersRecord,
} from '../../src/message/generated/control.ts';
import { GroupMetadataValue } from '../../src/message/generated/group-offsets.ts';
import { METADATA_RECORDS } from '../../src/message/generated/metadata-records.ts';
import type { StructValue } from '../../src/message/plan.ts';
import type { AnyMessage, Message, RecordMessages } from '../../src/message/schema.ts';
import { writeMessage } from '../../src/message/write.ts';
import { MessageWriter } from '../../src/message/writer.ts';
import { messageValue, versionsOf } from './message-values.ts';
import type { Random } from './random.ts';

export interface MadeRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}

/** A message behind what stands in front of it. */
export function written(
  message: AnyMessage,
  value: StructValue,
  version: number,
  head: (writer: MessageWriter) => void = () => {},
): Buffer {
  const writer = new MessageWriter();
  head(writer);
  writeMessage(message as Message<StructValue>, writer, value, version);
  return Buffer.from(writer.bytes);
}

function behindInt16(message: AnyMessage, value: StructValue, version: number, int16: number): Buffer {
  return written(message, value, version, (writer) => writer.int16(int16));
}

function embedded(message: AnyMessage, random: Random): Uint8Array {
  const version = random.pick(versionsOf(message));
  return Uint8Array.from(behindInt16(message, messageValue(message, version, random), version, version));
}

/** A group of consumers, with what they subscribed to. */
function consumers(value: StructValue, random: Random): StructValue {
  const members = (value.members as readonly StructValue[]).map((member) => ({
    ...member,
    subscription: embedded(ConsumerProtocolSubscription, random),
    assignment: embedded(ConsumerProtocolAssignment, random),
  }));
  return { ...value, protocolType: 'consumer', members };
}

/** Of every type, with values of every version and without. */
export function coordinatorRecords(
  records: ReadonlyMap<number, RecordMessages>,
  perVersion: number,
  random: Random,
): MadeRecord[] {
  const made: MadeRecord[] = [];
  for (const [type, { key: keyMessage, value: valueMessage }] of records) {
    const key = (): Buffer => behindInt16(keyMessage, messageValue(keyMessage, 0, random), 0, type);
    made.push({ key: key(), value: null });
    for (const version of versionsOf(valueMessage)) {
      for (let i = 0; i < perVersion; i++) {
        const any = messageValue(valueMessage, version, random);
        const value = type === GroupMetadataValue.apiKey && i % 2 === 0 ? consumers(any, random) : any;
        made.push({ key: key(), value: behindInt16(valueMessage, value, version, version) });
      }
    }
  }
  return made;
}

/** Of every type and version. */
export function metadataRecords(perVersion: number, random: Random): MadeRecord[] {
  const made: MadeRecord[] = [];
  for (const [type, message] of METADATA_RECORDS) {
    for (const version of versionsOf(message)) {
      for (let i = 0; i < perVersion; i++) {
        const value = written(message, messageValue(message, version, random), version, (writer) => {
          for (const part of [1, type, version]) writer.uvarint(part);
        });
        made.push({ key: null, value });
      }
    }
  }
  return made;
}

const CONTROL: readonly [type: number, message: AnyMessage][] = [
  [CONTROL_TYPES.leaderChange, LeaderChangeMessage],
  [CONTROL_TYPES.snapshotHeader, SnapshotHeaderRecord],
  [CONTROL_TYPES.snapshotFooter, SnapshotFooterRecord],
  [CONTROL_TYPES.kraftVersion, KRaftVersionRecord],
  [CONTROL_TYPES.kraftVoters, VotersRecord],
];

/** The version that Kafka 4.3 writes of all of them, and the one that kafka-dump-log can read. */
const CONTROL_VERSION = 0;

/** A control record of KRaft's own. Its value names its version itself. */
export function controlRecord(type: number, message: AnyMessage, value: StructValue, version: number): MadeRecord {
  const key = Buffer.alloc(4);
  key.writeInt16BE(type, 2);
  return { key, value: written(message, { ...value, version }, version) };
}

/** Of every type. */
export function controlRecords(perType: number, random: Random): MadeRecord[] {
  return CONTROL.flatMap(([type, message]) =>
    Array.from({ length: perType }, () =>
      controlRecord(type, message, messageValue(message, CONTROL_VERSION, random), CONTROL_VERSION),
    ),
  );
}
