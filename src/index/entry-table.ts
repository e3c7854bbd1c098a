/**
 * A table of fixed-size entries: what the offset index and the time index have in common.
 *
 * The entries of an open segment live in memory, exactly as their bytes are in the file; new ones are written through in
 * strides, since an index is derived: after a crash it is rebuilt from the log.
 */
import { SeglogError } from '../errors/errors.ts';
import type { File, FileSystem } from '../fs/contract.ts';

/** New entries are written out when this many bytes wait. */
const WRITE_STRIDE_BYTES = 4096;

/** Entries in memory, and the file behind them. */
export class EntryTable {
  readonly path: string;
  readonly entrySize: number;
  /** The most entries that the file may have: `segment.index.bytes` worth of them. */
  readonly capacity: number;
  readonly #fs: FileSystem;
  #bytes: Uint8Array;
  #view: DataView;
  #count: number;
  /** How many of the entries the file has. */
  #written: number;
  #file: File | undefined;

  private constructor(
    fs: FileSystem,
    path: string,
    entrySize: number,
    capacity: number,
    bytes: Uint8Array,
    count: number,
  ) {
    this.#fs = fs;
    this.path = path;
    this.entrySize = entrySize;
    this.capacity = capacity;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#count = count;
    this.#written = count;
  }

  /** An empty table; its file is made (or emptied) at once. */
  static create(fs: FileSystem, path: string, entrySize: number, capacity: number): EntryTable {
    const table = new EntryTable(fs, path, entrySize, capacity, new Uint8Array(0), 0);
    table.#file = fs.open(path, 'create');
    table.#file.truncate(0);
    return table;
  }

  /**
   * Loads what is in the file; `countEntries` tells how many entries of it are real. A missing file is an empty table.
   * A file of more bytes than any index has is read up to that bound only.
   */
  static load(
    fs: FileSystem,
    path: string,
    entrySize: number,
    capacity: number,
    countEntries: (view: DataView) => number,
  ): EntryTable {
    if (fs.stat(path) === undefined) return new EntryTable(fs, path, entrySize, capacity, new Uint8Array(0), 0);
    const file = fs.open(path, 'read');
    try {
      const sizeBytes = Math.min(file.sizeBytes(), 0x7fffffff);
      const bytes = new Uint8Array(sizeBytes - (sizeBytes % entrySize));
      const got = file.read(bytes, 0, bytes.length, 0);
      const count = countEntries(new DataView(bytes.buffer, 0, got - (got % entrySize)));
      return new EntryTable(fs, path, entrySize, capacity, bytes, count);
    } finally {
      file.close();
    }
  }

  get count(): number {
    return this.#count;
  }

  /** The entries; valid up to `count`, until the next `append`. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** A view of the same bytes. */
  get view(): DataView {
    return this.#view;
  }

  /** Bytes of memory that this table holds. */
  get memoryBytes(): number {
    return this.#bytes.length;
  }

  /** Makes room for one more entry and counts it; the caller fills `view` at the returned slot. */
  append(): number {
    if ((this.#count + 1) * this.entrySize > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(64 * this.entrySize, this.#bytes.length * 2));
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return this.#count++;
  }

  /**
   * Writes entries out when enough wait. A file that takes none now may take them later, at the latest when the table is
   * trimmed: an index is derived, and never a reason for an append to fail.
   */
  writeWhenDue(): void {
    if ((this.#count - this.#written) * this.entrySize < WRITE_STRIDE_BYTES) return;
    try {
      this.write();
    } catch (error) {
      if (!(error instanceof SeglogError)) throw error;
    }
  }

  /** Writes all entries out. */
  write(): void {
    if (this.#written === this.#count) return;
    const file = this.#forUpdate();
    const start = this.#written * this.entrySize;
    file.write(this.#bytes, start, this.#count * this.entrySize, start);
    this.#written = this.#count;
  }

  /** Keeps the first `count` entries; the file is cut too. */
  truncate(count: number): void {
    this.#count = Math.min(count, this.#count);
    this.#written = Math.min(this.#written, this.#count);
    this.#forUpdate().truncate(this.#written * this.entrySize);
  }

  /** Replaces all entries by those in `bytes`, in memory and in the file. */
  replace(bytes: Uint8Array): void {
    this.#bytes = bytes.slice();
    this.#view = new DataView(this.#bytes.buffer);
    this.#count = bytes.length / this.entrySize;
    this.#written = 0;
    this.#forUpdate().truncate(0);
    this.write();
  }

  /** Writes out, and cuts the file to the entries: no zero tail. */
  trim(): void {
    this.write();
    const file = this.#forUpdate();
    if (file.sizeBytes() !== this.#count * this.entrySize) file.truncate(this.#count * this.entrySize);
  }

  async sync(): Promise<void> {
    this.write();
    await this.#file?.sync();
  }

  syncSync(): void {
    this.write();
    this.#file?.syncSync();
  }

  /** Closes the file; unwritten entries are not written (call `trim` or `write` first). */
  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  #forUpdate(): File {
    this.#file ??= this.#fs.open(this.path, 'create');
    return this.#file;
  }
}
