/** Reading one partition for a consumer: its position, and the batch that is at hand. */
import type { TopicPartition } from '../format/names.ts';
import type { Log } from '../log/log.ts';
import type { ReadIsolation } from '../log/options.ts';
import type { LogRecord, RecordBatch } from '../record/record-batch.ts';
import type { PartitionReads } from './host.ts';

/** What a cursor reads by. */
export interface CursorEnvironment {
  readonly reads: PartitionReads;
  readonly isolation: ReadIsolation;
  /** Called when a batch is at hand, or reading has failed. */
  readonly wake: () => void;
}

/** A place in a partition that moves with each record. */
export class PartitionCursor implements TopicPartition {
  readonly topic: string;
  readonly partition: number;
  readonly log: Log;
  readonly #environment: CursorEnvironment;
  #position: number;
  #leaderEpoch = -1;
  /** What is known to be committed; undefined: nothing, or not by this consumer. */
  committed: number | undefined;
  #records: readonly LogRecord[] = [];
  #at = 0;
  #endOfBatch: number | undefined;
  #source: AsyncGenerator<RecordBatch, void> | undefined;
  #stop: AbortController | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor({ topic, partition }: TopicPartition, log: Log, position: number, environment: CursorEnvironment) {
    this.topic = topic;
    this.partition = partition;
    this.log = log;
    this.#position = position;
    this.#environment = environment;
  }

  /** The offset of the next record to hand out. */
  get position(): number {
    return this.#position;
  }

  /** The leader epoch of the record before it; -1: not known. */
  get leaderEpoch(): number {
    return this.#leaderEpoch;
  }

  /** Why reading has failed. It is over then, until a seek. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  /** The next record at hand; undefined when there is none, and then more is asked for. */
  take(): LogRecord | undefined {
    while (this.#at < this.#records.length) {
      const record = this.#records[this.#at++] as LogRecord;
      // The batch that holds the first offset is read whole.
      if (record.offset < this.#position) continue;
      this.#position = record.offset + 1;
      return record;
    }
    if (this.#endOfBatch !== undefined) {
      this.#position = Math.max(this.#position, this.#endOfBatch);
      this.#endOfBatch = undefined;
      this.#records = [];
      this.#ask();
    } else if (this.#source === undefined && this.#failure === undefined) this.#start();
    return undefined;
  }

  #start(): void {
    const { reads, isolation } = this.#environment;
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    this.#source = reads.read({ log: this.log, from: this.#position, isolation, follow: true, signal });
    this.#ask();
  }

  #ask(): void {
    const source = this.#source;
    source?.next().then(
      (result) => {
        if (source !== this.#source || result.done === true) return;
        this.#put(result.value);
        this.#environment.wake();
      },
      (error: unknown) => this.#failed(source, error),
    );
  }

  #put(batch: RecordBatch): void {
    this.#endOfBatch = batch.lastOffset + 1;
    this.#at = 0;
    this.#leaderEpoch = batch.partitionLeaderEpoch;
    try {
      this.#records = batch.isControl ? [] : batch.records();
    } catch (error) {
      this.#endOfBatch = undefined;
      this.#failed(this.#source, error);
    }
  }

  #failed(source: AsyncGenerator<RecordBatch, void> | undefined, error: unknown): void {
    if (source !== this.#source) return;
    this.stop();
    this.#failure = { error };
    this.#environment.wake();
  }

  /** Goes on from another place. */
  seek(position: number): void {
    this.stop();
    this.#position = position;
    this.#leaderEpoch = -1;
  }

  /** Ends reading; the position stays. */
  stop(): void {
    const source = this.#source;
    this.#source = undefined;
    this.#stop?.abort();
    this.#failure = undefined;
    this.#records = [];
    this.#endOfBatch = undefined;
    this.#at = 0;
    source?.return().catch(() => undefined);
  }
}
