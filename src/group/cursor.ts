/** Reading one partition for a consumer: its position, and the batch that is at hand. */
import { SeglogError } from '../errors/errors.ts';
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

/** A partition's log, and the topic that it is of. */
export interface PlacedLog {
  readonly log: Log;
  readonly topicId: string;
}

/** The offset of the next record, and the leader epoch of the one before it; -1: not known. */
export interface CursorPlace {
  readonly position: number;
  readonly leaderEpoch: number;
}

/** Why reading has failed. */
export interface CursorFailure {
  readonly error: unknown;
  /** Whether somebody was told of it. */
  isTold: boolean;
}

/** A place in a partition that moves with each record. */
export class PartitionCursor implements TopicPartition, CursorPlace {
  readonly topic: string;
  readonly partition: number;
  readonly log: Log;
  /** Of the topic that was there when it was made: another one may have its name by now. */
  readonly topicId: string;
  readonly #environment: CursorEnvironment;
  #position: number;
  #leaderEpoch = -1;
  #positionBefore: number;
  #epochBefore = -1;
  /** What is known to be committed; undefined: nothing, or not by this consumer. */
  committed: number | undefined;
  #records: readonly LogRecord[] = [];
  #at = 0;
  #endOfBatch: number | undefined;
  #batchEpoch = -1;
  #source: AsyncGenerator<RecordBatch, void> | undefined;
  #stop: AbortController | undefined;
  #failure: CursorFailure | undefined;

  constructor(
    { topic, partition }: TopicPartition,
    { log, topicId }: PlacedLog,
    position: number,
    environment: CursorEnvironment,
  ) {
    this.topic = topic;
    this.partition = partition;
    this.log = log;
    this.topicId = topicId;
    this.#position = position;
    this.#positionBefore = position;
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

  /** Where it was before the record that was taken last. */
  get before(): CursorPlace {
    return { position: this.#positionBefore, leaderEpoch: this.#epochBefore };
  }

  /** Reading is over with it, until a seek. */
  get failure(): CursorFailure | undefined {
    return this.#failure;
  }

  /**
   * What is made of the next record at hand; undefined when there is none, and then more is asked for. Where nothing can be made of a
   * record, it is the failure: the position stays at it.
   */
  take<T>(make: (record: LogRecord, partition: TopicPartition) => T): T | undefined {
    for (; this.#at < this.#records.length; this.#at++) {
      const record = this.#records[this.#at] as LogRecord;
      // The batch that holds the first offset is read whole.
      if (record.offset >= this.#position) return this.#made(record, make);
    }
    if (this.#endOfBatch !== undefined) {
      this.#position = Math.max(this.#position, this.#endOfBatch);
      this.#leaderEpoch = this.#batchEpoch;
      this.#endOfBatch = undefined;
      this.#records = [];
      this.#ask();
    } else if (this.#source === undefined && this.#failure === undefined) this.#start();
    return undefined;
  }

  #made<T>(record: LogRecord, make: (record: LogRecord, partition: TopicPartition) => T): T | undefined {
    try {
      const made = make(record, this);
      this.#at++;
      this.#positionBefore = this.#position;
      this.#epochBefore = this.#leaderEpoch;
      this.#position = record.offset + 1;
      this.#leaderEpoch = this.#batchEpoch;
      return made;
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      const what = `the serdes cannot read the record of ${this.topic}-${this.partition} at offset ${record.offset}`;
      const action = 'Seek behind it to leave it out, or read it with another serde';
      this.#failed(this.#source, new SeglogError('DESERIALIZATION_FAILED', `${what}: ${why}`, { cause, action }));
      return undefined;
    }
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
    this.#batchEpoch = batch.partitionLeaderEpoch;
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
    this.#failure = { error, isTold: false };
    this.#environment.wake();
  }

  /** Goes on from another place. */
  seek(position: number): void {
    this.stop();
    this.#position = position;
    this.#leaderEpoch = -1;
    this.#positionBefore = position;
    this.#epochBefore = -1;
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
