/**
 * What the machine's file system is asked for, call by call and in which order: a sync that is left out shows in no test that
 * reads the files back, and in no kill of a process.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { basename, join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { scratch } from '../support/temp.ts';

const SEEN = [
  'writeSync',
  'fsyncSync',
  'fsync',
  'fdatasyncSync',
  'fdatasync',
  'renameSync',
  'mkdirSync',
  'ftruncateSync',
] as const;

let calls: string[] = [];

beforeEach(() => {
  calls = [];
});

/** Notes each call with the name of the file that it is about, until the test ends. */
function watch(): void {
  const names = new Map<unknown, string>();
  const table = fs as unknown as Record<string, (...given: unknown[]) => unknown>;
  const wrap = (name: string, note: (given: unknown[], result: unknown) => void): void => {
    const real = table[name];
    if (real === undefined) throw new Error(`node:fs has no ${name}`);
    table[name] = (...given) => {
      const result = real(...given);
      note(given, result);
      return result;
    };
    onTestFinished(() => {
      table[name] = real;
      syncBuiltinESMExports();
    });
  };
  wrap('openSync', ([path], descriptor) => names.set(descriptor, basename(String(path))));
  for (const name of SEEN) {
    wrap(name, ([what]) => calls.push(`${name} ${names.get(what) ?? basename(String(what))}`));
  }
  syncBuiltinESMExports();
}

test('a small file is written and synced beside the old one, takes its name, and then the name is synced', () => {
  const directory = scratch();
  watch();
  nodeFileSystem.replaceSmall(join(directory, 'checkpoint'), Buffer.from('0\n'));
  expect(calls).toEqual([
    'ftruncateSync checkpoint.tmp',
    'writeSync checkpoint.tmp',
    'fsyncSync checkpoint.tmp',
    'renameSync checkpoint.tmp',
    `fsyncSync ${basename(directory)}`,
  ]);
});

test('syncing a directory or a file asks the machine to', async () => {
  const directory = scratch();
  const file = nodeFileSystem.open(join(directory, 'a'), 'create');
  watch();
  nodeFileSystem.syncDirectory(directory);
  expect(calls).toEqual([`fsyncSync ${basename(directory)}`]);
  await nodeFileSystem.syncDirectoryAsync(directory);
  expect(calls.splice(1)).toEqual([`fsync ${basename(directory)}`]);
  const { fd } = file;
  file.syncSync();
  // Of the file opened once more: what the system tells one descriptor of a lost page it does not tell it again.
  await file.sync();
  await file.sync();
  expect(calls.slice(1)).toEqual([`fdatasyncSync ${fd}`, 'fdatasync a', 'fdatasync a']);
  file.close();
});

test('the names of parents that were made are synced', () => {
  const directory = scratch();
  watch();
  nodeFileSystem.makeDirectory(join(directory, 'a', 'b'));
  expect(calls).toEqual(['mkdirSync a', `fsyncSync ${basename(directory)}`, 'mkdirSync b']);
});
