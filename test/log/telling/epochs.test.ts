/** What Kafka's UnifiedLogTest tells of the leader epochs of a log. */
import { expect, test } from 'vitest';
import { Log } from '../../../src/index.ts';
import { scratchPartition } from '../../support/temp.ts';
import { batchOf, messageOf } from '../validate/make.ts';

test('testLeaderEpochCacheClearedAfterDowngradeInAppendedMessages: a batch of format 1 has no epoch, and clears all', async () => {
  await using log = await Log.open(scratchPartition());
  await log.appendEncoded(batchOf([{ timestamp: 1 }], { baseOffset: 0, partitionLeaderEpoch: 5 }), 'given');
  expect(log.leaderEpochs()).toEqual([{ epoch: 5, startOffset: 0 }]);
  await log.appendEncoded(messageOf({ magic: 1, offset: 1, timestamp: 1, value: 'old' }), 'given');
  expect(log.leaderEpochs()).toEqual([]);
  expect(log.logEndOffset).toBe(2);
});

test('testTruncateToEndOffsetClearsEpochCache: an epoch that starts at the log end, or above it, is forgotten', async () => {
  for (const at of [4, 5]) {
    await using log = await Log.open(scratchPartition());
    for (let i = 0; i < 4; i++) await log.append({ value: 'x' });
    log.becomeLeader(7);
    expect(log.leaderEpochs()).toHaveLength(2);
    expect(await log.truncateTo(at)).toBe(false);
    expect(log.leaderEpochs()).toEqual([{ epoch: 0, startOffset: 0 }]);
  }
});
