/**
 * Locks that the Linux kernel knows of, by `/proc/locks` (proc_locks(5)):
 *
 *     1: POSIX  ADVISORY  WRITE 1234 08:01:5678 0 EOF
 *        kind             mode  pid  major:minor:inode, the device in hex
 *
 * TypeScript can take no such lock, but it can see one: a running Kafka broker holds a POSIX lock on `.lock`, our native
 * engine one of the kind OFDLCK, which belongs to no process (pid -1). Locks of processes in another pid namespace are not
 * shown, except OFDLCK.
 */
import * as nodeFs from 'node:fs';
import { dirname } from 'node:path';

/** Who holds a lock; `pid` is undefined for a lock that belongs to no process. */
export interface KernelLock {
  readonly pid: number | undefined;
}

const LINE = /^\d+: (?:POSIX|FLOCK|OFDLCK) +\S+ +\S+ +(-?\d+) ([0-9a-f]+):([0-9a-f]+):(\d+) /;

/** Finds a lock on an inode of one of the devices (`major:minor`, decimal). Waiting requests (`->`) are none. */
export function findKernelLock(
  locks: string,
  devices: readonly (string | undefined)[],
  inode: bigint,
): KernelLock | undefined {
  for (const line of locks.split('\n')) {
    const [, pid, major, minor, found] = LINE.exec(line) ?? [];
    if (found === undefined || BigInt(found) !== inode) continue;
    if (!devices.includes(`${Number.parseInt(major as string, 16)}:${Number.parseInt(minor as string, 16)}`)) continue;
    return { pid: Number(pid) > 0 ? Number(pid) : undefined };
  }
  return undefined;
}

/** Who has the file locked; undefined when nobody is seen to, or the system does not tell. */
export function kernelLockOf(path: string): KernelLock | undefined {
  const stat = nodeFs.lstatSync(path, { bigint: true, throwIfNoEntry: false });
  const locks = stat && readProc('/proc/locks');
  if (stat === undefined || locks === undefined) return undefined;
  return findKernelLock(locks, [deviceName(stat.dev), mountDevice(dirname(path))], stat.ino);
}

/** The text of a file of /proc, or undefined where that is not there or not to be read. */
export function readProc(path: string): string | undefined {
  try {
    return nodeFs.readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}

/** The C library's encoding of device numbers: 12 bits of the minor's 20 lie above 12 of the major. */
function deviceName(device: bigint): string {
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn);
  const minor = (device & 0xffn) | ((device >> 12n) & ~0xffn & 0xffff_ffffn);
  return `${major}:${minor}`;
}

/**
 * btrfs and overlayfs tell `stat` another device than they tell /proc/locks; theirs is in the table of mounts. Asked of the
 * directory: to close a descriptor of `.lock` would free a POSIX lock that some other code in this process has on it.
 */
function mountDevice(directory: string): string | undefined {
  let descriptor: number;
  try {
    descriptor = nodeFs.openSync(directory, nodeFs.constants.O_RDONLY);
  } catch {
    return undefined;
  }
  try {
    const mount = /^mnt_id:\s*(\d+)$/m.exec(readProc(`/proc/self/fdinfo/${descriptor}`) ?? '')?.[1];
    if (mount === undefined) return undefined;
    return new RegExp(`^${mount} \\d+ (\\d+:\\d+) `, 'm').exec(readProc('/proc/self/mountinfo') ?? '')?.[1];
  } finally {
    nodeFs.closeSync(descriptor);
  }
}
