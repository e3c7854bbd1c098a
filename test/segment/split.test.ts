/** A split that dies at any of its changes, with the machine or without: all records are there, once. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { segmentFileName, SUFFIXES } from '../../src/format/names.ts';
import { Log } from '../../src/index.ts';
import { splitSegment } from '../../src/segment/split.ts';
import { batchOf } from '../log/validate/make.ts';
import { segmentContext } from '../support/context.ts';
import { CrashingFileSystem, Died } from '../support/crashing-fs.ts';
import { Random } from '../support/random.ts';

const DIRECTORY = '/logs/t-0';

/** One segment with a batch at each offset, all of it on the disk. */
function overflowing(offsets: readonly number[]): CrashingFileSystem {
  const fs = new CrashingFileSystem();
  for (const directory of ['/logs', DIRECTORY]) fs.makeDirectory(directory);
  const batch = (baseOffset: number): Buffer => batchOf([{ timestamp: 1, value: `${baseOffset}` }], { baseOffset });
  fs.replaceSmall(join(DIRECTORY, segmentFileName(0, SUFFIXES.log)), Buffer.concat(offsets.map(batch)));
  return fs;
}

/** Splits, and dies at the `at`th change; tells whether it came to that. */
function dies(fs: CrashingFileSystem, at: number): boolean {
  fs.dieIn(at);
  try {
    splitSegment({ ...segmentContext(), fs }, DIRECTORY, 0);
    return false;
  } catch (error) {
    if (!(error instanceof Died)) throw error;
    return true;
  }
}

test.each([
  [[0, 1, 2 ** 31, 2 ** 31 + 1, 2 ** 32 + 7, 2 ** 33]],
  // The old one has a name that none of the new ones has.
  [[2 ** 31 + 5, 2 ** 31 + 6, 2 ** 33]],
])('of offsets %j', async (offsets) => {
  const random = new Random(21);
  let images = 0;
  for (let at = 1, hasDied = true; hasDied; at++) {
    const fs = overflowing(offsets);
    hasDied = dies(fs, at);
    for (let turn = 0; turn < 6; turn++, images++) {
      const image = turn === 0 ? fs.afterProcessEnd() : fs.afterPowerLoss(() => random.chance(turn / 6));
      const log = await Log.open(DIRECTORY, { fs: image });
      const values = [...log.readSync()].flatMap((batch) => batch.records().map(({ value }) => value?.toString()));
      expect(values).toEqual(offsets.map(String));
      await log.close();
    }
  }
  expect(images).toBeGreaterThan(100);
});
