/** When a repair does not begin, or does not go on: then nothing is lost, and the error says what to do. */
import {
  appendFileSync,
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FaultyFileSystem } from '../../src/fs/faulty-fs.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { Log } from '../../src/index.ts';
import { applyRepair, previewRepair, undoRepair } from '../../src/repair/repair.ts';
import { runCli } from '../cli/run-cli.ts';
import { scratch } from '../support/temp.ts';
import { CONFIG, copyOf, optionsFor, recipe, sha256, treeOf } from './partitions.ts';

const options = optionsFor();

function damaged(name: string): string {
  const { source, edits } = recipe(name);
  return copyOf(source, edits);
}

describe('a partition that is in use', () => {
  test('is neither looked at nor repaired', async () => {
    const directory = damaged('001-flip-log');
    await using other = await Log.open(join(dirname(directory), 'other-0'));
    const before = treeOf(directory);
    const refused = { code: 'LOG_LOCKED' };
    await expect(previewRepair(directory, options)).rejects.toMatchObject(refused);
    await expect(applyRepair(directory, options)).rejects.toMatchObject(refused);
    await other.close();
    expect(treeOf(directory)).toEqual(before);
    const { quarantine } = await applyRepair(directory, options);
    expect(quarantine).toBeDefined();
    await using again = await Log.open(directory, CONFIG);
    await expect(undoRepair(quarantine as string, options)).rejects.toMatchObject(refused);
    expect(again.logEndOffset).toBeGreaterThan(0);
  });
});

test('a partition that a link in a log directory leads to is in use while that log directory is', async () => {
  const directory = damaged('001-flip-log');
  const link = join(scratch(), 'f-lz4-0');
  symlinkSync(directory, link);
  const refused = { code: 'LOG_LOCKED', file: dirname(link) };
  const other = await Log.open(join(dirname(link), 'other-0'));
  await expect(previewRepair(link, options)).rejects.toMatchObject(refused);
  await expect(applyRepair(link, options)).rejects.toMatchObject(refused);
  const { code, stdout } = await runCli(['repair', link]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: expect.stringContaining('LOG_LOCKED') as string });
  await other.close();
  await applyRepair(link, options);
  await using again = await Log.open(join(dirname(link), 'other-0'));
  await expect(undoRepair(join(link, 'quarantine', 'repair-1'), options)).rejects.toMatchObject(refused);
  expect(again.logEndOffset).toBe(0);
});

describe('a full disk', () => {
  async function onDisk(): Promise<{ fs: FaultyFileSystem; directory: string; files: Map<string, Buffer> }> {
    const source = damaged('001-flip-log');
    const memory = new MemoryFileSystem();
    const directory = '/logs/f-0';
    memory.makeDirectory(directory);
    const files = new Map(readdirSync(source).map((name) => [name, readFileSync(join(source, name))]));
    for (const [name, bytes] of files) memory.replaceSmall(join(directory, name), bytes);
    return { fs: new FaultyFileSystem(memory), directory, files };
  }

  test('is told with the bytes that are needed, wherever it is met, and nothing has changed', async () => {
    const rehearsal = await onDisk();
    await applyRepair(rehearsal.directory, optionsFor({ fs: rehearsal.fs }));
    const writes = rehearsal.fs.count('write');
    expect(writes).toBeGreaterThan(2);
    // The last one says that all is done: by then the space is there.
    for (let call = 1; call < writes; call++) {
      const { fs, directory, files } = await onDisk();
      fs.plan({ operation: 'write', call, errno: 'ENOSPC', forGood: true });
      await expect(applyRepair(directory, optionsFor({ fs })), `write ${call}`).rejects.toMatchObject({
        code: 'IO',
        errno: 'ENOSPC',
        action: expect.stringMatching(/^Free \d+ bytes/) as string,
      });
      expect(fs.list(directory)).toEqual([...files.keys()].sort());
      for (const [name, bytes] of files) expect(fs.readSmall(join(directory, name))).toEqual(new Uint8Array(bytes));
      fs.heal();
      expect((await applyRepair(directory, optionsFor({ fs }))).quarantine).toBe(`${directory}/quarantine/repair-1`);
    }
  });

  test('when the journal cannot be told that all is done, the next repair tells it', async () => {
    const rehearsal = await onDisk();
    await applyRepair(rehearsal.directory, optionsFor({ fs: rehearsal.fs }));
    const { fs, directory } = await onDisk();
    fs.plan({ operation: 'write', call: rehearsal.fs.count('write'), errno: 'ENOSPC' });
    await expect(applyRepair(directory, optionsFor({ fs }))).rejects.toMatchObject({ errno: 'ENOSPC' });
    const report = await applyRepair(directory, optionsFor({ fs }));
    expect(report).toMatchObject({ interrupted: `${directory}/quarantine/repair-1`, steps: [], quarantine: undefined });
  });
});

