import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseQuorumState, type QuorumState } from '../../src/format/quorum-state.ts';
import { FIXTURES } from '../support/fixtures.ts';

const parse = (text: string): QuorumState => parseQuorumState(Buffer.from(text), 'f');
const V0 = {
  clusterId: 'c',
  leaderId: 1,
  leaderEpoch: 2,
  votedId: -1,
  appliedOffset: 0,
  currentVoters: [{ voterId: 1 }, { voterId: 2 }],
  data_version: 0,
};
const V1 = { leaderId: 1, leaderEpoch: 2, votedId: 3, votedDirectoryId: 'A'.repeat(22), data_version: 1 };

describe('quorum-state', () => {
  test('that Kafka wrote is read', () => {
    const path = `${FIXTURES}/clean/__cluster_metadata-0/quorum-state`;
    expect(parseQuorumState(readFileSync(path), path)).toEqual({
      version: 1,
      leaderId: 1,
      leaderEpoch: 2,
      votedId: -1,
      votedDirectoryId: 'A'.repeat(22),
      clusterId: undefined,
      appliedOffset: undefined,
      currentVoters: undefined,
    });
  });

  test('of version 0 has voters and an offset', () => {
    expect(parse(JSON.stringify(V0))).toMatchObject({
      version: 0,
      clusterId: 'c',
      appliedOffset: 0,
      currentVoters: [1, 2],
    });
    expect(parse(JSON.stringify({ ...V0, currentVoters: null })).currentVoters).toBeNull();
  });

  test.each([
    ['nothing', '', 'no JSON'],
    ['half of it', JSON.stringify(V1).slice(0, -9), 'no JSON'],
    ['a list', '[]', 'no JSON object'],
    ['no version', JSON.stringify({ ...V1, data_version: undefined }), 'data_version'],
    ['a text for an epoch', JSON.stringify({ ...V1, leaderEpoch: '2' }), 'leaderEpoch'],
    ['an epoch out of range', JSON.stringify({ ...V1, leaderEpoch: 2 ** 31 }), 'leaderEpoch'],
    ['a leader below -1', JSON.stringify({ ...V1, leaderId: -2 }), 'leaderId'],
    ['a directory id that is none', JSON.stringify({ ...V1, votedDirectoryId: 'x' }), 'votedDirectoryId'],
    ['no cluster id in version 0', JSON.stringify({ ...V0, clusterId: undefined }), 'clusterId'],
    ['voters that are no list', JSON.stringify({ ...V0, currentVoters: 1 }), 'currentVoters'],
    ['a voter that is none', JSON.stringify({ ...V0, currentVoters: [1] }), 'voter'],
    ['a voter without an id', JSON.stringify({ ...V0, currentVoters: [{}] }), 'voterId'],
  ])('with %s is refused, and the file named', (_what, text, message) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'CORRUPT_CHECKPOINT', file: 'f' }));
    expect(() => parse(text)).toThrow(message);
  });

  test('of a version to come is told from a damaged one', () => {
    expect(() => parse(JSON.stringify({ ...V1, data_version: 2 }))).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED_VERSION', found: 2 }),
    );
  });
});
