/** An open log as the policies see it. */
import type { CompactionFacts, CompactionSegment } from '../../policy/compaction.ts';
import type { RecordTime } from '../../policy/facts.ts';
import type { Segment } from '../../segment/segment.ts';
import type { Offset, TimestampMs } from '../../units/units.ts';
import type { PartitionLog } from '../partition-log.ts';

/** A segment's facts, looked up when they are asked for: most decisions end at the first segment, and read one file. */
class LazyFacts implements CompactionSegment {
  readonly baseOffset: Offset;
  readonly nextOffset: Offset;
  readonly sizeBytes: number;
  readonly #segment: Segment;
  readonly #isTimed: boolean;

  constructor(segment: Segment, nextOffset: Offset, isTimed: boolean) {
    this.#segment = segment;
    this.#isTimed = isTimed;
    this.baseOffset = segment.baseOffset;
    this.nextOffset = nextOffset;
    this.sizeBytes = segment.sizeBytes;
  }

  get largestTimestamp(): RecordTime {
    return this.#segment.largestTimestamp();
  }

  get firstTimestamp(): RecordTime {
    return this.#isTimed ? (this.#segment.find(this.baseOffset)?.maxTimestamp ?? -1) : -1;
  }

  get modifiedMs(): TimestampMs {
    return Math.floor(this.#segment.modifiedMs());
  }
}

/** The segments of a log. What is asked of one of them may raise `IO`. */
function segmentFacts({ segments, offsets, context }: PartitionLog): CompactionSegment[] {
  const all = [...segments];
  // The first batch of every dirty segment would be read for a lag that nobody asked for.
  const isTimed = context.config.maxCompactionLagMs !== Infinity;
  return all.map((segment, at) => new LazyFacts(segment, all[at + 1]?.baseOffset ?? offsets.logEnd, isTimed));
}

/** What `policy` decides by about cleaning a log. @param checkpoint where the last cleaning ended; undefined without one */
export function compactionFacts(log: PartitionLog, checkpoint: Offset | undefined): CompactionFacts {
  const { logStart, lastStable } = log.offsets;
  return { segments: segmentFacts(log), logStartOffset: logStart, lastStableOffset: lastStable, checkpoint };
}
