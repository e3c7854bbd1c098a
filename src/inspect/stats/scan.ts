/**
 * Goes over a file of batches, or a part of it that starts at a batch: checksums in the engine, a chunk at a time, and counts
 * what is whole. What is no batch is told, and searched for the next one, as verification does.
 */
import { SCAN_OUTCOME, SCAN_ROW, SCAN_STOPS, type ScanStop } from '../../engine/contract.ts';
import { HEADER_SIZE } from '../../format/batch.ts';
import type { File } from '../../fs/contract.ts';
import { MAX_INT32 } from '../../units/units.ts';
import { fileShrank, viewOf } from '../chunk.ts';
import { makeFinding } from '../verify/finding.ts';
import { HoleFinder } from '../verify/segment/holes.ts';
import type { FindingSink } from '../verify/sink.ts';
import { BatchCount, type CountContext } from './batch-count.ts';

/** What the second-level cache holds: bytes are read, summed and walked while they are there. */
const CHUNK_BYTES = 512 * 1024;
const CHUNK_ROWS = 8192;

/** A part of a file, or all of it. Plain data. */
export interface ScanRange {
  readonly path: string;
  /** The file's number, by which keys are found again. */
  readonly source: number;
  /** Where the part starts, at a batch. */
  readonly from: number;
  /** A batch that starts there or behind is not the part's any more; Infinity for the last part of a file. */
  readonly to: number;
  /** Whether somebody appends to it: its tail is no fault then. */
  readonly isLive: boolean;
  /** Places of the file, ascending: of the batches at or behind them a sample is made. */
  readonly samples: readonly number[];
}

/** What the scan of a part came to, besides the tally. Plain data. */
export interface ScannedRange {
  readonly path: string;
  /** Of the file. */
  readonly sizeBytes: number;
  readonly from: number;
  /** Where the next part starts, as far as this one can tell. */
  readonly end: number;
  readonly bytes: number;
  readonly batches: number;
  readonly records: number;
  /** NaN without one. */
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly minTimestamp: number;
  readonly maxTimestamp: number;
  readonly zeroTailBytes: number;
  /** Positions of batches for a sample. */
  readonly sampled: readonly number[];
}

/** One pass over one part. */
export class RangeScan {
  readonly #context: CountContext;
  readonly #file: File;
  readonly #range: ScanRange;
  readonly #sink: FindingSink;
  readonly #count: BatchCount;
  readonly #holes: HoleFinder;
  readonly #sizeBytes: number;
  readonly #rows: Int32Array = new Int32Array(CHUNK_ROWS * SCAN_ROW.length);
  readonly #outcome: Float64Array = new Float64Array(SCAN_OUTCOME.length);
  readonly #sampled: number[] = [];
  #bytes: Uint8Array;
  #view: DataView;
  #samplesPassed = 0;
  #zeroTailBytes = 0;
  #bytesCounted = 0;
  #batches = 0;
  #records = 0;
  #firstOffset = NaN;
  #lastOffset = NaN;
  #minTimestamp = NaN;
  #maxTimestamp = NaN;
  /** Of the last whole batch, counted or not; -1 before the first. */
  #lastSeen = -1;
  #isOver = false;

