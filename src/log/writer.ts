/** Gathers records to batches. */
import type { Timer } from '../clock/clock.ts';
import { SeglogError } from '../errors/errors.ts';
import { BatchBuilder, type Header } from '../record/batch-builder.ts';
import type { Serde } from '../record/serdes.ts';
import type { SegmentContext } from '../segment/context.ts';
import type { AppendRecordsOptions, AppendResult, Codec } from './options.ts';

/** How a writer gathers. */
export interface WriterOptions<K, V> {
  /** How long a record may wait for others, in milliseconds. 0: until the current turn of the event loop ends. Default 5. */
  readonly linger?: number;
  /** A batch is appended when it has this many bytes, before compression. Default 131072, at most `max.message.bytes`. */
  readonly batchBytes?: number;
  /** A batch is appended when it has this many records. Default: no limit. */
  readonly batchRecords?: number;
  readonly compression?: Codec;
  readonly keySerde?: Serde<K>;
  readonly valueSerde?: Serde<V>;
}

/** A record with a key and a value of the writer's types. */
export interface WriterRecord<K, V> {
  readonly key?: K | null;
  readonly value: V | null;
  readonly timestamp?: number;
  readonly headers?: readonly Header[];
}

/** What a writer writes to. */
export interface AppendTarget {
  append(batch: BatchBuilder, options: AppendRecordsOptions): Promise<AppendResult>;
}

interface Waiting {
  readonly index: number;
  readonly resolve: (offset: number) => void;
  readonly reject: (reason: unknown) => void;
}

const DEFAULT_LINGER_MS = 5;
const DEFAULT_BATCH_BYTES = 128 * 1024;
/** Of a batch: there may be writers to thousands of logs. */
const FIRST_BYTES = 4096;
/** Room that a record's own fields take beside its key and value. */
const RECORD_OVERHEAD = 32;

/**
 * Gathers records to batches and appends them: when a batch is full, when its first record has waited for `linger`, and
 * at `flush` and `close`.
 *
 * @example
 * ```ts
 * await using writer = log.writer({ compression: 'zstd', valueSerde: serdes.json });
 * for (const event of events) await writer.write({ key: event.user, value: event });
 * ```
 */
export class LogWriter<K = Uint8Array | string, V = Uint8Array | string> implements AsyncDisposable {
  readonly #log: AppendTarget;
  readonly #context: SegmentContext;
  readonly #builder: BatchBuilder;
  readonly #append: AppendRecordsOptions;
  readonly #linger: number;
  readonly #wantedBytes: number;
  /** Of the batch that is gathered: what was wanted, as far as the log takes it. */
  #batchBytes = 0;
  readonly #batchRecords: number;
  readonly #keyBytes: (key: K) => Uint8Array;
  readonly #valueBytes: (value: V) => Uint8Array;
  #waiting: Waiting[] = [];
  #timer: Timer | undefined;
  /** Appends that are not done yet: only where a sync must follow. */
  #appending: Promise<unknown> | undefined;
  #failure: Error | undefined;
  #closed = false;

  /** Made by `log.writer`. */
  constructor(log: AppendTarget, context: SegmentContext, options: WriterOptions<K, V>) {
    this.#log = log;
    this.#context = context;
    this.#builder = new BatchBuilder(context.engine, FIRST_BYTES);
    this.#append = options.compression === undefined ? {} : { compression: options.compression };
    this.#linger = positive('linger', options.linger ?? DEFAULT_LINGER_MS, 0);
    this.#wantedBytes = positive('batchBytes', options.batchBytes ?? DEFAULT_BATCH_BYTES, 1);
    this.#batchRecords = positive('batchRecords', options.batchRecords ?? Infinity, 1);
    this.#keyBytes = serializer(options.keySerde);
    this.#valueBytes = serializer(options.valueSerde);
  }

  /**
   * Adds a record. Returns a promise only when the caller should wait before the next one: await whatever it returns.
   *
   * @throws SeglogError at once for a record that cannot be stored, and for the failure of an earlier batch
   */
  write(record: WriterRecord<K, V>): Promise<void> | undefined {
    this.#add(record);
    return this.#appending?.then(() => undefined);
  }

