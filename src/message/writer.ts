/**
 * Writes the primitives of Kafka's protocol into bytes that grow as needed.
 *
 * Source: spec, cluster 1.2.
 */
import { SeglogError } from '../errors/errors.ts';
import type { Int64 } from './schema.ts';

const FIRST_SIZE = 256;
const UUID_SIZE = 16;

/** Bytes that grow at their end. */
export class MessageWriter {
  #bytes: Buffer = Buffer.allocUnsafe(FIRST_SIZE);
  #at = 0;

  /** What was written so far: a view, good until the next write. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }

  /** The position of `size` bytes that are now to be filled. */
  #grow(size: number): number {
    const at = this.#at;
    const needed = at + size;
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
      this.#bytes.copy(larger, 0, 0, at);
      this.#bytes = larger;
    }
    this.#at = needed;
    return at;
  }

  bool(value: boolean): void {
    this.int8(value ? 1 : 0);
  }
  int8(value: number): void {
    const at = this.#grow(1);
    this.#bytes.writeInt8(value, at);
  }
  int16(value: number): void {
    const at = this.#grow(2);
    this.#bytes.writeInt16BE(value, at);
  }
  uint16(value: number): void {
    const at = this.#grow(2);
    this.#bytes.writeUInt16BE(value, at);
  }
  int32(value: number): void {
    const at = this.#grow(4);
    this.#bytes.writeInt32BE(value, at);
  }
  uint32(value: number): void {
    const at = this.#grow(4);
    this.#bytes.writeUInt32BE(value, at);
  }
  int64(value: Int64): void {
    const at = this.#grow(8);
    this.#bytes.writeBigInt64BE(BigInt(value), at);
  }
  float64(value: number): void {
    const at = this.#grow(8);
    this.#bytes.writeDoubleBE(value, at);
  }

  uuid(value: string): void {
    const bytes = Buffer.from(value, 'base64url');
    if (bytes.length !== UUID_SIZE)
      throw new SeglogError('INVALID_ARGUMENT', 'no uuid', { expected: '22 characters of base64url', found: value });
    this.raw(bytes);
  }

  /** An unsigned varint of up to 32 bits. */
  uvarint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      const at = this.#grow(1);
      this.#bytes[at] = (rest & 0x7f) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    const at = this.#grow(1);
    this.#bytes[at] = rest;
  }

  /** How many bytes or elements follow; -1 stands for null. @param plainSize of the count where it is not compact */
  count(count: number, compact: boolean, plainSize: 2 | 4): void {
    if (compact) this.uvarint(count + 1);
    else if (plainSize === 2) this.int16(count);
    else this.int32(count);
  }

  /** Bytes as they are. */
  raw(bytes: Uint8Array): void {
    const at = this.#grow(bytes.length);
    this.#bytes.set(bytes, at);
  }
}
