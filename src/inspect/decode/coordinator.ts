/**
 * Records of Kafka's coordinators, in the JSON of kafka-dump-log: the key is `{"type":"1","data":{...}}`, the value
 * `{"version":"3","data":{...}}`.
 *
 *     key    +------+-------------------+     value  +---------+-------------------+
 *            | type | message of type   |            | version | message of type   |
 *            +------+-------------------+            +---------+-------------------+
 *             int16                                    int16
 *
 * Source: spec, cluster 4.2.
 */
import type { MessageReader } from '../../message/reader.ts';
import type { RecordMessages } from '../../message/schema.ts';
import type { Decoded } from './contract.ts';
import { type BytesForm, readAsJson, recordReader } from './messages.ts';
import { orUnknown, unknown } from './unknown.ts';

/** Keys of every type are in this version; the int16 that elsewhere is a version is the type. */
const KEY_VERSION = 0;
const TYPE_SIZE = 2;

/** How the bytes in values of one type are printed; undefined: in base64. */
export type BytesFormOf = (type: number, value: Uint8Array, version: number) => BytesForm | undefined;

function typeOf(key: Uint8Array): number | undefined {
  return key.length < TYPE_SIZE ? undefined : recordReader(key).int16();
}

/** Both sides of a coordinator's record. The value's type is told by the key. */
export function decodeCoordinatorRecord(
  records: ReadonlyMap<number, RecordMessages>,
  key: Uint8Array | null,
  value: Uint8Array | null,
  bytesFormOf?: BytesFormOf,
): { readonly key: Decoded | undefined; readonly value: Decoded | undefined } {
  if (key === null) return { key: undefined, value: value === null ? undefined : unknown('no key', value) };
  const type = typeOf(key);
  if (type === undefined)
    return { key: unknown('no type', key), value: value === null ? undefined : unknown('a value of no type', value) };
  const messages = records.get(type);
  if (messages === undefined) {
    const ofType = value === null ? undefined : unknown(`a value of type ${type}`, value);
    return { key: unknown(`type ${type}`, key), value: ofType };
  }
  return {
    key: orUnknown(key, () => `{"type":"${type}","data":${readAsJson(messages.key, after(key), KEY_VERSION)}}`),
    value: value === null ? undefined : decodeValue(type, messages, value, bytesFormOf),
  };
}

function decodeValue(
  type: number,
  { value: message }: RecordMessages,
  value: Uint8Array,
  bytesFormOf: BytesFormOf | undefined,
): Decoded {
  if (value.length < TYPE_SIZE) return unknown('no version', value);
  const version = recordReader(value).int16();
  if (version < message.versions[0] || version > message.versions[1])
    return unknown(`version ${version} of type ${type}`, value);
  return orUnknown(value, () => {
    const json = readAsJson(message, after(value), version, bytesFormOf?.(type, value, version));
    return `{"version":"${version}","data":${json}}`;
  });
}

/** Behind the type or the version. Positions in errors count from the start of the bytes. */
function after(bytes: Uint8Array): MessageReader {
  return recordReader(bytes, TYPE_SIZE);
}
