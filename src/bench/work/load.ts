/** The partition that benches write and read: one log, values of random letters, null keys unless told otherwise. */
import type { Log } from '../../log/log.ts';
import type { AppendRecordsOptions, AppendResult, Codec } from '../../log/options.ts';
import type { BatchBuilder } from '../../record/batch-builder.ts';
import { MAX_INT32 } from '../../units/units.ts';
import { RecordKeys } from '../keys.ts';
import type { RecordSizes } from '../sizes.ts';
import { Turns } from '../turn.ts';
import { randomValues, VALUE_COUNT } from '../values.ts';

/** The log in the scratch directory. */
export const BENCH_LOG = 'bench-0';

/** Who appends: nobody in particular, a producer that numbers its records, or one whose records are in transactions. */
export const PRODUCER_KINDS = ['none', 'idempotent', 'transactional'] as const;
export type ProducerKind = (typeof PRODUCER_KINDS)[number];

/** How much of what a bench works on. */
export interface Load {
  readonly records: number;
  /** Bytes of a value. */
  readonly recordBytes: RecordSizes;
  /** Of each byte of a value, 0 to 8 bits; letters A to Z when left out. */
  readonly entropyBits?: number;
  /** How many different keys there are; null keys when left out. */
  readonly keys?: number;
  readonly batchRecords: number;
  readonly compression: Codec;
  /** As Kafka counts it for that codec; its default when left out. */
  readonly compressionLevel?: number;
  /** The most bytes of a segment; a gibibyte when left out. */
  readonly segmentBytes?: number;
  readonly producer: ProducerKind;
  /** How many batches a transaction has; a commit marker stands behind each. */
  readonly transactionBatches: number;
}

/** Keys and values of a load's records, made before anything is timed. */
export interface LoadContent {
  /** `VALUE_COUNT` of them, in turn. */
  readonly values: readonly Uint8Array[];
  /** undefined: null keys. */
  readonly keys: RecordKeys | undefined;
}

/** @throws SeglogError `INVALID_ARGUMENT` for keys or an entropy that cannot be */
export function contentOf({ recordBytes, entropyBits, keys }: Load): LoadContent {
  const values = randomValues(recordBytes, undefined, entropyBits);
  return { values, keys: keys === undefined ? undefined : new RecordKeys(keys) };
}

const PRODUCER_ID = 1000;
const PRODUCER_EPOCH = 0;

/** When records happened: all of one batch at once, a batch as many milliseconds after the one before as it has records. */
export function timestampOf(firstTimestamp: number, load: Load, offset: number): number {
  return firstTimestamp + offset - (offset % load.batchRecords);
}

/**
 * Appends a load to an empty log batch by batch: batches are built from separate values through the public interface, as a
 * user would, and each is appended when it is full.
 */
export class LoadWriter {
  readonly #log: Log;
  readonly #load: Load;
  readonly #firstTimestamp: number;
  readonly #content: LoadContent;
  readonly #batch: BatchBuilder;
  #next = 0;
  #batches = 0;
  #uncommitted = 0;
  #sizeBytes = 0;

  /** @param firstTimestamp of the first record; the last one is `load.records` milliseconds later */
  constructor(log: Log, load: Load, firstTimestamp: number, content: LoadContent) {
    this.#log = log;
    this.#load = load;
    this.#firstTimestamp = firstTimestamp;
    this.#content = content;
    this.#batch = log.batch();
  }

  /** How many batches were appended. */
  get batches(): number {
    return this.#batches;
  }

  /** Bytes of the batches that were appended. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get isDone(): boolean {
    return this.#next >= this.#load.records;
  }

  /** Appends the next batch; false when there is none left. */
  append(): boolean {
    const { records, batchRecords } = this.#load;
    const first = this.#next;
    if (first >= records) return false;
    const end = Math.min(first + batchRecords, records);
    const batch = this.#batch;
    const { values, keys } = this.#content;
    const timestamp = this.#firstTimestamp + first;
    for (let i = first; i < end; i++) {
      const key = keys === undefined ? null : keys.at(i);
      batch.add(timestamp, key, values[i & (VALUE_COUNT - 1)] as Uint8Array);
    }
    this.#sizeBytes += this.#log.appendSync(batch, this.#optionsAt(first)).sizeBytes;
    this.#next = end;
    this.#batches++;
    this.#uncommitted++;
    return true;
  }

  /** Commits the transaction when it is full or the load is done; undefined when there is nothing to commit. */
  commit(): Promise<AppendResult> | undefined {
    const { producer, transactionBatches, records } = this.#load;
    if (producer !== 'transactional' || this.#uncommitted === 0) return undefined;
    if (this.#uncommitted < transactionBatches && this.#next < records) return undefined;
    this.#uncommitted = 0;
    return this.#log.endTransaction({ producerId: PRODUCER_ID, producerEpoch: PRODUCER_EPOCH, result: 'commit' });
  }

  #optionsAt(first: number): AppendRecordsOptions {
    const { compression, producer } = this.#load;
    if (producer === 'none') return { compression };
    // Sequences go from 0 to 2^31 - 1, and on at 0.
    const baseSequence = first & MAX_INT32;
    const isTransactional = producer === 'transactional';
    return {
      compression,
      producer: { producerId: PRODUCER_ID, producerEpoch: PRODUCER_EPOCH, baseSequence, isTransactional },
    };
  }
}

/** Appends the whole load to an empty log, as fast as one caller can; the parameters are those of {@link LoadWriter}. */
export async function appendLoad(
  log: Log,
  load: Load,
  firstTimestamp: number,
  content: LoadContent,
  signal: AbortSignal | undefined,
): Promise<void> {
  const writer = new LoadWriter(log, load, firstTimestamp, content);
  const turns = new Turns(signal);
  while (writer.append()) {
    const commit = writer.commit();
    if (commit !== undefined) await commit;
    const turn = turns.next();
    if (turn !== undefined) await turn;
  }
}
