/** How far the segments of a partition go, from the facts about them. */
import type { SegmentFacts } from '../facts.ts';

/** A segment, with its offsets as bigints: names may hold any int64. */
export interface SegmentExtent {
  readonly facts: SegmentFacts;
  readonly base: bigint;
  /** Of the first and the last whole batch; undefined when there is none. */
  readonly first: bigint | undefined;
  readonly last: bigint | undefined;
  /** Behind the last batch; the base offset when there is none. */
  readonly next: bigint;
  /** Whether all of its batches are known: nothing but zeros follows the whole ones, and none of them is at fault. */
  readonly isWhole: boolean;
  /** Whether every offset from the first to the last one is in a batch, as appending leaves it. */
  readonly isDense: boolean;
}

/** What the segments come to. */
export interface PartitionExtent {
  /** In the order of their bases. */
  readonly segments: readonly SegmentExtent[];
  /** The base of the first segment; 0 without segments. */
  readonly firstBase: bigint;
  /** Where the log begins for readers, as far as anything tells: never below `firstBase`. */
  readonly logStart: bigint;
  /** Where the log ends; undefined when that is not known: without segments, with a damaged last one, or while it grows. */
  readonly logEnd: bigint | undefined;
  /** Whether something shows that the partition was compacted. */
  readonly isCompacted: boolean;
}

function extentOf(facts: SegmentFacts): SegmentExtent {
  const base = BigInt(facts.baseOffset);
  const optional = (offset: SegmentFacts['firstOffset']): bigint | undefined =>
    offset === undefined ? undefined : BigInt(offset);
  return {
    facts,
    base,
    first: optional(facts.firstOffset),
    last: optional(facts.lastOffset),
    next: optional(facts.nextOffset) ?? base,
    isWhole: facts.faults === 0 && facts.wholeBytes + facts.zeroTailBytes >= facts.sizeBytes,
    isDense: facts.gaps === 0 && !facts.isCompacted,
  };
}

/**
 * @param logStart what is known of it besides the segments
 * @param isCleaned whether a checkpoint says that the cleaner went over the partition
 */
export function partitionExtent(
  facts: readonly SegmentFacts[],
  logStart: bigint,
  isCleaned: boolean,
  isLive: boolean,
): PartitionExtent {
  const segments = facts.map(extentOf);
  const last = segments.at(-1);
  const firstBase = segments[0]?.base ?? 0n;
  // One that lies outside is a fault of the file that says so.
  const isInside = logStart > firstBase && last !== undefined && logStart <= last.next;
  return {
    segments,
    firstBase,
    logStart: isInside ? logStart : firstBase,
    logEnd: last?.isWhole === true && !isLive ? last.next : undefined,
    isCompacted: isCleaned || segments.some(({ isDense }) => !isDense),
  };
}

/** Whether an offset is certainly in a batch of the log. */
export function isCovered({ segments }: PartitionExtent, offset: bigint): boolean {
  return segments.some(
    ({ first, last, isDense }) =>
      isDense && first !== undefined && last !== undefined && first <= offset && offset <= last,
  );
}
