/** The copies of the file of topics: which of them counts, and which must not be written over. */
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { Store, StoreReader } from '../../src/index.ts';
import { scratch } from '../support/temp.ts';
import { failing, fileNames, filled, smallText, textIn, valuesOf } from './support.ts';

const TOPICS = ['/one/.seglog_topics', '/two/.seglog_topics'] as const;

async function onTwoDisks(): Promise<MemoryFileSystem> {
  const fs = new MemoryFileSystem();
  await filled(['/one', '/two'], { t: ['a'], u: ['b'] }, { fs });
  return fs;
}

describe('a log directory that was left out', () => {
  test('has what was deleted meanwhile renamed when it comes back, however often the store was opened without it', async () => {
    const [first, second] = [scratch(), scratch()];
    const before = await Store.open([first, second]);
    await before.createTopic({ name: 't', partitions: 2 });
    for (const partition of [0, 1]) await before.partition('t', partition).append({ value: 'x' });
    await before.close();
    const alone = await Store.open(second);
    await alone.deleteTopic('t');
    await alone.close();
    for (let i = 0; i < 2; i++) await (await Store.open(second)).close();
    const store = await Store.open([first, second]);
    expect(store.topics()).toEqual([]);
    expect(fileNames(first).filter((name) => name.startsWith('t-'))).toEqual([expect.stringMatching(/-delete$/)]);
    await store.close();
    // There is nothing left of it that could come back.
    expect(textIn(first, '.seglog_topics')).toContain('"deleting": []');
  });

  test('and changed alone, too, is refused with both copies: neither knows of the other', async () => {
    const [first, second] = [scratch(), scratch()];
    await filled([first, second], { t: ['a'] });
    for (const [directory, name] of [
      [first, 'x'],
      [second, 'y'],
      [second, 'z'],
    ] as const) {
      await using store = await Store.open(directory);
      await store.createTopic({ name });
      await store.partition(name, 0).append({ value: name });
    }
    const files = [textIn(first, '.seglog_topics'), textIn(second, '.seglog_topics')];
    await expect(Store.open([first, second])).rejects.toMatchObject({
      code: 'DIRECTORY_MISMATCH',
      file: join(first, '.seglog_topics'),
      message: expect.stringContaining(join(second, '.seglog_topics')) as string,
    });
    expect([textIn(first, '.seglog_topics'), textIn(second, '.seglog_topics')]).toEqual(files);
    {
      using reader = StoreReader.open([first, second]);
      expect(reader.topics()).toEqual(['t', 'x', 'y', 'z']);
      expect(reader.problems).toMatchObject([{ code: 'DIRECTORY_MISMATCH' }]);
    }
    renameSync(join(first, '.seglog_topics'), join(first, 'away'));
    await using store = await Store.open([first, second]);
    expect(store.topics()).toEqual(['t', 'x', 'y', 'z']);
    expect(await valuesOf(store.partition('x', 0))).toEqual(['x']);
  });

  test('and not changed is made equal to the others', async () => {
    const fs = await onTwoDisks();
    for (const name of ['x', 'y']) {
      await using store = await Store.open('/two', { fs });
      await store.createTopic({ name });
    }
    const store = await Store.open(['/one', '/two'], { fs });
    expect(store.topics()).toEqual(['t', 'u', 'x', 'y']);
    await store.close();
    expect(smallText(fs, TOPICS[0])).toBe(smallText(fs, TOPICS[1]));
  });
});

describe('a copy that cannot be read', () => {
  test('because it is of a later version is refused, and no older one is written over it', async () => {
    const fs = await onTwoDisks();
    const later = smallText(fs, TOPICS[0])?.replace('seglog-topics 0', 'seglog-topics 1') ?? '';
    fs.replaceSmall(TOPICS[0], Buffer.from(later));
    await expect(Store.open(['/one', '/two'], { fs })).rejects.toMatchObject({
      code: 'UNSUPPORTED_VERSION',
      file: TOPICS[0],
    });
    expect(smallText(fs, TOPICS[0])).toBe(later);
    expect(fs.list('/one')).toContain('.kafka_cleanshutdown');
  });

  test('because the machine does not give it takes its directory offline', async () => {
    const fs = await onTwoDisks();
    const before = smallText(fs, TOPICS[0]);
    const heal = failing(fs, 'readSmall', 'EIO', (path) => path === TOPICS[0]);
    const store = await Store.open(['/one', '/two'], { fs });
    expect(store.status().directories).toMatchObject([
      { isOnline: false, problem: { errno: 'EIO', file: TOPICS[0] } },
      { isOnline: true },
    ]);
    expect(store.topics()).toEqual(['t', 'u']);
    await store.close();
    heal();
    expect(smallText(fs, TOPICS[0])).toBe(before);
    await using again = await Store.open(['/one', '/two'], { fs });
    expect(again.status()).toMatchObject({ problems: [], troubled: [] });
  });

  test('while no other one is there keeps the store closed: what is known of topics is not made up', async () => {
    const fs = new MemoryFileSystem();
    await filled(['/one'], { t: ['a'] }, { fs });
    const heal = failing(fs, 'readSmall', 'EIO', (path) => path === TOPICS[0]);
    await expect(Store.open(['/one', '/two'], { fs })).rejects.toMatchObject({ code: 'IO', file: TOPICS[0] });
    expect(smallText(fs, TOPICS[1])).toBeUndefined();
    heal();
    await using store = await Store.open(['/one', '/two'], { fs });
    expect(store.topics()).toEqual(['t']);
  });

  test('because it is damaged is kept aside when it is made good', async () => {
    const fs = await onTwoDisks();
    fs.replaceSmall(TOPICS[0], Buffer.from('damaged'));
    const store = await Store.open(['/one', '/two'], { fs });
    expect(store.status().problems).toMatchObject([{ code: 'CORRUPT_CHECKPOINT', file: TOPICS[0] }]);
    await store.close();
    expect(smallText(fs, `${TOPICS[0]}.unreadable`)).toBe('damaged');
    expect(smallText(fs, TOPICS[0])).toBe(smallText(fs, TOPICS[1]));
  });
});

test('without space for it a store opens all the same, and a topic can be deleted when there is some', async () => {
  const fs = new MemoryFileSystem();
  const first = await Store.open('/one', { fs });
  await first.createTopic({ name: 't' });
  await first.close();
  await (await Store.open(['/one', '/two'], { fs })).close();
  const alone = await Store.open('/one', { fs });
  await alone.createTopic({ name: 'u' });
  await alone.close();
  const heal = failing(fs, 'replaceSmall', 'ENOSPC', () => true);
  const store = await Store.open(['/one', '/two'], { fs });
  expect(store.topics()).toEqual(['t', 'u']);
  expect(store.status().problems[0]).toMatchObject({ errno: 'ENOSPC' });
  heal();
  await store.deleteTopic('u');
  await store.close();
  expect(smallText(fs, TOPICS[0])).toBe(smallText(fs, TOPICS[1]));
});
