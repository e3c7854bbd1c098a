/** Writes to a topic: each record to the partition that it belongs to, gathered to batches there. */
import { turn } from '../cleaner/turn.ts';
import { SeglogError } from '../errors/errors.ts';
import type { Log } from '../log/log.ts';
import { type LogWriter, serializer, type WriterOptions, type WriterRecord } from '../log/writer.ts';
import { type PartitionView, partitionForKey, RoundRobinChoice, StickyChoice } from './partitioner.ts';

/**
 * Where records go that name no partition. `default`: by the hash of their key, and those without one as with `sticky`;
 * `sticky`: without regard to keys, to one partition until a batch is full, then to another; `round-robin`: to one after the
 * other.
 */
export type Partitioner = 'default' | 'sticky' | 'round-robin';

/** How a topic is written to. */
export interface TopicWriterOptions<K, V> extends WriterOptions<K, V> {
  readonly partitioner?: Partitioner;
  /** What the sticky choice takes its numbers from, 0 to below 1. Default: chance. */
  readonly random?: () => number;
}

/** A record for a topic. */
export interface TopicRecord<K, V> extends WriterRecord<K, V> {
  /** The partition, whatever the key. */
  readonly partition?: number;
}

/** Where a record is. */
export interface RecordPlace {
  readonly partition: number;
  readonly offset: number;
}

/** What a topic's writer writes to. */
export interface WritableTopic extends PartitionView {
  /** @throws SeglogError `UNKNOWN_TOPIC_OR_PARTITION`, `LOG_OFFLINE` */
  log(partition: number): Log;
}

/** As a writer's own. */
const DEFAULT_BATCH_BYTES = 128 * 1024;
/** Room that a record's own fields take beside its key and value. */
const RECORD_OVERHEAD = 32;
/** The most memory for batches that are gathered, of all partitions together; as Kafka's `buffer.memory`. */
const MOST_MEMORY_BYTES = 32 * 1024 * 1024;
/** After so many bytes a caller that waits for nothing else waits for a turn of the event loop: timers are due, too. */
const TURN_BYTES = 1024 * 1024;

type BytesWriter = LogWriter<Uint8Array, Uint8Array>;

/** A record's bytes. */
interface Encoded extends WriterRecord<Uint8Array, Uint8Array> {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
}

/**
 * Gathers records to batches, for each partition of a topic.
 *
 * @example
 * ```ts
 * await using writer = store.writer('events', { compression: 'lz4' });
 * for (const { user, event } of events) await writer.write({ key: user, value: event });
 * ```
 */
export class TopicWriter<K = Uint8Array | string, V = Uint8Array | string> implements AsyncDisposable {
  readonly #topic: WritableTopic;
  readonly #options: WriterOptions<Uint8Array, Uint8Array>;
  readonly #partitioner: Partitioner;
  readonly #sticky: StickyChoice;
  readonly #roundRobin: RoundRobinChoice;
  readonly #keyBytes: (key: K) => Uint8Array;
  readonly #valueBytes: (value: V) => Uint8Array;
  readonly #writers = new Map<number, BytesWriter>();
  /** What they take of memory. */
  #memoryBytes = 0;
  #bytesSinceTurn = 0;
  /** What is being appended to make room. */
  #makingRoom: Promise<unknown> = Promise.resolve();
  /** Of a batch that was appended to make room. */
  #failure: { readonly error: unknown } | undefined;
  #closed = false;

  /** Made by `store.writer`. */
  constructor(topic: WritableTopic, options: TopicWriterOptions<K, V>) {
    const { partitioner = 'default', random = Math.random, keySerde, valueSerde, ...others } = options;
    this.#topic = topic;
    this.#options = others;
    this.#partitioner = checked(partitioner);
    this.#sticky = new StickyChoice(topic, options.batchBytes ?? DEFAULT_BATCH_BYTES, random);
    this.#roundRobin = new RoundRobinChoice(topic);
    this.#keyBytes = serializer(keySerde);
    this.#valueBytes = serializer(valueSerde);
  }

  /**
   * Adds a record. Returns a promise only when the caller should wait before the next one: await whatever it returns.
   *
   * @throws SeglogError at once: `UNKNOWN_TOPIC_OR_PARTITION`, `LOG_OFFLINE`, and what a log's writer raises
   */
  write(record: TopicRecord<K, V>): Promise<void> | undefined {
    const encoded = this.#encode(record);
    const writer = this.#writer(this.#choose(record.partition, encoded));
    const before = writer.memoryBytes;
    const appending = writer.write(encoded);
    return this.#wait(appending, writer.memoryBytes - before, sizeOf(encoded));
  }

