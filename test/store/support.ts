/** Stores for tests, and what is in them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Log, Store, type StoreOptions } from '../../src/index.ts';

/** Values of a log's records, in order. */
export async function valuesOf(log: Log): Promise<string[]> {
  const values: string[] = [];
  for await (const batch of log.read()) values.push(...batch.records().map(({ value }) => value?.toString() ?? 'null'));
  return values;
}

/** Makes topics of one partition with one record for each value, and closes the store. */
export async function filled(
  directories: readonly string[],
  topics: Readonly<Record<string, readonly string[]>>,
  options: StoreOptions = {},
): Promise<void> {
  await using store = await Store.open(directories, options);
  for (const [name, values] of Object.entries(topics)) {
    await store.createTopic({ name });
    for (const value of values) await store.partition(name, 0).append({ value });
  }
}

/** What is in a directory, but for the files that locks leave, which differ between the engines. */
export function fileNames(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => name !== '.seglog-lock' && name !== '.lock')
    .sort();
}

export function textIn(...path: string[]): string {
  return readFileSync(join(...path), 'utf8');
}
