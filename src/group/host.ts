/** What groups stand on: whoever has the topics hands it down. */
import type { Clock } from '../clock/clock.ts';
import type { Log } from '../log/log.ts';
import type { ReadIsolation } from '../log/options.ts';
import type { RecordBatch } from '../record/record-batch.ts';

/** A topic, as it is at each moment. */
export interface GroupTopic {
  readonly topicId: string;
  readonly count: number;
  /** @throws SeglogError `UNKNOWN_TOPIC_OR_PARTITION`, `LOG_OFFLINE` */
  log(partition: number): Log;
}

/** Reads of many logs that share memory. */
export interface PartitionReads {
  /** Batches from `from` on, and whatever comes, until the signal aborts or the log closes. */
  read(what: {
    readonly log: Log;
    readonly from: number;
    readonly isolation: ReadIsolation;
    readonly follow: boolean;
    readonly signal: AbortSignal;
  }): AsyncGenerator<RecordBatch, void>;
}

/** Who has topics. */
export interface GroupHost {
  readonly clock: Clock;
  /** How long offsets of a group without members are kept, in milliseconds (`offsets.retention.minutes`). */
  readonly offsetsRetentionMs: number;
  topic(name: string): GroupTopic | undefined;
  /** Makes `__consumer_offsets`, unless it is there. @throws SeglogError (as a rejection) `LOG_OFFLINE`, `IO` */
  createOffsetsTopic(): Promise<void>;
  /** Tells of what went wrong and stops nothing. */
  problem(error: unknown): void;
  reads(): PartitionReads;
}
