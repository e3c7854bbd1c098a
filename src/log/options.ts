/** What a caller can say to a log, and what it answers. */
import type { Clock } from '../clock/clock.ts';
import type { LogConfig } from '../config/log-config.ts';
import type { CODEC_IDS, Engine } from '../engine/contract.ts';
import type { FileSystem } from '../fs/contract.ts';
import type { Logger } from '../metrics/logger.ts';
import type { Header } from '../record/batch-builder.ts';
import type { Offset, TimestampMs } from '../units/units.ts';
import type { RecordBatchOptions } from '../record/record-batch.ts';
import type { RecoveryOptions } from './load/report.ts';
import type { HighWatermarkMode } from './offsets.ts';

/** What a log stands on, when it is not the machine's own, for tests and simulations; and whom it tells what it does. */
export interface LogEnvironment {
  readonly engine?: Engine;
  readonly fs?: FileSystem;
  readonly clock?: Clock;
  /** Is told what happens (docs/metrics.md): one of pino's, or one like it. Default: nobody is. */
  readonly logger?: Logger;
}

/** How a log is opened, beside its configuration. */
export interface OpenOptions {
  /** What happens when the log was not closed clean. */
  readonly recovery?: RecoveryOptions;
  /** `follows-log-end` (default): a log alone; `managed`: a replica's, whose high watermark the caller moves. */
  readonly highWatermark?: HighWatermarkMode;
  /** The leader epoch that appends are stamped with. Default: the latest one of the log, 0 for a new log. */
  readonly leaderEpoch?: number;
  /**
   * The topic's id, 22 characters of base64url: written to `partition.metadata` with the first append, and compared with what is
   * there. A log alone needs none.
   */
  readonly topicId?: string;
  /** How long an idle producer is remembered, in milliseconds (`producer.id.expiration.ms`). Default a day. */
  readonly producerIdExpirationMs?: number;
}

/** A log's configuration, in camelCase of Kafka's names, how it is opened, and what it stands on. */
export type LogOptions = Partial<LogConfig> & OpenOptions & LogEnvironment;

/** A record to append. Strings are stored as UTF-8. */
export interface RecordInput {
  readonly key?: Uint8Array | string | null;
  readonly value: Uint8Array | string | null;
  /** Milliseconds since 1970; the time of appending when left out. */
  readonly timestamp?: number;
  readonly headers?: readonly Header[];
}

/** A codec's name. */
export type Codec = keyof typeof CODEC_IDS;

/** Who appends, where that counts: an idempotent or transactional producer. */
export interface ProducerIdentity {
  readonly producerId: number;
  readonly producerEpoch: number;
  /** The sequence of the first record: 0 for a producer's first, and rising by one a record. */
  readonly baseSequence: number;
  /** Whether the records belong to the producer's transaction, which the first of them opens. */
  readonly isTransactional?: boolean;
}

/** How to append. */
export interface AppendRecordsOptions {
  /** The producer that numbers its records: what it sends twice is stored once. */
  readonly producer?: ProducerIdentity;
  /** The producer's choice, which counts when the log's `compressionType` is `producer`. Default `none`. */
  readonly compression?: Codec;
}

/** Where encoded batches come from. */
export interface EncodedAppendOptions {
  /** With `assign`: a `client` (default), checked as such, or a `coordinator`, who may append control batches. */
  readonly origin?: 'client' | 'coordinator';
  /** With `given`: the epoch of the leader that they were fetched from; batches of later epochs are dropped. */
  readonly leaderEpoch?: number;
}

/** What an append did. */
export interface AppendResult {
  readonly baseOffset: Offset;
  readonly lastOffset: Offset;
  /** Bytes added to the .log file. */
  readonly sizeBytes: number;
  /** Set when the producer had sent the same batch before: the offsets are those it has, and nothing was written. */
  readonly isDuplicate?: true;
}

/** How far a reader may see: all there is, what is replicated (a consumer's default), or what is decided. */
export type ReadIsolation = 'log_end' | 'read_uncommitted' | 'read_committed';

/** What to read. */
export interface ReadOptions extends RecordBatchOptions {
  /** The first offset; the batch that holds it is given whole. Default: the log start. */
  readonly from?: number;
  /**
   * Default `read_uncommitted`: up to the high watermark. `read_committed`: up to the last stable offset, without the batches
   * of aborted transactions. `log_end`: everything.
   */
  readonly isolation?: ReadIsolation;
  /** Where to stop, exclusive. Default: the end that the isolation allows, as it is when reading starts. */
  readonly to?: number;
  /** Whether checksums are checked. Default true. */
  readonly verify?: boolean;
  /** Batches are valid only until the next one is asked for; reading is faster and makes no garbage. Default false. */
  readonly reuseBuffers?: boolean;
  /** Stops between batches, with the signal's reason as the error. */
  readonly signal?: AbortSignal;
}

/** How to follow a log. */
export interface TailOptions extends Omit<ReadOptions, 'to' | 'signal'> {
  /** Ends following, without an error. */
  readonly signal?: AbortSignal;
}

/** An offset and the timestamp of the record there. */
export interface TimestampOffset {
  readonly offset: Offset;
  readonly timestamp: TimestampMs;
}

/** A property that changes while nothing here changes it: asked through a call, so that no one takes it for settled. */
export function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}
