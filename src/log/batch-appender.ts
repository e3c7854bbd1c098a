/** Makes batches of what callers hand in: records, batches from elsewhere, markers. Each kind is checked by its own rules. */
import type { LogConfig } from '../config/log-config.ts';
import type { Engine } from '../engine/contract.ts';
import { SeglogError } from '../errors/errors.ts';
import { ATTRIBUTES } from '../format/batch.ts';
import { endTransactionMarkerKey, endTransactionMarkerValue } from '../format/control-record.ts';
import { BatchBuilder, type BatchFields } from '../record/batch-builder.ts';
import { type Epoch, MAX_INT32 } from '../units/units.ts';
import { addRecords, checkKeys, checkProducer, checkSize, checkTimestamps, compressionFor } from './append.ts';
import type {
  AppendRecordsOptions,
  AppendResult,
  EncodedAppendOptions,
  ProducerIdentity,
  RecordInput,
} from './options.ts';
import type { PartitionLog } from './partition-log.ts';
import { type AppendOrigin, lastSequenceOf } from '../state/producers/producer-batch.ts';
import type { AnalyzedBatch } from './validate/analyze.ts';
import { validateForLeader, validateForReplica } from './validate/leader.ts';

/** How a transaction ends. */
export interface EndTransaction {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly result: 'commit' | 'abort';
  /** The epoch of the transaction coordinator. Default 0. */
  readonly coordinatorEpoch?: number;
}

const NO_PRODUCER = -1;

/** Appends to one log as its leader, or as a replica. */
export class BatchAppender {
  readonly #log: PartitionLog;
  readonly #engine: Engine;
  readonly #builder: BatchBuilder;
  #leaderEpoch: number;

  constructor(log: PartitionLog, leaderEpoch: number) {
    this.#log = log;
    this.#engine = log.context.engine;
    this.#builder = new BatchBuilder(this.#engine);
    this.#leaderEpoch = checkedEpoch(leaderEpoch);
  }

