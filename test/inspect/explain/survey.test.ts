/** What of a segment's files is believed: the time index where it names its batch, and the batches where it does not. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ExplainedSegment } from '../../../src/inspect/explain/contract.ts';
import { scratchPartition } from '../../support/temp.ts';
import { explainMade, type MadeSegment, makePartition } from './partitions.ts';

const NOW = 1_700_000_000_000;
const ACTIVE: MadeSegment = { baseOffset: 100, batches: [{ timestamp: BigInt(NOW) }] };

/** The first segment of two. */
function sealed(parts: Partial<MadeSegment> & Pick<MadeSegment, 'batches'>): ExplainedSegment {
  const directory = makePartition(scratchPartition(), [{ baseOffset: 0, ...parts }, ACTIVE]);
  return explainMade('retention', directory, NOW).segments[0] as ExplainedSegment;
}

const times = (...all: (number | bigint)[]): MadeSegment['batches'] => all.map((time) => ({ timestamp: BigInt(time) }));
const codes = ({ warnings }: ExplainedSegment): string[] => warnings.map(({ code }) => code);

describe('the largest timestamp of a sealed segment', () => {
  test('is the last entry of its time index, where the batch there has it', () => {
    const segment = sealed({ batches: times(NOW - 30, NOW - 10, NOW - 20) });
    expect(segment).toMatchObject({ largestTimestamp: NOW - 10, timestampSource: 'time-index', warnings: [] });
  });

  test('is that of its batches where the index says another, and what a broker would believe is told', () => {
    const segment = sealed({ batches: times(NOW - 30, NOW - 10), timeIndex: [[BigInt(NOW - 5), 1]] });
    expect(segment).toMatchObject({
      largestTimestamp: NOW - 10,
      timestampSource: 'batches',
      warnings: [
        { code: 'TIME_INDEX_DIFFERS', numbers: { indexTimestamp: NOW - 5, timestamp: NOW - 10, modifiedMs: NOW } },
      ],
    });
  });

  test.each([
    [
      'zeros that were never trimmed',
      [
        [BigInt(NOW - 10), 1],
        [0n, 0],
        [0n, 0],
      ],
      0,
    ],
    ['nothing', [], -1],
    ['an offset that is not there', [[BigInt(NOW - 10), 70]], NOW - 10],
    ['an offset below the segment', [[BigInt(NOW - 10), -5]], NOW - 10],
  ] as const)('is that of its batches where the index ends in %s', (_, timeIndex, indexTimestamp) => {
    const segment = sealed({ batches: times(NOW - 30, NOW - 10), timeIndex });
    expect(segment).toMatchObject({ largestTimestamp: NOW - 10, timestampSource: 'batches' });
    // An entry with the right time and a wrong place misleads nobody about the age.
    expect(segment.warnings.map(({ numbers }) => numbers['indexTimestamp'])).toEqual(
      indexTimestamp === NOW - 10 ? [] : [indexTimestamp],
    );
  });

  test('is exact where a double is not', () => {
    const largest = 2n ** 63n - 1n;
    expect(sealed({ batches: times(NOW, largest) })).toMatchObject({
      largestTimestamp: largest,
      at: largest + 604_800_001n,
    });
    expect(sealed({ batches: times(NOW, 2n ** 53n + 1n) }).largestTimestamp).toBe(2n ** 53n + 1n);
  });

  test('is none without timestamps, and the time of the file counts', () => {
    const segment = sealed({ batches: times(-1, -1), modifiedMs: NOW - 3000 });
    expect(segment).toMatchObject({ largestTimestamp: -1, timestampSource: 'file', modifiedMs: NOW - 3000 });
    expect(codes(segment)).toEqual(['NO_TIMESTAMP']);
    expect(segment.at).toBe(NOW - 3000 + 604_800_001);
  });

  test('may be 0, the first moment of 1970', () => {
    const segment = sealed({ batches: times(0, 0) });
    expect(segment).toMatchObject({ largestTimestamp: 0, decision: 'delete', reason: 'TIME_BREACHED' });
    expect(codes(segment)).toEqual(['TIMESTAMP_BEFORE_2001']);
  });

  test('is that of the batches before the first bytes that are none', () => {
    const segment = sealed({ batches: times(NOW - 30, NOW - 10), tail: Buffer.alloc(70, 0xff), timeIndex: [] });
    expect(segment.largestTimestamp).toBe(NOW - 10);
    expect(codes(segment)).toEqual(['TIME_INDEX_DIFFERS', 'BYTES_BEHIND_BATCHES']);
  });
});

