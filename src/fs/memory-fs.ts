/** A file system in memory: for tests and simulations. Paths are compared as given, `/` separates. */
import { SeglogError } from '../errors/errors.ts';
import type { AppendFile, AppendOptions, File, FileStat, FileSystem, Lock, OpenMode } from './contract.ts';
import { closed, locked, MAX_SMALL_BYTES, notRegular, requireSmall } from './refused.ts';
import { WrittenFile } from './written-file.ts';

interface Node {
  readonly fileId: number;
  bytes: Uint8Array;
  size: number;
  modifiedMs: number;
}

function ioNamed(errno: string, doing: string, path: string): SeglogError {
  return new SeglogError('IO', `could not ${doing}: ${errno}`, { file: path, errno });
}

class MemoryFile implements File {
  readonly path: string;
  readonly fd = undefined;
  readonly #node: Node;
  #open = true;

  constructor(path: string, node: Node) {
    this.path = path;
    this.#node = node;
  }

  sizeBytes(): number {
    return this.#checked().size;
  }

  read(into: Uint8Array, start: number, length: number, position: number): number {
    const node = this.#checked();
    const end = Math.min(position + length, node.size);
    if (end <= position) return 0;
    into.set(node.bytes.subarray(position, end), start);
    return end - position;
  }

  async readAsync(into: Uint8Array, start: number, length: number, position: number): Promise<number> {
    return this.read(into, start, length, position);
  }

  write(from: Uint8Array, start: number, end: number, position: number): void {
    const need = position + (end - start);
    const node = this.#checked();
    if (need > node.size) this.truncate(need);
    node.bytes.set(from.subarray(start, end), position);
  }

  truncate(sizeBytes: number): void {
    const node = this.#checked();
    if (sizeBytes > node.bytes.length) {
      const grown = new Uint8Array(Math.max(sizeBytes, node.bytes.length * 2));
      grown.set(node.bytes.subarray(0, node.size));
      node.bytes = grown;
    } else if (sizeBytes < node.size) {
      node.bytes.fill(0, sizeBytes, node.size);
    }
    node.size = sizeBytes;
  }

  async sync(): Promise<void> {
    this.#checked();
  }

  syncSync(): void {
    this.#checked();
  }

  close(): void {
    this.#open = false;
  }

  #checked(): Node {
    if (!this.#open) throw closed(this.path);
    return this.#node;
  }
}

/** Files and directories in maps; every call does at once what the contract says. */
export class MemoryFileSystem implements FileSystem {
  readonly kind = 'memory';
  readonly #files = new Map<string, Node>();
  readonly #directories = new Set<string>(['/']);
  readonly #locks = new Map<string, Lock>();
  #lastId = 0;

  open(path: string, mode: OpenMode): File {
    if (this.#directories.has(path)) throw notRegular(path, 'a directory');
    let node = this.#files.get(path);
    if (node !== undefined && mode === 'new') throw ioNamed('EEXIST', 'create', path);
    if (node === undefined) {
      if (mode === 'read' || mode === 'update') throw ioNamed('ENOENT', 'open', path);
      if (!this.#directories.has(parentOf(path))) throw ioNamed('ENOENT', 'create', path);
      node = { fileId: ++this.#lastId, bytes: new Uint8Array(0), size: 0, modifiedMs: 0 };
      this.#files.set(path, node);
    }
    return new MemoryFile(path, node);
  }

  openAppend(path: string, options: AppendOptions): AppendFile {
    return new WrittenFile(this.open(path, 'create'), options);
  }

  list(directory: string): string[] {
    if (!this.#directories.has(directory)) throw ioNamed('ENOENT', 'list', directory);
    const names = new Set<string>();
    for (const path of [...this.#files.keys(), ...this.#directories]) {
      if (path !== '/' && parentOf(path) === directory) names.add(path.slice(path.lastIndexOf('/') + 1));
    }
    return [...names].sort();
  }

  stat(path: string): FileStat | undefined {
    if (this.#directories.has(path)) return { sizeBytes: 0, modifiedMs: 0, isFile: false, isDirectory: true };
    const node = this.#files.get(path);
    if (node === undefined) return undefined;
    const { fileId, size: sizeBytes, modifiedMs } = node;
    return { sizeBytes, modifiedMs, fileId, isFile: true, isDirectory: false };
  }

  makeDirectory(path: string): boolean {
    if (this.#directories.has(path)) return false;
    this.makeDirectory(parentOf(path));
    this.#directories.add(path);
    return true;
  }

  rename(from: string, to: string): void {
    if (this.#directories.has(from)) return this.#renameDirectory(from, to);
    const node = this.#files.get(from);
    if (node === undefined) throw ioNamed('ENOENT', 'rename', from);
    // Two names of one file: the systems leave both.
    if (this.#files.get(to) === node) return;
    this.#files.delete(from);
    this.#files.set(to, node);
  }

  #renameDirectory(from: string, to: string): void {
    if (this.stat(to) !== undefined) throw ioNamed('ENOTEMPTY', 'rename', from);
    const moved = (path: string): string => to + path.slice(from.length);
    const isWithin = (path: string): boolean => path === from || path.startsWith(`${from}/`);
    for (const path of [...this.#directories].filter(isWithin)) {
      this.#directories.delete(path);
      this.#directories.add(moved(path));
    }
    for (const [path, node] of [...this.#files].filter(([name]) => isWithin(name))) {
      this.#files.delete(path);
      this.#files.set(moved(path), node);
    }
  }

  link(from: string, to: string): void {
    const node = this.#files.get(from);
    if (node === undefined) throw ioNamed('ENOENT', 'link', from);
    if (this.stat(to) !== undefined) throw ioNamed('EEXIST', 'link', to);
    this.#files.set(to, node);
  }

  setOwnerAs(): void {}

  remove(path: string): void {
    this.#files.delete(path);
  }

  removeTree(path: string): void {
    for (const file of [...this.#files.keys()]) if (file.startsWith(`${path}/`)) this.#files.delete(file);
    for (const directory of [...this.#directories]) {
      if (directory === path || directory.startsWith(`${path}/`)) this.#directories.delete(directory);
    }
  }

  readSmall(path: string, maxBytes: number = MAX_SMALL_BYTES): Uint8Array | undefined {
    if (this.#directories.has(path)) throw notRegular(path, 'a directory');
    const node = this.#files.get(path);
    if (node === undefined) return undefined;
    requireSmall(path, node.size, maxBytes);
    return node.bytes.slice(0, node.size);
  }

  replaceSmall(path: string, bytes: Uint8Array): void {
    const file = this.open(path, 'create');
    file.truncate(0);
    file.write(bytes, 0, bytes.length, 0);
    file.close();
  }

  syncDirectory(): void {}

  async syncDirectoryAsync(): Promise<void> {}

  setModified(path: string, modifiedMs: number): void {
    const node = this.#files.get(path);
    if (node !== undefined) node.modifiedMs = modifiedMs;
  }

  realPath(path: string): string {
    return path;
  }

  async lockDirectory(path: string): Promise<Lock> {
    if (!this.#directories.has(path)) throw ioNamed('ENOENT', 'lock the directory', path);
    if (this.#locks.has(path)) throw locked(path, undefined);
    const lock: Lock = {
      path,
      release: async () => {
        if (this.#locks.get(path) === lock) this.#locks.delete(path);
      },
    };
    this.#locks.set(path, lock);
    return lock;
  }
}

function parentOf(path: string): string {
  const at = path.lastIndexOf('/');
  return at <= 0 ? '/' : path.slice(0, at);
}
