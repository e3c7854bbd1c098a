/** A segment that is being written: `.cleaned` files, which nobody takes for a part of the log. */
import { BUILD_STATE, SCAN_ROW } from '../engine/contract.ts';
import { SeglogError } from '../errors/errors.ts';
import { lastOffsetOf } from '../format/batch.ts';
import { SUFFIXES, STAGES } from '../format/names.ts';
import { OFFSET_INDEX } from '../format/offset-index.ts';
import { TIME_INDEX, writeTimeEntry } from '../format/time-index.ts';
import type { AbortedTransaction } from '../format/transaction-index.ts';
import type { File } from '../fs/contract.ts';
import { TransactionIndex } from '../index/transaction-index.ts';
import { MAX_INT32, type Offset, type TimestampMs } from '../units/units.ts';
import type { CleanedSegment, CleanerMachine, CleanRequest } from './contract.ts';
import { Entries } from './entries.ts';
import { pathOf } from './sources.ts';

/** Whatever a segment has; a snapshot of producers is none of the cleaner's business. */
const SEGMENT_SUFFIXES = [SUFFIXES.log, SUFFIXES.offsetIndex, SUFFIXES.timeIndex, SUFFIXES.transactionIndex];

/** The path of a file of a segment that is being written. */
function cleanedPath({ directory }: CleanRequest, baseOffset: Offset, suffix: string): string {
  return pathOf(directory, baseOffset, suffix) + STAGES.cleaned;
}

/** Removes what there is of a segment that was being written. */
export function removeCleaned({ fs }: CleanerMachine, request: CleanRequest, baseOffset: Offset): void {
  for (const suffix of SEGMENT_SUFFIXES) fs.remove(cleanedPath(request, baseOffset, suffix));
}

/** Writes one segment, with the index entries that appending its batches would have made. */
export class CleanedOutput {
  readonly baseOffset: Offset;
  readonly #machine: CleanerMachine;
  readonly #request: CleanRequest;
  readonly #log: File;
  readonly #state: Float64Array = new Float64Array(BUILD_STATE.length);
  readonly #offsets: Entries;
  readonly #times: Entries;
  #sizeBytes = 0;
  #nextOffset: Offset;
  #isOpen = true;

  /** Makes the files; leftovers of those names go first. */
  constructor(machine: CleanerMachine, request: CleanRequest, baseOffset: Offset) {
    const { segmentIndexBytes, indexIntervalBytes } = request;
    this.#machine = machine;
    this.#request = request;
    this.baseOffset = baseOffset;
    this.#nextOffset = baseOffset;
    removeCleaned(machine, request, baseOffset);
    this.#log = machine.fs.open(cleanedPath(request, baseOffset, SUFFIXES.log), 'new');
    this.#state[BUILD_STATE.baseOffset] = baseOffset;
    this.#state[BUILD_STATE.interval] = indexIntervalBytes;
    this.#state[BUILD_STATE.maxTimestamp] = -1;
    this.#state[BUILD_STATE.lastTimeIndexed] = -1;
    this.#offsets = new Entries(OFFSET_INDEX.ENTRY_SIZE, segmentIndexBytes);
    // One slot is the last entry's.
    this.#times = new Entries(TIME_INDEX.ENTRY_SIZE, segmentIndexBytes - TIME_INDEX.ENTRY_SIZE);
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Whether so many bytes more would be too many for the positions in an index. */
  isFullFor(bytes: number): boolean {
    return this.#sizeBytes > 0 && this.#sizeBytes + bytes > MAX_INT32;
  }

  /** Appends `count` batches that fill `bytes[0, length)`. @throws SeglogError `OFFSET_OVERFLOW`, `IO` */
  append(bytes: Uint8Array, length: number, rows: Int32Array, count: number): void {
    const state = this.#state;
    const offsets = this.#offsets.room(count);
    const times = this.#times.room(count);
    this.#machine.engine.buildIndex(bytes, rows.subarray(0, count * SCAN_ROW.length), count, state, offsets, times);
    if (state[BUILD_STATE.overflow] === 1) {
      throw new SeglogError('OFFSET_OVERFLOW', "an offset does not fit its segment's index", {
        file: this.#log.path,
        position: state[BUILD_STATE.position] as number,
        expected: `${this.baseOffset} to ${this.baseOffset + MAX_INT32}`,
      });
    }
    this.#offsets.add(state[BUILD_STATE.offsetCount] as number);
    this.#times.add(state[BUILD_STATE.timeCount] as number);
    this.#log.write(bytes, 0, length, this.#sizeBytes);
    this.#sizeBytes += length;
    if (count > 0) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, length);
      this.#nextOffset = lastOffsetOf(view, rows[(count - 1) * SCAN_ROW.length + SCAN_ROW.start] as number) + 1;
    }
  }

  /** Completes the files: last time entry, aborted transactions, the time of the last source, all of it synced. */
  async finish(modifiedMs: TimestampMs, aborted: readonly AbortedTransaction[]): Promise<CleanedSegment> {
    const { fs } = this.#machine;
    const { baseOffset, sizeBytes } = this;
    this.#addLastTime();
    await this.#log.sync();
    this.#close();
    fs.setModified(this.#log.path, modifiedMs);
    await this.#writeIndex(SUFFIXES.offsetIndex, this.#offsets.bytes());
    await this.#writeIndex(SUFFIXES.timeIndex, this.#times.bytes());
    if (aborted.length > 0) await this.#writeTransactions(aborted);
    return { baseOffset, sizeBytes, nextOffset: this.#nextOffset };
  }

  /** Removes the files. */
  discard(): void {
    this.#close();
    removeCleaned(this.#machine, this.#request, this.baseOffset);
  }

  #close(): void {
    if (this.#isOpen) this.#log.close();
    this.#isOpen = false;
  }

  /** As in rolling and closing, the largest timestamp has the last entry. */
  #addLastTime(): void {
    const largest = this.#state[BUILD_STATE.maxTimestamp] as number;
    if (largest <= (this.#state[BUILD_STATE.lastTimeIndexed] as number) && !this.#times.isCut) return;
    const entry = new Uint8Array(TIME_INDEX.ENTRY_SIZE);
    const relative = (this.#state[BUILD_STATE.offsetOfMaxTimestamp] as number) - this.baseOffset;
    writeTimeEntry(new DataView(entry.buffer), 0, largest, relative);
    this.#times.addLast(entry);
  }

  async #writeIndex(suffix: string, entries: Uint8Array): Promise<void> {
    const file = this.#machine.fs.open(cleanedPath(this.#request, this.baseOffset, suffix), 'new');
    try {
      file.write(entries, 0, entries.length, 0);
      await file.sync();
    } finally {
      file.close();
    }
  }

  async #writeTransactions(aborted: readonly AbortedTransaction[]): Promise<void> {
    const path = cleanedPath(this.#request, this.baseOffset, SUFFIXES.transactionIndex);
    const index = TransactionIndex.open(this.#machine.fs, path, this.baseOffset);
    try {
      for (const transaction of aborted) index.append(transaction);
      await index.sync();
    } finally {
      index.close();
    }
  }
}
