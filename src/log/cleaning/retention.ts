/**
 * Retention of a log (spec 3.11). The decision is `policy`'s. What it has to read, the largest timestamps of segments that
 * nobody looked at yet, is read in a worker or here; the owner decides by it as the log is then, moves the log start, and
 * renames.
 *
 * It goes in steps, so that ten thousand segments stop nobody: while what is due is renamed, a few segments a turn, the
 * timestamps of those behind are read. Each step is whole: the log start is on the disk before anything is renamed, and what
 * a step leaves lies below the log start and goes with the next round.
 */
import { proposeRetention, type RetentionProposal, type RetentionRequest } from '../../cleaner/retention.ts';
import { turn } from '../../cleaner/turn.ts';
import type { RecordTime, SegmentFacts } from '../../policy/facts.ts';
import { type Deletion, retentionRound } from '../../policy/retention.ts';
import type { Segment } from '../../segment/segment.ts';
import type { LogStartOffset, Offset, TimestampMs } from '../../units/units.ts';
import type { PartitionLog } from '../partition-log.ts';

/** Reads the timestamps that retention goes by: `proposeRetention`, here or in a worker. */
export type ProposeRetention = (request: RetentionRequest) => Promise<RetentionProposal>;

/** Does work while nothing is synced, and the log is open. */
type Exclusive = <T>(work: () => T) => Promise<T>;

/** A segment that retention took out of a log, and the rule by which it went. */
export interface RetiredSegment {
  readonly baseOffset: Offset;
  /** Where it ended, exclusive. */
  readonly nextOffset: Offset;
  /** The bytes of its .log file. */
  readonly sizeBytes: number;
  /** It lay below the log start; the log is larger than `retention.bytes` without it; it is older than `retention.ms`. */
  readonly rule: 'log-start' | 'size' | 'time';
  /** With `size`: the bytes of the log from this segment on. */
  readonly logBytes?: number;
  /** With `time`: what its age counts from, its largest timestamp or its file's time. */
  readonly timestamp?: RecordTime;
}

/** What a round of retention did. */
export interface RetentionResult {
  /** In order of their offsets. */
  readonly deleted: readonly RetiredSegment[];
  /** The log start behind it. */
  readonly logStartOffset: LogStartOffset;
}

/** Of so many segments the timestamps are read at once: at first, and at most. Each time is a step, with its checkpoint. */
const READ_AT_FIRST = 256;
const READ_AT_MOST = 8192;
/** So many segments are renamed before others have their turn: some milliseconds. */
const RENAMED_A_TURN = 32;
/** How often a question is asked whose segments are swapped or cut while they are read. */
const MOST_TRIES = 5;

/**
 * Deletes what is due at `nowMs`.
 *
 * @param propose who reads. Default: this thread, some segments a turn
 * @throws SeglogError `IO`, `LOG_OFFLINE`, `LOG_CORRUPT`, `READ_ONLY`, `LOG_CLOSED`; what was renamed by then is gone
 */
export async function applyRetention(
  log: PartitionLog,
  exclusive: Exclusive,
  nowMs: TimestampMs,
  propose: ProposeRetention = (request) => proposeRetention(log.context, request),
): Promise<RetentionResult> {
  const deleted: RetiredSegment[] = [];
  for (let failures = 0, most = READ_AT_FIRST; ; most = Math.min(2 * most, READ_AT_MOST)) {
    const { due, unread } = await exclusive(() => decide(log, nowMs, most));
    // Not as arguments of one call: there may be more than that takes.
    for (const segment of due) deleted.push(segment);
    const answer = unread.length === 0 ? undefined : read(log, unread, nowMs, propose);
    // Looked at below, whatever comes first.
    answer?.catch(() => undefined);
    await removeBelowStart(log, exclusive);
    if (answer === undefined) break;
    try {
      note(unread, await answer);
    } catch (error) {
      // What is missing to the reader of a segment that went meanwhile is no damage.
      if (log.segments.hasRun(unread) || ++failures === MOST_TRIES) throw error;
    }
  }
  return { deleted, logStartOffset: log.offsets.logStart };
}

