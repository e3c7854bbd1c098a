/** Record fields to columns of positions. */
import { SeglogError } from '../../errors/errors.ts';
import { RecordCursor } from '../../format/record-v2.ts';
import { DECODE_OUTCOME, RECORD_FAULTS, RECORD_ROW } from '../contract.ts';
import { requireRange } from './range.ts';

const NOTHING = new Uint8Array(0);
/** One for all calls: none of them can be interrupted. */
const cursor = new RecordCursor();

/**
 * Decodes `count` records that fill `bytes[start, end)`; see the contract.
 *
 * @throws SeglogError `INVALID_ARGUMENT` when there are more records than `rows` has room for
 */
export function decodeRecords(
  bytes: Uint8Array,
  start: number,
  end: number,
  count: number,
  rows: Int32Array,
  outcome: Int32Array,
): void {
  requireRange(bytes, start, end);
  cursor.reset(bytes, start, end, count);
  let row = 0;
  while (cursor.next()) {
    if (row + RECORD_ROW.length > rows.length) {
      throw new SeglogError('INVALID_ARGUMENT', 'the rows have no room for all records', {
        expected: count * RECORD_ROW.length,
        found: rows.length,
      });
    }
    rows[row + RECORD_ROW.offsetDelta] = cursor.offsetDelta;
    rows[row + RECORD_ROW.timestampDeltaLow] = cursor.timestampDeltaLow;
    rows[row + RECORD_ROW.timestampDeltaHigh] = cursor.timestampDeltaHigh;
    rows[row + RECORD_ROW.keyStart] = cursor.keyStart;
    rows[row + RECORD_ROW.keyLength] = cursor.keyLength;
    rows[row + RECORD_ROW.valueStart] = cursor.valueStart;
    rows[row + RECORD_ROW.valueLength] = cursor.valueLength;
    rows[row + RECORD_ROW.headersStart] = cursor.headersStart;
    row += RECORD_ROW.length;
  }
  const isFault = cursor.fault !== RECORD_FAULTS.none;
  outcome[DECODE_OUTCOME.fault] = cursor.fault;
  outcome[DECODE_OUTCOME.record] = isFault ? cursor.faultRecord : count;
  outcome[DECODE_OUTCOME.position] = isFault ? cursor.faultPosition : count === 0 ? start : end;
  cursor.reset(NOTHING, 0, 0, 0); // the caller's buffer is not kept
}
