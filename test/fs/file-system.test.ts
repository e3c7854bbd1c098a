/** What every file system does, the real one and the one in memory: tests on the latter would prove nothing otherwise. */
import { describe, expect, test } from 'vitest';
import type { FileSystem, OpenMode } from '../../src/fs/contract.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { OverlayFileSystem } from '../../src/fs/overlay-fs.ts';
import { scratch } from '../support/temp.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);

function write(fs: FileSystem, path: string, text: string): void {
  const file = fs.open(path, 'create');
  file.write(bytes(text), 0, text.length, 0);
  file.close();
}

function contentOf(fs: FileSystem, path: string): string {
  return Buffer.from(fs.readSmall(path) ?? bytes('nothing is there')).toString('latin1');
}

const io = (errno: string, file: string): Error => expect.objectContaining({ code: 'IO', errno, file }) as Error;

describe.each([
  ['node', (): [FileSystem, string] => [nodeFileSystem, scratch()]],
  [
    'memory',
    (): [FileSystem, string] => {
      const fs = new MemoryFileSystem();
      fs.makeDirectory('/scratch');
      return [fs, '/scratch'];
    },
  ],
  ['overlay', (): [FileSystem, string] => [new OverlayFileSystem(nodeFileSystem), scratch()]],
])('the %s file system', (kind, make) => {
  test('is of the kind that it says', () => {
    expect(make()[0].kind).toBe(kind);
  });

  test.each<[OpenMode, string, string]>([
    ['read', 'ENOENT', 'kept'],
    ['update', 'ENOENT', 'kept'],
    ['create', '', 'kept'],
    ['new', '', 'EEXIST'],
  ])('opens for %s: absent %j, there %j', (mode, absent, there) => {
    const [fs, directory] = make();
    const path = `${directory}/x`;
    if (absent === '') fs.open(path, mode).close();
    else expect(() => fs.open(path, mode)).toThrow(io(absent, path));
    expect(fs.stat(path)?.sizeBytes).toBe(absent === '' ? 0 : undefined);
    write(fs, path, 'kept');
    if (there === 'EEXIST') expect(() => fs.open(path, mode)).toThrow(io(there, path));
    else fs.open(path, mode).close();
    expect(contentOf(fs, path)).toBe('kept');
  });

  test('makes no file in a directory that is not there', () => {
    const [fs, directory] = make();
    expect(() => fs.open(`${directory}/absent/x`, 'create')).toThrow(io('ENOENT', `${directory}/absent/x`));
  });

  test('refuses a directory as a file', () => {
    const [fs, directory] = make();
    for (const mode of ['read', 'update', 'create'] as const) {
      expect(() => fs.open(directory, mode)).toThrow(
        expect.objectContaining({ code: 'NOT_A_REGULAR_FILE', file: directory }),
      );
    }
    expect(() => fs.openAppend(directory, { sizeBytes: 0, maxSizeBytes: 10, preallocate: false })).toThrow(
      expect.objectContaining({ code: 'NOT_A_REGULAR_FILE' }),
    );
    expect(() => fs.readSmall(directory)).toThrow(expect.objectContaining({ code: 'NOT_A_REGULAR_FILE' }));
  });

  test.each([
    [0, 10, 0, 5],
    [2, 2, 0, 2],
    [3, 10, 0, 2],
    [5, 10, 0, 0],
    [99, 10, 0, 0],
    [1, 3, 4, 3],
  ])(
    'reads from %d up to %d bytes to place %d: %d are there, and nothing else is touched',
    async (position, length, start, got) => {
      const [fs, directory] = make();
      write(fs, `${directory}/x`, 'abcde');
      const file = fs.open(`${directory}/x`, 'read');
      const expected = Buffer.alloc(16, '.');
      expected.write('abcde'.slice(position, position + got), start);
      const [now, later] = [Buffer.alloc(16, '.'), Buffer.alloc(16, '.')];
      expect(file.read(now, start, length, position)).toBe(got);
      expect(await file.readAsync(later, start, length, position)).toBe(got);
      expect([now.toString(), later.toString()]).toEqual([expected.toString(), expected.toString()]);
      file.close();
    },
  );

  test('writes a part of bytes anywhere, with zeros before it', () => {
    const [fs, directory] = make();
    const file = fs.open(`${directory}/x`, 'create');
    file.write(bytes('_abc_'), 1, 4, 2);
    file.write(bytes('X'), 0, 1, 3);
    expect([file.sizeBytes(), contentOf(fs, `${directory}/x`)]).toEqual([5, '\0\0aXc']);
    file.close();
  });

  test('cuts and lengthens, and what was cut does not come back', async () => {
    const [fs, directory] = make();
    const file = fs.open(`${directory}/x`, 'create');
    file.write(bytes('abcdef'), 0, 6, 0);
    file.truncate(2);
    file.truncate(5);
    file.syncSync();
    await file.sync();
    expect(contentOf(fs, `${directory}/x`)).toBe('ab\0\0\0');
    file.close();
  });

  test('says that a file is closed, and closes it once', () => {
    const [fs, directory] = make();
    const file = fs.open(`${directory}/x`, 'create');
    file.close();
    file.close();
    for (const use of [
      () => file.sizeBytes(),
      () => file.read(new Uint8Array(1), 0, 1, 0),
      () => file.write(bytes('a'), 0, 1, 0),
      () => file.truncate(0),
    ]) {
      expect(use).toThrow(expect.objectContaining({ code: 'LOG_CLOSED' }));
    }
  });

  test('makes directories with their parents, and says whether they were new', () => {
    const [fs, directory] = make();
    expect(fs.makeDirectory(`${directory}/a/b`)).toBe(true);
    expect(fs.makeDirectory(`${directory}/a/b`)).toBe(false);
    expect(fs.stat(`${directory}/a`)).toMatchObject({ isDirectory: true, isFile: false });
    write(fs, `${directory}/a/y`, '');
    write(fs, `${directory}/a/x`, '');
    expect(fs.list(`${directory}/a`)).toEqual(['b', 'x', 'y']);
    expect(fs.list(directory)).toEqual(['a']);
    expect(() => fs.list(`${directory}/absent`)).toThrow(io('ENOENT', `${directory}/absent`));
  });

  test('renames over what is there', () => {
    const [fs, directory] = make();
    write(fs, `${directory}/from`, 'new');
    write(fs, `${directory}/to`, 'old');
    fs.rename(`${directory}/from`, `${directory}/to`);
    expect([fs.list(directory), contentOf(fs, `${directory}/to`)]).toEqual([['to'], 'new']);
    expect(() => fs.rename(`${directory}/from`, `${directory}/to`)).toThrow(io('ENOENT', `${directory}/from`));
  });

  test('removes files and trees, missing ones too', () => {
    const [fs, directory] = make();
    fs.makeDirectory(`${directory}/a/b`);
    for (const path of ['a/b/x', 'a/y', 'ab']) write(fs, `${directory}/${path}`, 'x');
    fs.removeTree(`${directory}/a`);
    fs.removeTree(`${directory}/a`);
    expect(fs.list(directory)).toEqual(['ab']);
    fs.remove(`${directory}/ab`);
    fs.remove(`${directory}/ab`);
    expect(fs.list(directory)).toEqual([]);
  });

  test('replaces a small file whole, and leaves nothing beside it', async () => {
    const [fs, directory] = make();
    expect(fs.readSmall(`${directory}/x`)).toBeUndefined();
    fs.replaceSmall(`${directory}/x`, bytes('first, and longer'));
    fs.replaceSmall(`${directory}/x`, bytes('second'));
    fs.syncDirectory(directory);
    await fs.syncDirectoryAsync(directory);
    expect([contentOf(fs, `${directory}/x`), fs.list(directory)]).toEqual(['second', ['x']]);
  });

  test('does not read a small file that is large', () => {
    const [fs, directory] = make();
    write(fs, `${directory}/x`, 'four');
    expect(Buffer.from(fs.readSmall(`${directory}/x`, 4) ?? []).toString()).toBe('four');
    expect(() => fs.readSmall(`${directory}/x`, 3)).toThrow(
      expect.objectContaining({ code: 'CORRUPT_CHECKPOINT', file: `${directory}/x` }),
    );
  });

  test('sets the time of a file', () => {
    const [fs, directory] = make();
    write(fs, `${directory}/x`, '');
    fs.setModified(`${directory}/x`, 1_600_000_000_000);
    expect(fs.stat(`${directory}/x`)).toMatchObject({
      sizeBytes: 0,
      modifiedMs: 1_600_000_000_000,
      isFile: true,
      isDirectory: false,
    });
  });

  test('appends from the logical end on, drops what is behind it, and trims when closing', () => {
    const [fs, directory] = make();
    write(fs, `${directory}/x`, 'kept and dropped');
    const file = fs.openAppend(`${directory}/x`, { sizeBytes: 4, maxSizeBytes: 20, preallocate: true });
    expect([file.sizeBytes, fs.stat(`${directory}/x`)?.sizeBytes]).toEqual([4, 20]);
    file.append(bytes('-new, and more'), 4);
    expect(contentOf(fs, `${directory}/x`)).toBe(`kept-new${'\0'.repeat(12)}`);
    file.close();
    expect(contentOf(fs, `${directory}/x`)).toBe('kept-new');
    expect(() => fs.openAppend(`${directory}/x`, { sizeBytes: 9, maxSizeBytes: 20, preallocate: false })).toThrow(
      expect.objectContaining({ code: 'FILE_SHRANK', expected: 9, found: 8 }),
    );
  });
});
