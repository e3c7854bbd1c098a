/** A log directory that a broker left, opened as a store. */
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LogReader, Store } from '../../src/index.ts';
import { FIXTURES } from '../support/fixtures.ts';
import { scratch } from '../support/temp.ts';
import { fileNames, textIn } from './support.ts';

const CLEAN = join(FIXTURES, 'clean');
const PARTITIONS = readdirSync(CLEAN).filter((name) => /-\d+$/.test(name) && name !== '__cluster_metadata-0');

function endOf(directory: string): { start: number; end: number } {
  using reader = LogReader.open(directory);
  return { start: reader.logStartOffset, end: reader.logEndOffset };
}

test('has all of its topics, recovers nothing, changes no record, and is closed as it was', async () => {
  const directory = scratch();
  cpSync(CLEAN, directory, { recursive: true });
  expect(PARTITIONS.length).toBeGreaterThan(5);
  const identity = textIn(directory, 'meta.properties');
  const before = PARTITIONS.map((name) => endOf(join(directory, name)));
  const store = await Store.open(directory);
  expect(store.status()).toMatchObject({ partitions: PARTITIONS.length, troubled: [], problems: [] });
  for (const [i, name] of PARTITIONS.entries()) {
    const dash = name.lastIndexOf('-');
    const log = store.partition(name.slice(0, dash), Number(name.slice(dash + 1)));
    expect({ start: log.logStartOffset, end: log.logEndOffset }, name).toEqual(before[i]);
    expect(log.status().recovery, name).toBeUndefined();
  }
  await store.close();
  expect(textIn(directory, 'meta.properties')).toBe(identity);
  expect(fileNames(directory)).toContain('.kafka_cleanshutdown');
  for (const name of PARTITIONS) {
    for (const file of readdirSync(join(CLEAN, name)).filter((one) => one.endsWith('.log'))) {
      expect(readFileSync(join(directory, name, file)).equals(readFileSync(join(CLEAN, name, file))), name).toBe(true);
    }
  }
});
