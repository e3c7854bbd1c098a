/**
 * Kafka's `range`: topic by topic, neighbouring partitions to one member. Partitions of the same number of topics with as many
 * partitions go to the same member.
 *
 * Source: spec, cluster 4.4.
 */
import { type Assignment, emptyAssignment, inOrder, type Subscriber, subscribedTopics } from './assignor.ts';

/** n partitions among c members: the first n % c get one more than the others. */
export function assignRange(members: readonly Subscriber[], partitions: ReadonlyMap<string, number>): Assignment {
  const assignment = emptyAssignment(members);
  const ordered = inOrder(members);
  for (const topic of subscribedTopics(members, partitions)) {
    const takers = ordered.filter(({ topics }) => topics.has(topic));
    const count = partitions.get(topic) ?? 0;
    const share = Math.floor(count / takers.length);
    const withMore = count % takers.length;
    let next = 0;
    for (const [at, { memberId }] of takers.entries()) {
      const end = next + share + (at < withMore ? 1 : 0);
      for (; next < end; next++) assignment.get(memberId)?.push({ topic, partition: next });
    }
  }
  return assignment;
}
