/** Control records in words: what a marker says. */
import { CONTROL_TYPES, controlTypeOf, readEndTransactionMarker } from '../format/control-record.ts';
import type { ExactCursor } from './records.ts';

/** Kafka's names of the types. */
const NAMES: Readonly<Record<number, string>> = {
  [CONTROL_TYPES.abort]: 'ABORT',
  [CONTROL_TYPES.commit]: 'COMMIT',
  [CONTROL_TYPES.leaderChange]: 'LEADER_CHANGE',
  [CONTROL_TYPES.snapshotHeader]: 'SNAPSHOT_HEADER',
  [CONTROL_TYPES.snapshotFooter]: 'SNAPSHOT_FOOTER',
  [CONTROL_TYPES.kraftVersion]: 'KRAFT_VERSION',
  [CONTROL_TYPES.kraftVoters]: 'KRAFT_VOTERS',
};

/**
 * A control record's meaning, for a text line. Kinds that are not known, and ones with a key or value that cannot be
 * decoded, are named by number and shown in hex: newer Kafkas have more of them.
 */
export function controlText({ bytes, keyStart, keyLength, valueStart, valueLength }: ExactCursor): string {
  const key = part(bytes, keyStart, keyLength);
  const value = part(bytes, valueStart, valueLength);
  const type = key === null ? undefined : controlTypeOf(key);
  if (type === undefined) return `controlType: INVALID key: ${hex(key)} payload: ${hex(value)}`;
  const marker = readEndTransactionMarker(key, value);
  if (marker !== undefined) return `endTxnMarker: ${NAMES[type]} coordinatorEpoch: ${marker.coordinatorEpoch}`;
  return `controlType: ${NAMES[type] ?? 'UNKNOWN'}(${type}) payload: ${hex(value)}`;
}

function part(bytes: Uint8Array, start: number, length: number): Buffer | null {
  return length < 0 ? null : Buffer.from(bytes.buffer, bytes.byteOffset + start, length);
}

function hex(bytes: Buffer | null): string {
  return bytes === null ? 'null' : bytes.toString('hex');
}
