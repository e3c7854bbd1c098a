/**
 * A lock of Linux that needs no native code and no file: an abstract Unix socket (unix(7)) can be bound once, by one thread
 * of one process, and the kernel frees its name when that process ends, however it ends.
 *
 * Its name is made of the directory's device and inode, so that every path to the directory names the same lock. Names
 * belong to a network namespace: containers with networks of their own do not see each other's.
 */
import * as nodeFs from 'node:fs';
import { createServer, type Server } from 'node:net';
import { ioError } from '../errors/errors.ts';
import type { Lock } from './contract.ts';
import { readProc } from './kernel-locks.ts';
import { locked } from './refused.ts';

/** `sizeof(sockaddr_un.sun_path)`. Node 20 pads names to it, newer ones do not: unpadded, they would hold two locks. */
const NAME_BYTES = 108;

/** The name of an open directory's lock, as `listen` takes it. */
export function socketName(descriptor: number): string {
  const { dev, ino } = nodeFs.fstatSync(descriptor, { bigint: true });
  return `\0seglog-lock-${dev}-${ino}`.padEnd(NAME_BYTES, '\0');
}

/** @throws SeglogError `LOG_LOCKED` when any thread of any process holds it; `IO` */
export async function lockBySocket(directory: string): Promise<Lock> {
  // Open for as long as it is locked: else the inode of a directory that is removed meanwhile could be given to a new one,
  // which would then count as locked.
  const descriptor = openDirectory(directory);
  try {
    const server = await listen(directory, socketName(descriptor));
    let released: Promise<void> | undefined;
    return { path: directory, release: () => (released ??= free(server, descriptor, directory)) };
  } catch (error) {
    nodeFs.closeSync(descriptor);
    throw error;
  }
}

function openDirectory(path: string): number {
  try {
    return nodeFs.openSync(path, nodeFs.constants.O_RDONLY | nodeFs.constants.O_DIRECTORY);
  } catch (error) {
    throw ioError('lock the directory', path, error);
  }
}

function listen(directory: string, name: string): Promise<Server> {
  // Nobody has reason to connect; who does is not kept waiting.
  const server = createServer((connection) => connection.destroy());
  return new Promise((resolve, reject) => {
    // `on`, not `once`: a stranger's connection that cannot be accepted later must not end the process.
    server.on('error', (error: NodeJS.ErrnoException) => {
      const isTaken = error.code === 'EADDRINUSE';
      reject(isTaken ? locked(directory, socketHolder(name)) : ioError('lock the directory', directory, error));
    });
    // Exclusive: else the workers of node:cluster share one socket, and each believes that it is alone.
    server.listen({ path: name, exclusive: true }, () => resolve(server));
    server.unref();
  });
}

function free(server: Server, descriptor: number, directory: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close(() => {
      try {
        nodeFs.closeSync(descriptor);
        resolve();
      } catch (error) {
        reject(ioError('release the lock of the directory', directory, error));
      }
    });
  });
}

/** Which process has the socket, as far as this one may see (its own user's). */
function socketHolder(name: string): number | undefined {
  const shown = name.replaceAll('\0', '@');
  for (const line of readProc('/proc/net/unix')?.split('\n') ?? []) {
    const [, , , , , , inode, path] = line.split(' ').filter((word) => word !== '');
    if (path !== shown) continue;
    return nodeFs
      .readdirSync('/proc')
      .map(Number)
      .find((pid) => Number.isInteger(pid) && descriptorsOf(pid).includes(`socket:[${inode}]`));
  }
  return undefined;
}

/** What the descriptors of a process point to; nothing for one that is gone, or another user's. */
function descriptorsOf(pid: number): string[] {
  const found: string[] = [];
  try {
    for (const entry of nodeFs.readdirSync(`/proc/${pid}/fd`))
      found.push(nodeFs.readlinkSync(`/proc/${pid}/fd/${entry}`));
  } catch {
    // Descriptors close while they are listed; what was seen until then is true all the same.
  }
  return found;
}
