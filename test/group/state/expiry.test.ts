import { describe, expect, test } from 'vitest';
import { SeglogError } from '../../../src/errors/errors.ts';
import type { GroupRecord } from '../../../src/group/records/group-record.ts';
import { expiredOf, type ExpiryFacts } from '../../../src/group/state/expiry.ts';
import type { StoredGroup, StoredPosition } from '../../../src/group/state/stored-groups.ts';

const RETENTION = 100;
const RECORD: GroupRecord = {
  ...{ protocolType: 'consumer', generation: 1, protocol: null, leader: null, currentStateTimestamp: 50, members: [] },
};

function position(topic: string, commitTimestamp: number, expireTimestamp = -1): StoredPosition {
  const value = { offset: 1, leaderEpoch: -1, metadata: '', commitTimestamp, expireTimestamp, topicId: undefined };
  return { topic, partition: 0, value, recordOffset: 0, hasLegacyKey: false };
}

function facts(
  record: StoredGroup['record'],
  positions: readonly StoredPosition[],
  more: Partial<ExpiryFacts> = {},
): ExpiryFacts {
  const group: StoredGroup = {
    id: 'g',
    record,
    positions: new Map(positions.map((one) => [one.topic, one])),
    others: new Map(),
    protocol: undefined,
  };
  return { group, state: 'Empty', topics: new Set(), isUndecided: false, ...more };
}

function gone(given: ExpiryFacts, nowMs: number): readonly [string, boolean] {
  const { positions, isGroup } = expiredOf(given, nowMs, RETENTION);
  return [positions.map(({ topic }) => topic).join(' '), isGroup];
}

describe('offsets expire', () => {
  test('of an empty group from when it became empty, whenever they were committed', () => {
    const given = facts(RECORD, [position('a', 0), position('b', 149)]);
    expect(gone(given, 149)).toEqual(['', false]);
    expect(gone(given, 150)).toEqual(['a b', true]);
  });

  test('from their commits where the group has no record, or an old one without a time', () => {
    for (const record of [undefined, { ...RECORD, protocolType: '' }, { ...RECORD, currentStateTimestamp: -1 }]) {
      const given = facts(record, [position('a', 0), position('b', 60)]);
      expect(gone(given, 99)).toEqual(['', false]);
      expect(gone(given, 100)).toEqual(['a', false]);
      expect(gone(given, 160)).toEqual(['a b', true]);
    }
  });

  test('of a group with members only where nobody subscribes to the topic', () => {
    const given = facts(RECORD, [position('a', 0), position('b', 0)], { state: 'Stable', topics: new Set(['a']) });
    expect(gone(given, 1000)).toEqual(['b', false]);
  });

  test('never while a group is rebalanced, or has members of another kind', () => {
    expect(gone(facts(RECORD, [position('a', 0)], { state: 'PreparingRebalance' }), 1000)).toEqual(['', false]);
    const connect = { ...RECORD, protocolType: 'connect' };
    expect(gone(facts(connect, [position('a', 0)], { state: 'Stable' }), 1000)).toEqual(['', false]);
  });

  test('never while a transaction is open, or the group cannot be read', () => {
    expect(gone(facts(RECORD, [position('a', 0)], { isUndecided: true }), 1000)).toEqual(['', false]);
    const unreadable = new SeglogError('UNSUPPORTED_VERSION', 'newer');
    expect(gone(facts(unreadable, [position('a', 0)]), 1000)).toEqual(['', false]);
  });

  test('but not one that cannot be read, and its group stays for it', () => {
    const unreadable = { ...position('a', 0), value: new SeglogError('UNSUPPORTED_VERSION', 'newer') };
    expect(gone(facts(RECORD, [unreadable, position('b', 0)]), 1000)).toEqual(['b', false]);
  });

  test('when their client said so', () => {
    const given = facts(RECORD, [position('a', 0, 10), position('b', 0, 500)]);
    expect(gone(given, 10)).toEqual(['a', false]);
    expect(gone(given, 499)).toEqual(['a', false]);
    expect(gone(given, 500)).toEqual(['a b', true]);
  });
});

test('an empty group that committed nothing goes', () => {
  expect(gone(facts(RECORD, []), 51)).toEqual(['', true]);
});
