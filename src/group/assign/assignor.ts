/** What assignors have in common: who may have which partitions, and who gets them. */
import type { TopicPartition } from '../../format/names.ts';

/** A member, as an assignor sees it. */
export interface Subscriber {
  readonly memberId: string;
  /** Comes before the member id where members are put in order. */
  readonly groupInstanceId: string | null;
  readonly topics: ReadonlySet<string>;
  /** What it had in the generation before. */
  readonly owned: readonly TopicPartition[];
}

/** Members by id, and what each gets. Every member is in it. */
export type Assignment = ReadonlyMap<string, readonly TopicPartition[]>;

/**
 * Gives each partition of each topic that somebody subscribes to, to exactly one who does. Pure: the same input, in any order of
 * members and topics, gives the same output.
 *
 * @param partitions - how many partitions a topic has; topics that are not there are left out
 */
export type Assignor = (members: readonly Subscriber[], partitions: ReadonlyMap<string, number>) => Assignment;

/** Members in Kafka's order: static ones by their instance id before all others, these by member id. */
export function inOrder(members: readonly Subscriber[]): Subscriber[] {
  return [...members].sort((a, b) => {
    if (a.groupInstanceId !== null && b.groupInstanceId !== null) return compare(a.groupInstanceId, b.groupInstanceId);
    if (a.groupInstanceId !== null) return -1;
    if (b.groupInstanceId !== null) return 1;
    return compare(a.memberId, b.memberId);
  });
}

/** Topics that somebody subscribes to and that are there, in order of name. */
export function subscribedTopics(members: readonly Subscriber[], partitions: ReadonlyMap<string, number>): string[] {
  const all = new Set(members.flatMap(({ topics }) => [...topics]));
  return [...all].filter((topic) => partitions.has(topic)).sort(compare);
}

/** An assignment that gives nobody anything yet. */
export function emptyAssignment(members: readonly Subscriber[]): Map<string, TopicPartition[]> {
  return new Map(members.map(({ memberId }) => [memberId, []]));
}

/** Java's order of strings: by UTF-16. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