describe('what somebody else keeps in quarantine', () => {
  test('stays, whatever its name is', async () => {
    const directory = damaged('001-flip-log');
    const notes = join(directory, 'quarantine', 'repair-7', 'notes.txt');
    mkdirSync(dirname(notes), { recursive: true });
    writeFileSync(notes, 'what I found');
    writeFileSync(join(directory, 'quarantine', 'repair-8'), 'a file');
    const { quarantine } = await applyRepair(directory, options);
    expect(quarantine).toBe(join(directory, 'quarantine', 'repair-9'));
    expect(readFileSync(notes, 'utf8')).toBe('what I found');
  });

  test('stays with the originals of a repair whose journal is gone, and others can be repaired', async () => {
    const directory = damaged('001-flip-log');
    const { quarantine = '' } = await applyRepair(directory, options);
    rmSync(join(quarantine, 'journal.json'));
    const originals = treeOf(quarantine);
    expect((await applyRepair(directory, options)).steps).toEqual([]);
    expect(treeOf(quarantine)).toEqual(originals);
  });

  test('behind a link is not touched: nothing is repaired', async () => {
    const directory = damaged('001-flip-log');
    const elsewhere = join(scratch(), 'quarantine');
    mkdirSync(join(elsewhere, 'repair-1', 'old'), { recursive: true });
    symlinkSync(elsewhere, join(directory, 'quarantine'));
    const before = treeOf(directory);
    const refused = { code: 'NOT_A_REGULAR_FILE', file: join(directory, 'quarantine') };
    await expect(previewRepair(directory, options)).rejects.toMatchObject(refused);
    await expect(applyRepair(directory, options)).rejects.toMatchObject(refused);
    expect(treeOf(directory)).toEqual(before);
    expect(readdirSync(join(elsewhere, 'repair-1'))).toEqual(['old']);
  });
});

