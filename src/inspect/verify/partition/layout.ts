/** How the segments of a partition follow each other. */
import type { Finding } from '../../findings/finding.ts';
import { told } from './told.ts';
import type { PartitionExtent, SegmentExtent } from './extent.ts';

/** Overlaps, gaps, empty segments, and segments that nobody can read. `logStart` is the checkpoint's, 0 without one. */
export function* checkLayout(directory: string, extent: PartitionExtent, logStart: bigint): Generator<Finding, void> {
  const { segments } = extent;
  const end = segments.at(-1)?.next ?? 0n;
  if (segments.length === 0) yield told('NO_SEGMENTS', directory);
  for (const [index, segment] of segments.entries()) {
    const after = segments[index + 1];
    if (after === undefined) return;
    yield* checkPair(segment, after, extent.isCompacted);
    // The first segment holds the log start, or is what retention looks at next.
    if (segment.isWhole && after.base <= logStart && logStart <= end && segment.first !== undefined) {
      const offsets = [segment.first, segment.next - 1n] as const;
      yield told('SEGMENT_BELOW_LOG_START', segment.facts.path, {
        offsets,
        expected: `above ${logStart - 1n}`,
        found: segment.next - 1n,
      });
    }
  }
}

function* checkPair(segment: SegmentExtent, after: SegmentExtent, isCompacted: boolean): Generator<Finding, void> {
  const { path } = segment.facts;
  if (segment.next > after.base && segment.first !== undefined) {
    const offsets = [after.base, segment.next - 1n] as const;
    yield told('SEGMENTS_OVERLAP', path, { offsets, expected: `below ${after.base}`, found: segment.next - 1n });
    return;
  }
  if (!segment.isWhole || isCompacted) return;
  if (segment.first === undefined) yield told('SEGMENT_EMPTY', path);
  else if (segment.next < after.base) {
    const offsets = [segment.next, after.base - 1n] as const;
    yield told('SEGMENTS_GAP', path, { offsets, expected: segment.next, found: after.base });
  }
}
