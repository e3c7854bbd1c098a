/** The real file system, through node:fs. */
import * as nodeFs from 'node:fs';
import { dirname } from 'node:path';
import { ioError } from '../errors/errors.ts';
import { closeAll } from './close-all.ts';
import type { AppendFile, AppendOptions, File, FileStat, FileSystem, Lock, OpenMode } from './contract.ts';
import { syncDirectory, syncDirectoryAsync } from './directory-sync.ts';
import { makeWithParents } from './make-directory.ts';
import { lockPortably } from './portable-lock.ts';
import { closed, MAX_SMALL_BYTES, notRegular, requireSmall } from './refused.ts';
import { WrittenFile } from './written-file.ts';

const { constants } = nodeFs;

/** A flag that Windows does not have, whatever the types say. */
function unixFlag(name: string): number {
  return (constants as Readonly<Record<string, number | undefined>>)[name] ?? 0;
}

/** Links are refused: a segment that points elsewhere is nothing that Kafka writes. 0 on Windows, which has no such flag. */
const NO_FOLLOW = unixFlag('O_NOFOLLOW');
/** Opening a FIFO must not hang before it can be refused. */
const NON_BLOCK = unixFlag('O_NONBLOCK');
const OPEN_FLAGS: Record<OpenMode, number> = {
  read: constants.O_RDONLY | NO_FOLLOW | NON_BLOCK,
  update: constants.O_RDWR | NO_FOLLOW | NON_BLOCK,
  create: constants.O_RDWR | constants.O_CREAT | NO_FOLLOW | NON_BLOCK,
  new: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | NO_FOLLOW | NON_BLOCK,
};

const PERMISSIONS = 0o7777;

function attempt<T>(doing: string, path: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw ioError(doing, path, error);
  }
}

class NodeFile implements File {
  readonly path: string;
  readonly #descriptor: number;
  #open = true;
  /** Calls under way on other threads. */
  #inFlight = 0;
  /** The file opened once more, for {@link NodeFile.sync}. */
  #syncDescriptor: number | undefined;

  constructor(path: string, descriptor: number) {
    this.path = path;
    this.#descriptor = descriptor;
  }

  get fd(): number | undefined {
    // A Windows descriptor belongs to Node's C runtime and means nothing to native code.
    return process.platform === 'win32' ? undefined : this.#checked();
  }