describe('undoing', () => {
  test('is refused when a file was changed since, and then nothing is moved', async () => {
    const directory = damaged('001-flip-log');
    const { quarantine } = await applyRepair(directory, options);
    const last = readdirSync(directory).findLast((name) => name.endsWith('.log')) as string;
    appendFileSync(join(directory, last), 'x');
    const before = treeOf(directory);
    await expect(undoRepair(quarantine as string, options)).rejects.toMatchObject({
      code: 'LOG_CORRUPT',
      file: join(directory, last),
    });
    expect(treeOf(directory)).toEqual(before);
  });

  test('is refused when an original is gone', async () => {
    const directory = damaged('001-flip-log');
    const { quarantine } = await applyRepair(directory, options);
    const [original] = readdirSync(join(quarantine as string, 'old'));
    writeFileSync(join(quarantine as string, 'old', original as string), 'something else');
    await expect(undoRepair(quarantine as string, options)).rejects.toMatchObject({ code: 'LOG_CORRUPT' });
  });

  test('of something else is refused', async () => {
    const directory = damaged('001-flip-log');
    mkdirSync(join(directory, 'quarantine', 'repair-7'), { recursive: true });
    for (const path of [directory, join(directory, 'quarantine'), join(directory, 'quarantine', 'repair-7')]) {
      await expect(undoRepair(path, options)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    }
    await expect(undoRepair(join(directory, 'absent'), options)).rejects.toMatchObject({ code: 'IO' });
  });

  test.each([
    ['no JSON', 'x', 'CORRUPT_CHECKPOINT'],
    [
      'a name that leads elsewhere',
      '{"version":1,"state":"done","steps":[],"files":[{"name":"../x","old":null,"new":null}]}',
      'CORRUPT_CHECKPOINT',
    ],
    ['null for a file', '{"version":1,"state":"done","steps":[],"files":[null]}', 'CORRUPT_CHECKPOINT'],
    ['null', 'null', 'CORRUPT_CHECKPOINT'],
    ['a later version', '{"version":2}', 'UNSUPPORTED_VERSION'],
  ])('by a journal with %s is refused', async (_, text, code) => {
    const directory = damaged('001-flip-log');
    const { quarantine } = await applyRepair(directory, options);
    writeFileSync(join(quarantine as string, 'journal.json'), text);
    const before = treeOf(directory);
    await expect(undoRepair(quarantine as string, options)).rejects.toMatchObject({ code });
    expect(treeOf(directory)).toEqual(before);
  });
});

test('a file system without second names for files has copies of the originals', async () => {
  const directory = damaged('001-flip-log');
  const before = treeOf(directory);
  const faulty = new FaultyFileSystem(nodeFileSystem);
  faulty.plan({ operation: 'link', call: 1, errno: 'EPERM', forGood: true });
  const { quarantine = '' } = await applyRepair(directory, optionsFor({ fs: faulty }));
  const [kept] = readdirSync(join(quarantine, 'old'));
  expect(treeOf(join(quarantine, 'old'))[kept as string]).toBe(before[kept as string]);
  await undoRepair(quarantine, options);
  expect(treeOf(directory)).toEqual(before);
});

test('half a copy of an original is no original: it is made anew, or dropped', async () => {
  for (const isUndo of [false, true]) {
    const directory = damaged('001-flip-log');
    const before = treeOf(directory);
    const faulty = new FaultyFileSystem(nodeFileSystem);
    faulty.plan({ operation: 'link', call: 1, errno: 'EIO', forGood: true });
    await expect(applyRepair(directory, optionsFor({ fs: faulty }))).rejects.toMatchObject({ errno: 'EIO' });
    const repair = join(directory, 'quarantine', 'repair-1');
    const journal = JSON.parse(readFileSync(join(repair, 'journal.json'), 'utf8')) as {
      files: { name: string; old: unknown }[];
    };
    const { name } = journal.files.find(({ old }) => old !== null) as { name: string };
    writeFileSync(join(repair, 'old', name), 'half');
    if (!isUndo) {
      await applyRepair(directory, options);
      expect(sha256(readFileSync(join(repair, 'old', name)))).toBe(before[name]?.split(' ')[0]);
    }
    await undoRepair(repair, options);
    expect(treeOf(directory)).toEqual(before);
  }
});

test('new files have the owner and the permissions of those that they replace', async () => {
  const directory = damaged('001-flip-log');
  chmodSync(directory, 0o750);
  const isRoot = process.getuid?.() === 0;
  for (const name of readdirSync(directory)) {
    chmodSync(join(directory, name), 0o640);
    if (isRoot) chownSync(join(directory, name), 1234, 1234);
  }
  if (isRoot) chownSync(directory, 1234, 1234);
  const { quarantine = '' } = await applyRepair(directory, options);
  for (const name of readdirSync(directory)) {
    const { uid, mode } = statSync(join(directory, name));
    expect([name, mode & 0o777]).toEqual([name, name === 'quarantine' ? 0o750 : 0o640]);
    if (isRoot) expect([name, uid]).toEqual([name, 1234]);
  }
  for (const path of [quarantine, join(quarantine, 'old'), join(quarantine, 'new')]) {
    expect(statSync(path).mode & 0o777).toBe(0o750);
    if (isRoot) expect(statSync(path).uid).toBe(1234);
  }
});

test('a range to excise, and damage to keep, exclude each other', async () => {
  const directory = damaged('001-flip-log');
  const ranges = [{ file: '00000000000000002564.log', from: 0, to: 1 }];
  await expect(previewRepair(directory, optionsFor({ onCorrupt: 'keep', ranges }))).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
  });
});

describe('a directory', () => {
  test('without a log is refused', async () => {
    const directory = join(scratch(), 't-0');
    mkdirSync(directory);
    await expect(previewRepair(directory, options)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(previewRepair(join(directory, 'absent'), options)).rejects.toMatchObject({ code: 'IO' });
  });

  test('that nobody may write is looked at all the same, and repairing it fails with its path', async () => {
    const directory = damaged('009-delete-segment-index-all');
    const faulty = new FaultyFileSystem(nodeFileSystem);
    for (const operation of ['write', 'rename', 'syncDirectory', 'remove', 'truncate'] as const) {
      faulty.plan({ operation, call: 1, errno: 'EROFS', forGood: true });
    }
    const before = treeOf(directory);
    expect((await previewRepair(directory, optionsFor({ fs: faulty }))).steps.length).toBeGreaterThan(0);
    await expect(applyRepair(directory, optionsFor({ fs: faulty }))).rejects.toMatchObject({
      code: 'IO',
      errno: 'EROFS',
    });
    rmSync(join(directory, 'quarantine'), { recursive: true, force: true });
    expect(treeOf(directory)).toEqual(before);
  });
});

test('segments that overlap are left to whoever knows which is right', async () => {
  const directory = copyOf('clean/f-snappy-0', [
    { op: 'copy', file: '00000000000000000000.log', to: '00000000000000000600.log' },
  ]);
  for (const onCorrupt of ['cut', 'excise', 'keep'] as const) {
    await expect(previewRepair(directory, optionsFor({ onCorrupt }))).rejects.toMatchObject({
      code: 'SEGMENTS_OVERLAP',
    });
  }
});
