/** The marker in a control batch. */
import { SeglogError } from '../../errors/errors.ts';
import { type EndTransactionMarker, readEndTransactionMarker } from '../../format/control-record.ts';
import type { RecordBatch } from '../../record/record-batch.ts';

/**
 * What the first record of a control batch says; undefined when the batch has no records.
 *
 * @throws SeglogError what reading a record raises; `INVALID_RECORD` when it is no marker of a transaction
 */
export function markerOf(batch: RecordBatch): EndTransactionMarker | undefined {
  const cursor = batch.cursor();
  if (!cursor.next()) return undefined;
  const { bytes, keyStart, keyLength, valueStart, valueLength } = cursor;
  const marker = readEndTransactionMarker(
    keyLength < 0 ? null : bytes.subarray(keyStart, keyStart + keyLength),
    valueLength < 0 ? null : bytes.subarray(valueStart, valueStart + valueLength),
  );
  if (marker !== undefined) return marker;
  throw new SeglogError('INVALID_RECORD', "a producer's control batch holds no marker of a transaction", {
    file: batch.file,
    position: batch.position,
    baseOffset: batch.baseOffset,
  });
}
