/** What a round of retention deletes: the rules one by one, and random logs against a naive reading of them. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { logConfig } from '../../src/config/log-config.ts';
import type { SegmentFacts } from '../../src/policy/facts.ts';
import { type RetentionFacts, retentionRound, type RetentionRules } from '../../src/policy/retention.ts';
import { logs, segment, segments } from './logs.ts';

const OFF: RetentionRules = { cleanupPolicy: ['delete'], retentionBytes: -1, retentionMs: -1 };

function facts(all: readonly SegmentFacts[], parts: Partial<RetentionFacts> = {}): RetentionFacts {
  return { segments: all, logStartOffset: 0, highWatermark: all.at(-1)?.nextOffset ?? 0, ...parts };
}

/** Base offsets of what goes, with the rule. */
function deleted(all: RetentionFacts, rules: Partial<RetentionRules>, nowMs = 1_000_000): [number, string][] {
  const { deletions } = retentionRound(all, { ...OFF, ...rules }, nowMs);
  return deletions.map(({ segment: { baseOffset }, rule }) => [baseOffset, rule]);
}

test('more segments are due than a call takes arguments', () => {
  const COUNT = 200_000;
  const many = facts(segments(COUNT));
  expect(retentionRound(many, { ...OFF, retentionBytes: 0 }, 0).deletions).toHaveLength(COUNT);
});

describe('retention by time', () => {
  // Largest timestamps 1000, 1010, 1020.
  const three = facts(segments(3));

  test('deletes what is older than retention.ms, and not what is exactly as old', () => {
    expect(deleted(three, { retentionMs: 100 }, 1110)).toEqual([[0, 'time']]);
    expect(deleted(three, { retentionMs: 100 }, 1111)).toEqual([
      [0, 'time'],
      [10, 'time'],
    ]);
  });

  test('ends at the first segment that is young enough: one stamped ahead holds all behind it', () => {
    const pinned = facts(segments(3, (at) => (at === 1 ? { largestTimestamp: 2n ** 63n - 1n } : {})));
    expect(deleted(pinned, { retentionMs: 1 })).toEqual([[0, 'time']]);
  });

  test('counts from the time of the file where no batch has a timestamp', () => {
    const old = facts([
      segment(0, { largestTimestamp: -1, modifiedMs: 10 }),
      segment(10, { largestTimestamp: 999_999 }),
    ]);
    expect(deleted(old, { retentionMs: 100 })).toEqual([[0, 'time']]);
    const copied = facts([segment(0, { largestTimestamp: -1, modifiedMs: 999_990 }), segment(10)]);
    expect(deleted(copied, { retentionMs: 100 })).toEqual([]);
  });

  test('takes a timestamp of 0 for one: 1970', () => {
    expect(
      deleted(facts(segments(2, () => ({ largestTimestamp: 0 }))), { retentionMs: 604_800_000 }, 1.8e12),
    ).toHaveLength(2);
  });

  test('deletes with seconds written as milliseconds at once', () => {
    const seconds = facts(
      segments(2, (at) => (at === 0 ? { largestTimestamp: 1_795_000_000 } : { largestTimestamp: 1.795e12 })),
    );
    expect(deleted(seconds, { retentionMs: 604_800_000 }, 1.795e12 + 1)).toEqual([[0, 'time']]);
  });

  test('takes the active segment too, and has an empty one begun at the log end first', () => {
    const round = retentionRound(three, { ...OFF, retentionMs: 0 }, 2000);
    expect(round).toMatchObject({ kept: [], isRolledFirst: true, logStartOffset: 30 });
  });

  test('never takes an empty active segment', () => {
    const idle = facts([
      segment(0),
      segment(10, { sizeBytes: 0, nextOffset: 10, largestTimestamp: -1, modifiedMs: 0 }),
    ]);
    expect(retentionRound(idle, { ...OFF, retentionMs: 0 }, 2000)).toMatchObject({
      deletions: [{ rule: 'time', timestamp: 1000 }],
      kept: [{ baseOffset: 10 }],
      isRolledFirst: false,
      logStartOffset: 10,
    });
  });
});

describe('retention by size', () => {
  const four = facts(segments(4));

  test('never leaves less than retention.bytes', () => {
    expect(deleted(four, { retentionBytes: 400 })).toEqual([]);
    expect(deleted(four, { retentionBytes: 301 })).toEqual([]);
    expect(deleted(four, { retentionBytes: 300 })).toEqual([[0, 'size']]);
    expect(deleted(four, { retentionBytes: 299 })).toEqual([[0, 'size']]);
  });

  test('deletes everything at 0, the active segment too', () => {
    expect(retentionRound(four, { ...OFF, retentionBytes: 0 }, 0)).toMatchObject({ kept: [], isRolledFirst: true });
  });

  test('tells how large the log was from each segment on', () => {
    const { deletions } = retentionRound(four, { ...OFF, retentionBytes: 150 }, 0);
    expect(deletions).toMatchObject([{ logBytes: 400 }, { logBytes: 300 }]);
  });
});