  constructor(context: CountContext, file: File, range: ScanRange, sink: FindingSink) {
    const found = file.sizeBytes();
    this.#context = context;
    this.#file = file;
    this.#range = range;
    this.#sink = sink;
    this.#sizeBytes = Math.min(found, MAX_INT32);
    if (found > MAX_INT32 && range.from === 0)
      sink.add(
        makeFinding('LOG_TOO_LARGE', file.path, { position: MAX_INT32, expected: `at most ${MAX_INT32}`, found }),
      );
    this.#count = new BatchCount(context, file.path, range.source, sink);
    this.#holes = new HoleFinder(context.engine, file, this.#sizeBytes, sink, range.isLive);
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(HEADER_SIZE, Math.min(CHUNK_BYTES, this.#sizeBytes)));
    this.#view = viewOf(this.#bytes);
  }

  /**
   * Goes over the part.
   *
   * @param progress told of the bytes gone over, chunk by chunk
   * @throws SeglogError `IO`, `FILE_SHRANK`; what was counted before that is in the tally
   */
  run(progress: (bytes: number) => void): ScannedRange {
    const { from, to, path } = this.#range;
    const stop = Math.min(to, this.#sizeBytes);
    const { counts } = this.#context.tally;
    // Also where the scan fails half-way: its batches are counted, too.
    if (from === 0) {
      counts.segments++;
      counts.fileBytes += this.#sizeBytes;
    }
    let position = from;
    while (position < stop && !this.#isOver) {
      const next = this.#chunk(position, stop);
      progress(Math.min(next, stop) - position);
      position = next;
    }
    if (this.#isOver) progress(Math.max(0, stop - position));
    counts.zeroTailBytes += this.#zeroTailBytes;
    return {
      path,
      from,
      sizeBytes: this.#sizeBytes,
      end: this.#isOver ? to : position,
      bytes: this.#bytesCounted,
      batches: this.#batches,
      records: this.#records,
      firstOffset: this.#firstOffset,
      lastOffset: this.#lastOffset,
      minTimestamp: this.#minTimestamp,
      maxTimestamp: this.#maxTimestamp,
      zeroTailBytes: this.#zeroTailBytes,
      sampled: this.#sampled,
    };
  }

  /** Takes the batches that start at `position` and fit a chunk; returns where to go on. */
  #chunk(position: number, stop: number): number {
    // The part's last batch may end behind it, and what lies there is the next part's.
    const wanted = Math.min(this.#bytes.length, this.#sizeBytes - position);
    this.#context.engine.readBatches(this.#file, position, this.#bytes, wanted, true, this.#rows, this.#outcome);
    const filled = this.#outcome[SCAN_OUTCOME.filled] as number;
    if (filled < wanted) throw fileShrank(this.#file, position + wanted, position + filled);
    const last = (this.#outcome[SCAN_OUTCOME.count] as number) * SCAN_ROW.length;
    for (let row = 0; row < last; row += SCAN_ROW.length) {
      const start = this.#rows[row + SCAN_ROW.start] as number;
      if (position + start >= stop) return position + start;
      this.#take(start, this.#rows[row + SCAN_ROW.size] as number, position + start);
      if (this.#isOver) return position + start;
    }
    const end = this.#outcome[SCAN_OUTCOME.end] as number;
    const why = this.#outcome[SCAN_OUTCOME.stop] as ScanStop;
    const need = this.#outcome[SCAN_OUTCOME.need] as number;
    const at = position + end;
    if (why === SCAN_STOPS.end || why === SCAN_STOPS.full || at >= stop) return at;
    if (why === SCAN_STOPS.partial && at + need <= this.#sizeBytes) return this.#larger(at, need);
    return this.#hole(at, end, why);
  }

  /** A whole batch whose checksum is right. */
  #take(start: number, size: number, position: number): void {
    const count = this.#count;
    count.take(this.#bytes, this.#view, start, size, position);
    this.#isOver = count.isBeyond;
    this.#lastSeen = count.lastOffset;
    if (!count.isCounted) return;
    this.#batches++;
    this.#bytesCounted += size;
    this.#records += count.records;
    // Nothing is below or above NaN, which stands for none so far.
    if (!(count.firstOffset >= this.#firstOffset)) this.#firstOffset = count.firstOffset;
    if (!(count.lastOffset <= this.#lastOffset)) this.#lastOffset = count.lastOffset;
    if (count.minTimestamp < this.#minTimestamp || Number.isNaN(this.#minTimestamp))
      this.#minTimestamp = count.minTimestamp;
    if (count.maxTimestamp > this.#maxTimestamp || Number.isNaN(this.#maxTimestamp))
      this.#maxTimestamp = count.maxTimestamp;
    if (count.records > 0) this.#sample(position, size);
  }

  /** Takes the batch for the sample when one is due there. */
  #sample(position: number, size: number): void {
    const { samples } = this.#range;
    if (!(position + size > (samples[this.#samplesPassed] as number))) return;
    this.#sampled.push(position);
    while (position + size > (samples[this.#samplesPassed] as number)) this.#samplesPassed++;
  }

  /** A batch that does not fit the chunk, but the file. */
  #larger(position: number, need: number): number {
    const { maxBatchBytes } = this.#context;
    if (need > maxBatchBytes) {
      const details = { position, expected: `at most ${maxBatchBytes} bytes`, found: `${need} bytes` };
      this.#sink.add(makeFinding('BATCH_TOO_LARGE', this.#file.path, details));
      this.#context.tally.counts.damagedBatches++;
      return this.#holes.behindLarge(position, need, this.#nextOffset());
    }
    if (need > this.#bytes.length) {
      this.#bytes = Buffer.allocUnsafeSlow(need);
      this.#view = viewOf(this.#bytes);
    }
    return position;
  }

  /** Bytes that are no whole, valid batch. */
  #hole(position: number, at: number, stop: ScanStop): number {
    const hole = this.#holes.behind(position, this.#bytes, this.#view, at, stop, this.#nextOffset());
    if (hole.zeroTailBytes > 0) this.#zeroTailBytes = hole.zeroTailBytes;
    else this.#context.tally.counts.damagedBatches++;
    return hole.next;
  }

  /** Batches that follow have offsets from here on. */
  #nextOffset(): number {
    return this.#lastSeen + 1;
  }
}
