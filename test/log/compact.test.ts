/** Compaction of a log that goes on meanwhile: what stays, how far it goes, and what ends it. */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/clock/clock.ts';
import { type CompactionResult, Log, type LogOptions, LogReader, type RecordBatch } from '../../src/index.ts';
import { scratchPartition } from '../support/temp.ts';
import { basesOf, codeOf, snapshotsIn } from './telling/support.ts';

/** Two records a segment, each a batch of its own. */
const SMALL: LogOptions = { segmentBytes: 160, clock: new ManualClock(5000), cleanupPolicy: ['compact'] };
const ONE = { segmentBytes: 1_000_000 };

/** Records `k0=0`, `k1=1`, ... over and over the same few keys. */
async function keyed(count: number, keys: number, options: LogOptions = {}): Promise<Log> {
  const log = await Log.open(scratchPartition(), { ...SMALL, ...options });
  await append(log, count, keys);
  return log;
}

/** Every third record has a key of its own, the others have a few. */
async function appendMixed(log: Log, count: number, keys: number): Promise<void> {
  for (let number = log.logEndOffset, end = number + count; number < end; number++) {
    const key = number % 3 === 0 ? `own ${number}` : `k${number % keys}`;
    await log.append({ key, value: String(number), timestamp: 1000 + number });
  }
}

async function append(log: Log, count: number, keys: number): Promise<void> {
  for (let number = log.logEndOffset, end = number + count; number < end; number++) {
    await log.append({ key: `k${number % keys}`, value: String(number), timestamp: 1000 + number });
  }
}

const offsetsIn = (batches: Iterable<RecordBatch>): number[] =>
  [...batches].flatMap((batch) => batch.records().map(({ offset }) => offset));

function extent({ firstDirtyOffset, endOffset, rounds, segmentsBefore, segmentsAfter }: CompactionResult): number[] {
  return [firstDirtyOffset, endOffset, rounds, segmentsBefore, segmentsAfter];
}

