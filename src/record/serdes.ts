/** From values to bytes and back: for a writer's keys and values, and for reading records as values. */
import { Packr, Unpackr } from 'msgpackr';

/** Turns values of one type to bytes and back. `null` never reaches it: a null key or value is Kafka's own. */
export interface Serde<T> {
  readonly name: string;
  serialize(value: T): Uint8Array;
  deserialize(bytes: Uint8Array): T;
}

const packr = new Packr({ useRecords: false });
const unpackr = new Unpackr({ useRecords: false });

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const bytesSerde: Serde<Uint8Array> = {
  name: 'bytes',
  serialize: (value) => value,
  deserialize: (bytes) => bytes,
};

const stringSerde: Serde<string> = {
  name: 'string',
  serialize: (value) => Buffer.from(value, 'utf8'),
  deserialize: (bytes) => asBuffer(bytes).toString('utf8'),
};

const jsonSerde: Serde<unknown> = {
  name: 'json',
  serialize(value) {
    const text = JSON.stringify(value) as string | undefined;
    if (text === undefined) throw new TypeError('this value has no JSON form');
    return Buffer.from(text, 'utf8');
  },
  deserialize: (bytes): unknown => JSON.parse(asBuffer(bytes).toString('utf8')),
};

const msgpackSerde: Serde<unknown> = {
  name: 'msgpack',
  // A copy: msgpackr packs into a buffer that the next value shares.
  serialize: (value) => Uint8Array.from(packr.pack(value)),
  deserialize: (bytes): unknown => unpackr.unpack(asBuffer(bytes)),
};

/**
 * The serdes that come with seglog.
 *
 * @example
 * ```ts
 * const writer = log.writer({ keySerde: serdes.string, valueSerde: serdes.json });
 * await writer.send({ key: 'user-7', value: { clicks: 3 } });
 * ```
 */
export const serdes: {
  readonly bytes: Serde<Uint8Array>;
  readonly string: Serde<string>;
  readonly json: Serde<unknown>;
  readonly msgpack: Serde<unknown>;
} = { bytes: bytesSerde, string: stringSerde, json: jsonSerde, msgpack: msgpackSerde };
