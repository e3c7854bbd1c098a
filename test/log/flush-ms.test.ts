import { expect, test } from 'vitest';
import { ManualClock } from '../../src/clock/clock.ts';
import { Log } from '../../src/index.ts';
import { scratchPartition } from '../support/temp.ts';

test('flush.ms brings what was appended to the disk within that time, and asks for nothing while nothing comes', async () => {
  const clock = new ManualClock(1_000_000);
  const log = await Log.open(scratchPartition(), { clock, flushMs: 1000 });
  log.appendSync({ value: 'first' });
  clock.advance(999);
  expect(log.status().recoveryPoint).toBe(0);
  clock.advance(1);
  await expect.poll(() => log.status().recoveryPoint).toBe(1);
  clock.advance(10_000);
  log.appendSync({ value: 'second' });
  clock.advance(1000);
  await expect.poll(() => log.status().recoveryPoint).toBe(2);
  await log.close();
});

test('flush.ms tells its failure to the next call: the log is offline', async () => {
  const clock = new ManualClock(1_000_000);
  const directory = scratchPartition();
  const { FaultyFileSystem } = await import('../../src/fs/faulty-fs.ts');
  const { MemoryFileSystem } = await import('../../src/fs/memory-fs.ts');
  const fs = new FaultyFileSystem(new MemoryFileSystem());
  const log = await Log.open(directory, { clock, fs, flushMs: 1000 });
  log.appendSync({ value: 'first' });
  fs.plan({ operation: 'sync', call: 1, errno: 'EIO' });
  clock.advance(1000);
  const saidTo = (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => 'ok',
      (error: unknown) => error,
    );
  await expect.poll(() => saidTo(log.append({ value: 'x' }))).toMatchObject({ code: 'LOG_OFFLINE' });
  // The file may have said so before the log knew of it; then it is said once more.
  expect(await saidTo(log.append({ value: 'x' }))).toMatchObject({ code: 'LOG_OFFLINE' });
  await log.close();
});
