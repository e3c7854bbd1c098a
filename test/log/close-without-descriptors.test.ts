/** A sealed segment that could not be opened to be synced is synced by the close: the mark of a clean stop speaks of it, too. */
import { expect, test } from 'vitest';
import { Log, SeglogError } from '../../src/index.ts';
import { Disk } from '../simulate/disk/disk.ts';
import { DiskProcess } from '../simulate/disk/disk-process.ts';
import { Random } from '../support/random.ts';

const DIRECTORY = '/logs/t-0';
const VALUES = ['a record of the first segment', 'a record of the second segment'];

test('F17: what could not be synced behind a roll, for want of descriptors, is on the disk once the log is closed', async () => {
  const disk = new Disk();
  const process = new DiskProcess(disk);
  process.makeDirectory('/logs');
  disk.settleAll();
  const open = process.open.bind(process);
  let refused = 0;
  let isOut = true;
  process.open = (path, mode) => {
    if (isOut && mode === 'update' && path.endsWith('.log')) {
      refused++;
      throw new SeglogError('IO', 'no descriptors', { file: path, errno: 'EMFILE' });
    }
    return open(path, mode);
  };
  const log = await Log.open(DIRECTORY, { fs: process, segmentBytes: 100 });
  for (const value of VALUES) await log.append({ value });
  await expect.poll(() => refused).toBe(1);
  isOut = false;
  await log.close();
  process.end();
  const left = disk.afterPowerLoss(new Random(1), { names: 0, pages: 0, isOrdered: true });
  const again = await Log.open(DIRECTORY, { fs: new DiskProcess(left) });
  const found = [...again.readSync()].flatMap((batch) => batch.records().map(({ value }) => value?.toString()));
  expect(found).toEqual(VALUES);
  expect(again.status().recovery).toBeUndefined();
});