describe('the active segment', () => {
  test('ends with its last batch, whatever was set aside behind it, and its index need not be complete', () => {
    const directory = makePartition(scratchPartition(), [
      {
        baseOffset: 7,
        batches: times(NOW - 30, NOW - 20),
        tail: Buffer.alloc(5000),
        timeIndex: [
          [BigInt(NOW - 30), 0],
          [0n, 0],
        ],
      },
    ]);
    const { segments, logEndOffset, sizeBytes } = explainMade('retention', directory, NOW);
    expect(segments).toMatchObject([{ isActive: true, nextOffset: 9, largestTimestamp: NOW - 20 }]);
    expect(logEndOffset).toBe(9);
    expect(sizeBytes).toBe(readFileSync(join(directory, '00000000000000000007.log')).length - 5000);
  });

  test('can be empty', () => {
    const directory = makePartition(scratchPartition(), [{ baseOffset: 7, batches: [] }]);
    expect(explainMade('retention', directory, NOW)).toMatchObject({
      logStartOffset: 7,
      logEndOffset: 7,
      segments: [{ sizeBytes: 0, decision: 'keep', reason: 'ACTIVE_SEGMENT_EMPTY', warnings: [] }],
    });
    expect(explainMade('roll', directory, NOW).segments).toMatchObject([
      { decision: 'stays', reason: 'SEGMENT_EMPTY' },
    ]);
    expect(explainMade('compaction', directory, NOW, { cleanupPolicy: ['compact'] })).toMatchObject({
      numbers: { outcome: 'empty', isEligible: false },
      segments: [{ decision: 'wait', reason: 'ACTIVE_SEGMENT' }],
    });
  });
});

describe('a partition', () => {
  test('without a segment is refused, and so is one that is not there', () => {
    const directory = makePartition(scratchPartition(), []);
    expect(() => explainMade('roll', directory, NOW)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    expect(() => explainMade('roll', `${directory}-gone`, NOW)).toThrow(expect.objectContaining({ code: 'IO' }));
  });

  test('may begin beyond 2^53 only to be refused by name', () => {
    const directory = makePartition(scratchPartition(), [ACTIVE]);
    writeFileSync(join(directory, '09007199254740993000.log'), '');
    expect(() => explainMade('roll', directory, NOW)).toThrow(
      expect.objectContaining({ code: 'OFFSET_NOT_EXACT', found: 9007199254740993000n }),
    );
  });

  test('is read without what is on its way in or out, which is told', () => {
    const directory = makePartition(scratchPartition(), [ACTIVE]);
    for (const name of ['00000000000000000000.log.deleted', '00000000000000000050.log.swap'])
      writeFileSync(join(directory, name), 'x');
    const { segments, notes } = explainMade('roll', directory, NOW);
    expect(segments).toHaveLength(1);
    expect(notes).toEqual([
      expect.stringContaining('1 .log file named .deleted'),
      expect.stringContaining('1 .log file named .cleaned or .swap'),
      expect.stringContaining('no high watermark'),
    ]);
  });

  test('is read without its indexes too, and nothing is written', () => {
    const directory = makePartition(scratchPartition(), [
      { baseOffset: 0, batches: times(NOW - 30, NOW - 10) },
      ACTIVE,
    ]);
    for (const base of ['00000000000000000000', '00000000000000000100']) {
      for (const suffix of ['.index', '.timeindex']) rmSync(join(directory, base + suffix));
    }
    const { segments } = explainMade('compaction', directory, NOW, { cleanupPolicy: ['compact'] });
    expect(segments[0]).toMatchObject({
      largestTimestamp: NOW - 10,
      decision: 'clean',
      warnings: [{ code: 'TIME_INDEX_DIFFERS' }],
    });
    expect(() => readFileSync(join(directory, '00000000000000000000.index'))).toThrow('ENOENT');
  });
});
