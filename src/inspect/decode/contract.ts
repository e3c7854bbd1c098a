/** What a decoder makes of records: keys and values in words, for people and for programs. */

/** What `--decode` takes. `auto` goes by the name of the topic: Kafka's own topics have their decoders, others none. */
export const DECODE_KINDS = [
  'auto',
  'string',
  'json',
  'msgpack',
  'offsets',
  'transactions',
  'shares',
  'metadata',
] as const;
/** One of {@link DECODE_KINDS}. */
export type DecodeKind = (typeof DECODE_KINDS)[number];

/** One side of a record, decoded. */
export interface Decoded {
  /** JSON text, on one line. */
  readonly json: string;
  /**
   * False when the type or version is unknown, or the bytes do not decode: `json` then tells why, and holds the bytes, or
   * their text, unless they are too many.
   */
  readonly known: boolean;
}

/** Decodes records of one kind. It never raises for what the bytes hold. */
export interface RecordDecoder {
  readonly kind: Exclude<DecodeKind, 'auto'>;
  /** undefined stands for null (no key, a tombstone), and for a side that this kind of record does not have. */
  decode(
    key: Uint8Array | null,
    value: Uint8Array | null,
  ): { readonly key: Decoded | undefined; readonly value: Decoded | undefined };
}
