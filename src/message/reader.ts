/**
 * Reads the primitives of Kafka's protocol from bytes that nobody vouches for. Every read is checked against the bytes
 * that are there; what does not fit raises `INVALID_RECORD` with the position, the field, what was expected and found.
 *
 * Source: spec, cluster 1.2.
 */
import { isUtf8 } from 'node:buffer';
import { SeglogError } from '../errors/errors.ts';
import type { Int64 } from './schema.ts';

const UUID_SIZE = 16;
const MAX_VARINT_BYTES = 5;
/** The high half of 2^53. */
const EXACT_HIGH = 0x20_0000;
const TWO_POW_32 = 0x1_0000_0000;

/** A place in bytes that moves with each read. */
export class MessageReader {
  readonly #bytes: Buffer;
  readonly #end: number;
  #at: number;
  /** What is being read, for errors: the message, and the field in it. */
  message = 'message';
  field = '';
  /**
   * How many values more the arrays may hold, a struct counted by its fields. An empty one of each can take a byte of the
   * input and a hundred of memory, so whoever keeps messages of anybody's sets a limit.
   */
  valuesLeft: number = Infinity;

  /** Reads from `start` to the end of `bytes`. */
  constructor(bytes: Uint8Array, start = 0) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#at = start;
    this.#end = bytes.length;
  }

  /** Where the next read starts, in bytes from the start of what was given. */
  get position(): number {
    return this.#at;
  }

  /** Bytes that are left. */
  get left(): number {
    return this.#end - this.#at;
  }

  /** The error for bytes that do not fit. `at`: where they are; left out: here. */
  wrong(expected: string, found: string | number, at: number = this.#at): SeglogError {
    const what = this.field === '' ? this.message : `${this.message}.${this.field}`;
    return new SeglogError('INVALID_RECORD', `${what} cannot be decoded`, { position: at, expected, found });
  }

  /** The position, after which `size` bytes are passed. */
  #pass(size: number): number {
    const at = this.#at;
    if (size > this.#end - at) throw this.wrong(`${size} bytes`, `${this.#end - at}`);
    this.#at = at + size;
    return at;
  }

  bool(): boolean {
    return this.int8() !== 0;
  }
  int8(): number {
    return this.#bytes.readInt8(this.#pass(1));
  }
  int16(): number {
    return this.#bytes.readInt16BE(this.#pass(2));
  }
  uint16(): number {
    return this.#bytes.readUInt16BE(this.#pass(2));
  }
  int32(): number {
    return this.#bytes.readInt32BE(this.#pass(4));
  }
  uint32(): number {
    return this.#bytes.readUInt32BE(this.#pass(4));
  }
  float64(): number {
    return this.#bytes.readDoubleBE(this.#pass(8));
  }

  int64(): Int64 {
    const at = this.#pass(8);
    const high = this.#bytes.readInt32BE(at);
    if (high >= EXACT_HIGH || high < -EXACT_HIGH) return this.#bytes.readBigInt64BE(at);
    const value = high * TWO_POW_32 + this.#bytes.readUInt32BE(at + 4);
    // -2^53 itself is no safe integer.
    return Number.isSafeInteger(value) ? value : BigInt(value);
  }

  uuid(): string {
    const at = this.#pass(UUID_SIZE);
    return this.#bytes.toString('base64url', at, at + UUID_SIZE);
  }

  /** An unsigned varint of up to 32 bits: seven bits a byte, the lowest first. */
  uvarint(): number {
    const start = this.#at;
    let value = 0;
    for (let i = 0; i < MAX_VARINT_BYTES; i++) {
      const byte = this.#bytes[this.#pass(1)] ?? 0;
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) {
        if (value >= TWO_POW_32) throw this.wrong('a varint of 32 bits', value, start);
        return value;
      }
    }
    throw this.wrong(`a varint of up to ${MAX_VARINT_BYTES} bytes`, 'a longer one', start);
  }

  /** How many bytes or elements follow; -1 stands for null. @param plainSize of the count where it is not compact */
  count(compact: boolean, plainSize: 2 | 4): number {
    const start = this.#at;
    const count = compact ? this.uvarint() - 1 : plainSize === 2 ? this.int16() : this.int32();
    if (count < -1) throw this.wrong('a length, or -1 for null', count, start);
    return count;
  }

  /** A view of the bytes, not a copy. */
  view(size: number): Uint8Array {
    const at = this.#pass(size);
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + at, size);
  }

  text(size: number): string {
    const at = this.#pass(size);
    const text = this.#bytes.toString('utf8', at, at + size);
    // The replacement character is what the bytes say, or a loss: only then is a second look needed.
    if (text.includes('\ufffd') && !isUtf8(this.#bytes.subarray(at, at + size)))
      throw this.wrong('UTF-8', 'other bytes', at);
    return text;
  }
}
