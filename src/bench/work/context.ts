/** What every bench is given. */
import type { Clock } from '../../clock/clock.ts';
import { systemClock } from '../../clock/clock.ts';
import type { LogConfig } from '../../config/log-config.ts';
import type { Engine } from '../../engine/contract.ts';
import { SeglogError } from '../../errors/errors.ts';
import type { FileSystem } from '../../fs/contract.ts';
import { Log } from '../../log/log.ts';
import type { LogOptions } from '../../log/options.ts';
import type { CacheState } from '../line.ts';
import type { KeptTimes } from '../operation-times.ts';
import { emptyScratchLog } from '../scratch.ts';
import { largestSize } from '../sizes.ts';
import { appendLoad, BENCH_LOG, contentOf, type Load } from './load.ts';

/** Where and how often; and when to stop. */
export interface BenchPlace {
  readonly engine: Engine;
  readonly fs: FileSystem;
  /** A scratch directory, ours already or free to become ours. */
  readonly directory: string;
  readonly rounds: number;
  readonly signal: AbortSignal | undefined;
  /** What times are taken from: the machine's when left out. */
  readonly clock?: Clock;
  /** How works that read find their files. Default `warm`: just written, or read by the round before. */
  readonly cache?: CacheState;
  /** Empties the page cache of files: needed with `cold`. */
  readonly dropCache?: (paths: readonly string[]) => void;
  /** Awaited before the timed part of each round: threads wait for each other there. */
  readonly gate?: () => Promise<void>;
  /** Given the histograms of each round that timed single operations. */
  readonly keep?: (times: KeptTimes) => void;
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
const SEGMENT_BYTES: number = 1 << 30;

/** A record's fields besides its value take less, with a key of ours; so does a codec's growth of what it cannot shrink. */
const RECORD_OVERHEAD_BYTES = 64;
const BATCH_OVERHEAD_BYTES = 4096;
/** Kafka's default of `max.message.bytes`. */
const MAX_MESSAGE_BYTES = 1048588;

const LEVEL_KEYS = { gzip: 'compressionGzipLevel', lz4: 'compressionLz4Level', zstd: 'compressionZstdLevel' } as const;

/** The level's place in a log's configuration. @throws SeglogError `INVALID_ARGUMENT` for one where the codec has none; the log's configuration checks its range */
export function levelOf({
  compression,
  compressionLevel,
}: Pick<Load, 'compression' | 'compressionLevel'>): Partial<LogConfig> {
  if (compressionLevel === undefined) return {};
  if (compression === 'none' || compression === 'snappy') {
    throw new SeglogError('INVALID_ARGUMENT', 'this compression has no levels', {
      expected: Object.keys(LEVEL_KEYS).join(', '),
      found: compression,
    });
  }
  return { [LEVEL_KEYS[compression]]: compressionLevel };
}

/** The configuration of bench logs: Kafka's defaults, one large segment, and room for the batches that were asked for. */
export function benchConfig({ engine, fs, load }: BenchContext): LogOptions {
  const batchBytes = load.batchRecords * (largestSize(load.recordBytes) + RECORD_OVERHEAD_BYTES) + BATCH_OVERHEAD_BYTES;
  return {
    segmentBytes: load.segmentBytes ?? SEGMENT_BYTES,
    maxMessageBytes: Math.max(MAX_MESSAGE_BYTES, batchBytes),
    ...levelOf(load),
    engine,
    fs,
  };
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
export async function makeData(context: BenchContext): Promise<BenchData> {
  const firstTimestamp = firstTimestampOf(context.load);
  const content = contentOf(context.load);
  const log = await openEmpty(context, benchConfig(context));
  try {
    await appendLoad(log, context.load, firstTimestamp, content, context.signal);
  } finally {
    await log.close();
  }
  return { directory: log.directory, firstTimestamp };
}
