/**
 * Kafka's `sticky`: as even as subscriptions allow, and then whatever a member had stays with it where that keeps it even.
 *
 * With equal subscriptions counts differ by at most one, and no assignment as even keeps more. With different ones no partition
 * could go to a member that has two fewer than who has it.
 *
 * Source: spec, cluster 4.4.
 */
import type { TopicPartition } from '../../format/names.ts';
import { type Assignment, inOrder, type Subscriber, subscribedTopics } from './assignor.ts';

/** A member while partitions go to and fro. */
interface Taker {
  readonly memberId: string;
  readonly topics: ReadonlySet<string>;
  /** Partitions by `topic-partition`. */
  readonly has: Map<string, TopicPartition>;
}

/** Evens out, and moves little. */
export function assignSticky(members: readonly Subscriber[], partitions: ReadonlyMap<string, number>): Assignment {
  const ordered = inOrder(members);
  const free = freePartitions(ordered, partitions);
  const takers = ordered.map(({ memberId, topics }) => ({ memberId, topics, has: new Map<string, TopicPartition>() }));
  keepOwned(ordered, takers, free);
  if (areEqual(ordered)) shareEqually(takers, free);
  else shareByEligibility(takers, free);
  return new Map(takers.map(({ memberId, has }) => [memberId, [...has.values()]]));
}

function freePartitions(
  members: readonly Subscriber[],
  partitions: ReadonlyMap<string, number>,
): Map<string, TopicPartition> {
  const free = new Map<string, TopicPartition>();
  for (const topic of subscribedTopics(members, partitions)) {
    const count = partitions.get(topic) ?? 0;
    for (let partition = 0; partition < count; partition++) free.set(`${topic}-${partition}`, { topic, partition });
  }
  return free;
}

/** Each has what it had, as far as it is there still and wanted; of two that claim the same the first has it. */
function keepOwned(members: readonly Subscriber[], takers: readonly Taker[], free: Map<string, TopicPartition>): void {
  for (const [at, { owned, topics }] of members.entries()) {
    for (const { topic, partition } of owned) {
      const key = `${topic}-${partition}`;
      const found = topics.has(topic) ? free.get(key) : undefined;
      if (found === undefined) continue;
      free.delete(key);
      takers[at]?.has.set(key, found);
    }
  }
}

function areEqual(members: readonly Subscriber[]): boolean {
  const first = members[0]?.topics;
  return members.every(({ topics }) => topics.size === first?.size && [...topics].every((topic) => first.has(topic)));
}

/** Everybody may have everything: the larger shares go to those who have the most already. */
function shareEqually(takers: readonly Taker[], free: Map<string, TopicPartition>): void {
  const total = takers.reduce((sum, { has }) => sum + has.size, free.size);
  const share = Math.floor(total / takers.length);
  let withMore = total % takers.length;
  const quotas = new Map<Taker, number>();
  // A stable order: who comes first of those who have as many is settled by their names.
  for (const taker of [...takers].sort((a, b) => b.has.size - a.has.size)) {
    quotas.set(taker, share + (withMore > 0 ? 1 : 0));
    withMore = Math.max(0, withMore - 1);
  }
  for (const taker of takers) {
    for (const [key, partition] of [...taker.has].slice(quotas.get(taker) ?? 0)) {
      taker.has.delete(key);
      free.set(key, partition);
    }
  }
  const waiting = free.entries();
  for (const taker of takers) {
    while (taker.has.size < (quotas.get(taker) ?? 0)) {
      const next = waiting.next();
      if (next.done === true) return;
      taker.has.set(...next.value);
    }
  }
}

/** Free ones go to whoever has the least; then they move as long as that makes it more even. */
function shareByEligibility(takers: readonly Taker[], free: ReadonlyMap<string, TopicPartition>): void {
  const eligible = new Map<string, Taker[]>();
  const takersOf = (topic: string): readonly Taker[] => {
    const known = eligible.get(topic) ?? takers.filter(({ topics }) => topics.has(topic));
    eligible.set(topic, known);
    return known;
  };
  // Those that few may have come first: the others can make up for them.
  const waiting = [...free].sort(([, a], [, b]) => takersOf(a.topic).length - takersOf(b.topic).length);
  for (const [key, partition] of waiting) least(takersOf(partition.topic))?.has.set(key, partition);
  // Each move lowers the sum of the squares of all counts, so there is a last one.
  let hasMoved = true;
  while (hasMoved) {
    hasMoved = false;
    for (const from of [...takers].sort((a, b) => b.has.size - a.has.size)) {
      for (const [key, partition] of [...from.has]) {
        const to = least(takersOf(partition.topic));
        if (to === undefined || to.has.size + 1 >= from.has.size) continue;
        from.has.delete(key);
        to.has.set(key, partition);
        hasMoved = true;
      }
    }
  }
}

function least(takers: readonly Taker[]): Taker | undefined {
  let found = takers[0];
  for (const taker of takers) if (found !== undefined && taker.has.size < found.has.size) found = taker;
  return found;
}
