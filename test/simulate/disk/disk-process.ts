/**
 * A process that has a {@link Disk}: its file system, until it dies. Every call that changes something is a step; a process dies
 * at a chosen one, which is then half done, or is told at it that the disk says no.
 */
import { basename, dirname } from 'node:path';
import { SeglogError } from '../../../src/errors/errors.ts';
import type {
  AppendFile,
  AppendOptions,
  File,
  FileStat,
  FileSystem,
  Lock,
  OpenMode,
} from '../../../src/fs/contract.ts';
import type { FaultyOperation } from '../../../src/fs/faulty-fs.ts';
import { WrittenFile } from '../../../src/fs/written-file.ts';
import { Random } from '../../support/random.ts';
import { DiskDirectory, type Disk, type DiskNode, ioNamed } from './disk.ts';
import { DiskFile } from './disk-file.ts';

/** Thrown by the change at which a process dies, and by all that it does later. */
class Died extends Error {}

/** A disk that says no. */
export interface DiskFault {
  /** At which of these calls from now on, 1 being the next. Left out: any change. */
  readonly operation?: FaultyOperation;
  readonly call: number;
  readonly errno: string;
  /** Whether all later ones fail too. */
  readonly isForGood?: boolean;
  /** Decides how much of the call is done. */
  readonly seed: number;
}

/** Every call that changes something is a step. */
export class DiskProcess implements FileSystem {
  readonly kind = 'faulty';
  readonly disk: Disk;
  /** Told before every step, with what a death within it would leave done. */
  onStep: ((half: (() => void) | undefined) => void) | undefined;
  /** How many changes there were. */
  steps = 0;
  /** How many faults were met. */
  faultsMet = 0;
  #left = Infinity;
  #fault: DiskFault | undefined;
  #faultIn = 0;

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

  /** Plans a failure in the place of the one that was planned before. */
  plan(fault: DiskFault | undefined): void {
    this.#fault = fault;
    this.#faultIn = fault?.call ?? 0;
  }

  /**
   * @param half what a death in the middle leaves, or a fault
   * @param failing what else a fault does, which is not half of it
   */
  step(operation: FaultyOperation, path: string, half?: () => void, failing?: (random: Random) => void): void {
    this.live();
    this.steps++;
    this.onStep?.(half);
    this.meet(operation, path, half, failing);
    this.#left--;
    if (this.#left > 0) return;
    half?.();
    throw new Died('died');
  }

  /** Raises if the call is one that fails. */
  meet(operation: FaultyOperation, path: string, half?: () => void, failing?: (random: Random) => void): void {
    const fault = this.#fault;
    if (fault === undefined || !isMeant(fault, operation)) return;
    this.#faultIn--;
    if (this.#faultIn > 0 || (this.#faultIn < 0 && fault.isForGood !== true)) return;
    this.faultsMet++;
    const random = new Random(fault.seed);
    if (failing !== undefined) failing(random);
    else if (random.chance(0.5)) half?.();
    throw new SeglogError('IO', `could not ${operation}: ${fault.errno}`, { file: path, errno: fault.errno });
  }

  live(): void {
    if (this.isDead) throw new Died('dead');
  }

  open(path: string, mode: OpenMode): File {
    this.live();
    const found = this.disk.find(path);
    if (found?.isDirectory === true) throw ioNamed('EISDIR', path);
    if (found !== undefined && mode === 'new') throw ioNamed('EEXIST', path);
    if (found !== undefined) {
      this.meet('open', path);
      return new ProcessFile(this, path, found);
    }
    if (mode === 'read' || mode === 'update') throw ioNamed('ENOENT', path);
    const directory = this.disk.parent(path);
    this.step('open', path);
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
  /** As the contract has it: the names of the parents are durable. */
  makeDirectory(path: string): boolean {
    if (this.disk.find(path) !== undefined) return false;
    const above = dirname(path);
    if (this.makeDirectory(above)) this.syncDirectory(dirname(above));
    this.step('open', path);
    this.disk.name([{ directory: this.disk.parent(path), name: basename(path), node: new DiskDirectory() }]);
    return true;
  }
  rename(from: string, to: string): void {
    const node = this.disk.find(from);
    if (node === undefined) throw ioNamed('ENOENT', from);
    if (node.isDirectory && this.disk.find(to) !== undefined) throw ioNamed('ENOTEMPTY', to);
    this.step('rename', from);
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
    this.step('remove', path);
    this.#forget(path);
  }
  removeTree(path: string): void {
    const node = this.disk.find(path);
    if (node === undefined) return this.live();
    if (node.isDirectory) for (const name of [...node.names.keys()]) this.removeTree(`${path}/${name}`);
    this.step('remove', path);
    this.#forget(path);
  }
  #forget(path: string): void {
    this.disk.name([{ directory: this.disk.parent(path), name: basename(path), node: undefined }]);
  }
  readSmall(path: string): Uint8Array | undefined {
    this.live();
    const node: DiskNode | undefined = this.disk.find(path);
    if (node?.isDirectory !== false) return undefined;
    this.meet('read', path);
    return node.bytes.slice();
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
    this.step('syncDirectory', path);
    this.disk.sync(directory);
  }
  /** Of what was done before the call, some turns later. */
  async syncDirectoryAsync(path: string): Promise<void> {
    this.live();
    const changes = this.disk.unsynced(this.disk.directory(path));
    await new Promise((resolve) => setImmediate(resolve));
    this.step('syncDirectory', path);
    this.disk.settle(changes);
  }
  setModified(path: string, modifiedMs: number): void {
    const node = this.disk.find(path);
    this.step('write', path);
    if (node?.isDirectory === false) node.modifiedMs = modifiedMs;
  }
  realPath(path: string): string {
    return path;
  }
  /** The locks of the dead are free, and simulations open nothing twice. */
  async lockDirectory(path: string): Promise<Lock> {
    this.live();
    return { path, release: async () => undefined };
  }
}

/** Reading changes nothing: it fails only when it is asked to. */
function isMeant(fault: DiskFault, operation: FaultyOperation): boolean {
  return fault.operation === undefined ? operation !== 'read' : fault.operation === operation;
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
    this.#process.meet('read', this.path);
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
    this.#process.step('write', this.path, () => change(start + ((end - start) >> 1)));
    change(end);
  }
  truncate(sizeBytes: number): void {
    this.#process.step('truncate', this.path);
    this.#file.change({ sizeBytes });
  }
  /** Of what was written before the call, some turns later. */
  async sync(): Promise<void> {
    this.#process.live();
    const { changes } = this.#file;
    await new Promise((resolve) => setImmediate(resolve));
    this.#sync(changes);
  }
  syncSync(): void {
    this.#sync(this.#file.changes);
  }
  #sync(changes: number): void {
    this.#process.step('sync', this.path, undefined, (random) => this.#file.failSync(random));
    this.#file.sync(changes);
  }
  close(): void {
    // Closing changes nothing, not even for the dead.
  }
}
