/** Opening and closing a store: marks, checkpoints, identity, and what is found again. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { Log, Store } from '../../src/index.ts';
import { scratch } from '../support/temp.ts';
import { fileNames, filled, textIn, valuesOf } from './support.ts';

describe('a store that was closed', () => {
  test('has its topics and records again, and recovers nothing', async () => {
    const directory = scratch();
    await filled([directory], { events: ['a', 'b', 'c'] });
    await using store = await Store.open(directory);
    expect(store.topics()).toEqual(['events']);
    expect(await valuesOf(store.partition('events', 0))).toEqual(['a', 'b', 'c']);
    expect(store.partition('events', 0).status().recovery).toBeUndefined();
    expect(store.status().problems).toEqual([]);
  });

  test("leaves Kafka's files in the directory, and no mark of seglog's in the partitions", async () => {
    const directory = scratch();
    await filled([directory], { events: ['a', 'b', 'c'] });
    expect(fileNames(directory)).toEqual([
      '.kafka_cleanshutdown',
      '__cluster_metadata-0',
      'bootstrap.checkpoint',
      'events-0',
      'log-start-offset-checkpoint',
      'meta.properties',
      'recovery-point-offset-checkpoint',
      'replication-offset-checkpoint',
    ]);
    expect(textIn(directory, '.kafka_cleanshutdown')).toBe('{"version":0,"brokerEpoch":9}');
    expect(textIn(directory, 'recovery-point-offset-checkpoint')).toBe('0\n1\nevents 0 3\n');
    expect(textIn(directory, 'replication-offset-checkpoint')).toBe('0\n1\nevents 0 3\n');
    expect(textIn(directory, 'log-start-offset-checkpoint')).toBe('0\n0\n');
    expect(fileNames(join(directory, 'events-0'))).not.toContain('.seglog_cleanshutdown');
    expect(textIn(directory, 'events-0', 'partition.metadata')).toMatch(/^version: 0\ntopic_id: [\w-]{22}$/);
  });

  test('has its mark taken away before anything else is done when it is opened', async () => {
    const directory = scratch();
    await filled([directory], { events: ['a'] });
    const store = await Store.open(directory);
    expect(fileNames(directory)).not.toContain('.kafka_cleanshutdown');
    await store.close();
    expect(fileNames(directory)).toContain('.kafka_cleanshutdown');
  });

  test('writes the log start of a partition only where it is above the first segment', async () => {
    const directory = scratch();
    await filled([directory], { events: ['a', 'b', 'c'], others: ['d'] });
    const store = await Store.open(directory);
    await store.partition('events', 0).deleteRecordsBefore(2);
    await store.close();
    expect(textIn(directory, 'log-start-offset-checkpoint')).toBe('0\n1\nevents 0 2\n');
    await using again = await Store.open(directory);
    expect(again.partition('events', 0).logStartOffset).toBe(2);
  });

  test('does nothing more', async () => {
    const store = await Store.open(scratch());
    await Promise.all([store.close(), store.close()]);
    expect(() => store.topics()).toThrow(expect.objectContaining({ code: 'LOG_CLOSED' }));
    await expect(store.createTopic({ name: 't' })).rejects.toMatchObject({ code: 'LOG_CLOSED' });
  });
});

describe('the lock', () => {
  test('keeps a second store out, and a log opened alone', async () => {
    const directory = scratch();
    await filled([directory], { events: ['a'] });
    await using store = await Store.open(directory);
    await expect(Store.open(directory)).rejects.toMatchObject({ code: 'LOG_LOCKED', file: directory });
    for (const name of ['events-0', 'others-0']) {
      await expect(Log.open(join(directory, name))).rejects.toMatchObject({ code: 'LOG_LOCKED' });
    }
    expect(await valuesOf(store.partition('events', 0))).toEqual(['a']);
  });

  test('of one directory that somebody else has keeps the store closed, and leaves the others as they were', async () => {
    const [first, second] = [scratch(), scratch()];
    await filled([first], { events: ['a'] });
    await using log = await Log.open(join(second, 'others-0'));
    await log.append({ value: 'b' });
    await expect(Store.open([first, second])).rejects.toMatchObject({ code: 'LOG_LOCKED' });
    expect(fileNames(first)).toContain('.kafka_cleanshutdown');
    expect(log.logEndOffset).toBe(1);
    await (await Store.open(first)).close();
  });

  test('is free after a log in the directory was closed, which keeps the mark', async () => {
    const directory = scratch();
    await filled([directory], { events: ['a'] });
    const log = await Log.open(join(directory, 'events-0'));
    await log.append({ value: 'b' });
    await log.close();
    await using store = await Store.open(directory);
    expect(await valuesOf(store.partition('events', 0))).toEqual(['a', 'b']);
    expect(store.partition('events', 0).status().recovery).toBeUndefined();
  });
});

describe('meta.properties', () => {
  test('is made where there is none, and the same afterwards', async () => {
    const directory = scratch();
    await (await Store.open(directory, { clusterId: 'a cluster: 1', nodeId: 7 })).close();
    const text = textIn(directory, 'meta.properties');
    expect(text).toMatch(/^node\.id=7\ndirectory\.id=[\w-]{22}\nversion=1\ncluster\.id=a\\ cluster\\:\\ 1\n$/);
    await using store = await Store.open(directory);
    expect(store.status()).toMatchObject({ clusterId: 'a cluster: 1', nodeId: 7 });
    expect(textIn(directory, 'meta.properties')).toBe(text);
  });

  test.each([
    ['cluster.id', { clusterId: 'other' }],
    ['node.id', { nodeId: 8 }],
  ])('with another %s is refused, and nothing is changed', async (key, wanted) => {
    const directory = scratch();
    await filled([directory], { events: ['a'] });
    const before = fileNames(directory);
    await expect(Store.open(directory, wanted)).rejects.toMatchObject({
      code: 'DIRECTORY_MISMATCH',
      message: expect.stringContaining(key) as string,
      file: join(directory, 'meta.properties'),
    });
    expect(fileNames(directory)).toEqual(before);
  });

  test('of two directories of two clusters is refused', async () => {
    const [first, second] = [scratch(), scratch()];
    await (await Store.open(first)).close();
    await (await Store.open(second)).close();
    await expect(Store.open([first, second])).rejects.toMatchObject({ code: 'DIRECTORY_MISMATCH' });
  });

  test('of two directories that are copies is refused', async () => {
    const [first, second] = [scratch(), scratch()];
    await (await Store.open(first)).close();
    nodeFileSystem.replaceSmall(join(second, 'meta.properties'), Buffer.from(textIn(first, 'meta.properties')));
    await expect(Store.open([first, second])).rejects.toMatchObject({
      code: 'DIRECTORY_MISMATCH',
      message: expect.stringContaining('directory.id') as string,
    });
  });

  test('that cannot be read is refused by its name', async () => {
    const directory = scratch();
    nodeFileSystem.replaceSmall(join(directory, 'meta.properties'), Buffer.from('version=1\nnode.id=x\n'));
    await expect(Store.open(directory)).rejects.toMatchObject({
      code: 'CORRUPT_CHECKPOINT',
      file: join(directory, 'meta.properties'),
    });
  });

  test('of version 0 gets a directory id, and keeps the rest', async () => {
    const directory = scratch();
    nodeFileSystem.replaceSmall(join(directory, 'meta.properties'), Buffer.from('version=0\nbroker.id=3\nx=y\n'));
    await using store = await Store.open(directory);
    expect(store.status().nodeId).toBe(3);
    expect(textIn(directory, 'meta.properties')).toMatch(
      /^broker\.id=3\ndirectory\.id=[\w-]{22}\nversion=0\ncluster\.id=[\w-]{22}\nx=y\n$/,
    );
  });
});

test('a directory that comes twice, also by a link, is refused', async () => {
  const directory = scratch();
  await expect(Store.open([directory, `${directory}/.`])).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  await expect(Store.open([])).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
});
