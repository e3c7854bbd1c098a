/** What goes wrong while a store is opened, and is no reason to stop. */
import { copyFileSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/clock/clock.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { Log, Store } from '../../src/index.ts';
import { scratch } from '../support/temp.ts';
import { failing, fileNames, filled, smallText, turns, valuesOf } from './support.ts';

describe('a directory that cannot be renamed', () => {
  test('and is of another topic keeps its place, and takes that partition alone offline', async () => {
    const fs = new MemoryFileSystem();
    await filled(['/one'], { t: ['new'], u: ['b'] }, { fs });
    await filled(['/other'], { t: ['old'] }, { fs });
    fs.removeTree('/one/t-0');
    fs.rename('/other/t-0', '/one/t-0');
    const heal = failing(fs, 'rename', 'EPERM', (path) => path === '/one/t-0');
    const store = await Store.open('/one', { fs });
    expect(store.status().troubled).toMatchObject([{ topic: 't', problem: { code: 'TOPIC_ID_MISMATCH' } }]);
    expect(store.status().problems[0]).toMatchObject({ errno: 'EPERM', file: '/one/t-0' });
    expect(await valuesOf(store.partition('u', 0))).toEqual(['b']);
    await store.close();
    expect(fs.list('/one')).toContain('t-0');
    heal();
    await using again = await Store.open('/one', { fs });
    expect(again.partition('t', 0).logEndOffset).toBe(0);
    expect(fs.list('/one').filter((name) => name.startsWith('t-0.'))).toEqual([expect.stringMatching(/-stray$/)]);
  });

  test('and is of a topic that was deleted waits for the next opening', async () => {
    const fs = new MemoryFileSystem();
    await filled(['/one', '/two'], { t: ['a'], u: ['b'] }, { fs });
    const gone = fs.list('/two').includes('t-0') ? 't' : 'u';
    const alone = await Store.open('/one', { fs });
    await alone.deleteTopic(gone);
    await alone.close();
    const heal = failing(fs, 'rename', 'EBUSY', (path) => path === `/two/${gone}-0`);
    const store = await Store.open(['/one', '/two'], { fs });
    expect(store.topics()).not.toContain(gone);
    expect(store.status().problems).toMatchObject([{ errno: 'EBUSY' }]);
    await store.close();
    heal();
    const again = await Store.open(['/one', '/two'], { fs });
    expect(again.topics()).not.toContain(gone);
    expect(again.status().problems).toEqual([]);
    expect(fs.list('/two').filter((name) => name.startsWith(`${gone}-0`))).toEqual([expect.stringMatching(/-delete$/)]);
    await again.close();
  });
});

describe('callbacks that raise', () => {
  const fail = (): never => {
    throw new TypeError('a bug of the caller');
  };

  test('keep nothing from being opened, and are told of', async () => {
    const fs = new MemoryFileSystem();
    await filled(['/one'], { t: ['a'], u: ['b'] }, { fs });
    fs.replaceSmall('/one/u-0/partition.metadata', Buffer.from('damaged'));
    const store = await Store.open('/one', { fs, onProblem: fail, onProgress: fail });
    expect(await valuesOf(store.partition('t', 0))).toEqual(['a']);
    expect(store.status().problems).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ code: 'CORRUPT_CHECKPOINT' }),
        expect.objectContaining({ code: 'INTERNAL', message: expect.stringContaining('onProblem') as string }),
        expect.objectContaining({ code: 'INTERNAL', message: expect.stringContaining('onProgress') as string }),
      ]),
    );
    await store.close();
  });

  test('later, being asynchronous, end no process and are told of', async () => {
    const fs = new MemoryFileSystem();
    await filled(['/one'], { t: ['a'] }, { fs });
    await using store = await Store.open('/one', {
      fs,
      onProgress: () => Promise.reject(new TypeError('late')) as unknown as void,
    });
    await turns(2);
    expect(store.status().problems).toMatchObject([
      { code: 'INTERNAL', message: expect.stringContaining('onProgress') as string },
    ]);
  });

  test('do not keep a directory online that has failed', async () => {
    const fs = new MemoryFileSystem();
    const clock = new ManualClock(1_000_000);
    const store = await Store.open(['/one', '/two'], { fs, clock, onProblem: fail });
    await store.createTopic({ name: 't' });
    await store.partition('t', 0).append({ value: 'a' });
    failing(fs, 'replaceSmall', 'EIO', (path) => path === '/one/replication-offset-checkpoint');
    for (let i = 0; i < 2; i++) {
      clock.advance(5000);
      await turns();
    }
    expect(store.status().directories).toMatchObject([{ isOnline: false }, { isOnline: true }]);
    expect(smallText(fs, '/two/replication-offset-checkpoint')).toBeDefined();
    await store.close();
  });
});

