/** An overlay does what a file system of its own would do, and the one below never changes. */
import { describe, expect, test } from 'vitest';
import type { FileSystem } from '../../src/fs/contract.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { OverlayFileSystem } from '../../src/fs/overlay-fs.ts';
import { fuzzPlan, Random } from '../support/random.ts';
import { scratch } from '../support/temp.ts';

const DIRECTORY = '/d';
const NAMES = ['a', 'b', 'c', 'e'].map((name) => `${DIRECTORY}/${name}`);

function filled(random: Random): MemoryFileSystem {
  const fs = new MemoryFileSystem();
  fs.makeDirectory(DIRECTORY);
  for (const path of NAMES.slice(0, 3)) {
    fs.replaceSmall(path, random.bytes(random.between(0, 300)));
    fs.setModified(path, random.between(1, 1000));
  }
  return fs;
}

function contents(fs: FileSystem): Record<string, string> {
  return Object.fromEntries(
    fs.list(DIRECTORY).map((name) => [name, Buffer.from(fs.readSmall(`${DIRECTORY}/${name}`) ?? []).toString('hex')]),
  );
}

/** One thing done to a file, the same in every file system. */
function operation(random: Random): (fs: FileSystem) => void {
  const path = random.pick(NAMES);
  const other = random.pick(NAMES.filter((name) => name !== path));
  // At least one byte: writing none behind the end means something else on a disk than in memory.
  const bytes = random.bytes(random.between(1, 90));
  const at = random.between(0, 350);
  const cut = random.between(0, 350);
  const within = (work: (fs: FileSystem) => void) => (fs: FileSystem) => {
    if (fs.stat(path) !== undefined) work(fs);
  };
  return random.pick<() => (fs: FileSystem) => void>([
    () => (fs) => {
      const file = fs.open(path, 'create');
      file.write(bytes, 0, bytes.length, at);
      file.write(bytes, 0, bytes.length >> 1, at + bytes.length);
      file.close();
    },
    () =>
      within((fs) => {
        const file = fs.open(path, 'update');
        file.truncate(cut);
        file.write(bytes, 0, bytes.length, file.sizeBytes());
        file.close();
      }),
    () => within((fs) => fs.rename(path, other)),
    () => (fs) => fs.remove(path),
    () => (fs) => fs.replaceSmall(path, bytes),
    () =>
      within((fs) => {
        // Written anew with what is there: no change.
        const same = fs.readSmall(path) ?? new Uint8Array(0);
        fs.replaceSmall(path, same);
      }),
  ])();
}

const { seed, cases } = fuzzPlan(200);

describe('random changes', () => {
  test('come out as in a file system of its own, and the one below keeps every byte', () => {
    for (let at = 0; at < cases; at++) {
      const below = filled(new Random(seed + at));
      const twin = filled(new Random(seed + at));
      const before = contents(below);
      const overlay = new OverlayFileSystem(below);
      const random = new Random(seed + at + 1_000_000);
      for (let step = 0; step < 12; step++) {
        const change = operation(random);
        change(overlay);
        change(twin);
        expect(contents(overlay), `case ${at}, step ${step}`).toEqual(contents(twin));
        expect(overlay.list(DIRECTORY)).toEqual(twin.list(DIRECTORY));
      }
      expect(contents(below)).toEqual(before);
      const after = contents(twin);
      const differs = [...new Set([...Object.keys(before), ...Object.keys(after)])]
        .filter((name) => before[name] !== after[name])
        .sort();
      const changes = overlay.changes(DIRECTORY);
      // A piece of another file that happens to be the same is told as a change; nothing that differs goes untold.
      expect(changes.map(({ name }) => name)).toEqual(expect.arrayContaining(differs));
      for (const { name, before: stat, after: extents } of changes) {
        expect(stat === undefined).toBe(before[name] === undefined);
        expect(extents?.reduce((total, { length }) => total + length, 0)).toBe(
          after[name] === undefined ? undefined : after[name].length / 2,
        );
      }
    }
  });
});

