/** A segment that is being written: `.cleaned` files, which nobody takes for a part of the log. */
import { BUILD_STATE, SCAN_ROW } from '../engine/contract.ts';
import { SeglogError } from '../errors/errors.ts';
import { lastOffsetOf } from '../format/batch.ts';
import { SUFFIXES, STAGES } from '../format/names.ts';
import { OFFSET_INDEX } from '../format/offset-index.ts';
import { TIME_INDEX, writeTimeEntry } from '../format/time-index.ts';
import type { AbortedTransaction } from '../format/transaction-index.ts';
import type { File } from '../fs/contract.ts';
import { MAX_INT32, type Offset, type TimestampMs } from '../units/units.ts';
import { AbortedFile } from './aborted.ts';
import type { CleanedSegment, CleanerMachine, CleanRequest } from './contract.ts';
import { Entries } from './entries.ts';
import { pathOf } from './path.ts';

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
  readonly #aborted: AbortedFile;
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
    this.#aborted = new AbortedFile(machine.fs, cleanedPath(request, baseOffset, SUFFIXES.transactionIndex));
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

  /**
   * Whether `count` batches more, with so many bytes and up to an offset, are within what an index can tell of positions and
   * offsets. A single batch may have as many bytes as it likes.
   */
  takes(count: number, bytes: number, lastOffset: Offset): boolean {
    const { maxCleanedBytes = MAX_INT32 } = this.#request;
    if (lastOffset - this.baseOffset > MAX_INT32) return false;
    return this.#sizeBytes + bytes <= maxCleanedBytes || (this.#sizeBytes === 0 && count === 1);
  }

  /** Appends `count` batches that fill `bytes`, and that it {@link takes}. @throws SeglogError `IO` */
  append(bytes: Uint8Array, rows: Int32Array, count: number): void {
    const state = this.#state;
    const offsets = this.#offsets.room(count);
    const times = this.#times.room(count);
    this.#machine.engine.buildIndex(bytes, rows, count, state, offsets, times);
    if (state[BUILD_STATE.overflow] === 1) {
      throw new SeglogError('INTERNAL', "an offset does not fit its segment's index", { file: this.#log.path });
    }
    this.#offsets.add(state[BUILD_STATE.offsetCount] as number);
    this.#times.add(state[BUILD_STATE.timeCount] as number);
    this.#log.write(bytes, 0, bytes.length, this.#sizeBytes);
    this.#sizeBytes += bytes.length;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#nextOffset = lastOffsetOf(view, rows[(count - 1) * SCAN_ROW.length + SCAN_ROW.start] as number) + 1;
  }

  /** Takes an aborted transaction whose marker stayed; they come in the order of their markers. @throws SeglogError `IO` */
  noteAborted(transaction: AbortedTransaction): void {
    this.#aborted.add(transaction);
  }

  /** Completes the files: last time entry, aborted transactions, the time of the last source, all of it synced. */
  async finish(modifiedMs: TimestampMs): Promise<CleanedSegment> {
    const { baseOffset, sizeBytes } = this;
    this.#addLastTime();
    // Before the sync, which makes it durable: how old legacy tombstones are hangs on it.
    this.#machine.fs.setModified(this.#log.path, modifiedMs);
    await this.#log.sync();
    this.#log.close();
    this.#isOpen = false;
    await this.#writeIndex(SUFFIXES.offsetIndex, this.#offsets.take());
    await this.#writeIndex(SUFFIXES.timeIndex, this.#times.take());
    await this.#aborted.finish();
    return { baseOffset, sizeBytes, nextOffset: this.#nextOffset };
  }

  /** Removes the files. */
  discard(): void {
    this.#close();
    removeCleaned(this.#machine, this.#request, this.baseOffset);
  }

  #close(): void {
    this.#aborted.close();
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
}
