/**
 * The records that take a group away.
 *
 * Their order counts: Kafka that loads a member's end before those of what the member was assigned, or the group's before its
 * members', gives up the whole partition, with every other group in it. So they are written as Kafka writes them (spec, cluster
 * 4.2), also where they do not fit into one batch.
 */
import type { OffsetsEntry } from './offsets-log.ts';
import { positionTombstones } from './positions.ts';
import { groupKey, typeOfKey } from './records/codec.ts';
import type { StoredGroup } from './state/stored-groups.ts';

/** Types of records of a group of the consumer protocol; groups of the later ones are never taken away here. */
const ORDER: readonly number[] = [8, 7, 6, 5, 16, 4, 3];

/** What was committed, and the group itself after it. */
export function groupTombstones(group: StoredGroup): OffsetsEntry[] {
  const { id, positions, record } = group;
  const entries = [...positions.values()].flatMap((position) => positionTombstones(id, position));
  entries.push(...otherTombstones(group));
  if (record !== undefined) entries.push({ key: groupKey(id), value: null });
  return entries;
}

/** The records of the protocol that the group was of, but not what was committed. */
export function otherTombstones({ others }: StoredGroup): OffsetsEntry[] {
  const keys = [...others.values()].sort((a, b) => ORDER.indexOf(typeOfKey(a)) - ORDER.indexOf(typeOfKey(b)));
  return keys.map((key) => ({ key, value: null }));
}
