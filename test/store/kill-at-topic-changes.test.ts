/** `kill -9` at each change of files that a store makes while topics are made, altered, grown and deleted: metadata and directories agree. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { Store, type StoreOptions } from '../../src/index.ts';
import { leftoversIn, stopAtEach } from '../support/kill-at.ts';
import { expectAgreement } from '../support/metadata-agrees.ts';
import { scratch } from '../support/temp.ts';
import { valuesOf } from './support.ts';

const CONFIG: StoreOptions = { fileDeleteDelayMs: 60_000, retentionMs: -1, periodicCleaning: false };
const NAMES = ['one', 'two'];

const PROGRAM = `
  const { Store } = await import(library);
  const [directory, at] = process.argv.slice(2);
  dieAt(Number(at));
  const store = await Store.open([directory + '/one', directory + '/two'], ${JSON.stringify(CONFIG)});
  await store.createTopic({ name: 'made', partitions: 3, config: { segmentBytes: 4096 } });
  await store.alterTopic('kept', { set: { segmentMs: 77 } });
  await store.createPartitions('kept', 4);
  await store.deleteTopic('gone');
  await store.createTopic({ name: 'gone' });
  await store.close();
`;

async function model(): Promise<string> {
  const directory = scratch();
  const store = await Store.open(
    NAMES.map((name) => join(directory, name)),
    CONFIG,
  );
  await store.createTopic({ name: 'kept', partitions: 2 });
  await store.createTopic({ name: 'gone', partitions: 2 });
  for (const name of ['kept', 'gone']) {
    for (const partition of [0, 1]) await store.partition(name, partition).append({ value: name });
  }
  await store.close();
  return directory;
}

test('each change is there whole or not at all, and directories are as the metadata log says', {
  timeout: 400_000,
}, async () => {
  const seen = { made: new Set<number>(), kept: new Set<number>(), gone: new Set<string>() };
  const changes = await stopAtEach({
    model: await model(),
    program: PROGRAM,
    check: async (directory, at, isWhole) => {
      const directories = NAMES.map((name) => join(directory, name));
      const store = await Store.open(directories, CONFIG);
      const { problems, troubled, stray } = store.status();
      const others = problems.filter(({ errno }) => errno !== 'ENOENT');
      expect({ others, troubled, stray }, at).toEqual({ others: [], troubled: [], stray: [] });
      const made = store.topics().includes('made') ? store.describeTopic('made') : undefined;
      const kept = store.describeTopic('kept');
      expect([undefined, 3], at).toContain(made?.partitionCount);
      expect([{}, { 'segment.ms': '77' }], at).toContainEqual(kept.configs);
      expect([2, 4], at).toContain(kept.partitionCount);
      for (const partition of [0, 1]) expect(await valuesOf(store.partition('kept', partition)), at).toEqual(['kept']);
      const gone = store.topics().includes('gone') ? store.describeTopic('gone') : undefined;
      if (gone?.partitionCount === 2) expect(await valuesOf(store.partition('gone', 1)), at).toEqual(['gone']);
      if (gone?.partitionCount === 1) expect(await valuesOf(store.partition('gone', 0)), at).toEqual([]);
      seen.made.add(made?.partitionCount ?? 0);
      seen.kept.add(kept.partitionCount);
      seen.gone.add(String(gone?.partitionCount));
      await store.close();
      expectAgreement(nodeFileSystem, directories, at);
      // What is in a directory that is to be removed goes with it.
      const left = directories.flatMap((path) => leftoversIn(path)).filter((name) => !name.includes('-delete/'));
      expect(left, at).toEqual([]);
      if (isWhole) expect([made?.partitionCount, kept.partitionCount, gone?.partitionCount]).toEqual([3, 4, 1]);
    },
  });
  expect(changes).toBeGreaterThan(60);
  expect(seen).toEqual({ made: new Set([0, 3]), kept: new Set([2, 4]), gone: new Set(['2', 'undefined', '1']) });
});
