/**
 * Which committed offsets have had their time.
 *
 * Of a group without members they are kept for the retention from the moment that its last one left; of what was committed by
 * consumers that are in no group (which has no record then), from the commit on. While a group has members, only what none
 * of them subscribes to goes, counted from its commit. Old clients could say themselves when one ends.
 *
 * Source: spec, cluster 4.2, Kafka's `OffsetExpirationConditionImpl`.
 */
import type { GroupRecord } from '../records/group-record.ts';
import { CONSUMER_PROTOCOL } from '../records/group-record.ts';
import type { GroupStateName } from './group-state.ts';
import type { StoredGroup, StoredPosition } from './stored-groups.ts';

/** What is asked about a group. */
export interface ExpiryFacts {
  readonly group: StoredGroup;
  readonly state: GroupStateName;
  /** Topics that its members subscribe to. */
  readonly topics: ReadonlySet<string>;
  /** Whether some of its offsets are in a transaction that is open. */
  readonly isUndecided: boolean;
}

/** What goes. */
export interface Expired {
  readonly positions: readonly StoredPosition[];
  /** Whether nothing is left of the group then: it goes, too. */
  readonly isGroup: boolean;
}

const NOTHING: Expired = { positions: [], isGroup: false };

/** @param retentionMs `offsets.retention.minutes`, in milliseconds */
export function expiredOf(facts: ExpiryFacts, nowMs: number, retentionMs: number): Expired {
  const { group, state, topics, isUndecided } = facts;
  const { record, protocol } = group;
  // What cannot be read may say that it is to stay.
  if (isUndecided || record instanceof Error || protocol === 'share' || protocol === 'streams') return NOTHING;
  const sinceOf = baseOf(record, state, topics);
  if (sinceOf === undefined) return NOTHING;
  const positions = [...group.positions.values()].filter((position) => {
    const { value } = position;
    const since = sinceOf(position);
    if (value instanceof Error || since === undefined) return false;
    return value.expireTimestamp >= 0 ? nowMs >= value.expireTimestamp : nowMs - since >= retentionMs;
  });
  // As in Kafka a group that has committed nothing goes as soon as it is empty.
  const isGroup = positions.length === group.positions.size && (state === 'Empty' || state === 'Dead');
  return { positions, isGroup };
}

/** From when on a position's time counts; undefined for what does not go. */
function baseOf(
  record: GroupRecord | undefined,
  state: GroupStateName,
  topics: ReadonlySet<string>,
): ((position: StoredPosition) => number | undefined) | undefined {
  const committed = ({ value }: StoredPosition): number | undefined =>
    value instanceof Error ? undefined : value.commitTimestamp;
  if (record === undefined || record.protocolType === '') return committed;
  if (state === 'Empty') {
    const { currentStateTimestamp } = record;
    return currentStateTimestamp >= 0 ? () => currentStateTimestamp : committed;
  }
  if (state !== 'Stable' || record.protocolType !== CONSUMER_PROTOCOL) return undefined;
  return (position) => (topics.has(position.topic) ? undefined : committed(position));
}
