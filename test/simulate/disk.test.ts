/** That the simulated disk loses what a disk may lose, and nothing else. */
import { expect, test } from 'vitest';
import { Random } from '../support/random.ts';
import { Disk, type Loss } from './disk/disk.ts';
import { DiskFile } from './disk/disk-file.ts';
import { DiskProcess } from './disk/disk-process.ts';

const PAGE = 4096;
const NOTHING: Loss = { names: 0, pages: 0, isOrdered: false };
const NAMES: Loss = { names: 1, pages: 0, isOrdered: true };
const ALL: Loss = { names: 1, pages: 1, isOrdered: true };

function filled(length: number, byte: number): Uint8Array {
  return new Uint8Array(length).fill(byte);
}

/** All that may be left of a file, as many times as it takes to see it. */
function* losses(file: DiskFile): Generator<Uint8Array> {
  for (let seed = 1; seed <= 300; seed++) yield file.afterLoss(new Random(seed), 0.5);
}

test('what was synced is there, and of what was not each page by itself', () => {
  const file = new DiskFile();
  file.change({ position: 0, bytes: filled(PAGE, 1) });
  file.sync(1);
  file.change({ position: PAGE, bytes: filled(2 * PAGE, 2) });
  const seen = new Set<string>();
  for (const bytes of losses(file)) {
    expect(Buffer.compare(bytes.subarray(0, PAGE), filled(PAGE, 1))).toBe(0);
    seen.add([bytes[PAGE], bytes[2 * PAGE]].join());
  }
  expect([...seen].sort()).toEqual([',', '0,0', '0,2', '2,0', '2,2']);
});

test('a cut that came to the disk took along what was behind it; one that did not leaves all but the page of its end', () => {
  const file = new DiskFile();
  file.change({ position: 0, bytes: filled(4 * PAGE, 1) });
  file.sync(1);
  file.change({ sizeBytes: 100 });
  file.change({ position: 100, bytes: filled(4 * PAGE, 2) });
  const sizes = new Set<number>();
  for (const bytes of losses(file)) {
    sizes.add(bytes.length);
    expect(Buffer.compare(bytes.subarray(0, 100), filled(100, 1))).toBe(0);
    if (bytes.length > 100) expect(bytes[3 * PAGE]).toBe(bytes.length === 4 * PAGE ? 1 : (bytes[3 * PAGE] ?? 0) & 2);
  }
  expect([...sizes].sort((a, b) => a - b)).toEqual([100, 4 * PAGE, 4 * PAGE + 100]);
});

test('a failed sync is not made good by the next one, and the page cache forgets', () => {
  const file = new DiskFile();
  file.change({ position: 0, bytes: filled(10, 1) });
  let isLost = false;
  for (let seed = 1; seed <= 50 && !isLost; seed++) {
    const copy = file.copy();
    copy.failSync(new Random(seed));
    expect(copy.bytes).toEqual(filled(10, 1));
    copy.sync(copy.changes);
    copy.evict();
    isLost = copy.bytes.length === 0;
  }
  expect(isLost).toBe(true);
});

test('a name is there when its directory was synced, whatever became of the bytes', () => {
  const disk = new Disk();
  const fs = new DiskProcess(disk);
  fs.makeDirectory('/logs');
  disk.settleAll();
  const file = fs.open('/logs/a', 'new');
  file.write(filled(3, 7), 0, 3, 0);
  const left = (loss: Loss): DiskProcess => new DiskProcess(disk.afterPowerLoss(new Random(1), loss));
  expect(left(NOTHING).list('/logs')).toEqual([]);
  expect(left(NAMES).stat('/logs/a')?.sizeBytes).toBe(0);
  expect(left(ALL).stat('/logs/a')?.sizeBytes).toBe(3);
  fs.syncDirectory('/logs');
  expect(left(NOTHING).stat('/logs/a')?.sizeBytes).toBe(0);
  file.syncSync();
  expect(left(NOTHING).readSmall('/logs/a')).toEqual(filled(3, 7));
  fs.rename('/logs/a', '/logs/b');
  expect(left(NOTHING).list('/logs')).toEqual(['a']);
  expect(left(ALL).list('/logs')).toEqual(['b']);
});

test('the nth call fails, with half of it done or nothing, and the next one does not', () => {
  const fs = new DiskProcess(new Disk());
  const file = fs.open('/a', 'new');
  const sizes = new Set<number>();
  for (let seed = 1; seed <= 20; seed++) {
    file.truncate(0);
    fs.plan({ operation: 'write', call: 2, errno: 'ENOSPC', seed });
    file.write(filled(4, 1), 0, 4, 0);
    expect(() => file.write(filled(4, 1), 0, 4, 4)).toThrow(expect.objectContaining({ code: 'IO', errno: 'ENOSPC' }));
    sizes.add(file.sizeBytes());
    file.write(filled(4, 1), 0, 4, 4);
    expect(file.sizeBytes()).toBe(8);
  }
  expect([...sizes].sort((a, b) => a - b)).toEqual([4, 6]);
});
