/** Explanations of compaction. */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FIXTURES } from '../../support/fixtures.ts';
import { scratch, scratchPartition } from '../../support/temp.ts';
import { explainMade, makePartition, writeCheckpoint } from './partitions.ts';

const NOW = 1_795_219_200_000;
const COMPACT = { cleanupPolicy: ['compact'] } as const;
const TRANSACTIONAL = 0x10;

const at = (ms: number, more: object = {}): { timestamp: bigint } => ({ timestamp: BigInt(ms), ...more });
/** Four segments of two batches, a second apart, and an active one. */
const five = (directory = scratchPartition()): string =>
  makePartition(
    directory,
    [0, 2, 4, 6, 8].map((baseOffset) => ({
      baseOffset,
      batches: [at(NOW - 100_000 + baseOffset * 1000), at(NOW - 99_000 + baseOffset * 1000)],
    })),
  );

describe('compaction', () => {
  test('takes all that is sealed of a log that was never cleaned', () => {
    const { segments, numbers } = explainMade('compaction', five(), NOW, COMPACT);
    expect(numbers).toMatchObject({
      isEligible: true,
      outcome: 'ratio',
      checkpoint: null,
      dirtyRatio: 1,
      bound: 'active-segment',
    });
    expect(segments.map(({ reason, numbers: { into } }) => [reason, into])).toEqual([
      ['RATIO_REACHED', 0],
      ['RATIO_REACHED', 0],
      ['RATIO_REACHED', 0],
      ['RATIO_REACHED', 0],
      ['ACTIVE_SEGMENT', undefined],
    ]);
  });

  test('makes as many segments as segment.bytes asks for', () => {
    const { segments } = explainMade('compaction', five(), NOW, { ...COMPACT, segmentBytes: 400 });
    expect(segments.slice(0, 4).map(({ numbers: { into } }) => into)).toEqual([0, 0, 4, 4]);
  });

  test('waits for the ratio, says how much is missing, and when the maximum lag forces it', () => {
    const directory = five();
    writeCheckpoint(directory, 'cleaner-offset-checkpoint', ['t 0 4']);
    const { segments, numbers } = explainMade('compaction', directory, NOW, {
      ...COMPACT,
      maxCompactionLagMs: 3_600_000,
    });
    const forcedAt = NOW - 100_000 + 4000 + 3_600_001;
    expect(numbers).toMatchObject({
      outcome: 'below-ratio',
      cleanBytes: 304,
      cleanableBytes: 304,
      missingBytes: 1,
      forcedAt,
    });
    expect(segments.map(({ reason, at: due }) => [reason, due])).toEqual([
      ['ALREADY_CLEAN', null],
      ['ALREADY_CLEAN', null],
      ['RATIO_NOT_REACHED', forcedAt],
      ['RATIO_NOT_REACHED', forcedAt],
      ['ACTIVE_SEGMENT', null],
    ]);
    const forced = explainMade('compaction', directory, forcedAt, { ...COMPACT, maxCompactionLagMs: 3_600_000 });
    expect(forced.segments.map(({ reason }) => reason)).toEqual([
      'REWRITTEN_ALONG',
      'REWRITTEN_ALONG',
      'MAX_LAG_PASSED',
      'MAX_LAG_PASSED',
      'ACTIVE_SEGMENT',
    ]);
  });

  test('ends at segments that are too young, and tells until when', () => {
    const { segments, numbers } = explainMade('compaction', five(), NOW, { ...COMPACT, minCompactionLagMs: 96_500 });
    expect(numbers).toMatchObject({ bound: 'min-lag', firstUncleanableOffset: 4 });
    expect(segments.slice(2, 4).map(({ reason, at: due }) => [reason, due])).toEqual([
      ['MIN_LAG_NOT_PASSED', NOW - 99_000 + 4000 + 96_500],
      ['MIN_LAG_NOT_PASSED', NOW - 99_000 + 6000 + 96_500],
    ]);
  });

  test('ends at the high watermark, and at the oldest open transaction', () => {
    const behind = five();
    writeCheckpoint(behind, 'replication-offset-checkpoint', ['t 0 5']);
    const { numbers, segments } = explainMade('compaction', behind, NOW, COMPACT);
    expect(numbers).toMatchObject({ lastStableOffset: 5, firstUnstableOffset: null, bound: 'last-stable-offset' });
    expect(segments[2]).toMatchObject({ reason: 'ABOVE_LAST_STABLE_OFFSET', at: null });
    expect(segments[2]?.text).toContain('the high watermark is 5');

    const open = { producerId: 9n, baseSequence: 0, attributes: TRANSACTIONAL };
    const undecided = makePartition(scratchPartition(), [
      { baseOffset: 0, batches: [at(NOW)] },
      { baseOffset: 1, batches: [at(NOW), at(NOW, open)] },
      { baseOffset: 3, batches: [at(NOW)] },
    ]);
    const explained = explainMade('compaction', undecided, NOW, COMPACT);
    expect(explained.numbers).toMatchObject({ lastStableOffset: 2, firstUnstableOffset: 2, firstUncleanableOffset: 1 });
    expect(explained.segments[1]?.text).toContain('the oldest transaction that is open');
  });

  test('passes over a log of another policy', () => {
    const { segments, remarks } = explainMade('compaction', five(), NOW);
    expect(remarks).toEqual([expect.stringContaining('the cleaner passes this partition over')]);
    expect(new Set(segments.map(({ decision, reason }) => `${decision} ${reason}`))).toEqual(
      new Set(['never POLICY_WITHOUT_COMPACT']),
    );
  });

  test('begins at the log start when the checkpoint lies outside of the log', () => {
    const directory = five();
    writeCheckpoint(directory, 'cleaner-offset-checkpoint', ['t 0 11']);
    const { remarks, numbers } = explainMade('compaction', directory, NOW, COMPACT);
    expect(numbers).toMatchObject({ checkpointReset: 'beyond-log-end', firstDirtyOffset: 0 });
    expect(remarks).toContainEqual(expect.stringContaining('the checkpoint, 11, lies outside of the log'));
  });
});

test('a log that Kafka cleaned: what is clean, and the delete horizons that wait for the second pass', () => {
  const root = scratch();
  cpSync(join(FIXTURES, 'clean'), root, { recursive: true });
  const { numbers, segments } = explainMade('compaction', join(root, 'f-compacted-0'), NOW, {
    ...COMPACT,
    segmentIndexBytes: 102_400,
  });
  expect(numbers).toMatchObject({
    checkpoint: 9493,
    outcome: 'nothing-cleanable',
    lastStableOffset: 12_000,
    cleanBytes: 47_984,
  });
  expect(segments.map(({ reason, numbers: { horizonBatches } }) => [reason, horizonBatches])).toEqual([
    ['ALREADY_CLEAN', undefined],
    ['ALREADY_CLEAN', 1],
    ['ALREADY_CLEAN', 5],
    ['ALREADY_CLEAN', 8],
    ['ACTIVE_SEGMENT', undefined],
  ]);
});
