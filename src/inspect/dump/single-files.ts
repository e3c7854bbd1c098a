/** The files of which a log directory has one: who it belongs to, whom it voted for, and whether it was closed clean. */
import { SeglogError } from '../../errors/errors.ts';
import { parseMetaProperties } from '../../format/meta-properties.ts';
import { parseQuorumState } from '../../format/quorum-state.ts';
import { jsonString, printable } from '../byte-encoding.ts';
import type { KnownFile } from '../file-kinds.ts';

/** A field of such a file; undefined ones are not in it. */
type Field = string | number | null | undefined | readonly number[];

/** `label: value` for people, a JSON object for programs; null where there is nothing. */
function line(type: string, fields: readonly (readonly [name: string, value: Field])[], json: boolean): string {
  if (json) {
    const members = fields.map(([name, value]) => `,${jsonString(name)}:${jsonOf(value)}`);
    return `{"type":"${type}"${members.join('')}}\n`;
  }
  const words = fields
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${printable(name)}: ${printable(String(value))}`);
  return `${words.join(' ')}\n`;
}

function jsonOf(value: Field): string {
  if (value === undefined || value === null) return 'null';
  if (typeof value === 'string') return jsonString(value);
  return typeof value === 'number' ? String(value) : `[${value.join(',')}]`;
}

/** Prints `meta.properties`. @throws SeglogError `CORRUPT_CHECKPOINT`, `UNSUPPORTED_VERSION` */
export function dumpMetaProperties(known: KnownFile, bytes: Uint8Array, json: boolean): string {
  const { version, clusterId, nodeId, directoryId, others } = parseMetaProperties(bytes, known.path);
  const own = [
    ['version', version],
    ['clusterId', clusterId],
    ['nodeId', nodeId],
    ['directoryId', directoryId],
  ] as const;
  if (!json) return line('meta-properties', [...own, ...others], false);
  // Apart from the known ones, so that no name in the file can take the place of one of them.
  const rest = others.map(([name, value]) => `[${jsonString(name)},${jsonString(value)}]`).join(',');
  return line('meta-properties', own, true).replace(/\}\n$/, () => `,"others":[${rest}]}\n`);
}

/** Prints `quorum-state`. @throws SeglogError `CORRUPT_CHECKPOINT`, `UNSUPPORTED_VERSION` */
export function dumpQuorumState(known: KnownFile, bytes: Uint8Array, json: boolean): string {
  const state = parseQuorumState(bytes, known.path);
  const { version, leaderId, leaderEpoch, votedId, votedDirectoryId, clusterId, appliedOffset, currentVoters } = state;
  return line(
    'quorum-state',
    [
      ['version', version],
      ['leaderId', leaderId],
      ['leaderEpoch', leaderEpoch],
      ['votedId', votedId],
      ['votedDirectoryId', votedDirectoryId],
      ['clusterId', clusterId],
      ['appliedOffset', appliedOffset],
      ['currentVoters', currentVoters],
    ],
    json,
  );
}

/**
 * Prints `.kafka_cleanshutdown`. Its existence is what counts: older brokers leave it empty, and so does seglog.
 *
 * @throws SeglogError `CORRUPT_CHECKPOINT` for bytes that are no mark; the directory counts as clean all the same
 */
export function dumpCleanMark(known: KnownFile, bytes: Uint8Array, json: boolean): string {
  if (bytes.length === 0) return cleanMark(json, null, null);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  const match = /^\s*\{\s*"version"\s*:\s*(\d{1,9})\s*,\s*"brokerEpoch"\s*:\s*(-?\d{1,19})\s*\}\s*$/.exec(text);
  if (match === null) {
    throw new SeglogError('CORRUPT_CHECKPOINT', 'a clean-shutdown mark holds something else', {
      file: known.path,
      position: 0,
      expected: 'nothing, or {"version":0,"brokerEpoch":N}',
      found: JSON.stringify(text.slice(0, 80)),
    });
  }
  return cleanMark(json, match[1] as string, match[2] as string);
}

/** Numbers stay text: an epoch is an int64. */
function cleanMark(json: boolean, version: string | null, brokerEpoch: string | null): string {
  if (json) return `{"type":"clean-shutdown","version":${version},"brokerEpoch":${brokerEpoch}}\n`;
  return version === null ? 'clean shutdown\n' : `clean shutdown version: ${version} brokerEpoch: ${brokerEpoch}\n`;
}
