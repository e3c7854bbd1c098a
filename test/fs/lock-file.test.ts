/** The lock that is a file, for systems that free none: its holder dead, its number used again, and many takers at once. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { FileSystem } from '../../src/fs/contract.ts';
import { FaultyFileSystem } from '../../src/fs/faulty-fs.ts';
import { lockByFile } from '../../src/fs/file-lock.ts';
import { nodeFileSystem as fs } from '../../src/fs/node-fs.ts';
import { lockPortably } from '../../src/fs/portable-lock.ts';
import { type Processes, systemProcesses } from '../../src/fs/processes.ts';
import { scratch } from '../support/temp.ts';

/** Processes as the test has them: number and start. */
const running = (own: number, starts: Readonly<Record<number, string>>): Processes => ({
  own,
  startOf: (pid) => starts[pid],
});
const everyone = { 1: 'monday', 2: 'tuesday', 3: 'tuesday' };
const lockFile = (directory: string): string => join(directory, '.seglog-lock');

describe('a lock file', () => {
  test('is refused while the process that it names runs, and goes with the release', async () => {
    const directory = scratch();
    const lock = await lockByFile(fs, directory, running(1, everyone));
    for (const taker of [1, 2]) {
      await expect(lockByFile(fs, directory, running(taker, everyone))).rejects.toMatchObject({
        code: 'LOG_LOCKED',
        file: directory,
        message: expect.stringContaining('process 1'),
        action: expect.stringContaining(lockFile(directory)),
      });
    }
    await lock.release();
    expect(readdirSync(directory)).toEqual([]);
    const next = await lockByFile(fs, directory, running(2, everyone));
    await lock.release();
    expect(readdirSync(directory)).toEqual(['.seglog-lock']);
    await next.release();
  });

  test.each([
    ['is gone', { 2: 'tuesday' }, true],
    ['has given its number to a later one', { 1: 'sunday', 2: 'tuesday' }, true],
    ['runs', { 1: 'monday', 2: 'tuesday' }, false],
    ['may be the one that has its number', { 1: '', 2: 'tuesday' }, false],
  ])('whose process %s: taken over is %3$s', async (_, now, taken) => {
    const directory = scratch();
    await lockByFile(fs, directory, running(1, everyone));
    const second = lockByFile(fs, directory, running(2, now));
    if (taken) {
      await second;
      expect(readFileSync(lockFile(directory), 'utf8')).toContain('tuesday');
    } else await expect(second).rejects.toMatchObject({ code: 'LOG_LOCKED' });
    expect(readdirSync(directory)).toEqual(['.seglog-lock']);
  });

  test('is taken over from a process that died while it took over', async () => {
    const directory = scratch();
    await lockByFile(fs, directory, running(1, everyone));
    const dying = new FaultyFileSystem(fs);
    dying.plan({ operation: 'rename', call: 1, errno: 'EIO' });
    await expect(lockByFile(dying, directory, running(2, { 2: 'tuesday' }))).rejects.toMatchObject({ code: 'IO' });
    expect(readdirSync(directory)).toHaveLength(2);
    await expect(lockByFile(fs, directory, running(3, { 2: 'tuesday', 3: 'tuesday' }))).rejects.toMatchObject({
      message: expect.stringContaining('process 2'),
    });
    await lockByFile(fs, directory, running(3, { 3: 'tuesday' }));
    expect(readdirSync(directory)).toEqual(['.seglog-lock']);
    await expect(lockByFile(fs, directory, running(1, everyone))).rejects.toMatchObject({ code: 'LOG_LOCKED' });
  });

  test('is not taken from the one who took it over first', async () => {
    const directory = scratch();
    await lockByFile(fs, directory, running(1, everyone));
    const now = { 2: 'tuesday', 3: 'tuesday' };
    // Process 2 has seen that 1 is gone; before it does anything, 3 takes the lock over.
    let overtaken: Promise<unknown> | undefined;
    const slow = Object.create(fs) as FileSystem;
    slow.open = (path, mode) => {
      if (path !== lockFile(directory)) overtaken ??= lockByFile(fs, directory, running(3, now));
      return fs.open(path, mode);
    };
    await expect(lockByFile(slow, directory, running(2, now))).rejects.toMatchObject({
      code: 'LOG_LOCKED',
      message: expect.stringContaining('process 3'),
    });
    await overtaken;
    expect(readdirSync(directory)).toEqual(['.seglog-lock']);
  });

  test.each(['', 'x', '{}', 'null', '{"pid":-1,"start":"","token":"a"}', '{"pid":9,"start":"","token":"../x"}'])(
    'that says %j belongs to somebody unknown',
    async (text) => {
      const directory = scratch();
      writeFileSync(lockFile(directory), text);
      await expect(lockByFile(fs, directory, running(1, everyone))).rejects.toMatchObject({
        code: 'LOG_LOCKED',
        action: expect.stringContaining(lockFile(directory)),
      });
    },
  );

  test('that cannot be written is not left behind', async () => {
    const directory = scratch();
    const full = new FaultyFileSystem(fs);
    full.plan({ operation: 'write', call: 1, errno: 'ENOSPC', shortBy: 10 });
    await expect(lockByFile(full, directory, running(1, everyone))).rejects.toMatchObject({ errno: 'ENOSPC' });
    expect(readdirSync(directory)).toEqual([]);
  });

  test('is what the portable lock is where asked', async () => {
    const directory = scratch();
    const lock = await lockPortably(fs, directory, 'file');
    expect(readdirSync(directory)).toEqual(['.seglog-lock']);
    await expect(lockPortably(fs, directory, 'file')).rejects.toMatchObject({ code: 'LOG_LOCKED' });
    await lock.release();
  });
});

describe.runIf(process.platform === 'linux').each(['linux', 'darwin', 'win32'] as const)(
  'processes as on %s',
  (platform) => {
    const processes = systemProcesses(platform);

    test('start once', async () => {
      expect(processes.own).toBe(process.pid);
      const start = processes.startOf(process.pid);
      expect(start).toMatch(platform === 'win32' ? /^$/ : /\d/);
      const child = spawn('sleep', ['100']);
      const pid = child.pid as number;
      expect(processes.startOf(pid)).toBe(processes.startOf(pid));
      if (platform === 'linux') expect(Number(processes.startOf(pid))).toBeGreaterThan(Number(start));
      const gone = once(child, 'exit');
      child.kill();
      await gone;
      expect(processes.startOf(pid)).toBeUndefined();
    });
  },
);
