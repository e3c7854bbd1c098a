/** What Kafka's LogLoaderTest and LogSegmentTest tell of opening a log. */
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/clock/clock.ts';
import { SUFFIXES } from '../../../src/format/names.ts';
import { Log } from '../../../src/index.ts';
import { fuzzPlan, Random } from '../../support/random.ts';
import { scratchPartition } from '../../support/temp.ts';
import { batchOf } from '../validate/make.ts';
import { basesOf, BATCH_BYTES, by, fileOf, fill, killed, numbered, snapshotsIn, valuesOf } from './support.ts';

/** Near to the timestamps: producers expire a day after theirs. */
const clock = new ManualClock(2000);
const OPTIONS = { clock, segmentBytes: 2 * BATCH_BYTES, indexIntervalBytes: 0 };
const INDEXES = [SUFFIXES.offsetIndex, SUFFIXES.timeIndex];
const record = (value: string) => ({ value, timestamp: 1000 });

/** A partition directory with `count` records that was closed clean. */
async function closed(count: number, options = OPTIONS): Promise<string> {
  const directory = scratchPartition();
  await using log = await Log.open(directory, options);
  await fill(log, count);
  return directory;
}

/** The same of one that was not. */
async function crashed(count: number, options = OPTIONS): Promise<string> {
  const log = await Log.open(scratchPartition(), options);
  await fill(log, count);
  return killed(log);
}

describe('testLogRecoveryIsCalledUponBrokerCrash', () => {
  test('nothing is scanned after a clean close, and every segment after a crash, once', async () => {
    await using clean = await Log.open(await closed(7), OPTIONS);
    expect(clean.status().recovery).toBeUndefined();
    const directory = await crashed(7);
    {
      await using log = await Log.open(directory, OPTIONS);
      expect(log.status().recovery?.scannedSegments).toBeGreaterThan(0);
      expect(valuesOf(log)).toEqual(numbered(7));
    }
    await using again = await Log.open(directory, OPTIONS);
    expect(again.status().recovery).toBeUndefined();
  });
});

describe('files that do not belong', () => {
  test('testOpenDeletesObsoleteFiles: .deleted files are gone once the log is open', async () => {
    const directory = await closed(3);
    for (const suffix of [SUFFIXES.log, ...INDEXES]) writeFileSync(`${fileOf(directory, 0, suffix)}.deleted`, 'x');
    await using log = await Log.open(directory, OPTIONS);
    expect(readdirSync(directory).filter((name) => name.endsWith('.deleted'))).toEqual([]);
    expect(valuesOf(log)).toEqual(numbered(3));
  });

  test('testBogusIndexSegmentsAreRemoved: indexes without a log go', async () => {
    const directory = await closed(3);
    for (const suffix of [...INDEXES, SUFFIXES.transactionIndex]) writeFileSync(fileOf(directory, 1, suffix), 'x');
    await using log = await Log.open(directory, OPTIONS);
    expect(readdirSync(directory).filter((name) => name.startsWith('00000000000000000001'))).toEqual([]);
    expect(valuesOf(log)).toEqual(numbered(3));
  });
});

describe('indexes', () => {
  test('testIndexRebuild: those that are missing are built anew', async () => {
    const directory = await closed(9);
    const before = INDEXES.map((suffix) => readFileSync(fileOf(directory, 2, suffix)));
    for (const suffix of INDEXES) for (const base of [0, 2, 4, 6, 8]) rmSync(fileOf(directory, base, suffix));
    await using log = await Log.open(directory, OPTIONS);
    for (let offset = 0; offset < 9; offset++) expect(log.find(offset)?.baseOffset).toBe(offset);
    expect(log.offsetForTimestamp(1000)).toEqual({ offset: 0, timestamp: 1000 });
    expect(INDEXES.map((suffix) => readFileSync(fileOf(directory, 2, suffix)))).toEqual(before);
  });

  test('testCorruptIndexRebuild: those of garbage are built anew after a crash', async () => {
    const directory = await crashed(9);
    const clean = await closed(9);
    for (const suffix of INDEXES)
      for (const base of [0, 2, 4, 6, 8]) appendFileSync(fileOf(directory, base, suffix), '\0\0 ');
    {
      await using log = await Log.open(directory, OPTIONS);
      for (let offset = 0; offset < 9; offset++) expect(log.find(offset)?.baseOffset).toBe(offset);
    }
    for (const suffix of INDEXES) {
      expect(readFileSync(fileOf(directory, 2, suffix))).toEqual(readFileSync(fileOf(clean, 2, suffix)));
    }
  });

  test('testIndexResizingAtTruncation: the segment that is active again has room for as many entries as before', async () => {
    const options = { segmentIndexBytes: 12 * 6, indexIntervalBytes: 0 };
    await using log = await Log.open(scratchPartition(), options);
    const append = () => log.append({ value: 'x', timestamp: 1000 + log.logEndOffset });
    while (log.segments().length < 3) await append();
    const bases = basesOf(log);
    expect(bases[2]).toBe(2 * (bases[1] as number));
    await log.truncateTo(2);
    expect(basesOf(log)).toEqual([0]);
    while (log.segments().length < 2) await append();
    // The count towards the next entry starts anew, so that one more record may come.
    expect((basesOf(log)[1] as number) - (bases[1] as number)).toBeOneOf([0, 1]);
  });
});

