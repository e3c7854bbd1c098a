import { expect, test } from 'vitest';
import { ManualClock } from '../../src/clock/clock.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { Log, SeglogError } from '../../src/index.ts';

const DIRECTORY = '/logs/t-0';

async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

test.each(['EMFILE', 'ENFILE'])(
  'F17: flush.ms that meets %s tries again, also when nothing more is appended, until the log is closed',
  async (errno) => {
    const fs = new MemoryFileSystem();
    fs.makeDirectory('/logs');
    let refused = 0;
    let isOut = false;
    const open = fs.open.bind(fs);
    fs.open = (path, mode) => {
      if (isOut && mode === 'update' && path.endsWith('.log')) {
        refused++;
        throw new SeglogError('IO', 'no descriptors', { file: path, errno });
      }
      return open(path, mode);
    };
    const clock = new ManualClock(1000);
    const log = await Log.open(DIRECTORY, { fs, clock, flushMs: 1000, segmentBytes: 100 });
    isOut = true;
    log.appendSync({ value: 'a record of the first segment' });
    log.appendSync({ value: 'a record of the second segment' });
    for (let round = 1; round <= 3; round++) {
      const before = refused;
      await turns();
      clock.advance(1000);
      await turns();
      expect(refused, `round ${round}`).toBeGreaterThan(before);
      expect(log.status().recoveryPoint).toBe(0);
    }
    isOut = false;
    clock.advance(1000);
    await expect.poll(() => log.status().recoveryPoint).toBe(2);
    await log.close();
    clock.advance(10_000);
    await turns();
    expect(log.status().recoveryPoint).toBe(2);
  },
);
