/**
 * Goes over a .log file once: checksums in the engine, a chunk at a time, and everything else from there. The undamaged path
 * makes no objects a record; what is no batch is left to {@link HoleFinder}, which says where batches go on.
 */
import { fileShrank, viewOf } from '../../chunk.ts';
import { type Engine, SCAN_OUTCOME, SCAN_ROW, SCAN_STOPS, type ScanStop } from '../../../engine/contract.ts';
import { BATCH, HEADER_SIZE } from '../../../format/batch.ts';
import type { File } from '../../../fs/contract.ts';
import { MAX_INT32 } from '../../../units/units.ts';
import { addExact, type Int64 } from '../../int64.ts';
import type { VerifyContext } from '../facts.ts';
import { makeFinding } from '../finding.ts';
import type { FindingSink } from '../sink.ts';
import { BatchCheck } from './batch-check.ts';
import { HoleFinder } from './holes.ts';
import { LegacyCheck } from './legacy-check.ts';
import { BatchOrder } from './order.ts';
import { Timestamps } from './timestamps.ts';

/** What the second-level cache holds: bytes are read, summed and walked while they are there. */
const CHUNK_BYTES = 512 * 1024;
const CHUNK_ROWS = 8192;

/** Follows the batches that are whole and in order. */
export interface BatchFollower {
  batch(position: number, size: number, last: Int64, maxTimestamp: Int64): void;
  /** Bytes from `from` to `to` are no batches that can be relied on; `to` is Infinity when none follow. */
  damaged(from: number, to: number, nextOffset: Int64): void;
}

/** One pass over one file. The fields are what it found so far. */
export class LogScan {
  readonly order: BatchOrder;
  readonly timestamps: Timestamps;
  batches = 0;
  records = 0;
  /** Bytes up to the first fault, or the zero tail. */
  wholeBytes = 0;
  zeroTailBytes = 0;
  /** The last offset of those bytes, and the one behind it; undefined where no batch is whole. */
  lastWholeOffset: Int64 | undefined;
  nextWholeOffset: Int64 | undefined;
  hasProducers = false;
  hasTransactions = false;
  isCompacted = false;
  /** Types of the very first and the very last record, where these are control records: of interest in a KRaft snapshot. */
  firstControlType: number | undefined;
  lastControlType: number | undefined;
  readonly sizeBytes: number;
  readonly #engine: Engine;
  readonly #file: File;
  readonly #sink: FindingSink;
  readonly #follower: BatchFollower;
  readonly #maxBatchBytes: number;
  readonly #batch: BatchCheck;
  readonly #legacy: LegacyCheck;
  readonly #holes: HoleFinder;
  readonly #rows: Int32Array = new Int32Array(CHUNK_ROWS * SCAN_ROW.length);
  readonly #outcome: Float64Array = new Float64Array(SCAN_OUTCOME.length);
  #bytes: Uint8Array;
  #view: DataView;
  #isWhole = true;

  constructor(
    context: VerifyContext,
    file: File,
    baseOffset: Int64 | undefined,
    sink: FindingSink,
    follower: BatchFollower,
    isLive: boolean,
  ) {
    const { engine, clock, limits } = context;
    const { path } = file;
    const found = file.sizeBytes();
    if (found > MAX_INT32)
      sink.add(makeFinding('LOG_TOO_LARGE', path, { position: MAX_INT32, expected: `at most ${MAX_INT32}`, found }));
    this.sizeBytes = Math.min(found, MAX_INT32);
    this.#engine = engine;
    this.#file = file;
    this.#sink = sink;
    this.#follower = follower;
    this.#maxBatchBytes = limits.maxBatchBytes;
    this.order = new BatchOrder(path, baseOffset, sink, (position) => this.#fault(position));
    this.timestamps = new Timestamps(path, sink, clock.now());
    this.#batch = new BatchCheck(engine, path, sink, limits.maxBatchBytes);
    this.#legacy = new LegacyCheck(engine, path, sink, limits.maxBatchBytes);
    this.#holes = new HoleFinder(engine, file, this.sizeBytes, sink, isLive);
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(HEADER_SIZE, Math.min(CHUNK_BYTES, this.sizeBytes)));
    this.#view = viewOf(this.#bytes);
  }

