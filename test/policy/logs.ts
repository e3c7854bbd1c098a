/** Logs for the policies: by hand, and at random. */
import fc from 'fast-check';
import type { SegmentFacts } from '../../src/policy/facts.ts';

/** A segment of ten offsets and 100 bytes, unless told otherwise. */
export function segment(baseOffset: number, parts: Partial<SegmentFacts> = {}): SegmentFacts {
  return {
    baseOffset,
    nextOffset: baseOffset + 10,
    sizeBytes: 100,
    largestTimestamp: 1000 + baseOffset,
    modifiedMs: 5000,
    ...parts,
  };
}

/** `count` of them, one behind the other. */
export function segments(count: number, parts: (at: number) => Partial<SegmentFacts> = () => ({})): SegmentFacts[] {
  return Array.from({ length: count }, (_, at) => segment(at * 10, parts(at)));
}

/** A time that rules tip at: few values, so that equal ones come up; none, one far ahead, and the largest there is. */
export const times: fc.Arbitrary<number | bigint> = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 60 }) },
  { weight: 1, arbitrary: fc.constantFrom<number | bigint>(-1, 0, 2 ** 53 - 1, 2n ** 53n, 2n ** 63n - 1n) },
);

/** A log of one to eight segments, the last of which may be empty. */
export const logs: fc.Arbitrary<SegmentFacts[]> = fc
  .array(
    fc.record({
      offsets: fc.integer({ min: 1, max: 4 }),
      sizeBytes: fc.integer({ min: 0, max: 5 }),
      largestTimestamp: times,
      modifiedMs: fc.integer({ min: 0, max: 60 }),
    }),
    { minLength: 1, maxLength: 8 },
  )
  .map((parts) => {
    let next = 0;
    return parts.map(({ offsets, ...facts }, at) => {
      const baseOffset = next;
      next += at === parts.length - 1 && facts.sizeBytes === 0 ? 0 : offsets;
      return { ...facts, baseOffset, nextOffset: next };
    });
  });
