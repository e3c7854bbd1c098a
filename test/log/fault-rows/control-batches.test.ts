/** Row F26 of the fault list: markers that are missing, doubled or from nobody, sequences at their end, crashes in a transaction. */
import { cpSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Log, LogReader, type ReadableLog } from '../../../src/index.ts';
import { endTransactionMarkerKey, endTransactionMarkerValue } from '../../../src/format/control-record.ts';
import { BatchBuilder, type BatchFields } from '../../../src/record/batch-builder.ts';
import { defaultEngine } from '../../../src/engine/select.ts';
import { scratchPartition } from '../../support/temp.ts';
import { codeOf, filesIn, opened, placed, unclean } from './partition.ts';

const PRODUCER = { producerId: 5, producerEpoch: 1 };
const transactional = (baseSequence: number, who = PRODUCER): object => ({
  producer: { ...who, baseSequence, isTransactional: true },
});

/** What a reader of committed records sees. */
const committed = (log: ReadableLog): string[] =>
  [...log.readSync({ isolation: 'read_committed' })].flatMap((batch) =>
    batch.isControl ? [] : batch.records().map(({ value }) => value?.toString() ?? ''),
  );

/** A marker as another leader wrote it. */
function marker(fields: Partial<BatchFields>, result: 'commit' | 'abort', coordinatorEpoch = 0): Buffer {
  const builder = new BatchBuilder(defaultEngine());
  builder.add(1000, endTransactionMarkerKey(result), endTransactionMarkerValue(coordinatorEpoch));
  const all = { baseOffset: 0, ...PRODUCER, isTransactional: true, isControl: true, ...fields };
  const { bytes, length } = builder.build(all);
  return Buffer.from(bytes.subarray(0, length));
}

/** The partition as it is on the disk now: as a crash would leave it. */
function crashed(directory: string): string {
  const copy = placed(new Map());
  cpSync(directory, copy, { recursive: true });
  return copy;
}

describe('F26: a transaction is open when the process dies', () => {
  test.each([
    ['with a snapshot of its producers', true],
    ['without', false],
  ])(
    '%s: after opening again it is still open, its end counts, and its producer goes on',
    async (_what, hasSnapshot) => {
      const directory = scratchPartition();
      const log = await Log.open(directory, { segmentBytes: 250 });
      await log.append({ value: 'before' });
      await log.append({ value: 'one' }, transactional(0));
      await log.append({ value: 'between' });
      if (hasSnapshot) for (let i = 0; i < 4; i++) await log.append({ value: 'filler' });
      await log.append({ value: 'two' }, transactional(1));
      const copy = crashed(directory);
      await log.close();
      const rest = hasSnapshot ? ['filler', 'filler', 'filler', 'filler'] : [];

      const again = await Log.open(copy, { segmentBytes: 250 });
      expect(again.status().recovery).toBeDefined();
      expect(again.lastStableOffset).toBe(1);
      expect(committed(again)).toEqual(['before']);
      using reader = LogReader.open(copy);
      expect(reader.lastStableOffset).toBe(1);
      expect(await again.append({ value: 'two' }, transactional(1))).toMatchObject({ isDuplicate: true });
      expect(await codeOf(again.append({ value: 'four' }, transactional(3)))).toBe('OUT_OF_ORDER_SEQUENCE');
      await again.endTransaction({ ...PRODUCER, result: 'abort' });
      expect(again.lastStableOffset).toBe(again.logEndOffset);
      expect(committed(again)).toEqual(['before', 'between', ...rest]);
      const aborted = crashed(copy);
      await again.close();

      await using last = await Log.open(aborted, { segmentBytes: 250 });
      expect(committed(last)).toEqual(['before', 'between', ...rest]);
      expect(last.abortedTransactions(0, last.logEndOffset)).toMatchObject([{ producerId: 5, firstOffset: 1 }]);
    },
  );

  test('a marker that is torn off leaves it open', async () => {
    const directory = scratchPartition();
    {
      await using log = await Log.open(directory);
      await log.append({ value: 'one' }, transactional(0));
      await log.endTransaction({ ...PRODUCER, result: 'commit' });
    }
    const files = filesIn(directory);
    for (const [name, bytes] of files) if (name.endsWith('.log')) files.set(name, bytes.subarray(0, -1));
    await using log = await Log.open(placed(files), unclean());
    expect([log.lastStableOffset, log.logEndOffset, committed(log)]).toEqual([0, 1, []]);
    await log.endTransaction({ ...PRODUCER, result: 'commit' });
    expect([log.lastStableOffset, committed(log)]).toEqual([2, ['one']]);
  });
});

