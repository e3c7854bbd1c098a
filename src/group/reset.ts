/** Where a group would go on after its offsets are reset, as Kafka's tool for groups reckons it. */
import { SeglogError } from '../errors/errors.ts';
import type { TopicPartition } from '../format/names.ts';
import { committedOf } from './positions.ts';
import type { StoredGroup } from './state/stored-groups.ts';

/** Where to. What lies outside a log is moved to its start or end. */
export type ResetTarget =
  | { readonly to: 'earliest' | 'latest' | 'current' }
  | { readonly offset: number }
  /** The first record of that time or later, in milliseconds since 1970; the end where there is none. */
  | { readonly timestamp: number }
  /** From what is committed: forward, or back with a number below 0. */
  | { readonly shiftBy: number };

/** What would be committed. */
export interface PlannedReset extends TopicPartition {
  /** What is committed now; undefined: nothing, or nothing that can be used. */
  readonly from: number | undefined;
  readonly offset: number;
}

/** A log that a position is sought in. */
interface SearchedLog {
  readonly logStartOffset: number;
  readonly logEndOffset: number;
  readonly highWatermark?: number;
  offsetForTimestamp(timestamp: number): { readonly offset: number } | undefined;
}

/** Where topics are looked up. */
export interface SearchedTopics {
  topic(name: string): { readonly topicId: string | undefined; log(partition: number): SearchedLog } | undefined;
}

/**
 * Positions for partitions. Nothing is committed.
 *
 * @throws SeglogError `UNKNOWN_TOPIC_OR_PARTITION`, `LOG_OFFLINE`; `NO_COMMITTED_OFFSET` where a shift has nothing to start from
 */
export function planReset(
  topics: SearchedTopics,
  stored: StoredGroup | undefined,
  partitions: readonly TopicPartition[],
  target: ResetTarget,
): PlannedReset[] {
  return partitions.map(({ topic, partition }) => {
    const log = topics.topic(topic)?.log(partition);
    if (log === undefined) {
      throw new SeglogError('UNKNOWN_TOPIC_OR_PARTITION', 'there is no such topic', { found: JSON.stringify(topic) });
    }
    const from = usable(topics, stored, { topic, partition });
    const [start, end] = [log.logStartOffset, log.highWatermark ?? log.logEndOffset];
    const offset = Math.min(end, Math.max(start, offsetOf({ topic, partition, from, start, end }, log, target)));
    return { topic, partition, from, offset };
  });
}

interface Place extends TopicPartition {
  readonly from: number | undefined;
  readonly start: number;
  readonly end: number;
}

function offsetOf({ topic, partition, from, start, end }: Place, log: SearchedLog, target: ResetTarget): number {
  if ('offset' in target) return target.offset;
  if ('timestamp' in target) return log.offsetForTimestamp(target.timestamp)?.offset ?? end;
  if ('shiftBy' in target) {
    if (from !== undefined) return from + target.shiftBy;
    throw new SeglogError('NO_COMMITTED_OFFSET', `nothing is committed of ${topic}-${partition} to shift`, {
      action: 'Name a position instead',
    });
  }
  if (target.to === 'earliest') return start;
  // As in Kafka: where nothing is committed, what counts as current is the end.
  return target.to === 'current' ? (from ?? end) : end;
}

/** A reset is what helps where a committed offset cannot be used. */
function usable(topics: SearchedTopics, stored: StoredGroup | undefined, one: TopicPartition): number | undefined {
  try {
    return committedOf(topics, stored, one)?.offset;
  } catch (error) {
    if (error instanceof SeglogError) return undefined;
    throw error;
  }
}
