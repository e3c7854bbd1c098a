/** Stores for tests, and what is in them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FileSystem } from '../../src/fs/contract.ts';
import type { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { type Log, SeglogError, Store, type StoreOptions } from '../../src/index.ts';

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

/** Calls of a file system by their path that can be made to fail. */
type FailingCall = 'list' | 'makeDirectory' | 'readSmall' | 'realPath' | 'rename' | 'replaceSmall' | 'stat';

/**
 * Makes a call of a file system in memory fail, as long as `isIt` says so of its path.
 *
 * @returns ends it
 */
export function failing(
  fs: MemoryFileSystem,
  call: FailingCall,
  errno: string,
  isIt: (path: string) => boolean,
): () => void {
  const before = fs[call];
  const pass = before.bind(fs) as (path: string, ...more: unknown[]) => unknown;
  Object.assign(fs, {
    [call](path: string, ...more: unknown[]) {
      if (isIt(path)) throw new SeglogError('IO', `could not ${call}: ${errno}`, { file: path, errno });
      return pass(path, ...more);
    },
  });
  return () => void Object.assign(fs, { [call]: before });
}

/** The text of a file in memory; undefined when there is none. */
export function smallText(fs: FileSystem, path: string): string | undefined {
  const bytes = fs.readSmall(path);
  return bytes === undefined ? undefined : Buffer.from(bytes).toString();
}

/** The work of a store is done in turns of the event loop that no clock counts. */
export async function turns(count = 100): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}
