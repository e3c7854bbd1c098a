/** Encoded batches as clients send them, and what a test does to their headers. */
import { CODEC_IDS, type CodecId } from '../../../src/engine/contract.ts';
import { defaultEngine } from '../../../src/engine/select.ts';
import { BATCH, LEGACY } from '../../../src/format/batch.ts';
import { BatchBuilder, type BatchFields, type Header } from '../../../src/record/batch-builder.ts';
import { type LogRecord, RecordBatch } from '../../../src/record/record-batch.ts';

const engine = defaultEngine();
/** Kafka's levels where none is configured. */
const LEVELS: Record<CodecId, number> = { 0: 0, 1: -1, 2: 0, 3: 9, 4: 3 };

/** A record for a batch. */
export interface Made {
  readonly timestamp?: number;
  readonly key?: string | null;
  readonly value?: string | null;
  readonly headers?: readonly Header[];
  /** Its offset in the batch, where that is not its place. */
  readonly delta?: number;
}

const bytesOf = (text: string | null | undefined): Buffer | null =>
  text === null || text === undefined ? null : Buffer.from(text);

/** A batch of format 2. */
export function batchOf(
  records: readonly Made[],
  fields: Partial<BatchFields> = {},
  codec: CodecId = CODEC_IDS.none,
  level: number = LEVELS[codec],
): Buffer {
  const builder = new BatchBuilder(engine);
  for (const { timestamp = -1, key, value, headers, delta } of records) {
    builder.add(timestamp, bytesOf(key), bytesOf(value), headers, delta);
  }
  const { bytes, length } = builder.build({ baseOffset: 0, ...fields }, { codec, level });
  return Buffer.from(bytes.subarray(0, length));
}

type Write = (view: DataView) => void;

/** A batch with a changed header and a checksum that matches it. */
export function changed(batch: Uint8Array, write: Write): Buffer {
  const copy = Buffer.from(batch);
  write(new DataView(copy.buffer, copy.byteOffset, copy.byteLength));
  engine.sealBatch(copy, copy.length);
  return copy;
}

/** Sets the count of a batch's records, and how far its last offset is from its first. */
export const setCount =
  (count: number, lastOffsetDelta: number = count - 1): Write =>
  (view) => {
    view.setInt32(BATCH.RECORD_COUNT, count);
    view.setInt32(BATCH.LAST_OFFSET_DELTA, lastOffsetDelta);
  };

/** A message of format 0 or 1. */
export interface Message {
  readonly magic: 0 | 1;
  readonly offset: number;
  readonly timestamp?: number;
  readonly attributes?: number;
  readonly key?: string | null;
  readonly value?: string | Uint8Array | null;
}

export function messageOf({ magic, offset, timestamp = -1, attributes = 0, key, value }: Message): Buffer {
  const head = Buffer.alloc(magic === 1 ? 26 : 18);
  head.writeBigInt64BE(BigInt(offset));
  head.writeInt8(magic, LEGACY.MAGIC);
  head.writeInt8(attributes, LEGACY.ATTRIBUTES);
  if (magic === 1) head.writeBigInt64BE(BigInt(timestamp), LEGACY.TIMESTAMP);
  const fields = [key, value].map((content) => {
    const bytes = content instanceof Uint8Array ? content : bytesOf(content);
    const length = Buffer.alloc(4);
    length.writeInt32BE(bytes === null ? -1 : bytes.length);
    return Buffer.concat([length, bytes ?? Buffer.alloc(0)]);
  });
  const message = Buffer.concat([head, ...fields]);
  message.writeInt32BE(message.length - 12, BATCH.LENGTH);
  message.writeUInt32BE(engine.crc32(message, LEGACY.MAGIC, message.length), LEGACY.CRC);
  return message;
}

/** A wrapper around messages. */
export function wrapperOf(parts: Omit<Message, 'value'>, codec: CodecId, inner: readonly Uint8Array[]): Buffer {
  const plain = Buffer.concat(inner);
  const target = Buffer.alloc(engine.compressBound(codec, plain.length));
  const length = engine.compress(codec, LEVELS[codec], plain, 0, plain.length, target, 0);
  return messageOf({ ...parts, attributes: (parts.attributes ?? 0) | codec, value: target.subarray(0, length) });
}

/** The batch at the start of `bytes`. */
export function opened(bytes: Uint8Array): RecordBatch {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return new RecordBatch(engine, bytes, view, 0, 'result', 0, {});
}

/** A record in words. */
export function told({ offset, timestamp, key, value, headers }: LogRecord): unknown[] {
  const text = (bytes: Uint8Array | null): string | null => (bytes === null ? null : Buffer.from(bytes).toString());
  return [offset, timestamp, text(key), text(value), ...headers.map(([name, content]) => [name, text(content)])];
}
