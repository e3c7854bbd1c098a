import { expect, test } from 'vitest';
import { FaultyFileSystem } from '../../src/fs/faulty-fs.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { Log, SeglogError } from '../../src/index.ts';

/** Files in memory of which it is known how many are open. */
function counted(): { fs: FaultyFileSystem; open: Set<object> } {
  const memory = new MemoryFileSystem();
  memory.makeDirectory('/logs');
  const open = new Set<object>();
  const really = memory.open.bind(memory);
  memory.open = (path, mode) => {
    const file = really(path, mode);
    open.add(file);
    const close = file.close.bind(file);
    file.close = () => {
      open.delete(file);
      close();
    };
    return file;
  };
  return { fs: new FaultyFileSystem(memory), open };
}

test('F17: a roll that fails at any opening of a file leaves none open, however often it is tried', async () => {
  const leaks: number[] = [];
  for (let call = 1, hasFailed = true; hasFailed; call++) {
    const { fs, open } = counted();
    const log = await Log.open('/logs/t-0', { fs, segmentBytes: 200 });
    log.appendSync({ value: 'x'.repeat(90) });
    const before = open.size;
    for (let turn = 0; turn < 5; turn++) {
      fs.plan({ operation: 'open', call, errno: 'ENOSPC' });
      hasFailed = false;
      try {
        log.appendSync({ value: 'y'.repeat(90) });
      } catch (error) {
        expect(error).toBeInstanceOf(SeglogError);
        hasFailed = true;
      }
      fs.heal();
      if (!hasFailed) break;
      // The one that goes on is opened anew each time; nothing is added.
      if (turn > 0) leaks.push(open.size - before);
    }
    await log.close().catch(() => undefined);
  }
  expect(leaks.length).toBeGreaterThan(0);
  expect(Math.max(...leaks)).toBeLessThanOrEqual(0);
});
