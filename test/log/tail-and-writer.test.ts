import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/clock/clock.ts';
import { Log, LogReader, serdes } from '../../src/index.ts';
import { scratchPartition } from '../support/temp.ts';

describe('tailing', () => {
  test('gives what is there, then what comes, across rolls, until the signal aborts', async () => {
    await using log = await Log.open(scratchPartition(), { segmentBytes: 200 });
    log.appendSync({ value: '0' });
    const abort = new AbortController();
    const seen: number[] = [];
    const following = (async () => {
      for await (const batch of log.tail({ signal: abort.signal })) {
        seen.push(batch.baseOffset);
        if (seen.length === 20) abort.abort();
      }
    })();
    for (let i = 1; i < 20; i++) {
      if (i % 5 === 0) await wait(1);
      log.appendSync({ value: `${i}` });
    }
    await following;
    expect(seen).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });

  test('ends when the log closes, and at once when the signal was aborted before', async () => {
    const log = await Log.open(scratchPartition());
    const aborted: unknown[] = [];
    for await (const batch of log.tail({ signal: AbortSignal.abort() })) aborted.push(batch);
    expect(aborted).toEqual([]);
    const following = (async () => {
      for await (const _ of log.tail()) throw new Error('there is nothing to read');
      return 'ended';
    })();
    await wait(5);
    await log.close();
    expect(await following).toBe('ended');
  });

  test('a reader follows a log that another hand appends to, across rolls', async () => {
    const directory = scratchPartition();
    await using log = await Log.open(directory, { segmentBytes: 300 });
    using reader = LogReader.open(directory);
    const abort = new AbortController();
    const seen: string[] = [];
    const following = (async () => {
      for await (const batch of reader.tail({ signal: abort.signal })) {
        for (const { value } of batch.records()) seen.push(value?.toString() ?? '');
        if (seen.length >= 30) abort.abort();
      }
    })();
    for (let i = 0; i < 30; i++) {
      log.appendSync({ value: `${i}` });
      if (i % 7 === 0) await wait(8);
    }
    await following;
    expect(seen).toEqual(Array.from({ length: 30 }, (_, i) => `${i}`));
  });
});

describe('a writer', () => {
  test('gathers records to batches of batchRecords, and tells each record its offset', async () => {
    await using log = await Log.open(scratchPartition());
    await using writer = log.writer({ batchRecords: 4, linger: 1000 });
    const offsets = Array.from({ length: 10 }, (_, i) => writer.send({ value: `${i}` }));
    expect(log.logEndOffset).toBe(8);
    await writer.flush();
    expect(await Promise.all(offsets)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect([...log.readSync()].map(({ count }) => count)).toEqual([4, 4, 2]);
  });

  test('appends a batch before it would be larger than batchBytes', async () => {
    await using log = await Log.open(scratchPartition());
    await using writer = log.writer({ batchBytes: 1000, linger: 1000 });
    for (let i = 0; i < 20; i++) await writer.write({ value: 'x'.repeat(200) });
    await writer.flush();
    for (const batch of log.readSync()) expect(batch.sizeBytes).toBeLessThanOrEqual(1000);
    expect(log.logEndOffset).toBe(20);
  });

  test('appends what has waited for linger', async () => {
    const clock = new ManualClock(1000);
    await using log = await Log.open(scratchPartition(), { clock });
    await using writer = log.writer({ linger: 20 });
    const sent = writer.send({ value: 'x' });
    clock.advance(19);
    expect(log.logEndOffset).toBe(0);
    clock.advance(1);
    expect(log.logEndOffset).toBe(1);
    expect(await sent).toBe(0);
  });

  test.each([
    ['string', serdes.string, ['a', 'ключ', '']],
    ['json', serdes.json, [{ a: [1, null, 'x'] }, 'text', 7]],
    ['msgpack', serdes.msgpack, [{ a: [1, null, 'x'] }, 'text', 2 ** 40]],
    ['bytes', serdes.bytes, [Buffer.from([0, 255]), Buffer.alloc(0), Buffer.from('x')]],
  ] as const)('stores values with the %s serde, and reading gives them back', async (_name, serde, values) => {
    await using log = await Log.open(scratchPartition());
    await using writer = log.writer<unknown, unknown>({
      valueSerde: serde,
      keySerde: serde,
      compression: 'lz4',
    });
    for (const value of values) await writer.write({ key: value, value });
    await writer.write({ key: null, value: null });
    await writer.flush();
    const read: unknown[] = [];
    for await (const { key, value } of log.records<unknown, unknown>({
      valueSerde: serde,
      keySerde: serde,
    }))
      read.push([key, value]);
    expect(read).toEqual([...values.map((value) => [value, value]), [null, null]]);
  });

  test('tells whoever waits that a batch was refused, and goes on with the next', async () => {
    await using log = await Log.open(scratchPartition(), {
      messageTimestampAfterMaxMs: 10,
      clock: new ManualClock(1000),
    });
    await using writer = log.writer({ linger: 1000 });
    const bad = writer.send({ value: 'from the future', timestamp: 5000 });
    await expect(writer.flush()).rejects.toMatchObject({ code: 'INVALID_TIMESTAMP' });
    await expect(bad).rejects.toMatchObject({ code: 'INVALID_TIMESTAMP' });
    const good = writer.send({ value: 'now' });
    await writer.flush();
    expect(await good).toBe(0);
  });

  test.each([{ linger: -1 }, { batchBytes: 0 }, { batchRecords: 0 }, { linger: Number.NaN }])(
    'refuses %o',
    async (options) => {
      await using log = await Log.open(scratchPartition());
      expect(() => log.writer(options)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    },
  );
});
