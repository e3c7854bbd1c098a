/** Control records in words: what a marker, or a record of KRaft's own, says. */
import { CONTROL_TYPES, controlTypeOf, readEndTransactionMarker } from '../format/control-record.ts';
import {
  KRaftVersionRecord,
  LeaderChangeMessage,
  SnapshotFooterRecord,
  SnapshotHeaderRecord,
  VotersRecord,
} from '../message/generated/control.ts';
import type { AnyMessage } from '../message/schema.ts';
import { readAsJson, recordReader } from './decode/messages.ts';
import { orUnknown } from './decode/unknown.ts';
import type { ExactCursor } from './records.ts';

/** What is known of a type: Kafka's name of it, and, unless it is a marker, its message and its label in a dump. */
interface ControlKind {
  readonly name: string;
  readonly message?: AnyMessage;
  readonly label?: string;
}

const KINDS: Readonly<Record<number, ControlKind>> = {
  [CONTROL_TYPES.abort]: { name: 'ABORT' },
  [CONTROL_TYPES.commit]: { name: 'COMMIT' },
  [CONTROL_TYPES.leaderChange]: { name: 'LEADER_CHANGE', message: LeaderChangeMessage, label: 'LeaderChange:' },
  [CONTROL_TYPES.snapshotHeader]: { name: 'SNAPSHOT_HEADER', message: SnapshotHeaderRecord, label: 'SnapshotHeader' },
  [CONTROL_TYPES.snapshotFooter]: { name: 'SNAPSHOT_FOOTER', message: SnapshotFooterRecord, label: 'SnapshotFooter' },
  [CONTROL_TYPES.kraftVersion]: { name: 'KRAFT_VERSION', message: KRaftVersionRecord, label: 'KRaftVersion' },
  [CONTROL_TYPES.kraftVoters]: { name: 'KRAFT_VOTERS', message: VotersRecord, label: 'KRaftVoters' },
};

/**
 * A control record's meaning, for a text line, in the words of kafka-dump-log. Kinds that are not known, and ones with a key
 * or value that cannot be decoded, are named by number and shown in hex: newer Kafkas have more of them.
 */
export function controlText({ bytes, keyStart, keyLength, valueStart, valueLength }: ExactCursor): string {
  const key = part(bytes, keyStart, keyLength);
  const value = part(bytes, valueStart, valueLength);
  const type = key === null ? undefined : controlTypeOf(key);
  if (type === undefined) return `controlType: INVALID key: ${hex(key)} payload: ${hex(value)}`;
  const kind = KINDS[type];
  const marker = readEndTransactionMarker(key, value);
  if (marker !== undefined) return `endTxnMarker: ${kind?.name} coordinatorEpoch: ${marker.coordinatorEpoch}`;
  const data = dataJson(kind, value);
  if (kind?.label !== undefined && data?.known === true) return `${kind.label} ${data.json}`;
  return `controlType: ${kind?.name ?? 'UNKNOWN'}(${type}) payload: ${hex(value)}`;
}

/**
 * The same as JSON: `{"type":"COMMIT","coordinatorEpoch":0}`, `{"type":"LEADER_CHANGE","data":{...}}`. What is not known
 * has `unknown` with the reason, and its bytes in `data`, or in `key` where not even the type can be told.
 */
export function controlJson({ bytes, keyStart, keyLength, valueStart, valueLength }: ExactCursor): string {
  const key = part(bytes, keyStart, keyLength);
  const value = part(bytes, valueStart, valueLength);
  const type = key === null ? undefined : controlTypeOf(key);
  if (type === undefined)
    return `{"type":"INVALID","unknown":"no control type","key":${base64(key)},"data":${base64(value)}}`;
  const kind = KINDS[type];
  const name = kind?.name ?? `UNKNOWN(${type})`;
  const marker = readEndTransactionMarker(key, value);
  if (marker !== undefined) return `{"type":"${name}","coordinatorEpoch":${marker.coordinatorEpoch}}`;
  const data = dataJson(kind, value);
  if (data !== undefined) return `{"type":"${name}","data":${data.json}}`;
  const why = kind === undefined ? `type ${type}` : value === null ? 'no value' : 'no marker';
  return `{"type":"${name}","unknown":"${why}","data":${base64(value)}}`;
}

/** The message in a value; each starts with its version. undefined: there is no such message, or no value. */
function dataJson(kind: ControlKind | undefined, value: Buffer | null): ReturnType<typeof orUnknown> | undefined {
  const message = kind?.message;
  if (message === undefined || value === null) return undefined;
  return orUnknown(value, () => readAsJson(message, recordReader(value), recordReader(value).int16()));
}

function part(bytes: Uint8Array, start: number, length: number): Buffer | null {
  return length < 0 ? null : Buffer.from(bytes.buffer, bytes.byteOffset + start, length);
}

function hex(bytes: Buffer | null): string {
  return bytes === null ? 'null' : bytes.toString('hex');
}

function base64(bytes: Buffer | null): string {
  return bytes === null ? 'null' : `"${bytes.toString('base64')}"`;
}