  /**
   * Goes over the whole file.
   *
   * @param progress told of the bytes gone over, chunk by chunk
   * @throws SeglogError `IO`, `FILE_SHRANK`
   */
  run(progress: (bytes: number) => void): void {
    let position = 0;
    while (position < this.sizeBytes) {
      const next = this.#chunk(position);
      progress(next - position);
      position = next;
    }
    if (this.#isWhole) this.#settle(this.sizeBytes - this.zeroTailBytes);
    this.order.tellGaps();
    this.timestamps.tell();
  }

  /** Takes the batches that start at `position` and fit a chunk; returns where to go on. */
  #chunk(position: number): number {
    const wanted = Math.min(this.#bytes.length, this.sizeBytes - position);
    this.#engine.readBatches(this.#file, position, this.#bytes, wanted, true, this.#rows, this.#outcome);
    const filled = this.#outcome[SCAN_OUTCOME.filled] as number;
    if (filled < wanted) throw fileShrank(this.#file, position + wanted, position + filled);
    const end = this.#outcome[SCAN_OUTCOME.end] as number;
    const stop = this.#outcome[SCAN_OUTCOME.stop] as ScanStop;
    const need = this.#outcome[SCAN_OUTCOME.need] as number;
    const last = (this.#outcome[SCAN_OUTCOME.count] as number) * SCAN_ROW.length;
    for (let row = 0; row < last; row += SCAN_ROW.length) {
      const start = this.#rows[row + SCAN_ROW.start] as number;
      this.#take(start, this.#rows[row + SCAN_ROW.size] as number, position + start);
    }
    const at = position + end;
    if (stop === SCAN_STOPS.end || stop === SCAN_STOPS.full) return at;
    if (stop === SCAN_STOPS.partial && at + need <= this.sizeBytes) return this.#larger(at, need);
    return this.#hole(at, end, stop);
  }

  /** A whole batch whose checksum is right. */
  #take(start: number, size: number, position: number): void {
    this.batches++;
    const faults = this.#sink.counts.error;
    const magic = this.#view.getInt8(start + BATCH.MAGIC);
    const isLegacy = magic === 0 || magic === 1;
    let isSound = true;
    if (isLegacy) this.#legacy.check(this.#bytes, this.#view, start, size, position);
    else isSound = this.#batch.check(this.#bytes, this.#view, start, size, position);
    const { base, last, maxTimestamp, count, isCompacted } = isLegacy ? this.#legacy : this.#batch;
    if (magic > 2) {
      const offsets = [base, last] as const;
      this.#sink.add(
        makeFinding('UNSUPPORTED_MAGIC', this.#file.path, { position, offsets, expected: '0, 1 or 2', found: magic }),
      );
    }
    this.records += count;
    if (isCompacted) this.isCompacted = true;
    if (!isLegacy) this.#noteBatch();
    if (this.#sink.counts.error > faults) this.#fault(position);
    if (isSound && this.order.accept(position, base, last, isLegacy ? -1 : this.#batch.epoch)) {
      this.timestamps.add(position, last, maxTimestamp, this.#isWhole);
      this.#follower.batch(position, size, last, maxTimestamp);
    } else {
      this.#fault(position);
      this.order.skip();
      this.#follower.damaged(position, position + size, this.order.next);
    }
  }

  #noteBatch(): void {
    this.lastControlType = this.#batch.lastControlType;
    if (this.batches === 1) this.firstControlType = this.#batch.firstControlType;
    if (this.#batch.hasProducer) this.hasProducers = true;
    if (this.#batch.isTransactional) this.hasTransactions = true;
  }

  /** A batch that does not fit the chunk, but the file. */
  #larger(position: number, need: number): number {
    if (need > this.#maxBatchBytes) {
      this.#sink.add(
        makeFinding('BATCH_TOO_LARGE', this.#file.path, {
          position,
          expected: `at most ${this.#maxBatchBytes} bytes`,
          found: `${need} bytes`,
        }),
      );
      const next = this.#holes.behindLarge(position, need, this.order.next);
      this.#skip(position, next);
      return next;
    }
    if (need > this.#bytes.length) {
      this.#bytes = Buffer.allocUnsafeSlow(need);
      this.#view = viewOf(this.#bytes);
    }
    return position;
  }

  /** Bytes that are no whole, valid batch. */
  #hole(position: number, at: number, stop: ScanStop): number {
    const hole = this.#holes.behind(position, this.#bytes, this.#view, at, stop, this.order.next);
    if (hole.zeroTailBytes > 0 && this.#isWhole) {
      this.zeroTailBytes = hole.zeroTailBytes;
      return this.sizeBytes;
    }
    this.#skip(position, hole.next);
    return hole.next;
  }

  #skip(position: number, next: number): void {
    this.#fault(position);
    this.order.skip();
    const isEnd = next >= this.sizeBytes;
    const nextOffset = isEnd ? Infinity : this.#holes.offsetAt(next, this.order.next);
    this.#follower.damaged(position, isEnd ? Infinity : next, nextOffset);
  }

  #fault(position: number): void {
    if (!this.#isWhole && position >= this.wholeBytes) return;
    this.#isWhole = false;
    this.#settle(position);
  }

  #settle(wholeBytes: number): void {
    this.wholeBytes = wholeBytes;
    // The batch before may be the one at fault: then the offsets are those before it.
    const isPrevious = wholeBytes === this.order.previousPosition;
    this.lastWholeOffset = isPrevious ? this.order.lastOffsetBefore : this.order.lastOffset;
    this.nextWholeOffset = this.lastWholeOffset === undefined ? undefined : addExact(this.lastWholeOffset, 1);
  }
}
