/** What fails while something is closed or opened keeps nothing else open: no descriptor, and no lock. */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { closeAll } from '../../src/fs/close-all.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { Log, SeglogError } from '../../src/index.ts';
import { scratch } from '../support/temp.ts';

type Call = (...given: unknown[]) => unknown;

/** Has calls of node:fs go wrong, until the test ends. What a call does it does all the same where `isDone`. */
function failing(name: string, isMeant: (given: unknown[]) => boolean, isDone: boolean): void {
  const table = fs as unknown as Record<string, Call>;
  const real = table[name];
  if (real === undefined) throw new Error(`node:fs has no ${name}`);
  table[name] = (...given) => {
    if (!isMeant(given)) return real(...given);
    if (isDone) real(...given);
    throw Object.assign(new Error('the disk is gone'), { code: 'EIO' });
  };
  syncBuiltinESMExports();
  onTestFinished(() => {
    table[name] = real;
    syncBuiltinESMExports();
  });
}

/** For the first call alone. */
function once(): () => boolean {
  let isFirst = true;
  return () => {
    const is = isFirst;
    isFirst = false;
    return is;
  };
}

const EIO = expect.objectContaining({ code: 'IO', errno: 'EIO' }) as Error;

describe.skipIf(process.platform !== 'linux')('F15: on the real file system', () => {
  const descriptors = (): string[] => fs.readdirSync('/proc/self/fd').sort();

  test('a file that was opened once more to be synced is closed, though closing one of the two fails', async () => {
    const before = descriptors();
    const file = nodeFileSystem.open(join(scratch(), 'x'), 'create');
    await file.sync();
    failing('closeSync', once(), true);
    expect(() => file.close()).toThrow(EIO);
    expect(descriptors()).toEqual(before);
  });

  test('a file that is closed while it is synced tells whoever waits for the sync that closing failed', async () => {
    const before = descriptors();
    const file = nodeFileSystem.open(join(scratch(), 'x'), 'create');
    const synced = file.sync();
    failing('closeSync', once(), true);
    file.close();
    await expect(synced).rejects.toThrow(EIO);
    expect(descriptors()).toEqual(before);
  });

  test('a file that cannot be looked at once it is open is not left open', () => {
    const path = join(scratch(), 'x');
    const before = descriptors();
    failing('fstatSync', once(), false);
    expect(() => nodeFileSystem.open(path, 'create')).toThrow(EIO);
    expect(descriptors()).toEqual(before);
  });

  test('a directory of which it cannot be told whether a broker has it is not left locked', async () => {
    const directory = scratch();
    const isFirst = once();
    failing('lstatSync', ([path]) => String(path).endsWith('.lock') && isFirst(), false);
    await expect(nodeFileSystem.lockDirectory(directory)).rejects.toThrow('the disk is gone');
    await (await nodeFileSystem.lockDirectory(directory)).release();
  });

  test('a lock whose descriptor cannot be closed is free, and who gives it back is told', async () => {
    const directory = scratch();
    const lock = await nodeFileSystem.lockDirectory(directory);
    failing('closeSync', once(), true);
    await expect(lock.release()).rejects.toThrow(EIO);
    await (await nodeFileSystem.lockDirectory(directory)).release();
  });
});

test('F15: a log of whose files one cannot be closed closes all others, and gives its directory back', async () => {
  const memory = new MemoryFileSystem();
  memory.makeDirectory('/logs');
  const open = new Set<string>();
  let isGone = false;
  const real = memory.open.bind(memory);
  memory.open = (path, mode) => {
    const file = real(path, mode);
    const close = file.close.bind(file);
    const name = `${path} ${open.size}`;
    open.add(name);
    file.close = () => {
      close();
      if (open.delete(name) && isGone && path.endsWith('.timeindex')) {
        throw new SeglogError('IO', 'could not close', { file: path, errno: 'EIO' });
      }
    };
    return file;
  };
  const log = await Log.open('/logs/t-0', { fs: memory, segmentBytes: 150, indexIntervalBytes: 0 });
  for (let n = 0; n < 3; n++) await log.append({ value: `record ${n} that is long enough for a segment` });
  for (const batch of log.readSync()) batch.records();
  isGone = true;
  await expect(log.close()).rejects.toThrow(EIO);
  expect([...open]).toEqual([]);
  isGone = false;
  await (await Log.open('/logs/t-0', { fs: memory })).close();
});

test('of several things that fail all are tried, and the first failure is told', () => {
  const tried: number[] = [];
  const closes = [1, 2, 3, 4].map((n) => () => {
    tried.push(n);
    if (n % 2 === 0) throw new Error(`${n}`);
  });
  expect(() => closeAll(closes)).toThrow('2');
  expect(tried).toEqual([1, 2, 3, 4]);
});
