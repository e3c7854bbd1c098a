/**
 * A disk for whole stores: directories too, and several lives of a process on it. It knows of each name and each file what was
 * synced. A process dies at a chosen change, which is then half done; what it did not sync stays in doubt for the next one.
 */
import { dirname } from 'node:path';
import { SeglogError } from '../../src/errors/errors.ts';
import type { Random } from './random.ts';

/** One change of a file's bytes. */
type Change = { readonly position: number; readonly bytes: Uint8Array } | { readonly sizeBytes: number };

/** A file apart from its names. */
export class DiskFile {
  readonly isDirectory = false;
  modifiedMs = 0;
  bytes: Uint8Array = new Uint8Array(0);
  #synced: Uint8Array = new Uint8Array(0);
  readonly #unsynced: Change[] = [];
  #settled = 0;

  static durable(bytes: Uint8Array, modifiedMs: number): DiskFile {
    const made = new DiskFile();
    made.bytes = bytes;
    made.modifiedMs = modifiedMs;
    made.#synced = bytes;
    return made;
  }

  change(change: Change): void {
    this.bytes = applied(this.bytes, change);
    this.#unsynced.push(change);
  }

  /** How many changes there were. */
  get changes(): number {
    return this.#settled + this.#unsynced.length;
  }

  /** The first `count` changes are on the disk. */
  sync(count: number): void {
    const settled = this.#unsynced.splice(0, Math.max(0, count - this.#settled));
    this.#settled += settled.length;
    this.#synced = settled.reduce(applied, this.#synced);
  }

  /**
   * What a power loss leaves: any of the changes that were not synced, the last of them torn; but nothing that was done behind a
   * cut without the cut.
   */
  afterLoss(random: Random, likelihood: number): Uint8Array {
    let bytes = this.#synced;
    for (const change of this.#unsynced) {
      if (!random.chance(likelihood)) {
        if ('sizeBytes' in change) break;
        continue;
      }
      const isTorn = 'bytes' in change && random.chance(0.1);
      bytes = applied(bytes, isTorn ? { ...change, bytes: someOf(change.bytes, random) } : change);
    }
    return bytes;
  }
}

function someOf(bytes: Uint8Array, random: Random): Uint8Array {
  return bytes.subarray(0, random.between(0, bytes.length));
}

/** Never in place: what was synced keeps its own. */
function applied(bytes: Uint8Array, change: Change): Uint8Array {
  if ('sizeBytes' in change) {
    const cut = new Uint8Array(change.sizeBytes);
    cut.set(bytes.subarray(0, change.sizeBytes));
    return cut;
  }
  const end = change.position + change.bytes.length;
  const written = new Uint8Array(Math.max(bytes.length, end));
  written.set(bytes);
  written.set(change.bytes, change.position);
  return written;
}

/** A directory apart from its name. */
export class DiskDirectory {
  readonly isDirectory = true;
  readonly names = new Map<string, DiskNode>();
  durable = new Map<string, DiskNode>();
}

/** What a name stands for. */
export type DiskNode = DiskFile | DiskDirectory;

/** Names that come and go together; undefined: the name goes. */
export type NameChange = readonly {
  readonly directory: DiskDirectory;
  readonly name: string;
  readonly node: DiskNode | undefined;
  /** Only if it was this one that had the name. */
  readonly was?: DiskNode;
}[];

/** What a disk holds. Whoever changes it is a {@link DiskFile} or a process (see `store-model-process.ts`). */
export class Disk {
  root: DiskDirectory = new DiskDirectory();
  #pending: NameChange[] = [];

  find(path: string): DiskNode | undefined {
    let node: DiskNode | undefined = this.root;
    for (const name of path.split('/').filter((part) => part !== '')) {
      node = node?.isDirectory === true ? node.names.get(name) : undefined;
    }
    return node;
  }

  /** @throws SeglogError `IO` */
  directory(path: string): DiskDirectory {
    const node = this.find(path);
    if (node?.isDirectory === true) return node;
    throw ioNamed('ENOENT', path);
  }

  parent(path: string): DiskDirectory {
    return this.directory(dirname(path));
  }

  name(change: NameChange): void {
    for (const { directory, name, node } of change) {
      if (node === undefined) directory.names.delete(name);
      else directory.names.set(name, node);
    }
    this.#pending.push(change);
  }

  /** The names of a directory are durable. */
  sync(directory: DiskDirectory): void {
    const isIts = (change: NameChange): boolean => change.some((one) => one.directory === directory);
    for (const change of this.#pending) if (isIts(change)) settle(change);
    this.#pending = this.#pending.filter((change) => !isIts(change));
  }

  /** All that there is is durable: for a disk as a test begins with it. */
  settleAll(): void {
    for (const change of this.#pending) settle(change);
    this.#pending = [];
  }

  /**
   * What is found when the machine comes up again, all of it durable.
   *
   * @param likelihood of each thing that was not synced to be there
   * @param isOrdered whether names came in the order of their changes, as a journal keeps them
   */
  afterPowerLoss(random: Random, likelihood: number, isOrdered: boolean): Disk {
    const kept = isOrdered ? random.between(0, this.#pending.length) : this.#pending.length;
    for (const change of this.#pending.slice(0, kept)) {
      if (isOrdered || random.chance(likelihood)) settle(change);
    }
    const disk = new Disk();
    disk.root = lossOf(this.root, random, likelihood);
    return disk;
  }
}

function settle(change: NameChange): void {
  for (const { directory, name, node, was } of change) {
    if (node !== undefined) directory.durable.set(name, node);
    else if (was === undefined || directory.durable.get(name) === was) directory.durable.delete(name);
  }
}

function lossOf(directory: DiskDirectory, random: Random, likelihood: number): DiskDirectory {
  const made = new DiskDirectory();
  for (const [name, node] of directory.durable) {
    const left = node.isDirectory
      ? lossOf(node, random, likelihood)
      : DiskFile.durable(node.afterLoss(random, likelihood), node.modifiedMs);
    made.names.set(name, left);
    made.durable.set(name, left);
  }
  return made;
}

/** An error of the machine. */
export function ioNamed(errno: string, path: string): SeglogError {
  return new SeglogError('IO', `${errno} ${path}`, { file: path, errno });
}
