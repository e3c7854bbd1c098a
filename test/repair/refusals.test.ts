/** When a repair does not begin, or does not go on: then nothing is lost, and the error says what to do. */
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FaultyFileSystem } from '../../src/fs/faulty-fs.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { Log } from '../../src/index.ts';
import { applyRepair, previewRepair, undoRepair } from '../../src/repair/repair.ts';
import { scratch } from '../support/temp.ts';
import { CONFIG, copyOf, optionsFor, recipe, treeOf } from './partitions.ts';

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
    await using again = await Log.open(directory, CONFIG);
    await expect(undoRepair(quarantine as string, options)).rejects.toMatchObject(refused);
    expect(again.logEndOffset).toBeGreaterThan(0);
  });
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
