/** The options of `seglog bench`, and what they come to. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { CacheState } from '../bench/line.ts';
import type { RoundPlan } from '../bench/rounds.ts';
import { parseRecordSizes, RECORD_SIZES_HELP, type RecordSizes } from '../bench/sizes.ts';
import { type Load, PRODUCER_KINDS, type ProducerKind } from '../bench/work/load.ts';
import { CODEC_IDS } from '../engine/contract.ts';
import { SeglogError } from '../errors/errors.ts';
import type { Codec } from '../log/options.ts';
import { parseInt64, parsePositiveCount } from './arguments.ts';

/** The options of all works. */
export interface PlaceOptions {
  readonly rounds: number;
  readonly duration?: number;
  readonly warmUp: number;
  readonly dir?: string;
  readonly engine?: 'native' | 'ts';
  readonly json?: boolean;
  readonly table?: boolean;
  readonly html?: string;
}

/** What batches hold, and how they are compressed. */
export interface BatchOptions {
  readonly entropy?: number;
  readonly batchRecords: number;
  readonly compression: Codec;
  readonly compressionLevel?: number;
}

type BatchLoad = Pick<Load, 'entropyBits' | 'batchRecords' | 'compression' | 'compressionLevel'>;

/** Those of works on a log of a given size. */
export interface LoadOptions extends PlaceOptions, BatchOptions {
  readonly records: number;
  readonly recordBytes: RecordSizes;
  readonly keys?: number;
  readonly segmentBytes?: number;
}

/** Those of works where it counts who appends. */
export interface ProducerOptions extends LoadOptions {
  readonly producer: ProducerKind;
  readonly transactionBatches: number;
}

/** Those of works whose operations can be timed one by one. */
export interface TimingOptions {
  readonly rate?: number;
  readonly latency?: boolean;
}

/** Those of works that read what is there. */
export interface CacheOptions {
  readonly cache: CacheState;
}

/** Those of works that threads can do side by side. */
export interface ThreadOptions {
  readonly threads?: number;
}

/** A number with or without a fraction, from `least` to `most`. */
function decimalOf(what: string, least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`expected ${what} from ${least} to ${most}, found ${JSON.stringify(text)}.`);
  };
}

const MOST_SECONDS = 1e6;
const MOST_BITS = 8;
export const parseMilliseconds: (text: string) => number = decimalOf('milliseconds', 0, MOST_SECONDS);

function parseLevel(text: string): number {
  return Number(parseInt64(text));
}

/** {@link parseRecordSizes}, as commander wants to be told. */
function parseSizes(text: string): RecordSizes {
  try {
    return parseRecordSizes(text);
  } catch (error) {
    throw error instanceof SeglogError ? new InvalidArgumentError(error.message) : error;
  }
}

/** Adds what every work has. */
export function withPlaceOptions(command: Command): Command {
  return command
    .option('--rounds <n>', 'how often; the first rounds warm up', parsePositiveCount, 3)
    .addOption(
      new Option('--duration <seconds>', 'rounds until their timed parts have taken so long, in place of --rounds')
        .argParser(decimalOf('seconds', 0.001, MOST_SECONDS))
        .conflicts('rounds'),
    )
    .option('--warm-up <n>', 'rounds before them that are not told of', parseLevelFrom0, 0)
    .option(
      '--dir <dir>',
      'scratch directory, replaced if it is ours and refused if not; the log in it is bench-0 (default: a temporary one)',
    )
    .addOption(new Option('--engine <engine>', 'which engine; SEGLOG_ENGINE otherwise').choices(['native', 'ts']))
    .addOption(new Option('--json', 'one JSON object a line').conflicts('table'))
    .option('--table', 'one table at the end: medians, spread, percentiles, processor time, memory')
    .option('--html <file>', 'writes a page with charts and all data to a file, too');
}

function parseLevelFrom0(text: string): number {
  const value = parseLevel(text);
  if (value >= 0 && value <= Number.MAX_SAFE_INTEGER) return value;
  throw new InvalidArgumentError(`expected a whole number from 0, found ${text}.`);
}

