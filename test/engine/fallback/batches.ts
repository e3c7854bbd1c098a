/** Small batches, laid out by hand, for the tests of the engine. */
import { crc32, crc32c } from '../../../src/engine/fallback/crc.ts';

/** A sealed format 2 batch of `payload` with the offsets from `baseOffset` to `baseOffset + delta`. */
export function batch(
  baseOffset: number,
  delta = 0,
  maxTimestamp = 0,
  payload: Uint8Array = new Uint8Array(0),
): Buffer {
  const bytes = Buffer.alloc(61 + payload.length);
  bytes.writeBigInt64BE(BigInt(baseOffset), 0);
  bytes.writeInt32BE(bytes.length - 12, 8);
  bytes.writeInt8(2, 16);
  bytes.writeInt32BE(delta, 23);
  bytes.writeBigInt64BE(BigInt(maxTimestamp), 35);
  bytes.set(payload, 61);
  bytes.writeUInt32BE(crc32c(bytes, 21, bytes.length), 17);
  return bytes;
}

/** A sealed entry of format 0 or 1 with a null key. */
export function message(magic: number, offset: number, timestamp = 0, value: Uint8Array = new Uint8Array(0)): Buffer {
  const keyAt = magic === 1 ? 26 : 18;
  const bytes = Buffer.alloc(keyAt + 8 + value.length);
  bytes.writeBigInt64BE(BigInt(offset), 0);
  bytes.writeInt32BE(bytes.length - 12, 8);
  bytes.writeInt8(magic, 16);
  if (magic === 1) bytes.writeBigInt64BE(BigInt(timestamp), 18);
  bytes.writeInt32BE(-1, keyAt);
  bytes.writeInt32BE(value.length, keyAt + 4);
  bytes.set(value, keyAt + 8);
  bytes.writeUInt32BE(crc32(bytes, 16, bytes.length), 12);
  return bytes;
}