function overlayOf(text: string): { below: MemoryFileSystem; overlay: OverlayFileSystem; path: string } {
  const below = new MemoryFileSystem();
  below.makeDirectory(DIRECTORY);
  const path = `${DIRECTORY}/x`;
  below.replaceSmall(path, Buffer.from(text));
  return { below, overlay: new OverlayFileSystem(below), path };
}

describe('a file', () => {
  test('that was written anew as it was is no change', () => {
    const { overlay, path } = overlayOf('as it was');
    overlay.remove(path);
    overlay.replaceSmall(path, Buffer.from('as it was'));
    expect(overlay.changes(DIRECTORY)).toEqual([]);
    overlay.replaceSmall(path, Buffer.from('as it is!'));
    expect(overlay.changes(DIRECTORY).map(({ name }) => name)).toEqual(['x']);
  });

  test('that was cut and grew again reads back with zeros', () => {
    const { overlay, path } = overlayOf('abcdef');
    const file = overlay.open(path, 'update');
    file.truncate(2);
    file.truncate(4);
    file.close();
    expect(Buffer.from(overlay.readSmall(path) as Uint8Array).toString('latin1')).toBe('ab\0\0');
  });

  test('keeps what was written when its writer uses the buffer again', () => {
    const { overlay, path } = overlayOf('');
    const buffer = Buffer.from('first');
    const file = overlay.open(path, 'update');
    file.write(buffer, 0, buffer.length, 0);
    buffer.write('later');
    file.close();
    expect(Buffer.from(overlay.readSmall(path) as Uint8Array).toString('latin1')).toBe('first');
  });

  test('made of pieces has those and no other', () => {
    const { overlay, path } = overlayOf('0123456789');
    overlay.splice(path, [
      { from: 0, length: 3 },
      { from: 7, length: 2 },
    ]);
    expect(Buffer.from(overlay.readSmall(path) as Uint8Array).toString('latin1')).toBe('01278');
  });

  test('in a sink keeps its size and forgets its bytes', () => {
    const below = new MemoryFileSystem();
    below.makeDirectory(DIRECTORY);
    const overlay = new OverlayFileSystem(below, { sinks: [DIRECTORY], maxHeldBytes: 10 });
    const file = overlay.open(`${DIRECTORY}/x`, 'new');
    file.write(Buffer.alloc(1000, 1), 0, 1000, 0);
    file.close();
    expect(overlay.readSmall(`${DIRECTORY}/x`)).toEqual(new Uint8Array(1000));
  });

  test('that would take more memory than is allowed is refused', () => {
    const below = new MemoryFileSystem();
    below.makeDirectory(DIRECTORY);
    const overlay = new OverlayFileSystem(below, { maxHeldBytes: 1000 });
    overlay.replaceSmall(`${DIRECTORY}/x`, new Uint8Array(600));
    expect(() => overlay.replaceSmall(`${DIRECTORY}/y`, new Uint8Array(600))).toThrow(
      expect.objectContaining({ code: 'IO', errno: 'ENOMEM' }),
    );
  });

  test('opened for reading takes no change', () => {
    const { overlay, path } = overlayOf('kept');
    const file = overlay.open(path, 'read');
    expect(() => file.truncate(0)).toThrow(expect.objectContaining({ errno: 'EBADF' }));
    expect(() => file.write(Buffer.from('x'), 0, 1, 0)).toThrow(expect.objectContaining({ errno: 'EBADF' }));
    file.close();
  });
});

test('as long as a file is as below, it has the descriptor of the one below', () => {
  const directory = scratch();
  const path = `${directory}/x`;
  nodeFileSystem.replaceSmall(path, Buffer.from('0123456789'));
  const overlay = new OverlayFileSystem(nodeFileSystem);
  const file = overlay.open(path, 'update');
  expect(file.fd).toEqual(expect.any(Number));
  file.truncate(5);
  expect(file.fd).toBeUndefined();
  const bytes = Buffer.alloc(10);
  expect(file.read(bytes, 0, 10, 0)).toBe(5);
  file.close();
  expect(nodeFileSystem.stat(path)?.sizeBytes).toBe(10);
});