/** Adds what batches hold, and how they are compressed. */
export function withBatchOptions(command: Command): Command {
  return command
    .option(
      '--entropy <bits>',
      'of each byte of a value, 0 to 8 (default: letters A to Z, 4.7)',
      decimalOf('bits', 0, MOST_BITS),
    )
    .option('--batch-records <n>', 'records a batch', parsePositiveCount, 1000)
    .addOption(
      new Option('--compression <codec>', 'how batches are compressed').choices(Object.keys(CODEC_IDS)).default('none'),
    )
    .option('--compression-level <n>', "the codec's level, as Kafka counts (default: Kafka's)", parseLevel);
}

/** Adds how much, and of what. */
export function withLoadOptions(command: Command): Command {
  return withBatchOptions(command)
    .option('--records <n>', 'records to append', parsePositiveCount, 3_000_000)
    .option('--record-bytes <sizes>', RECORD_SIZES_HELP, parseSizes, 100)
    .option('--keys <n>', 'how many different keys key-N there are (default: null keys)', parsePositiveCount)
    .option('--segment-bytes <n>', 'the most bytes of a segment (default: 1 GiB)', parsePositiveCount);
}

/** Adds who appends. */
export function withProducerOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--producer <kind>', 'whether batches have sequences, and are in transactions')
        .choices(PRODUCER_KINDS)
        .default('none'),
    )
    .option('--transaction-batches <n>', 'batches a transaction', parsePositiveCount, 10);
}

/** Adds how single operations are timed. @param operation what is done at the rate */
export function withTimingOptions(command: Command, operation: string): Command {
  return command
    .option(
      '--rate <n>',
      `${operation} a second; each one's latency counts from when it was due (corrected for coordinated omission)`,
      parsePositiveCount,
    )
    .option('--latency', 'time each one also without a rate, from when it began (0.1 us each)');
}

/** Adds whether files are in memory. */
export function withCacheOption(command: Command): Command {
  return command.addOption(
    new Option(
      '--cache <state>',
      'warm: as written or read just before; cold: the page cache of the files is emptied before each round, by dd',
    )
      .choices(['warm', 'cold'])
      .default('warm'),
  );
}

/** Adds how many work side by side. */
export function withThreadsOption(command: Command): Command {
  return command.option(
    '--threads <n>',
    'worker threads, each with a partition of its own in DIR/thread-N (a log has one writer): records, seeks and rates are those of each, the counts in a line those of all',
    parsePositiveCount,
  );
}

/** Whether the user gave an option, or its default counts. */
export function isGiven(command: Command, option: string): boolean {
  return command.getOptionValueSource(option) === 'cli';
}

/** What batches hold, with nothing in it that was not asked for. */
export function batchesOf({ entropy, batchRecords, compression, compressionLevel }: BatchOptions): BatchLoad {
  return {
    ...{ batchRecords, compression },
    ...(entropy === undefined ? {} : { entropyBits: entropy }),
    ...(compressionLevel === undefined ? {} : { compressionLevel }),
  };
}

/** The load that was asked for. */
export function loadOf(options: LoadOptions | ProducerOptions): Load {
  const { records, recordBytes, keys, segmentBytes } = options;
  const { producer, transactionBatches } =
    'producer' in options ? options : ({ producer: 'none', transactionBatches: 1 } as const);
  return {
    ...{ records, recordBytes, ...batchesOf(options), producer, transactionBatches },
    ...(keys === undefined ? {} : { keys }),
    ...(segmentBytes === undefined ? {} : { segmentBytes }),
  };
}

/** How single operations are timed. */
export function timingOf({ rate, latency }: TimingOptions): TimingOptions {
  return { ...(rate === undefined ? {} : { rate }), ...(latency === true ? { latency } : {}) };
}

/** How many rounds. */
export function planOf({ rounds, duration, warmUp }: PlaceOptions): RoundPlan {
  return { rounds, warmUp, ...(duration === undefined ? {} : { durationSeconds: duration }) };
}
