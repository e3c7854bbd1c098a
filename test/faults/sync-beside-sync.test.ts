/** Row F14: the system tells of a page that it lost once for each opening of a file, and those that come after it never. */
import { expect, test } from 'vitest';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { Log, SeglogError } from '../../src/index.ts';
import { codeOf } from '../log/fault-rows/partition.ts';

const DIRECTORY = '/logs/t-0';
const SEALED = `${DIRECTORY}/00000000000000000000.log`;

/** Files in memory, of which one loses a page when told to; syncs on other threads are done at once, and told later. */
function losing(): { readonly fs: MemoryFileSystem; readonly lose: () => void; readonly tell: () => void } {
  const fs = new MemoryFileSystem();
  fs.makeDirectory('/logs');
  let losses = 0;
  let wasTold = true;
  const waiting: (() => void)[] = [];
  const open = fs.open.bind(fs);
  fs.open = (path, mode) => {
    const file = open(path, mode);
    if (path !== SEALED) return file;
    const first = wasTold ? losses : losses - 1;
    // As the contract of files has it: what is told the one the other hears, too.
    const known = { sync: first, syncSync: first };
    const fail = (call: keyof typeof known): boolean => {
      const isNews = known[call] < losses;
      known[call] = losses;
      wasTold ||= isNews;
      return isNews;
    };
    const failure = (): SeglogError => new SeglogError('IO', 'could not sync', { file: path, errno: 'EIO' });
    file.sync = async () => {
      const hasFailed = fail('sync');
      await new Promise<void>((resolve) => waiting.push(resolve));
      if (hasFailed) throw failure();
    };
    file.syncSync = () => {
      if (fail('syncSync')) throw failure();
    };
    return file;
  };
  return {
    fs,
    lose() {
      losses++;
      wasTold = false;
    },
    tell() {
      for (const resolve of waiting.splice(0)) resolve();
    },
  };
}

test('F14: flushSync beside a sync that was told of a lost page, and has not said so yet, fails too', async () => {
  const { fs, lose, tell } = losing();
  const log = await Log.open(DIRECTORY, { fs, segmentBytes: 100 });
  log.appendSync({ value: 'a record that is lost' });
  lose();
  log.appendSync({ value: 'a record of the next segment' });
  expect(log.segments()).toHaveLength(2);
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(await codeOf((async () => log.flushSync())())).toBe('IO EIO');
  expect(log.status().recoveryPoint).toBe(0);
  tell();
  expect(await codeOf(log.flush())).toBe('LOG_OFFLINE');
  await log.close();
});