describe('recovery', () => {
  const { seed, cases } = fuzzPlan(25);
  test(`testCorruptLog: of random damage the valid prefix is left, and the log goes on there (seed ${seed})`, async () => {
    const random = new Random(seed);
    for (let at = 0; at < cases; at++) {
      const count = random.between(1, 30);
      const directory = await crashed(count);
      const bases = readdirSync(directory).filter((name) => name.endsWith('.log'));
      const path = join(directory, random.pick(bases));
      const base = Number.parseInt(path.slice(-24), 10);
      const inside = Math.min(2, count - base);
      // Within a batch: a file that ends with a batch shows no damage.
      const place = random.between(0, inside - 1) * BATCH_BYTES + random.between(1, BATCH_BYTES - 1);
      truncateSync(path, inside * BATCH_BYTES);
      if (random.chance(0.5)) truncateSync(path, place);
      else writeFileSync(path, Buffer.concat([readFileSync(path).subarray(0, place), Buffer.alloc(40, 0xff)]));
      const expected = numbered(base + Math.floor(place / BATCH_BYTES));
      await using log = await Log.open(directory, OPTIONS);
      expect(valuesOf(log)).toEqual(expected);
      await log.append(record('more'));
      expect(valuesOf(log)).toEqual([...expected, 'more']);
    }
  });

  test('testRecoverWithEmptyActiveSegment: the log goes on in it', async () => {
    const directory = await crashed(4);
    writeFileSync(fileOf(directory, 4), '');
    await using log = await Log.open(directory, OPTIONS);
    expect([log.logEndOffset, basesOf(log)]).toEqual([4, [0, 2, 4]]);
    await fill(log, 1);
    expect(valuesOf(log)).toEqual(numbered(5));
  });

  test('testOverCompactedLogRecovery: offsets 2^31 apart lie in segments of their own, before and after a crash', async () => {
    const offsets = [0, 2 ** 31 - 1, 2 ** 31, 2 ** 32 + 1];
    const log = await Log.open(scratchPartition());
    for (const baseOffset of offsets) {
      await log.appendEncoded(batchOf([{ timestamp: 1, value: `${baseOffset}` }], { baseOffset }), 'given');
    }
    expect(basesOf(log)).toEqual([0, 2 ** 31, 2 ** 32 + 1]);
    await using again = await Log.open(await killed(log));
    expect(basesOf(again)).toEqual([0, 2 ** 31, 2 ** 32 + 1]);
    expect(valuesOf(again)).toEqual(offsets.map(String));
  });

  test('testRecoverOnlyLastSegment, testRecoverTransactionIndex: an abort is found again though its transaction began in a segment that is not scanned', async () => {
    const log = await Log.open(scratchPartition(), OPTIONS);
    await log.append(record('0000'), by(1, 0, true));
    await fill(log, 6);
    await log.flush();
    await log.append(record('0001'), by(2, 0, true));
    await log.endTransaction({ producerId: 1, producerEpoch: 0, result: 'abort' });
    const aborted = log.abortedTransactions(0, log.logEndOffset);
    expect(aborted).toHaveLength(1);
    const base = basesOf(log).at(-1) as number;
    const directory = await killed(log);
    writeFileSync(join(dirname(directory), 'recovery-point-offset-checkpoint'), `0\n1\nt 0 ${base}\n`);
    rmSync(fileOf(directory, base, SUFFIXES.transactionIndex));
    await using again = await Log.open(directory, OPTIONS);
    expect(again.status().recovery?.scannedSegments).toBe(1);
    expect(again.abortedTransactions(0, again.logEndOffset)).toEqual(aborted);
    expect(again.lastStableOffset).toBe(7);
  });

  test('testRecoveryRebuildsEpochCache: leader epochs that their file lacks come from the batches', async () => {
    const log = await Log.open(scratchPartition());
    for (const [baseOffset, partitionLeaderEpoch] of [
      [104, 0],
      [106, 1],
      [108, 1],
      [112, 2],
    ] as const) {
      const fields = { baseOffset, partitionLeaderEpoch };
      await log.appendEncoded(batchOf([{ timestamp: 1 }, { timestamp: 2 }], fields), 'given');
    }
    const directory = await killed(log);
    rmSync(join(directory, 'leader-epoch-checkpoint'));
    await using again = await Log.open(directory);
    expect(again.leaderEpochs()).toEqual([
      { epoch: 0, startOffset: 104 },
      { epoch: 1, startOffset: 106 },
      { epoch: 2, startOffset: 112 },
    ]);
  });
});

