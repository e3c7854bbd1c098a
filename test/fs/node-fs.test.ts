/** Rows F17 and F23 of the fault list: what stands where a file should, and what may not be touched. */
import { execFileSync } from 'node:child_process';
import { chmodSync, readdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { OpenMode } from '../../src/fs/contract.ts';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { Random } from '../support/random.ts';
import { scratch } from '../support/temp.ts';

const isUnix = process.platform !== 'win32';
const MODES: OpenMode[] = ['read', 'update', 'create'];

/** Makes what a name says at a path. */
const MAKERS: Record<string, (path: string) => unknown> = {
  'a FIFO': (path) => execFileSync('mkfifo', [path]),
  'a directory': (path) => nodeFileSystem.makeDirectory(path),
  'a link to a file': (path) => {
    writeFileSync(`${path}.target`, 'content');
    symlinkSync(`${path}.target`, path);
  },
  'a link to nothing': (path) => symlinkSync(`${path}.absent`, path),
  'a socket': async (path) => {
    const server = await new Promise<Server>((resolve) => {
      const made = createServer().listen(path, () => resolve(made));
    });
    onTestFinished(() => void server.close());
  },
};

describe.skipIf(!isUnix)('on the real file system', () => {
  test.each(Object.entries(MAKERS))(
    'F23: %s is refused in every mode, without waiting, and no descriptor is left open',
    async (_what, make) => {
      const path = join(scratch(), '00000000000000000000.log');
      await make(path);
      const refused = expect.objectContaining({ code: 'NOT_A_REGULAR_FILE', file: path });
      const before = openDescriptors();
      for (const mode of MODES) expect(() => nodeFileSystem.open(path, mode), mode).toThrow(refused);
      expect(() => nodeFileSystem.openAppend(path, { sizeBytes: 0, maxSizeBytes: 10, preallocate: false })).toThrow(
        refused,
      );
      expect(() => nodeFileSystem.readSmall(path)).toThrow(refused);
      expect(openDescriptors()).toBe(before);
      expect(nodeFileSystem.stat(path)?.isFile).toBe(false);
    },
  );

  test('F23: a device is refused', () => {
    expect(() => nodeFileSystem.open('/dev/null', 'update')).toThrow(
      expect.objectContaining({ code: 'NOT_A_REGULAR_FILE', found: 'a FIFO, socket or device' }),
    );
  });

  test('what may not be touched is named with its errno', (context) => {
    context.skip(process.getuid?.() === 0, 'root may touch everything');
    const directory = scratch();
    const path = join(directory, 'x');
    writeFileSync(path, 'x', { mode: 0o444 });
    expect(() => nodeFileSystem.open(path, 'update')).toThrow(
      expect.objectContaining({ code: 'IO', errno: 'EACCES', file: path }),
    );
    chmodSync(directory, 0o555);
    onTestFinished(() => chmodSync(directory, 0o755));
    for (const touch of [
      () => nodeFileSystem.rename(path, `${path}2`),
      () => nodeFileSystem.remove(path),
      () => nodeFileSystem.replaceSmall(path, new Uint8Array(1)),
    ]) {
      expect(touch).toThrow(expect.objectContaining({ code: 'IO', errno: 'EACCES' }));
    }
    nodeFileSystem.open(path, 'read').close();
  });

  test('an append file that cannot be opened leaves no descriptor open', () => {
    const path = join(scratch(), 'x');
    writeFileSync(path, 'short');
    const before = openDescriptors();
    for (let i = 0; i < 5; i++) {
      expect(() => nodeFileSystem.openAppend(path, { sizeBytes: 6, maxSizeBytes: 10, preallocate: false })).toThrow(
        expect.objectContaining({ code: 'FILE_SHRANK' }),
      );
    }
    expect(openDescriptors()).toBe(before);
  });

  test('F23: a file that grows or shrinks while it is open is read as it is', () => {
    const path = join(scratch(), 'x');
    writeFileSync(path, 'abc');
    const file = nodeFileSystem.open(path, 'read');
    onTestFinished(() => file.close());
    const into = new Uint8Array(10);
    writeFileSync(path, 'def', { flag: 'a' });
    expect([file.sizeBytes(), file.read(into, 0, 10, 0)]).toEqual([6, 6]);
    truncateSync(path, 1);
    expect([file.sizeBytes(), file.read(into, 0, 10, 0), file.read(into, 0, 10, 3)]).toEqual([1, 1, 0]);
  });

  test('F23: a huge sparse file is no more than its size', () => {
    const path = join(scratch(), 'x');
    writeFileSync(path, '');
    truncateSync(path, 2 ** 40);
    const file = nodeFileSystem.open(path, 'read');
    onTestFinished(() => file.close());
    expect([file.sizeBytes(), file.read(new Uint8Array(10), 0, 10, 2 ** 40 - 4)]).toEqual([2 ** 40, 4]);
    expect(() => nodeFileSystem.readSmall(path)).toThrow(
      expect.objectContaining({ code: 'CORRUPT_CHECKPOINT', found: 2 ** 40 }),
    );
  });

  test('a path is resolved through links', () => {
    const directory = nodeFileSystem.realPath(scratch());
    symlinkSync(directory, join(directory, 'link'));
    expect(nodeFileSystem.realPath(join(directory, 'link'))).toBe(directory);
    expect(() => nodeFileSystem.realPath(join(directory, 'absent'))).toThrow(
      expect.objectContaining({ code: 'IO', errno: 'ENOENT' }),
    );
  });
});

/** Of regular files, FIFOs and directories of tests; sockets and pipes of the test runner come and go. */
function openDescriptors(): number {
  return process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0;
}

test('the time of a file comes back as it was set, and setting it again changes nothing', () => {
  const random = new Random(5);
  const path = join(scratch(), 'x');
  writeFileSync(path, 'x');
  for (let round = 0; round < 500; round++) {
    const modifiedMs = random.between(0, 2_000_000_000_000);
    nodeFileSystem.setModified(path, modifiedMs);
    expect(nodeFileSystem.stat(path)?.modifiedMs).toBe(modifiedMs);
    nodeFileSystem.setModified(path, modifiedMs + 0.123);
    const finer = nodeFileSystem.stat(path)?.modifiedMs as number;
    expect(finer).toBeCloseTo(modifiedMs + 0.123, 6);
    nodeFileSystem.setModified(path, finer);
    expect(nodeFileSystem.stat(path)?.modifiedMs).toBe(finer);
  }
});
