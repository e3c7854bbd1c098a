/** One batch, read again from its place: for the bytes of a key, and for a sample. */
import { CODEC_IDS, type Engine } from '../../engine/contract.ts';
import { ATTRIBUTES, BATCH, HEADER_SIZE, magicOf } from '../../format/batch.ts';
import { RecordCursor } from '../../format/record-v2.ts';
import type { File } from '../../fs/contract.ts';
import { codecOf, decompressRecords } from '../../record/decompress.ts';
import { decodeLegacyBatch, LEGACY_ROW } from '../../record/legacy.ts';
import { isValid, plausibleSize, UNTIL_MAGIC } from '../checks.ts';
import { viewOf } from '../chunk.ts';

/** A whole, valid batch. */
export interface BatchAt {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly magic: number;
}

/** The batch at `position`; undefined when there is none any more, or it is larger than `maxBytes`. @throws SeglogError `IO` */
export function batchAt(engine: Engine, file: File, position: number, maxBytes: number): BatchAt | undefined {
  const header = new Uint8Array(HEADER_SIZE);
  const remaining = file.sizeBytes() - position;
  if (remaining < UNTIL_MAGIC) return undefined;
  file.read(header, 0, Math.min(HEADER_SIZE, remaining), position);
  const size = plausibleSize(viewOf(header), 0, remaining);
  if (size === undefined || size > maxBytes) return undefined;
  const bytes = Buffer.allocUnsafeSlow(size);
  if (file.read(bytes, 0, size, position) < size) return undefined;
  const view = viewOf(bytes);
  return isValid(engine, bytes, view, 0, size) ? { bytes, view, magic: magicOf(view, 0) } : undefined;
}

/** How a format 2 batch's records are stored, and what they are. @throws SeglogError where they cannot be decompressed */
export function recordsOf(
  engine: Engine,
  { bytes, view }: BatchAt,
  maxBytes: number,
): { readonly records: Uint8Array; readonly storedBytes: number } {
  const codec = codecOf(view.getUint8(BATCH.ATTRIBUTES + 1) & ATTRIBUTES.CODEC_MASK, 2);
  const storedBytes = bytes.length - HEADER_SIZE;
  if (codec === CODEC_IDS.none) return { records: bytes.subarray(HEADER_SIZE), storedBytes };
  const options = { maxDecompressedBytes: maxBytes };
  return { records: decompressRecords(engine, codec, 2, bytes, HEADER_SIZE, bytes.length, options), storedBytes };
}

/** The key of record number `record`; undefined when it has none, or there is no such record. @throws as `recordsOf` */
export function keyOfRecord(engine: Engine, batch: BatchAt, record: number, maxBytes: number): Uint8Array | undefined {
  if (batch.magic < 2) return keyOfMessage(engine, batch, record, maxBytes);
  const { records } = recordsOf(engine, batch, maxBytes);
  const cursor = new RecordCursor();
  cursor.reset(records, 0, records.length, batch.view.getInt32(BATCH.RECORD_COUNT));
  for (let at = 0; at <= record; at++) if (!cursor.next()) return undefined;
  return cursor.keyLength < 0 ? undefined : records.subarray(cursor.keyStart, cursor.keyStart + cursor.keyLength);
}

function keyOfMessage(engine: Engine, { bytes }: BatchAt, record: number, maxBytes: number): Uint8Array | undefined {
  const options = { maxDecompressedBytes: maxBytes };
  const messages = decodeLegacyBatch(engine, bytes, 0, bytes.length, options);
  const row = record * LEGACY_ROW.length;
  const start = messages.rows[row + LEGACY_ROW.keyStart] ?? 0;
  const length = messages.rows[row + LEGACY_ROW.keyLength] ?? -1;
  return length < 0 ? undefined : messages.bytes.subarray(start, start + length);
}
