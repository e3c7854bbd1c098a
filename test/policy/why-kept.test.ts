/** Why retention keeps what it keeps. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ageTime, type SegmentFacts } from '../../src/policy/facts.ts';
import { retentionRound, type RetentionRules } from '../../src/policy/retention.ts';
import { type KeptReason, whyKept } from '../../src/policy/why-kept.ts';
import { logs, segment, segments } from './logs.ts';

const WEEK: RetentionRules = { cleanupPolicy: ['delete'], retentionBytes: -1, retentionMs: 100 };

function reasons(
  all: readonly SegmentFacts[],
  rules: Partial<RetentionRules>,
  nowMs: number,
  highWatermark = all.at(-1)?.nextOffset ?? 0,
): [number, KeptReason, number?][] {
  const chosen = { ...WEEK, ...rules };
  const round = retentionRound({ segments: all, logStartOffset: 0, highWatermark }, chosen, nowMs);
  return whyKept(round, { highWatermark }, chosen, nowMs).map(({ segment: { baseOffset }, reason, heldBy }) =>
    heldBy === undefined ? [baseOffset, reason] : [baseOffset, reason, heldBy.baseOffset],
  );
}

describe('a segment stays', () => {
  test('since it is young', () => {
    expect(reasons(segments(2), {}, 1050)).toEqual([
      [0, 'age'],
      [10, 'age'],
    ]);
  });

  test('since it, or one before it, is stamped ahead', () => {
    const ahead = segments(3, (at) => (at === 1 ? { largestTimestamp: 2n ** 63n - 1n } : {}));
    expect(reasons(ahead, {}, 1_000_000)).toEqual([
      [10, 'future'],
      [20, 'behind', 10],
    ]);
  });

  test('behind the one that stays longest, which need not be the first', () => {
    const mixed = segments(4, (at) => ({ largestTimestamp: [950, 990, 960, 800][at] ?? 0 }));
    expect(reasons(mixed, {}, 1040)).toEqual([
      [0, 'age'],
      [10, 'age'],
      [20, 'age'],
      [30, 'behind', 10],
    ]);
  });

  test('since the high watermark is within it, or before it', () => {
    expect(reasons(segments(3), {}, 1_000_000, 15)).toEqual([
      [10, 'high-watermark'],
      [20, 'behind', 10],
    ]);
  });

  test('since the log is not larger than it may be, and says how much is missing', () => {
    const rules = { ...WEEK, retentionMs: -1, retentionBytes: 250 };
    const log = { segments: segments(3), logStartOffset: 0, highWatermark: 30 };
    const kept = whyKept(retentionRound(log, rules, 0), log, rules, 0);
    expect(kept.map(({ reason, missingBytes }) => [reason, missingBytes])).toEqual([
      ['size', 50],
      ['size', 150],
      ['size', 250],
    ]);
  });

  test('since nothing asks for it to go', () => {
    expect(reasons(segments(1), { retentionMs: -1 }, 1_000_000)).toEqual([[0, 'no-limit']]);
    expect(reasons(segments(1), { retentionMs: Infinity }, 1_000_000)).toEqual([[0, 'no-limit']]);
    expect(reasons(segments(1), { cleanupPolicy: ['compact'] }, 1_000_000)).toEqual([[0, 'policy']]);
    expect(reasons([segment(0, { sizeBytes: 0, nextOffset: 0 })], {}, 1_000_000)).toEqual([[0, 'empty-active']]);
  });
});

test('a segment kept for its age goes at the millisecond that its reason foretells, and not before', () => {
  fc.assert(
    fc.property(logs, fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 80 }), (all, retentionMs, now) => {
      const rules = { ...WEEK, retentionMs };
      const log = { segments: all, logStartOffset: 0, highWatermark: all.at(-1)?.nextOffset ?? 0 };
      const goneAt = (ms: number): number[] =>
        retentionRound(log, rules, ms).deletions.map(({ segment: { baseOffset } }) => baseOffset);
      for (const { segment: one, reason, slowest } of whyKept(retentionRound(log, rules, now), log, rules, now)) {
        const time = ageTime(slowest);
        if (reason === 'empty-active' || typeof time === 'bigint' || time > 2 ** 52) continue;
        expect(['age', 'future', 'behind']).toContain(reason);
        expect(goneAt(time + retentionMs + 1)).toContain(one.baseOffset);
        expect(goneAt(time + retentionMs)).not.toContain(one.baseOffset);
      }
    }),
    { numRuns: 1000 },
  );
});
