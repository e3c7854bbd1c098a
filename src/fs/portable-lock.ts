/**
 * The lock of a log directory without native code: on Linux a socket's name that the kernel frees, elsewhere a file.
 *
 * Both engines take it, so that they exclude each other. It does not keep out a Kafka broker that starts later, which
 * looks at `.lock` alone; one that runs already is seen on Linux by its lock on `.lock`.
 */
import * as nodeFs from 'node:fs';
import { join } from 'node:path';
import { ioError, SeglogError } from '../errors/errors.ts';
import type { FileSystem, Lock } from './contract.ts';
import { lockByFile } from './file-lock.ts';
import { kernelLockOf } from './kernel-locks.ts';
import { systemProcesses } from './processes.ts';
import { locked } from './refused.ts';
import { lockBySocket } from './socket-lock.ts';

/** How the lock is held. */
export type LockKind = 'socket' | 'file';

/** @throws SeglogError `LOG_LOCKED` when somebody else has the directory; `IO`, as for one that is not there */
export async function lockPortably(
  fs: FileSystem,
  directory: string,
  kind: LockKind = process.platform === 'linux' ? 'socket' : 'file',
): Promise<Lock> {
  requireDirectory(directory);
  const lock = kind === 'socket' ? await lockBySocket(directory) : await lockByFile(fs, directory, systemProcesses());
  try {
    // After ours is taken: a native seglog is then named by its process, which its lock on `.lock` does not tell.
    const held = kernelLockOf(join(directory, '.lock'));
    if (held === undefined) return lock;
    throw locked(directory, held.pid);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

function requireDirectory(path: string): void {
  let isDirectory: boolean;
  try {
    isDirectory = nodeFs.statSync(path).isDirectory();
  } catch (error) {
    throw ioError('lock the directory', path, error);
  }
  if (!isDirectory) throw new SeglogError('IO', 'could not lock: not a directory', { file: path, errno: 'ENOTDIR' });
}
