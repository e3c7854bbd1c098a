/** A file system that fails when told to, over another one: for tests of what a log does then. */
import { SeglogError } from '../errors/errors.ts';
import type { AppendFile, AppendOptions, File, FileStat, FileSystem, Lock, OpenMode } from './contract.ts';
import { WrittenFile } from './written-file.ts';

/** What can fail. */
export type FaultyOperation =
  | 'open'
  | 'read'
  | 'write'
  | 'truncate'
  | 'sync'
  | 'rename'
  | 'link'
  | 'remove'
  | 'syncDirectory';

/** One failure to come. */
export interface Fault {
  readonly operation: FaultyOperation;
  /** Which call of that operation fails: 1 is the next one. */
  readonly call: number;
  /** The errno it fails with. */
  readonly errno: string;
  /** Of a failing write, how many bytes get through first. */
  readonly shortBy?: number;
  /** Whether all later calls fail too. */
  readonly forGood?: boolean;
}

/** Counts calls, and fails those that were planned to. */
export class FaultyFileSystem implements FileSystem {
  readonly kind = 'faulty';
  readonly #fs: FileSystem;
  readonly #calls = new Map<FaultyOperation, number>();
  #faults: (Fault & { readonly at: number })[] = [];

  constructor(fs: FileSystem) {
    this.#fs = fs;
  }

  /** Plans a failure, counted from now. */
  plan(fault: Fault): void {
    this.#faults.push({ ...fault, at: this.count(fault.operation) + fault.call });
  }

  /** Plans nothing any more: the disk has room again. */
  heal(): void {
    this.#faults = [];
  }

  /** How often the operation was called. */
  count(operation: FaultyOperation): number {
    return this.#calls.get(operation) ?? 0;
  }

  /** Counts a call; returns the fault that it meets. */
  meet(operation: FaultyOperation): Fault | undefined {
    const call = this.count(operation) + 1;
    this.#calls.set(operation, call);
    return this.#faults.find(
      (fault) => fault.operation === operation && (fault.at === call || (fault.forGood === true && call > fault.at)),
    );
  }

  /** Counts a call, and raises if it is to fail. */
  pass(operation: FaultyOperation, path: string): void {
    const fault = this.meet(operation);
    if (fault !== undefined) throw failure(fault, path);
  }

  open(path: string, mode: OpenMode): File {
    this.pass('open', path);
    return new FaultyFile(this, this.#fs.open(path, mode));
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
    return this.#fs.makeDirectory(path);
  }
  rename(from: string, to: string): void {
    this.pass('rename', from);
    this.#fs.rename(from, to);
  }
  link(from: string, to: string): void {
    this.pass('link', from);
    this.#fs.link(from, to);
  }
  setOwnerAs(path: string, model: string): void {
    this.#fs.setOwnerAs(path, model);
  }
  remove(path: string): void {
    this.pass('remove', path);
    this.#fs.remove(path);
  }
  removeTree(path: string): void {
    this.#fs.removeTree(path);
  }
  readSmall(path: string, maxBytes?: number): Uint8Array | undefined {
    this.pass('read', path);
    return this.#fs.readSmall(path, maxBytes);
  }
  replaceSmall(path: string, bytes: Uint8Array): void {
    this.pass('write', path);
    this.pass('rename', path);
    this.#fs.replaceSmall(path, bytes);
  }
  syncDirectory(path: string): void {
    this.pass('syncDirectory', path);
    this.#fs.syncDirectory(path);
  }
  async syncDirectoryAsync(path: string): Promise<void> {
    this.pass('syncDirectory', path);
    await this.#fs.syncDirectoryAsync(path);
  }
  setModified(path: string, modifiedMs: number): void {
    this.#fs.setModified(path, modifiedMs);
  }
  realPath(path: string): string {
    return this.#fs.realPath(path);
  }
  lockDirectory(path: string): Promise<Lock> {
    return this.#fs.lockDirectory(path);
  }
}

function failure({ errno, operation }: Fault, path: string): SeglogError {
  return new SeglogError('IO', `could not ${operation}: ${errno}`, { file: path, errno });
}

class FaultyFile implements File {
  readonly path: string;
  readonly fd = undefined;
  readonly #faults: FaultyFileSystem;
  readonly #file: File;

  constructor(faults: FaultyFileSystem, file: File) {
    this.path = file.path;
    this.#faults = faults;
    this.#file = file;
  }

  sizeBytes(): number {
    return this.#file.sizeBytes();
  }
  read(into: Uint8Array, start: number, length: number, position: number): number {
    this.#faults.pass('read', this.path);
    return this.#file.read(into, start, length, position);
  }
  async readAsync(into: Uint8Array, start: number, length: number, position: number): Promise<number> {
    return this.read(into, start, length, position);
  }
  write(from: Uint8Array, start: number, end: number, position: number): void {
    const fault = this.#faults.meet('write');
    if (fault === undefined) return this.#file.write(from, start, end, position);
    // As a disk that fills up: some of it may be there.
    this.#file.write(from, start, Math.max(start, end - (fault.shortBy ?? end - start)), position);
    throw failure(fault, this.path);
  }
  truncate(sizeBytes: number): void {
    this.#faults.pass('truncate', this.path);
    this.#file.truncate(sizeBytes);
  }
  async sync(): Promise<void> {
    this.#faults.pass('sync', this.path);
    await this.#file.sync();
  }
  syncSync(): void {
    this.#faults.pass('sync', this.path);
    this.#file.syncSync();
  }
  close(): void {
    this.#file.close();
  }
}