  sizeBytes(): number {
    return attempt('stat', this.path, () => nodeFs.fstatSync(this.#checked()).size);
  }

  read(into: Uint8Array, start: number, length: number, position: number): number {
    const descriptor = this.#checked();
    let done = 0;
    while (done < length) {
      const got = attempt('read', this.path, () =>
        nodeFs.readSync(descriptor, into, start + done, length - done, position + done),
      );
      if (got === 0) break;
      done += got;
    }
    return done;
  }

  async readAsync(into: Uint8Array, start: number, length: number, position: number): Promise<number> {
    let done = 0;
    while (done < length) {
      const got = await this.#offThread<number>('read', (descriptor, finish) =>
        nodeFs.read(descriptor, into, start + done, length - done, position + done, finish),
      );
      if (got === 0) break;
      done += got;
    }
    return done;
  }

  write(from: Uint8Array, start: number, end: number, position: number): void {
    const descriptor = this.#checked();
    let at = start;
    while (at < end) {
      const written = attempt('write', this.path, () =>
        nodeFs.writeSync(descriptor, from, at, end - at, position + (at - start)),
      );
      at += written;
    }
  }

  truncate(sizeBytes: number): void {
    attempt('truncate', this.path, () => nodeFs.ftruncateSync(this.#checked(), sizeBytes));
  }

  /**
   * By a descriptor of its own: the system tells each one once of a page that it lost, and what it has told this one on another
   * thread `syncSync` would not hear of.
   */
  async sync(): Promise<void> {
    this.#syncDescriptor ??= this.#openedAgain();
    await this.#offThread<undefined>('sync', (descriptor, finish) =>
      nodeFs.fdatasync(this.#syncDescriptor ?? descriptor, (error) => finish(error, undefined)),
    );
  }

  /** undefined when the file has lost its name, or there are no more descriptors to be had. */
  #openedAgain(): number | undefined {
    const descriptor = this.#checked();
    let again: number | undefined;
    try {
      again = nodeFs.openSync(this.path, OPEN_FLAGS.update);
      const [own, found] = [nodeFs.fstatSync(descriptor), nodeFs.fstatSync(again)];
      if (found.dev === own.dev && found.ino === own.ino) return again;
    } catch {
      // Then the first one has to do.
    }
    if (again !== undefined) nodeFs.closeSync(again);
    return undefined;
  }

  syncSync(): void {
    attempt('sync', this.path, () => nodeFs.fdatasyncSync(this.#checked()));
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    if (this.#inFlight === 0) this.#release();
  }

  /**
   * Runs a call of node:fs that works on another thread. The descriptor stays until it is done: closed before, it would
   * fail the call, or worse, name another file by then.
   */
  #offThread<T>(
    doing: string,
    run: (descriptor: number, finish: (error: Error | null, value: T) => void) => void,
  ): Promise<T> {
    const descriptor = this.#checked();
    this.#inFlight++;
    return new Promise((resolve, reject) => {
      run(descriptor, (error, value) => {
        this.#inFlight--;
        try {
          if (!this.#open && this.#inFlight === 0) this.#release();
        } catch (unclosed) {
          // Nobody is above this call: thrown, it would end the process.
          reject(unclosed);
        }
        if (error === null) resolve(value);
        else reject(ioError(doing, this.path, error));
      });
    });
  }

  #release(): void {
    const again = this.#syncDescriptor;
    attempt('close', this.path, () =>
      closeAll([
        () => {
          if (again !== undefined) nodeFs.closeSync(again);
        },
        () => nodeFs.closeSync(this.#descriptor),
      ]),
    );
  }

  #checked(): number {
    if (!this.#open) throw closed(this.path);
    return this.#descriptor;
  }
}

function openNode(path: string, mode: OpenMode): NodeFile {
  let descriptor: number;
  try {
    descriptor = nodeFs.openSync(path, OPEN_FLAGS[mode], 0o644);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ELOOP' || code === 'EMLINK') throw notRegular(path, 'a symbolic link', error);
    if (code === 'EISDIR') throw notRegular(path, 'a directory', error);
    if (code === 'ENXIO') throw notRegular(path, 'a FIFO, socket or device', error);
    throw ioError(mode === 'read' ? 'open for reading' : 'open for writing', path, error);
  }
  try {
    const stat = attempt('stat', path, () => nodeFs.fstatSync(descriptor));
    if (!stat.isFile()) throw notRegular(path, stat.isDirectory() ? 'a directory' : 'a FIFO, socket or device');
  } catch (error) {
    nodeFs.closeSync(descriptor);
    throw error;
  }
  return new NodeFile(path, descriptor);
}

/** Of what failed half-way: the failure is told, and whoever comes next replaces what is left. */
function removeQuietly(path: string): void {
  try {
    nodeFs.unlinkSync(path);
  } catch {
    // It was news enough that it failed.
  }
}

/** The machine's file system. */
export const nodeFileSystem: FileSystem = {
  kind: 'node',
  open: openNode,
  openAppend(path: string, options: AppendOptions): AppendFile {
    const file = openNode(path, 'create');
    try {
      return new WrittenFile(file, options);
    } catch (error) {
      file.close();
      throw error;
    }
  },
  list: (directory) => attempt('list', directory, () => nodeFs.readdirSync(directory).sort()),
  stat(path): FileStat | undefined {
    const stat = attempt('stat', path, () => nodeFs.lstatSync(path, { throwIfNoEntry: false }));
    if (stat === undefined) return undefined;
    const { size: sizeBytes, mtimeMs: modifiedMs, ctimeMs: changedMs, ino: fileId } = stat;
    return { sizeBytes, modifiedMs, changedMs, fileId, isFile: stat.isFile(), isDirectory: stat.isDirectory() };
  },
  makeDirectory: (path) =>
    attempt('make the directory', path, () =>
      makeWithParents(path, {
        make: (one) => nodeFs.mkdirSync(one),
        isDirectory: (one) => nodeFs.statSync(one, { throwIfNoEntry: false })?.isDirectory() === true,
        sync: syncDirectory,
      }),
    ),
  rename: (from, to) => attempt(`rename to ${to}`, from, () => nodeFs.renameSync(from, to)),
  link: (from, to) => attempt(`link to ${to}`, from, () => nodeFs.linkSync(from, to)),
  setOwnerAs(path, model): void {
    if (process.platform === 'win32') return;
    attempt('set the owner of', path, () => {
      const { uid, gid, mode } = nodeFs.lstatSync(model);
      const now = nodeFs.lstatSync(path);
      // Asked for only where it differs: nobody but the superuser may give files away.
      if (now.uid !== uid || now.gid !== gid) nodeFs.chownSync(path, uid, gid);
      if (((now.mode ^ mode) & PERMISSIONS) !== 0) nodeFs.chmodSync(path, mode & PERMISSIONS);
    });
  },
  remove: (path) =>
    attempt('remove', path, () => {
      // `rmSync` looks at the file first, and takes twice as long.
      try {
        nodeFs.unlinkSync(path);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    }),
  removeTree: (path) => attempt('remove', path, () => nodeFs.rmSync(path, { force: true, recursive: true })),
  readSmall(path, maxBytes = MAX_SMALL_BYTES): Uint8Array | undefined {
    if (nodeFs.lstatSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
    const file = openNode(path, 'read');
    try {
      const sizeBytes = file.sizeBytes();
      requireSmall(path, sizeBytes, maxBytes);
      const bytes = new Uint8Array(sizeBytes);
      return bytes.subarray(0, file.read(bytes, 0, sizeBytes, 0));
    } finally {
      file.close();
    }
  },
  replaceSmall(path, bytes): void {
    const temporary = `${path}.tmp`;
    const file = openNode(temporary, 'create');
    try {
      try {
        file.truncate(0);
        file.write(bytes, 0, bytes.length, 0);
        attempt('sync', temporary, () => nodeFs.fsyncSync(file.fd ?? -1));
      } finally {
        file.close();
      }
      this.rename(temporary, path);
    } catch (error) {
      removeQuietly(temporary);
      throw error;
    }
    syncDirectory(dirname(path));
  },
  syncDirectory,
  syncDirectoryAsync,
  setModified: (path, modifiedMs) =>
    attempt('set the time of', path, () => {
      // Node cuts seconds to whole microseconds, and a double of today's seconds is off by a part of one.
      const seconds = (Math.round(modifiedMs * 1000) + 0.5) / 1e6;
      nodeFs.utimesSync(path, seconds, seconds);
    }),
  realPath: (path) => attempt('resolve', path, () => nodeFs.realpathSync(path)),
  lockDirectory(path): Promise<Lock> {
    return lockPortably(this, path);
  },
};
