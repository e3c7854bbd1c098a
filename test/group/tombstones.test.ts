import { expect, test } from 'vitest';
import { groupKey, offsetKey, offsetValue, readOffsetsRecord, typeOfKey } from '../../src/group/records/codec.ts';
import { StoredGroups } from '../../src/group/state/stored-groups.ts';
import { groupTombstones, otherTombstones } from '../../src/group/tombstones.ts';

/** A key of a group's record, or of one of a member's. */
function key(type: number, ...texts: readonly string[]): Buffer {
  const parts = texts.map((text) => Buffer.concat([Buffer.from([0, text.length]), Buffer.from(text)]));
  return Buffer.concat([Buffer.from([0, type]), ...parts]);
}

test('the tombstones of a group stand in the order that Kafka loads them in, whatever the order of its records', () => {
  const stored = new StoredGroups((problem) => expect.unreachable(problem.message));
  const committed = { offset: 1, leaderEpoch: -1, metadata: '', commitTimestamp: 0 };
  stored.put(readOffsetsRecord(offsetKey('g', 't', 0), offsetValue(committed)), offsetKey('g', 't', 0), 0);
  // As Kafka writes them while members come.
  const keys = [key(5, 'g', 'a'), key(16, 'g', 'x'), key(3, 'g'), key(4, 'g'), key(7, 'g', 'a'), key(6, 'g')];
  keys.push(key(8, 'g', 'a'), key(5, 'g', 'b'), key(8, 'g', 'b'), key(7, 'g', 'b'));
  for (const [at, one] of keys.entries()) stored.put(readOffsetsRecord(one, Buffer.from([0, 0])), one, at + 1);
  const group = stored.groups.get('g');
  if (group === undefined) throw new Error('no group');
  const order = [8, 8, 7, 7, 6, 5, 5, 16, 4, 3];
  expect(otherTombstones(group).map((entry) => typeOfKey(entry.key))).toEqual(order);
  expect(groupTombstones(group).map((entry) => typeOfKey(entry.key))).toEqual([1, ...order]);
  expect(groupTombstones(group).every(({ value }) => value === null)).toBe(true);
  const record = { protocolType: 'consumer', generation: 1, protocol: null, leader: null, members: [] };
  stored.put({ kind: 'group', group: 'g', value: { ...record, currentStateTimestamp: 0 } }, groupKey('g'), 99);
  expect(groupTombstones(group).at(-1)?.key).toEqual(groupKey('g'));
});
