/** Records as JSON lines, byte for byte those of the native engine. */
import { SeglogError } from '../../errors/errors.ts';
import { readHeaders, RecordCursor } from '../../format/record-v2.ts';
import { joinInt64 } from '../../format/varint.ts';
import { LINE_ENCODINGS, LINE_REDACTED, LINE_STATE, type LineEncoding, RECORD_FAULTS } from '../contract.ts';
import { type Form, formOf, LineTarget, Piece, usualForm } from './line-target.ts';
import { requireRange } from './range.ts';

const OFFSET = new Piece('{"type":"record","offset":');
const TIMESTAMP = new Piece(',"timestamp":');
const KEY = new Piece(',"key":');
const VALUE = new Piece(',"value":');
const HEADERS = new Piece(',"headers":[');
const ENCODINGS = {
  base64: new Piece('],"encoding":"base64"'),
  utf8: new Piece('],"encoding":"utf8"'),
  hex: new Piece('],"encoding":"hex"'),
} as const;
const END = new Piece('}\n');
const NULL = new Piece('null');

const NOTHING = new Uint8Array(0);
/** All bits of {@link LINE_REDACTED}. */
const ALL_REDACTED: number = LINE_REDACTED.keys | LINE_REDACTED.values | LINE_REDACTED.headers;
/** One for all calls: none of them can be interrupted. */
const cursor = new RecordCursor();

/**
 * Writes the lines of records from `state` on; see the contract.
 *
 * @throws SeglogError `INVALID_ARGUMENT` for a state that cannot be
 */
export function recordLines(bytes: Uint8Array, end: number, target: Uint8Array, state: Int32Array): void {
  const batch = parse(bytes, end, state);
  const { count } = batch;
  let position = state[LINE_STATE.position] as number;
  let record = state[LINE_STATE.record] as number;
  const out = new LineTarget(target, bytes);
  let written = 0;
  cursor.reset(bytes, position, end, count - record);
  while (cursor.next()) {
    writeLine(out, bytes, batch);
    if (out.written === Infinity) break;
    written = out.written;
    position = cursor.recordEnd;
    record += 1;
  }
  let { fault } = cursor;
  // The cursor does not look behind the records of a batch of which none are left.
  if (fault === RECORD_FAULTS.none && count > 0 && record === count && position !== end)
    fault = RECORD_FAULTS.trailingBytes;
  cursor.reset(NOTHING, 0, 0, 0); // the caller's buffer is not kept
  state[LINE_STATE.position] = position;
  state[LINE_STATE.record] = record;
  state[LINE_STATE.written] = written;
  state[LINE_STATE.fault] = fault;
}

/** What is the same for all records of a batch. */
interface Batch {
  readonly count: number;
  readonly offset: Base;
  readonly timestamp: Base;
  readonly isAppendTime: boolean;
  readonly encoding: LineEncoding;
  readonly usual: Form;
  readonly redacted: number;
}

/** An int64 that deltas are added to. */
interface Base {
  /** Inexact beyond 2^53. */
  readonly number: number;
  readonly exact: bigint;
}

function parse(bytes: Uint8Array, end: number, state: Int32Array): Batch {
  if (state.length < LINE_STATE.length) {
    throw new SeglogError('INVALID_ARGUMENT', 'the state array is too short', {
      expected: LINE_STATE.length,
      found: state.length,
    });
  }
  const field = (index: number): number => state[index] as number;
  const count = field(LINE_STATE.count);
  const record = field(LINE_STATE.record);
  requireRange(bytes, field(LINE_STATE.position), end);
  if (record < 0 || record > Math.max(0, count)) {
    throw new SeglogError('INVALID_ARGUMENT', "the state's position is not in the batch", {
      expected: `0 to ${count}`,
      found: record,
    });
  }
  const encoding = field(LINE_STATE.encoding) as LineEncoding;
  const redacted = field(LINE_STATE.redacted);
  if (!Object.values(LINE_ENCODINGS).includes(encoding) || redacted < 0 || redacted > ALL_REDACTED) {
    throw new SeglogError('INVALID_ARGUMENT', 'there is no such encoding of lines', { found: encoding });
  }
  return {
    count,
    offset: base(field(LINE_STATE.baseOffsetLow), field(LINE_STATE.baseOffsetHigh)),
    timestamp: base(field(LINE_STATE.timestampLow), field(LINE_STATE.timestampHigh)),
    isAppendTime: field(LINE_STATE.isAppendTime) !== 0,
    encoding,
    usual: usualForm(encoding),
    redacted,
  };
}

