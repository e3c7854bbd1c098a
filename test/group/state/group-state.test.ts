import { describe, expect, test } from 'vitest';
import type { AssignorName } from '../../../src/group/assign/assignors.ts';
import { GroupState } from '../../../src/group/state/group-state.ts';

const COUNTS = new Map([
  ['t', 4],
  ['u', 2],
]);

function joining(memberId: string, topics: readonly string[] = ['t'], assignor: AssignorName = 'range') {
  return { memberId, groupInstanceId: null, clientId: 'client', topics, assignor, maxPollIntervalMs: 1000 };
}

function stable(...ids: readonly string[]): GroupState {
  const group = new GroupState('g');
  for (const id of ids) group.join(joining(id), 0);
  group.complete(COUNTS);
  group.settle(0);
  return group;
}

function ownersOf(group: GroupState): Record<string, number[]> {
  return Object.fromEntries(
    group.members.map(({ memberId, assigned }) => [memberId, assigned.map((one) => one.partition)]),
  );
}

describe('a group', () => {
  test('goes from empty to stable and back, a generation at a time', () => {
    const group = new GroupState('g', 5);
    expect(group.state).toBe('Empty');
    group.join(joining('a'), 0);
    expect([group.state, group.generation, group.isReady]).toEqual(['PreparingRebalance', 5, true]);
    group.complete(COUNTS);
    expect([group.state, group.generation]).toEqual(['CompletingRebalance', 6]);
    group.settle(0);
    expect([group.state, group.record(7).leader]).toEqual(['Stable', 'a']);
    group.leave('a');
    expect([group.state, group.generation, group.assignor]).toEqual(['Empty', 7, undefined]);
    expect(group.record(9)).toMatchObject({ protocol: null, leader: null, members: [], currentStateTimestamp: 9 });
  });

  test('waits for all members before the next generation', () => {
    const group = stable('a');
    group.join(joining('b'), 0);
    expect([group.state, group.isReady]).toEqual(['PreparingRebalance', false]);
    group.join(joining('a'), 0);
    expect(group.isReady).toBe(true);
    group.complete(COUNTS);
    expect(ownersOf(group)).toEqual({ a: [0, 1], b: [2, 3] });
  });

  test('has one member of an instance, and that is the last one who joined', () => {
    const group = stable('a', 'b');
    const static1 = { ...joining('c'), groupInstanceId: 'i' };
    expect(group.join(static1, 0)).toBeUndefined();
    for (const id of ['a', 'b']) group.join(joining(id), 0);
    group.complete(COUNTS);
    group.settle(0);
    expect(group.join(static1, 0)).toBeUndefined();
    expect(group.join({ ...static1, memberId: 'd' }, 0)).toBe('c');
    expect([group.state, group.members.map(({ memberId }) => memberId)]).toEqual([
      'PreparingRebalance',
      ['a', 'b', 'd'],
    ]);
    expect(() => group.checkCommit('c', group.generation)).toThrow(
      expect.objectContaining({ code: 'UNKNOWN_MEMBER_ID' }),
    );
  });

  test('goes on without those who did not join in time', () => {
    const group = stable('a', 'b');
    group.join(joining('c'), 0);
    group.join(joining('b'), 0);
    expect(group.complete(COUNTS)).toEqual(['a']);
    expect(ownersOf(group)).toEqual({ b: [0, 1], c: [2, 3] });
    expect(() => group.checkCommit('a', 2)).toThrow(expect.objectContaining({ code: 'UNKNOWN_MEMBER_ID' }));
  });

  test('stays as it is when a member joins again and wants nothing else', () => {
    const group = stable('a', 'b');
    group.join(joining('a'), 10);
    expect([group.state, group.generation]).toEqual(['Stable', 1]);
    group.join(joining('a', ['t', 'u']), 10);
    expect(group.state).toBe('PreparingRebalance');
  });

  test('refuses a member with another assignor, unless it is alone', () => {
    const group = stable('a');
    const other = joining('b', ['t'], 'sticky');
    expect(() => group.join(other, 0)).toThrow(expect.objectContaining({ code: 'INCONSISTENT_GROUP_PROTOCOL' }));
    group.leave('a');
    group.join(other, 0);
    expect(group.assignor).toBe('sticky');
  });

  test('finds members that were not heard, but not those who wait for it', () => {
    const group = stable('a', 'b');
    group.heartbeat('a', 1, 500);
    expect(group.nextDueMs).toBe(1000);
    expect(group.overdue(999)).toEqual([]);
    expect(group.overdue(1000)).toEqual(['b']);
    expect(group.overdue(1500)).toEqual(['a', 'b']);
    group.join(joining('c'), 1200);
    expect(group.overdue(9999)).toEqual(['a', 'b']);
  });

  test('says to a member that is heard whether it has to join again', () => {
    const group = stable('a');
    expect(group.heartbeat('a', 1, 0)).toBe(false);
    group.prepare();
    expect(group.heartbeat('a', 1, 0)).toBe(true);
    expect(() => group.heartbeat('b', 1, 0)).toThrow(expect.objectContaining({ code: 'UNKNOWN_MEMBER_ID' }));
  });

  test('takes commits of its generation alone: also while the next is prepared, not while it begins', () => {
    const group = stable('a');
    group.checkCommit('a', 1);
    expect(() => group.checkCommit('a', 0)).toThrow(expect.objectContaining({ code: 'ILLEGAL_GENERATION' }));
    expect(() => group.checkCommit('b', 1)).toThrow(expect.objectContaining({ code: 'UNKNOWN_MEMBER_ID' }));
    group.prepare();
    group.checkCommit('a', 1);
    group.join(joining('a'), 0);
    group.complete(COUNTS);
    expect(() => group.checkCommit('a', 1)).toThrow(expect.objectContaining({ code: 'ILLEGAL_GENERATION' }));
    expect(() => group.checkCommit('a', 2)).toThrow(expect.objectContaining({ code: 'REBALANCE_IN_PROGRESS' }));
    group.settle(0);
    group.checkCommit('a', 2);
  });

  test('keeps its leader as long as it is there', () => {
    const group = stable('a', 'b');
    group.join(joining('c'), 0);
    for (const id of ['b', 'a']) group.join(joining(id), 0);
    group.complete(COUNTS);
    expect(group.record(0).leader).toBe('a');
    group.leave('a');
    for (const id of ['c', 'b']) group.join(joining(id), 0);
    group.complete(COUNTS);
    expect(group.record(0).leader).not.toBe('a');
  });

  test('that is dead takes nobody', () => {
    const group = stable('a');
    group.die();
    expect([group.state, group.isEmpty]).toEqual(['Dead', true]);
    expect(() => group.join(joining('a'), 0)).toThrow(expect.objectContaining({ code: 'UNKNOWN_MEMBER_ID' }));
  });
});
