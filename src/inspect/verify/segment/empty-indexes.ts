/** Indexes without entries, beside those of the same partition that have some. */
import type { Finding } from '../../findings/finding.ts';
import type { SegmentFacts } from '../facts.ts';
import { makeFinding } from '../finding.ts';

/** What restarts, which start the counting of bytes anew, do not explain; each may leave a batch without an entry. */
const GAPS = 3;

/**
 * An entry is made as soon as more than index.interval.bytes were appended since the one before, so where other segments have
 * entries, one of many times their distance has some, too: an .index of no bytes was emptied.
 */
export function* checkEmptyIndexes(facts: readonly SegmentFacts[]): Generator<Finding, void> {
  const densities = facts.flatMap(({ indexDensity }) => (indexDensity === undefined ? [] : [indexDensity]));
  const least = densities.reduce((gap, { leastGap }) => Math.min(gap, leastGap), Infinity);
  for (const { path, entries, lastPosition, largestBatch } of densities) {
    if (entries > 0 || lastPosition <= GAPS * Math.max(least, largestBatch)) continue;
    const expected = `an entry every ${least} bytes or so, as in other segments`;
    yield makeFinding('INDEX_SHORT', path, { position: 0, expected, found: `none for ${lastPosition} bytes` });
  }
}
