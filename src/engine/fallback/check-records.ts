/** What has to hold of a batch's records beside that they can be read. */
import { SeglogError } from '../../errors/errors.ts';
import { RecordCursor } from '../../format/record-v2.ts';
import { RECORD_CHECK, RECORD_FAULTS } from '../contract.ts';
import { requireRange } from './range.ts';

const NOTHING = new Uint8Array(0);
/** The least int64, in halves. */
const LEAST_HIGH = -(2 ** 31);
/** One for all calls: none of them can be interrupted. */
const cursor = new RecordCursor();

/** Goes over `count` records that fill `bytes[start, end)`; see the contract. @throws SeglogError `INVALID_ARGUMENT` */
export function checkRecords(bytes: Uint8Array, start: number, end: number, count: number, outcome: Int32Array): void {
  requireRange(bytes, start, end);
  if (outcome.length < RECORD_CHECK.length) {
    throw new SeglogError('INVALID_ARGUMENT', 'the outcome array is too short', {
      expected: RECORD_CHECK.length,
      found: outcome.length,
    });
  }
  cursor.reset(bytes, start, end, count);
  let records = 0;
  let position = start;
  let isFalling = false;
  let firstFalling = 0;
  let last = -1;
  let maxLow = 0;
  let maxHigh = LEAST_HIGH;
  while (cursor.next()) {
    const { offsetDelta, timestampDeltaLow: low, timestampDeltaHigh: high } = cursor;
    if (offsetDelta <= last && !isFalling) {
      isFalling = true;
      firstFalling = offsetDelta;
    }
    last = offsetDelta;
    if (high > maxHigh || (high === maxHigh && low >>> 0 > maxLow >>> 0)) {
      maxHigh = high;
      maxLow = low;
    }
    position = cursor.recordEnd;
    records += 1;
  }
  outcome[RECORD_CHECK.fault] = cursor.fault;
  outcome[RECORD_CHECK.record] = cursor.fault === RECORD_FAULTS.none ? records : cursor.faultRecord;
  outcome[RECORD_CHECK.position] = position;
  outcome[RECORD_CHECK.isFalling] = isFalling ? 1 : 0;
  outcome[RECORD_CHECK.firstFalling] = firstFalling;
  outcome[RECORD_CHECK.lastOffsetDelta] = last;
  outcome[RECORD_CHECK.maxTimestampDeltaLow] = maxLow;
  outcome[RECORD_CHECK.maxTimestampDeltaHigh] = maxHigh;
  cursor.reset(NOTHING, 0, 0, 0); // the caller's buffer is not kept
}
