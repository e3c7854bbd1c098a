/** A process that has a {@link Disk}: its file system, until it dies. */
import { basename, dirname } from 'node:path';
import type { AppendFile, AppendOptions, File, FileStat, FileSystem, Lock, OpenMode } from '../../src/fs/contract.ts';
import { WrittenFile } from '../../src/fs/written-file.ts';
import { type Disk, DiskDirectory, DiskFile, type DiskNode, ioNamed } from './store-model-disk.ts';

/** Thrown by the change at which a process dies, and by all that it does later. */
class Died extends Error {}

/** Every call that changes something is a step. */
export class DiskProcess implements FileSystem {
  readonly kind = 'faulty';
  readonly disk: Disk;
  #left = Infinity;

  constructor(disk: Disk) {
    this.disk = disk;
  }

  /** Dies at the `count`th step from now on. */
  dieIn(count: number): void {
    this.#left = count;
  }

  /** Dies now. */
  end(): void {
    this.#left = 0;
  }

  get isDead(): boolean {
    return this.#left <= 0;
  }

  /** @param half what a death in the middle leaves */
  step(half?: () => void): void {
    this.live();
    this.#left--;
    if (this.#left > 0) return;
    half?.();
    throw new Died('died');
  }

  live(): void {
    if (this.isDead) throw new Died('dead');
  }

  open(path: string, mode: OpenMode): File {
    this.live();
    const found = this.disk.find(path);
    if (found?.isDirectory === true) throw ioNamed('EISDIR', path);
    if (found !== undefined && mode === 'new') throw ioNamed('EEXIST', path);
    if (found !== undefined) return new ProcessFile(this, path, found);
    if (mode === 'read' || mode === 'update') throw ioNamed('ENOENT', path);
    const directory = this.disk.parent(path);
    this.step();
    const file = new DiskFile();
    this.disk.name([{ directory, name: basename(path), node: file }]);
    return new ProcessFile(this, path, file);
  }
  openAppend(path: string, options: AppendOptions): AppendFile {
    return new WrittenFile(this.open(path, 'create'), options);
  }
  list(directory: string): string[] {
    this.live();
    return [...this.disk.directory(directory).names.keys()].sort();
  }
  stat(path: string): FileStat | undefined {
    this.live();
    const node = this.disk.find(path);
    if (node === undefined) return undefined;
    const { isDirectory } = node;
    const [sizeBytes, modifiedMs] = node.isDirectory ? [0, 0] : [node.bytes.length, node.modifiedMs];
    return { sizeBytes, modifiedMs, isFile: !isDirectory, isDirectory };
  }
  makeDirectory(path: string): boolean {
    if (this.disk.find(path) !== undefined) return false;
    this.makeDirectory(dirname(path));
    this.step();
    this.disk.name([{ directory: this.disk.parent(path), name: basename(path), node: new DiskDirectory() }]);
    return true;
  }
  rename(from: string, to: string): void {
    const node = this.disk.find(from);
    if (node === undefined) throw ioNamed('ENOENT', from);
    if (node.isDirectory && this.disk.find(to) !== undefined) throw ioNamed('ENOTEMPTY', to);
    this.step();
    this.disk.name([
      { directory: this.disk.parent(from), name: basename(from), node: undefined, was: node },
      { directory: this.disk.parent(to), name: basename(to), node },
    ]);
  }
  link(from: string): void {
    throw ioNamed('ENOTSUP', from);
  }
  setOwnerAs(): void {}
  remove(path: string): void {
    if (this.disk.find(path) === undefined) return this.live();
    this.step();
    this.#forget(path);
  }
  removeTree(path: string): void {
    const node = this.disk.find(path);
    if (node === undefined) return this.live();
    if (node.isDirectory) for (const name of [...node.names.keys()]) this.removeTree(`${path}/${name}`);
    this.step();
    this.#forget(path);
  }
  #forget(path: string): void {
    this.disk.name([{ directory: this.disk.parent(path), name: basename(path), node: undefined }]);
  }
  readSmall(path: string): Uint8Array | undefined {
    this.live();
    const node: DiskNode | undefined = this.disk.find(path);
    return node?.isDirectory === false ? node.bytes.slice() : undefined;
  }
  replaceSmall(path: string, bytes: Uint8Array): void {
    const temporary = `${path}.tmp`;
    if (this.disk.find(temporary) !== undefined) this.remove(temporary);
    const file = this.open(temporary, 'new');
    file.write(bytes, 0, bytes.length, 0);
    file.syncSync();
    this.rename(temporary, path);
    this.syncDirectory(dirname(path));
  }
  syncDirectory(path: string): void {
    const directory = this.disk.directory(path);
    this.step();
    this.disk.sync(directory);
  }
  setModified(path: string, modifiedMs: number): void {
    const node = this.disk.find(path);
    this.step();
    if (node?.isDirectory === false) node.modifiedMs = modifiedMs;
  }
  realPath(path: string): string {
    return path;
  }
  /** The locks of the dead are free, and tests open nothing twice. */
  async lockDirectory(path: string): Promise<Lock> {
    this.live();
    return { path, release: async () => undefined };
  }
}

class ProcessFile implements File {
  readonly path: string;
  readonly fd = undefined;
  readonly #process: DiskProcess;
  readonly #file: DiskFile;

  constructor(process: DiskProcess, path: string, file: DiskFile) {
    this.path = path;
    this.#process = process;
    this.#file = file;
  }

  sizeBytes(): number {
    return this.#file.bytes.length;
  }
  read(into: Uint8Array, start: number, length: number, position: number): number {
    this.#process.live();
    const bytes = this.#file.bytes.subarray(position, position + length);
    into.set(bytes, start);
    return bytes.length;
  }
  async readAsync(into: Uint8Array, start: number, length: number, position: number): Promise<number> {
    return this.read(into, start, length, position);
  }
  write(from: Uint8Array, start: number, end: number, position: number): void {
    // A Buffer's own slice would be a view of what is overwritten next.
    const change = (until: number): void => {
      this.#file.change({ position, bytes: new Uint8Array(from.subarray(start, until)) });
    };
    this.#process.step(() => change(start + ((end - start) >> 1)));
    change(end);
  }
  truncate(sizeBytes: number): void {
    this.#process.step();
    this.#file.change({ sizeBytes });
  }
  /** Of what was written before the call, some turns later. */
  async sync(): Promise<void> {
    this.#process.live();
    const { changes } = this.#file;
    await new Promise((resolve) => setImmediate(resolve));
    this.#process.step();
    this.#file.sync(changes);
  }
  syncSync(): void {
    this.#process.step();
    this.#file.sync(this.#file.changes);
  }
  close(): void {
    // Closing changes nothing, not even for the dead.
  }
}
