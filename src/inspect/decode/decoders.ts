/** The decoder for what `--decode` asks, and for a topic. */
import type { Decoded, DecodeKind, RecordDecoder } from './contract.ts';
import { MAX_BYTES } from './limits.ts';
import { metadataDecoder } from './metadata.ts';
import { msgpackDecoder } from './msgpack.ts';
import { offsetsDecoder } from './offsets.ts';
import { sharesDecoder } from './shares.ts';
import { jsonDecoder, stringDecoder } from './text.ts';
import { transactionsDecoder } from './transactions.ts';

const DECODERS: Readonly<Record<RecordDecoder['kind'], RecordDecoder>> = {
  string: stringDecoder,
  json: jsonDecoder,
  msgpack: msgpackDecoder,
  offsets: offsetsDecoder,
  transactions: transactionsDecoder,
  shares: sharesDecoder,
  metadata: metadataDecoder,
};

/** Kafka's own topics. KRaft's snapshots hold records of the last one. */
const BY_TOPIC: ReadonlyMap<string, RecordDecoder> = new Map([
  ['__consumer_offsets', offsetsDecoder],
  ['__transaction_state', transactionsDecoder],
  ['__share_group_state', sharesDecoder],
  ['__cluster_metadata', metadataDecoder],
]);

function isTooLong(bytes: Uint8Array | null): boolean {
  return bytes !== null && bytes.length > MAX_BYTES;
}

/** Without the bytes: as text they would take as much again. */
function tooLong(bytes: Uint8Array | null): Decoded {
  return { json: `{"unknown":"${bytes?.length} bytes; at most ${MAX_BYTES} are decoded"}`, known: false };
}

/** The decoder, with long keys and values left alone. */
function bounded(decoder: RecordDecoder): RecordDecoder {
  return {
    kind: decoder.kind,
    decode(key, value) {
      if (!isTooLong(key) && !isTooLong(value)) return decoder.decode(key, value);
      const decoded = decoder.decode(isTooLong(key) ? null : key, isTooLong(value) ? null : value);
      return {
        key: isTooLong(key) ? tooLong(key) : decoded.key,
        value: isTooLong(value) ? tooLong(value) : decoded.value,
      };
    },
  };
}

/**
 * The decoder of this kind. `auto` goes by the topic: undefined for a topic that is not Kafka's own, or not known. For a
 * .checkpoint file of KRaft the topic is `__cluster_metadata`. Keys and values of more than 16 MiB are not decoded, and not
 * kept in what stands for them. Ones with more than a million values in them are unknown, with their bytes.
 */
export function recordDecoder(kind: DecodeKind, topic: string | undefined): RecordDecoder | undefined {
  const decoder = kind === 'auto' ? BY_TOPIC.get(topic ?? '') : DECODERS[kind];
  return decoder === undefined ? undefined : bounded(decoder);
}
