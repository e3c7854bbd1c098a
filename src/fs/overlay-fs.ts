/**
 * A file system over another one that it never writes to: a copy on write of directories of any size. What is done here can be
 * looked at, compared with what is below, and forgotten.
 *
 * New content is held in memory, up to a bound. Content that comes to equal the file below is given up at once, so that
 * writing files anew that were right costs nothing.
 */
import { basename, dirname, join, sep } from 'node:path';
import { SeglogError } from '../errors/errors.ts';
import type { AppendFile, AppendOptions, File, FileStat, FileSystem, Lock, OpenMode } from './contract.ts';
import { type Extent, OverlayContent } from './overlay-content.ts';
import { OverlayFile, OverlayNode } from './overlay-file.ts';
import { locked, MAX_SMALL_BYTES, notRegular, requireSmall } from './refused.ts';
import { WrittenFile } from './written-file.ts';

/** Indexes of 100 GB of segments, at Kafka's interval. */
const MAX_HELD_BYTES = 512 * 1024 * 1024;
const COMPARED_BYTES = 256 * 1024;

/** How an overlay is made. */
export interface OverlayOptions {
  /** Directories whose new files keep their sizes and forget their bytes: for copies that nobody reads here. */
  readonly sinks?: readonly string[];
  /** The most that changes may hold in memory, in bytes; default 512 MiB. */
  readonly maxHeldBytes?: number;
}

/** How one file of a directory differs from the file system below. */
export interface OverlayChange {
  readonly name: string;
  /** What is below; undefined for a file that is new. */
  readonly before: FileStat | undefined;
  /** What is here; undefined for a file that was removed or renamed. */
  readonly after: readonly Extent[] | undefined;
}

/** An overlay; one thread uses it, and `close` is not needed. */
export class OverlayFileSystem implements FileSystem {
  readonly kind = 'overlay';
  readonly #base: FileSystem;
  readonly #sinks: readonly string[];
  readonly #maxHeldBytes: number;
  /** Files that were opened or changed. */
  readonly #nodes = new Map<string, OverlayNode>();
  readonly #removed = new Set<string>();
  readonly #directories = new Set<string>();
  readonly #locks = new Set<string>();

  constructor(base: FileSystem, { sinks = [], maxHeldBytes = MAX_HELD_BYTES }: OverlayOptions = {}) {
    this.#base = base;
    this.#sinks = sinks;
    this.#maxHeldBytes = maxHeldBytes;
  }

