/**
 * Which partition of `__consumer_offsets` has a group's records: Kafka's `Utils.abs(groupId.hashCode()) % partitions`.
 *
 * Source: spec, cluster 4.
 */

/** Kafka's topic of groups and what they committed. */
export const OFFSETS_TOPIC = '__consumer_offsets';

const HASH_FACTOR = 31;
const MIN_INT32 = -0x8000_0000;

/** The partition, of `count`. The smallest int32 has no positive twin: Kafka takes 0 for it. */
export function partitionForGroup(group: string, count: number): number {
  const hash = javaStringHash(group);
  return (hash === MIN_INT32 ? 0 : Math.abs(hash)) % count;
}

/** `String.hashCode` of Java, an int32 over UTF-16. */
export function javaStringHash(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, HASH_FACTOR) + text.charCodeAt(i)) | 0;
  return hash;
}
