import { expect, test } from 'vitest';
import { ManualClock } from '../../src/clock/clock.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { Log, SeglogError } from '../../src/index.ts';

const DIRECTORY = '/logs/t-0';

async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

interface Files {
  readonly fs: MemoryFileSystem;
  /** Whether there are no more descriptors, for .log files that are to be synced. */
  isOut: boolean;
  refused: number;
}

function newFiles(errno: string): Files {
  const fs = new MemoryFileSystem();
  fs.makeDirectory('/logs');
  const files: Files = { fs, isOut: false, refused: 0 };
  const open = fs.open.bind(fs);
  fs.open = (path, mode) => {
    if (files.isOut && mode === 'update' && path.endsWith('.log')) {
      files.refused++;
      throw new SeglogError('IO', 'no descriptors', { file: path, errno });
    }
    return open(path, mode);
  };
  return files;
}

/** Two segments, of which the sealed one has to be opened to be synced. */
async function withUnsynced(files: Files, clock: ManualClock, flushMs: number): Promise<Log> {
  const log = await Log.open(DIRECTORY, { fs: files.fs, clock, flushMs, segmentBytes: 100 });
  files.isOut = true;
  log.appendSync({ value: 'a record of the first segment' });
  log.appendSync({ value: 'a record of the second segment' });
  await turns();
  return log;
}

test.each(['EMFILE', 'ENFILE'])(
  'F17: flush.ms that meets %s tries again, also when nothing more is appended, until the log is closed',
  async (errno) => {
    const files = newFiles(errno);
    const clock = new ManualClock(1000);
    const log = await withUnsynced(files, clock, 1000);
    for (let round = 1; round <= 3; round++) {
      const before = files.refused;
      await turns();
      clock.advance(1000);
      await turns();
      expect(files.refused, `round ${round}`).toBeGreaterThan(before);
      expect(log.status().recoveryPoint).toBe(0);
    }
    files.isOut = false;
    clock.advance(1000);
    await expect.poll(() => log.status().recoveryPoint).toBe(2);
    await log.close();
    clock.advance(10_000);
    await turns();
    expect(log.status().recoveryPoint).toBe(2);
  },
);

test.each([0, 1, 40])('F17: a flush.ms of %i tries again after 100 ms, not all the time', async (flushMs) => {
  const files = newFiles('EMFILE');
  const clock = new ManualClock(1000);
  const log = await withUnsynced(files, clock, flushMs);
  clock.advance(flushMs);
  await turns();
  for (let round = 1; round <= 3; round++) {
    const before = files.refused;
    for (let passed = 0; passed < 99; passed++) {
      clock.advance(1);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(files.refused, `round ${round}`).toBe(before);
    clock.advance(1);
    await turns();
    expect(files.refused, `round ${round}`).toBe(before + 1);
  }
  files.isOut = false;
  clock.advance(100);
  await expect.poll(() => log.status().recoveryPoint).toBe(2);
  await log.close();
});
