/** A batch's records as the lines of `seglog read`. */
import type { BytesPrinter } from '../inspect/byte-encoding.ts';
import { type PrintedRecord, recordFields } from '../inspect/dump-lines.ts';
import { type BatchCursor, RecordBatchCursor } from '../record/cursors.ts';
import type { RecordBatch } from '../record/record-batch.ts';

function asPrinted(cursor: BatchCursor): PrintedRecord {
  // Formats 0 and 1 have no headers, and their cursor no place for them.
  if (cursor instanceof RecordBatchCursor) return cursor;
  const { bytes, offset, timestamp, keyStart, keyLength, valueStart, valueLength } = cursor;
  return { bytes, offset, timestamp, keyStart, keyLength, valueStart, valueLength, headersStart: -1 };
}

/**
 * The lines of the records from `from` on. Text is the value alone, as it would be given to `append`, except that a
 * control character is escaped: one record stays one line, and no terminal is steered.
 *
 * @throws SeglogError what is wrong with the records; those before were handed out
 */
export function* recordLines(
  batch: RecordBatch,
  from: number,
  printer: BytesPrinter,
  json: boolean,
): Generator<string, void> {
  const cursor = batch.cursor();
  while (cursor.next()) {
    if (cursor.offset < from) continue;
    if (json) yield `{${recordFields(asPrinted(cursor), printer)}}\n`;
    else if (cursor.valueLength < 0) yield 'null\n';
    else yield `${printer.text(cursor.bytes, cursor.valueStart, cursor.valueLength)}\n`;
  }
}
