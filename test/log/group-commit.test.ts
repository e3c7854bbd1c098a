import { describe, expect, test } from 'vitest';
import { Log } from '../../src/index.ts';
import { scratchPartition } from '../support/temp.ts';

describe('appends and syncs at the same time', () => {
  test('a batch is appended while a sync runs on another thread', async () => {
    const log = await Log.open(scratchPartition());
    log.appendSync({ value: 'first' });
    const flushed = log.flush();
    // The sync starts one turn later; these fall before, into and behind it.
    for (let number = 0; number < 50; number++) {
      log.appendSync({ value: `record ${number}` });
      await new Promise((resolve) => setImmediate(resolve));
    }
    await flushed;
    await log.flush();
    expect(log.status()).toMatchObject({ logEndOffset: 51, recoveryPoint: 51 });
    await log.close();
  });

  test('what is appended while a flush runs does not count as flushed', async () => {
    const log = await Log.open(scratchPartition());
    log.appendSync({ value: 'first' });
    const flushed = log.flush();
    log.appendSync({ value: 'second' });
    await flushed;
    expect(log.status()).toMatchObject({ logEndOffset: 2, recoveryPoint: 1 });
    await log.close();
  });

  test('a roll, a read and a truncation meet a sync without harm', async () => {
    const log = await Log.open(scratchPartition(), { segmentBytes: 500 });
    const flushes: Promise<void>[] = [];
    for (let number = 0; number < 60; number++) {
      log.appendSync({ value: `record ${number}` });
      if (number % 3 === 0) flushes.push(log.flush());
      if (number % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const cut = log.truncateTo(40);
    await Promise.all(flushes);
    expect(await cut).toBe(true);
    expect([...log.readSync()].map(({ baseOffset }) => baseOffset)).toEqual(Array.from({ length: 40 }, (_, at) => at));
    await log.flush();
    expect(log.status().recoveryPoint).toBe(40);
    await log.close();
  });

  test('64 appenders who wait for the disk share syncs', async () => {
    const log = await Log.open(scratchPartition(), { flushMessages: 1 });
    let syncs = 0;
    let last = 0;
    const appender = async (): Promise<void> => {
      for (let turn = 0; turn < 20; turn++) {
        const { lastOffset } = await log.append({ value: 'record' });
        const { recoveryPoint } = log.status();
        expect(recoveryPoint).toBeGreaterThan(lastOffset);
        if (recoveryPoint > last) syncs++;
        last = Math.max(last, recoveryPoint);
      }
    };
    await Promise.all(Array.from({ length: 64 }, appender));
    expect(log.logEndOffset).toBe(64 * 20);
    // About 36 in the long run; here the first and the last syncs count, too.
    expect((64 * 20) / syncs).toBeGreaterThan(20);
    await log.close();
  });
});
