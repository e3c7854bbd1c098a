/** What the cleaner chooses. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { logConfig } from '../../src/config/log-config.ts';
import {
  bytesUntilRatio,
  type CompactionFacts,
  type CompactionRules,
  type CompactionSegment,
  type CompactionSelection,
  selectForCompaction,
} from '../../src/policy/compaction.ts';
import { logs, segments, times } from './logs.ts';

const COMPACT: CompactionRules = logConfig({ cleanupPolicy: ['compact'] });

/** Segments of 100 bytes at 0, 10, 20, ...; the last one is active. Largest timestamps 1000, 1010, ... */
function five(parts: Partial<CompactionFacts> = {}): CompactionFacts {
  const all = segments(5).map((one) => ({ ...one, firstTimestamp: one.largestTimestamp }));
  return { segments: all, logStartOffset: 0, lastStableOffset: 50, checkpoint: undefined, ...parts };
}

function select(facts: CompactionFacts, rules: Partial<CompactionRules> = {}, nowMs = 2000): CompactionSelection {
  return selectForCompaction(facts, { ...COMPACT, ...rules }, nowMs);
}

describe('the cleaner', () => {
  test('cleans a log that never was, up to its active segment', () => {
    expect(select(five())).toMatchObject({
      outcome: 'ratio',
      isEligible: true,
      firstDirtyOffset: 0,
      bound: 'active-segment',
      firstUncleanableOffset: 40,
      cleanBytes: 0,
      cleanableBytes: 400,
      dirtyRatio: 1,
    });
  });

  test('begins at the checkpoint, and wants a ratio above the minimum, not at it', () => {
    expect(select(five({ checkpoint: 20 }))).toMatchObject({
      outcome: 'below-ratio',
      cleanBytes: 200,
      dirtyRatio: 0.5,
    });
    expect(select(five({ checkpoint: 20 }), { minCleanableDirtyRatio: 0.49 }).outcome).toBe('ratio');
    expect(select(five({ checkpoint: 40 })).outcome).toBe('nothing-cleanable');
    expect(select(five(), { minCleanableDirtyRatio: 1 }).outcome).toBe('below-ratio');
  });

  test('counts a segment that it was in the middle of as clean and as dirty, like Kafka', () => {
    expect(select(five({ checkpoint: 15 }))).toMatchObject({ cleanBytes: 200, cleanableBytes: 300, dirtyRatio: 0.6 });
  });

  test('begins at the log start when the checkpoint is outside of the log', () => {
    expect(select(five({ checkpoint: 5, logStartOffset: 10 }))).toMatchObject({
      firstDirtyOffset: 10,
      checkpointReset: 'below-log-start',
    });
    expect(select(five({ checkpoint: 51 }))).toMatchObject({ firstDirtyOffset: 0, checkpointReset: 'beyond-log-end' });
    expect(select(five({ checkpoint: 50 })).checkpointReset).toBeUndefined();
  });

  test('ends where the segment of the last stable offset begins', () => {
    expect(select(five({ lastStableOffset: 25 }))).toMatchObject({
      bound: 'last-stable-offset',
      boundOffset: 25,
      firstUncleanableOffset: 20,
      cleanableBytes: 200,
    });
    expect(select(five({ lastStableOffset: 45 })).bound).toBe('active-segment');
  });

  test('ends at the first segment that is younger than the minimum lag; one just as old is old enough', () => {
    expect(select(five(), { minCompactionLagMs: 980 })).toMatchObject({ bound: 'min-lag', firstUncleanableOffset: 30 });
    expect(select(five(), { minCompactionLagMs: 1000 })).toMatchObject({
      bound: 'min-lag',
      firstUncleanableOffset: 10,
    });
    expect(select(five(), { minCompactionLagMs: 970 }).bound).toBe('active-segment');
  });

  test('passes a log over whose first segment is stamped ahead, as long as there is a minimum lag', () => {
    const [first, ...rest] = five().segments as [CompactionSegment, ...CompactionSegment[]];
    const ahead = five({ segments: [{ ...first, largestTimestamp: 2n ** 63n - 1n }, ...rest] });
    expect(select(ahead, { minCompactionLagMs: 1 })).toMatchObject({ outcome: 'empty', firstUncleanableOffset: 0 });
    expect(select(ahead).outcome).toBe('ratio');
  });

  test('takes a log that is not dirty enough once its oldest dirty batch is older than the maximum lag', () => {
    const little = five({ checkpoint: 30 });
    expect(select(little, { maxCompactionLagMs: 970 })).toMatchObject({
      outcome: 'below-ratio',
      earliestDirtyTime: 1030,
    });
    expect(select(little, { maxCompactionLagMs: 969 })).toMatchObject({ outcome: 'max-lag', isEligible: true });
    const untimed = five({ checkpoint: 30, segments: little.segments.map((one) => ({ ...one, firstTimestamp: 0 })) });
    expect(select(untimed, { maxCompactionLagMs: 1 })).toMatchObject({
      outcome: 'below-ratio',
      earliestDirtyTime: undefined,
    });
  });

  test('passes over other policies, and logs with nothing sealed', () => {
    expect(select(five(), { cleanupPolicy: ['delete'] })).toMatchObject({ outcome: 'policy', isEligible: false });
    expect(select(five(), { cleanupPolicy: ['compact', 'delete'] }).isEligible).toBe(true);
    expect(select(five({ segments: five().segments.slice(0, 1), lastStableOffset: 10 }))).toMatchObject({
      outcome: 'empty',
      firstUncleanableOffset: 0,
      dirtyRatio: 0,
    });
  });
});

