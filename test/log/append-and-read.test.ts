import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/clock/clock.ts';
import { Log, type LogRecord, type RecordInput, SeglogError } from '../../src/index.ts';
import { scratchPartition } from '../support/temp.ts';

async function recordsOf(log: Log, from = 0): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  for await (const batch of log.read({ from })) records.push(...batch.records());
  return records;
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'no error',
    (error: unknown) => (error instanceof SeglogError ? error.code : String(error)),
  );
}

const VARIED: RecordInput[] = [
  { key: 'a', value: 'first', timestamp: 1000 },
  { key: null, value: null, timestamp: 900 },
  { value: '', timestamp: 1000 },
  { key: '', value: Buffer.alloc(70_000, 7), timestamp: 5_000_000_000_000 - 5000 },
  {
    key: 'ключ',
    value: 'значение',
    timestamp: 1001,
    headers: [
      ['h', Buffer.from([1])],
      ['h', null],
      ['헤더', Buffer.alloc(0)],
    ],
  },
];

describe('times in a log that is open', () => {
  test('are found among what was appended just now, before any index entry', async () => {
    await using log = await Log.open(scratchPartition());
    for (let i = 0; i < 5; i++) await log.append({ value: `${i}`, timestamp: 1000 + i });
    expect(log.maxTimestamp()).toEqual({ offset: 4, timestamp: 1004 });
    expect(log.offsetForTimestamp(1004)).toEqual({ offset: 4, timestamp: 1004 });
    expect(log.offsetForTimestamp(1005)).toBeUndefined();
  });

  test('are found across rolls, after reopening, and behind the last index entry', async () => {
    const directory = scratchPartition();
    const options = { segmentBytes: 400, indexIntervalBytes: 100 };
    for (let run = 0; run < 2; run++) {
      await using log = await Log.open(directory, options);
      for (let i = 0; i < 13; i++) await log.append({ value: 'x', timestamp: 1000 + log.logEndOffset });
      for (let offset = 0; offset < log.logEndOffset; offset++) {
        expect(log.offsetForTimestamp(1000 + offset)).toEqual({ offset, timestamp: 1000 + offset });
      }
      expect(log.maxTimestamp()?.offset).toBe(log.logEndOffset - 1);
    }
  });
});

