/** Reading one or many partitions of a topic as one stream. */
import { SeglogError } from '../errors/errors.ts';
import type { ReadIsolation } from '../log/options.ts';
import { type RecordsOptions, type TypedRecord, typedRecords } from '../log/typed-records.ts';
import type { RecordBatch } from '../record/record-batch.ts';
import { merged } from './merge.ts';
import { type FollowableLog, ReadSlots } from './read-slots.ts';

/** What to read of a topic. */
export interface ConsumeOptions {
  /** Default: all that can be read when reading starts. Of partitions that are offline the status tells. */
  readonly partitions?: readonly number[];
  /**
   * Where each partition begins: its log start (default), its end, or the offset that is named for it; those that are not
   * named begin at their log start.
   */
  readonly from?: 'earliest' | 'latest' | Readonly<Record<number, number>>;
  /** Instead of `from`: the first record of that time or later, in milliseconds since 1970. */
  readonly fromTimestamp?: number;
  /** Waits for more at the end, until the signal aborts or the store closes. Default false. */
  readonly follow?: boolean;
  /** Default `read_uncommitted`. */
  readonly isolation?: ReadIsolation;
  /** Ends reading, without an error. */
  readonly signal?: AbortSignal;
}

/** A batch, and the partition that it is in. */
export interface ConsumedBatch {
  readonly partition: number;
  readonly batch: RecordBatch;
  /** Where the partition is read from: the first batch may have records below it. */
  readonly from: number;
}

/** A record, and the partition that it is in. */
export interface ConsumedRecord<K, V> extends TypedRecord<K, V> {
  readonly partition: number;
}

/** Where a partition is read from. */
interface Start {
  readonly partition: number;
  readonly log: FollowableLog;
  readonly from: number;
}

/** What is read: logs by partition. @throws SeglogError `UNKNOWN_TOPIC_OR_PARTITION`, `LOG_OFFLINE` */
export interface ReadableTopic {
  /** Those that can be read. */
  readonly partitions: readonly number[];
  log(partition: number): FollowableLog;
}

/**
 * Batches of several partitions, in the order of offsets within each, and as they come among them.
 *
 * @throws SeglogError (at once) `UNKNOWN_TOPIC_OR_PARTITION`, `LOG_OFFLINE`, `INVALID_ARGUMENT`; (while iterating) as
 * `Log.read`
 */
export function consumeBatches(topic: ReadableTopic, options: ConsumeOptions): AsyncGenerator<ConsumedBatch, void> {
  const starts = startsOf(topic, options);
  return consume(starts, options, (batches, start) => withPartition(batches, start));
}

/** The data records of several partitions. */
export function consumeRecords<K, V>(
  topic: ReadableTopic,
  options: ConsumeOptions & Omit<RecordsOptions<K, V>, 'from' | 'to'>,
): AsyncGenerator<ConsumedRecord<K, V>, void> {
  const { keySerde, valueSerde } = options;
  const serdes = {
    ...(keySerde === undefined ? {} : { keySerde }),
    ...(valueSerde === undefined ? {} : { valueSerde }),
  };
  return consume(startsOf(topic, options), options, (batches, start) =>
    recordsOf<K, V>(batches, start, { ...serdes, from: start.from }),
  );
}

async function* consume<T>(
  starts: readonly Start[],
  { follow = false, isolation = 'read_uncommitted', signal }: ConsumeOptions,
  shape: (batches: AsyncGenerator<RecordBatch, void>, start: Start) => AsyncGenerator<T, void>,
): AsyncGenerator<T, void> {
  const slots = new ReadSlots();
  // Each read has a signal of its own: thousands that listen to one would be told to be a leak.
  const stops = starts.map(() => new AbortController());
  const whole = new AbortController();
  const abort = (): void => {
    whole.abort();
    for (const stop of stops) stop.abort();
  };
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted === true) abort();
  try {
    const streams = starts.map((start, at) => {
      const { log, from } = start;
      const own = (stops[at] as AbortController).signal;
      return shape(slots.read({ log, from, isolation, follow, signal: own }), start);
    });
    for await (const value of merged(streams)) {
      if (whole.signal.aborted) return;
      yield value;
    }
  } finally {
    abort();
    signal?.removeEventListener('abort', abort);
  }
}

async function* withPartition(
  batches: AsyncGenerator<RecordBatch, void>,
  { partition, from }: Start,
): AsyncGenerator<ConsumedBatch, void> {
  for await (const batch of batches) yield { partition, batch, from };
}

async function* recordsOf<K, V>(
  batches: AsyncGenerator<RecordBatch, void>,
  { partition }: Start,
  options: RecordsOptions<K, V>,
): AsyncGenerator<ConsumedRecord<K, V>, void> {
  for await (const { offset, timestamp, key, value, headers } of typedRecords(batches, options)) {
    yield { partition, offset, timestamp, key, value, headers };
  }
}

function startsOf(topic: ReadableTopic, options: ConsumeOptions): Start[] {
  const { partitions = topic.partitions, from, fromTimestamp } = options;
  if (from !== undefined && fromTimestamp !== undefined) {
    throw new SeglogError('INVALID_ARGUMENT', 'from and fromTimestamp exclude each other');
  }
  return partitions.map((partition) => {
    const log = topic.log(partition);
    return { partition, log, from: startOf(log, partition, options) };
  });
}

function startOf(
  log: FollowableLog,
  partition: number,
  { from = 'earliest', fromTimestamp, isolation }: ConsumeOptions,
): number {
  if (fromTimestamp !== undefined) return log.offsetForTimestamp(fromTimestamp)?.offset ?? log.logEndOffset;
  if (from === 'earliest') return log.logStartOffset;
  if (from !== 'latest') return from[partition] ?? log.logStartOffset;
  return isolation === 'read_committed' ? log.lastStableOffset : (log.highWatermark ?? log.logEndOffset);
}
