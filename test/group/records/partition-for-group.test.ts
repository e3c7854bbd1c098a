import { describe, expect, test } from 'vitest';
import { javaStringHash, partitionForGroup } from '../../../src/group/records/partition-for-group.ts';

describe('the partition of a group', () => {
  test.each([
    ['my-group', 50, 12],
    ['', 50, 0],
  ])('%j of %i partitions is %i, as Kafka says', (group, count, partition) => {
    expect(partitionForGroup(group, count)).toBe(partition);
  });

  test('is 0 where the hash is the smallest int32, which has no positive twin', () => {
    expect(javaStringHash('polygenelubricants')).toBe(-2147483648);
    expect(partitionForGroup('polygenelubricants', 50)).toBe(0);
  });

  test('counts UTF-16, as Java does', () => {
    expect(javaStringHash('hello')).toBe(99162322);
    expect(javaStringHash('\u{1F600}')).toBe(Math.imul(0xd83d, 31) + 0xde00);
  });
});
