/** A store that is opened with one or another of its log directories left out: none of them brings anything back. */
import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { Store, StoreReader } from '../../src/index.ts';
import { Random } from '../support/random.ts';
import { scratch } from '../support/temp.ts';
import { filled, valuesOf } from './support.ts';

const DIRECTORIES = ['/one', '/two', '/three'];

/** What there should be: the values in each partition, and where it is. */
interface Partition {
  readonly directory: string;
  readonly values: string[];
}
type Model = Map<string, Partition[]>;

function placeOf(store: Store, topic: string, partition: number): string {
  const path = store.describeTopic(topic).partitions[partition]?.directory ?? '';
  return path.slice(0, path.lastIndexOf('/'));
}

/** One change of a store, or an append. */
async function change(store: Store, model: Model, random: Random, step: number): Promise<void> {
  const names = [...model.keys()];
  const name = names.length === 0 ? '' : random.pick(names);
  switch (random.between(0, 3)) {
    case 0: {
      const made = names.includes('again') ? `t${step}` : 'again';
      await store.createTopic({ name: made, partitions: random.between(1, 4) });
      const { partitions } = store.describeTopic(made);
      model.set(
        made,
        partitions.map(({ partition }) => ({ directory: placeOf(store, made, partition), values: [] })),
      );
      break;
    }
    case 1: {
      if (name === '') return;
      await store.deleteTopic(name);
      model.delete(name);
      break;
    }
    default: {
      for (const [partition, { directory, values }] of (model.get(name) ?? []).entries()) {
        if (!store.status().directories.some(({ path }) => path === directory)) continue;
        await store.partition(name, partition).append({ value: String(step) });
        values.push(String(step));
      }
    }
  }
}

test('topics stay deleted, and records stay where they are', async () => {
  for (let seed = 1; seed <= 25; seed++) {
    const random = new Random(seed);
    const fs = new MemoryFileSystem();
    const model: Model = new Map();
    await (await Store.open(DIRECTORIES, { fs })).close();
    for (let step = 1; step <= 25; step++) {
      // The metadata log is in the first: without that nothing opens.
      const here = DIRECTORIES.filter((directory) => directory === '/one' || random.chance(0.6));
      const where = `seed ${seed}, step ${step}, with ${here.join()}`;
      const store = await Store.open(here, { fs });
      expect(store.topics(), where).toEqual([...model.keys()].sort());
      expect(store.status().problems, where).toEqual([]);
      for (let i = 0; i < 2; i++) await change(store, model, random, 2 * step + i);
      for (const [name, partitions] of model) {
        for (const [partition, { directory, values }] of partitions.entries()) {
          if (!here.includes(directory)) continue;
          expect(await valuesOf(store.partition(name, partition)), `${where}: ${name}-${partition}`).toEqual(values);
        }
      }
      await store.close();
    }
    await using store = await Store.open(DIRECTORIES, { fs });
    expect(store.status(), `seed ${seed}`).toMatchObject({ troubled: [], problems: [], stray: [] });
    const live = DIRECTORIES.flatMap((directory) => fs.list(directory).filter((name) => /^[a-z]\w*-\d+$/.test(name)));
    expect(live, `seed ${seed}`).toHaveLength([...model.values()].flat().length);
  }
});

test('what is put back where its deletion was done stays, and is told of, though it goes on elsewhere', async () => {
  const [a, b] = [scratch(), scratch()];
  const both = await Store.open([a, b]);
  await both.createTopic({ name: 't', partitions: 2 });
  for (const partition of [0, 1]) await both.partition('t', partition).append({ value: 'precious' });
  await both.close();
  const own = readdirSync(a).find((name) => name.startsWith('t-')) ?? '';
  const backup = scratch();
  cpSync(join(a, own), backup, { recursive: true });
  const one = await Store.open(a);
  await one.deleteTopic('t');
  await one.removeDeleted();
  await one.close();
  cpSync(backup, join(a, own), { recursive: true });
  await using store = await Store.open(a);
  expect(readdirSync(a).filter((name) => name.startsWith('t-'))).toEqual([expect.stringMatching(/-stray$/)]);
  expect(store.status()).toMatchObject({ deleting: [], problems: [{ code: 'TOPIC_ID_MISMATCH' }] });
});

test('without the one that has the metadata log nothing is opened, made up or changed; with its mark taken away topics are found', async () => {
  const fs = new MemoryFileSystem();
  await filled(DIRECTORIES, { t: ['a'], u: ['b'], v: ['c'] }, { fs });
  const before = ['/two', '/three'].map((path) => fs.list(path));
  await expect(Store.open(['/two', '/three'], { fs })).rejects.toMatchObject({
    ...{ code: 'DIRECTORY_MISMATCH', file: '/two/.seglog_metadata' },
    expected: expect.stringMatching(/directory\.id [\w-]{22}$/) as string,
  });
  expect(['/two', '/three'].map((path) => fs.list(path))).toEqual(before);
  {
    using reader = StoreReader.open(['/two', '/three'], { fs });
    expect(reader.topics()).toHaveLength(2);
    expect(reader.problems).toMatchObject([{ code: 'DIRECTORY_MISMATCH' }]);
  }
  for (const path of ['/two', '/three']) fs.remove(`${path}/.seglog_metadata`);
  const store = await Store.open(['/two', '/three'], { fs });
  expect(store.topics()).toHaveLength(2);
  await store.close();
  // Now there are two of them.
  await expect(Store.open(DIRECTORIES, { fs })).rejects.toMatchObject({
    ...{ code: 'DIRECTORY_MISMATCH', message: expect.stringContaining('/two/__cluster_metadata-0') as string },
  });
  fs.removeTree('/one/__cluster_metadata-0');
  await using again = await Store.open(DIRECTORIES, { fs });
  expect(again.topics()).toEqual(['t', 'u', 'v']);
});
