/** What Kafka's UnifiedLogTest and LogLoaderTest tell of a segment whose offsets go too far from its base. */
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { SUFFIXES } from '../../../src/format/names.ts';
import { Log } from '../../../src/index.ts';
import { splitSegment } from '../../../src/segment/split.ts';
import { segmentContext } from '../../support/context.ts';
import { scratchPartition } from '../../support/temp.ts';
import { batchOf } from '../validate/make.ts';
import { basesOf, fileOf, valuesOf } from './support.ts';

/** A partition of one segment from `base` on, with a batch at each offset. */
function overflowing(offsets: readonly number[], base = 0): string {
  const directory = scratchPartition();
  mkdirSync(directory);
  const batch = (baseOffset: number) => batchOf([{ timestamp: 1, value: `${baseOffset}` }], { baseOffset });
  writeFileSync(fileOf(directory, base), Buffer.concat(offsets.map(batch)));
  return directory;
}

const OFFSETS = [0, 1, 2 ** 31, 2 ** 31 + 1, 2 ** 32 + 7];
const PARTS = [0, 2 ** 31, 2 ** 32 + 7];

test('testSplitOnOffsetOverflow, testAppendFromFile: each part stops before the batch that would overflow it', async () => {
  const directory = overflowing(OFFSETS);
  const before = readFileSync(fileOf(directory, 0));
  expect(splitSegment(segmentContext(), directory, 0)).toEqual(PARTS);
  expect(Buffer.concat(PARTS.map((base) => readFileSync(fileOf(directory, base))))).toEqual(before);
  await using log = await Log.open(directory);
  expect([basesOf(log), valuesOf(log)]).toEqual([PARTS, OFFSETS.map(String)]);
});

test.each([[[2 ** 31 + 5]], [[2 ** 31 + 5, 2 ** 31 + 6]]])(
  'testDegenerateSegmentSplit: of batches %j, none of which fits, comes one segment with another base',
  async (offsets) => {
    const directory = overflowing(offsets);
    expect(splitSegment(segmentContext(), directory, 0)).toEqual([2 ** 31 + 5]);
    await using log = await Log.open(directory);
    expect([basesOf(log), valuesOf(log)]).toEqual([[2 ** 31 + 5], offsets.map(String)]);
  },
);

describe('a crash while a segment is split leaves the same records', () => {
  /** A directory before the split, with the parts under the given stages; without a stage a part is not there. */
  function stopped(stages: readonly (string | undefined)[], hasOld: boolean): string {
    const done = overflowing(OFFSETS);
    splitSegment(segmentContext(), done, 0);
    const directory = overflowing(OFFSETS);
    if (!hasOld) rmSync(fileOf(directory, 0));
    for (const [at, stage] of stages.entries()) {
      const base = PARTS[at] as number;
      if (stage !== undefined) cpSync(fileOf(done, base), fileOf(directory, base) + stage);
    }
    return directory;
  }

  test.each([
    ['1: while the parts are written', ['.cleaned', '.cleaned', undefined], true],
    ['2: while they are renamed, the last one first', ['.cleaned', '.swap', '.swap'], true],
    ['3: before the old one goes', ['.swap', '.swap', '.swap'], true],
    ['4: once the old one is gone', ['.swap', '.swap', '.swap'], false],
    ['5: while they get their names', ['', '.swap', '.swap'], false],
  ] as const)('testRecoveryAfterCrashDuringSplitPhase%s', async (_phase, stages, hasOld) => {
    const directory = stopped(stages, hasOld);
    await using log = await Log.open(directory);
    expect([basesOf(log), valuesOf(log)]).toEqual([PARTS, OFFSETS.map(String)]);
    expect(log.status().corruption).toBeUndefined();
  });

  test('testRecoveryAfterCrashDuringSplitPhase4: an old one that is only renamed to .deleted goes', async () => {
    const directory = stopped(['.swap', '.swap', '.swap'], true);
    renameSync(fileOf(directory, 0, SUFFIXES.log), `${fileOf(directory, 0, SUFFIXES.log)}.deleted`);
    await using log = await Log.open(directory);
    expect([basesOf(log), valuesOf(log)]).toEqual([PARTS, OFFSETS.map(String)]);
  });
});
