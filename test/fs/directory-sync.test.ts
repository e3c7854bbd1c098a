/** Row F14: the system tells of what it lost of a directory once for each opening of it, and those that come later never. */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { expect, onTestFinished, test } from 'vitest';
import { syncDirectory, syncDirectoryAsync } from '../../src/fs/directory-sync.ts';
import { codeOf } from '../log/fault-rows/partition.ts';
import { scratch } from '../support/temp.ts';

/** Descriptors that are open, in the order of their opening. */
let open: number[] = [];

/** The machine loses a name now: descriptors that are open are told once each, others never. Off this thread that is said later. */
function loseName(): { readonly tell: () => void } {
  const untold = new Set(open);
  const waiting: (() => void)[] = [];
  const lost = (descriptor: number): Error | null =>
    untold.delete(descriptor) ? Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO' }) : null;
  fs.fsyncSync = (descriptor) => {
    const error = lost(descriptor);
    if (error !== null) throw error;
  };
  fs.fsync = ((descriptor: number, finish: (error: Error | null) => void) => {
    const error = lost(descriptor);
    waiting.push(() => finish(error));
  }) as typeof fs.fsync;
  syncBuiltinESMExports();
  return {
    tell() {
      for (const one of waiting.splice(0)) one();
    },
  };
}

function watch(): void {
  const { openSync, closeSync, fsync, fsyncSync } = fs;
  open = [];
  fs.openSync = (...given) => {
    const descriptor = openSync(...given);
    open.push(descriptor);
    return descriptor;
  };
  fs.closeSync = (descriptor) => {
    open = open.filter((one) => one !== descriptor);
    closeSync(descriptor);
  };
  onTestFinished(() => {
    Object.assign(fs, { openSync, closeSync, fsync, fsyncSync });
    syncBuiltinESMExports();
  });
  syncBuiltinESMExports();
}

const sync = (directory: string): Promise<string> => codeOf((async () => syncDirectory(directory))());

test.skipIf(process.platform === 'win32')(
  'F14: a sync of a directory beside one on another thread fails that was told of a lost name, and has not said so yet',
  async () => {
    const directory = scratch();
    watch();
    const { fsync } = fs;
    let release: (() => void) | undefined;
    // Its descriptors are open, and it has not asked the machine.
    fs.fsync = ((descriptor: number, finish: (error: Error | null) => void) => {
      release = () => fs.fsync(descriptor, finish);
    }) as typeof fs.fsync;
    syncBuiltinESMExports();
    const other = codeOf(syncDirectoryAsync(directory));
    fs.fsync = fsync;
    const { tell } = loseName();
    release?.();
    expect(await sync(directory)).toBe('IO EIO');
    tell();
    expect(await other).toBe('IO EIO');
    expect(open, 'descriptors that are left open').toEqual([]);
    expect(await sync(directory), 'who comes later is told nothing').toBe('ok');
  },
);

test.skipIf(process.platform === 'win32')(
  'F17: a directory that is not there is named, and no descriptor stays open',
  async () => {
    const missing = `${scratch()}/missing`;
    watch();
    expect(await sync(missing)).toBe('IO ENOENT');
    await expect(syncDirectoryAsync(missing)).rejects.toMatchObject({ code: 'IO', errno: 'ENOENT', file: missing });
    expect(open).toEqual([]);
  },
);
