/** The first record of a control batch, of which only type and coordinator epoch are of interest (spec 1.3). */
import { ATTRIBUTES, BATCH, HEADER_SIZE, magicOf } from '../../format/batch.ts';
import { RecordCursor } from '../../format/record-v2.ts';
import { RECOVERY_CONTROL, RECORD_FAULTS } from '../contract.ts';

/** The most bytes of a control batch that is read; a marker has 78. */
const MAX_SIZE = 64 * 1024;
/** `version int16, type int16`. */
const KEY_LENGTH = 4;
/** `version int16, coordinatorEpoch int32`. */
const MARKER_LENGTH = 6;
const ABORT = 0;
const COMMIT = 1;
/** A type below 0 is unknown, as one that is too large is. */
const UNKNOWN = 0x7fff;

/** What a control batch says. */
interface Control {
  /** Its first record's type, or one of {@link RECOVERY_CONTROL}. */
  readonly controlType: number;
  /** That of an end marker; -1 elsewhere. */
  readonly coordinatorEpoch: number;
}

const ofType = (controlType: number): Control => ({ controlType, coordinatorEpoch: -1 });
const NONE = ofType(RECOVERY_CONTROL.none);
const EMPTY = ofType(RECOVERY_CONTROL.empty);
const UNREADABLE = ofType(RECOVERY_CONTROL.unreadable);

const cursor = new RecordCursor();

/** Reads the control record of the batch at `at`, all of which is there unless it is larger than 64 KiB. */
export function readControl(view: DataView, at: number, size: number): Control {
  if (magicOf(view, at) < 2) return NONE;
  const attributes = view.getInt16(at + BATCH.ATTRIBUTES);
  if ((attributes & ATTRIBUTES.CONTROL) === 0) return NONE;
  const count = view.getInt32(at + BATCH.RECORD_COUNT);
  if (count === 0) return EMPTY;
  if ((attributes & ATTRIBUTES.CODEC_MASK) !== 0 || count < 0 || size > MAX_SIZE) return UNREADABLE;
  const bytes = new Uint8Array(view.buffer, view.byteOffset + at, size);
  cursor.reset(bytes, HEADER_SIZE, size, 1);
  if (!cursor.next()) return UNREADABLE;
  const { keyStart, keyLength, valueStart, valueLength } = cursor;
  if (count === 1) {
    // Bytes behind the last record are noticed once that is read; of further records nobody reads any.
    cursor.next();
    if (cursor.fault !== RECORD_FAULTS.none) return UNREADABLE;
  }
  if (keyLength < KEY_LENGTH || view.getInt16(at + keyStart) < 0) return UNREADABLE;
  const controlType = view.getInt16(at + keyStart + 2);
  if (controlType < 0) return ofType(UNKNOWN);
  if (controlType !== ABORT && controlType !== COMMIT) return ofType(controlType);
  if (valueLength < MARKER_LENGTH || view.getInt16(at + valueStart) < 0) return UNREADABLE;
  return { controlType, coordinatorEpoch: view.getInt32(at + valueStart + 2) };
}
