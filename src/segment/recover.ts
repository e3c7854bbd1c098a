/** Reads a segment from end to end: how much of it is good, and what its indexes should be. */
import { RECOVERY_ROW, RECOVERY_SCRATCH_BYTES, RECOVERY_STATE, RECOVERY_STOPS } from '../engine/contract.ts';
import { SUFFIXES } from '../format/names.ts';
import { OFFSET_INDEX } from '../format/offset-index.ts';
import { TIME_INDEX } from '../format/time-index.ts';
import type { File } from '../fs/contract.ts';
import { OffsetIndex } from '../index/offset-index.ts';
import { TimeIndex } from '../index/time-index.ts';
import type { SegmentContext } from './context.ts';
import { type SegmentScan, scanResult } from './scan-result.ts';
import { Segment } from './segment.ts';

export { isZero, type SegmentScan } from './scan-result.ts';

/** Half of it for each of the native engine's threads: as much as the second-level cache holds. */
const SCRATCH_BYTES = 2 * 1024 * 1024;
/** Some tens of milliseconds: long enough that calls cost little, short enough to show progress. */
const CALL_BYTES = 256 * 1024 * 1024;
const ROWS = 8192;
/** Those of 64 MiB at Kafka's index interval: a call over batches smaller than four times that ends when they are full. */
const ENTRIES = 16 * 1024;
/** No batch is smaller: of format 0, with an empty message. */
const LEAST_BATCH_BYTES = 26;

/**
 * Rows of the batches that matter ({@link RECOVERY_ROW}), in order, valid for the call. Returns the file position before
 * which to cut, or undefined to go on.
 */
export type RowVisitor = (rows: Float64Array, count: number) => number | undefined;

/** A place where the scan can go on: the engine's state, and how many pieces of entries there were. */
interface Mark {
  readonly state: Float64Array;
  readonly pieces: number;
}

/**
 * A scan of a segment's log file, checksums included, that builds its indexes by Kafka's rule and tells of the batches
 * that producers and leader epochs depend on. It changes nothing.
 *
 * The scan stops at the first batch that is not whole, does not match its checksum, or does not fit the segment's offset
 * range. Where offsets fall it goes on, but only to find whether Kafka would notice.
 */
export class SegmentScanner {
  readonly baseOffset: number;
  /** What the last `next` found: `rowCount` rows, valid until the one after. */
  readonly rows: Float64Array;
  readonly #context: SegmentContext;
  readonly #file: File;
  readonly #fileBytes: number;
  readonly #scratch: Uint8Array;
  readonly #offsetRoom: Uint8Array;
  readonly #timeRoom: Uint8Array;
  readonly #offsets: Uint8Array[] = [];
  readonly #times: Uint8Array[] = [];
  readonly #marks: Mark[] = [];
  #state: Float64Array;
  #end: number;
  #isDone = false;

