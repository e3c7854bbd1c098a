/**
 * A lock for systems that free none by themselves: a file that names the process that has it, by number and start time.
 *
 * The file of a process that is gone is taken over. Two that find it must not both take it, and who found it first may come
 * last; so each first locks the right to replace that very holder, in the same way by a file named for the holder's token,
 * and looks again.
 *
 * It is the weakest of the locks: where start times are unknown, a process that got a dead holder's number counts as the
 * holder; and a thread that ends without releasing holds on until its process ends.
 */
import { join } from 'node:path';
import { SeglogError } from '../errors/errors.ts';
import type { File, FileSystem, Lock } from './contract.ts';
import type { Processes } from './processes.ts';
import { locked } from './refused.ts';

/** Lies beside Kafka's `.lock`; Kafka passes over files that it does not know there. */
const LOCK_FILE = '.seglog-lock';
/** Ours have about 100. */
const MAX_BYTES = 1024;
/** Each attempt that fails was overtaken by another process that locked or released meanwhile. */
const MAX_ATTEMPTS = 100;
/** A take-over of a take-over of ...: each level is a process that died within it. */
const MAX_DEPTH = 3;

interface Holder {
  readonly pid: number;
  readonly start: string;
  /** Differs for each lock that is ever taken. */
  readonly token: string;
}

/** @throws SeglogError `LOG_LOCKED` when a running process has it, or its file cannot be understood; `IO` */
export async function lockByFile(fs: FileSystem, directory: string, processes: Processes): Promise<Lock> {
  const pid = processes.own;
  const token = `${pid}-${Math.random().toString(36).slice(2)}`;
  const own: Holder = { pid, start: processes.startOf(pid) ?? '', token };
  const path = join(directory, LOCK_FILE);
  acquire(fs, directory, path, own, processes, 0);
  return {
    path: directory,
    async release() {
      if (isHeldBy(fs, path, token)) fs.remove(path);
    },
  };
}

function acquire(
  fs: FileSystem,
  directory: string,
  path: string,
  own: Holder,
  processes: Processes,
  depth: number,
): void {
  for (let attempt = 0; attempt < MAX_ATTEMPTS && depth < MAX_DEPTH; attempt++) {
    if (create(fs, path, own)) return;
    const holder = holderIn(fs, path);
    if (holder === undefined) continue;
    if (holder === 'unknown') throw locked(directory, undefined, path);
    if (runs(holder, processes)) throw locked(directory, holder.pid, path);
    const right = `${path}.${holder.token}`;
    acquire(fs, directory, right, own, processes, depth + 1);
    // Whoever has the right is alone in replacing this holder, who cannot release any more.
    if (isHeldBy(fs, path, holder.token)) {
      fs.rename(right, path);
      return;
    }
    fs.remove(right);
  }
  throw locked(directory, undefined, path);
}

/** False when the file is there. */
function create(fs: FileSystem, path: string, own: Holder): boolean {
  let file: File;
  try {
    file = fs.open(path, 'new');
  } catch (error) {
    if (error instanceof SeglogError && error.errno === 'EEXIST') return false;
    throw error;
  }
  try {
    const bytes = Buffer.from(JSON.stringify(own));
    file.write(bytes, 0, bytes.length, 0);
  } catch (error) {
    fs.remove(path);
    throw error;
  } finally {
    file.close();
  }
  return true;
}

/** Whom the file names; unknown while it is being written, or when its writer died then. */
function holderIn(fs: FileSystem, path: string): Holder | 'unknown' | undefined {
  const bytes = fs.readSmall(path, MAX_BYTES);
  if (bytes === undefined) return undefined;
  try {
    const { pid, start, token } = JSON.parse(Buffer.from(bytes).toString('utf8')) as Partial<Holder>;
    const fits =
      Number.isSafeInteger(pid) &&
      (pid as number) > 0 &&
      typeof start === 'string' &&
      typeof token === 'string' &&
      /^[\w-]{1,64}$/.test(token);
    return fits ? { pid: pid as number, start, token } : 'unknown';
  } catch {
    return 'unknown';
  }
}

function isHeldBy(fs: FileSystem, path: string, token: string): boolean {
  const holder = holderIn(fs, path);
  return holder !== undefined && holder !== 'unknown' && holder.token === token;
}

function runs({ pid, start }: Holder, processes: Processes): boolean {
  const found = processes.startOf(pid);
  return found !== undefined && (found === start || found === '' || start === '');
}