  /** Adds a record. @returns where it is, once it is appended (and synced, where the log says so) */
  async send(record: TopicRecord<K, V>): Promise<RecordPlace> {
    const encoded = this.#encode(record);
    const partition = this.#choose(record.partition, encoded);
    const writer = this.#writer(partition);
    const before = writer.memoryBytes;
    const sending = writer.send(encoded);
    void this.#wait(undefined, writer.memoryBytes - before, sizeOf(encoded));
    return { partition, offset: await sending };
  }

  /** Appends what was gathered. Resolves when everything given so far is appended. */
  async flush(): Promise<void> {
    await this.#all((writer) => writer.flush());
    this.#throwFailure();
  }

  /** Flushes and ends. A second call does nothing. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#all((writer) => writer.close());
    this.#throwFailure();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** What the caller has to wait for behind a record. */
  #wait(appending: Promise<void> | undefined, memoryBytes: number, sizeBytes: number): Promise<void> | undefined {
    this.#memoryBytes += memoryBytes;
    if (this.#memoryBytes > MOST_MEMORY_BYTES) return this.#makeRoom();
    this.#bytesSinceTurn += sizeBytes;
    if (this.#bytesSinceTurn < TURN_BYTES) return appending;
    this.#bytesSinceTurn = 0;
    return appending === undefined ? turn() : appending.then(turn);
  }

  /** Appends everything that is gathered, and gives its memory back: with many partitions batches are smaller. */
  #makeRoom(): Promise<void> {
    const writers = [...this.#writers.values()];
    this.#writers.clear();
    this.#memoryBytes = 0;
    this.#bytesSinceTurn = 0;
    const done = this.#end(writers);
    this.#makingRoom = Promise.all([this.#makingRoom, done]);
    return done;
  }

  async #end(writers: readonly BytesWriter[]): Promise<void> {
    for (const outcome of await Promise.allSettled(writers.map((writer) => writer.close()))) {
      if (outcome.status === 'rejected') this.#failure ??= { error: outcome.reason };
    }
    await turn();
  }

  #throwFailure(): void {
    const failure = this.#failure;
    if (failure === undefined) return;
    this.#failure = undefined;
    throw failure.error;
  }

  /** All of them, whatever becomes of the others; and of those that made room, where a caller of `send` does not wait for it. */
  async #all(work: (writer: BytesWriter) => Promise<void>): Promise<void> {
    const outcomes = await Promise.allSettled([...this.#writers.values()].map(work));
    await this.#makingRoom;
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }

  #encode({ key, value, timestamp, headers }: TopicRecord<K, V>): Encoded {
    return {
      key: key === null || key === undefined ? null : this.#keyBytes(key),
      value: value === null ? null : this.#valueBytes(value),
      ...(timestamp === undefined ? {} : { timestamp }),
      ...(headers === undefined ? {} : { headers }),
    };
  }

  #choose(given: number | undefined, { key, value }: Pick<Encoded, 'key' | 'value'>): number {
    if (given !== undefined) return given;
    if (this.#partitioner === 'round-robin') return this.#roundRobin.next();
    if (key !== null && this.#partitioner === 'default') return partitionForKey(key, this.#topic.count);
    return this.#sticky.next(sizeOf({ key, value }));
  }

  #writer(partition: number): BytesWriter {
    if (this.#closed) throw new SeglogError('LOG_CLOSED', 'the writer is closed');
    this.#throwFailure();
    let writer = this.#writers.get(partition);
    if (writer === undefined) {
      writer = this.#topic.log(partition).writer(this.#options);
      this.#writers.set(partition, writer);
      this.#memoryBytes += writer.memoryBytes;
    }
    return writer;
  }
}

/** What a record takes of a batch, at most. */
function sizeOf({ key, value }: Pick<Encoded, 'key' | 'value'>): number {
  return RECORD_OVERHEAD + (key?.length ?? 0) + (value?.length ?? 0);
}

function checked(partitioner: Partitioner): Partitioner {
  const known: readonly Partitioner[] = ['default', 'sticky', 'round-robin'];
  if (known.includes(partitioner)) return partitioner;
  throw new SeglogError('INVALID_ARGUMENT', 'unknown partitioner', { expected: known.join(', '), found: partitioner });
}
