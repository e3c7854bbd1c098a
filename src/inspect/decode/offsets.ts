/**
 * Records of `__consumer_offsets`: committed offsets, and groups of every kind. Members of classic groups of consumers keep
 * what they subscribed to, and what they were assigned, as messages of their own: these are decoded too, as kafka-dump-log
 * does.
 */
import { ConsumerProtocolAssignment, ConsumerProtocolSubscription } from '../../message/generated/consumer-protocol.ts';
import { GroupMetadataValue } from '../../message/generated/group-offsets.ts';
import { GROUP_RECORDS } from '../../message/generated/group-records.ts';
import { messageJson } from '../../message/json.ts';
import { readMessage } from '../../message/read.ts';
import type { Message } from '../../message/schema.ts';
import { jsonString } from '../byte-encoding.ts';
import type { RecordDecoder } from './contract.ts';
import { decodeCoordinatorRecord } from './coordinator.ts';
import { type BytesForm, recordReader } from './messages.ts';

/** The protocol type of groups of consumers. */
const CONSUMER = 'consumer';
const VERSION_SIZE = 2;

/** Records of `__consumer_offsets`. */
export const offsetsDecoder: RecordDecoder = {
  kind: 'offsets',
  decode: (key, value) => decodeCoordinatorRecord(GROUP_RECORDS, key, value, membersForm),
};

/** How members' bytes are printed: only consumers' are known. */
function membersForm(type: number, value: Uint8Array, version: number): BytesForm | undefined {
  if (type !== GroupMetadataValue.apiKey) return undefined;
  const { protocolType } = readMessage(GroupMetadataValue, recordReader(value, VERSION_SIZE), version);
  return protocolType === CONSUMER ? memberForm : undefined;
}

function memberForm(field: string, bytes: Uint8Array): string | undefined {
  if (field === 'subscription') return embedded(ConsumerProtocolSubscription, bytes);
  return field === 'assignment' ? embedded(ConsumerProtocolAssignment, bytes) : undefined;
}

/**
 * A message behind its version, or undefined where the bytes are none. Newer versions only add fields behind the known
 * ones, which consumers rely on, so what follows is passed over.
 */
function embedded<T>(message: Message<T>, bytes: Uint8Array): string | undefined {
  try {
    const reader = recordReader(bytes);
    const version = Math.min(reader.int16(), message.versions[1]);
    return messageJson(message, readMessage(message, reader, version), version, { quote: jsonString });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return undefined;
  }
}
