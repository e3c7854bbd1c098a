/** Whether a control record says what control records say. */
import { CONTROL_TYPES, controlTypeOf, readEndTransactionMarker } from '../../../format/control-record.ts';

/** Where key and value of a record lie; a length of -1 is null. */
interface RecordPlace {
  readonly keyStart: number;
  readonly keyLength: number;
  readonly valueStart: number;
  readonly valueLength: number;
}

/** The type that a record's key tells; undefined for a key that tells none. */
export function controlTypeAt(bytes: Uint8Array, { keyStart, keyLength }: RecordPlace): number | undefined {
  return keyLength < 0 ? undefined : controlTypeOf(bytes.subarray(keyStart, keyStart + keyLength));
}

/** What is wrong with the control record at `place`; undefined when nothing is. Types that are not known are passed over. */
export function controlProblem(bytes: Uint8Array, place: RecordPlace, recordCount: number): string | undefined {
  const type = controlTypeAt(bytes, place);
  if (type === undefined) return 'a key that is no version and type';
  const { keyStart, keyLength, valueStart, valueLength } = place;
  const key = bytes.subarray(keyStart, keyStart + keyLength);
  if (type !== CONTROL_TYPES.abort && type !== CONTROL_TYPES.commit) return undefined;
  const value = valueLength < 0 ? null : bytes.subarray(valueStart, valueStart + valueLength);
  if (readEndTransactionMarker(key, value) === undefined) return 'a marker without a version and coordinator epoch';
  return recordCount > 1 ? `a marker among ${recordCount} records` : undefined;
}