describe('a directory without an id, while the deletion of a topic of its name goes on', () => {
  /** A store over two directories whose topic was deleted while the second one was away. @returns those, and where it is */
  async function deletedWhileAway(): Promise<[string, string, string]> {
    const [first, second] = [scratch(), scratch()];
    const store = await Store.open([first, second]);
    await store.createTopic({ name: 't', partitions: 2 });
    for (const partition of [0, 1]) await store.partition('t', partition).append({ value: 'x' });
    await store.close();
    const away = `${second}-away`;
    renameSync(second, away);
    writeFileSync(second, 'a file in its place');
    const alone = await Store.open([first, second]);
    await alone.deleteTopic('t');
    await alone.close();
    return [first, second, away];
  }

  function comesBack(second: string, away: string): void {
    rmSync(second);
    renameSync(away, second);
  }

  const namesIn = (directory: string): string[] =>
    fileNames(directory)
      .filter((name) => name.startsWith('t-'))
      .map((name) => name.replace(/\.[0-9a-f]{32}/, ''));

  test('is put aside when it has records: they are of somebody else', async () => {
    const [first, second, away] = await deletedWhileAway();
    const log = await Log.open(join(away, 't-7'));
    await log.append({ value: 'restored' });
    await log.close();
    comesBack(second, away);
    await using store = await Store.open([first, second]);
    expect(store.topics()).toEqual([]);
    expect(namesIn(second).sort()).toEqual([expect.stringMatching(/^t-[01]-delete$/), 't-7-stray']);
    expect(store.status().problems.map(({ code }) => code)).toEqual(['TOPIC_ID_MISMATCH']);
    const aside = fileNames(second).find((name) => name.startsWith('t-7')) ?? '';
    expect(fileNames(join(second, aside))).toContain('00000000000000000000.log');
  });

  test('goes with the topic when there is nothing in it, also when the topic was made again with fewer partitions', async () => {
    for (const isMadeAgain of [false, true]) {
      const [first, second, away] = await deletedWhileAway();
      if (isMadeAgain) {
        await using alone = await Store.open([first, second]);
        await alone.createTopic({ name: 't' });
      }
      mkdirSync(join(away, 't-7'));
      // Space that was set aside for records, as after a hard stop.
      writeFileSync(join(away, 't-7', '00000000000000000000.log'), new Uint8Array(100_000));
      comesBack(second, away);
      await using store = await Store.open([first, second]);
      expect(store.topics()).toEqual(isMadeAgain ? ['t'] : []);
      if (isMadeAgain) expect(store.describeTopic('t').partitionCount).toBe(1);
      expect(namesIn(second).sort()).toEqual([expect.stringMatching(/^t-[01]-delete$/), 't-7-delete']);
      expect(store.status().problems).toEqual([]);
    }
  });

  test('is a topic as any other where that deletion is done', async () => {
    const [first, second] = await deletedWhileAway();
    const log = await Log.open(join(first, 't-0'));
    await log.append({ value: 'restored' });
    await log.close();
    await using store = await Store.open([first, second]);
    expect(await valuesOf(store.partition('t', 0))).toEqual(['restored']);
    expect(store.describeTopic('t').configs).toMatchObject({ 'retention.ms': '-1' });
  });
});