describe('retention below the log start', () => {
  test('takes segments that end at it or below, under any policy', () => {
    const cut = facts(segments(3), { logStartOffset: 20 });
    for (const cleanupPolicy of [[], ['compact'], ['delete'], ['compact', 'delete']] as const) {
      expect(deleted(cut, { cleanupPolicy })).toEqual([
        [0, 'log-start'],
        [10, 'log-start'],
      ]);
    }
    expect(deleted(facts(segments(3), { logStartOffset: 19 }), {})).toEqual([[0, 'log-start']]);
  });

  test('never takes the last segment, and leaves the log start where it is', () => {
    const round = retentionRound(facts(segments(2), { logStartOffset: 20 }), OFF, 0);
    expect(round).toMatchObject({ deletions: [{ rule: 'log-start' }], kept: [{ baseOffset: 10 }], logStartOffset: 20 });
  });

  test('makes the log shorter before its size is judged', () => {
    expect(deleted(facts(segments(3), { logStartOffset: 10 }), { retentionBytes: 200 })).toEqual([[0, 'log-start']]);
  });
});

describe('retention and the high watermark', () => {
  test('ends at the first segment with an offset that is not below it', () => {
    const inside = facts(segments(3), { highWatermark: 15 });
    expect(deleted(inside, { retentionMs: 0 })).toEqual([[0, 'time']]);
    expect(deleted(inside, { retentionBytes: 0 })).toEqual([[0, 'size']]);
    expect(deleted({ ...inside, highWatermark: 20 }, { retentionMs: 0 })).toHaveLength(2);
  });
});

test('without delete in the policy neither age nor size counts', () => {
  expect(deleted(facts(segments(3)), { cleanupPolicy: ['compact'], retentionMs: 0, retentionBytes: 0 })).toEqual([]);
  expect(deleted(facts(segments(3)), { cleanupPolicy: [], retentionMs: 0, retentionBytes: 0 })).toEqual([]);
});

test('an empty list of segments is left as it is', () => {
  expect(retentionRound(facts([], { logStartOffset: 7 }), logConfig(), 0)).toEqual({
    deletions: [],
    kept: [],
    isRolledFirst: false,
    logStartOffset: 7,
  });
});

/** The rules read naively: one segment at a time goes as long as one of the rules, in their order, says so. */
function naive(
  { segments: all, logStartOffset, highWatermark }: RetentionFacts,
  rules: RetentionRules,
  nowMs: number,
): number[] {
  const left = [...all];
  const gone: number[] = [];
  const may = (): boolean => {
    const [first] = left;
    return first !== undefined && first.nextOffset <= highWatermark && !(left.length === 1 && first.sizeBytes === 0);
  };
  const age = ({ largestTimestamp, modifiedMs }: SegmentFacts): bigint =>
    BigInt(nowMs) - BigInt(largestTimestamp < 0 ? modifiedMs : largestTimestamp);
  const go = (): void => void gone.push(left.shift()?.baseOffset ?? -1);
  while (left[1] !== undefined && left[1].baseOffset <= logStartOffset && may()) go();
  if (!rules.cleanupPolicy.includes('delete')) return gone;
  const size = (): number => left.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  while (rules.retentionBytes >= 0 && may() && size() - (left[0]?.sizeBytes ?? 0) >= rules.retentionBytes) go();
  while (rules.retentionMs >= 0 && may() && age(left[0] as SegmentFacts) > BigInt(rules.retentionMs)) go();
  return gone;
}

test('random logs lose what a naive reading of the rules takes from them', () => {
  const rules = fc.record({
    cleanupPolicy: fc.constantFrom<RetentionRules['cleanupPolicy']>(
      ['delete'],
      ['delete'],
      ['compact', 'delete'],
      ['compact'],
      [],
    ),
    retentionBytes: fc.integer({ min: -1, max: 20 }),
    retentionMs: fc.integer({ min: -1, max: 40 }),
  });
  const offset = fc.integer({ min: 0, max: 35 });
  fc.assert(
    fc.property(logs, rules, offset, offset, fc.integer({ min: 0, max: 80 }), (all, chosen, start, watermark, now) => {
      const end = all.at(-1)?.nextOffset ?? 0;
      const logStartOffset = Math.min(start, end);
      const log = facts(all, { logStartOffset, highWatermark: Math.max(logStartOffset, Math.min(watermark, end)) });
      const round = retentionRound(log, chosen, now);
      expect(round.deletions.map(({ segment: { baseOffset } }) => baseOffset)).toEqual(naive(log, chosen, now));
      expect([...round.deletions.map(({ segment: one }) => one), ...round.kept]).toEqual(all);
      expect(round.logStartOffset).toBeLessThanOrEqual(log.highWatermark);
      expect(round.logStartOffset).toBeGreaterThanOrEqual(logStartOffset);
    }),
    { numRuns: 2000 },
  );
});
