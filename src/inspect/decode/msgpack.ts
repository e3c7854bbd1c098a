/**
 * MessagePack as JSON, straight from the bytes: nothing is made ready for a count before its elements are read, nesting has a
 * limit, so has the number of values, and integers stay exact, which a general decoder into objects does not promise.
 *
 * What JSON has no form for: bytes are `{"$bytes":BASE64}`, an extension `{"$type":5,"$bytes":BASE64}`, a timestamp
 * `{"$timestamp":"2026-11-21T06:00:00.000000001Z"}`, a map with keys that are not all text `{"$map":[[KEY,VALUE],...]}`, a
 * float64 that is no number `{"$float":"NaN"}`.
 */
import { isUtf8 } from 'node:buffer';
import { SeglogError } from '../../errors/errors.ts';
import { jsonString } from '../byte-encoding.ts';
import type { RecordDecoder } from './contract.ts';
import { MAX_VALUES } from './limits.ts';
import { bothSides } from './text.ts';
import { orUnknown } from './unknown.ts';

const MAX_DEPTH = 200;
const TIMESTAMP = -1;
/** Well within what a JavaScript date can say, in seconds from 1970. */
const FIRST_SECOND = -8_000_000_000_000n;
const LAST_SECOND = 8_000_000_000_000n;
const MAX_NANOS = 999_999_999n;

/** MessagePack. */
export const msgpackDecoder: RecordDecoder = bothSides('msgpack', (bytes) =>
  orUnknown(bytes, () => {
    const reader = new Reader(bytes);
    const json = reader.value(0);
    reader.end();
    return json;
  }),
);

class Reader {
  readonly #bytes: Buffer;
  #at = 0;
  #valuesLeft = MAX_VALUES;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  end(): void {
    const left = this.#bytes.length - this.#at;
    if (left > 0) throw this.#wrong('no more bytes', left);
  }

  /** The value at the reader, as JSON. */
  value(depth: number): string {
    if (depth > MAX_DEPTH) throw this.#wrong(`at most ${MAX_DEPTH} levels`, 'more');
    if (this.#valuesLeft-- === 0) throw this.#wrong(`at most ${MAX_VALUES} values`, 'more');
    const type = this.#uint(1);
    if (type < 0x80) return String(type);
    if (type < 0x90) return this.#map(type & 0x0f, depth);
    if (type < 0xa0) return this.#array(type & 0x0f, depth);
    if (type < 0xc0) return this.#text(type & 0x1f);
    if (type >= 0xe0) return String(type - 0x100);
    return this.#marked(type, depth);
  }

  #marked(type: number, depth: number): string {
    // Groups of one kind with a size of 1, 2, 4 (8) bytes each: the lowest bits say which.
    if (type >= 0xc4 && type <= 0xc6) return bytesJson(this.#take(this.#uint(1 << (type - 0xc4))));
    if (type >= 0xc7 && type <= 0xc9) return this.#extension(this.#uint(1 << (type - 0xc7)));
    if (type >= 0xcc && type <= 0xcf) return String(this.#integer(1 << (type - 0xcc), false));
    if (type >= 0xd0 && type <= 0xd3) return String(this.#integer(1 << (type - 0xd0), true));
    if (type >= 0xd4 && type <= 0xd8) return this.#extension(1 << (type - 0xd4));
    if (type >= 0xd9 && type <= 0xdb) return this.#text(this.#uint(1 << (type - 0xd9)));
    switch (type) {
      case 0xc0:
        return 'null';
      case 0xc2:
        return 'false';
      case 0xc3:
        return 'true';
      case 0xca:
        return floatJson(this.#take(4).readFloatBE());
      case 0xcb:
        return floatJson(this.#take(8).readDoubleBE());
      case 0xdc:
      case 0xdd:
        return this.#array(this.#uint(type === 0xdc ? 2 : 4), depth);
      case 0xde:
      case 0xdf:
        return this.#map(this.#uint(type === 0xde ? 2 : 4), depth);
      default:
        throw this.#wrong('a type of MessagePack', `0x${type.toString(16)}`);
    }
  }

  #array(count: number, depth: number): string {
    const elements: string[] = [];
    for (let i = 0; i < count; i++) elements.push(this.value(depth + 1));
    return `[${elements.join(',')}]`;
  }

  #map(count: number, depth: number): string {
    const entries: [key: string, value: string][] = [];
    for (let i = 0; i < count; i++) entries.push([this.value(depth + 1), this.value(depth + 1)]);
    if (entries.every(([key]) => key.startsWith('"')))
      return `{${entries.map(([key, value]) => `${key}:${value}`).join(',')}}`;
    return `{"$map":[${entries.map(([key, value]) => `[${key},${value}]`).join(',')}]}`;
  }

  /** Text that is not UTF-8 is bytes. */
  #text(size: number): string {
    const bytes = this.#take(size);
    return isUtf8(bytes) ? jsonString(bytes.toString('utf8')) : bytesJson(bytes);
  }

  #extension(size: number): string {
    const type = this.#take(1).readInt8();
    const bytes = this.#take(size);
    const time = type === TIMESTAMP ? timestamp(bytes) : undefined;
    return time === undefined ? `{"$type":${type},"$bytes":"${bytes.toString('base64')}"}` : `{"$timestamp":"${time}"}`;
  }

  #integer(size: number, signed: boolean): number | bigint {
    const bytes = this.#take(size);
    if (size < 8) return signed ? bytes.readIntBE(0, size) : bytes.readUIntBE(0, size);
    return signed ? bytes.readBigInt64BE() : bytes.readBigUInt64BE();
  }

  #uint(size: number): number {
    return this.#take(size).readUIntBE(0, size);
  }

  #take(size: number): Buffer {
    const left = this.#bytes.length - this.#at;
    if (size > left) throw this.#wrong(`${size} bytes`, left);
    this.#at += size;
    return this.#bytes.subarray(this.#at - size, this.#at);
  }

  #wrong(expected: string, found: string | number): SeglogError {
    return new SeglogError('INVALID_RECORD', 'no MessagePack', { position: this.#at, expected, found });
  }
}

function bytesJson(bytes: Buffer): string {
  return `{"$bytes":"${bytes.toString('base64')}"}`;
}

function floatJson(value: number): string {
  if (!Number.isFinite(value)) return `{"$float":"${value}"}`;
  return Object.is(value, -0) ? '-0' : String(value);
}

/** Seconds in 32 bits; or nanoseconds in 30 bits and seconds in 34; or in 32 bits and 64. undefined: beyond our calendar. */
function timestamp(bytes: Buffer): string | undefined {
  let [seconds, nanos] = [0n, 0n];
  if (bytes.length === 4) seconds = BigInt(bytes.readUInt32BE());
  else if (bytes.length === 8) {
    const both = bytes.readBigUInt64BE();
    [seconds, nanos] = [both & 0x3_ffff_ffffn, both >> 34n];
  } else if (bytes.length === 12) [seconds, nanos] = [bytes.readBigInt64BE(4), BigInt(bytes.readUInt32BE())];
  else return undefined;
  if (seconds < FIRST_SECOND || seconds > LAST_SECOND || nanos > MAX_NANOS) return undefined;
  const whole = new Date(Number(seconds) * 1000).toISOString();
  return whole.replace(/\.000Z$/, `.${String(nanos).padStart(9, '0')}Z`);
}
