/** Where the recovery point lies within a batch, that batch was not on the disk: what is torn of it is no damage. */
import { truncateSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Log } from '../../../src/index.ts';
import { scratchPartition } from '../../support/temp.ts';
import { BATCH_BYTES, fileOf, fill, killed, valuesOf } from '../telling/support.ts';

const THREE = ['a', 'b', 'c'].map((value) => ({ value, timestamp: 1000 }));

test('a batch that the log start lies in, and that a crash tore before any sync, is cut; the log starts anew at its start', async () => {
  const log = await Log.open(scratchPartition());
  await log.append(THREE);
  await log.deleteRecordsBefore(2);
  const directory = await killed(log);
  truncateSync(fileOf(directory, 0), 30);
  await using again = await Log.open(directory);
  expect(again.status().corruption).toBeUndefined();
  expect([again.logStartOffset, again.logEndOffset]).toEqual([2, 2]);
  await fill(again, 1);
  expect(valuesOf(again)).toEqual(['0002']);
});

test('what came behind a truncation to the middle of a batch, and that a crash tore, is cut, and the log goes on', async () => {
  const log = await Log.open(scratchPartition());
  await fill(log, 1);
  await log.append(THREE);
  await log.flush();
  await log.truncateTo(3);
  await fill(log, 1);
  const directory = await killed(log);
  truncateSync(fileOf(directory, 0), BATCH_BYTES + 30);
  await using again = await Log.open(directory);
  expect(again.status().corruption).toBeUndefined();
  expect(again.logEndOffset).toBe(1);
  await fill(again, 1);
  expect(valuesOf(again)).toEqual(['0000', '0001']);
});
