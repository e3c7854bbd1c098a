/** Bringing the names in a directory of the machine to the disk: on this thread, or on another one. */
import * as nodeFs from 'node:fs';
import { ioError } from '../errors/errors.ts';

/** Windows cannot open a directory for syncing; its renames are journaled. */
const CANNOT_SYNC = process.platform === 'win32';

/**
 * Of each directory that is being synced on another thread, descriptors that were opened before that began, one for each such sync. The
 * system tells of what it lost once for each opening, and of those that come later none.
 */
const openedBefore = new Map<string, Set<number>>();

/**
 * `FileSystem.syncDirectory` of the machine.
 *
 * @throws SeglogError `IO`
 */
export function syncDirectory(path: string): void {
  if (CANNOT_SYNC) return;
  try {
    const descriptor = openDirectory(path);
    try {
      for (const before of openedBefore.get(path) ?? []) nodeFs.fsyncSync(before);
      // All the same: the directory may have got its name since.
      nodeFs.fsyncSync(descriptor);
    } finally {
      nodeFs.closeSync(descriptor);
    }
  } catch (error) {
    throw ioError('sync the directory', path, error);
  }
}

/**
 * `FileSystem.syncDirectoryAsync` of the machine.
 *
 * @throws SeglogError (as a rejection) `IO`
 */
export async function syncDirectoryAsync(path: string): Promise<void> {
  if (CANNOT_SYNC) return;
  try {
    const descriptor = openDirectory(path);
    let forget: () => void = () => undefined;
    try {
      forget = lendBeside(path);
      await fsync(descriptor);
    } finally {
      forget();
      nodeFs.closeSync(descriptor);
    }
  } catch (error) {
    throw ioError('sync the directory', path, error);
  }
}

/** Opens the directory once more, for who syncs it beside us; returns how that ends. */
function lendBeside(path: string): () => void {
  const descriptor = openDirectory(path);
  const opened = openedBefore.get(path) ?? new Set();
  openedBefore.set(path, opened.add(descriptor));
  return () => {
    opened.delete(descriptor);
    if (opened.size === 0) openedBefore.delete(path);
    nodeFs.closeSync(descriptor);
  };
}

function openDirectory(path: string): number {
  return nodeFs.openSync(path, nodeFs.constants.O_RDONLY);
}

function fsync(descriptor: number): Promise<void> {
  return new Promise((resolve, reject) => {
    nodeFs.fsync(descriptor, (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}
