/** Rows F12 and F29: the power fails at any change of a repair, and of what was not synced any part is there. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { FileSystem } from '../../src/fs/contract.ts';
import { applyRepair, undoRepair } from '../../src/repair/repair.ts';
import { Disk, type Loss } from '../simulate/disk/disk.ts';
import { DiskProcess } from '../simulate/disk/disk-process.ts';
import { Random } from '../support/random.ts';
import { copyOf, optionsFor, recipe, sha256 } from './partitions.ts';

const DIRECTORY = '/data/f-0';
const REPAIR = `${DIRECTORY}/quarantine/repair-1`;
const LOSSES: readonly Loss[] = [
  { names: 0, pages: 0, isOrdered: true },
  { names: 1, pages: 0, isOrdered: true },
  { names: 0.5, pages: 0.5, isOrdered: false },
  { names: 0.5, pages: 0, isOrdered: true },
];

/** The files of a directory itself, by name. */
function filesOf(fs: FileSystem, directory: string): Map<string, string> {
  const files = fs.list(directory).filter((name) => fs.stat(`${directory}/${name}`)?.isFile);
  return new Map(files.map((name) => [name, sha256(fs.readSmall(`${directory}/${name}`) ?? new Uint8Array())]));
}

/** What is there of all files below a directory. */
function contentsOf(fs: FileSystem, directory: string): Set<string> {
  const below = fs.list(directory).filter((name) => fs.stat(`${directory}/${name}`)?.isDirectory);
  const deeper = below.flatMap((name) => [...contentsOf(fs, `${directory}/${name}`)]);
  return new Set([...filesOf(fs, directory).values(), ...deeper]);
}

function diskOf(name: string): Disk {
  const { source, edits } = recipe(name);
  const from = copyOf(source, edits);
  const disk = new Disk();
  const fs = new DiskProcess(disk);
  fs.makeDirectory(DIRECTORY);
  for (const file of readdirSync(from)) fs.replaceSmall(`${DIRECTORY}/${file}`, readFileSync(join(from, file)));
  disk.settleAll();
  return disk;
}

test.each(['001-flip-log', '009-delete-segment-index-all'])(
  'F12, F29: a repair of %s is there when it has returned, and one that the power cut short is ended by the next',
  async (name) => {
    const whole = diskOf(name);
    const process = new DiskProcess(whole);
    const originals = filesOf(process, DIRECTORY);
    await applyRepair(DIRECTORY, optionsFor({ fs: process }));
    const repaired = filesOf(process, DIRECTORY);
    expect(repaired).not.toEqual(originals);
    for (const [seed, loss] of LOSSES.entries()) {
      const left = new DiskProcess(whole.afterPowerLoss(new Random(seed), loss));
      expect(filesOf(left, DIRECTORY)).toEqual(repaired);
    }
    let at = 1;
    for (let isDead = true; isDead; at++) {
      const disk = diskOf(name);
      const dying = new DiskProcess(disk);
      dying.dieIn(at);
      const work = applyRepair(DIRECTORY, optionsFor({ fs: dying }));
      isDead = await work.then(
        () => false,
        () => dying.isDead,
      );
      for (const [seed, loss] of isDead ? LOSSES.entries() : []) {
        const where = `change ${at}, loss ${seed}`;
        const left = new DiskProcess(disk.afterPowerLoss(new Random(at * LOSSES.length + seed), loss));
        const there = contentsOf(left, DIRECTORY);
        expect(
          [...originals].filter(([, hash]) => !there.has(hash)),
          where,
        ).toEqual([]);
        await applyRepair(DIRECTORY, optionsFor({ fs: left }));
        expect(filesOf(left, DIRECTORY), where).toEqual(repaired);
      }
    }
    expect(at).toBeGreaterThan(20);
  },
);

test('F12, F29: an undoing that the power cut short is ended by the next one', async () => {
  const disk = diskOf('001-flip-log');
  const fs = new DiskProcess(disk);
  const originals = filesOf(fs, DIRECTORY);
  await applyRepair(DIRECTORY, optionsFor({ fs }));
  disk.settleAll();
  let at = 1;
  for (let isDead = true; isDead; at++) {
    const one = disk.copy();
    const dying = new DiskProcess(one);
    dying.dieIn(at);
    isDead = await undoRepair(REPAIR, optionsFor({ fs: dying })).then(
      () => false,
      () => dying.isDead,
    );
    for (const [seed, loss] of LOSSES.entries()) {
      const where = `change ${at}, loss ${seed}`;
      const left = new DiskProcess(one.afterPowerLoss(new Random(at * LOSSES.length + seed), loss));
      if (left.stat(`${REPAIR}/journal.json`) !== undefined) await undoRepair(REPAIR, optionsFor({ fs: left }));
      expect(filesOf(left, DIRECTORY), where).toEqual(originals);
    }
  }
  expect(at).toBeGreaterThan(20);
});
