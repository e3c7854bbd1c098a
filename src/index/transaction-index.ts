/** The transaction index of one segment: which transactions with their marker in it were aborted. */
import { SeglogError } from '../errors/errors.ts';
import {
  type AbortedTransaction,
  readAbortedTransaction,
  TRANSACTION_INDEX,
  versionOfTransactionEntry,
  writeAbortedTransaction,
} from '../format/transaction-index.ts';
import type { File, FileSystem } from '../fs/contract.ts';
import { MAX_INT32 } from '../units/units.ts';

const { ENTRY_SIZE, CURRENT_VERSION } = TRANSACTION_INDEX;
/** The batch of a marker has this many bytes, so that a segment of the largest size has no more entries than fit here. */
const MARKER_BATCH_SIZE = 78;
const MAX_ENTRIES = Math.floor(MAX_INT32 / MARKER_BATCH_SIZE);
const FIRST_CAPACITY = 16;
/** How many entries are read in one go where not all are held. */
const ENTRIES_AT_ONCE = 1024;

/** The entries of a file, as bytes. */
interface Loaded {
  bytes: Uint8Array;
  view: DataView;
  count: number;
  /** What is wrong with them; nothing is told from entries that are damaged. */
  fault: SeglogError | undefined;
}

/**
 * Entries live in memory as their bytes are in the file, from the first use on; what another process appends later is not
 * seen. A new entry is written to the file at once. A missing file is an index without entries.
 *
 * An index that {@link check} finds fault with tells nothing: all but `count`, `last`, `replace`, `sync` and `close` raise that
 * fault, since a transaction left out of it would show as committed. Layout in `format/transaction-index.ts`.
 */
export class TransactionIndex {
  readonly path: string;
  readonly #fs: FileSystem;
  readonly #baseOffset: number;
  #loaded: Loaded | undefined;
  #file: File | undefined;

  private constructor(fs: FileSystem, path: string, baseOffset: number) {
    this.#fs = fs;
    this.path = path;
    this.#baseOffset = baseOffset;
  }

  /** The index in that file, if there is one. No file is made, nor read yet; whatever is in it is no error here. */
  static open(fs: FileSystem, path: string, baseOffset: number): TransactionIndex {
    return new TransactionIndex(fs, path, baseOffset);
  }

  /** Whole entries; a piece of one at the end does not count. */
  get count(): number {
    return this.#load().count;
  }

  /** The last entry, sound or not; undefined when there is none. */
  get last(): AbortedTransaction | undefined {
    const { view, count } = this.#load();
    return count === 0 ? undefined : readAbortedTransaction(view, count - 1);
  }

  /** All entries, in the order of their markers. @throws SeglogError as {@link check} tells */
  entries(): readonly AbortedTransaction[] {
    const { view, count } = this.#sound();
    return Array.from({ length: count }, (_, slot) => readAbortedTransaction(view, slot));
  }

  /**
   * Adds a transaction, in memory and in the file; the first one makes the file. If that fails, nothing was added.
   *
   * @throws SeglogError `OFFSETS_OUT_OF_ORDER`, `INDEX_FULL`, `IO`; as {@link check} tells
   */
  append(transaction: AbortedTransaction): void {
    const loaded = this.#sound();
    const last = this.last;
    if (last !== undefined && transaction.lastOffset <= last.lastOffset) {
      throw new SeglogError('OFFSETS_OUT_OF_ORDER', 'an aborted transaction must end above the one before it', {
        file: this.path,
        expected: `above ${last.lastOffset}`,
        found: transaction.lastOffset,
      });
    }
    if (loaded.count >= MAX_ENTRIES)
      throw new SeglogError('INDEX_FULL', 'the transaction index is full', { file: this.path, found: loaded.count });
    makeRoom(loaded);
    writeAbortedTransaction(loaded.view, loaded.count, transaction);
    const start = loaded.count * ENTRY_SIZE;
    const file = this.#forUpdate();
    try {
      file.write(loaded.bytes, start, start + ENTRY_SIZE, start);
    } catch (error) {
      cutBack(file, start);
      throw error;
    }
    loaded.count += 1;
  }

