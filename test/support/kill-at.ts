/** Programs that end themselves with `kill -9` at a chosen change of files: what they leave is real, and on a real disk. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'vitest';
import { bundleLibrary } from '../../scripts/lib/kill-bundle.mjs';
import { defaultEngine } from '../../src/engine/select.ts';
import { scratch } from './temp.ts';

/** Processes at the same time: each is mostly its own start. */
const AT_ONCE = 4;

/** With copies, every so many changes a process is killed all the same. */
const KILLED_EVERY = 24;

/** The URL of {@link file://./library.ts | the library} in one file, which is made when it is asked for first. */
let library: Promise<string> | undefined;

/** Each worker of the suite has its own: others' programs may be reading theirs. */
async function bundledLibrary(): Promise<string> {
  const worker = process.env['VITEST_POOL_ID'] ?? '0';
  return pathToFileURL(await bundleLibrary(`library-${defaultEngine().name}-${worker}`)).href;
}

/**
 * Loaded before a program, which imports `library` and calls `dieAt(n)`: from then on calls that change files are counted, and the
 * process kills itself before the `n`th. Those that the native engine makes are not seen; they are appends, whose ends have tests of
 * their own.
 * Where `SEGLOG_COPIES` names a directory, its own is copied there before each change instead.
 */
const killer = (libraryUrl: string): string => `
  import fs from 'node:fs';
  import { syncBuiltinESMExports } from 'node:module';
  globalThis.library = '${libraryUrl}';
  const copies = process.env.SEGLOG_COPIES;
  let left = Infinity;
  globalThis.dieAt = (count) => { left = count; };
  let copied = 0;
  let isCopying = false;
  const copy = () => {
    if (isCopying || left === Infinity) return;
    isCopying = true;
    fs.cpSync(process.argv[2], copies + '/' + ++copied, { recursive: true, preserveTimestamps: true });
    isCopying = false;
  };
  const kill = () => { if (--left <= 0) process.kill(process.pid, 'SIGKILL'); };
  const step = copies === undefined ? kill : copy;
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
  /** A module; it finds its directory and its `n` in `process.argv`, and the library at the URL `library`. */
  readonly program: string;
  /** What each run gets a copy of. */
  readonly model: string;
  /** Looks at what is left. `isWhole`: the program came to its end. */
  readonly check: (directory: string, at: string, isWhole: boolean) => Promise<void>;
  /** Of how many changes one is looked at; those between make no difference to who looks. Default 1. */
  readonly every?: number;
}

/** Runs a program again and again, each time to its next change, until it comes to its end. @returns how many changes it makes */
export async function killAtEach(killing: Killing): Promise<number> {
  const file = written(killing);
  for (let first = 1; ; first += AT_ONCE) {
    const ends = await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => killAt(killing, file, first + i)));
    const end = ends.indexOf(true);
    if (end >= 0) return first + end - 1;
  }
}

/**
 * The same for a program that makes all of its changes on one thread: what it would leave at each of them if it were killed there
 * is what there is at that moment, and is copied then, so that one process does for all. Some it is killed at besides.
 */
export async function stopAtEach(killing: Killing): Promise<number> {
  const file = written(killing);
  const [directory, copies] = [copyOf(killing.model), scratch()];
  const isWhole = await cameToItsEnd(file, directory, Number.MAX_SAFE_INTEGER, { SEGLOG_COPIES: copies });
  expect(isWhole).toBe(true);
  const changes = readdirSync(copies).length;
  const { every = 1 } = killing;
  for (let at = 1; at <= changes; at += every) await killing.check(join(copies, String(at)), `change ${at}`, false);
  await killing.check(directory, 'the end', true);
  const apart = KILLED_EVERY * every;
  const kills = Array.from({ length: Math.ceil(changes / apart) }, (_, i) => 1 + i * apart);
  while (kills.length > 0) {
    const left = await Promise.all(kills.splice(0, AT_ONCE).map((at) => leftAt(killing, file, at)));
    // One by one: who looks may have one broker.
    for (const one of left) await killing.check(one.directory, one.change, one.isWhole);
  }
  return changes;
}

function written({ program }: Killing): string {
  const file = join(scratch(), 'program.mjs');
  writeFileSync(file, program);
  return file;
}

function copyOf(model: string): string {
  const directory = scratch();
  cpSync(model, directory, { recursive: true, preserveTimestamps: true });
  return directory;
}

async function killAt(killing: Killing, file: string, at: number): Promise<boolean> {
  const { directory, change, isWhole } = await leftAt(killing, file, at);
  await killing.check(directory, change, isWhole);
  return isWhole;
}

interface Left {
  readonly directory: string;
  readonly change: string;
  readonly isWhole: boolean;
}

async function leftAt({ model }: Killing, file: string, at: number): Promise<Left> {
  const directory = copyOf(model);
  const isWhole = await cameToItsEnd(file, directory, at);
  return { directory, change: `change ${at}`, isWhole };
}

async function cameToItsEnd(
  file: string,
  directory: string,
  at: number,
  env: Readonly<Record<string, string>> = {},
): Promise<boolean> {
  library ??= bundledLibrary();
  const preload = `data:text/javascript,${encodeURIComponent(killer(await library))}`;
  const child = spawn(process.execPath, ['--import', preload, file, directory, String(at)], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...env },
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