describe('a compaction', () => {
  test('keeps the last record of each key below the active segment, and every offset', async () => {
    await using log = await keyed(12, 3);
    const result = await log.compact(ONE);
    expect(extent(result)).toEqual([0, 10, 1, 5, 1]);
    expect(result.bound).toBe('active-segment');
    expect(result.statistics).toMatchObject({ recordsRead: 10, recordsKept: 3, superseded: 7 });
    expect(offsetsIn(log.readSync())).toEqual([7, 8, 9, 10, 11]);
    expect([log.logStartOffset, log.logEndOffset]).toEqual([0, 12]);
    expect(log.segments().map(({ size }) => size)[0]).toBe(result.bytesAfter);
    expect(log.find(0)?.baseOffset).toBe(7);
    expect(log.offsetForTimestamp(1000)).toEqual({ offset: 7, timestamp: 1007 });
  });

  test('of what it was told is clean looks at the rest alone', async () => {
    await using log = await keyed(12, 3);
    const first = await log.compact(ONE);
    await append(log, 4, 4);
    const second = await log.compact({ ...ONE, firstDirtyOffset: first.endOffset });
    expect(extent(second).slice(0, 2)).toEqual([10, 14]);
    expect(second.statistics.mapRecords).toBe(4);
    expect((await log.compact({ firstDirtyOffset: second.endOffset })).rounds).toBe(0);
  });

  test('goes around again where the offset map takes no more keys', async () => {
    await using log = await keyed(41, 20);
    const sealed = (): { segments: number; bytes: number } => {
      const segments = log.segments().slice(0, -1);
      return { segments: segments.length, bytes: segments.reduce((bytes, { size }) => bytes + size, 0) };
    };
    const before = sealed();
    const result = await log.compact({ ...ONE, offsetMapBytes: 24 * 8 });
    expect(result.rounds).toBeGreaterThan(2);
    // Each segment counts once, whatever round it was in.
    expect({ segments: result.segmentsBefore, bytes: result.bytesBefore }).toEqual(before);
    expect({ segments: result.segmentsAfter, bytes: result.bytesAfter }).toEqual(sealed());
    expect(result.endOffset).toBe(40);
    expect(offsetsIn(log.readSync())).toEqual(Array.from({ length: 21 }, (_, at) => 20 + at));
  });

  test('says so where a round covers nothing', async () => {
    await using log = await keyed(6, 2);
    const statistics = { ...(await (await keyed(1, 1)).compact()).statistics, mapKeys: 0, isMapFull: true };
    const idle = log.compact({}, async ({ firstDirtyOffset }) => ({
      ...{ endOffset: firstDirtyOffset, groups: [], statistics },
    }));
    await expect(idle).rejects.toMatchObject({ code: 'INTERNAL', file: log.directory });
  });

  test('ends below the last stable offset, and below records that are too young', async () => {
    await using log = await keyed(6, 2);
    const producer = { producerId: 9, producerEpoch: 0, baseSequence: 0, isTransactional: true };
    await log.append({ key: 'k0', value: 'open' }, { producer });
    await append(log, 6, 2);
    const open = await log.compact();
    expect([open.endOffset, open.bound]).toEqual([6, 'last-stable-offset']);
    await using other = await keyed(12, 2);
    const young = await other.compact({ minCompactionLagMs: 3996, now: 5000 });
    expect([young.endOffset, young.bound]).toEqual([4, 'min-lag']);
  });

  test('keeps a tombstone until its time has come', async () => {
    await using log = await keyed(4, 2);
    await log.append([{ key: 'k0', value: null }]);
    await append(log, 5, 2);
    const values = (): number[] => offsetsIn(log.readSync());
    const tombstone = { key: 'x', value: null, timestamp: 1 };
    await log.append(tombstone);
    await append(log, 3, 2);
    await log.compact({ ...ONE, now: 10_000, deleteRetentionMs: 100 });
    expect(values()).toContain(10);
    await log.compact({ ...ONE, now: 10_099, deleteRetentionMs: 100 });
    expect(values()).toContain(10);
    const { statistics } = await log.compact({ ...ONE, now: 10_100, deleteRetentionMs: 100 });
    expect(statistics.tombstones).toBe(1);
    expect(values()).not.toContain(10);
  });

  test('of a log with its active segment alone does nothing', async () => {
    await using log = await Log.open(scratchPartition());
    expect(extent(await log.compact())).toEqual([0, 0, 0, 0, 0]);
    await log.append({ key: 'k', value: '1' });
    expect(extent(await log.compact())).toEqual([0, 0, 0, 0, 0]);
  });

  test('takes the snapshots of bases that are gone along, and keeps those of the others', async () => {
    const clock = new ManualClock(5000);
    await using log = await keyed(8, 2, { clock, fileDeleteDelayMs: 50 });
    expect(snapshotsIn(log.directory)).toEqual([2, 4, 6]);
    await log.compact({ segmentBytes: 320 });
    expect(basesOf(log)).toEqual([0, 4, 6]);
    expect(snapshotsIn(log.directory)).toEqual([4, 6]);
    const deleted = (): string[] => readdirSync(log.directory).filter((name) => name.endsWith('.deleted'));
    expect(deleted()).toContain(`${'0'.repeat(19)}2.snapshot.deleted`);
    clock.advance(50);
    expect(deleted()).toEqual([]);
  });

  test('is there after a restart, and after one that was not clean', async () => {
    const log = await keyed(12, 3);
    await log.compact(ONE);
    await log.close();
    for (const recovery of [{}, { clean: false, recoveryPoint: 0 }]) {
      await using again = await Log.open(log.directory, { ...SMALL, recovery });
      expect(basesOf(again)).toEqual([0, 10]);
      expect(offsetsIn(again.readSync())).toEqual([7, 8, 9, 10, 11]);
    }
  });
});

