/** Locks of log directories that nobody is to write to while they are looked at. */
import type { Engine } from '../engine/contract.ts';
import type { FileSystem, Lock } from '../fs/contract.ts';

/**
 * Takes the locks of all directories, does the work, and gives them back whatever comes.
 *
 * @param work - is handed the locks by the paths of the directories
 * @throws SeglogError `LOG_LOCKED`, `IO`
 */
export async function whileLocked<T>(
  engine: Engine,
  fs: FileSystem,
  paths: readonly string[],
  work: (locks: ReadonlyMap<string, Lock>) => T | Promise<T>,
): Promise<T> {
  const locks = new Map<string, Lock>();
  try {
    for (const path of paths) locks.set(path, await engine.lockDirectory(fs, path));
    return await work(locks);
  } finally {
    for (const lock of [...locks.values()].toReversed()) await lock.release();
  }
}
