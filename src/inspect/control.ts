/** Control records in words: what a marker says. */
import type { ExactCursor } from './records.ts';

const TYPES = [
  'ABORT',
  'COMMIT',
  'LEADER_CHANGE',
  'SNAPSHOT_HEADER',
  'SNAPSHOT_FOOTER',
  'KRAFT_VERSION',
  'KRAFT_VOTERS',
];
const COMMIT = 1;
/** `version int16, type int16`. */
const KEY_LENGTH = 4;
/** `version int16, coordinatorEpoch int32`. */
const MARKER_LENGTH = 6;

/**
 * A control record's meaning, for a text line. Kinds that are not known, and ones with a key or value too short, are
 * named by number and shown in hex: newer Kafkas have more of them.
 */
export function controlText({ bytes, keyStart, keyLength, valueStart, valueLength }: ExactCursor): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const hex = (start: number, length: number): string =>
    length < 0 ? 'null' : Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString('hex');
  if (keyLength < KEY_LENGTH)
    return `controlType: INVALID key: ${hex(keyStart, keyLength)} payload: ${hex(valueStart, valueLength)}`;
  const type = view.getInt16(keyStart + 2);
  if (type >= 0 && type <= COMMIT && valueLength >= MARKER_LENGTH) {
    return `endTxnMarker: ${TYPES[type]} coordinatorEpoch: ${view.getInt32(valueStart + 2)}`;
  }
  return `controlType: ${TYPES[type] ?? 'UNKNOWN'}(${type}) payload: ${hex(valueStart, valueLength)}`;
}
