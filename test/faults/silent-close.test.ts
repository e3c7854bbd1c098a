/** Row F14: a sync in the background failed, and nobody has been told of it when the log is closed. */
import { expect, test } from 'vitest';
import { ManualClock } from '../../src/clock/clock.ts';
import { FaultyFileSystem } from '../../src/fs/faulty-fs.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { Log, type LogOptions } from '../../src/index.ts';
import { codeOf } from '../log/fault-rows/partition.ts';

const DIRECTORY = '/logs/t-0';

async function failed(options: LogOptions, makeItSync: (log: Log, clock: ManualClock) => void): Promise<Log> {
  const memory = new MemoryFileSystem();
  memory.makeDirectory('/logs');
  const fs = new FaultyFileSystem(memory);
  const clock = new ManualClock(1000);
  const log = await Log.open(DIRECTORY, { fs, clock, segmentBytes: 100, ...options });
  fs.plan({ operation: 'sync', call: 1, errno: 'EIO' });
  const before = fs.count('sync');
  makeItSync(log, clock);
  await expect.poll(() => fs.count('sync')).toBeGreaterThan(before);
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  return log;
}

const roll = (log: Log): void => {
  for (let i = 0; i < 3; i++) log.appendSync({ value: `a record of number ${i}` });
};

test('F14: closing tells of a sync behind a roll that failed: the records are not known to be on the disk', async () => {
  expect(await codeOf((await failed({}, roll)).close())).toBe('LOG_OFFLINE');
});

test('F14: closing tells of a sync by flush.ms that failed', async () => {
  const log = await failed({ flushMs: 10, segmentBytes: 10_000 }, (open, clock) => {
    roll(open);
    clock.advance(10);
  });
  expect(await codeOf(log.close())).toBe('LOG_OFFLINE');
});

test('F14: what a call has told of already is not told once more by closing', async () => {
  const log = await failed({}, roll);
  expect(await codeOf(log.append({ value: 'x' }))).toBe('LOG_OFFLINE');
  expect(await codeOf(log.close())).toBe('ok');
});

test('F14: what a schedule or a display was told does not count: closing tells', async () => {
  const log = await failed({}, roll);
  expect(await codeOf((async () => log.checkAppendable())())).toBe('LOG_OFFLINE');
  expect(await codeOf(log.applyRetention())).toBe('LOG_OFFLINE');
  expect(await codeOf(log.compact())).toBe('LOG_OFFLINE');
  expect(await codeOf(log.close())).toBe('LOG_OFFLINE');
});
