/** Topics made from the directories that are there have all partitions up to the highest: what is nowhere is made anew, and told. */
import { cpSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { Store } from '../../src/index.ts';
import { expectAgreement } from '../support/metadata-agrees.ts';
import { scratch } from '../support/temp.ts';
import { filled, valuesOf } from './support.ts';

async function expectWhole(store: Store, count: number): Promise<void> {
  const { partitionCount, partitions } = store.describeTopic('t');
  expect(partitionCount).toBe(count);
  expect(partitions.map(({ partition }) => partition)).toEqual(Array.from({ length: count }, (_, number) => number));
  await using writer = store.writer('t');
  for (let key = 0; key < 50; key++) await writer.write({ key: `k${key}`, value: 'x' });
}

test('a topic whose other half was in a log directory that is lost has all of its partitions, and takes every key', async () => {
  const [lost, left] = [scratch(), scratch()];
  {
    await using store = await Store.open([lost, left]);
    await store.createTopic({ name: 't', partitions: 4 });
    for (let number = 0; number < 4; number++) await store.partition('t', number).append({ value: `v${number}` });
  }
  const here = readdirSync(left).filter((name) => /^t-\d$/.test(name));
  expect(here).toEqual(['t-1', 't-3']);
  rmSync(join(left, '.seglog_metadata'));
  const store = await Store.open(left);
  expect(store.status().problems).toMatchObject([
    { errno: 'ENOENT', file: join(left, 't-0') },
    { errno: 'ENOENT', file: join(left, 't-2') },
  ]);
  expect(await valuesOf(store.partition('t', 3))).toEqual(['v3']);
  await expectWhole(store, 4);
  await store.close();
  expectAgreement(nodeFileSystem, [left], '');
  await using again = await Store.open(left);
  expect(again.status().problems).toEqual([]);
});

test('a directory with a number above all others makes those in between, and tells of them', async () => {
  const directory = scratch();
  await filled([directory], { t: ['a'] });
  cpSync(join(directory, 't-0'), join(directory, 't-5'), { recursive: true });
  const store = await Store.open(directory);
  expect(store.status().problems.map(({ file }) => file)).toEqual([1, 2, 3, 4].map((n) => join(directory, `t-${n}`)));
  await expectWhole(store, 6);
  await store.close();
});

test('one that is further above them than partitions are made at once is left alone, and told of', async () => {
  const directory = scratch();
  await filled([directory], { t: ['a'] });
  cpSync(join(directory, 't-0'), join(directory, 't-20000'), { recursive: true });
  const store = await Store.open(directory);
  expect(store.status().problems).toMatchObject([{ code: 'INVALID_PARTITIONS', found: 20_000 }]);
  await expectWhole(store, 1);
  await store.close();
  expect(existsSync(join(directory, 't-20000'))).toBe(true);
});