describe('F26: markers', () => {
  test('of an older epoch, or an older coordinator, are fenced, and change nothing', async () => {
    await using log = await Log.open(scratchPartition());
    await log.append({ value: 'one' }, transactional(0));
    expect(await codeOf(log.endTransaction({ ...PRODUCER, producerEpoch: 0, result: 'commit' }))).toBe(
      'INVALID_PRODUCER_EPOCH',
    );
    await log.endTransaction({ ...PRODUCER, result: 'commit', coordinatorEpoch: 7 });
    await log.append({ value: 'two' }, transactional(1));
    expect(await codeOf(log.endTransaction({ ...PRODUCER, result: 'commit', coordinatorEpoch: 6 }))).toBe(
      'TRANSACTION_COORDINATOR_FENCED',
    );
    expect([log.lastStableOffset, committed(log)]).toEqual([2, ['one']]);
    expect(await codeOf(log.append({ value: 'x' }, transactional(2, { producerId: 5, producerEpoch: 0 })))).toBe(
      'INVALID_PRODUCER_EPOCH',
    );
    expect(log.logEndOffset).toBe(3);
  });

  test('that come twice, and that end nothing, harm nothing, live and after a crash', async () => {
    const directory = scratchPartition();
    const log = await Log.open(directory);
    await log.append({ value: 'one' }, transactional(0));
    for (let i = 0; i < 2; i++) await log.endTransaction({ ...PRODUCER, result: 'abort' });
    await log.endTransaction({ producerId: 99, producerEpoch: 0, result: 'commit' });
    await log.append({ value: 'two' }, transactional(1));
    for (let i = 0; i < 2; i++) await log.endTransaction({ ...PRODUCER, result: 'commit' });
    expect([log.lastStableOffset, committed(log)]).toEqual([7, ['two']]);
    const copy = crashed(directory);
    await log.close();
    for (const place of [copy, directory]) {
      await using again = await Log.open(place);
      expect([again.logEndOffset, again.lastStableOffset, committed(again)]).toEqual([7, 7, ['two']]);
      expect(again.abortedTransactions(0, 7).map(({ firstOffset }) => firstOffset)).toEqual([0]);
    }
  });

  test('of no producer, from a leader, are kept as they are and decide nothing', async () => {
    const directory = scratchPartition();
    {
      await using log = await Log.open(directory);
      await log.append({ value: 'one' }, transactional(0));
      const orphan = marker({ baseOffset: 1, producerId: -1, producerEpoch: -1, isTransactional: false }, 'abort');
      const code = await codeOf(log.appendEncoded(orphan, 'given'));
      expect(code).toBe('ok');
      expect([log.lastStableOffset, log.logEndOffset]).toEqual([0, 2]);
    }
    const found = await opened(directory, unclean());
    expect(found).toMatchObject({ opening: 'ok', appending: 'ok', cuts: [], logEndOffset: 2 });
  });

  test('from clients are refused', async () => {
    await using log = await Log.open(scratchPartition());
    expect(await codeOf(log.appendEncoded(marker({}, 'commit')))).toBe('INVALID_RECORD');
    expect(log.logEndOffset).toBe(0);
  });

  test('missing in the middle, of a log that compaction or a bad copy took them from: the transaction is open', async () => {
    const directory = scratchPartition();
    {
      await using log = await Log.open(directory);
      await log.append({ value: 'one' }, transactional(0));
      await log.append({ value: 'two', timestamp: 5 });
    }
    await using log = await Log.open(directory, unclean());
    expect([log.lastStableOffset, committed(log)]).toEqual([0, []]);
    await log.append({ value: 'three' }, transactional(1));
    await log.endTransaction({ ...PRODUCER, result: 'commit' });
    expect(committed(log)).toEqual(['one', 'two', 'three']);
  });
});

describe('F26: sequences', () => {
  const LAST = 2 ** 31 - 1;
  test('go on at 0 behind 2^31 - 1, within a batch and between two, live and after a crash', async () => {
    const directory = scratchPartition();
    const first = batchWith(LAST - 1, 2);
    const log = await Log.open(directory);
    await log.appendEncoded(first, 'given');
    expect(log.producers()).toMatchObject([{ lastSequence: LAST }]);
    await log.append([{ value: 'a' }, { value: 'b' }], { producer: { ...PRODUCER, baseSequence: 0 } });
    expect(await codeOf(log.append({ value: 'x' }, { producer: { ...PRODUCER, baseSequence: LAST } }))).toBe(
      'OUT_OF_ORDER_SEQUENCE',
    );
    const copy = crashed(directory);
    await log.close();
    await using again = await Log.open(copy);
    expect(again.producers()).toMatchObject([{ lastSequence: 1 }]);
    expect(
      await again.append([{ value: 'a' }, { value: 'b' }], { producer: { ...PRODUCER, baseSequence: 0 } }),
    ).toMatchObject({
      isDuplicate: true,
    });
    await again.append({ value: 'c' }, { producer: { ...PRODUCER, baseSequence: 2 } });
    expect(again.logEndOffset).toBe(5);
  });

  test('a batch that goes over the end holds the sequences behind it', async () => {
    await using log = await Log.open(scratchPartition());
    await log.appendEncoded(batchWith(LAST, 3), 'given');
    expect(log.producers()).toMatchObject([{ lastSequence: 1 }]);
    expect(await codeOf(log.append({ value: 'x' }, { producer: { ...PRODUCER, baseSequence: 2 } }))).toBe('ok');
  });

  function batchWith(baseSequence: number, count: number): Buffer {
    const builder = new BatchBuilder(defaultEngine());
    for (let i = 0; i < count; i++) builder.add(1000, null, Buffer.from(`record ${i}`));
    const { bytes, length } = builder.build({ baseOffset: 0, ...PRODUCER, baseSequence });
    return Buffer.from(bytes.subarray(0, length));
  }
});
