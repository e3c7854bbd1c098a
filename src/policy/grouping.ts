/** Which neighbouring segments become one when a log is cleaned. Source: spec 4.4, Kafka's `Cleaner.groupSegmentsBySize`. */
import type { LogConfig } from '../config/log-config.ts';
import { MAX_INT32, type Offset } from '../units/units.ts';

/** The settings that count. */
export type GroupingRules = Pick<LogConfig, 'segmentBytes' | 'segmentIndexBytes'>;

/** A segment that is to be cleaned. */
export interface GroupedSegment {
  readonly baseOffset: Offset;
  readonly sizeBytes: number;
  /** The bytes of its indexes that are in use. */
  readonly offsetIndexBytes: number;
  readonly timeIndexBytes: number;
}

/**
 * Groups in order, each as large as one segment may be: by bytes, by both indexes, and by the distance of its last offset
 * from its first. A segment that is too large alone is a group alone. An empty segment fits whatever the distance.
 *
 * @param segments all that are cleaned, in order
 * @param firstUncleanableOffset where they end
 */
export function groupSegments<S extends GroupedSegment>(
  segments: readonly S[],
  { segmentBytes, segmentIndexBytes }: GroupingRules,
  firstUncleanableOffset: Offset,
): S[][] {
  const groups: S[][] = [];
  let group: S[] = [];
  let total = { log: 0, offsets: 0, times: 0 };
  for (const [at, segment] of segments.entries()) {
    const sum = {
      log: total.log + segment.sizeBytes,
      offsets: total.offsets + segment.offsetIndexBytes,
      times: total.times + segment.timeIndexBytes,
    };
    const first = group[0];
    const lastOffset = (segments[at + 1]?.baseOffset ?? firstUncleanableOffset) - 1;
    const fits =
      first !== undefined &&
      sum.log <= segmentBytes &&
      sum.offsets <= segmentIndexBytes &&
      sum.times <= segmentIndexBytes &&
      (segment.sizeBytes === 0 || lastOffset - first.baseOffset <= MAX_INT32);
    if (fits) {
      group.push(segment);
      total = sum;
    } else {
      group = [segment];
      groups.push(group);
      total = { log: segment.sizeBytes, offsets: segment.offsetIndexBytes, times: segment.timeIndexBytes };
    }
  }
  return groups;
}
