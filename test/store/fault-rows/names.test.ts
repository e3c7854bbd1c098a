/** Row F22 of the fault list: names that lead elsewhere, and links in the place of what a store has locked. */
import { mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MemoryFileSystem } from '../../../src/fs/memory-fs.ts';
import { Log, Store } from '../../../src/index.ts';
import { scratch } from '../../support/temp.ts';
import { fileNames, filled, textIn, valuesOf } from '../support.ts';

const HEX = '0123456789abcdef'.repeat(2);

/** What lies in the place of `t-0`, whose records are elsewhere then. @returns where */
const IN_ITS_PLACE: Record<string, (directory: string) => string> = {
  'a link to a directory elsewhere': (directory) => {
    const away = join(scratch(), 't-0');
    renameSync(join(directory, 't-0'), away);
    symlinkSync(away, join(directory, 't-0'));
    return away;
  },
  'a link to another partition': (directory) => {
    const away = join(scratch(), 't-0');
    renameSync(join(directory, 't-0'), away);
    symlinkSync('u-0', join(directory, 't-0'));
    return away;
  },
  'a link to nothing': (directory) => {
    const away = join(scratch(), 't-0');
    renameSync(join(directory, 't-0'), away);
    symlinkSync(join(directory, 'nothing'), join(directory, 't-0'));
    return away;
  },
  'a file': (directory) => {
    const away = join(scratch(), 't-0');
    renameSync(join(directory, 't-0'), away);
    writeFileSync(join(directory, 't-0'), 'no directory');
    return away;
  },
};

describe.each(Object.entries(IN_ITS_PLACE))('F22: %s in the place of a partition', (_what, put) => {
  test('keeps it offline, is not followed, and nothing that is known of the partition is forgotten', async () => {
    const directory = scratch();
    await filled([directory], { t: ['a', 'b', 'c'], u: ['d'] });
    await using before = await Store.open(directory);
    await before.partition('t', 0).deleteRecordsBefore(2);
    await before.close();
    const away = put(directory);
    // It may be in use where it is.
    const elsewhere = await Log.open(away);
    const store = await Store.open(directory);
    expect(store.status().troubled).toMatchObject([
      { topic: 't', problem: { code: 'NOT_A_REGULAR_FILE', file: join(directory, 't-0') } },
    ]);
    expect(
      store
        .status()
        .problems.map(({ message }) => message)
        .join(),
    ).not.toContain('made anew');
    expect(await valuesOf(store.partition('u', 0))).toEqual(['d']);
    await elsewhere.append({ value: 'e' });
    await elsewhere.close();
    await store.close();
    expect(fileNames(directory)).not.toContain('.kafka_cleanshutdown');
    expect(textIn(directory, 'log-start-offset-checkpoint')).toBe('0\n1\nt 0 2\n');
    rmSync(join(directory, 't-0'));
    renameSync(away, join(directory, 't-0'));
    await using again = await Store.open(directory);
    expect(again.partition('t', 0).logStartOffset).toBe(2);
    expect(await valuesOf(again.partition('t', 0))).toEqual(['c', 'e']);
  });
});

test('F22: a link of which no topic knows is passed over, told of, and not followed', async () => {
  const [directory, elsewhere] = [scratch(), scratch()];
  await using log = await Log.open(join(elsewhere, 'x-0'));
  await log.append({ value: 'a' });
  symlinkSync(join(elsewhere, 'x-0'), join(directory, 'x-0'));
  await using store = await Store.open(directory);
  expect(store.topics()).toEqual([]);
  expect(store.status().problems).toMatchObject([{ code: 'NOT_A_REGULAR_FILE', file: join(directory, 'x-0') }]);
  await log.append({ value: 'b' });
});

describe.each(['meta.properties', '.seglog_metadata', 'recovery-point-offset-checkpoint', '.kafka_cleanshutdown'])(
  'F22: %s',
  (name) => {
    test.each(['a link', 'a directory'])(
      'that is %s takes its log directory offline; the others go on',
      async (what) => {
        const [first, second] = [scratch(), scratch()];
        await filled([second, first], { t: ['a'], u: ['b'] });
        const path = join(first, name);
        const target = join(scratch(), name);
        renameSync(path, target);
        if (what === 'a link') symlinkSync(target, path);
        else mkdirSync(path);
        const bytes = textIn(target);
        const store = await Store.open([first, second]);
        expect(store.status().directories).toMatchObject([
          { isOnline: false, problem: { code: 'NOT_A_REGULAR_FILE', file: path } },
          { isOnline: true },
        ]);
        await store.close();
        expect(textIn(target)).toBe(bytes);
        rmSync(path, { recursive: true });
        renameSync(target, path);
        await using again = await Store.open([first, second]);
        expect(await Promise.all(['t', 'u'].map((topic) => valuesOf(again.partition(topic, 0))))).toEqual([
          ['a'],
          ['b'],
        ]);
      },
    );
  },
);

test('F22: a link in the place of a segment takes its partition alone offline', async () => {
  const directory = scratch();
  await filled([directory], { t: ['a'], u: ['b'] });
  const path = join(directory, 't-0', '00000000000000000000.log');
  const target = join(scratch(), basename(path));
  renameSync(path, target);
  symlinkSync(target, path);
  await using store = await Store.open(directory);
  expect(store.status().troubled).toMatchObject([{ topic: 't', problem: { code: 'NOT_A_REGULAR_FILE', file: path } }]);
  expect(await valuesOf(store.partition('u', 0))).toEqual(['b']);
});

test('F22: what a link in a deleted partition leads to is not removed with it', async () => {
  const [directory, elsewhere] = [scratch(), scratch()];
  await filled([directory], { t: ['a'] });
  writeFileSync(join(elsewhere, 'kept'), 'x');
  symlinkSync(elsewhere, join(directory, 't-0', 'link'));
  await using store = await Store.open(directory);
  await store.deleteTopic('t');
  await store.removeDeleted();
  expect(fileNames(directory).filter((name) => name.startsWith('t-0'))).toEqual([]);
  expect(readdirSync(elsewhere)).toEqual(['kept']);
});

describe('F22: a topic', () => {
  test.each(['', '.', '..', '../x', 'a/b', 'a\\b', 'a\0b', 'ü', 'a b', 'x'.repeat(250)])(
    'of the name %j is refused, and nothing is made',
    async (name) => {
      const fs = new MemoryFileSystem();
      await using store = await Store.open('/one', { fs });
      const before = fs.list('/one');
      await expect(store.createTopic({ name })).rejects.toMatchObject({ code: 'INVALID_NAME' });
      expect(fs.list('/one')).toEqual(before);
      expect(store.topics()).toEqual([]);
    },
  );

  test.each(['CON', 'x-delete', `x.${HEX}-delete`, 'x-future', '...', '-', 'x-0', 'x'.repeat(249)])(
    'of the name %j is one as in Kafka, and is deleted as such',
    async (name) => {
      const directory = scratch();
      const first = await Store.open(directory);
      await first.createTopic({ name });
      await first.partition(name, 0).append({ value: 'a' });
      await first.close();
      const store = await Store.open(directory);
      expect(store.topics()).toEqual([name]);
      expect(await valuesOf(store.partition(name, 0))).toEqual(['a']);
      await store.deleteTopic(name);
      await store.close();
      await using again = await Store.open(directory);
      expect(again.topics()).toEqual([]);
      expect(again.status().deleting).toHaveLength(1);
    },
  );
});
