/**
 * One record of the metadata log: what stands in the value of a record, whose key is null.
 *
 *     value  +-------+---------+---------+-----------------+
 *            | frame | type    | version | message of type |
 *            +-------+---------+---------+-----------------+
 *             uvarint uvarint   uvarint
 *
 * Source: spec, cluster 1.2 and 3.2, Kafka's `MetadataRecordSerde`.
 */
import { SeglogError } from '../errors/errors.ts';
import { METADATA_RECORDS } from '../message/generated/metadata-records.ts';
import { readMessage } from '../message/read.ts';
import { MessageReader } from '../message/reader.ts';
import type { AnyMessage, Message } from '../message/schema.ts';
import { writeMessage } from '../message/write.ts';
import { MessageWriter } from '../message/writer.ts';

/** The one version of the frame. */
const FRAME_VERSION = 1;
/** More fields than the largest record that Kafka writes has: a bound on what damaged bytes can ask for. */
const MAX_VALUES = 1_000_000;

const ACTION = 'It was written by a newer Kafka, or is damaged: open it with a version that knows it';

/** A record, decoded. */
export interface MetadataRecord {
  /** The message's `apiKey`. */
  readonly type: number;
  readonly version: number;
  /** The message's fields, by the schema that `type` says. */
  readonly data: unknown;
  /** The whole value, a view of what it was read from. */
  readonly bytes: Uint8Array;
}

/**
 * The value of a record.
 *
 * @param version - of the message; its last one when left out
 * @throws SeglogError `INVALID_ARGUMENT`, `UNSUPPORTED_VERSION`
 */
export function encodeRecord<T>(message: Message<T>, data: T, version: number = message.versions[1]): Uint8Array {
  const writer = new MessageWriter();
  writer.uvarint(FRAME_VERSION);
  writer.uvarint(message.apiKey ?? 0);
  writer.uvarint(version);
  writeMessage(message, writer, data, version);
  return writer.bytes;
}

/**
 * Reads the value of a record.
 *
 * @throws SeglogError `UNSUPPORTED_VERSION` for a frame, a type or a version that is not known; `INVALID_RECORD` for bytes that are
 * no such record. Where the record is, the caller says
 */
export function decodeRecord(bytes: Uint8Array): MetadataRecord {
  const reader = new MessageReader(bytes);
  reader.message = 'metadata record';
  reader.valuesLeft = MAX_VALUES;
  const frame = reader.uvarint();
  if (frame !== FRAME_VERSION) throw unsupported('the frame of a metadata record', String(FRAME_VERSION), frame);
  const type = reader.uvarint();
  const version = reader.uvarint();
  const message = METADATA_RECORDS.get(type);
  if (message === undefined) throw unsupported('the type of a metadata record', 'one of Kafka 4.3', type);
  const [least, most] = message.versions;
  if (version < least || version > most) {
    throw unsupported(`the version of a ${message.name}`, `${least} to ${most}`, version);
  }
  const data = readMessage(message as AnyMessage & Message<unknown>, reader, version);
  if (reader.left > 0) throw reader.wrong('the end of the record', `${reader.left} more bytes`);
  return { type, version, data, bytes };
}

function unsupported(what: string, expected: string, found: number): SeglogError {
  return new SeglogError('UNSUPPORTED_VERSION', `${what} is not known here`, { expected, found, action: ACTION });
}
