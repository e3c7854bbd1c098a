import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Assignment, Subscriber } from '../../../src/group/assign/assignor.ts';
import { type AssignorName, assignorOf } from '../../../src/group/assign/assignors.ts';
import type { TopicPartition } from '../../../src/format/names.ts';

function member(memberId: string, topics: readonly string[], owned: readonly TopicPartition[] = []): Subscriber {
  return { memberId, groupInstanceId: null, topics: new Set(topics), owned };
}

function text(assignment: Assignment): Record<string, string> {
  return Object.fromEntries(
    [...assignment].map(([memberId, partitions]) => [
      memberId,
      partitions
        .map(({ topic, partition }) => `${topic}${partition}`)
        .sort()
        .join(' '),
    ]),
  );
}

function assigned(name: AssignorName, members: readonly Subscriber[], partitions: Record<string, number>): Assignment {
  return assignorOf(name)(members, new Map(Object.entries(partitions)));
}

function key({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`;
}

const TOPICS = ['t', 'u', 'v', 'w'];
const subscriptions = fc.array(fc.subarray(TOPICS, { minLength: 1 }), { minLength: 1, maxLength: 9 });
const counts = fc.record({ t: fc.nat(12), u: fc.nat(12), v: fc.nat(3) });

describe('range', () => {
  test('gives neighbours of each topic, the larger shares to the first', () => {
    const result = assigned('range', [member('C1', ['t', 'u']), member('C0', ['t', 'u'])], { t: 3, u: 3 });
    expect(text(result)).toEqual({ C0: 't0 t1 u0 u1', C1: 't2 u2' });
  });

  test('puts static members first, by their instance ids', () => {
    const result = assigned(
      'range',
      [
        member('a', ['t']),
        { ...member('z', ['t']), groupInstanceId: 'i2' },
        { ...member('y', ['t']), groupInstanceId: 'i1' },
      ],
      { t: 3 },
    );
    expect(text(result)).toEqual({ y: 't0', z: 't1', a: 't2' });
  });
});

describe('roundrobin', () => {
  test('deals the partitions of all topics', () => {
    const result = assigned('roundrobin', [member('C0', ['t', 'u']), member('C1', ['t', 'u'])], { t: 3, u: 3 });
    expect(text(result)).toEqual({ C0: 't0 t2 u1', C1: 't1 u0 u2' });
  });

  test('passes over who does not subscribe', () => {
    const members = [member('C0', ['t']), member('C1', ['t', 'u']), member('C2', ['t', 'u', 'v'])];
    const result = assigned('roundrobin', members, { t: 1, u: 2, v: 3 });
    expect(text(result)).toEqual({ C0: 't0', C1: 'u0', C2: 'u1 v0 v1 v2' });
  });
});

describe('sticky', () => {
  test('moves only what has to move when a member goes', () => {
    const topics = ['t', 'u', 'v', 'w'];
    const first = assigned(
      'sticky',
      ['C0', 'C1', 'C2'].map((id) => member(id, topics)),
      { t: 2, u: 2, v: 2, w: 2 },
    );
    const left = ['C0', 'C2'].map((id) => member(id, topics, first.get(id) ?? []));
    const second = assigned('sticky', left, { t: 2, u: 2, v: 2, w: 2 });
    for (const id of ['C0', 'C2']) {
      const now = new Set((second.get(id) ?? []).map(key));
      for (const partition of first.get(id) ?? []) expect(now).toContain(key(partition));
      expect(now.size).toBe(4);
    }
  });

  test('differs by at most one with equal subscriptions, and keeps all that can be kept', () => {
    const property = fc.property(
      fc.integer({ min: 1, max: 8 }),
      counts,
      fc.array(fc.nat(8), { minLength: 30, maxLength: 30 }),
      (size, partitions, owners) => {
        const all = Object.entries(partitions).flatMap(([topic, count]) =>
          Array.from({ length: count }, (_, partition) => ({ topic, partition })),
        );
        const members = Array.from({ length: size }, (_, i) =>
          member(
            `m${i}`,
            TOPICS,
            all.filter((_partition, at) => owners[at] === i),
          ),
        );
        const result = assigned('sticky', members, partitions);
        const sizes = [...result.values()].map(({ length }) => length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        const kept = members.reduce((sum, { memberId, owned }) => {
          const now = new Set((result.get(memberId) ?? []).map(key));
          return sum + owned.filter((partition) => now.has(key(partition))).length;
        }, 0);
        expect(kept).toBe(mostKept(members, all.length));
      },
    );
    fc.assert(property);
  });

  test('leaves nothing where it would be more even elsewhere, whatever the subscriptions', () => {
    fc.assert(
      fc.property(subscriptions, counts, (topicsOf, partitions) => {
        const members = topicsOf.map((topics, i) => member(`m${i}`, topics));
        const result = assigned('sticky', members, partitions);
        for (const from of members) {
          const has = result.get(from.memberId) ?? [];
          for (const { topic } of has) {
            for (const to of members) {
              if (to.topics.has(topic))
                expect((result.get(to.memberId) ?? []).length + 1).toBeGreaterThanOrEqual(has.length);
            }
          }
        }
      }),
    );
  });

  test('is the same again when nothing has changed', () => {
    fc.assert(
      fc.property(subscriptions, counts, (topicsOf, partitions) => {
        const members = topicsOf.map((topics, i) => member(`m${i}`, topics));
        const first = assigned('sticky', members, partitions);
        const again = members.map((one) => ({ ...one, owned: first.get(one.memberId) ?? [] }));
        expect(text(assigned('sticky', again, partitions))).toEqual(text(first));
      }),
    );
  });
});

/** With equal subscriptions: who has the most gets one of the larger shares. */
function mostKept(members: readonly Subscriber[], total: number): number {
  const share = Math.floor(total / members.length);
  let withMore = total % members.length;
  return members
    .map(({ owned }) => owned.length)
    .sort((a, b) => b - a)
    .reduce((sum, size) => sum + Math.min(size, share + (withMore-- > 0 ? 1 : 0)), 0);
}

describe.each(['range', 'roundrobin', 'sticky'] as const)('%s', (name) => {
  test('gives each partition to exactly one member that subscribes to it, in whatever order they are named', () => {
    fc.assert(
      fc.property(subscriptions, counts, (topicsOf, partitions) => {
        const members = topicsOf.map((topics, i) => member(`m${i}`, topics));
        const result = assigned(name, members, partitions);
        const given = [...result].flatMap(([memberId, all]) =>
          all.map((partition) => [key(partition), memberId] as const),
        );
        expect(new Set(given.map(([partition]) => partition)).size).toBe(given.length);
        const wanted = new Set(topicsOf.flat());
        const expected = Object.entries(partitions).reduce(
          (sum, [topic, count]) => sum + (wanted.has(topic) ? count : 0),
          0,
        );
        expect(given).toHaveLength(expected);
        for (const one of members)
          for (const { topic } of result.get(one.memberId) ?? []) expect(one.topics).toContain(topic);
        expect(text(assigned(name, members.toReversed(), partitions))).toEqual(text(result));
      }),
    );
  });
});

test('an assignor that is not known is refused', () => {
  expect(() => assignorOf('toString')).toThrow(/expected range, roundrobin, sticky/);
});