  /**
   * The transactions with records from `fetchOffset` on and below `upperBoundOffset`. `isComplete` says that no later segment
   * has more of them: with the entry that says so, it was already known how all below the upper bound had ended.
   *
   * @throws SeglogError as {@link check} tells
   */
  collect(
    fetchOffset: number,
    upperBoundOffset: number,
  ): { readonly transactions: AbortedTransaction[]; readonly isComplete: boolean } {
    const { view, count } = this.#sound();
    const transactions: AbortedTransaction[] = [];
    for (let slot = 0; slot < count; slot++) {
      const transaction = readAbortedTransaction(view, slot);
      if (transaction.lastOffset >= fetchOffset && transaction.firstOffset < upperBoundOffset)
        transactions.push(transaction);
      if (transaction.lastStableOffset >= upperBoundOffset) return { transactions, isComplete: true };
    }
    return { transactions, isComplete: false };
  }

  /** Drops the transactions from the first one on that ends at or above `offset`. @throws SeglogError as {@link check} tells */
  truncateTo(offset: number): void {
    const loaded = this.#sound();
    for (let slot = 0; slot < loaded.count; slot++) {
      if (readAbortedTransaction(loaded.view, slot).lastOffset >= offset) {
        this.#forUpdate().truncate(slot * ENTRY_SIZE);
        loaded.count = slot;
        return;
      }
    }
  }