  get #config(): LogConfig {
    return this.#log.context.config;
  }

  /** Never below what the log has: as a follower it may have taken batches of a later leader. */
  get leaderEpoch(): Epoch {
    const latest = this.#log.epochs.latest;
    return latest === undefined || latest.epoch < this.#leaderEpoch ? this.#leaderEpoch : latest.epoch;
  }

  /** @throws SeglogError `INVALID_ARGUMENT` when the epoch is below the log's latest one */
  becomeLeader(epoch: Epoch): void {
    const latest = this.#log.epochs.latest?.epoch ?? -1;
    if (epoch < latest) {
      throw new SeglogError('INVALID_ARGUMENT', 'a leader epoch cannot be below the latest one of the log', {
        expected: `at least ${latest}`,
        found: epoch,
      });
    }
    this.#leaderEpoch = checkedEpoch(epoch);
    this.#log.epochs.assign(epoch, this.#log.logEndOffset);
  }

  /** Appends records as one batch. */
  records(input: RecordInput | readonly RecordInput[] | BatchBuilder, options: AppendRecordsOptions): AppendResult {
    try {
      return this.#records(input, options);
    } catch (error) {
      throw this.#failed(error);
    }
  }

  #records(
    input: RecordInput | readonly RecordInput[] | BatchBuilder,
    { compression, producer }: AppendRecordsOptions,
  ): AppendResult {
    const config = this.#config;
    const now = this.#log.context.clock.now();
    let builder = this.#builder;
    if (input instanceof BatchBuilder) builder = input;
    else {
      builder.reset();
      addRecords(builder, Array.isArray(input) ? (input as readonly RecordInput[]) : [input as RecordInput], now);
    }
    const baseOffset = this.#log.logEndOffset;
    if (builder.count === 0) return { baseOffset, lastOffset: baseOffset - 1, sizeBytes: 0 };
    if (producer !== undefined) checkProducer(producer);
    checkKeys(config, builder);
    const logAppendTimeMs = config.messageTimestampType === 'LogAppendTime' ? now : undefined;
    if (logAppendTimeMs === undefined) checkTimestamps(config, builder, now);
    const fields = this.#fields(baseOffset, logAppendTimeMs, producer);
    const result = this.#build(builder, fields, compressionFor(config, compression), 'client');
    builder.reset();
    return result;
  }

  /** The header of a batch of records. Field by field: a spread costs more than all the rest. */
  #fields(
    baseOffset: number,
    logAppendTimeMs: number | undefined,
    producer: ProducerIdentity | undefined,
  ): BatchFields {
    return {
      baseOffset,
      partitionLeaderEpoch: this.leaderEpoch,
      logAppendTimeMs,
      producerId: producer?.producerId ?? NO_PRODUCER,
      producerEpoch: producer?.producerEpoch ?? NO_PRODUCER,
      baseSequence: producer?.baseSequence ?? NO_PRODUCER,
      isTransactional: producer?.isTransactional ?? false,
    };
  }

  /** Appends the marker that ends a transaction. */
  marker(end: EndTransaction): AppendResult {
    try {
      return this.#marker(end);
    } catch (error) {
      throw this.#failed(error);
    }
  }

  #marker({ producerId, producerEpoch, result, coordinatorEpoch = 0 }: EndTransaction): AppendResult {
    checkProducer({ producerId, producerEpoch, baseSequence: 0 });
    const builder = this.#builder;
    builder.reset();
    const now = this.#log.context.clock.now();
    builder.add(now, endTransactionMarkerKey(result), endTransactionMarkerValue(coordinatorEpoch));
    const fields: BatchFields = {
      baseOffset: this.#log.logEndOffset,
      partitionLeaderEpoch: this.leaderEpoch,
      ...{ producerId, producerEpoch, isTransactional: true, isControl: true },
    };
    return this.#build(builder, fields, undefined, 'coordinator');
  }

  /** Appends batches that are encoded already. */
  encoded(bytes: Uint8Array, offsets: 'assign' | 'given', options: EncodedAppendOptions): AppendResult {
    try {
      return this.#encoded(bytes, offsets, options);
    } catch (error) {
      throw this.#failed(error);
    }
  }

  #encoded(bytes: Uint8Array, offsets: 'assign' | 'given', options: EncodedAppendOptions): AppendResult {
    const log = this.#log;
    const nextOffset = log.logEndOffset;
    const validated =
      offsets === 'given'
        ? validateForReplica(this.#engine, this.#config, bytes, {
            ...{ nextOffset, leaderEpoch: options.leaderEpoch, directory: log.directory },
          })
        : validateForLeader(this.#engine, this.#config, bytes, {
            origin: options.origin ?? 'client',
            ...{ nextOffset, leaderEpoch: this.leaderEpoch, nowMs: log.context.clock.now() },
          });
    if (offsets === 'assign' && validated.batches.length === 0 && bytes.length > 0) {
      throw new SeglogError('BATCH_TRUNCATED', 'the batch to append is not whole', {
        file: log.directory,
        expected: 'a whole batch',
        found: `${bytes.length} bytes`,
      });
    }
    const origin = offsets === 'given' ? 'replica' : (options.origin ?? 'client');
    return this.#write(validated.bytes, validated.bytes.length, validated.batches, origin);
  }

  #failed(error: unknown): unknown {
    this.#log.observer.measures.appendFailures++;
    return error;
  }

  #build(
    builder: BatchBuilder,
    fields: BatchFields,
    compression: ReturnType<typeof compressionFor>,
    origin: AppendOrigin,
  ): AppendResult {
    const { baseOffset, producerId = NO_PRODUCER, producerEpoch = NO_PRODUCER, baseSequence = NO_PRODUCER } = fields;
    const lastOffset = baseOffset + builder.lastOffsetDelta;
    if (lastOffset >= Number.MAX_SAFE_INTEGER) {
      throw new SeglogError('OFFSET_NOT_EXACT', 'the log has no more offsets', {
        file: this.#log.directory,
        expected: 'below 2^53',
        found: lastOffset,
      });
    }
    const { bytes, length } = builder.build(fields, compression);
    checkSize(this.#config, length);
    const batch: AnalyzedBatch = {
      start: 0,
      sizeBytes: length,
      magic: 2,
      baseOffset,
      lastOffset,
      maxTimestamp: fields.logAppendTimeMs ?? builder.maxTimestamp,
      leaderEpoch: this.leaderEpoch,
      attributes:
        (fields.isTransactional === true ? ATTRIBUTES.TRANSACTIONAL : 0) |
        (fields.isControl === true ? ATTRIBUTES.CONTROL : 0),
      producerId,
      producerEpoch,
      baseSequence,
      lastSequence: lastSequenceOf(baseSequence, builder.lastOffsetDelta),
      recordCount: builder.count,
    };
    return this.#write(bytes, length, [batch], origin);
  }

  #write(bytes: Uint8Array, length: number, batches: readonly AnalyzedBatch[], origin: AppendOrigin): AppendResult {
    const log = this.#log;
    const end = log.logEndOffset;
    const duplicate = log.append(bytes, length, batches, origin);
    if (duplicate !== undefined) {
      const { firstOffset: baseOffset, lastOffset } = duplicate;
      return { baseOffset, lastOffset, sizeBytes: 0, isDuplicate: true };
    }
    return {
      baseOffset: batches[0]?.baseOffset ?? end,
      lastOffset: log.logEndOffset - 1,
      sizeBytes: batches.length === 0 ? 0 : length,
    };
  }
}

/** @throws SeglogError `INVALID_ARGUMENT` */
function checkedEpoch(epoch: number): number {
  if (Number.isSafeInteger(epoch) && epoch >= 0 && epoch <= MAX_INT32) return epoch;
  throw new SeglogError('INVALID_ARGUMENT', 'this is no leader epoch', {
    expected: 'a whole number from 0 to 2^31-1',
    found: epoch,
  });
}