/** Renames the segments below the log start, some a turn. @throws SeglogError `IO`, `LOG_OFFLINE`, `LOG_CLOSED` */
export async function removeBelowStart(log: PartitionLog, exclusive: Exclusive): Promise<void> {
  while (await exclusive(() => log.removeBelowStart(RENAMED_A_TURN))) await turn();
}

/** Moves the log start over what is due by what is known; tells that, and which segments have to be read to go on: so many. */
function decide(log: PartitionLog, nowMs: TimestampMs, most: number): { due: RetiredSegment[]; unread: Segment[] } {
  // Of a damaged log nobody knows what is in it: nothing is deleted in doubt.
  log.checkAppendable();
  const { logStart, highWatermark, logEnd } = log.offsets;
  const segments = [...log.segments];
  const facts = segments.map((segment, at) => new KnownFacts(segment, segments[at + 1]?.baseOffset ?? logEnd));
  const round = retentionRound({ segments: facts, logStartOffset: logStart, highWatermark }, log.context.config, nowMs);
  if (round.deletions.length > 0) {
    if (round.isRolledFirst) log.roll();
    log.raiseLogStart(round.logStartOffset);
  }
  const unread: Segment[] = [];
  if (round.kept[0]?.wasMissed === true) {
    for (const { segment, nextOffset } of round.kept) {
      const isRead = segment.knownLargestTimestamp !== undefined;
      if (isRead || nextOffset > highWatermark || unread.push(segment) === most) break;
    }
  }
  return { due: round.deletions.map(retired), unread };
}

/** A segment by what is known of it without reading: one whose timestamps nobody has read is as young as can be. */
class KnownFacts implements SegmentFacts {
  readonly segment: Segment;
  readonly nextOffset: Offset;
  /** Whether the decision would have had to read it. */
  wasMissed = false;

  constructor(segment: Segment, nextOffset: Offset) {
    this.segment = segment;
    this.nextOffset = nextOffset;
  }

  get baseOffset(): Offset {
    return this.segment.baseOffset;
  }

  get sizeBytes(): number {
    return this.segment.sizeBytes;
  }

  get largestTimestamp(): RecordTime {
    const { knownLargestTimestamp } = this.segment;
    this.wasMissed = knownLargestTimestamp === undefined;
    return knownLargestTimestamp ?? Infinity;
  }

  get modifiedMs(): TimestampMs {
    return Math.floor(this.segment.modifiedMs());
  }
}

function read(
  { directory, context }: PartitionLog,
  unread: readonly Segment[],
  nowMs: TimestampMs,
  propose: ProposeRetention,
): Promise<RetentionProposal> {
  const { retentionMs, segmentIndexBytes } = context.config;
  const segments = unread.map(({ baseOffset, sizeBytes }) => ({ baseOffset, sizeBytes }));
  return propose({ directory, segments, retentionMs, nowMs, segmentIndexBytes });
}

/** From now on it is known. Of a segment that is no longer in the log nobody asks. */
function note(segments: readonly Segment[], { largestTimestamps }: RetentionProposal): void {
  for (const [at, timestamp] of largestTimestamps.entries()) segments[at]?.update(segments[at].sizeBytes, timestamp);
}

function retired({
  segment: { baseOffset, nextOffset, sizeBytes },
  ...deletion
}: Deletion<KnownFacts>): RetiredSegment {
  return {
    ...{ baseOffset, nextOffset, sizeBytes, rule: deletion.rule },
    ...(deletion.rule === 'size' ? { logBytes: deletion.logBytes } : {}),
    ...(deletion.rule === 'time' ? { timestamp: deletion.timestamp } : {}),
  };
}
