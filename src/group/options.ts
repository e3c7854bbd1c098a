/** What a caller can say to a consumer of a group. */
import type { TopicPartition } from '../format/names.ts';
import type { ReadIsolation } from '../log/options.ts';
import type { TypedRecord } from '../log/typed-records.ts';
import type { Serde } from '../record/serdes.ts';
import type { AssignorName } from './assign/assignors.ts';

/** Where a partition begins that nothing was committed of, or whose committed offset is there no more; `none`: that is an error. */
export type OffsetReset = 'earliest' | 'latest' | 'none';

/** That a partition is not read on from where it was. */
export interface ResetNotice extends TopicPartition {
  /** Where it was to be read from; undefined: nothing was committed. */
  readonly from: number | undefined;
  /** Where it is read from. */
  readonly to: number;
}

/** A consumer of a group. */
export interface ConsumerOptions<K, V> {
  /** The group's id. */
  readonly group: string;
  /** The topics to read, which the group's consumers share; they must be there. */
  readonly topics: string | readonly string[];
  /** How the group's consumers share partitions; all of them say the same. Default `range`. */
  readonly assignor?: AssignorName;
  /** Default `earliest`. */
  readonly autoOffsetReset?: OffsetReset;
  /** Default `read_uncommitted`. */
  readonly isolation?: Exclude<ReadIsolation, 'log_end'>;
  /**
   * Commits, when polled, what was handed out by polls before: at most so often, in milliseconds, before a rebalance, and when it
   * is closed, then with what the last poll handed out. A loop's record counts once the next one is asked for. Default: nothing is
   * committed by itself.
   */
  readonly autoCommitIntervalMs?: number;
  /** Whether commits resolve only once they are on the disk: they survive the end of the machine then. Default false. */
  readonly syncCommits?: boolean;
  /** A consumer that does not poll for longer counts as dead: its partitions go to others. Default 300000. */
  readonly maxPollIntervalMs?: number;
  /** For people: what its member id starts with. Default `seglog`. */
  readonly clientId?: string;
  /**
   * What stays the same over restarts, and puts it in order before consumers that have none. Where two say the same, the newer takes
   * the place of the older, which gets `FENCED_INSTANCE_ID` from then on.
   */
  readonly groupInstanceId?: string;
  readonly keySerde?: Serde<K>;
  readonly valueSerde?: Serde<V>;
  /**
   * Called before a rebalance with the partitions that others may have afterwards: the last chance to commit what was
   * processed of them. What it raises is raised by the poll.
   */
  readonly onRebalance?: (partitions: readonly TopicPartition[]) => void | Promise<void>;
  /** Called when `autoOffsetReset` moved a position. */
  readonly onReset?: (notice: ResetNotice) => void;
}

/** How to poll. */
export interface PollOptions {
  /** Default 500. */
  readonly maxRecords?: number;
  /** How long to wait where there is nothing to read, in milliseconds. Default: until there is. */
  readonly timeoutMs?: number;
  /** Ends waiting. */
  readonly signal?: AbortSignal;
}

/** A record, and where it is. */
export interface ReceivedRecord<K, V> extends TypedRecord<K, V>, TopicPartition {}
