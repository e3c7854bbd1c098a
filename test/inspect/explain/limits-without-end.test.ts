/** Limits that are none, the largest int64 in Kafka's files, are explained like any others, whatever the records' times. */
import { describe, expect, test } from 'vitest';
import type { LogConfig } from '../../../src/config/log-config.ts';
import { EXPLAIN_KINDS } from '../../../src/inspect/explain/contract.ts';
import { scratchPartition } from '../../support/temp.ts';
import { explainMade, makePartition, writeCheckpoint } from './partitions.ts';

const NOW = 1_795_219_200_000;
const FAR = 2n ** 63n - 1n;
const UNLIMITED = {
  ...{ retentionMs: Infinity, retentionBytes: Infinity, segmentMs: Infinity, segmentJitterMs: Infinity },
  ...{ minCompactionLagMs: Infinity, maxCompactionLagMs: Infinity, deleteRetentionMs: Infinity },
  fileDeleteDelayMs: Infinity,
} as const;
const NAMES = Object.keys(UNLIMITED) as (keyof typeof UNLIMITED)[];

const TIMES: readonly (readonly [what: string, timestamps: readonly bigint[]])[] = [
  ['usual times', [BigInt(NOW - 3000), BigInt(NOW - 2000), BigInt(NOW - 1000)]],
  ['no times', [-1n, -1n, -1n]],
  ['the first and the last moment', [0n, FAR, FAR]],
];

function directoryOf(timestamps: readonly bigint[]): string {
  return makePartition(
    scratchPartition(),
    timestamps.map((timestamp, baseOffset) => ({ baseOffset, batches: [{ timestamp }] })),
  );
}

describe.each(TIMES)('with %s', (_, timestamps) => {
  test.each(NAMES)('%s', (name) => {
    const directory = directoryOf(timestamps);
    // No minimum lag may be above the maximum one.
    const others = name === 'maxCompactionLagMs' ? { ...UNLIMITED, minCompactionLagMs: 0 } : UNLIMITED;
    const configs: Partial<LogConfig>[] = [{ [name]: Infinity }, { ...others, [name]: 1 }, UNLIMITED];
    for (const config of configs) {
      for (const kind of EXPLAIN_KINDS) {
        const explained = explainMade(kind, directory, NOW, { cleanupPolicy: ['compact', 'delete'], ...config });
        expect(explained.segments).toHaveLength(3);
        for (const { text, numbers, at } of explained.segments) {
          expect(`${text} ${at} ${Object.values(numbers).join(' ')}`).not.toMatch(/Infinity|NaN|for ever sooner/);
        }
      }
    }
  });
});

test('min.compaction.lag.ms without end holds every segment, and no time ends it', () => {
  const { segments } = explainMade('compaction', directoryOf([5n, 6n, 7n]), NOW, {
    cleanupPolicy: ['compact'],
    minCompactionLagMs: Infinity,
  });
  expect(segments).toMatchObject([
    {
      reason: 'MIN_LAG_NOT_PASSED',
      at: null,
      text: 'its largest timestamp is 1970-01-01T00:00:00.005Z; min.compaction.lag.ms is without end: it is never cleaned',
    },
    { reason: 'MIN_LAG_NOT_PASSED', at: null },
    { reason: 'ACTIVE_SEGMENT' },
  ]);
});

test('a jitter without end may make the active segment roll at any time', () => {
  const { segments } = explainMade('roll', directoryOf([BigInt(NOW)]), NOW + 2, {
    ...{ cleanupPolicy: ['compact'], maxCompactionLagMs: 1000, segmentMs: Infinity, segmentJitterMs: Infinity },
  });
  expect(segments).toMatchObject([{ decision: 'stays', at: NOW + 1001, numbers: { earliestAt: NOW } }]);
  expect(segments[0]?.text).toContain('or at any moment sooner (segment.jitter.ms): 1 s after its first batch; one at');
});

test('a log start beyond the log end is told: a broker would delete all that is there', () => {
  const directory = directoryOf([5n, 6n]);
  writeCheckpoint(directory, 'log-start-offset-checkpoint', ['t 0 9']);
  const { notes } = explainMade('retention', directory, NOW);
  expect(notes).toContain(
    'the log starts at 9 by its checkpoint, beyond its end, 2: a broker that loads it deletes every segment and begins at 9',
  );
});

test('an offset in a checkpoint that cannot be counted exactly is told as it is, and passed over', () => {
  const directory = directoryOf([5n, 6n]);
  writeCheckpoint(directory, 'cleaner-offset-checkpoint', ['t 0 9007199254740993']);
  const { numbers, notes } = explainMade('compaction', directory, NOW, { cleanupPolicy: ['compact'] });
  expect(numbers['checkpoint']).toBe(null);
  expect(notes).toContain(
    'cleaner-offset-checkpoint says 9007199254740993, more than can be counted exactly: it is passed over',
  );
});