  /**
   * Puts these in the place of all entries, sound or not: a crash leaves the old file or the new one, and a file with these
   * entries stays as it is. For none of them no file is made; one that is there stays, empty.
   *
   * @throws SeglogError `IO`
   */
  replace(transactions: readonly AbortedTransaction[]): void {
    const bytes = new Uint8Array(transactions.length * ENTRY_SIZE);
    const view = viewOf(bytes);
    for (const [slot, transaction] of transactions.entries()) writeAbortedTransaction(view, slot, transaction);
    const sizeBytes = this.#fs.stat(this.path)?.sizeBytes;
    const isThere = sizeBytes === bytes.length && Buffer.compare(this.#read().bytes, bytes) === 0;
    if (!isThere && (sizeBytes !== undefined || bytes.length > 0)) {
      this.close();
      this.#fs.replaceSmall(this.path, bytes);
    }
    this.#loaded = loadedFrom(bytes);
  }

  /**
   * What is wrong with the first entry that is not sound: `UNSUPPORTED_VERSION`, or `CORRUPT_INDEX` when it ends below the base
   * offset or has a number beyond 2^53; `CORRUPT_INDEX` too for a file that is larger than any index can be. A piece of an entry
   * at the end is no fault: the next append goes over it.
   */
  check(): SeglogError | undefined {
    return this.#load().fault;
  }

  /** What was appended is on the disk once this resolves. The name of a new file is not: that takes the directory. */
  async sync(): Promise<void> {
    if (this.#exists()) await this.#forUpdate().sync();
  }

  /** As {@link sync}, at once. */
  syncSync(): void {
    if (this.#exists()) this.#forUpdate().syncSync();
  }

  #exists(): boolean {
    return this.#file !== undefined || this.#fs.stat(this.path) !== undefined;
  }

  /** Lets go of the file; what is used again is opened again. */
  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  /** The entries, once they are known to be sound. */
  #sound(): Loaded {
    const loaded = this.#load();
    if (loaded.fault !== undefined) throw loaded.fault;
    return loaded;
  }

  #load(): Loaded {
    if (this.#loaded !== undefined) return this.#loaded;
    const loaded = this.#read();
    loaded.fault ??= faultOf(loaded, this.#baseOffset, this.path);
    return (this.#loaded = loaded);
  }

  #read(): Loaded {
    if (this.#fs.stat(this.path) === undefined) return loadedFrom(new Uint8Array(0));
    const file = this.#fs.open(this.path, 'read');
    try {
      const sizeBytes = file.sizeBytes();
      const entries = Math.floor(sizeBytes / ENTRY_SIZE);
      if (entries > MAX_ENTRIES) {
        const fault = new SeglogError('CORRUPT_INDEX', 'a transaction index is larger than any can be', {
          file: this.path,
          expected: `at most ${MAX_ENTRIES * ENTRY_SIZE} bytes`,
          found: sizeBytes,
        });
        return { ...loadedFrom(new Uint8Array(0)), fault };
      }
      const bytes = new Uint8Array(entries * ENTRY_SIZE);
      return loadedFrom(bytes, file.read(bytes, 0, bytes.length, 0));
    } finally {
      file.close();
    }
  }

  #forUpdate(): File {
    return (this.#file ??= this.#fs.open(this.path, 'create'));
  }
}

function loadedFrom(bytes: Uint8Array, filled: number = bytes.length): Loaded {
  return { bytes, view: viewOf(bytes), count: Math.floor(filled / ENTRY_SIZE), fault: undefined };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function makeRoom(loaded: Loaded): void {
  if ((loaded.count + 1) * ENTRY_SIZE <= loaded.bytes.length) return;
  const grown = new Uint8Array(Math.max(FIRST_CAPACITY, loaded.count * 2) * ENTRY_SIZE);
  grown.set(loaded.bytes.subarray(0, loaded.count * ENTRY_SIZE));
  loaded.bytes = grown;
  loaded.view = viewOf(grown);
}

/** After a write that failed. Where this fails too, what was written is less than an entry, or goes under the next one. */
function cutBack(file: File, sizeBytes: number): void {
  try {
    file.truncate(sizeBytes);
  } catch {
    // The failure of the write is the news.
  }
}

function faultOf({ view, count }: Loaded, baseOffset: number, file: string): SeglogError | undefined {
  for (let slot = 0; slot < count; slot++) {
    const fault = entryFault(view, slot, baseOffset, { file, position: slot * ENTRY_SIZE });
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function entryFault(
  view: DataView,
  slot: number,
  baseOffset: number,
  place: { readonly file: string; readonly position: number },
): SeglogError | undefined {
  const version = versionOfTransactionEntry(view, slot);
  if (version > CURRENT_VERSION) {
    return new SeglogError('UNSUPPORTED_VERSION', 'unknown version of an aborted transaction', {
      ...place,
      expected: CURRENT_VERSION,
      found: version,
    });
  }
  const entry = readAbortedTransaction(view, slot);
  if (!Object.values(entry).every(Number.isSafeInteger))
    return new SeglogError('CORRUPT_INDEX', 'an aborted transaction has a number beyond 2^53', place);
  if (entry.lastOffset < baseOffset) {
    return new SeglogError('CORRUPT_INDEX', "an aborted transaction ends below its segment's base offset", {
      ...place,
      expected: `at least ${baseOffset}`,
      found: entry.lastOffset,
    });
  }
  return undefined;
}

/**
 * The entries of an index file, in order, without holding more than a few of them. A missing file has none; a piece of an
 * entry at the end does not count.
 *
 * @throws SeglogError what {@link TransactionIndex.check} tells, once it comes to it; `IO`
 */
export function* readTransactions(
  fs: FileSystem,
  path: string,
  baseOffset: number,
): Generator<AbortedTransaction, void, void> {
  const bytes = new Uint8Array(ENTRIES_AT_ONCE * ENTRY_SIZE);
  const view = viewOf(bytes);
  for (let position = 0; fs.stat(path) !== undefined; position += bytes.length) {
    const count = Math.floor(readPart(fs, path, bytes, position) / ENTRY_SIZE);
    for (let slot = 0; slot < count; slot++) {
      const fault = entryFault(view, slot, baseOffset, { file: path, position: position + slot * ENTRY_SIZE });
      if (fault !== undefined) throw fault;
      yield readAbortedTransaction(view, slot);
    }
    if (count < ENTRIES_AT_ONCE) return;
  }
}

/** Nothing stays open between two parts: whoever reads them may never come for the next. */
function readPart(fs: FileSystem, path: string, into: Uint8Array, position: number): number {
  const file = fs.open(path, 'read');
  try {
    return file.read(into, 0, into.length, position);
  } finally {
    file.close();
  }
}
