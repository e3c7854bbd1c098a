import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OFFSETS_TOPIC } from '../../src/group/records/partition-for-group.ts';
import type { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { copyOf, DIRECTORY, drain, fill, type GroupBench, groupBench } from './support.ts';

let bench: GroupBench;

beforeEach(async () => {
  bench = await groupBench();
  await bench.store.createTopic({ name: 't', partitions: 2 });
});
afterEach(() => bench.store.close());

const ONLY = { topic: 't', partition: 0 };

/** What is on the disk when the machine went down: of `t-0` only its first batches. */
async function withLostTail(kept: number): Promise<MemoryFileSystem> {
  let bytes = 0;
  for (const batch of bench.store.partition('t', 0).readSync()) if (batch.lastOffset < kept) bytes += batch.sizeBytes;
  const fs = copyOf(bench.fs);
  const file = `${DIRECTORY}/t-0/00000000000000000000.log`;
  fs.replaceSmall(file, (fs.readSmall(file, 1_000_000) ?? new Uint8Array()).subarray(0, bytes));
  return fs;
}

async function afterPowerFailure(kept: number): Promise<void> {
  const fs = await withLostTail(kept);
  await bench.store.close();
  bench = await groupBench({}, fs, bench.clock);
}

async function append(values: readonly string[]): Promise<void> {
  for (const value of values) await bench.store.partition('t', 0).append({ value });
}

describe('a position that outlived the records before it', () => {
  beforeEach(async () => {
    await append(['0', '1', '2', '3', '4']);
    await bench.store.group('g').commit([{ ...ONLY, offset: 5, metadata: 'kept' }]);
    await bench.store.group('h').commit([
      { ...ONLY, offset: 2 },
      { topic: 't', partition: 1, offset: 0 },
    ]);
    await afterPowerFailure(3);
  });

  test('is the end of what is left: what is appended next is read, whoever comes first', async () => {
    expect(bench.store.partition('t', 0).logEndOffset).toBe(3);
    await append(['new 3', 'new 4', 'new 5']);
    const consumer = bench.store.consumer({ group: 'g', topics: 't' });
    expect(await drain(consumer)).toEqual(['new 3', 'new 4', 'new 5']);
    const committed = await bench.store.group('g').committed(ONLY);
    expect(committed).toMatchObject({ offset: 3, leaderEpoch: -1, metadata: 'kept' });
    expect(await bench.store.group('h').committed(ONLY)).toMatchObject({ offset: 2 });
  });

  test('is that in later stores, too', async () => {
    await append(['new 3', 'new 4', 'new 5']);
    await bench.reopen();
    expect(await drain(bench.store.consumer({ group: 'g', topics: 't' }))).toEqual(['new 3', 'new 4', 'new 5']);
  });

  test('is on the disk before anything is appended', async () => {
    // The machine goes down again: what was synced is there.
    expect(bench.store.partition(OFFSETS_TOPIC, 3).status().recoveryPoint).toBe(
      bench.store.partition(OFFSETS_TOPIC, 3).logEndOffset,
    );
  });
});

test('a store that opens after a crash without a loss changes no position', async () => {
  await fill(bench.store, 't', 5);
  await bench.store.group('g').commit([{ ...ONLY, offset: 5 }]);
  await afterPowerFailure(5);
  const { logEndOffset } = bench.store.partition(OFFSETS_TOPIC, 3);
  expect([logEndOffset, await bench.store.group('g').committed(ONLY)]).toMatchObject([1, { offset: 5 }]);
});

test('a log that is damaged below its end pulls nothing back: its records may be there again', async () => {
  await append(['0', '1', '2']);
  await bench.store.flush();
  await bench.store.group('g').commit([{ ...ONLY, offset: 3 }]);
  bench.clock.advance(60_000);
  for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
  const fs = copyOf(bench.fs);
  const file = `${DIRECTORY}/t-0/00000000000000000000.log`;
  const bytes = Uint8Array.from(fs.readSmall(file, 1_000_000) ?? new Uint8Array());
  bytes[70] = (bytes[70] ?? 0) ^ 1;
  fs.replaceSmall(file, bytes);
  await bench.store.close();
  bench = await groupBench({}, fs, bench.clock);
  expect(bench.store.partition('t', 0).status().corruption).toBeDefined();
  expect(await bench.store.group('g').committed(ONLY)).toMatchObject({ offset: 3 });
});

test('a store opens whose positions cannot be looked at, and tells', async () => {
  await append(['0', '1']);
  await bench.store.group('g').commit([{ ...ONLY, offset: 2 }]);
  const fs = await withLostTail(1);
  const file = `${DIRECTORY}/${OFFSETS_TOPIC}-3/00000000000000000000.log`;
  await bench.store.close();
  bench = await groupBench({}, fs, bench.clock);
  await bench.store.close();
  const bytes = Uint8Array.from(fs.readSmall(file, 1_000_000) ?? new Uint8Array());
  bytes[70] = (bytes[70] ?? 0) ^ 1;
  fs.replaceSmall(file, bytes);
  // The clean mark is of this log's file; that of another one is gone.
  fs.replaceSmall(`${DIRECTORY}/t-1/00000000000000000000.log`, new Uint8Array());
  fs.remove(`${DIRECTORY}/.kafka_cleanshutdown`);
  bench = await groupBench({}, fs, bench.clock);
  expect(bench.store.topics()).toEqual(['t']);
});

describe('a commit that is to be on the disk', () => {
  const SYNC_FAILS = { operation: 'sync', call: 1, errno: 'EIO' } as const;

  test('is written only once the records before it are there', async () => {
    await append(['0', '1']);
    const consumer = bench.store.consumer({ group: 'g', topics: 't', syncCommits: true });
    expect(await drain(consumer)).toHaveLength(2);
    await consumer.commit();
    const { recoveryPoint } = bench.store.partition('t', 0).status();
    expect(recoveryPoint).toBe(2);
    await append(['2']);
    await drain(consumer);
    bench.faults.plan(SYNC_FAILS);
    await expect(consumer.commit()).rejects.toMatchObject({ code: 'IO' });
    expect(consumer.committed(ONLY)).toMatchObject({ offset: 2 });
  });

  test('from outside, too', async () => {
    await append(['0', '1']);
    await bench.store.group('g').commit([{ ...ONLY, offset: 1 }], { sync: true });
    expect(bench.store.partition('t', 0).status().recoveryPoint).toBe(2);
    await append(['2']);
    bench.faults.plan(SYNC_FAILS);
    await expect(bench.store.group('g').commit([{ ...ONLY, offset: 3 }], { sync: true })).rejects.toMatchObject({
      code: 'IO',
    });
    expect(await bench.store.group('g').committed(ONLY)).toMatchObject({ offset: 1 });
  });

  test('is refused to whoever is not in the group any more when they are there', async () => {
    await append(['0']);
    const consumer = bench.store.consumer({ group: 'g', topics: 't', syncCommits: true, maxPollIntervalMs: 1000 });
    await drain(consumer);
    const committing = consumer.commit();
    bench.clock.advance(1000);
    await expect(committing).rejects.toMatchObject({ code: 'UNKNOWN_MEMBER_ID' });
    expect(await bench.store.group('g').committed(ONLY)).toBeUndefined();
  });
});
