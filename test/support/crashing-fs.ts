/**
 * A file system in memory that dies at a chosen change, and knows what is on its disk: after the end of a process all that was
 * done is there; after the end of the machine what was not synced is there or not, each name and each file by itself.
 */
import { dirname } from 'node:path';
import type { AppendFile, AppendOptions, File, FileStat, FileSystem, Lock, OpenMode } from '../../src/fs/contract.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { WrittenFile } from '../../src/fs/written-file.ts';

/** Thrown by the change at which it dies, and by every later one. */
export class Died extends Error {}

/** A file apart from its names: what was synced of it, and what it is. */
interface Inode {
  readonly file: File;
  synced: Uint8Array;
}

type NameChange =
  | { readonly directory: string; readonly path: string; readonly inode: Inode | undefined }
  | { readonly directory: string; readonly from: string; readonly path: string; readonly inode: Inode };

export class CrashingFileSystem implements FileSystem {
  readonly kind = 'faulty';
  readonly #fs = new MemoryFileSystem();
  readonly #directories = new Set<string>();
  readonly #names = new Map<string, Inode>();
  readonly #durable = new Map<string, Inode>();
  #pending: NameChange[] = [];
  #left = Infinity;
  /** How long a sync of a directory takes that nobody waits for on this thread. */
  directorySync: () => Promise<void> = () => new Promise((resolve) => setImmediate(resolve));

  /** One with the files of another, all of them durable. @param directories those that count */
  static of(fs: FileSystem, directories: readonly string[]): CrashingFileSystem {
    const made = new CrashingFileSystem();
    for (const directory of directories) {
      made.makeDirectory(directory);
      for (const name of fs.list(directory)) {
        const path = `${directory}/${name}`;
        if (fs.stat(path)?.isFile === true) made.replaceSmall(path, fs.readSmall(path) as Uint8Array);
      }
    }
    return made;
  }

  /** Dies at the `count`th change from now on. */
  dieIn(count: number): void {
    this.#left = count;
  }

  /** Whether it came to that. */
  get hasDied(): boolean {
    return this.#left <= 0;
  }

  /** What the next process finds. */
  afterProcessEnd(): MemoryFileSystem {
    return this.#image(this.#names, contentOf);
  }

  /** What is found when the machine comes up again. @param isKept asked of all that was not synced, in order */
  afterPowerLoss(isKept: () => boolean): MemoryFileSystem {
    const names = new Map(this.#durable);
    for (const change of this.#pending) {
      if (!isKept()) continue;
      if ('from' in change && names.get(change.from) === change.inode) names.delete(change.from);
      if (change.inode === undefined) names.delete(change.path);
      else names.set(change.path, change.inode);
    }
    return this.#image(names, (inode) => (isKept() ? contentOf(inode) : inode.synced));
  }

  #image(names: ReadonlyMap<string, Inode>, bytesOf: (inode: Inode) => Uint8Array): MemoryFileSystem {
    const image = new MemoryFileSystem();
    for (const directory of this.#directories) image.makeDirectory(directory);
    for (const [path, inode] of names) image.replaceSmall(path, bytesOf(inode));
    return image;
  }

  /** A change is about to be made. */
  step(): void {
    this.#left--;
    if (this.#left <= 0) throw new Died('died');
  }

  open(path: string, mode: OpenMode): File {
    const isNew = this.#fs.stat(path) === undefined;
    if (isNew && mode !== 'read' && mode !== 'update') this.step();
    const file = this.#fs.open(path, mode);
    if (isNew) this.#name({ directory: dirname(path), path, inode: { file, synced: new Uint8Array(0) } });
    return new CrashingFile(this, this.#fs.open(path, 'update'), this.#names.get(path) as Inode);
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
    this.#directories.add(path);
    return this.#fs.makeDirectory(path);
  }
  rename(from: string, to: string): void {
    this.step();
    this.#fs.rename(from, to);
    const inode = this.#names.get(from) as Inode;
    this.#names.delete(from);
    this.#name({ directory: dirname(to), from, path: to, inode });
  }
  link(): void {
    throw new Error('no links here');
  }
  setOwnerAs(): void {}
  remove(path: string): void {
    if (this.#fs.stat(path) === undefined) return;
    this.step();
    this.#fs.remove(path);
    this.#name({ directory: dirname(path), path, inode: undefined });
  }
  removeTree(): void {
    throw new Error('no trees here');
  }
  readSmall(path: string, maxBytes?: number): Uint8Array | undefined {
    return this.#fs.readSmall(path, maxBytes);
  }
  /** Whole and durable when it returns, as the contract says. */
  replaceSmall(path: string, bytes: Uint8Array): void {
    this.step();
    this.#fs.remove(path);
    this.#fs.replaceSmall(path, bytes);
    const inode = { file: this.#fs.open(path, 'update'), synced: bytes.slice() };
    this.#name({ directory: dirname(path), path, inode });
    this.#settle(({ path: changed }) => changed === path);
  }
  syncDirectory(path: string): void {
    this.step();
    this.#settle(({ directory }) => directory === path);
  }
  /** Of what was done before the call, some turns later. */
  async syncDirectoryAsync(path: string): Promise<void> {
    const covered = new Set(this.#pending.filter(({ directory }) => directory === path));
    await this.directorySync();
    this.step();
    this.#settle((change) => covered.has(change));
  }
  setModified(path: string, modifiedMs: number): void {
    this.step();
    this.#fs.setModified(path, modifiedMs);
  }
  realPath(path: string): string {
    return path;
  }
  lockDirectory(path: string): Promise<Lock> {
    return this.#fs.lockDirectory(path);
  }

  #name(change: NameChange): void {
    this.#pending.push(change);
    if (change.inode === undefined) this.#names.delete(change.path);
    else this.#names.set(change.path, change.inode);
  }

  #settle(isSynced: (change: NameChange) => boolean): void {
    for (const change of this.#pending.filter(isSynced)) {
      if ('from' in change && this.#durable.get(change.from) === change.inode) this.#durable.delete(change.from);
      if (change.inode === undefined) this.#durable.delete(change.path);
      else this.#durable.set(change.path, change.inode);
    }
    this.#pending = this.#pending.filter((change) => !isSynced(change));
  }
}

function contentOf({ file }: Inode): Uint8Array {
  const bytes = new Uint8Array(file.sizeBytes());
  file.read(bytes, 0, bytes.length, 0);
  return bytes;
}

class CrashingFile implements File {
  readonly path: string;
  readonly fd = undefined;
  readonly #fs: CrashingFileSystem;
  readonly #file: File;
  readonly #inode: Inode;

  constructor(fs: CrashingFileSystem, file: File, inode: Inode) {
    this.path = file.path;
    this.#fs = fs;
    this.#file = file;
    this.#inode = inode;
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
    this.#fs.step();
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
    this.#inode.synced = contentOf(this.#inode);
  }
  close(): void {
    this.#file.close();
  }
}
