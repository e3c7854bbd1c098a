import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { emptyScratchLog, newScratch, SCRATCH_MARKER } from '../../src/bench/scratch.ts';
import { nodeFileSystem as fs } from '../../src/fs/node-fs.ts';
import { scratch } from '../support/temp.ts';

const refused = { code: 'INVALID_ARGUMENT' };

describe('a scratch directory', () => {
  it('is created and marked', () => {
    const directory = join(scratch(), 'a', 'b');
    expect(emptyScratchLog(fs, directory, 'bench-0')).toBe(join(directory, 'bench-0'));
    expect(readdirSync(directory)).toEqual([SCRATCH_MARKER]);
    expect(readFileSync(join(directory, SCRATCH_MARKER), 'utf8')).toMatch(/^seglog scratch\n/);
  });

  it('may be an empty one that is there, also one whose marking was interrupted', () => {
    const directory = scratch();
    writeFileSync(join(directory, `${SCRATCH_MARKER}.tmp`), 'seg');
    emptyScratchLog(fs, directory, 'bench-0');
    expect(readdirSync(directory)).toEqual([SCRATCH_MARKER]);
  });

  it('loses our own old log and keeps everything else', () => {
    const directory = scratch();
    const log = emptyScratchLog(fs, directory, 'bench-0');
    mkdirSync(log);
    writeFileSync(join(log, '00000000000000000000.log'), 'old');
    mkdirSync(join(directory, 'demo-0'));
    writeFileSync(join(directory, 'notes.txt'), 'mine');
    emptyScratchLog(fs, directory, 'bench-0');
    expect(readdirSync(directory)).toEqual([SCRATCH_MARKER, 'demo-0', 'notes.txt']);
  });

  it('may be reached through a link', () => {
    const directory = scratch();
    const link = join(scratch(), 'link');
    symlinkSync(directory, link);
    emptyScratchLog(fs, link, 'bench-0');
    expect(readdirSync(directory)).toEqual([SCRATCH_MARKER]);
  });

  it('is new each time when it is a temporary one', () => {
    const parent = scratch();
    const made = [newScratch(fs, parent), newScratch(fs, parent)];
    expect(new Set(made).size).toBe(2);
    expect(made.every((directory) => existsSync(join(directory, SCRATCH_MARKER)))).toBe(true);
  });
});

describe('what is not ours is refused and left as it was', () => {
  const foreign: [string, (directory: string) => void][] = [
    ['a file of somebody', (directory) => writeFileSync(join(directory, 'notes.txt'), 'mine')],
    ['a log named like ours', (directory) => mkdirSync(join(directory, 'bench-0'))],
    ["Kafka's log directory", (directory) => writeFileSync(join(directory, 'meta.properties'), 'version=1\n')],
    ['a marker with other text', (directory) => writeFileSync(join(directory, SCRATCH_MARKER), 'seglog scratchpad\n')],
    ['a directory in place of the marker', (directory) => mkdirSync(join(directory, SCRATCH_MARKER))],
    [
      'a link in place of the marker',
      (directory) => {
        const elsewhere = scratch();
        emptyScratchLog(fs, elsewhere, 'bench-0');
        symlinkSync(join(elsewhere, SCRATCH_MARKER), join(directory, SCRATCH_MARKER));
      },
    ],
  ];
  it.each(foreign)('%s', (_, make) => {
    const directory = scratch();
    make(directory);
    const before = readdirSync(directory);
    expect(() => emptyScratchLog(fs, directory, 'bench-0')).toThrow(expect.objectContaining(refused));
    expect(readdirSync(directory)).toEqual(before);
  });

  it('a file in place of the directory', () => {
    const path = join(scratch(), 'file');
    writeFileSync(path, 'mine');
    expect(() => emptyScratchLog(fs, path, 'bench-0')).toThrow(expect.objectContaining(refused));
    expect(readFileSync(path, 'utf8')).toBe('mine');
  });

  it('a link in place of the log', () => {
    const directory = scratch();
    emptyScratchLog(fs, directory, 'bench-0');
    const elsewhere = scratch();
    writeFileSync(join(elsewhere, 'notes.txt'), 'mine');
    symlinkSync(elsewhere, join(directory, 'bench-0'));
    expect(() => emptyScratchLog(fs, directory, 'bench-0')).toThrow(expect.objectContaining(refused));
    expect(readdirSync(elsewhere)).toEqual(['notes.txt']);
  });
});
