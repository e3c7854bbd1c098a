/** What a log counts of results that are hard to come by. */
import { expect, it } from 'vitest';
import { ManualClock } from '../../src/clock/clock.ts';
import type { CompactionResult } from '../../src/index.ts';
import { LogObserver } from '../../src/log/observer.ts';

function observer(): LogObserver {
  return new LogObserver(new ManualClock(), { topic: 't', partition: 0 }, undefined);
}

it('retention is counted by the rule of each segment', () => {
  const { measures } = retiredBy(['log-start', 'log-start', 'log-start', 'size', 'size', 'time']);
  expect(measures).toMatchObject({ retiredSegmentsBelowStart: 3, retiredSegmentsBySize: 2, retiredSegmentsByTime: 1 });
  expect(measures.retiredBytes).toBe(60);
});

function retiredBy(rules: readonly ('log-start' | 'size' | 'time')[]): LogObserver {
  const observed = observer();
  const deleted = rules.map((rule, at) => ({ baseOffset: at, nextOffset: at + 1, sizeBytes: 10, rule }));
  observed.retired(0, { deleted, logStartOffset: rules.length });
  return observed;
}

it('records that a compaction removed are counted by reason', () => {
  const observed = observer();
  const result: CompactionResult = {
    ...{ firstDirtyOffset: 0, endOffset: 9, bound: 'active-segment', rounds: 1 },
    ...{ segmentsBefore: 3, segmentsAfter: 1, bytesBefore: 90, bytesAfter: 10 },
    statistics: {
      ...{ mapRecords: 1, mapKeys: 2, bytesRead: 3, bytesWritten: 4, recordsRead: 5, recordsKept: 6 },
      ...{ superseded: 7, tombstones: 8, keyless: 9, discarded: 10, mapMs: 11, cleanMs: 12 },
    },
  };
  observed.compacted(0, result);
  observed.compacted(0, result);
  expect(observed.measures).toMatchObject({
    ...{ compactions: 2, compactionReadBytes: 6, compactionWrittenBytes: 8, compactionReadRecords: 10 },
    ...{ supersededRecords: 14, removedTombstones: 16, keylessRecords: 18, discardedRecords: 20 },
  });
});
