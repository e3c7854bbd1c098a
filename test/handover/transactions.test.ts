/** Transactions that are open when directories change hands: whose they are, and who ends them. */
import { expect, test } from 'vitest';
import type { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { TransactionLogKey, TransactionLogValue } from '../../src/message/generated/transaction-log.ts';
import { writeMessage } from '../../src/message/write.ts';
import { MessageWriter } from '../../src/message/writer.ts';
import { adopting, closedStore, handingOver, PATHS, problemsOf } from './support.ts';

const STATES = { empty: 0, ongoing: 1, prepareCommit: 2, prepareAbort: 3, completeCommit: 4 };

/** What Kafka's coordinator has written of the transactional id `t`; null: a tombstone. */
interface Written {
  readonly state: keyof typeof STATES;
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly partitions?: readonly number[];
}

/** A record of `__transaction_state`: `number` is the type of a key, or the version of a value. */
function bytesOf<T>(message: Parameters<typeof writeMessage<T>>[0], number: number, value: T): Uint8Array {
  const writer = new MessageWriter();
  writer.int16(number);
  writeMessage(message, writer, value, number);
  return writer.bytes;
}

function valueOf({ state, producerId = 7, producerEpoch = 0, partitions = [1] }: Written): Uint8Array {
  return bytesOf(TransactionLogValue, 1, {
    ...{ producerId, previousProducerId: -1, nextProducerId: -1, producerEpoch, nextProducerEpoch: -1 },
    ...{ transactionTimeoutMs: 60_000, transactionStatus: STATES[state], clientTransactionVersion: 2 },
    transactionPartitions: [{ topic: 'events', partitionIds: partitions }],
    ...{ transactionLastUpdateTimestampMs: 1, transactionStartTimestampMs: 1 },
  });
}

/** Producer 7 has a transaction open in `events-1`, of which Kafka's coordinator has written so much. */
function storeWithOpen(...written: (Written | null)[]): Promise<MemoryFileSystem> {
  return closedStore(async (store) => {
    await store.createTopic({ name: '__transaction_state', partitions: 2, config: { cleanupPolicy: ['compact'] } });
    const key = bytesOf(TransactionLogKey, 0, { transactionalId: 't' });
    for (const one of written) {
      await store.partition('__transaction_state', 1).append({ key, value: one === null ? null : valueOf(one) });
    }
    const producer = { producerId: 7, producerEpoch: 0, baseSequence: 0, isTransactional: true };
    await store.partition('events', 1).append([{ value: 'v' }], { producer });
  });
}

async function toldAtAdopting(fs: MemoryFileSystem): Promise<string[]> {
  const told: string[] = [];
  expect(await adopting(fs, PATHS, ({ code, message }) => told.push(`${code}: ${message}`))).toMatchObject({
    topics: 3,
  });
  return told;
}

test.each<{ says: string; written: readonly Written[]; told: RegExp }>([
  {
    says: 'has decided to commit it',
    written: [{ state: 'ongoing' }, { state: 'prepareCommit', partitions: [1, 3], producerEpoch: 1 }],
    told: /has decided to commit: t.*'commit'.*events-1, events-3/,
  },
  {
    says: 'has decided to abort it',
    written: [{ state: 'ongoing' }, { state: 'prepareAbort' }],
    told: /has decided to abort: t.*'abort'.*events-1/,
  },
  {
    says: 'has not decided',
    written: [{ state: 'empty' }, { state: 'ongoing' }],
    told: /has not decided: t.*'abort'.*events-1/,
  },
])('one of which Kafka $says is told of with its outcome, and given back as it is', async ({ written, told }) => {
  const fs = await storeWithOpen(...written);
  expect(await toldAtAdopting(fs)).toEqual([
    expect.stringMatching(
      /^INVALID_TRANSACTION_STATE: producer 7 has a transaction open that Kafka .*from offset 0 on/,
    ),
  ]);
  expect(await toldAtAdopting(fs)).toEqual([expect.stringMatching(told)]);
  expect(problemsOf(await handingOver(fs))).toEqual([]);
});

test.each<{ says: string; written: readonly (Written | null)[] }>([
  { says: 'nothing of it', written: [] },
  { says: 'that it has ended', written: [{ state: 'ongoing' }, { state: 'completeCommit' }] },
  { says: 'no more of it', written: [{ state: 'ongoing' }, null] },
  { says: 'nothing of the partition', written: [{ state: 'ongoing', partitions: [0, 2] }] },
  { says: 'only an older epoch of the producer', written: [{ state: 'ongoing', producerEpoch: -1 }] },
  { says: 'only another producer', written: [{ state: 'ongoing', producerId: 8 }] },
])('one of which Kafka knows $says is not handed over: it would never end', async ({ written }) => {
  const fs = await storeWithOpen(...written);
  const expected = [
    expect.stringMatching(
      /^INVALID_TRANSACTION_STATE: producer 7 has a transaction open that no coordinator.*from offset 0 on/,
    ),
  ];
  expect(problemsOf(await handingOver(fs))).toEqual(expected);
  // A store can end it: whoever adopts it is told.
  expect(await toldAtAdopting(fs)).toEqual(expected);
});

test('where what Kafka has written of transactions cannot be read, none is handed over', async () => {
  const fs = await closedStore(async (store) => {
    await store.createTopic({ name: '__transaction_state', partitions: 1 });
    const key = bytesOf(TransactionLogKey, 0, { transactionalId: 't' });
    await store.partition('__transaction_state', 0).append({ key, value: Buffer.from([0, 99]) });
    const producer = { producerId: 7, producerEpoch: 0, baseSequence: 0, isTransactional: true };
    await store.partition('events', 1).append([{ value: 'v' }], { producer });
  });
  expect(problemsOf(await handingOver(fs))).toEqual([
    expect.stringMatching(/TransactionLogValue/),
    expect.stringMatching(/^INVALID_TRANSACTION_STATE: /),
  ]);
});