test('a partition of a number that no topic reaches is left alone, and told of', async () => {
  const directory = scratch();
  await filled([directory], { t: ['a'] });
  for (const name of ['t-2147483647', 'x-1000000']) {
    mkdirSync(join(directory, name));
    for (const file of readdirSync(join(directory, 't-0'))) {
      copyFileSync(join(directory, 't-0', file), join(directory, name, file));
    }
  }
  const store = await Store.open(directory);
  expect(store.topics()).toEqual(['t']);
  expect(store.describeTopic('t').partitionCount).toBe(1);
  expect(store.status().problems).toMatchObject([
    { code: 'INVALID_PARTITIONS', file: join(directory, 't-2147483647') },
    { code: 'INVALID_PARTITIONS', file: join(directory, 'x-1000000') },
  ]);
  await store.close();
  expect(fileNames(directory)).toEqual(expect.arrayContaining(['t-2147483647', 'x-1000000']));
});

describe("Kafka's log of its own metadata", () => {
  test('is no topic of a store, whatever its partition', async () => {
    const directory = scratch();
    mkdirSync(join(directory, '__cluster_metadata-0'));
    mkdirSync(join(directory, '__cluster_metadata-1'));
    await using store = await Store.open(directory);
    expect(store.topics()).toEqual([]);
    expect(fileNames(directory)).toEqual(expect.arrayContaining(['__cluster_metadata-0', '__cluster_metadata-1']));
  });

  test('gives no topic its name', async () => {
    const directory = scratch();
    await using store = await Store.open(directory);
    await expect(store.createTopic({ name: '__cluster_metadata' })).rejects.toMatchObject({ code: 'INVALID_NAME' });
    expect(store.topics()).toEqual([]);
  });
});

test('log directories that are made are there after a power cut: each name is brought to the disk', async () => {
  const fs = new MemoryFileSystem();
  const synced: string[] = [];
  Object.assign(fs, { syncDirectory: (path: string) => void synced.push(path) });
  await (await Store.open('/one', { fs })).close();
  expect(synced[0]).toBe('/');
});

test('a directory that vanished is made anew, and the store says what is gone', async () => {
  const [first, second] = [scratch(), scratch()];
  await filled([second, first], { t: ['a'], u: ['b'] });
  const gone = fileNames(first).includes('t-0') ? 't' : 'u';
  rmSync(first, { recursive: true });
  await using store = await Store.open([first, second]);
  expect(store.status().directories).toMatchObject([{ isOnline: true }, { isOnline: true }]);
  expect(() => store.partition(gone, 0)).toThrow(expect.objectContaining({ code: 'LOG_OFFLINE' }));
});

test('a configuration that is not valid with the one of the store keeps nobody out: it is told with the name of its topic', async () => {
  const fs = new MemoryFileSystem();
  const first = await Store.open('/one', { fs });
  await first.createTopic({ name: 'events', config: { minCompactionLagMs: 1000 } });
  await first.close();
  const second = await Store.open('/one', { fs, maxCompactionLagMs: 10, retentionMs: 1000 });
  expect(second.status().problems).toMatchObject([
    { code: 'INVALID_CONFIG', message: expect.stringContaining('events') as string },
  ]);
  // Nothing is deleted while nobody knows by which rule.
  expect(second.describeTopic('events').config).toMatchObject({ cleanupPolicy: ['delete'], retentionMs: Infinity });
  await second.close();
  await using third = await Store.open('/one', { fs });
  expect(third.status().problems).toEqual([]);
  expect(third.describeTopic('events').configs).toEqual({ 'min.compaction.lag.ms': '1000' });
});

test('a partition that is made anew takes no offsets of the one that was there, whenever a crash comes', async () => {
  const fs = new MemoryFileSystem();
  await filled(['/one'], { t: ['a', 'b', 'c'] }, { fs });
  const names = ['recovery-point', 'log-start', 'replication', 'cleaner'].map(
    (name) => `/one/${name}-offset-checkpoint`,
  );
  for (const name of names) fs.replaceSmall(name, Buffer.from('0\n1\nt 0 2\n'));
  fs.removeTree('/one/t-0');
  let found: (string | undefined)[] = [];
  const make = fs.makeDirectory.bind(fs);
  fs.makeDirectory = (path) => {
    if (path === '/one/t-0') found = names.map((name) => smallText(fs, name));
    return make(path);
  };
  await using store = await Store.open('/one', { fs });
  expect(found).toEqual(names.map(() => '0\n0\n'));
  expect(store.partition('t', 0).logStartOffset).toBe(0);
});