describe('the log start', () => {
  test('testLogEndLessThanStartAfterReopen: a log that ends below it starts there anew', async () => {
    const directory = await crashed(9);
    writeFileSync(join(dirname(directory), 'log-start-offset-checkpoint'), '0\n1\nt 0 8\n');
    for (const base of [6, 8]) for (const suffix of [SUFFIXES.log, ...INDEXES]) rmSync(fileOf(directory, base, suffix));
    await using log = await Log.open(directory, OPTIONS);
    expect([log.logStartOffset, log.logEndOffset, basesOf(log)]).toEqual([8, 8, [8]]);
    await fill(log, 1);
    expect(valuesOf(log)).toEqual(['0008']);
  });

  test('testCheckpointLogStartOffsetForNormalTopic: is on record when it lies within the first segment, only then', async () => {
    const directory = scratchPartition();
    const checkpoint = join(directory, '..', 'log-start-offset-checkpoint');
    {
      await using log = await Log.open(directory, OPTIONS);
      await fill(log, 6);
      await log.deleteRecordsBefore(3);
      expect(readFileSync(checkpoint, 'utf8')).toBe('0\n1\nt 0 3\n');
      await log.deleteRecordsBefore(4);
      expect(readFileSync(checkpoint, 'utf8')).toBe('0\n0\n');
      await log.deleteRecordsBefore(5);
    }
    await using again = await Log.open(directory, OPTIONS);
    expect(again.logStartOffset).toBe(5);
  });

  test('testLoadProducersAfterDeleteRecordsMidSegment: producers whose records are deleted stay known', async () => {
    const directory = scratchPartition();
    {
      await using log = await Log.open(directory, { clock });
      await log.append(record('a'), by(1, 0));
      await log.append(record('b'), by(2, 0));
      await log.deleteRecordsBefore(1);
      expect(log.producers()).toHaveLength(2);
    }
    await using again = await Log.open(directory, { clock });
    expect([again.logStartOffset, again.producers().map(({ producerId }) => producerId)]).toEqual([1, [1, 2]]);
  });
});

describe('producer snapshots', () => {
  test('testLoadingLogKeepsLargestStrayProducerStateSnapshot: strays go, but for that of a clean shutdown', async () => {
    const directory = await closed(5);
    const newest = readFileSync(fileOf(directory, 5, SUFFIXES.producerSnapshot));
    for (const stray of [1, 3]) writeFileSync(fileOf(directory, stray, SUFFIXES.producerSnapshot), newest);
    expect(snapshotsIn(directory)).toEqual([1, 2, 3, 4, 5]);
    await using log = await Log.open(directory, OPTIONS);
    expect(snapshotsIn(directory)).toEqual([2, 4, 5]);
    expect(log.logEndOffset).toBe(5);
  });

  test('testSkipTruncateAndReloadIfNewMessageFormatAndCleanShutdown: without any after a clean close nothing is scanned for them', async () => {
    const directory = scratchPartition();
    {
      await using log = await Log.open(directory, OPTIONS);
      for (let i = 0; i < 5; i++) await log.append(record('0000'), by(1, i));
      expect(log.producers()).toHaveLength(1);
    }
    for (const offset of snapshotsIn(directory)) rmSync(fileOf(directory, offset, SUFFIXES.producerSnapshot));
    await using log = await Log.open(directory, OPTIONS);
    expect(log.producers()).toEqual([]);
    expect(snapshotsIn(directory)).toEqual([...basesOf(log).slice(-2), 5]);
  });

  test('testCorruptedLogRecoveryDoesNotDeleteProducerStateSnapshotsPostRecovery: those below a cut stay', async () => {
    const log = await Log.open(scratchPartition(), OPTIONS);
    for (let i = 0; i < 9; i++) await log.append(record('0000'), by(1, i));
    const directory = await killed(log);
    const bases = snapshotsIn(directory);
    const cutBase = bases.at(-2) as number;
    truncateSync(fileOf(directory, cutBase), 30);
    {
      await using again = await Log.open(directory, OPTIONS);
      expect(again.logEndOffset).toBe(cutBase);
      expect(again.producers()).toMatchObject([{ producerId: 1, lastSequence: cutBase - 1 }]);
      expect(snapshotsIn(directory)).toEqual(bases.filter((base) => base <= cutBase));
    }
    await using once = await Log.open(directory, OPTIONS);
    expect(snapshotsIn(directory)).toEqual(bases.filter((base) => base <= cutBase));
    expect(once.producers()).toHaveLength(1);
  });
});

test('testCleanShutdownFileWhenShutdownCalledBeforeStartupComplete: a log that could not be opened leaves no mark', async () => {
  const directory = await closed(2);
  const mark = join(dirname(directory), '.kafka_cleanshutdown');
  writeFileSync(mark, '{"version":0,"brokerEpoch":5}');
  rmSync(fileOf(directory, 0));
  writeFileSync(`${directory}/99999999999999999999.log`, '');
  await expect(Log.open(directory)).rejects.toMatchObject({ code: 'OFFSET_NOT_EXACT' });
  expect(existsSync(mark)).toBe(false);
});
