/** Programs that end themselves with `kill -9` at a chosen change of files: what they leave is real, and on a real disk. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { scratch } from './temp.ts';

/** The built library, for the programs. */
export const BUILT: string = new URL('../../dist/', import.meta.url).href;

/** Processes at the same time: each is mostly its own start. */
const AT_ONCE = 4;

/**
 * Loaded before a program, which calls `dieAt(n)`: from then on calls that change files are counted, and the process kills
 * itself before the `n`th. Those that the native engine makes are not seen; they are appends, whose ends have tests of their own.
 */
const KILLER = `
  import fs from 'node:fs';
  import { syncBuiltinESMExports } from 'node:module';
  let left = Infinity;
  globalThis.dieAt = (count) => { left = count; };
  const step = () => { if (--left <= 0) process.kill(process.pid, 'SIGKILL'); };
  const changes = ['writeSync', 'ftruncateSync', 'renameSync', 'unlinkSync', 'rmSync', 'mkdirSync', 'utimesSync', 'fsyncSync',
    'fdatasyncSync', 'fdatasync'];
  for (const name of changes) {
    const call = fs[name];
    fs[name] = (...args) => { step(); return call(...args); };
  }
  const open = fs.openSync;
  fs.openSync = (path, flags, mode) => {
    if ((flags & fs.constants.O_CREAT) !== 0) step();
    return open(path, flags, mode);
  };
  syncBuiltinESMExports();
`;

interface Killing {
  /** A module; it finds its directory and its `n` in `process.argv`. */
  readonly program: string;
  /** What each run gets a copy of. */
  readonly model: string;
  /** Looks at what is left. `isWhole`: the program came to its end. */
  readonly check: (directory: string, at: string, isWhole: boolean) => Promise<void>;
}

/** Runs a program again and again, each time to its next change, until it comes to its end. @returns how many changes it makes */
export async function killAtEach({ program, model, check }: Killing): Promise<number> {
  const file = join(scratch(), 'program.mjs');
  writeFileSync(file, program);
  const run = async (at: number): Promise<boolean> => {
    const directory = scratch();
    cpSync(model, directory, { recursive: true, preserveTimestamps: true });
    const isWhole = await cameToItsEnd(file, directory, at);
    await check(directory, `change ${at}`, isWhole);
    return isWhole;
  };
  for (let first = 1; ; first += AT_ONCE) {
    const ends = await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => run(first + i)));
    const end = ends.indexOf(true);
    if (end >= 0) return first + end - 1;
  }
}

async function cameToItsEnd(file: string, directory: string, at: number): Promise<boolean> {
  const preload = `data:text/javascript,${encodeURIComponent(KILLER)}`;
  const child = spawn(process.execPath, ['--import', preload, file, directory, String(at)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let complaint = '';
  child.stderr.on('data', (piece: Buffer) => (complaint += piece.toString()));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  if (signal !== 'SIGKILL') expect({ code, complaint }).toEqual({ code: 0, complaint: '' });
  return signal !== 'SIGKILL';
}

/** Names below a directory that no clean stop leaves. */
export function leftoversIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.(?:cleaned|swap|deleted|tmp|unreadable)$|quarantine/.test(name),
  );
}
