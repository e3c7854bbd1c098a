/**
 * Kafka's `roundrobin`: the partitions of all topics in order, one to each member in turn; who does not subscribe to a topic
 * is passed over.
 *
 * Source: spec, cluster 4.4.
 */
import { type Assignment, emptyAssignment, inOrder, type Subscriber, subscribedTopics } from './assignor.ts';

/** Deals partitions as cards are dealt. */
export function assignRoundRobin(members: readonly Subscriber[], partitions: ReadonlyMap<string, number>): Assignment {
  const assignment = emptyAssignment(members);
  const ordered = inOrder(members);
  let next = 0;
  for (const topic of subscribedTopics(members, partitions)) {
    const count = partitions.get(topic) ?? 0;
    for (let partition = 0; partition < count; partition++) {
      // Somebody subscribes to it, so the circle has an end.
      while (ordered[next % ordered.length]?.topics.has(topic) !== true) next++;
      assignment.get(ordered[next % ordered.length]?.memberId ?? '')?.push({ topic, partition });
      next++;
    }
  }
  return assignment;
}