/** The definition in words, over bytes of single segments. */
function naive(
  { segments: all, logStartOffset, lastStableOffset, checkpoint }: CompactionFacts,
  rules: CompactionRules,
  now: number,
): object {
  const active = all.at(-1) as CompactionSegment;
  const end = active.nextOffset;
  let dirty = checkpoint ?? logStartOffset;
  if (dirty < logStartOffset || dirty > end) dirty = logStartOffset;
  const sealed = all.slice(0, -1);
  const time = ({ largestTimestamp, modifiedMs }: CompactionSegment): bigint =>
    BigInt(largestTimestamp < 0 ? modifiedMs : largestTimestamp);
  const dirtySealed = sealed.filter((one) => one.nextOffset > dirty);
  const bounds = [lastStableOffset, active.baseOffset];
  for (const one of dirtySealed) {
    if (rules.minCompactionLagMs > 0 && time(one) > BigInt(now - rules.minCompactionLagMs)) bounds.push(one.baseOffset);
  }
  const bound = Math.max(dirty, Math.min(...bounds));
  const until = sealed.find(({ nextOffset }) => nextOffset > bound)?.baseOffset ?? active.baseOffset;
  const sum = (some: readonly CompactionSegment[]): number => some.reduce((bytes, one) => bytes + one.sizeBytes, 0);
  const cleanBytes = sum(all.filter((one) => one.baseOffset < dirty));
  const cleanableBytes = sum(dirtySealed.filter(({ baseOffset }) => baseOffset < until));
  const isOverdue = dirtySealed.some(
    ({ firstTimestamp }) =>
      firstTimestamp > 0 && BigInt(now) - BigInt(firstTimestamp) > BigInt(rules.maxCompactionLagMs),
  );
  const isDirty = cleanableBytes > rules.minCleanableDirtyRatio * (cleanBytes + cleanableBytes);
  return {
    isEligible: rules.cleanupPolicy.includes('compact') && (isDirty || (isOverdue && cleanableBytes > 0)),
    firstDirtyOffset: dirty,
    firstUncleanableOffset: until,
    cleanBytes,
    cleanableBytes,
  };
}

test('random logs are chosen as a naive reading of the rules chooses', () => {
  const offset = fc.integer({ min: 0, max: 35 });
  const rules = fc.record({
    cleanupPolicy: fc.constantFrom<CompactionRules['cleanupPolicy']>(['compact'], ['compact', 'delete'], ['delete']),
    minCleanableDirtyRatio: fc.constantFrom(0, 0.25, 0.5, 1),
    minCompactionLagMs: fc.integer({ min: 0, max: 40 }),
    maxCompactionLagMs: fc.integer({ min: 1, max: 40 }),
  });
  const firsts = fc.array(times, { minLength: 8, maxLength: 8 });
  const moment = fc.integer({ min: 0, max: 80 });
  fc.assert(
    fc.property(
      logs,
      firsts,
      rules,
      offset,
      offset,
      fc.option(offset, { nil: undefined }),
      moment,
      (all, first, chosen, start, stable, checkpoint, now) => {
        const end = all.at(-1)?.nextOffset ?? 0;
        const logStartOffset = Math.min(start, end);
        const facts: CompactionFacts = {
          segments: all.map((one, at) => ({ ...one, firstTimestamp: first[at] ?? -1 })),
          logStartOffset,
          lastStableOffset: Math.max(logStartOffset, Math.min(stable, end)),
          checkpoint,
        };
        expect(selectForCompaction(facts, chosen, now)).toMatchObject(naive(facts, chosen, now));
      },
    ),
    { numRuns: 2000 },
  );
});

test('the bytes that are missing for the ratio are exactly enough', () => {
  const bytes = fc.integer({ min: 0, max: 2 ** 40 });
  fc.assert(
    fc.property(bytes, bytes, fc.constantFrom(0, 0.1, 0.3, 0.5, 0.77, 0.99), (cleanBytes, cleanableBytes, ratio) => {
      const more = bytesUntilRatio({ cleanBytes, cleanableBytes }, { minCleanableDirtyRatio: ratio }) ?? Number.NaN;
      const after = (extra: number): number => (cleanableBytes + extra) / (cleanBytes + cleanableBytes + extra);
      expect(after(more)).toBeGreaterThan(ratio);
      if (more > 0 && cleanBytes + cleanableBytes + more > 1) expect(after(more - 1)).not.toBeGreaterThan(ratio);
    }),
  );
  expect(bytesUntilRatio({ cleanBytes: 1, cleanableBytes: 1 }, { minCleanableDirtyRatio: 1 })).toBeUndefined();
});
