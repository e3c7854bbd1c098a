/**
 * A simulated disk: directories and files, and of each name and each file what was synced. Several processes live on it one
 * after the other (`disk-process.ts`); what one did not sync stays in doubt for the next.
 */
import { dirname } from 'node:path';
import { SeglogError } from '../../../src/errors/errors.ts';
import type { Random } from '../../support/random.ts';
import { DiskFile } from './disk-file.ts';

/** A directory apart from its name. */
export class DiskDirectory {
  readonly isDirectory = true;
  readonly names = new Map<string, DiskNode>();
  readonly durable = new Map<string, DiskNode>();
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

/** How likely the things that were not synced are to be there after a power loss: 0 is never, 1 always. */
export interface Loss {
  /** Each change of names. */
  readonly names: number;
  /** Each page of a file, and its size. */
  readonly pages: number;
  /** Whether names came in the order of their changes, as a journal keeps them. */
  readonly isOrdered: boolean;
}

/** What a disk holds. Whoever changes it is a {@link DiskFile} or a process. */
export class Disk {
  readonly root: DiskDirectory;
  #pending: NameChange[] = [];

  constructor(root: DiskDirectory = new DiskDirectory()) {
    this.root = root;
  }

  find(path: string): DiskNode | undefined {
    let node: DiskNode | undefined = this.root;
    for (const name of path.split('/')) {
      if (name !== '') node = node?.isDirectory === true ? node.names.get(name) : undefined;
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
    this.settle(this.unsynced(directory));
  }

  /** What is in doubt of the names of a directory. */
  unsynced(directory: DiskDirectory): ReadonlySet<NameChange> {
    return new Set(this.#pending.filter((change) => change.some((one) => one.directory === directory)));
  }

  /** These changes are durable; those of them that are already stay as they are. */
  settle(changes: ReadonlySet<NameChange>): void {
    for (const change of this.#pending) if (changes.has(change)) settle(change, durableOf);
    this.#pending = this.#pending.filter((change) => !changes.has(change));
  }

  /** All names that there are are durable: for a disk as a test begins with it. */
  settleAll(): void {
    this.settle(new Set(this.#pending));
  }

  /** The page cache forgets what it takes for written. */
  evict(): void {
    for (const file of filesOf(this.root)) file.evict();
  }

  /** What is found when the machine comes up again, all of it durable. This disk stays as it is. */
  afterPowerLoss(random: Random, { names, pages, isOrdered }: Loss): Disk {
    const left = new Map<DiskDirectory, Map<string, DiskNode>>();
    const leftOf = (directory: DiskDirectory): Map<string, DiskNode> => {
      const known = left.get(directory) ?? new Map(directory.durable);
      left.set(directory, known);
      return known;
    };
    const kept = isOrdered && names < 1 ? random.between(0, this.#pending.length) : this.#pending.length;
    for (const change of this.#pending.slice(0, kept)) {
      if (isOrdered || random.chance(names)) settle(change, leftOf);
    }
    // A file may be left with two names.
    const made = new Map<DiskNode, DiskNode>();
    const lossOf = (node: DiskNode): DiskNode => {
      const known = made.get(node);
      if (known !== undefined) return known;
      const one = node.isDirectory
        ? new DiskDirectory()
        : DiskFile.durable(node.afterLoss(random, pages), node.modifiedMs);
      made.set(node, one);
      if (!node.isDirectory || !one.isDirectory) return one;
      for (const [name, child] of leftOf(node)) {
        const childLeft = lossOf(child);
        one.names.set(name, childLeft);
        one.durable.set(name, childLeft);
      }
      return one;
    };
    return new Disk(lossOf(this.root) as DiskDirectory);
  }

  /** The same disk once more, with the same things in doubt. */
  copy(): Disk {
    const made = new Map<DiskNode, DiskNode>();
    const copyOf = <N extends DiskNode>(node: N): N => {
      const known = made.get(node);
      if (known !== undefined) return known as N;
      const one: DiskNode = node.isDirectory ? new DiskDirectory() : node.copy();
      made.set(node, one);
      if (node.isDirectory && one.isDirectory) {
        for (const [name, child] of node.names) one.names.set(name, copyOf(child));
        for (const [name, child] of node.durable) one.durable.set(name, copyOf(child));
      }
      return one as N;
    };
    const disk = new Disk(copyOf(this.root));
    disk.#pending = this.#pending.map((change) =>
      change.map(({ directory, name, node, was }) => ({
        ...{ directory: copyOf(directory), name, node: node === undefined ? undefined : copyOf(node) },
        ...(was === undefined ? {} : { was: copyOf(was) }),
      })),
    );
    return disk;
  }
}

function durableOf({ durable }: DiskDirectory): Map<string, DiskNode> {
  return durable;
}

function settle(change: NameChange, namesOf: (directory: DiskDirectory) => Map<string, DiskNode>): void {
  for (const { directory, name, node, was } of change) {
    const names = namesOf(directory);
    if (node !== undefined) names.set(name, node);
    else if (was === undefined || names.get(name) === was) names.delete(name);
  }
}

function* filesOf(directory: DiskDirectory): Generator<DiskFile> {
  for (const node of directory.names.values()) {
    if (node.isDirectory) yield* filesOf(node);
    else yield node;
  }
}

/** An error of the machine. */
export function ioNamed(errno: string, path: string): SeglogError {
  return new SeglogError('IO', `${errno} ${path}`, { file: path, errno });
}
