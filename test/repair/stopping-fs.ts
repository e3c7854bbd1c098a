/** A file system that dies at a chosen change: the end of a process, between any two things that it does. */
import type { AppendFile, AppendOptions, File, FileStat, FileSystem, Lock, OpenMode } from '../../src/fs/contract.ts';
import { WrittenFile } from '../../src/fs/written-file.ts';

/** Thrown by the change at which it dies, and by every later one: the dead do nothing. */
export class Died extends Error {}

/** Counts changes; dies at the `at`th one, of which only half is done where it has halves. */
export class StoppingFileSystem implements FileSystem {
  readonly kind = 'faulty';
  readonly #fs: FileSystem;
  readonly #at: number;
  changes = 0;

  constructor(fs: FileSystem, at: number) {
    this.#fs = fs;
    this.#at = at;
  }

  get isDead(): boolean {
    return this.changes >= this.#at;
  }

  /** @param half what a death in the middle leaves */
  step(half?: () => void): void {
    this.changes++;
    if (this.changes < this.#at) return;
    if (this.changes === this.#at) half?.();
    throw new Died(`died at change ${this.#at}`);
  }

  open(path: string, mode: OpenMode): File {
    if (mode === 'new' || mode === 'create') this.step();
    return new StoppingFile(this, this.#fs.open(path, mode));
  }
  openAppend(path: string, options: AppendOptions): AppendFile {
    return new WrittenFile(this.open(path, 'create'), options);
  }
  list(directory: string): string[] {
    return this.#fs.list(directory);
  }
  stat(path: string): FileStat | undefined {
    return this.#fs.stat(path);
  }
  makeDirectory(path: string): boolean {
    this.step();
    return this.#fs.makeDirectory(path);
  }
  rename(from: string, to: string): void {
    this.step();
    this.#fs.rename(from, to);
  }
  link(from: string, to: string): void {
    this.step();
    this.#fs.link(from, to);
  }
  setOwnerAs(path: string, model: string): void {
    this.step();
    this.#fs.setOwnerAs(path, model);
  }
  remove(path: string): void {
    this.step();
    this.#fs.remove(path);
  }
  removeTree(path: string): void {
    // Some of it went.
    this.step(() => {
      for (const name of this.#fs.list(path).slice(0, 1)) this.#fs.removeTree(`${path}/${name}`);
    });
    this.#fs.removeTree(path);
  }
  readSmall(path: string, maxBytes?: number): Uint8Array | undefined {
    return this.#fs.readSmall(path, maxBytes);
  }
  replaceSmall(path: string, bytes: Uint8Array): void {
    this.step(() => this.#fs.replaceSmall(`${path}.tmp`, bytes.subarray(0, bytes.length >> 1)));
    this.#fs.replaceSmall(path, bytes);
  }
  syncDirectory(path: string): void {
    this.step();
    this.#fs.syncDirectory(path);
  }
  async syncDirectoryAsync(path: string): Promise<void> {
    this.step();
    await this.#fs.syncDirectoryAsync(path);
  }
  setModified(path: string, modifiedMs: number): void {
    this.step();
    this.#fs.setModified(path, modifiedMs);
  }
  realPath(path: string): string {
    return this.#fs.realPath(path);
  }
  lockDirectory(path: string): Promise<Lock> {
    return this.#fs.lockDirectory(path);
  }
}

class StoppingFile implements File {
  readonly path: string;
  readonly fd = undefined;
  readonly #fs: StoppingFileSystem;
  readonly #file: File;

  constructor(fs: StoppingFileSystem, file: File) {
    this.path = file.path;
    this.#fs = fs;
    this.#file = file;
  }

  sizeBytes(): number {
    return this.#file.sizeBytes();
  }
  read(into: Uint8Array, start: number, length: number, position: number): number {
    return this.#file.read(into, start, length, position);
  }
  async readAsync(into: Uint8Array, start: number, length: number, position: number): Promise<number> {
    return this.read(into, start, length, position);
  }
  write(from: Uint8Array, start: number, end: number, position: number): void {
    this.#fs.step(() => this.#file.write(from, start, start + ((end - start) >> 1), position));
    this.#file.write(from, start, end, position);
  }
  truncate(sizeBytes: number): void {
    this.#fs.step();
    this.#file.truncate(sizeBytes);
  }
  async sync(): Promise<void> {
    this.syncSync();
  }
  syncSync(): void {
    this.#fs.step();
    this.#file.syncSync();
  }
  close(): void {
    this.#file.close();
  }
}
