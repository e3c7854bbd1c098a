/**
 * Where a batch starts near a position, by the offset index beside a segment. The index is only a hint: an entry is
 * followed where the log bears it out, and the whole index is passed over once it was wrong.
 */
import type { Engine } from '../../engine/contract.ts';
import { SeglogError } from '../../errors/errors.ts';
import { BATCH, HEADER_SIZE, LOG_OVERHEAD } from '../../format/batch.ts';
import { SUFFIXES } from '../../format/names.ts';
import { OFFSET_INDEX, offsetOfEntry, positionOfEntry } from '../../format/offset-index.ts';
import type { File, FileSystem } from '../../fs/contract.ts';
import { summarize } from '../../inspect/batch-summary.ts';
import type { KnownFile } from '../../inspect/file-kinds.ts';
import { entryAt, lastSlot } from '../../inspect/index-search.ts';
import { addExact, narrow } from '../../inspect/int64.ts';
import { isBatchAt } from '../../inspect/resync.ts';

/** Looks up the index of one segment. */
export class EntryAnchors {
  readonly #engine: Engine;
  readonly #fs: FileSystem;
  readonly #known: KnownFile;
  readonly #log: File;
  /** Whether an entry was found to be wrong. */
  #isWrong = false;

  constructor(engine: Engine, fs: FileSystem, known: KnownFile, log: File) {
    this.#engine = engine;
    this.#fs = fs;
    this.#known = known;
    this.#log = log;
  }

  /** The last indexed start of a batch below `position`; 0 when there is none, or no index to follow. */
  below(position: number): number {
    if (this.#isWrong) return 0;
    const path = this.#known.path.slice(0, -SUFFIXES.log.length) + SUFFIXES.offsetIndex;
    let index: File | undefined;
    try {
      if (this.#fs.stat(path) === undefined) return 0;
      // Opened anew: an index that grows or is replaced is then the right one.
      index = this.#fs.open(path, 'read');
      return this.#lookUp(index, position);
    } catch (error) {
      if (!(error instanceof SeglogError)) throw error;
      this.#isWrong = true;
      return 0;
    } finally {
      index?.close();
    }
  }

  /** Entries rise, and zeros behind them are space that is set aside. */
  #lookUp(index: File, position: number): number {
    const size = OFFSET_INDEX.ENTRY_SIZE;
    const isBelow = (entry: DataView): boolean => {
      const found = positionOfEntry(entry, 0);
      return found > 0 && found < position;
    };
    const entry = entryAt(index, size, lastSlot(index, size, isBelow));
    if (entry === undefined) return 0;
    const found = positionOfEntry(entry, 0);
    if (this.#isBorneOut(found, offsetOfEntry(entry, 0))) return found;
    this.#isWrong = true;
    return 0;
  }

  /** Whether a valid batch starts there and ends at the offset that the entry names. */
  #isBorneOut(position: number, relativeOffset: number): boolean {
    const end = this.#log.sizeBytes();
    if (position <= 0 || position >= end || !isBatchAt(this.#engine, this.#log, position, end)) return false;
    const head = new Uint8Array(HEADER_SIZE);
    this.#log.read(head, 0, Math.min(HEADER_SIZE, end - position), position);
    const view = new DataView(head.buffer);
    const { lastOffset } = summarize(view, 0, LOG_OVERHEAD + view.getInt32(BATCH.LENGTH), position, true);
    return lastOffset === addExact(narrow(this.#known.baseOffset ?? 0n), relativeOffset);
  }
}
