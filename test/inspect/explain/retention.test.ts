/** Explanations of retention: what surprises people, each with its numbers. */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { gzipSync } from 'node:zlib';
import { FIXTURES } from '../../support/fixtures.ts';
import { scratch, scratchPartition } from '../../support/temp.ts';
import { record } from '../make-batch.ts';
import { explainMade, makePartition, writeCheckpoint } from './partitions.ts';

const DAY = 86_400_000;
const WEEK = 7 * DAY;
/** 2026-11-21T00:00:00Z. */
const NOW = 1_795_219_200_000;

const at = (ms: number, more: object = {}): { timestamp: bigint } => ({ timestamp: BigInt(ms), ...more });

describe('a record stamped ahead', () => {
  const ahead = Date.UTC(2031, 10, 21);

  test('holds its segment and those behind it, and is named', () => {
    const directory = makePartition(scratchPartition(), [
      { baseOffset: 0, batches: [at(NOW - 9 * DAY), at(ahead), at(NOW - 9 * DAY)] },
      { baseOffset: 3, batches: [at(NOW - 8 * DAY)] },
      { baseOffset: 4, batches: [at(NOW)] },
    ]);
    const { segments, numbers } = explainMade('retention', directory, NOW);
    expect(numbers).toMatchObject({ deletedSegments: 0, newLogStartOffset: 0 });
    expect(segments[0]).toMatchObject({
      decision: 'keep',
      reason: 'FUTURE_TIMESTAMP',
      at: ahead + WEEK + 1,
      numbers: { timestamp: ahead, retentionMs: WEEK },
      warnings: [{ code: 'FUTURE_TIMESTAMP', numbers: { offset: 1, timestamp: ahead, aheadMs: ahead - NOW } }],
    });
    expect(segments[0]?.text).toContain(
      '2031-11-21T00:00:00.000Z, is 5 y 1 d ahead; retention.ms, 7 d, counts from there',
    );
    expect(segments[0]?.warnings[0]?.message).toBe(
      'the record at offset 1 is stamped 2031-11-21T00:00:00.000Z, 5 y 1 d ahead of the time asked about',
    );
    expect(segments[1]).toMatchObject({ reason: 'BEHIND_KEPT_SEGMENT', numbers: { heldBy: 0 }, at: ahead + WEEK + 1 });
    expect(segments[2]).toMatchObject({
      reason: 'TIME_NOT_REACHED',
      numbers: { slowestSegment: 0 },
      at: ahead + WEEK + 1,
    });
  });

  test('is named within a compressed batch of many, and by its batch alone where that cannot be read', () => {
    const records = Buffer.concat([
      record(0, null, 'a'),
      record(1, null, 'b', { timestampDelta: 500n }),
      record(2, null, 'c'),
    ]);
    const many = { count: 3, lastOffsetDelta: 2, maxTimestamp: BigInt(ahead + 500), attributes: 1 };
    const readable = makePartition(scratchPartition(), [
      { baseOffset: 40, batches: [at(ahead, { ...many, records: gzipSync(records) })] },
    ]);
    const broken = makePartition(scratchPartition(), [{ baseOffset: 40, batches: [at(ahead, { ...many, records })] }]);
    const offsets = [readable, broken].map(
      (directory) => explainMade('retention', directory, NOW).segments[0]?.warnings[0]?.numbers['offset'],
    );
    expect(offsets).toEqual([41, null]);
  });
});

test('seconds written as milliseconds are deleted at once, and look like what they are', () => {
  const directory = makePartition(scratchPartition(), [
    { baseOffset: 0, batches: [at(NOW / 1000)] },
    { baseOffset: 1, batches: [at(NOW)] },
  ]);
  const [first] = explainMade('retention', directory, NOW).segments;
  expect(first).toMatchObject({
    decision: 'delete',
    reason: 'TIME_BREACHED',
    at: NOW,
    numbers: { dueSince: NOW / 1000 + WEEK + 1 },
    warnings: [{ code: 'TIMESTAMP_BEFORE_2001' }],
  });
  expect(first?.warnings[0]?.message).toBe(
    'its largest timestamp, 1795219200, is 1970-01-21T18:40:19.200Z; taken for seconds it is 2026-11-21T00:00:00.000Z',
  );
});

test('the active segment of an idle topic goes by time as well', () => {
  const directory = makePartition(scratchPartition(), [{ baseOffset: 5, batches: [at(NOW - WEEK)] }]);
  expect(explainMade('retention', directory, NOW).segments).toMatchObject([
    { reason: 'TIME_NOT_REACHED', at: NOW + 1 },
  ]);
  expect(explainMade('retention', directory, NOW).segments[0]?.text).toContain('if nothing is appended');
  expect(explainMade('retention', directory, NOW + 1)).toMatchObject({
    numbers: { deletedSegments: 1, isActiveRolledFirst: true, newLogStartOffset: 6 },
    segments: [{ decision: 'delete' }],
  });
});

