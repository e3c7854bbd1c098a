/** Whether somebody has a log directory open: what is seen of it may then change while it is looked at. */
import { join } from 'node:path';
import type { FileSystem } from '../fs/contract.ts';
import { kernelLockOf } from '../fs/kernel-locks.ts';
import { LOG_DIRECTORY_FILES } from '../format/names.ts';

/** Held by a broker, and by seglog's native engine. */
const LOCK = '.lock';

/**
 * Why a log directory counts as live, for people; undefined when nothing says so. Takes no lock and changes nothing. It
 * sees a running broker, and a seglog with the native engine, on Linux and in the same container; whoever cannot be seen
 * shows by files that grow.
 *
 * @param logDirectory the directory that holds the partitions' directories
 */
export function liveReason(fs: FileSystem, logDirectory: string): string | undefined {
  if (fs.kind !== 'node') return undefined;
  const held = kernelLockOf(join(logDirectory, LOCK));
  if (held === undefined) return undefined;
  const holder = held.pid === undefined ? 'a process' : `process ${held.pid}`;
  const mark =
    fs.stat(join(logDirectory, LOG_DIRECTORY_FILES.cleanShutdown)) === undefined
      ? ''
      : ', though it is marked as closed clean';
  return `${holder} has ${logDirectory} open${mark}: it may change while it is looked at`;
}