  open(path: string, mode: OpenMode): File {
    return new OverlayFile(path, this.#node(path, mode), mode !== 'read', {
      reserve: (bytes) => this.#reserve(path, bytes),
      closed: () => this.#settle(path),
      isSink: this.#sinks.includes(dirname(path)),
    });
  }

  openAppend(path: string, options: AppendOptions): AppendFile {
    return new WrittenFile(this.open(path, 'create'), options);
  }

  list(directory: string): string[] {
    const isBelow = this.#statBelow(directory)?.isDirectory === true;
    const below = isBelow || !this.#directories.has(directory) ? this.#base.list(directory) : [];
    const names = new Set(below.filter((name) => !this.#removed.has(join(directory, name))));
    for (const path of [...this.#nodes.keys(), ...this.#directories]) {
      if (dirname(path) === directory && path !== directory) names.add(basename(path));
    }
    return [...names].sort();
  }

  stat(path: string): FileStat | undefined {
    const node = this.#nodes.get(path);
    if (node !== undefined) {
      return { sizeBytes: node.content.sizeBytes, modifiedMs: node.modifiedMs, isFile: true, isDirectory: false };
    }
    if (this.#directories.has(path)) return { sizeBytes: 0, modifiedMs: 0, isFile: false, isDirectory: true };
    return this.#statBelow(path);
  }

  makeDirectory(path: string): boolean {
    if (this.stat(path)?.isDirectory === true) return false;
    if (dirname(path) !== path) this.makeDirectory(dirname(path));
    this.#directories.add(path);
    return true;
  }

  /** Of files; nothing here renames directories. */
  rename(from: string, to: string): void {
    const node = this.#node(from, 'read');
    const moved = new OverlayNode(new OverlayContent(node.content.extents), node.modifiedMs, this.#openBase);
    this.remove(from);
    this.#removed.delete(to);
    this.#nodes.set(to, moved);
  }

  /** Nothing that works on an overlay needs it. */
  link(from: string): never {
    throw errnoError('ENOTSUP', 'link', from);
  }

  setOwnerAs(): void {}

  remove(path: string): void {
    this.#nodes.delete(path);
    if (this.#base.stat(path) !== undefined) this.#removed.add(path);
  }

  removeTree(path: string): void {
    const isWithin = (other: string): boolean => other === path || other.startsWith(path + sep);
    for (const other of [...this.#nodes.keys()].filter(isWithin)) this.#nodes.delete(other);
    for (const other of [...this.#directories].filter(isWithin)) this.#directories.delete(other);
    this.remove(path);
  }

  readSmall(path: string, maxBytes: number = MAX_SMALL_BYTES): Uint8Array | undefined {
    if (!this.#nodes.has(path)) return this.#isRemoved(path) ? undefined : this.#base.readSmall(path, maxBytes);
    const file = this.open(path, 'read');
    try {
      requireSmall(path, file.sizeBytes(), maxBytes);
      const bytes = new Uint8Array(file.sizeBytes());
      return bytes.subarray(0, file.read(bytes, 0, bytes.length, 0));
    } finally {
      file.close();
    }
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
    this.#node(path, 'update').modifiedMs = modifiedMs;
  }

  realPath(path: string): string {
    return this.#base.realPath(path);
  }

  /** A lock of this overlay alone: whoever writes below does not see it. */
  async lockDirectory(path: string): Promise<Lock> {
    if (this.#locks.has(path)) throw locked(path, undefined);
    this.#locks.add(path);
    return { path, release: async () => void this.#locks.delete(path) };
  }

  /** Makes a file consist of these pieces of the one below, in order. Nobody has it open. */
  splice(path: string, kept: readonly { readonly from: number; readonly length: number }[]): void {
    const { modifiedMs } = this.#node(path, 'update');
    const extents = kept.map(({ from, length }) => ({ kind: 'base' as const, path, from, length }));
    this.#nodes.set(path, new OverlayNode(new OverlayContent(extents), modifiedMs, this.#openBase));
  }

  /** How the files of a directory differ from what is below, by name. */
  changes(directory: string): OverlayChange[] {
    const paths = [...this.#nodes.keys(), ...this.#removed].filter((path) => dirname(path) === directory);
    return [...new Set(paths)].sort().flatMap((path): OverlayChange[] => {
      const before = this.#base.stat(path);
      const after = this.#nodes.get(path)?.content;
      if (after !== undefined && before !== undefined && isWhole(after, path, before)) return [];
      if (before?.isFile !== true && after === undefined) return [];
      return [{ name: basename(path), before, after: after?.extents }];
    });
  }

  readonly #openBase = (path: string): File => this.#base.open(path, 'read');

  /** A path below that is hidden here, itself or with its directory. */
  #isRemoved(path: string): boolean {
    for (let at = path; ; at = dirname(at)) {
      if (this.#removed.has(at)) return true;
      if (dirname(at) === at) return false;
    }
  }

  #statBelow(path: string): FileStat | undefined {
    return this.#isRemoved(path) ? undefined : this.#base.stat(path);
  }

  #node(path: string, mode: OpenMode): OverlayNode {
    const known = this.#nodes.get(path);
    const below = known === undefined ? this.stat(path) : undefined;
    if ((known !== undefined || below !== undefined) && mode === 'new') throw errnoError('EEXIST', 'create', path);
    if (known !== undefined) return known;
    if (below !== undefined && !below.isFile)
      throw notRegular(path, below.isDirectory ? 'a directory' : 'a link or a special file');
    if (below === undefined && (mode === 'read' || mode === 'update')) throw errnoError('ENOENT', 'open', path);
    if (below === undefined && this.stat(dirname(path))?.isDirectory !== true)
      throw errnoError('ENOENT', 'create', path);
    const extents: Extent[] = below === undefined ? [] : [{ kind: 'base', path, from: 0, length: below.sizeBytes }];
    const node = new OverlayNode(new OverlayContent(extents), below?.modifiedMs ?? 0, this.#openBase);
    this.#nodes.set(path, node);
    // From now on the new file hides the one below.
    this.#removed.delete(path);
    return node;
  }

  #reserve(path: string, bytes: number): void {
    let held = bytes;
    for (const { content } of this.#nodes.values()) held += content.heldBytes;
    if (held <= this.#maxHeldBytes) return;
    throw new SeglogError('IO', 'more would change than is held in memory', {
      file: path,
      expected: `at most ${this.#maxHeldBytes} bytes`,
      found: held,
      errno: 'ENOMEM',
    });
  }

  /** Forgets a file that is as the one below. */
  #settle(path: string): void {
    const node = this.#nodes.get(path);
    const below = node === undefined || node.isOpen ? undefined : this.#statBelow(path);
    if (node === undefined || below?.isFile !== true || below.sizeBytes !== node.content.sizeBytes) return;
    if (isWhole(node.content, path, below) || this.#equals(path, node)) this.#nodes.delete(path);
  }

  #equals(path: string, node: OverlayNode): boolean {
    // Of what lies below only a piece of the same file could be the same, and that is told without reading.
    if (node.content.extents.some(({ kind }) => kind === 'base')) return false;
    const size = Math.min(COMPARED_BYTES, node.content.sizeBytes);
    const ours = Buffer.allocUnsafe(size);
    const theirs = Buffer.allocUnsafe(size);
    const file = this.#base.open(path, 'read');
    try {
      for (let at = 0; at < node.content.sizeBytes; at += size) {
        const got = node.read(ours, 0, size, at);
        if (file.read(theirs, 0, size, at) !== got || ours.compare(theirs, 0, got, 0, got) !== 0) return false;
      }
      return true;
    } finally {
      file.close();
    }
  }
}

function isWhole(content: OverlayContent, path: string, below: FileStat): boolean {
  if (content.sizeBytes === 0) return below.sizeBytes === 0 && below.isFile;
  const sole = content.soleSource;
  return sole !== undefined && sole.path === path && sole.from === 0 && sole.length === below.sizeBytes;
}

function errnoError(errno: string, doing: string, path: string): SeglogError {
  return new SeglogError('IO', `could not ${doing}: ${errno}`, { file: path, errno });
}
