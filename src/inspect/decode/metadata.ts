/**
 * Records of `__cluster_metadata`, of KRaft's snapshots and of the bootstrap snapshot, in the JSON of kafka-dump-log:
 * `{"type":"TOPIC_RECORD","version":0,"data":{...}}`. They have no keys.
 *
 *     value  +-------+---------+---------+-----------------+
 *            | frame | type    | version | message of type |
 *            +-------+---------+---------+-----------------+
 *             uvarint uvarint   uvarint
 *
 * Source: spec, cluster 1.2 and 3.2.
 */
import { METADATA_RECORDS } from '../../message/generated/metadata-records.ts';
import type { Decoded, RecordDecoder } from './contract.ts';
import { readAsJson, recordReader } from './messages.ts';
import { orUnknown, unknown } from './unknown.ts';

/** The one version of the frame. */
const FRAME_VERSION = 1;

/** Records of `__cluster_metadata`. */
export const metadataDecoder: RecordDecoder = {
  kind: 'metadata',
  decode: (key, value) => ({
    key: key === null ? undefined : unknown('a key, which metadata records do not have', key),
    value: value === null ? undefined : decodeMetadata(value),
  }),
};

function decodeMetadata(bytes: Uint8Array): Decoded {
  const reader = recordReader(bytes);
  reader.message = 'metadata record';
  try {
    const [frame, type, version] = [reader.uvarint(), reader.uvarint(), reader.uvarint()];
    if (frame !== FRAME_VERSION) return unknown(`frame version ${frame}`, bytes);
    const message = METADATA_RECORDS.get(type);
    if (message === undefined) return unknown(`type ${type}`, bytes);
    if (version < message.versions[0] || version > message.versions[1])
      return unknown(`version ${version} of ${message.name}`, bytes);
    return orUnknown(bytes, () => {
      const data = readAsJson(message, reader, version);
      return `{"type":"${typeName(message.name)}","version":${version},"data":${data}}`;
    });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return unknown(error.message, bytes);
  }
}

/** `RegisterBrokerRecord` as Kafka names the type: `REGISTER_BROKER_RECORD`. */
function typeName(message: string): string {
  return message.replace(/(?!^)[A-Z]/g, '_$&').toUpperCase();
}
