/** The mark of a clean stop: it says nothing of what was not looked at, and is given back as it was found. */
import { cpSync, mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { FaultyFileSystem } from '../../src/fs/faulty-fs.ts';
import { Log, Store } from '../../src/index.ts';
import { scratch } from '../support/temp.ts';
import { failing, fileNames, filled, smallText, textIn } from './support.ts';

const MARK = '.kafka_cleanshutdown';
const HEX = '0123456789abcdef'.repeat(2);

/** What a broker would load, and a store does not. */
const PASSED_OVER: Record<string, (directory: string) => void> = {
  'a directory whose topic nobody can tell': (directory) => {
    mkdirSync(join(directory, 'u-0'));
    writeFileSync(join(directory, 'u-0', 'partition.metadata'), 'damaged');
  },
  'a link to a partition': (directory) => symlinkSync(scratch(), join(directory, 'u-0')),
  'a partition that is to come': (directory) => mkdirSync(join(directory, `u-0.${HEX}-future`)),
  'a partition of a number that cannot be': (directory) => mkdirSync(join(directory, 'u-2147483647')),
};

describe.each(Object.entries(PASSED_OVER))('%s', (_what, make) => {
  test('keeps the mark away from a directory that had none', async () => {
    const directory = scratch();
    await filled([directory], { t: ['a'] });
    make(directory);
    rmSync(join(directory, MARK));
    await (await Store.open(directory)).close();
    expect(fileNames(directory)).not.toContain(MARK);
  });

  test('is as clean as it was in a directory that had one', async () => {
    const directory = scratch();
    await filled([directory], { t: ['a'] });
    make(directory);
    await (await Store.open(directory)).close();
    expect(fileNames(directory)).toContain(MARK);
  });
});

test('the mark is gone while the store is open, so that a process that dies leaves none', async () => {
  const directory = scratch();
  await filled([directory], { t: ['a'] });
  expect(fileNames(directory)).toContain(MARK);
  const store = await Store.open(directory);
  expect(fileNames(directory)).not.toContain(MARK);
  await store.close();
  expect(fileNames(directory)).toContain(MARK);
});

test('a partition that was not closed well and could not be put out of the way keeps the mark away', async () => {
  const memory = new MemoryFileSystem();
  const fs = new FaultyFileSystem(memory);
  const store = await Store.open('/one', { fs });
  await store.createTopic({ name: 't' });
  await store.partition('t', 0).append({ value: 'a' });
  // The first one is of the metadata log.
  fs.plan({ operation: 'sync', call: 2, errno: 'EIO' });
  failing(memory, 'rename', 'EPERM', (path) => path === '/one/t-0');
  await store.deleteTopic('t');
  await store.close();
  expect(fs.list('/one')).toContain('t-0');
  expect(fs.list('/one')).not.toContain(MARK);
});

describe('a store that could not be opened', () => {
  test("leaves a broker's mark as it was", async () => {
    const [first, second] = [scratch(), scratch()];
    await filled([first], { t: ['a'] });
    writeFileSync(join(first, 'recovery-point-offset-checkpoint'), 'damaged');
    nodeFileSystem.replaceSmall(join(first, MARK), Buffer.from('{"version":0,"brokerEpoch":42}'));
    await using log = await Log.open(join(second, 'others-0'));
    await expect(Store.open([first, second])).rejects.toMatchObject({ code: 'LOG_LOCKED' });
    expect(textIn(first, MARK)).toBe('{"version":0,"brokerEpoch":42}');
    expect(textIn(first, 'recovery-point-offset-checkpoint')).toBe('damaged');
    expect(log.logEndOffset).toBe(0);
  });

  test('because a checkpoint cannot be read has not lost its mark', async () => {
    const fs = new MemoryFileSystem();
    await filled(['/one'], { t: ['a'] }, { fs });
    const before = smallText(fs, `/one/${MARK}`);
    failing(fs, 'readSmall', 'EIO', (path) => path.endsWith('recovery-point-offset-checkpoint'));
    await expect(Store.open('/one', { fs })).rejects.toMatchObject({ code: 'IO', errno: 'EIO' });
    expect(smallText(fs, `/one/${MARK}`)).toBe(before);
  });
});

test('a checkpoint that is larger than it can be counts as empty, and is kept aside', async () => {
  const directory = scratch();
  await filled([directory], { t: ['a'] });
  const path = join(directory, 'recovery-point-offset-checkpoint');
  const file = nodeFileSystem.open(path, 'update');
  file.truncate(65 * 1024 * 1024);
  file.close();
  const store = await Store.open(directory);
  expect(store.status().problems).toMatchObject([{ code: 'CORRUPT_CHECKPOINT', file: path }]);
  expect(store.partition('t', 0).logEndOffset).toBe(1);
  await store.partition('t', 0).append({ value: 'b' });
  await store.close();
  expect(fileNames(directory)).toContain('recovery-point-offset-checkpoint.unreadable');
  expect(textIn(directory, 'recovery-point-offset-checkpoint')).toBe('0\n1\nt 0 2\n');
  renameSync(`${path}.unreadable`, path);
  rmSync(path);
});

test('a partition that came since the mark was written is none of those that it speaks of', async () => {
  const [directory, other] = [scratch(), scratch()];
  await filled([directory], { t: ['a'] });
  const log = await Log.open(join(other, 'u-0'));
  for (let number = 0; number < 10; number++) await log.append({ value: `v${number}` });
  // As after a crash, of a writer that sets no space aside; and the last batch is damaged.
  cpSync(join(other, 'u-0'), join(directory, 'u-0'), { recursive: true });
  const file = join(directory, 'u-0', '00000000000000000000.log');
  truncateSync(file, log.segments()[0]?.size);
  const damaged = nodeFileSystem.open(file, 'update');
  damaged.write(Buffer.from('####'), 0, 4, damaged.sizeBytes() - 4);
  damaged.close();
  await log.close();
  await using store = await Store.open(directory);
  const u = store.partition('u', 0);
  expect([u.logEndOffset, u.status().recovery]).toEqual([9, expect.anything()]);
  expect(store.partition('t', 0).status().recovery).toBeUndefined();
});

test('a partition that never had a record is one of those that the mark speaks of', async () => {
  const directory = scratch();
  const store = await Store.open(directory);
  await store.createTopic({ name: 'empty', partitions: 2 });
  await store.close();
  expect(textIn(directory, 'recovery-point-offset-checkpoint').split('\n')).toEqual(
    expect.arrayContaining(['empty 0 0', 'empty 1 0']),
  );
  await using again = await Store.open(directory);
  for (const number of [0, 1]) expect(again.partition('empty', number).status().recovery).toBeUndefined();
});
