/** Which log directories the node is registered with in the metadata log: those that are there, and those that have partitions. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/clock/clock.ts';
import { defaultEngine } from '../../src/engine/select.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { Store } from '../../src/index.ts';
import { replayMetadata } from '../../src/metadata/replay.ts';
import { filled, smallText } from './support.ts';

function idOf(fs: MemoryFileSystem, path: string): string {
  return /directory\.id=(.*)/.exec(smallText(fs, `${path}/meta.properties`) ?? '')?.[1] ?? '';
}

/** Paths of the registered directories, and where the log ends. */
function registered(fs: MemoryFileSystem, paths: readonly string[]): { paths: string[]; end: number } {
  const environment = { engine: defaultEngine(), fs, clock: systemClock };
  const { image, logEndOffset } = replayMetadata(environment, '/a/__cluster_metadata-0', true);
  const ids = image.brokers.get(1)?.logDirs ?? [];
  expect(image.brokers.get(1)).toMatchObject({ brokerEpoch: 9, fenced: true });
  return { paths: ids.map((id) => paths.find((path) => idOf(fs, path) === id) ?? id).sort(), end: logEndOffset };
}

function moved(fs: MemoryFileSystem, from: string, to: string): void {
  fs.makeDirectory(to);
  for (const name of fs.list(from))
    fs.replaceSmall(join(to, name), fs.readSmall(join(from, name)) ?? new Uint8Array(0));
  fs.removeTree(from);
}

test('one that is retired goes when the partitions that it had are elsewhere; and one that comes is added', async () => {
  const fs = new MemoryFileSystem();
  const paths = ['/a', '/b'];
  await filled(paths, { t: ['a'], u: ['b'] }, { fs });
  expect(registered(fs, paths).paths).toEqual(paths);
  expect(fs.list('/b')).toContain('u-0');
  moved(fs, '/b/u-0', '/a/u-0');
  await (await Store.open('/a', { fs })).close();
  const alone = registered(fs, paths);
  expect(alone.paths).toEqual(['/a']);
  await (await Store.open(paths, { fs })).close();
  expect(registered(fs, paths)).toEqual(alone);
  await using store = await Store.open(paths, { fs });
  await store.createTopic({ name: 'v' });
  expect(registered(fs, paths).paths).toEqual(paths);
});

test('one that is left out stays while a partition is in it', async () => {
  const fs = new MemoryFileSystem();
  const paths = ['/a', '/b', '/c'];
  await filled(paths, { t: ['a'], u: ['b'] }, { fs });
  const store = await Store.open('/a', { fs });
  await store.createTopic({ name: 'v' });
  expect(registered(fs, paths).paths).toEqual(['/a', '/b']);
  await store.deleteTopic('u');
  expect(registered(fs, paths).paths).toEqual(['/a']);
  await store.close();
});
