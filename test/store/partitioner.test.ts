/** Which partition a record goes to. The hashes are those that Kafka's own clients give. */
import { describe, expect, test } from 'vitest';
import { murmur2, partitionForKey, RoundRobinChoice, StickyChoice } from '../../src/store/partitioner.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'utf8');

test.each([
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
])('the hash of %j is %i, as in Kafka', (key, hash) => {
  expect(murmur2(bytes(key))).toBe(hash);
});

test('a negative hash loses its sign bit, as in Kafka, and is not negated', () => {
  expect(partitionForKey(bytes('21'), 1000)).toBe((-973932308 & 0x7fffffff) % 1000);
  expect(partitionForKey(bytes('abc'), 7)).toBe(479470107 % 7);
});

describe('the sticky choice', () => {
  const all = { count: 3, numbers: [0, 1, 2], isAvailable: (partition: number) => partition >= 0 };

  test('stays until a batch is full, and never goes to the same partition again then', () => {
    const choice = new StickyChoice(all, 100, () => 0);
    expect(Array.from({ length: 9 }, () => choice.next(40))).toEqual([0, 0, 0, 1, 1, 1, 0, 0, 0]);
  });

  test('leaves a partition that went offline, and stays where there is no other', () => {
    const online = new Set([0, 1, 2]);
    const choice = new StickyChoice(
      { count: 3, numbers: [0, 1, 2], isAvailable: (partition) => online.has(partition) },
      100,
      () => 0.99,
    );
    expect(choice.next(1)).toBe(2);
    online.delete(2);
    expect(choice.next(1)).toBe(1);
    online.delete(0);
    expect([choice.next(100), choice.next(100), choice.next(100)]).toEqual([1, 1, 1]);
  });

  test('has nowhere to go when none is online', () => {
    const choice = new StickyChoice({ count: 3, numbers: [0, 1, 2], isAvailable: () => false }, 100, () => 0);
    expect(() => choice.next(1)).toThrow(expect.objectContaining({ code: 'LOG_OFFLINE' }));
  });
});

test('round-robin takes one after the other, and passes over those that are offline', () => {
  const online = new Set([0, 1, 2, 3]);
  const choice = new RoundRobinChoice({
    count: 4,
    numbers: [0, 1, 2, 3],
    isAvailable: (partition) => online.has(partition),
  });
  expect([1, 2, 3, 4, 5].map(() => choice.next())).toEqual([0, 1, 2, 3, 0]);
  online.delete(1);
  expect([1, 2, 3].map(() => choice.next())).toEqual([2, 3, 0]);
  online.clear();
  expect(() => choice.next()).toThrow(expect.objectContaining({ code: 'LOG_OFFLINE' }));
});

test('where few of very many partitions are here only those are gone through', () => {
  const few = { count: 2 ** 31, numbers: [1, 2 ** 31 - 1], isAvailable: (partition: number) => partition > 0 };
  const sticky = new StickyChoice(few, 10, () => 0);
  expect([1, 2, 3].map(() => sticky.next(10))).toEqual([1, 2 ** 31 - 1, 1]);
  const turning = new RoundRobinChoice(few);
  expect([1, 2, 3].map(() => turning.next())).toEqual([1, 2 ** 31 - 1, 1]);
});
