/**
 * What retention by time has to read: the largest timestamp of each segment (spec 3.11). Read on a worker thread or on the
 * owner's by the same function; the decision what goes is the owner's.
 */
import { logConfig } from '../config/log-config.ts';
import { ageTime, elapsedMoreThan } from '../policy/facts.ts';
import type { SegmentContext } from '../segment/context.ts';
import { OpenSegments } from '../segment/open-segments.ts';
import { Segment } from '../segment/segment.ts';
import type { TimestampMs } from '../units/units.ts';
import type { CleanerMachine, SourceSegment } from './contract.ts';
import { turn } from './turn.ts';

/** Sealed segments that may be due by time. */
export interface RetentionRequest {
  /** The partition's directory. */
  readonly directory: string;
  /** Neighbours, in order. */
  readonly segments: readonly SourceSegment[];
  /** `retention.ms` */
  readonly retentionMs: number;
  /** Milliseconds since 1970: as of when they are due. */
  readonly nowMs: TimestampMs;
  /** `segment.index.bytes` */
  readonly segmentIndexBytes: number;
}

/** Those that are due, from the first one on. */
export interface RetentionProposal {
  /** Their largest timestamps and, where there is one, that of the first that is not due; -1 where no batch has one. */
  readonly largestTimestamps: readonly number[];
}

/** So many segments are looked at before others have their turn. */
const READ_A_TURN = 32;

/**
 * Reads the time indexes of segments, each entry checked against its log, up to the first segment that is not due. Changes
 * nothing; the segments may be swapped or deleted meanwhile, which only the owner can tell.
 *
 * @throws SeglogError `IO`, also for a file that went meanwhile; what is wrong with a batch
 */
export async function proposeRetention(
  { engine, fs, clock }: CleanerMachine,
  { directory, segments, retentionMs, nowMs, segmentIndexBytes }: RetentionRequest,
): Promise<RetentionProposal> {
  const config = logConfig({ segmentIndexBytes });
  const context: SegmentContext = { engine, fs, clock, config, open: new OpenSegments() };
  const largestTimestamps: number[] = [];
  for (const { baseOffset, sizeBytes } of segments) {
    const segment = new Segment(context, directory, baseOffset, sizeBytes);
    try {
      const largestTimestamp = segment.largestTimestamp();
      largestTimestamps.push(largestTimestamp);
      const facts = { largestTimestamp, modifiedMs: largestTimestamp >= 0 ? 0 : Math.floor(segment.modifiedMs()) };
      if (!elapsedMoreThan(retentionMs, ageTime(facts), nowMs)) break;
    } finally {
      segment.release();
    }
    if (largestTimestamps.length % READ_A_TURN === 0) await turn();
  }
  return { largestTimestamps };
}