describe('appending and reading', () => {
  test.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)(
    'gives back what was appended, with %s',
    async (compression) => {
      await using log = await Log.open(scratchPartition(), { messageTimestampAfterMaxMs: Infinity });
      expect(await log.append(VARIED, { compression })).toMatchObject({ baseOffset: 0, lastOffset: 4 });
      expect(await log.append({ value: 'one more', timestamp: 7 }, { compression })).toMatchObject({
        baseOffset: 5,
        lastOffset: 5,
      });
      const records = await recordsOf(log);
      expect(records.map(({ offset }) => offset)).toEqual([0, 1, 2, 3, 4, 5]);
      expect(records.map(({ timestamp }) => timestamp)).toEqual([1000, 900, 1000, 5_000_000_000_000 - 5000, 1001, 7]);
      expect(records.map(({ key }) => key?.toString() ?? null)).toEqual(['a', null, null, '', 'ключ', null]);
      expect(records.map(({ value }) => value?.toString() ?? null)).toEqual([
        'first',
        null,
        '',
        '\x07'.repeat(70_000),
        'значение',
        'one more',
      ]);
      expect(records[4]?.headers).toEqual([
        ['h', Buffer.from([1])],
        ['h', null],
        ['헤더', Buffer.alloc(0)],
      ]);
    },
  );

  test('has done its work before the promise is given', async () => {
    await using log = await Log.open(scratchPartition());
    const promise = log.append({ value: 'x' });
    expect(log.logEndOffset).toBe(1);
    await promise;
  });

  test('reads from an offset: the batch that holds it is given whole', async () => {
    await using log = await Log.open(scratchPartition());
    for (let i = 0; i < 10; i++) log.appendSync([{ value: `${i}a` }, { value: `${i}b` }]);
    expect((await recordsOf(log, 7)).map(({ offset }) => offset)[0]).toBe(6);
    expect(await recordsOf(log, 20)).toEqual([]);
    expect(await codeOf(recordsOf(log, 21))).toBe('OFFSET_OUT_OF_RANGE');
    expect(await codeOf(recordsOf(log, -1))).toBe('OFFSET_OUT_OF_RANGE');
  });

  test('goes on where it was after a clean close, reading nothing anew', async () => {
    const directory = scratchPartition();
    for (let run = 0; run < 3; run++) {
      await using log = await Log.open(directory, { segmentBytes: 400 });
      expect(log.logEndOffset).toBe(run * 20);
      expect(log.status().recovery).toBeUndefined();
      for (let i = 0; i < 20; i++) await log.append({ value: `run ${run} record ${i}` });
      expect((await recordsOf(log)).length).toBe((run + 1) * 20);
    }
    expect(readdirSync(directory).filter((name) => name.endsWith('.log')).length).toBeGreaterThan(5);
  });

  test('with LogAppendTime gives all records the time of the append', async () => {
    const clock = new ManualClock(1_700_000_000_000);
    await using log = await Log.open(scratchPartition(), { messageTimestampType: 'LogAppendTime', clock });
    await log.append([{ value: 'a', timestamp: 5 }, { value: 'b' }]);
    expect((await recordsOf(log)).map(({ timestamp }) => timestamp)).toEqual([1_700_000_000_000, 1_700_000_000_000]);
  });

  test.each([
    [
      'too far in the future',
      { messageTimestampAfterMaxMs: 10 },
      { value: 'x', timestamp: 1_000_011 },
      'INVALID_TIMESTAMP',
    ],
    [
      'too far in the past',
      { messageTimestampBeforeMaxMs: 10 },
      { value: 'x', timestamp: 999_989 },
      'INVALID_TIMESTAMP',
    ],
    ['with a timestamp that is none', {}, { value: 'x', timestamp: 1.5 }, 'INVALID_TIMESTAMP'],
    ['with a negative timestamp', {}, { value: 'x', timestamp: -2 }, 'INVALID_TIMESTAMP'],
    ['larger than max.message.bytes', { maxMessageBytes: 100 }, { value: 'x'.repeat(100) }, 'RECORD_TOO_LARGE'],
    ['larger than a segment', { segmentBytes: 100 }, { value: 'x'.repeat(100) }, 'RECORD_TOO_LARGE'],
    ['with a value of no bytes', {}, { value: 7 as never }, 'INVALID_ARGUMENT'],
  ])('refuses a record %s, and appends nothing', async (_what, config, record, code) => {
    await using log = await Log.open(scratchPartition(), { clock: new ManualClock(1_000_000), ...config });
    await log.append({ value: 'good' });
    expect(await codeOf(log.append([{ value: 'first of two' }, record]))).toBe(code);
    expect(log.logEndOffset).toBe(1);
    await log.append({ value: 'good again' });
    expect((await recordsOf(log)).map(({ value }) => value?.toString())).toEqual(['good', 'good again']);
  });

  test('takes a record without a timestamp as one of now, and -1 as none', async () => {
    await using log = await Log.open(scratchPartition(), {
      clock: new ManualClock(42),
      messageTimestampBeforeMaxMs: 5,
    });
    await log.append([{ value: 'now' }, { value: 'none', timestamp: -1 }]);
    expect((await recordsOf(log)).map(({ timestamp }) => timestamp)).toEqual([42, -1]);
  });

  test('stops between batches when the signal aborts, with its reason', async () => {
    await using log = await Log.open(scratchPartition());
    for (let i = 0; i < 5; i++) log.appendSync({ value: `${i}` });
    const abort = new AbortController();
    const seen: number[] = [];
    const read = async (): Promise<void> => {
      for await (const batch of log.read({ signal: abort.signal })) {
        seen.push(batch.baseOffset);
        if (batch.baseOffset === 2) abort.abort(new Error('enough'));
      }
    };
    await expect(read()).rejects.toThrow('enough');
    expect(seen).toEqual([0, 1, 2]);
  });

  test('after closing says so to every call', async () => {
    const log = await Log.open(scratchPartition());
    await log.close();
    await log.close();
    expect(await codeOf(log.append({ value: 'x' }))).toBe('LOG_CLOSED');
    expect(() => log.read()).toThrow(/closed/);
    expect(await codeOf(log.flush())).toBe('LOG_CLOSED');
  });

  test('ends a read that is under way when it is closed', async () => {
    const log = await Log.open(scratchPartition());
    for (let i = 0; i < 3; i++) log.appendSync({ value: Buffer.alloc(900_000) });
    const batches = log.read();
    await batches.next();
    await log.close();
    const rest = async (): Promise<void> => {
      for await (const _ of batches);
    };
    expect(await codeOf(rest())).toBe('LOG_CLOSED');
  });

  test('gives records one by one, from an offset within a batch to one within another', async () => {
    await using log = await Log.open(scratchPartition());
    for (let i = 0; i < 4; i++) log.appendSync([{ value: `${i}a` }, { value: `${i}b` }, { value: `${i}c` }]);
    const offsets: number[] = [];
    for await (const { offset } of log.records({ from: 4, to: 8 })) offsets.push(offset);
    expect(offsets).toEqual([4, 5, 6, 7]);
  });

  test('numbers encoded batches, and takes those that have offsets as they are, gaps included', async () => {
    await using source = await Log.open(scratchPartition());
    source.appendSync([{ value: 'a' }, { value: 'b' }]);
    source.appendSync({ value: 'c' });
    const batches = [...source.readSync()].map(({ bytes }) => Buffer.from(bytes));
    await using log = await Log.open(scratchPartition());
    await log.appendEncoded(batches[0] as Buffer);
    await log.appendEncoded(batches[0] as Buffer);
    expect(log.logEndOffset).toBe(4);
    const gap = Buffer.from(batches[1] as Buffer);
    gap.writeBigInt64BE(10n);
    await log.appendEncoded(gap, 'given');
    expect((await recordsOf(log)).map(({ offset }) => offset)).toEqual([0, 1, 2, 3, 10]);
    expect(await codeOf(log.appendEncoded(gap, 'given'))).toBe('OFFSETS_OUT_OF_ORDER');
    const broken = Buffer.from(batches[0] as Buffer);
    broken[70] = (broken[70] ?? 0) ^ 1;
    expect(await codeOf(log.appendEncoded(broken))).toBe('BATCH_CRC_MISMATCH');
    expect(await codeOf(log.appendEncoded(broken.subarray(0, 40)))).toBe('BATCH_TRUNCATED');
    expect(log.logEndOffset).toBe(11);
  });
});
