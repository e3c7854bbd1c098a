/** A repair that dies at any of its changes, and the next one: fault row F29, in process. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { FileSystem } from '../../src/fs/contract.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { applyRepair, previewRepair, undoRepair } from '../../src/repair/repair.ts';
import type { RepairOptions } from '../../src/repair/options.ts';
import { copyOf, optionsFor, recipe, sha256 } from './partitions.ts';
import { Died, StoppingFileSystem } from './stopping-fs.ts';

const DIRECTORY = '/data/f-0';
const REPAIR = `${DIRECTORY}/quarantine/repair-1`;
/** Far more changes than any repair here makes. */
const NEVER = 1_000_000;

/** The recipes: a cut that takes later segments along, rebuilt files that were missing, and a snapshot alone. */
const NAMES = ['001-flip-log', '009-delete-segment-index-all', '008-flip-snapshot', '024-zero-middle'];

function options(fs: FileSystem, more: Partial<RepairOptions> = {}): RepairOptions {
  return optionsFor({ fs, ...more });
}

/** Every file below a directory, by path. */
function treeOf(fs: FileSystem, directory: string): Map<string, string> {
  const tree = new Map<string, string>();
  for (const name of fs.list(directory)) {
    // What a death leaves of a journal; files in memory are replaced without it, so that nothing goes over it here.
    if (name === 'journal.json.tmp') continue;
    const path = `${directory}/${name}`;
    const stat = fs.stat(path);
    if (stat?.isDirectory === true) for (const [below, hash] of treeOf(fs, path)) tree.set(below, hash);
    else tree.set(path, `${sha256(fs.readSmall(path) ?? new Uint8Array(0))} ${stat?.modifiedMs}`);
  }
  return tree;
}

function memoryOf(files: ReadonlyMap<string, Buffer>): MemoryFileSystem {
  const fs = new MemoryFileSystem();
  fs.makeDirectory(DIRECTORY);
  for (const [name, bytes] of files) {
    const path = `${DIRECTORY}/${name}`;
    fs.replaceSmall(path, bytes);
    fs.setModified(path, 1000 + bytes.length);
  }
  return fs;
}

/** Whether `work` came to its end. */
async function ends(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (!(error instanceof Died)) throw error;
    return false;
  }
}

/** The journal, if it is in one of the states. */
function journalOf(fs: FileSystem, states: readonly string[]): { files: { name: string }[] } | undefined {
  const bytes = fs.readSmall(`${REPAIR}/journal.json`);
  if (bytes === undefined) return undefined;
  const journal = JSON.parse(Buffer.from(bytes).toString('utf8')) as { state: string; files: { name: string }[] };
  return states.includes(journal.state) ? journal : undefined;
}

/** What a broker would misread: segments that are on both sides and not here, and indexes that go with neither side's .log. */
function misread(fs: FileSystem, sides: readonly FileSystem[]): string[] {
  const bytesOf = (side: FileSystem, name: string): string | undefined => {
    const bytes = side.readSmall(`${DIRECTORY}/${name}`);
    return bytes === undefined ? undefined : sha256(bytes);
  };
  const names = new Set(sides.flatMap((side) => side.list(DIRECTORY)).filter((name) => /^\d{20}\./.test(name)));
  return [...names].filter((name) => {
    const here = bytesOf(fs, name);
    const [offset, suffix] = name.split('.') as [string, string | undefined];
    if (suffix === 'log') return here === undefined && sides.every((side) => bytesOf(side, name) !== undefined);
    if ((suffix !== 'index' && suffix !== 'timeindex') || here === undefined) return false;
    const log = bytesOf(fs, `${offset}.log`);
    return !sides.some((side) => bytesOf(side, name) === here && bytesOf(side, `${offset}.log`) === log);
  });
}

/** Runs `work` on a file system that dies at change `at`; false when it did not come to that. */
async function dies(fs: FileSystem, at: number, work: (options: RepairOptions) => Promise<unknown>): Promise<boolean> {
  const stopping = new StoppingFileSystem(fs, at);
  try {
    await work(options(stopping));
    return false;
  } catch (error) {
    if (!(error instanceof Died)) throw error;
    return true;
  }
}

/** That every original is somewhere, whole. */
function expectNothingLost(fs: FileSystem, before: ReadonlyMap<string, string>): void {
  const there = new Set(treeOf(fs, DIRECTORY).values());
  expect([...before].filter(([, hash]) => !there.has(hash))).toEqual([]);
}

