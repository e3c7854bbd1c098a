/** Batches made field by field, also ones that no writer would make. */
import { defaultEngine } from '../../src/engine/select.ts';
import { BATCH, HEADER_SIZE, LEGACY, LOG_OVERHEAD } from '../../src/format/batch.ts';

export interface BatchParts {
  baseOffset?: bigint;
  /** What the length field says; right when left out. */
  length?: number;
  magic?: number;
  attributes?: number;
  lastOffsetDelta?: number;
  baseTimestamp?: bigint;
  maxTimestamp?: bigint;
  producerId?: bigint;
  baseSequence?: number;
  count?: number;
  records?: Buffer;
}

function varint(value: bigint | number): Buffer {
  let zigzag = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
  const bytes: number[] = [];
  for (; zigzag >= 0x80n; zigzag >>= 7n) bytes.push(Number(zigzag & 0x7fn) | 0x80);
  bytes.push(Number(zigzag));
  return Buffer.from(bytes);
}

const field = (bytes: Buffer | string | null): Buffer => {
  if (bytes === null) return varint(-1);
  const content = Buffer.from(bytes as string);
  return Buffer.concat([varint(content.length), content]);
};

/** One record of format 2. */
export function record(
  offsetDelta: number,
  key: Buffer | string | null,
  value: Buffer | string | null,
  more: { timestampDelta?: bigint; headers?: [string | Buffer, string | Buffer | null][] } = {},
): Buffer {
  const headers = more.headers ?? [];
  const body = Buffer.concat([
    Buffer.of(0),
    varint(more.timestampDelta ?? 0n),
    varint(offsetDelta),
    field(key),
    field(value),
    varint(headers.length),
    ...headers.flatMap(([name, content]) => [field(name), field(content)]),
  ]);
  return Buffer.concat([varint(body.length), body]);
}

/** A format 2 batch with a right checksum, of one record unless told otherwise. */
export function batch(parts: BatchParts = {}): Buffer {
  const records = parts.records ?? record(0, 'key', 'value');
  const bytes = Buffer.alloc(HEADER_SIZE + records.length);
  records.copy(bytes, HEADER_SIZE);
  bytes.writeBigInt64BE(parts.baseOffset ?? 0n, BATCH.BASE_OFFSET);
  bytes.writeInt32BE(parts.length ?? bytes.length - LOG_OVERHEAD, BATCH.LENGTH);
  bytes.writeInt32BE(0, BATCH.LEADER_EPOCH);
  bytes.writeInt8(parts.magic ?? 2, BATCH.MAGIC);
  bytes.writeInt16BE(parts.attributes ?? 0, BATCH.ATTRIBUTES);
  bytes.writeInt32BE(parts.lastOffsetDelta ?? 0, BATCH.LAST_OFFSET_DELTA);
  bytes.writeBigInt64BE(parts.baseTimestamp ?? 1000n, BATCH.BASE_TIMESTAMP);
  bytes.writeBigInt64BE(parts.maxTimestamp ?? parts.baseTimestamp ?? 1000n, BATCH.MAX_TIMESTAMP);
  bytes.writeBigInt64BE(parts.producerId ?? -1n, BATCH.PRODUCER_ID);
  bytes.writeInt16BE(-1, BATCH.PRODUCER_EPOCH);
  bytes.writeInt32BE(parts.baseSequence ?? -1, BATCH.BASE_SEQUENCE);
  bytes.writeInt32BE(parts.count ?? 1, BATCH.RECORD_COUNT);
  bytes.writeUInt32BE(defaultEngine().crc32c(bytes, BATCH.ATTRIBUTES, bytes.length), BATCH.CRC);
  return bytes;
}

/** `count` batches of one record each, with offsets from 0. */
export function batches(count: number, value = 'value'): Buffer[] {
  return Array.from({ length: count }, (_, i) => batch({ baseOffset: BigInt(i), records: record(0, `k${i}`, value) }));
}

export interface MessageParts {
  offset?: bigint;
  magic?: number;
  attributes?: number;
  timestamp?: bigint;
  key?: Buffer | null;
  value?: Buffer | null;
  /** Bytes instead of key and value. */
  body?: Buffer;
}

const sized = (bytes: Buffer | null): Buffer => {
  const length = Buffer.alloc(4);
  length.writeInt32BE(bytes?.length ?? -1);
  return bytes === null ? length : Buffer.concat([length, bytes]);
};

/** A message of format 0 or 1 with a right checksum. */
export function message({
  offset = 0n,
  magic = 1,
  attributes = 0,
  timestamp = 1000n,
  key = null,
  value = Buffer.from('value'),
  body,
}: MessageParts = {}): Buffer {
  const head = Buffer.alloc(LEGACY.ATTRIBUTES + 1);
  head.writeBigInt64BE(offset, 0);
  head.writeInt8(magic, BATCH.MAGIC);
  head.writeUInt8(attributes, LEGACY.ATTRIBUTES);
  const time = Buffer.alloc(8);
  time.writeBigInt64BE(timestamp);
  const bytes = Buffer.concat([
    head,
    ...(magic === 0 ? [] : [time]),
    ...(body === undefined ? [sized(key), sized(value)] : [body]),
  ]);
  bytes.writeInt32BE(bytes.length - LOG_OVERHEAD, BATCH.LENGTH);
  bytes.writeUInt32BE(defaultEngine().crc32(bytes, BATCH.MAGIC, bytes.length), LEGACY.CRC);
  return bytes;
}
