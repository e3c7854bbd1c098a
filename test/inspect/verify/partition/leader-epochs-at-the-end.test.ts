import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Log } from '../../../../src/index.ts';
import { scratchPartition } from '../../../support/temp.ts';
import { findingsWithin, inShort } from './support.ts';

test.each([
  ['that starts at its end none is missing', -1, []],
  ['that starts before its end one is', 2, ['warning LEADER_EPOCHS_MISSING leader-epoch-checkpoint null']],
])('without a file of leader epochs, of a log %s', async (_what, before, expected) => {
  const directory = scratchPartition();
  {
    await using log = await Log.open(directory);
    for (let n = 0; n < 3; n++) await log.append({ value: 'x' });
    await log.deleteRecordsBefore(before);
  }
  rmSync(join(directory, 'leader-epoch-checkpoint'));
  expect(inShort(findingsWithin(directory))).toEqual(expected);
});
