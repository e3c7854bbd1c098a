/** The leader epochs that appends are stamped with, in a log that took batches of another leader. */
import { expect, test } from 'vitest';
import { Log } from '../../../src/index.ts';
import { scratchPartition } from '../../support/temp.ts';
import { batchOf } from '../validate/make.ts';

const followed = (baseOffset: number, partitionLeaderEpoch: number): Buffer =>
  batchOf([{ timestamp: 1, value: 'x' }], { baseOffset, partitionLeaderEpoch });

test('are never older than the last batch of that leader, so that no epoch of the log is dropped', async () => {
  await using log = await Log.open(scratchPartition());
  await log.append({ value: 'own' });
  await log.appendEncoded(followed(1, 4), 'given');
  expect(log.leaderEpoch).toBe(4);
  await log.append({ value: 'own again' });
  await log.appendEncoded(followed(0, 0));
  await log.endTransaction({ producerId: 1, producerEpoch: 0, result: 'commit' });
  expect([...log.readSync()].map(({ partitionLeaderEpoch }) => partitionLeaderEpoch)).toEqual([0, 4, 4, 4, 4]);
  expect(log.leaderEpochs()).toEqual([
    { epoch: 0, startOffset: 0 },
    { epoch: 4, startOffset: 1 },
  ]);
});

test('are its own again where those batches are cut off, and where it leads in a later epoch', async () => {
  await using log = await Log.open(scratchPartition());
  await log.append({ value: 'own' });
  await log.appendEncoded(followed(1, 4), 'given');
  await log.truncateTo(1);
  expect(log.leaderEpoch).toBe(0);
  log.becomeLeader(6);
  await log.append({ value: 'own again' });
  expect(log.leaderEpochs()).toEqual([
    { epoch: 0, startOffset: 0 },
    { epoch: 6, startOffset: 1 },
  ]);
});