  /** Adds a record. @returns its offset, once it is appended (and synced, where the log says so) */
  send(record: WriterRecord<K, V>): Promise<number> {
    const index = this.#add(record, true);
    if (index < 0) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      const waiting = { index, resolve, reject };
      this.#waiting.push(waiting);
      this.#appendWhenFull();
    });
  }

  /** Appends what was gathered. Resolves when everything given so far is appended. */
  async flush(): Promise<void> {
    this.#appendNow();
    await this.#appending;
    this.#throwFailure();
  }

  /** Flushes and ends. A second call does nothing. */
  async close(): Promise<void> {
    if (this.#closed) return;
    try {
      await this.flush();
    } finally {
      this.#closed = true;
      this.#timer?.cancel();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #add(record: WriterRecord<K, V>, deferAppend = false): number {
    if (this.#closed) throw new SeglogError('LOG_CLOSED', 'the writer is closed');
    this.#throwFailure();
    const key = record.key === null || record.key === undefined ? null : this.#keyBytes(record.key);
    const value = record.value === null || record.value === undefined ? null : this.#valueBytes(record.value);
    const room = RECORD_OVERHEAD + (key?.length ?? 0) + (value?.length ?? 0);
    if (this.#builder.count > 0 && this.#builder.sizeBytes + room > this.#batchBytes) this.#appendNow();
    const index = this.#builder.count;
    if (index === 0) this.#begin();
    this.#builder.add(record.timestamp ?? this.#context.clock.now(), key, value, record.headers);
    // A process must not end with records that only wait for company.
    if (index === 0) this.#timer = this.#context.clock.after(this.#linger, () => this.#appendNow(), true);
    if (!deferAppend) this.#appendWhenFull();
    return index;
  }

  /** A batch begins: it is gathered by what the log is configured to at this time. */
  #begin(): void {
    const { config } = this.#context;
    this.#batchBytes = Math.min(this.#wantedBytes, config.maxMessageBytes, config.segmentBytes);
    this.#context.beforeAlter ??= new Set();
    this.#context.beforeAlter.add(this.#appendEarly);
  }

  readonly #appendEarly = (): void => this.#appendNow();

  /** How much memory the batches that are gathered take. */
  get memoryBytes(): number {
    return this.#builder.memoryBytes;
  }

  #appendWhenFull(): void {
    if (this.#builder.sizeBytes >= this.#batchBytes || this.#builder.count >= this.#batchRecords) this.#appendNow();
  }

  #appendNow(): void {
    this.#timer?.cancel();
    this.#context.beforeAlter?.delete(this.#appendEarly);
    if (this.#builder.count === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    const appending = this.#log.append(this.#builder, this.#append).then(
      ({ baseOffset }) => {
        for (const { index, resolve } of waiting) resolve(baseOffset + index);
      },
      (error: unknown) => {
        // Whoever waits for an offset is told; the others learn it from the next call.
        this.#failure ??= error instanceof Error ? error : new Error(String(error));
        for (const { reject } of waiting) reject(error);
      },
    );
    // The log took the records in that call; if it refused them, the next batch must not hold them again.
    this.#builder.reset();
    const before = this.#appending;
    const all = before === undefined ? appending : Promise.all([before, appending]);
    const tracked: Promise<unknown> = all.finally(() => {
      if (this.#appending === tracked) this.#appending = undefined;
    });
    this.#appending = tracked;
  }

  #throwFailure(): void {
    const failure = this.#failure;
    if (failure === undefined) return;
    this.#failure = undefined;
    throw failure;
  }
}

function positive(name: string, value: number, least: number): number {
  if (typeof value === 'number' && value >= least) return value;
  throw new SeglogError('INVALID_ARGUMENT', `the writer's ${name} is not valid`, {
    expected: `a number from ${least}`,
    found: String(value),
  });
}

/** What makes bytes of keys or values; without a serde, of bytes and strings. */
export function serializer<T>(serde: Serde<T> | undefined): (value: T) => Uint8Array {
  if (serde !== undefined) return (value) => serde.serialize(value);
  return (value) => {
    if (typeof value === 'string') return Buffer.from(value, 'utf8');
    if (value instanceof Uint8Array) return value;
    throw new SeglogError('INVALID_ARGUMENT', 'a key or value cannot be stored without a serde', {
      expected: 'bytes or a string',
      found: typeof value,
    });
  };
}
