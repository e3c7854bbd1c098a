/**
 * A truncation loads the producers anew, from the log start on: a transaction that began below it is not known any more.
 * Kafka forgets it, too, and takes batches outside of it; but its recovery, which scans the whole segment, then throws
 * `InvalidTxnStateException`, and the log stays closed.
 */
import { expect, test } from 'vitest';
import { ManualClock } from '../../../src/clock/clock.ts';
import { Log } from '../../../src/index.ts';
import { scratchPartition } from '../../support/temp.ts';
import { by, killed } from './support.ts';

const clock = new ManualClock(2000);
const record = { value: 'x', timestamp: 1000 };

async function forgetting(): Promise<Log> {
  const log = await Log.open(scratchPartition(), { clock });
  await log.append(record, { producer: { producerId: 1, producerEpoch: 0, baseSequence: 0, isTransactional: true } });
  for (let i = 0; i < 5; i++) await log.append(record);
  await log.deleteRecordsBefore(2);
  expect(log.lastStableOffset).toBe(2);
  await log.truncateTo(4);
  expect(log.producers()).toEqual([]);
  expect(log.lastStableOffset).toBe(4);
  return log;
}

test('a recovery keeps what a producer wrote outside of a transaction that the log had lost sight of', async () => {
  const log = await forgetting();
  await log.append(record, by(1, 0));
  await log.append(record);
  const directory = await killed(log);
  // The second opening scans the segment, as the first one did, from its first batch on.
  for (const recoveryPoint of [0, 2, 6]) {
    await using again = await Log.open(directory, { clock, recovery: { clean: false, recoveryPoint } });
    again.checkAppendable();
    const cuts = again.status().recovery?.cuts ?? [];
    expect(cuts.filter(({ kind }) => kind !== 'zero-tail')).toEqual([]);
    expect(again.logEndOffset).toBe(6);
    expect(again.lastStableOffset).toBe(6);
    expect(again.producers()).toMatchObject([{ producerId: 1, lastOffset: 4, currentTxnFirstOffset: -1 }]);
  }
});

test('where its producer wrote no more, a recovery finds that transaction open again, as in Kafka', async () => {
  const log = await forgetting();
  await log.append(record);
  await using again = await Log.open(await killed(log), { clock, recovery: { clean: false, recoveryPoint: 0 } });
  expect(again.producers()).toMatchObject([{ producerId: 1, currentTxnFirstOffset: 0 }]);
  expect(again.lastStableOffset).toBe(2);
});