  /**
   * @param options `end`: as if the file ended there; `stage`: what the file has behind its name
   * @throws SeglogError `IO`
   */
  constructor(
    context: SegmentContext,
    directory: string,
    baseOffset: number,
    { end = Infinity, stage = '' }: { readonly end?: number; readonly stage?: string } = {},
  ) {
    this.#context = context;
    this.baseOffset = baseOffset;
    this.#file = context.fs.open(new Segment(context, directory, baseOffset, 0, { stage }).logPath, 'read');
    this.#fileBytes = this.#file.sizeBytes();
    this.#end = Math.min(end, this.#fileBytes);
    this.#scratch = Buffer.allocUnsafeSlow(Math.max(RECOVERY_SCRATCH_BYTES, Math.min(SCRATCH_BYTES, this.#end)));
    // A log of many small segments would take a megabyte for each of them.
    const most = Math.floor(this.#end / LEAST_BATCH_BYTES) + 1;
    this.rows = new Float64Array(Math.min(ROWS, most) * RECOVERY_ROW.length);
    this.#offsetRoom = new Uint8Array(Math.min(ENTRIES, most) * OFFSET_INDEX.ENTRY_SIZE);
    this.#timeRoom = new Uint8Array(Math.min(ENTRIES, most) * TIME_INDEX.ENTRY_SIZE);
    this.#state = new Float64Array(RECOVERY_STATE.length);
    this.#state[RECOVERY_STATE.baseOffset] = baseOffset;
    this.#state[RECOVERY_STATE.interval] = context.config.indexIntervalBytes;
    this.#state[RECOVERY_STATE.budgetBytes] = CALL_BYTES;
    this.#state[RECOVERY_STATE.nextOffset] = baseOffset;
    this.#state[RECOVERY_STATE.maxTimestamp] = -1;
    this.#state[RECOVERY_STATE.lastTimeIndexed] = -1;
    this.#state[RECOVERY_STATE.leaderEpoch] = -1;
    this.#state[RECOVERY_STATE.fallPosition] = -1;
  }

  /** How many rows the last `next` found. */
  get rowCount(): number {
    return this.#state[RECOVERY_STATE.rowCount] as number;
  }

  /** How far the scan is in the file. */
  get scannedBytes(): number {
    return this.#state[RECOVERY_STATE.position] as number;
  }

  /** Goes on over some megabytes, off this thread where the engine can. False, and no rows, when there is nothing left. */
  async next(): Promise<boolean> {
    if (!this.#start()) return false;
    const { engine } = this.#context;
    await engine.recoverAsync(
      this.#file,
      this.#end,
      this.#scratch,
      this.#state,
      this.rows,
      this.#offsetRoom,
      this.#timeRoom,
    );
    return this.#settle();
  }

  /** The same on this thread. */
  nextSync(): boolean {
    if (!this.#start()) return false;
    const { engine } = this.#context;
    engine.recover(this.#file, this.#end, this.#scratch, this.#state, this.rows, this.#offsetRoom, this.#timeRoom);
    return this.#settle();
  }

  /**
   * Scans what is left, and tells the outcome.
   *
   * @param cutAt where a batch starts: as if the file ended there
   */
  async finish(cutAt?: number): Promise<SegmentScan> {
    if (cutAt !== undefined) this.#goBackTo(cutAt);
    while (await this.next());
    return this.#result();
  }

  /** The same on this thread. */
  finishSync(): SegmentScan {
    while (this.nextSync());
    return this.#result();
  }

  /** Lets go of the file. */
  close(): void {
    this.#file.close();
  }

  #start(): boolean {
    if (this.#isDone) {
      this.#state[RECOVERY_STATE.rowCount] = 0;
      return false;
    }
    this.#marks.push({ state: this.#state.slice(), pieces: this.#offsets.length });
    return true;
  }

  #settle(): boolean {
    const state = this.#state;
    const offsetBytes = (state[RECOVERY_STATE.offsetCount] as number) * OFFSET_INDEX.ENTRY_SIZE;
    const timeBytes = (state[RECOVERY_STATE.timeCount] as number) * TIME_INDEX.ENTRY_SIZE;
    this.#offsets.push(this.#offsetRoom.slice(0, offsetBytes));
    this.#times.push(this.#timeRoom.slice(0, timeBytes));
    const stop = state[RECOVERY_STATE.stop];
    this.#isDone = stop !== RECOVERY_STOPS.full && stop !== RECOVERY_STOPS.budget;
    return true;
  }

  /** Makes the file end at `cutAt`: goes back to the last mark before it, if the scan is beyond or has met a fall there. */
  #goBackTo(cutAt: number): void {
    this.#end = Math.min(this.#end, cutAt);
    const isUntouched = (this.#state[RECOVERY_STATE.fallPosition] as number) < 0;
    if (this.scannedBytes <= cutAt && isUntouched) return;
    let mark: Mark | undefined;
    while (mark === undefined || (mark.state[RECOVERY_STATE.position] as number) > cutAt) {
      mark = this.#marks.pop() as Mark;
    }
    this.#state = mark.state;
    this.#offsets.length = mark.pieces;
    this.#times.length = mark.pieces;
    this.#isDone = false;
  }

  #result(): SegmentScan {
    const entries = { offset: this.#offsets, time: this.#times };
    return scanResult(this.#context, this.#file, this.#fileBytes, this.#end, this.#state, entries);
  }
}

/** Scans a segment on this thread: for an index that is missing when it is needed. @throws SeglogError `IO` */
export function scanSegmentSync(context: SegmentContext, directory: string, baseOffset: number): SegmentScan {
  const scanner = new SegmentScanner(context, directory, baseOffset);
  try {
    return scanner.finishSync();
  } finally {
    scanner.close();
  }
}

/** Scans a segment off this thread where the engine can, and shows what it finds. @throws SeglogError `IO` */
export async function scanSegment(
  context: SegmentContext,
  directory: string,
  baseOffset: number,
  visit?: RowVisitor,
): Promise<SegmentScan> {
  const scanner = new SegmentScanner(context, directory, baseOffset);
  try {
    let cutAt: number | undefined;
    while (visit !== undefined && cutAt === undefined && (await scanner.next())) {
      cutAt = visit(scanner.rows, scanner.rowCount);
    }
    return await scanner.finish(cutAt);
  } finally {
    scanner.close();
  }
}

/** Writes the indexes that a scan found, in place of what is there. */
export function rebuildIndexes(
  context: SegmentContext,
  directory: string,
  baseOffset: number,
  scan: SegmentScan,
): void {
  const { engine, fs, config } = context;
  const segment = new Segment(context, directory, baseOffset, 0);
  const offsets = OffsetIndex.create(
    engine,
    fs,
    segment.pathOf(SUFFIXES.offsetIndex),
    baseOffset,
    config.segmentIndexBytes,
  );
  offsets.table.replace(scan.offsetEntries);
  offsets.table.close();
  const times = TimeIndex.create(engine, fs, segment.pathOf(SUFFIXES.timeIndex), baseOffset, config.segmentIndexBytes);
  times.table.replace(scan.timeEntries);
  times.table.close();
}
