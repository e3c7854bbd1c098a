import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SeglogError } from '../../../src/errors/errors.ts';
import { groupKey, groupValue, offsetKey, offsetValue, readOffsetsRecord } from '../../../src/group/records/codec.ts';
import type { StoredOffset } from '../../../src/group/records/committed-offset.ts';
import type { GroupRecord } from '../../../src/group/records/group-record.ts';
import { FIXTURES } from '../../support/fixtures.ts';
import { rawRecords } from '../../support/raw-records.ts';

const COMMITTED = { offset: 42, leaderEpoch: 3, metadata: 'why', commitTimestamp: 1_700_000_000_000 };
const GROUP: GroupRecord = {
  protocolType: 'consumer',
  generation: 7,
  protocol: 'range',
  leader: 'a',
  currentStateTimestamp: 1_700_000_000_000,
  members: [
    {
      memberId: 'a',
      groupInstanceId: null,
      clientId: 'client',
      clientHost: '/127.0.0.1',
      rebalanceTimeoutMs: 300_000,
      sessionTimeoutMs: 45_000,
      topics: ['t'],
      assigned: [
        { topic: 't', partition: 0 },
        { topic: 't', partition: 2 },
      ],
    },
  ],
};

function problemOf(value: unknown): string {
  return value instanceof SeglogError ? value.code : `no problem: ${JSON.stringify(value)}`;
}

describe('records of groups', () => {
  test('are read as they were written', () => {
    const offset = readOffsetsRecord(offsetKey('g', 't', 1), offsetValue(COMMITTED));
    expect(offset).toEqual({
      ...{ kind: 'offset', group: 'g', topic: 't', partition: 1, isLegacy: false },
      value: { ...COMMITTED, expireTimestamp: -1, topicId: undefined },
    });
    const topicId = 'f8_dNOAAAAAAAAAAAAAAAA';
    const withId = readOffsetsRecord(offsetKey('g', 't', 1), offsetValue(COMMITTED, topicId));
    expect(withId).toMatchObject({ value: { topicId } });
    expect(readOffsetsRecord(groupKey('g'), groupValue(GROUP))).toEqual({ kind: 'group', group: 'g', value: GROUP });
  });

  test("of Kafka's own are read, and committed offsets written again in the same bytes", () => {
    const found = rawRecords(join(FIXTURES, 'clean/__consumer_offsets-3/00000000000000000000.log'));
    const kinds = { offset: 0, group: 0, other: 0, unknown: 0 };
    for (const { key, value, isControl } of found) {
      if (isControl) continue;
      const record = readOffsetsRecord(key, value);
      kinds[record.kind]++;
      if (record.kind !== 'offset' || record.value === null) continue;
      expect(Buffer.from(offsetKey(record.group, record.topic, record.partition))).toEqual(key);
      expect(record.value).not.toBeInstanceOf(Error);
      const { expireTimestamp: _, topicId, ...committed } = record.value as StoredOffset;
      expect(Buffer.from(offsetValue(committed, topicId))).toEqual(value);
    }
    expect(kinds.unknown).toBe(0);
    expect(kinds.offset).toBeGreaterThan(0);
  });

  test('without a value are tombstones', () => {
    expect(readOffsetsRecord(groupKey('g'), null)).toEqual({ kind: 'group', group: 'g', value: null });
    expect(readOffsetsRecord(offsetKey('g', 't', 1), null)).toMatchObject({ kind: 'offset', value: null });
  });

  test('under the old key are of the same partition', () => {
    const old = Buffer.from('0000000000000000002a00017800000000000003e8', 'hex');
    const record = readOffsetsRecord(offsetKey('g', 't', 1, true), old);
    expect(record).toMatchObject({ group: 'g', topic: 't', partition: 1, isLegacy: true });
    expect(record).toMatchObject({ value: { offset: 42, metadata: 'x', commitTimestamp: 1000, leaderEpoch: -1 } });
  });

  test.each([
    ['no key', null, 'INVALID_RECORD'],
    ['an empty key', '', 'INVALID_RECORD'],
    ['half a key', '0001000567', 'INVALID_RECORD'],
    ['bytes behind the key', '0002000167ff', 'INVALID_RECORD'],
    ['an unknown type', '7fff000167', 'UNSUPPORTED_VERSION'],
  ])('with %s are kept, and why is known', (_, hex, code) => {
    const record = readOffsetsRecord(hex === null ? null : Buffer.from(hex, 'hex'), null);
    expect(record.kind === 'unknown' ? record.problem.code : record.kind).toBe(code);
  });

  test.each([
    ['an unknown version', '0009', 'UNSUPPORTED_VERSION'],
    ['a damaged value', '0003000000', 'INVALID_RECORD'],
    ['an offset beyond 2^53', '00037fffffffffffffff00000000000000000000000003e8', 'OFFSET_NOT_EXACT'],
  ])('with %s say whose they are, and why they cannot be used', (_, hex, code) => {
    const record = readOffsetsRecord(offsetKey('g', 't', 1), Buffer.from(hex, 'hex'));
    expect(record).toMatchObject({ kind: 'offset', group: 'g', topic: 't', partition: 1 });
    expect(problemOf(record.kind === 'offset' && record.value)).toBe(code);
  });

  test('of members that are no consumers keep the rest', () => {
    const value = Buffer.from(groupValue({ ...GROUP, protocolType: 'connect' }));
    const record = readOffsetsRecord(groupKey('g'), value);
    expect(record).toMatchObject({ value: { protocolType: 'connect', members: [{ memberId: 'a' }] } });
    expect(record).toMatchObject({ value: { members: [{ topics: undefined, assigned: undefined }] } });
  });
});
