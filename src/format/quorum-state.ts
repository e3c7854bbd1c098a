/**
 * `quorum-state`, in the directory of the metadata log: whom this node voted for, and who led when. One JSON object.
 *
 *     version 0   {"clusterId":"","leaderId":1,"leaderEpoch":2,"votedId":-1,"appliedOffset":0,"currentVoters":[{"voterId":1}],"data_version":0}
 *     version 1   {"leaderId":1,"leaderEpoch":2,"votedId":-1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA","data_version":1}
 *
 * Written whole, before a vote is answered: a node that loses it may vote twice in one epoch. In no other file.
 *
 * Source: spec cluster 3.2, Kafka's `FileQuorumStateStore` and `QuorumStateData.json`.
 */
import { SeglogError } from '../errors/errors.ts';
import { MAX_INT32 } from '../units/units.ts';

const MAX_VERSION = 1;
const ACTION = 'Stop the controller, and let it catch up from the others: do not copy this file from another node';

/** What a `quorum-state` says. */
export interface QuorumState {
  /** `data_version`. */
  readonly version: number;
  /** -1: none is known. */
  readonly leaderId: number;
  readonly leaderEpoch: number;
  /** -1: no vote was given in this epoch. */
  readonly votedId: number;
  /** 22 characters of base64url; undefined in version 0. */
  readonly votedDirectoryId: string | undefined;
  /** Version 0 only. */
  readonly clusterId: string | undefined;
  /** Version 0 only: a safe integer. */
  readonly appliedOffset: number | undefined;
  /** Version 0 only; null is a value that it may have. */
  readonly currentVoters: readonly number[] | null | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

/** @throws SeglogError `CORRUPT_CHECKPOINT`, `UNSUPPORTED_VERSION`; `file` is named in it */
export function parseQuorumState(bytes: Uint8Array, file: string): QuorumState {
  const fields = parseObject(bytes, file);
  const version = integerOf(fields, 'data_version', 0x7fff, file);
  if (version > MAX_VERSION) {
    throw new SeglogError('UNSUPPORTED_VERSION', 'unknown version of a quorum-state', {
      file,
      expected: `0 to ${MAX_VERSION}`,
      found: version,
    });
  }
  const isFirst = version === 0;
  return {
    version,
    leaderId: integerOf(fields, 'leaderId', MAX_INT32, file),
    leaderEpoch: integerOf(fields, 'leaderEpoch', MAX_INT32, file),
    votedId: integerOf(fields, 'votedId', MAX_INT32, file),
    votedDirectoryId: isFirst ? undefined : directoryIdOf(fields, file),
    clusterId: isFirst ? textOf(fields, 'clusterId', file) : undefined,
    appliedOffset: isFirst ? integerOf(fields, 'appliedOffset', Number.MAX_SAFE_INTEGER, file) : undefined,
    currentVoters: isFirst ? votersOf(fields, file) : undefined,
  };
}

function corrupt(file: string, message: string, expected: string, found: unknown, cause?: unknown): SeglogError {
  return new SeglogError('CORRUPT_CHECKPOINT', message, {
    file,
    position: 0,
    expected,
    found: shown(found),
    action: ACTION,
    cause,
  });
}

/** What was found, as much of it as a line takes. */
function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object';
  return JSON.stringify(typeof value === 'string' ? value.slice(0, 80) : value);
}

function parseObject(bytes: Uint8Array, file: string): Fields {
  const text = new TextDecoder().decode(bytes);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw corrupt(file, 'a quorum-state is no JSON', 'a JSON object', text, cause);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw corrupt(file, 'a quorum-state is no JSON object', 'a JSON object', text);
}

/** From -1 to `max`: all fields have that in common. `data_version` is from 0. */
function integerOf(fields: Fields, name: string, max: number, file: string): number {
  const value = fields[name];
  const min = name === 'data_version' ? 0 : -1;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max) return value;
  throw corrupt(file, `a quorum-state has no ${name}`, `a number from ${min} to ${max}`, value);
}

function textOf(fields: Fields, name: string, file: string): string {
  const value = fields[name];
  if (typeof value === 'string') return value;
  throw corrupt(file, `a quorum-state has no ${name}`, 'a text', value);
}

function directoryIdOf(fields: Fields, file: string): string {
  const value = textOf(fields, 'votedDirectoryId', file);
  if (/^[A-Za-z0-9_-]{22}$/.test(value)) return value;
  throw corrupt(file, 'a quorum-state has no votedDirectoryId', '22 characters of base64url', value);
}

function votersOf(fields: Fields, file: string): readonly number[] | null {
  const { currentVoters } = fields;
  if (currentVoters === null) return null;
  if (!Array.isArray(currentVoters)) {
    throw corrupt(file, 'a quorum-state has no currentVoters', 'a list of voters, or null', currentVoters);
  }
  return currentVoters.map((voter: unknown) => {
    if (typeof voter === 'object' && voter !== null) return integerOf(voter as Fields, 'voterId', MAX_INT32, file);
    throw corrupt(file, 'a quorum-state has a voter that is none', 'an object with a voterId', voter);
  });
}

/**
 * The bytes of a `quorum-state`, as Kafka writes it.
 *
 * @param version - 0 where voters are static (`controller.quorum.voters`), 1 where the log names them
 */
export function printQuorumState(
  version: 0 | 1,
  {
    leaderId,
    leaderEpoch,
    votedId,
    currentVoters,
  }: Pick<QuorumState, 'leaderId' | 'leaderEpoch' | 'votedId' | 'currentVoters'>,
): Uint8Array {
  const vote = { leaderId, leaderEpoch, votedId };
  const voters = (currentVoters ?? []).map((voterId) => ({ voterId }));
  const fields =
    version === 0
      ? { clusterId: '', ...vote, appliedOffset: 0, currentVoters: voters, data_version: 0 }
      : { ...vote, votedDirectoryId: 'A'.repeat(22), data_version: 1 };
  return new TextEncoder().encode(JSON.stringify(fields));
}
