/** The fields of batches and records by the names that they have in JSON lines, for conditions and columns. */
import { type BatchSummary, codecName } from '../batch-summary.ts';
import { eachHeader } from '../dump-lines.ts';
import type { Int64 } from '../int64.ts';
import type { ExactCursor } from '../records.ts';

/** What a field can be. Bytes of users are strings of one character a byte, so that equal strings are equal bytes. */
export type FieldValue = Int64 | string | boolean | null;

/** What a field is compared with. */
export type FieldType = 'number' | 'boolean' | 'name' | 'bytes';

/** A field of a batch's header. */
export interface BatchField {
  readonly name: string;
  readonly type: FieldType;
  readonly of: (batch: BatchSummary) => FieldValue;
}

/** A field that each record has for itself. */
export interface RecordField {
  readonly name: string;
  readonly type: FieldType;
  readonly of: (record: ExactCursor) => FieldValue;
}

const batchField = (name: keyof BatchSummary, type: FieldType): BatchField => ({
  name,
  type,
  of: (batch) => batch[name],
});

/** In the order of a batch's JSON line. */
export const BATCH_FIELDS: readonly BatchField[] = [
  batchField('position', 'number'),
  batchField('size', 'number'),
  batchField('magic', 'number'),
  batchField('baseOffset', 'number'),
  batchField('lastOffset', 'number'),
  batchField('count', 'number'),
  { name: 'compression', type: 'name', of: (batch) => codecName(batch.codec) },
  batchField('timestampType', 'name'),
  batchField('maxTimestamp', 'number'),
  batchField('producerId', 'number'),
  batchField('producerEpoch', 'number'),
  batchField('baseSequence', 'number'),
  batchField('lastSequence', 'number'),
  batchField('partitionLeaderEpoch', 'number'),
  batchField('isTransactional', 'boolean'),
  batchField('isControl', 'boolean'),
  batchField('deleteHorizonMs', 'number'),
  { name: 'crc', type: 'number', of: ({ magic, crc }) => (magic < 2 ? null : crc) },
  batchField('valid', 'boolean'),
];

/** One character a byte; null for null. */
function bytesOf(bytes: Uint8Array, start: number, length: number): string | null {
  return length < 0 ? null : Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString('latin1');
}

/** Sizes are -1 for null, as in Kafka's own dump. */
export const RECORD_FIELDS: readonly RecordField[] = [
  { name: 'offset', type: 'number', of: ({ offset }) => offset },
  { name: 'timestamp', type: 'number', of: ({ timestamp }) => timestamp },
  { name: 'sequence', type: 'number', of: ({ sequence }) => sequence },
  { name: 'keySize', type: 'number', of: ({ keyLength }) => keyLength },
  { name: 'valueSize', type: 'number', of: ({ valueLength }) => valueLength },
  { name: 'headerCount', type: 'number', of: headerCount },
  { name: 'key', type: 'bytes', of: ({ bytes, keyStart, keyLength }) => bytesOf(bytes, keyStart, keyLength) },
  { name: 'value', type: 'bytes', of: ({ bytes, valueStart, valueLength }) => bytesOf(bytes, valueStart, valueLength) },
];

function headerCount(record: ExactCursor): number {
  let count = 0;
  eachHeader(record, () => (count += 1));
  return count;
}

/** The value of the last header of that key (in bytes); null when there is none, or its value is. */
export function headerField(name: string, key: string): RecordField {
  return {
    name,
    type: 'bytes',
    of(record) {
      let found: string | null = null;
      eachHeader(record, (keyStart, keyLength, valueStart, valueLength) => {
        if (keyLength === key.length && bytesOf(record.bytes, keyStart, keyLength) === key)
          found = bytesOf(record.bytes, valueStart, valueLength);
      });
      return found;
    },
  };
}
