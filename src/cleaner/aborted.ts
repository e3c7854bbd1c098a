/** The aborted transactions of a log, read and written entry by entry: there may be millions of them. */
import { SUFFIXES } from '../format/names.ts';
import { type AbortedTransaction, TRANSACTION_INDEX, writeAbortedTransaction } from '../format/transaction-index.ts';
import type { File, FileSystem } from '../fs/contract.ts';
import { readTransactions } from '../index/transaction-index.ts';
import type { Offset } from '../units/units.ts';
import type { CleanerMachine, CleanRequest } from './contract.ts';
import { pathOf } from './path.ts';

const { ENTRY_SIZE } = TRANSACTION_INDEX;
/** How many entries are written in one go. */
const ENTRIES_AT_ONCE = 1024;

/** Goes over the entries of all segments, in the order of their markers, from the one on that holds an offset. */
export class AbortedCursor {
  readonly #fs: FileSystem;
  readonly #request: CleanRequest;
  readonly #start: Offset;
  #segment: number;
  #entries: Iterator<AbortedTransaction, void, void> | undefined;

  /** @param start transactions that ended below it are passed over */
  constructor({ fs }: CleanerMachine, request: CleanRequest, start: Offset) {
    this.#fs = fs;
    this.#request = request;
    this.#start = start;
    this.#segment = Math.max(
      0,
      request.segments.findLastIndex(({ baseOffset }) => baseOffset <= start),
    );
  }

  /** The base offset of the segment that the last entry came from. */
  get segment(): Offset {
    return this.#request.segments[this.#segment]?.baseOffset ?? 0;
  }

  /** The index file of a segment. */
  pathOf(baseOffset: Offset): string {
    return pathOf(this.#request.directory, baseOffset, SUFFIXES.transactionIndex);
  }

  /** The next one; undefined at the end. @throws SeglogError `CORRUPT_INDEX`, `UNSUPPORTED_VERSION`, `IO` */
  next(): AbortedTransaction | undefined {
    const { segments } = this.#request;
    for (let at = segments[this.#segment]; at !== undefined; at = segments[this.#segment]) {
      this.#entries ??= readTransactions(this.#fs, this.pathOf(at.baseOffset), at.baseOffset);
      const found = this.#entries.next();
      if (found.done === true) this.#advance();
      else if (found.value.lastOffset >= this.#start) return found.value;
    }
    return undefined;
  }

  /** Passes over what is left of segments below `baseOffset`: their files may be others by now. */
  skipTo(baseOffset: Offset): void {
    const { segments } = this.#request;
    while ((segments[this.#segment]?.baseOffset ?? Infinity) < baseOffset) this.#advance();
  }

  #advance(): void {
    this.#segment++;
    this.#entries = undefined;
  }
}

/** The transaction index of a segment that is being written. There is no file until the first entry. */
export class AbortedFile {
  readonly #fs: FileSystem;
  readonly #path: string;
  #file: File | undefined;
  #bytes: Uint8Array = new Uint8Array(0);
  #count = 0;
  #sizeBytes = 0;

  constructor(fs: FileSystem, path: string) {
    this.#fs = fs;
    this.#path = path;
  }

  /** Adds an entry; they come in the order of their markers. @throws SeglogError `IO` */
  add(transaction: AbortedTransaction): void {
    if (this.#bytes.length === 0) this.#bytes = new Uint8Array(ENTRIES_AT_ONCE * ENTRY_SIZE);
    writeAbortedTransaction(new DataView(this.#bytes.buffer), this.#count++, transaction);
    if (this.#count === ENTRIES_AT_ONCE) this.#write();
  }

  /** Writes what is left, syncs, and closes. @throws SeglogError `IO` */
  async finish(): Promise<void> {
    this.#write();
    await this.#file?.sync();
    this.close();
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  #write(): void {
    if (this.#count === 0) return;
    this.#file ??= this.#fs.open(this.#path, 'new');
    const length = this.#count * ENTRY_SIZE;
    this.#file.write(this.#bytes, 0, length, this.#sizeBytes);
    this.#sizeBytes += length;
    this.#count = 0;
  }
}