describe('while a log is compacted', () => {
  test('a read goes on where it was, in what took the place of its segment', async () => {
    await using log = await Log.open(scratchPartition(), SMALL);
    await appendMixed(log, 60, 7);
    const all = Array.from({ length: 60 }, (_, at) => at);
    for (const read of [log.read(), log.readSync()]) {
      const seen: number[] = [];
      let isCompacted = false;
      for await (const batch of read) {
        seen.push(...batch.records().map(({ offset }) => offset));
        if (!isCompacted && seen.length === 5) await log.compact({ segmentBytes: 700 });
        isCompacted ||= seen.length >= 5;
      }
      // In order, none twice, and none missing that is still there.
      expect(seen).toEqual([...seen].sort((a, b) => a - b));
      expect(new Set(seen).size).toBe(seen.length);
      expect(seen).toEqual(expect.arrayContaining(offsetsIn(log.readSync())));
      expect(all).toEqual(expect.arrayContaining(seen));
    }
  });

  test('reads by many, appends and rolls go on, and nobody misses what stays', async () => {
    await using log = await Log.open(scratchPartition(), { ...SMALL, segmentBytes: 400 });
    await appendMixed(log, 200, 11);
    const compactions: Promise<unknown>[] = [];
    let last: Promise<unknown> = Promise.resolve();
    for (let round = 0; round < 3; round++) {
      compactions.push((last = last.then(() => log.compact({ segmentBytes: 400 + round * 1000 }))));
    }
    const reads = Array.from({ length: 8 }, async (_, number) => {
      const seen: number[] = [];
      for await (const batch of log.read({ from: number * 10 })) {
        seen.push(...batch.records().map(({ offset }) => offset));
        // Each goes on behind a compaction, at places of its own.
        if (seen.length % 13 === number) await compactions[Math.floor(seen.length / 13)];
      }
      return seen;
    });
    for (let round = 0; round < 20; round++) {
      await appendMixed(log, 3, 11);
      await new Promise(setImmediate);
    }
    await last;
    const left = offsetsIn(log.readSync());
    for (const [number, read] of reads.entries()) {
      const seen = await read;
      expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
      const missed = left.filter((offset) => offset >= number * 10 && offset < 200 && !seen.includes(offset));
      expect(missed).toEqual([]);
    }
  });

  test('another one is refused', async () => {
    await using log = await keyed(12, 3);
    const first = log.compact();
    expect(await codeOf(() => log.compact())).toBe('INVALID_ARGUMENT');
    await first;
    expect((await log.compact()).rounds).toBe(1);
  });

  test('a truncation ends it: what was cut may be what records went for', async () => {
    const log = await keyed(40, 3);
    const compaction = codeOf(() => log.compact(ONE));
    await log.truncateTo(20);
    expect(await compaction).toBe('OFFSET_OUT_OF_RANGE');
    await expectWhole(log, 20);
  });

  test('closing it ends it, and leaves no file of it', async () => {
    const log = await keyed(40, 3);
    const compaction = codeOf(() => log.compact(ONE));
    await log.close();
    expect(await compaction).toBe('LOG_CLOSED');
    expect(readdirSync(log.directory).filter((name) => /cleaned|swap|deleted/.test(name))).toEqual([]);
    const again = await Log.open(log.directory, SMALL);
    await expectWhole(again, 40);
  });

  test('a signal ends it with its reason', async () => {
    const log = await keyed(40, 3);
    const stop = new AbortController();
    const compaction = log.compact({ ...ONE, signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(compaction).rejects.toThrow('enough');
    await expectWhole(log, 40);
  });

  test('records that are deleted stay deleted', async () => {
    await using log = await keyed(40, 3, { cleanupPolicy: ['compact', 'delete'] });
    const compaction = log.compact({ segmentBytes: 320 });
    await log.deleteRecordsBefore(21);
    await compaction;
    expect(log.logStartOffset).toBe(21);
    expect(basesOf(log)[0]).toBeGreaterThanOrEqual(16);
    expect(offsetsIn(log.readSync()).slice(-5)).toEqual([35, 36, 37, 38, 39]);
    expect(readdirSync(log.directory).filter((name) => /cleaned|swap/.test(name))).toEqual([]);
  });
});

test('a reader of another process finds the new segments when it looks again', async () => {
  await using log = await keyed(12, 3);
  using reader = LogReader.open(log.directory);
  expect(offsetsIn(reader.readSync())).toHaveLength(12);
  await log.compact(ONE);
  await append(log, 2, 3);
  reader.refresh();
  expect(offsetsIn(reader.readSync())).toEqual([7, 8, 9, 10, 11, 12, 13]);
  await log.compact({ segmentBytes: 320 });
  reader.refresh();
  expect(offsetsIn(reader.readSync())).toEqual([9, 10, 11, 12, 13]);
});

/** That a log has each record up to `end`, and no file but its own; closes it. */
async function expectWhole(log: Log, end: number): Promise<void> {
  expect(offsetsIn(log.readSync())).toEqual(Array.from({ length: end }, (_, at) => at));
  expect(readdirSync(log.directory).filter((name) => /cleaned|swap/.test(name))).toEqual([]);
  await log.close();
}

test('a round that was ended in the middle leaves no files of its own, also when nobody cleans again', async () => {
  await using log = await keyed(12, 3);
  const ended = log.compact(ONE, ({ directory }) => {
    // As a thread that is terminated leaves them.
    for (const suffix of ['log', 'index'])
      writeFileSync(join(directory, `${'0'.repeat(20)}.${suffix}.cleaned`), 'half');
    return Promise.reject(new Error('ended'));
  });
  await expect(ended).rejects.toThrow('ended');
  expect(readdirSync(log.directory).filter((name) => /cleaned|swap/.test(name))).toEqual([]);
});