describe.each(NAMES)('F29: a repair of %s', (name) => {
  const { source, edits } = recipe(name);
  const original = (): Map<string, Buffer> => {
    const directory = copyOf(source, edits);
    return new Map(readdirSync(directory).map((file) => [file, readFileSync(join(directory, file))]));
  };

  test('that dies at any change is ended by the next one, or taken back', async () => {
    const files = original();
    const whole = memoryOf(files);
    const before = treeOf(whole, DIRECTORY);
    await applyRepair(DIRECTORY, options(whole));
    const repaired = treeOf(whole, DIRECTORY);
    let at = 1;
    for (; ; at++) {
      const fs = memoryOf(files);
      const isDead = await dies(fs, at, (stopping) => applyRepair(DIRECTORY, stopping));
      if (!isDead) break;
      expectNothingLost(fs, before);
      const twin = memoryOf(new Map());
      for (const path of allDirectories(fs, DIRECTORY)) twin.makeDirectory(path);
      copyAll(fs, twin);
      // Ended, and then taken back.
      await applyRepair(DIRECTORY, options(fs));
      expect(treeOf(fs, DIRECTORY)).toEqual(repaired);
      expect((await previewRepair(DIRECTORY, options(fs))).steps).toEqual([]);
      await undoRepair(REPAIR, options(fs));
      expect(treeOf(fs, DIRECTORY)).toEqual(before);
      // Taken back at once, where there is a journal; before, nothing was moved.
      if (twin.stat(`${REPAIR}/journal.json`) !== undefined) {
        expect((await previewRepair(DIRECTORY, options(twin))).interrupted ?? REPAIR).toBe(REPAIR);
        await undoRepair(REPAIR, options(twin));
        expect(treeOf(twin, DIRECTORY)).toEqual(before);
      }
    }
    expect(at).toBeGreaterThan(10);
  });

  test('and its undoing, when that dies at any change, is ended by the next repair or undoing', async () => {
    const files = original();
    const before = treeOf(memoryOf(files), DIRECTORY);
    for (let at = 1; ; at++) {
      const fs = memoryOf(files);
      await applyRepair(DIRECTORY, options(fs));
      const isDead = await dies(fs, at, (stopping) => undoRepair(REPAIR, stopping));
      expectNothingLost(fs, before);
      if (!isDead) break;
      if (at % 2 === 0 && fs.stat(`${REPAIR}/journal.json`) !== undefined) {
        await undoRepair(REPAIR, options(fs));
        expect(treeOf(fs, DIRECTORY)).toEqual(before);
      } else {
        await applyRepair(DIRECTORY, options(fs));
        expect((await previewRepair(DIRECTORY, options(fs))).steps).toEqual([]);
        expectNothingLost(fs, before);
      }
    }
  });

  test('whose undoing died never moves an original that is back, though what replaced it is gone', async () => {
    const files = original();
    const before = treeOf(memoryOf(files), DIRECTORY);
    for (let at = 1; ; at++) {
      const fs = memoryOf(files);
      await applyRepair(DIRECTORY, options(fs));
      if (!(await dies(fs, at, (stopping) => undoRepair(REPAIR, stopping)))) break;
      const state = Buffer.from(fs.readSmall(`${REPAIR}/journal.json`) ?? '{}').toString('utf8');
      if (!state.includes('"undoing"')) continue;
      for (const file of fs.list(`${REPAIR}/new`)) fs.remove(`${REPAIR}/new/${file}`);
      await undoRepair(REPAIR, options(fs));
      expectNothingLost(fs, before);
    }
  });

  test('or its undoing, dying at any change, overwrites and removes nothing that somebody wrote in the meantime', async () => {
    const files = original();
    const works = [
      (stopping: RepairOptions) => applyRepair(DIRECTORY, stopping),
      (stopping: RepairOptions) => undoRepair(REPAIR, stopping),
    ];
    for (const [order, work] of works.entries()) {
      for (let at = 1; ; at++) {
        const fs = memoryOf(files);
        if (order === 1) await applyRepair(DIRECTORY, options(fs));
        if (!(await dies(fs, at, work))) break;
        const [file] = journalOf(fs, ['ready', 'undoing'])?.files ?? [];
        if (file === undefined) continue;
        const path = `${DIRECTORY}/${file.name}`;
        const there = fs.stat(path) === undefined ? undefined : `${path}.aside`;
        if (there !== undefined) fs.rename(path, there);
        fs.replaceSmall(path, Buffer.from('of a broker'));
        const before = treeOf(fs, DIRECTORY);
        for (const again of [() => applyRepair(DIRECTORY, options(fs)), () => undoRepair(REPAIR, options(fs))]) {
          await expect(again()).rejects.toMatchObject({ code: 'LOG_CORRUPT', file: path });
          expect(treeOf(fs, DIRECTORY)).toEqual(before);
        }
        // Out of the way again.
        fs.remove(path);
        if (there !== undefined) fs.rename(there, path);
        await undoRepair(REPAIR, options(fs));
        expect(treeOf(fs, DIRECTORY)).toEqual(treeOf(memoryOf(files), DIRECTORY));
      }
    }
  });

  test('or its undoing, dying at any change, leaves every .log a file, and no index beside a .log that it is not of', async () => {
    const files = original();
    const sides = [memoryOf(files), memoryOf(files)] as const;
    await applyRepair(DIRECTORY, options(sides[1]));
    for (const isUndo of [false, true]) {
      for (let at = 1; ; at++) {
        const fs = memoryOf(files);
        if (isUndo) await applyRepair(DIRECTORY, options(fs));
        const work = isUndo
          ? () => undoRepair(REPAIR, options(stopping))
          : () => applyRepair(DIRECTORY, options(stopping));
        const stopping = new StoppingFileSystem(fs, at);
        if (await ends(work)) break;
        expect(misread(fs, sides), `${isUndo ? 'undoing' : 'repair'}, change ${at}`).toEqual([]);
      }
    }
  });

  test('makes no change at all when it only looks', async () => {
    const fs = new StoppingFileSystem(memoryOf(original()), NEVER);
    const { steps } = await previewRepair(DIRECTORY, options(fs));
    expect(steps.length).toBeGreaterThan(0);
    expect(fs.changes).toBe(0);
  });
});

function allDirectories(fs: FileSystem, directory: string): string[] {
  const below = fs.list(directory).map((name) => `${directory}/${name}`);
  return [directory, ...below.filter((path) => fs.stat(path)?.isDirectory).flatMap((path) => allDirectories(fs, path))];
}

function copyAll(from: FileSystem, to: FileSystem): void {
  for (const path of treeOf(from, DIRECTORY).keys()) {
    to.replaceSmall(path, from.readSmall(path) ?? new Uint8Array(0));
    to.setModified(path, from.stat(path)?.modifiedMs ?? 0);
  }
}
