/** Files that are on their way out: who removes them, and what is left when that fails. */
import { describe, expect, test } from 'vitest';
import type { UnlinkRequest } from '../../src/cleaner/unlink.ts';
import { ManualClock } from '../../src/clock/clock.ts';
import { logConfig } from '../../src/config/log-config.ts';
import { defaultEngine } from '../../src/engine/select.ts';
import { segmentFileName, SUFFIXES } from '../../src/format/names.ts';
import { FaultyFileSystem } from '../../src/fs/faulty-fs.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { DeletedFiles } from '../../src/log/deleted-files.ts';
import { OpenSegments } from '../../src/segment/open-segments.ts';

const DIRECTORY = '/t-0';
const DELAY_MS = 1000;

/** Segments at the offsets 0, 1, ..., with all of their files; every third one has a transaction index. */
function made(segments: number): {
  fs: FaultyFileSystem;
  clock: ManualClock;
  files: DeletedFiles;
  left: () => string[];
} {
  const fs = new FaultyFileSystem(new MemoryFileSystem());
  const clock = new ManualClock();
  fs.makeDirectory(DIRECTORY);
  for (let base = 0; base < segments; base++) {
    for (const suffix of Object.values(SUFFIXES)) {
      if (suffix === SUFFIXES.transactionIndex && base % 3 !== 0) continue;
      fs.replaceSmall(`${DIRECTORY}/${segmentFileName(base, suffix)}`, new Uint8Array(1));
    }
  }
  const config = logConfig({ fileDeleteDelayMs: DELAY_MS });
  const context = { engine: defaultEngine(), fs, clock, config, open: new OpenSegments() };
  return { fs, clock, files: new DeletedFiles(context, DIRECTORY), left: () => fs.list(DIRECTORY) };
}

const bases = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe('deleted files', () => {
  test('are renamed at once, whichever of them are there', () => {
    const { files, left } = made(4);
    files.add([0, 1, 7], [1, 9]);
    expect(left().filter((name) => name.endsWith('.deleted'))).toEqual([
      ...['index', 'log', 'timeindex', 'txnindex'].map((kind) => `${'0'.repeat(20)}.${kind}.deleted`),
      ...['index', 'log', 'snapshot', 'timeindex'].map((kind) => `${'0'.repeat(19)}1.${kind}.deleted`),
    ]);
    files.stop();
  });

  test('are handed to whoever removes them when they are due, by their names', async () => {
    const { files, clock, left } = made(2);
    const asked: UnlinkRequest[] = [];
    files.unlinkBy(async (request) => void asked.push(request));
    files.add([0], []);
    clock.advance(DELAY_MS - 1);
    files.add([1], [1]);
    clock.advance(1);
    await turns();
    const names = ['log', 'index', 'timeindex', 'txnindex'].map((kind) => `${'0'.repeat(20)}.${kind}.deleted`);
    expect(asked).toEqual([{ directory: DIRECTORY, names }]);
    clock.advance(DELAY_MS - 1);
    await turns();
    expect(asked).toHaveLength(2);
    expect(asked[1]?.names).toHaveLength(4);
    // Nobody has, here.
    expect(left().filter((name) => name.endsWith('.deleted'))).toHaveLength(8);
    await files.remove();
    expect(asked).toHaveLength(2);
  });

  test('are removed here when the thread that should do it dies', async () => {
    const { files, clock, left } = made(40);
    let deaths = 0;
    files.unlinkBy(async () => {
      deaths++;
      throw new Error('the thread died');
    });
    files.add(bases(40), bases(40));
    clock.advance(DELAY_MS);
    await turns();
    expect(deaths).toBe(1);
    expect(left()).toEqual([]);
  });

  test('that nobody can remove stay, and go with what comes next', async () => {
    const { files, clock, fs, left } = made(2);
    files.add([0], [0]);
    fs.plan({ operation: 'remove', call: 1, errno: 'EACCES', forGood: true });
    clock.advance(DELAY_MS);
    await turns();
    expect(left().filter((name) => name.endsWith('.deleted'))).toHaveLength(5);
    fs.heal();
    files.add([1], [1]);
    clock.advance(DELAY_MS);
    await turns();
    expect(left()).toEqual([]);
  });

  test('go when the log is closed, whatever their time; what cannot go is left to the next opening', async () => {
    const { files, fs, left } = made(3);
    files.add(bases(2), bases(2));
    await files.remove();
    expect(left()).toHaveLength(4);
    files.add([2], [2]);
    fs.plan({ operation: 'remove', call: 1, errno: 'EACCES', forGood: true });
    await files.remove();
    files.stop();
    expect(left().every((name) => name.endsWith('.deleted'))).toBe(true);
    expect(left()).toHaveLength(4);
  });

  test('of which one came again meanwhile have a time of their own each', async () => {
    const { files, clock, fs, left } = made(1);
    const log = segmentFileName(0, SUFFIXES.log);
    let unlink: () => void = () => undefined;
    files.unlinkBy(() => new Promise((resolve) => (unlink = resolve)));
    files.add([0], []);
    clock.advance(DELAY_MS);
    fs.replaceSmall(`${DIRECTORY}/${log}`, new Uint8Array(2));
    files.add([0], []);
    unlink();
    files.unlinkBy(async ({ names }) => {
      for (const name of names) fs.remove(`${DIRECTORY}/${name}`);
    });
    await turns();
    expect(left()).toContain(`${log}.deleted`);
    clock.advance(DELAY_MS);
    await turns();
    expect(left()).not.toContain(`${log}.deleted`);
  });
});
