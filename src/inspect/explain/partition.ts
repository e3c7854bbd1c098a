/** What a partition's files, and the checkpoints beside its directory, tell to those who decide about it. Reads only. */
import { basename, dirname, join } from 'node:path';
import type { Clock } from '../../clock/clock.ts';
import type { LogConfig } from '../../config/log-config.ts';
import type { Engine } from '../../engine/contract.ts';
import { SeglogError } from '../../errors/errors.ts';
import { parsePartitionOffsets } from '../../format/checkpoint.ts';
import { baseOffsetOfName, LOG_DIRECTORY_FILES, SUFFIXES, type TopicPartition } from '../../format/names.ts';
import type { FileSystem } from '../../fs/contract.ts';
import type { SegmentContext } from '../../segment/context.ts';
import { OpenSegments } from '../../segment/open-segments.ts';
import { narrow } from '../int64.ts';
import { liveReason } from '../live.ts';
import { partitionOfName } from '../targets.ts';
import { type SurveyedSegment, surveySegment } from './survey.ts';
import { counted } from './words.ts';

/** What an explanation stands on. */
export interface ExplainContext {
  readonly engine: Engine;
  readonly fs: FileSystem;
  readonly clock: Clock;
  /** Is told what the answer depends on, and what could not be read. */
  readonly note: (text: string) => void;
}

/** How a partition is surveyed. */
export interface SurveyOptions {
  readonly config: LogConfig;
  /** Whether delete horizons are looked for, which takes all headers of all segments. */
  readonly wantsHorizons: boolean;
}

/** A partition's facts. */
export interface SurveyedPartition {
  /** As it was named. */
  readonly path: string;
  /** With links resolved. */
  readonly directory: string;
  readonly context: SegmentContext;
  /** In order; the last one is active. At least one. */
  readonly segments: readonly SurveyedSegment[];
  readonly logStartOffset: number;
  readonly logEndOffset: number;
  readonly highWatermark: number;
  readonly highWatermarkSource: 'checkpoint' | 'assumed';
  /** Where the last cleaning ended; undefined when nothing tells. */
  readonly cleanerCheckpoint: number | undefined;
}

const decoder = new TextDecoder();

/**
 * Surveys the partition in a directory.
 *
 * @throws SeglogError `IO`; `INVALID_ARGUMENT` when no segment is in it; `OFFSET_NOT_EXACT` for offsets beyond 2^53
 */
export function surveyPartition(
  { engine, fs, clock, note }: ExplainContext,
  path: string,
  { config, wantsHorizons }: SurveyOptions,
): SurveyedPartition {
  const directory = fs.realPath(path);
  const live = liveReason(fs, dirname(directory));
  if (live !== undefined) note(live);
  const bases = baseOffsets(fs, directory, note);
  if (bases.length === 0) {
    throw new SeglogError('INVALID_ARGUMENT', 'there is no log in this directory: no .log file', { file: path });
  }
  const context = { engine, fs, clock, config, open: new OpenSegments() };
  const segments = bases.map((base, at) => surveySegment(context, directory, base, bases[at + 1], wantsHorizons));
  const logEndOffset = segments.at(-1)?.nextOffset ?? 0;
  const checkpoints = new Checkpoints(fs, directory, note);
  const firstBase = bases[0] ?? 0;
  const logStartOffset = Math.max(firstBase, checkpoints.read(LOG_DIRECTORY_FILES.logStartOffsets) ?? firstBase);
  if (logStartOffset > logEndOffset) {
    note(
      `the log starts at ${logStartOffset} by its checkpoint, beyond its end, ${logEndOffset}: ` +
        `a broker that loads it deletes every segment and begins at ${logStartOffset}`,
    );
  }
  const highWatermark = checkpoints.read(LOG_DIRECTORY_FILES.highWatermarks);
  if (highWatermark === undefined)
    note(`no high watermark of this partition is checkpointed: the log end offset, ${logEndOffset}, is taken for it`);
  return {
    path,
    directory,
    context,
    segments,
    logStartOffset,
    logEndOffset,
    highWatermark: Math.max(logStartOffset, Math.min(highWatermark ?? logEndOffset, logEndOffset)),
    highWatermarkSource: highWatermark === undefined ? 'assumed' : 'checkpoint',
    cleanerCheckpoint: checkpoints.read(LOG_DIRECTORY_FILES.cleanerOffsets),
  };
}

/** The base offsets of the segments that are part of the log, in order. Files on their way in or out are none. */
function baseOffsets(fs: FileSystem, directory: string, note: (text: string) => void): number[] {
  const names = fs.list(directory);
  const leaving = names.filter((name) => name.endsWith(`${SUFFIXES.log}.deleted`)).length;
  if (leaving > 0)
    note(
      `${counted(leaving, '.log file')} named .deleted: no longer part of the log; a broker unlinks such when it next can`,
    );
  const arriving = names.filter((name) => /\.log\.(?:cleaned|swap)$/.test(name)).length;
  if (arriving > 0)
    note(`${counted(arriving, '.log file')} named .cleaned or .swap left out: a cleaning is under way, or broke off`);
  return names.flatMap((name) => {
    const base = baseOffsetOfName(name, SUFFIXES.log);
    if (base === undefined) return [];
    if (base <= BigInt(Number.MAX_SAFE_INTEGER)) return [Number(base)];
    throw new SeglogError('OFFSET_NOT_EXACT', 'a segment begins beyond what can be counted exactly', {
      file: join(directory, name),
      expected: 'at most 2^53 - 1',
      found: base,
    });
  });
}

/** The text checkpoints of the log directory: as for Kafka, one that cannot be read is an empty one. */
class Checkpoints {
  readonly #fs: FileSystem;
  readonly #directory: string;
  readonly #note: (text: string) => void;
  readonly #partition: TopicPartition | undefined;

  constructor(fs: FileSystem, directory: string, note: (text: string) => void) {
    this.#fs = fs;
    this.#directory = dirname(directory);
    this.#note = note;
    this.#partition = partitionOfName(basename(directory));
    if (this.#partition === undefined)
      note(`${basename(directory)} is no partition's name: no checkpoint beside it is read`);
  }

  read(name: string): number | undefined {
    const partition = this.#partition;
    if (partition === undefined) return undefined;
    const path = join(this.#directory, name);
    try {
      const bytes = this.#fs.readSmall(path);
      if (bytes === undefined) return undefined;
      const entries = parsePartitionOffsets(decoder.decode(bytes), path);
      const entry = entries.find((one) => one.topic === partition.topic && one.partition === partition.partition);
      const offset = entry && narrow(entry.offset);
      if (typeof offset !== 'bigint') return offset;
      this.#note(`${name} says ${offset}, more than can be counted exactly: it is passed over`);
      return undefined;
    } catch (error) {
      if (!(error instanceof SeglogError)) throw error;
      this.#note(`${name} tells nothing: ${error.message}`);
      return undefined;
    }
  }
}
