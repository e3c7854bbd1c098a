/** Explanations of rolling. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FIXTURES } from '../../support/fixtures.ts';
import { scratchPartition } from '../../support/temp.ts';
import { explainMade, makePartition } from './partitions.ts';

const HOUR = 3_600_000;
const NOW = 1_795_219_200_000;
const at = (ms: number): { timestamp: bigint } => ({ timestamp: BigInt(ms) });

describe('the active segment', () => {
  const directory = (...times: number[]): string =>
    makePartition(scratchPartition(), [{ baseOffset: 50, batches: times.map(at) }]);

  test('tells what is left to it, and when an append makes it roll by time', () => {
    const { segments, numbers, remarks } = explainMade('roll', directory(NOW - HOUR, NOW - 5 * HOUR), NOW, {
      segmentMs: 2 * HOUR,
      segmentJitterMs: 1000,
      segmentBytes: 1000,
    });
    expect(numbers).toEqual({ rollAfterMs: 2 * HOUR, maxJitterMs: 999 });
    expect(remarks[0]).toContain('while nobody writes, the active segment stays as it is');
    expect(segments).toMatchObject([
      {
        decision: 'stays',
        reason: 'NOT_YET',
        at: NOW + HOUR + 1,
        numbers: {
          ...{ sizeBytes: 152, roomBytes: 848, firstTimestamp: NOW - HOUR, earliestAt: NOW + HOUR + 1 - 999 },
          ...{ roomOffsets: 2 ** 31 - 2, offsetIndexEntries: 0, timeIndexCapacity: 873_812 },
        },
      },
    ]);
  });

  test('rolls with the next append once that is too late, or too large', () => {
    const old = directory(NOW - 3 * HOUR);
    expect(explainMade('roll', old, NOW, { segmentMs: 2 * HOUR }).segments).toMatchObject([
      { decision: 'rolls', reason: 'SEGMENT_OLD', at: NOW - HOUR + 1 },
    ]);
    expect(explainMade('roll', old, NOW, { segmentBytes: 143 }).segments).toMatchObject([
      { decision: 'rolls', reason: 'SEGMENT_FULL', at: NOW },
    ]);
    expect(explainMade('roll', old, NOW, { segmentBytes: 144 }).segments).toMatchObject([{ decision: 'stays' }]);
  });

  test('of a compacted log rolls by the maximum lag', () => {
    const config = { cleanupPolicy: ['compact'], maxCompactionLagMs: HOUR } as const;
    expect(explainMade('roll', directory(NOW), NOW, config).segments).toMatchObject([{ at: NOW + HOUR + 1 }]);
  });

  test('whose first record is stamped ahead does not roll by time before then', () => {
    const ahead = NOW + 1000 * HOUR;
    expect(explainMade('roll', directory(ahead), NOW, { segmentMs: HOUR }).segments).toMatchObject([
      { decision: 'stays', at: ahead + HOUR + 1, warnings: [{ code: 'FUTURE_TIMESTAMP', numbers: { offset: 50 } }] },
    ]);
  });

  test('without a timestamp in its first batch counts from when a broker opens it', () => {
    const { segments } = explainMade('roll', directory(-1), NOW, { segmentMs: HOUR });
    expect(segments).toMatchObject([{ decision: 'stays', at: null }]);
    expect(segments[0]?.text).toContain('counts from when a broker opens it');
  });
});

describe('a sealed segment', () => {
  const two = (first: number, next: number): string =>
    makePartition(scratchPartition(), [
      { baseOffset: 0, batches: [at(first)] },
      { baseOffset: 1, batches: [at(next)] },
    ]);

  test('rolled for the reason that the next batch gives', () => {
    const directory = two(NOW, NOW + HOUR + 1);
    const reason = (config: object): unknown => explainMade('roll', directory, NOW, config).segments[0]?.reason;
    expect(reason({ segmentMs: HOUR })).toBe('SEGMENT_OLD');
    expect(reason({ segmentMs: HOUR + 1 })).toBe('OTHER_CAUSE');
    expect(reason({ segmentMs: HOUR + 1, segmentJitterMs: 2 })).toBe('SEGMENT_OLD');
    expect(reason({ segmentBytes: 151 })).toBe('SEGMENT_FULL');
    expect(reason({ segmentBytes: 152 })).toBe('OTHER_CAUSE');
  });
});

test('every roll of the broker that wrote the fixtures has its reason', () => {
  // A compacted log's segments are not as they rolled.
  const names = readdirSync(join(FIXTURES, 'clean')).filter(
    (name) => /^f-.*-0$/.test(name) && name !== 'f-compacted-0',
  );
  const tally: Record<string, number> = {};
  for (const name of names) {
    const segmentBytes = { 'f-size-retained-0': 50_000, 'f-txn-0': 60_000, 'f-deleted-0': 60_000 }[name] ?? 120_000;
    const { segments } = explainMade('roll', join(FIXTURES, 'clean', name), NOW, {
      segmentBytes,
      segmentIndexBytes: 102_400,
    });
    for (const { reason } of segments.slice(0, -1)) tally[reason] = (tally[reason] ?? 0) + 1;
  }
  expect(Object.keys(tally).sort()).toEqual(['SEGMENT_FULL', 'SEGMENT_OLD']);
  expect(tally['SEGMENT_FULL']).toBeGreaterThan(30);
});