function base(low: number, high: number): Base {
  return { number: joinInt64(low, high), exact: join(low, high) };
}

function join(low: number, high: number): bigint {
  return (BigInt(high) << 32n) | BigInt(low >>> 0);
}

/** The line of the record that the cursor is at. */
function writeLine(out: LineTarget, bytes: Uint8Array, batch: Batch): void {
  const { encoding, usual, redacted } = batch;
  const { keyStart, keyLength, valueStart, valueLength, headersStart } = cursor;
  out.put(OFFSET);
  out.number(offsetOf(batch));
  out.put(TIMESTAMP);
  out.number(timestampOf(batch));
  const isKeyRedacted = (redacted & LINE_REDACTED.keys) !== 0;
  const isValueRedacted = (redacted & LINE_REDACTED.values) !== 0;
  out.put(KEY);
  const key = nullable(out, keyStart, keyLength, encoding, isKeyRedacted);
  out.put(VALUE);
  const value = nullable(out, valueStart, valueLength, encoding, isValueRedacted);
  out.put(HEADERS);
  // Most records have none, and the count is then a single zero byte.
  const areUsual = bytes[headersStart] === 0 || headers(out, bytes, headersStart, batch);
  out.put(ENCODINGS[usual as keyof typeof ENCODINGS]);
  if (key !== usual) out.putText(`,"keyEncoding":"${key}"`);
  if (value !== usual) out.putText(`,"valueEncoding":"${value}"`);
  if (!areUsual) headerEncodings(out, bytes, headersStart, batch);
  out.put(END);
}

function offsetOf({ offset }: Batch): number | bigint {
  const sum = offset.number + cursor.offsetDelta;
  const isExact = Number.isSafeInteger(offset.number) && Number.isSafeInteger(sum);
  return isExact ? sum : offset.exact + BigInt(cursor.offsetDelta);
}

function timestampOf({ timestamp, isAppendTime }: Batch): number | bigint {
  if (isAppendTime) return Number.isSafeInteger(timestamp.number) ? timestamp.number : timestamp.exact;
  const sum = timestamp.number + cursor.timestampDelta;
  const isExact = Number.isSafeInteger(timestamp.number) && Number.isSafeInteger(cursor.timestampDelta);
  if (isExact && Number.isSafeInteger(sum)) return sum;
  // Java's sums wrap around.
  return BigInt.asIntN(64, timestamp.exact + join(cursor.timestampDeltaLow, cursor.timestampDeltaHigh));
}

/** A field; returns what it is in. A null is in the usual encoding. */
function nullable(out: LineTarget, start: number, length: number, encoding: LineEncoding, isRedacted: boolean): Form {
  if (length < 0) {
    out.put(NULL);
    return usualForm(encoding);
  }
  if (!isRedacted) return out.field(start, length, encoding);
  out.redacted(length);
  return 'redacted';
}

/** Whether all of them are in the usual encoding. */
function headers(out: LineTarget, bytes: Uint8Array, start: number, { encoding, usual, redacted }: Batch): boolean {
  const isRedacted = (redacted & LINE_REDACTED.headers) !== 0;
  let areUsual = true;
  let separator = '[';
  readHeaders(bytes, start, (keyStart, keyLength, valueStart, valueLength) => {
    out.putText(separator);
    separator = ',[';
    const key = nullable(out, keyStart, keyLength, encoding, isRedacted);
    out.putText(',');
    const value = nullable(out, valueStart, valueLength, encoding, isRedacted);
    out.putText(']');
    areUsual &&= key === usual && value === usual;
  });
  return areUsual;
}

function headerEncodings(out: LineTarget, bytes: Uint8Array, start: number, { encoding, redacted }: Batch): void {
  const isRedacted = (redacted & LINE_REDACTED.headers) !== 0;
  const form = (from: number, length: number): Form => {
    if (length < 0) return usualForm(encoding);
    return isRedacted ? 'redacted' : formOf(encoding, bytes, from, length);
  };
  let separator = ',"headerEncodings":[';
  readHeaders(bytes, start, (keyStart, keyLength, valueStart, valueLength) => {
    const key = form(keyStart, keyLength);
    const value = form(valueStart, valueLength);
    out.putText(`${separator}["${key}","${value}"]`);
    separator = ',';
  });
  out.putText(']');
}