describe('retention by size', () => {
  const directory = (): string =>
    makePartition(
      scratchPartition(),
      [0, 1, 2].map((baseOffset) => ({ baseOffset, batches: [at(NOW)] })),
    );
  const BATCH_BYTES = 76;

  test('keeps a log of exactly the limit, and tells how many bytes each segment waits for', () => {
    const { segments } = explainMade('retention', directory(), NOW, {
      retentionMs: -1,
      retentionBytes: 3 * BATCH_BYTES,
    });
    expect(segments.map(({ sizeBytes }) => sizeBytes)).toEqual([BATCH_BYTES, BATCH_BYTES, BATCH_BYTES]);
    expect(segments.map(({ reason, numbers }) => [reason, numbers['missingBytes']])).toEqual([
      ['SIZE_NOT_REACHED', BATCH_BYTES],
      ['SIZE_NOT_REACHED', 2 * BATCH_BYTES],
      ['SIZE_NOT_REACHED', 3 * BATCH_BYTES],
    ]);
  });

  test('deletes down to the limit, not below', () => {
    const { segments } = explainMade('retention', directory(), NOW, {
      retentionMs: -1,
      retentionBytes: 2 * BATCH_BYTES,
    });
    expect(segments.map(({ decision }) => decision)).toEqual(['delete', 'keep', 'keep']);
    expect(segments[0]?.text).toBe(
      `without it the log still has ${2 * BATCH_BYTES} bytes; retention.bytes is ${2 * BATCH_BYTES}`,
    );
  });
});

describe('the checkpoints beside the partition', () => {
  const old = (): string =>
    makePartition(scratchPartition(), [
      { baseOffset: 0, batches: [at(0), at(1)] },
      { baseOffset: 2, batches: [at(0), at(1)] },
      { baseOffset: 4, batches: [at(0)] },
    ]);

  test('give the high watermark: a segment that it lies in stays', () => {
    const directory = old();
    writeCheckpoint(directory, 'replication-offset-checkpoint', ['t 0 3', 't 1 0']);
    const { segments, highWatermarkSource, notes } = explainMade('retention', directory, NOW);
    expect(highWatermarkSource).toBe('checkpoint');
    expect(notes).toEqual([]);
    expect(segments.map(({ reason, at: due }) => [reason, due])).toEqual([
      ['TIME_BREACHED', NOW],
      ['ABOVE_HIGH_WATERMARK', null],
      ['BEHIND_KEPT_SEGMENT', null],
    ]);
    expect(segments[1]?.numbers).toMatchObject({ highWatermark: 3, nextOffset: 4 });
  });

  test('give the log start: segments below it go, also from a compacted log', () => {
    const directory = old();
    writeCheckpoint(directory, 'log-start-offset-checkpoint', ['t 0 2']);
    const { segments, notes } = explainMade('retention', directory, NOW, { cleanupPolicy: ['compact'] });
    expect(notes).toEqual([expect.stringContaining('the log end offset, 5, is taken for it')]);
    expect(segments.map(({ reason }) => reason)).toEqual([
      'LOG_START_BREACHED',
      'POLICY_WITHOUT_DELETE',
      'POLICY_WITHOUT_DELETE',
    ]);
  });

  test('count for nothing when they cannot be read, or the directory has no partition name', () => {
    const directory = old();
    writeCheckpoint(directory, 'replication-offset-checkpoint', ['what is this']);
    expect(explainMade('retention', directory, NOW)).toMatchObject({
      highWatermark: 5,
      highWatermarkSource: 'assumed',
    });
    const nameless = makePartition(join(scratch(), 'copy of t'), [{ baseOffset: 0, batches: [at(NOW)] }]);
    expect(explainMade('retention', nameless, NOW).notes[0]).toContain("no partition's name");
  });
});

test("what Kafka's own retention left in the fixtures stays under the setting that it was left with", () => {
  const root = scratch();
  cpSync(join(FIXTURES, 'clean'), root, { recursive: true });
  // retention.bytes 200000, segments of up to 50 kB, and timestamps of 2023.
  const config = { retentionBytes: 200_000, retentionMs: -1 };
  const left = explainMade('retention', join(root, 'f-size-retained-0'), NOW, config);
  expect(left.logStartOffset).toBeGreaterThan(0);
  expect(left.segments.map(({ reason }) => reason)).toEqual(left.segments.map(() => 'SIZE_NOT_REACHED'));
});
