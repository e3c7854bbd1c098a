/** Locks of log directories that nobody is to write to while they are looked at. */
import type { Engine } from '../engine/contract.ts';
import type { FileSystem, Lock } from '../fs/contract.ts';

/**
 * Takes the locks of all directories, does the work, and gives them back whatever comes.
 *
 * @throws SeglogError `LOG_LOCKED`, `IO`
 */
export async function whileLocked<T>(
  engine: Engine,
  fs: FileSystem,
  paths: readonly string[],
  work: () => T | Promise<T>,
): Promise<T> {
  const locks: Lock[] = [];
  try {
    for (const path of paths) locks.push(await engine.lockDirectory(fs, path));
    return await work();
  } finally {
    for (const lock of locks.toReversed()) await lock.release();
  }
}
