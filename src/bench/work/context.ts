/** What every bench is given. */
import { systemClock } from '../../clock/clock.ts';
import type { Engine } from '../../engine/contract.ts';
import type { FileSystem } from '../../fs/contract.ts';
import { Log } from '../../log/log.ts';
import type { LogOptions } from '../../log/options.ts';
import { emptyScratchLog } from '../scratch.ts';
import { randomValues } from '../values.ts';
import { appendLoad, BENCH_LOG, type Load } from './load.ts';

/** Where and how often; and when to stop. */
export interface BenchPlace {
  readonly engine: Engine;
  readonly fs: FileSystem;
  /** A scratch directory, ours already or free to become ours. */
  readonly directory: string;
  readonly rounds: number;
  readonly signal: AbortSignal | undefined;
}

/** And how much. */
export interface BenchContext extends BenchPlace {
  readonly load: Load;
}

/** Where a bench's data lies, and when its first record happened. */
export interface BenchData {
  readonly directory: string;
  readonly firstTimestamp: number;
}

/** One segment for up to 1 GiB, as in the peer. */
export const SEGMENT_BYTES: number = 1 << 30;

/** A record's fields besides its value take less; so does a codec's growth of what it cannot shrink. */
const RECORD_OVERHEAD_BYTES = 64;
const BATCH_OVERHEAD_BYTES = 4096;
/** Kafka's default of `max.message.bytes`. */
const MAX_MESSAGE_BYTES = 1048588;

/** The configuration of bench logs: Kafka's defaults, one large segment, and room for the batches that were asked for. */
export function benchConfig({ engine, fs, load }: BenchContext): LogOptions {
  const batchBytes = load.batchRecords * (load.recordBytes + RECORD_OVERHEAD_BYTES) + BATCH_OVERHEAD_BYTES;
  return { segmentBytes: SEGMENT_BYTES, maxMessageBytes: Math.max(MAX_MESSAGE_BYTES, batchBytes), engine, fs };
}

/** Timestamps end now: a log refuses those of more than an hour ahead. */
export function firstTimestampOf(load: Load): number {
  return systemClock.now() - load.records;
}

/** An empty bench log; what an earlier run left is gone. */
export function openEmpty({ fs, directory }: BenchPlace, config: LogOptions): Promise<Log> {
  return Log.open(emptyScratchLog(fs, directory, BENCH_LOG), config);
}

/** Makes the data of a bench that does not measure appending. The log is closed clean, also when it is stopped. */
export async function makeData(context: BenchContext, config: LogOptions = benchConfig(context)): Promise<BenchData> {
  const firstTimestamp = firstTimestampOf(context.load);
  const log = await openEmpty(context, config);
  try {
    await appendLoad(log, context.load, firstTimestamp, randomValues(context.load.recordBytes), context.signal);
  } finally {
    await log.close();
  }
  return { directory: log.directory, firstTimestamp };
}
