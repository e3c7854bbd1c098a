/** What a caller can say to a log, and what it answers. */
import type { Clock } from '../clock/clock.ts';
import type { LogConfig } from '../config/log-config.ts';
import type { CODEC_IDS, Engine } from '../engine/contract.ts';
import type { FileSystem } from '../fs/contract.ts';
import type { Header } from '../record/batch-builder.ts';
import type { Offset, TimestampMs } from '../units/units.ts';
import type { RecordBatchOptions } from '../record/record-batch.ts';

/** What a log stands on, when it is not the machine's own: for tests and simulations. */
export interface LogEnvironment {
  readonly engine?: Engine;
  readonly fs?: FileSystem;
  readonly clock?: Clock;
}

/** A log's configuration, in camelCase of Kafka's names, and what it stands on. */
export type LogOptions = Partial<LogConfig> & LogEnvironment;

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

/** How to append. */
export interface AppendRecordsOptions {
  /** The producer's choice, which counts when the log's `compressionType` is `producer`. Default `none`. */
  readonly compression?: Codec;
}

/** What an append did. */
export interface AppendResult {
  readonly baseOffset: Offset;
  readonly lastOffset: Offset;
  /** Bytes added to the .log file. */
  readonly sizeBytes: number;
}

/** What to read. */
export interface ReadOptions extends RecordBatchOptions {
  /** The first offset; the batch that holds it is given whole. Default: the log start. */
  readonly from?: number;
  /** Where to stop, exclusive. Default: the log end as it is when reading starts. */
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
