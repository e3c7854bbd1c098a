/**
 * The only door to files. Every room gets its file system by injection: node's for real work, the memory one (and the
 * faulty one over it) for tests. Paths are absolute or relative to the process; nothing here interprets names.
 *
 * All calls are synchronous unless they return a promise, and raise `SeglogError` `IO` (with the errno and the path),
 * `NOT_A_REGULAR_FILE` for a link, directory, FIFO or device, or `FILE_SHRANK`.
 */

/** What `stat` tells. */
export interface FileStat {
  readonly sizeBytes: number;
  /** Last modification, in milliseconds since 1970. */
  readonly modifiedMs: number;
  /** Last change of anything about it, its name too; undefined where that is not known. */
  readonly changedMs?: number;
  /** Tells a file from another one that took its name later; undefined where that is not known. */
  readonly fileId?: number;
  readonly isFile: boolean;
  readonly isDirectory: boolean;
}

/** An open file, read and written by position. Owned by one thread. */
export interface File {
  readonly path: string;
  /**
   * The operating system's descriptor, where native code may use it (unix); undefined for files that live in memory
   * and on Windows. The engine may `pread` it until `close`, and never closes it.
   */
  readonly fd: number | undefined;
  sizeBytes(): number;
  /** Reads up to `length` bytes to `into[start..]`; returns how many were there (fewer only at the end of the file). */
  read(into: Uint8Array, start: number, length: number, position: number): number;
  /** The same off the calling thread. `into` belongs to the file until the promise settles. */
  readAsync(into: Uint8Array, start: number, length: number, position: number): Promise<number>;
  /** Writes all of `from[start, end)` at `position`, or raises; a short write is continued, never reported as success. */
  write(from: Uint8Array, start: number, end: number, position: number): void;
  truncate(sizeBytes: number): void;
  /**
   * Data and the size are on the disk once this resolves (fdatasync). Off the calling thread. What the disk lost it is told, and
   * so is {@link File.syncSync} of this file: neither takes the other's news along.
   */
  sync(): Promise<void>;
  syncSync(): void;
  close(): void;
}

/**
 * A log file that is only ever appended to.
 *
 * One writer, on one thread. After `append` returns, the whole batch is in the page cache: it survives the death of the
 * process, not of the machine. A reader in another process sees at the end of the data either the whole batch, or a
 * zero length field, or the end of the file.
 */
export interface AppendFile {
  readonly path: string;
  /** How the bytes get there: through a shared mapping of allocated space, or by plain writes. */
  readonly kind: 'mapped' | 'written';
  /** The logical size: bytes appended. The file may be longer while open, with a zero tail. */
  readonly sizeBytes: number;
  /**
   * Appends `bytes[0, length)`, one or more whole batches. Either all of it is there when it returns, or it raises
   * (`IO` with `ENOSPC`, ...) and the file is as before; if it cannot be put back, every later call raises `LOG_OFFLINE`.
   */
  append(bytes: Uint8Array, length: number): void;
  /** Cuts the logical end back to `sizeBytes`, which must not be above it. */
  truncate(sizeBytes: number): void;
  /** Gives unused space back: the file's length becomes `sizeBytes`. */
  trim(): void;
  /** fdatasync off the calling thread. After a failure every later call raises `LOG_OFFLINE`. */
  sync(): Promise<void>;
  syncSync(): void;
  /** Trims and closes. A second call does nothing. */
  close(): void;
}

/** How a file is opened: `read` must exist; `update` must exist; `create` makes it if absent; `new` must not exist. */
export type OpenMode = 'read' | 'update' | 'create' | 'new';

/** Options of {@link AppendFile}s. */
export interface AppendOptions {
  /** Where appending starts: the logical size of what is there. Anything behind it is dropped. */
  readonly sizeBytes: number;
  /** The file never grows past this (`segment.bytes`, or more when one append is larger). */
  readonly maxSizeBytes: number;
  /** Kafka's `preallocate`: the whole `maxSizeBytes` are set aside when the file is opened. */
  readonly preallocate: boolean;
}

/** A lock on a directory. Held until released, or until the process ends, however it ends. */
export interface Lock {
  readonly path: string;
  /** A second call does nothing. */
  release(): Promise<void>;
}

/** The errnos of file systems without second names for files. */
export const NO_LINKS: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/** A file system. */
export interface FileSystem {
  readonly kind: 'node' | 'memory' | 'faulty' | 'overlay';
  open(path: string, mode: OpenMode): File;
  /** Appending by plain writes, on any file system. */
  openAppend(path: string, options: AppendOptions): AppendFile;
  /** Names in a directory, sorted; raises `IO` `ENOENT` when there is none. */
  list(directory: string): string[];
  /** undefined when nothing is there. Links are not followed. */
  stat(path: string): FileStat | undefined;
  /**
   * Makes a directory and its parents; true if it was not there. The names of the parents are durable then, its own is with
   * the next {@link FileSystem.syncDirectory}.
   */
  makeDirectory(path: string): boolean;
  rename(from: string, to: string): void;
  /**
   * Gives a file a second name, which must not be there. Raises `IO` with one of {@link NO_LINKS} where the file system has
   * no such thing.
   */
  link(from: string, to: string): void;
  /** Gives a file or directory the owner and the permissions of another; does nothing where there are none. */
  setOwnerAs(path: string, model: string): void;
  /** Removes a file; a missing one is no error. */
  remove(path: string): void;
  /** Removes a directory with all in it; a missing one is no error. */
  removeTree(path: string): void;
  /** The whole of a small file, or undefined when absent; refuses more than `maxBytes` (default 16 MiB). */
  readSmall(path: string, maxBytes?: number): Uint8Array | undefined;
  /** Replaces a small file so that a crash leaves the old or the new one: `.tmp`, fsync, rename, fsync of the directory. */
  replaceSmall(path: string, bytes: Uint8Array): void;
  /** Makes created, renamed and removed names in a directory durable. */
  syncDirectory(path: string): void;
  /**
   * The same off the calling thread, of what was done before the call. What the disk lost it is told, and so is a
   * {@link FileSystem.syncDirectory} of that directory beside it.
   */
  syncDirectoryAsync(path: string): Promise<void>;
  setModified(path: string, modifiedMs: number): void;
  /** The path with links resolved. */
  realPath(path: string): string;
  /**
   * Takes the portable lock of a directory: against every thread of every process that asks for it the same way.
   * It does not keep the process alive.
   *
   * @throws SeglogError `LOG_LOCKED` when somebody else has it; `IO`
   */
  lockDirectory(path: string): Promise<Lock>;
}
