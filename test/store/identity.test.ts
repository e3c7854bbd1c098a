/** Whose a log directory is: found out before anything is changed, and written only where it is sure. */
import { expect, test } from 'vitest';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { SeglogError, Store } from '../../src/index.ts';
import { scratch } from '../support/temp.ts';
import { failing, filled, smallText, textIn } from './support.ts';

const OTHERS = 'node.id=7\ndirectory.id=N-n8Pc62RTeyzDX7h7d1tQ\nversion=1\ncluster.id=theirs\n';

test('nothing is written to a new directory while another one is locked by somebody else', async () => {
  const fs = new MemoryFileSystem();
  fs.makeDirectory('/two');
  const lock = await fs.lockDirectory('/two');
  await expect(Store.open(['/one', '/two'], { fs })).rejects.toMatchObject({ code: 'LOG_LOCKED' });
  expect(smallText(fs, '/one/meta.properties')).toBeUndefined();
  await lock.release();
  await (await Store.open('/two', { fs })).close();
  await using store = await Store.open(['/one', '/two'], { fs });
  expect(store.status().directories).toMatchObject([{ isOnline: true }, { isOnline: true }]);
});

test('a meta.properties that somebody wrote before the lock was taken counts', async () => {
  const fs = new MemoryFileSystem();
  const lock = fs.lockDirectory.bind(fs);
  fs.lockDirectory = async (path) => {
    const held = await lock(path);
    if (path === '/one') fs.replaceSmall('/one/meta.properties', Buffer.from(OTHERS));
    return held;
  };
  const store = await Store.open(['/one', '/two'], { fs });
  expect(store.status()).toMatchObject({ clusterId: 'theirs', nodeId: 7 });
  expect(smallText(fs, '/one/meta.properties')).toBe(OTHERS);
  expect(smallText(fs, '/two/meta.properties')).toContain('cluster.id=theirs');
  await store.close();
});

test('new directories get no identity of their own while one that may have it cannot be read', async () => {
  const fs = new MemoryFileSystem();
  const first = await Store.open('/one', { fs });
  const { clusterId } = first.status();
  await first.close();
  const heal = failing(fs, 'readSmall', 'EIO', (path) => path === '/one/meta.properties');
  await expect(Store.open(['/one', '/two'], { fs })).rejects.toMatchObject({
    code: 'IO',
    errno: 'EIO',
    file: '/one/meta.properties',
    action: expect.stringContaining('leave it out') as string,
  });
  expect(smallText(fs, '/two/meta.properties')).toBeUndefined();
  heal();
  await using store = await Store.open(['/one', '/two'], { fs });
  expect(store.status().clusterId).toBe(clusterId);
});

test('a file of version 0 without a cluster gets one, and keeps it', async () => {
  const directory = scratch();
  nodeFileSystem.replaceSmall(`${directory}/meta.properties`, Buffer.from('version=0\nbroker.id=-1\nx=y\n'));
  const first = await Store.open(directory);
  const { clusterId, nodeId } = first.status();
  await first.close();
  expect(textIn(directory, 'meta.properties')).toMatch(
    /^broker\.id=1\ndirectory\.id=[\w-]{22}\nversion=0\ncluster\.id=[\w-]{22}\nx=y\n$/,
  );
  const text = textIn(directory, 'meta.properties');
  await using store = await Store.open(directory);
  expect(store.status()).toMatchObject({ clusterId, nodeId });
  expect(textIn(directory, 'meta.properties')).toBe(text);
});

test('a directory that fails before it is locked is known by its id: its partitions are offline for its reason', async () => {
  const fs = new MemoryFileSystem();
  await filled(['/two', '/one'], { t: ['a'], u: ['b'] }, { fs });
  const here = fs.list('/one').includes('t-0') ? 't' : 'u';
  const lock = fs.lockDirectory.bind(fs);
  fs.lockDirectory = (path) => {
    if (path === '/one') throw new SeglogError('IO', 'could not lock', { file: path, errno: 'EROFS' });
    return lock(path);
  };
  await using store = await Store.open(['/one', '/two'], { fs });
  expect(store.status().troubled).toMatchObject([{ topic: here, problem: { errno: 'EROFS', file: '/one' } }]);
});
