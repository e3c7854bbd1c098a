/** Making directories with their parents: always to an end, and durable. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeWithParents } from '../../src/fs/make-directory.ts';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { Log, Store } from '../../src/index.ts';
import { scratch } from '../support/temp.ts';

function failure(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/** Directories in memory. */
function onDirectories(there: Set<string>): { calls: Parameters<typeof makeWithParents>[1]; done: string[] } {
  const done: string[] = [];
  const calls = {
    make(path: string): void {
      if (there.has(path)) throw failure('EEXIST');
      if (!there.has(path.slice(0, path.lastIndexOf('/')) || '/')) throw failure('ENOENT');
      there.add(path);
      done.push(`make ${path}`);
    },
    isDirectory: (path: string) => there.has(path),
    sync: (path: string) => void done.push(`sync ${path}`),
  };
  return { calls, done };
}

describe('making a directory', () => {
  test('makes what is missing from above, and brings the name of each parent to the disk', () => {
    const { calls, done } = onDirectories(new Set(['/', '/a']));
    expect(makeWithParents('/a/b/c/d', calls)).toBe(true);
    expect(done).toEqual(['make /a/b', 'sync /a', 'make /a/b/c', 'sync /a/b', 'make /a/b/c/d']);
    expect(makeWithParents('/a/b/c/d', calls)).toBe(false);
    expect(makeWithParents('/a/b/c/e', calls)).toBe(true);
    expect(done.slice(5)).toEqual(['make /a/b/c/e']);
  });

  test('ends where nothing can be made below a directory that is there', () => {
    const { calls } = onDirectories(new Set(['/', '/proc']));
    let asked = 0;
    const proc = {
      ...calls,
      make(path: string): void {
        asked++;
        if (path.startsWith('/proc/')) throw failure('ENOENT');
        calls.make(path);
      },
    };
    expect(() => makeWithParents('/proc/no/such', proc)).toThrow(expect.objectContaining({ code: 'ENOENT' }));
    expect(asked).toBeLessThan(10);
  });

  test('on the machine takes a link to a directory for one, and nothing else', () => {
    const directory = scratch();
    mkdirSync(join(directory, 'real'));
    symlinkSync(join(directory, 'real'), join(directory, 'link'));
    symlinkSync(join(directory, 'nothing'), join(directory, 'dangling'));
    writeFileSync(join(directory, 'file'), '');
    expect(nodeFileSystem.makeDirectory(join(directory, 'link'))).toBe(false);
    expect(nodeFileSystem.makeDirectory(join(directory, 'link', 'a', 'b'))).toBe(true);
    expect(nodeFileSystem.stat(join(directory, 'real', 'a', 'b'))?.isDirectory).toBe(true);
    for (const [path, errno] of [
      ['file', 'EEXIST'],
      ['file/x', 'ENOTDIR'],
      ['dangling', 'EEXIST'],
      ['dangling/x/y', 'EEXIST'],
    ] as const) {
      expect(() => nodeFileSystem.makeDirectory(join(directory, path)), path).toThrow(
        expect.objectContaining({ code: 'IO', errno, file: join(directory, path) }),
      );
    }
  });

  test.runIf(process.platform === 'linux')('under /proc is refused by its name, and does not hang', async () => {
    const refused = { code: 'IO', errno: 'ENOENT', file: '/proc/no/such' };
    await expect(Store.open('/proc/no/such')).rejects.toMatchObject(refused);
    await expect(Log.open('/proc/no/such/t-0')).rejects.toMatchObject({ ...refused, file: '/proc/no/such/t-0' });
    await expect(Store.open('/proc/self')).rejects.toMatchObject({ code: 'IO' });
  });
});
