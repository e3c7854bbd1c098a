/** The records of a file of uncompressed format 2 batches, as bytes. */
import { readFileSync } from 'node:fs';
import { ATTRIBUTES, BATCH, HEADER_SIZE } from '../../src/format/batch.ts';
import { RecordCursor } from '../../src/format/record-v2.ts';
import type { ExactCursor } from '../../src/inspect/records.ts';
import { validPrefix } from './log-bytes.ts';

export interface RawRecord {
  readonly offset: number;
  readonly isControl: boolean;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}

function part(bytes: Buffer, start: number, length: number): Buffer | null {
  return length < 0 ? null : Buffer.from(bytes.subarray(start, start + length));
}

/** All records of the file. */
export function rawRecords(path: string): RawRecord[] {
  const bytes = readFileSync(path);
  const found: RawRecord[] = [];
  const { entries, validBytes, sizeBytes } = validPrefix(bytes, 0n);
  if (bytes.subarray(validBytes, sizeBytes).some((byte) => byte !== 0)) throw new Error(`${path} is damaged`);
  for (const { position, sizeBytes: size, baseOffset } of entries) {
    const attributes = bytes.readInt16BE(position + BATCH.ATTRIBUTES);
    if ((attributes & ATTRIBUTES.CODEC_MASK) !== 0) throw new Error(`${path} is compressed`);
    const cursor = new RecordCursor();
    cursor.reset(bytes, position + HEADER_SIZE, position + size, bytes.readInt32BE(position + BATCH.RECORD_COUNT));
    while (cursor.next()) {
      found.push({
        offset: Number(baseOffset) + cursor.offsetDelta,
        isControl: (attributes & ATTRIBUTES.CONTROL) !== 0,
        key: part(bytes, cursor.keyStart, cursor.keyLength),
        value: part(bytes, cursor.valueStart, cursor.valueLength),
      });
    }
  }
  return found;
}

/** A record as the inspector's cursors show one. */
export function cursorOver({ offset, key, value }: RawRecord): ExactCursor {
  const [keyLength, valueLength] = [key?.length ?? -1, value?.length ?? -1];
  return {
    bytes: Buffer.concat([key ?? Buffer.alloc(0), value ?? Buffer.alloc(0)]),
    ...{ offset, timestamp: 0, sequence: -1, headersStart: -1 },
    ...{ keyStart: 0, keyLength, valueStart: key?.length ?? 0, valueLength },
    next: () => false,
  };
}
