/**
 * Goes over all batches of a file, valid or not, in memory that does not grow with the file, and finds the next one behind
 * bytes that are none. Trusts nothing that the bytes say before the file holds it.
 */
import { type Engine, SCAN_OUTCOME, SCAN_ROW, SCAN_STOPS, type ScanStop } from '../engine/contract.ts';
import { SeglogError } from '../errors/errors.ts';
import { BATCH, HEADER_SIZE, MIN_MESSAGE_SIZE } from '../format/batch.ts';
import type { File } from '../fs/contract.ts';
import { checksums, plausibleSize, UNTIL_MAGIC } from './checks.ts';
import { fileShrank, viewOf } from './chunk.ts';
import { type Int64, readInt64 } from './int64.ts';
import { searchValidPosition } from './resync.ts';
import { searchEndOfZeros } from './zeros.ts';

const CHUNK_BYTES = 1024 * 1024;
const CHUNK_ROWS = 8192;
/** No segment is larger, so zeros beyond are not a preallocated one's: a sparse file of any size must not be read through. */
const MAX_SEGMENT_BYTES = 2 ** 31;

/** One batch, whole, in a buffer that the next step overwrites. */
export interface FoundBatch {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Where it starts in `bytes`. */
  readonly start: number;
  readonly size: number;
  /** Where it starts in the file. */
  readonly position: number;
  /** Whether its size and checksum are right. */
  readonly valid: boolean;
}

/** What goes to people beside the data. */
export interface Reporter {
  /** Something is wrong with the bytes. */
  finding(finding: SeglogError): void;
  /** Something to know that is no fault. */
  note(text: string): void;
}

/** Work that lets others have a turn at each `undefined`. */
type Pauses<T> = Generator<undefined, T, void>;

/** Walks one file. */
export class BatchWalk {
  readonly #engine: Engine;
  readonly #file: File;
  readonly #report: Reporter;
  readonly #rows: Int32Array = new Int32Array(CHUNK_ROWS * SCAN_ROW.length);
  readonly #outcome: Float64Array = new Float64Array(SCAN_OUTCOME.length);
  #bytes: Uint8Array;
  #view: DataView;
  #size: number;
  #zeroTailBytes = 0;
  /** The largest offset seen: what follows lies above it. */
  #lastOffset: Int64 = -1;

  constructor(engine: Engine, file: File, report: Reporter) {
    this.#engine = engine;
    this.#file = file;
    this.#report = report;
    this.#size = file.sizeBytes();
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(HEADER_SIZE, Math.min(CHUNK_BYTES, this.#size)));
    this.#view = viewOf(this.#bytes);
  }

  /** The size of the file, as far as it is walked. */
  get sizeBytes(): number {
    return this.#size;
  }

  /** Zeros behind the last batch, which are space set aside. */
  get zeroTailBytes(): number {
    return this.#zeroTailBytes;
  }

  /** The batches in order, from a position where one starts. What is wrong goes to the reporter, at the place where it is found. */
  *batches(from = 0): Generator<FoundBatch, void> {
    for (const batch of this.steps(from)) if (batch !== undefined) yield batch;
  }

  /**
   * {@link batches}, with a pause, which is `undefined`, every few milliseconds where there are none: behind damage the next
   * one may be gigabytes away.
   */
  *steps(from = 0): Generator<FoundBatch | undefined, void> {
    let position = from;
    while (position < this.#size) {
      const wanted = Math.min(this.#bytes.length, this.#size - position);
      this.#engine.readBatches(this.#file, position, this.#bytes, wanted, false, this.#rows, this.#outcome);
      const filled = this.#outcome[SCAN_OUTCOME.filled] as number;
      if (filled < wanted) throw fileShrank(this.#file, position + wanted, position + filled);
      const end = this.#outcome[SCAN_OUTCOME.end] as number;
      const stop = this.#outcome[SCAN_OUTCOME.stop] as ScanStop;
      const need = this.#outcome[SCAN_OUTCOME.need] as number;
      const moved = yield* this.#chunk(position, filled);
      if (moved !== undefined) {
        position = moved;
      } else if (stop === SCAN_STOPS.invalidSize) {
        position = yield* this.#behindInvalidSize(position + end, end);
      } else if (stop === SCAN_STOPS.partial && position + end + need > this.#size) {
        position = yield* this.#behindTruncated(position + end, end, filled - end, need);
      } else {
        position += end;
        if (stop === SCAN_STOPS.partial && need > this.#bytes.length) this.#grow(need);
      }
    }
  }

  /** The batches of the chunk at hand; returns where to go on when that is not where the chunk's batches end. */
  *#chunk(chunkPosition: number, filled: number): Generator<FoundBatch | undefined, number | undefined> {
    const count = this.#outcome[SCAN_OUTCOME.count] as number;
    for (let row = 0; row < count * SCAN_ROW.length; row += SCAN_ROW.length) {
      const start = this.#rows[row + SCAN_ROW.start] as number;
      const size = this.#rows[row + SCAN_ROW.size] as number;
      const position = chunkPosition + start;
      const sums = checksums(this.#engine, this.#bytes, this.#view, start, size);
      const valid = sums !== undefined && sums.stored === sums.computed;
      if (valid) this.#lastOffset = lastOffsetOf(this.#view, start);
      const next = valid ? undefined : yield* this.#reportInvalid(start, size, position, filled, sums);
      yield { bytes: this.#bytes, view: this.#view, start, size, position, valid };
      if (next !== undefined && next !== position + size) return next;
    }
    return undefined;
  }

  /** Reports a batch whose checksum is wrong; returns where batches go on: behind it, unless its size is the fault. */
  *#reportInvalid(
    start: number,
    size: number,
    position: number,
    filled: number,
    sums: ReturnType<typeof checksums>,
  ): Pauses<number> {
    const trusted = this.#batchFollows(start + size, filled, position + size);
    const next = trusted
      ? position + size
      : yield* searchValidPosition(this.#engine, this.#file, position + 1, this.#size, this.#lastOffset);
    const details = {
      ...this.#place(position, start),
      ...(next === undefined || next >= this.#size ? {} : { nextPosition: next }),
    };
    this.#report.finding(
      sums === undefined
        ? new SeglogError('BATCH_SIZE_INVALID', 'a batch is smaller than its header', {
            ...details,
            expected: `at least ${HEADER_SIZE} bytes`,
            found: size,
          })
        : new SeglogError('BATCH_CRC_MISMATCH', "a batch's checksum does not match its bytes", {
            ...details,
            expected: `crc ${sums.stored}`,
            found: `crc ${sums.computed}`,
          }),
    );
    // With nothing valid behind it, the stated size is as good a guess as any: what follows is looked at all the same.
    return next ?? position + size;
  }

  /** Whether the file ends at `position`, or a batch or a zero tail seems to follow there. */
  #batchFollows(at: number, filled: number, position: number): boolean {
    const remaining = this.#size - position;
    if (remaining === 0) return true;
    let view = this.#view;
    let start = at;
    if (at + HEADER_SIZE > filled) {
      const header = new Uint8Array(HEADER_SIZE);
      this.#file.read(header, 0, Math.min(HEADER_SIZE, remaining), position);
      view = viewOf(header);
      start = 0;
    }
    const isZero = view.getBigInt64(start) === 0n && view.getInt32(start + BATCH.LENGTH) === 0;
    return isZero || plausibleSize(view, start, remaining) !== undefined;
  }

  /** A size that cannot be: zeros to the end of the file are the end of the data, anything else is a fault. */
  *#behindInvalidSize(position: number, at: number): Pauses<number> {
    const found = this.#view.getInt32(at + BATCH.LENGTH);
    if (found === 0) {
      if (yield* this.#isZeroTail(position)) return this.#size;
      // A writer fills a batch's size in last: one that has just done so was no fault.
      const again = new Uint8Array(UNTIL_MAGIC);
      if (
        this.#file.read(again, 0, UNTIL_MAGIC, position) === UNTIL_MAGIC &&
        viewOf(again).getInt32(BATCH.LENGTH) >= MIN_MESSAGE_SIZE
      )
        return position;
    }
    const next = yield* searchValidPosition(this.#engine, this.#file, position + 1, this.#size, this.#lastOffset);
    this.#report.finding(
      new SeglogError(
        'BATCH_SIZE_INVALID',
        found === 0 ? 'zeros where a batch should be, and more behind them' : 'the size of a batch cannot be',
        {
          ...this.#place(position, at),
          ...(next === undefined ? {} : { nextPosition: next }),
          expected: `at least ${MIN_MESSAGE_SIZE}`,
          found,
        },
      ),
    );
    return next ?? this.#size;
  }

  /** Whether nothing but zeros follows: said once, as it is no fault. */
  *#isZeroTail(position: number): Pauses<boolean> {
    const end = Math.min(this.#size, position + MAX_SEGMENT_BYTES);
    if ((yield* searchEndOfZeros(this.#file, position, end)) < this.#size) return false;
    this.#zeroTailBytes = this.#size - position;
    this.#report.note(`${this.#zeroTailBytes} zero bytes from byte ${position} on: space set aside, not data`);
    return true;
  }

  /** A batch that ends behind the file: a torn or growing tail, or a size that is wrong. */
  *#behindTruncated(position: number, at: number, available: number, need: number): Pauses<number> {
    const grown = this.#file.sizeBytes();
    if (grown >= position + need) {
      this.#size = position + need;
      return position;
    }
    if (available < UNTIL_MAGIC && (yield* this.#isZeroTail(position))) return this.#size;
    const next =
      available < UNTIL_MAGIC
        ? undefined
        : yield* searchValidPosition(this.#engine, this.#file, position + 1, this.#size, this.#lastOffset);
    this.#report.finding(
      new SeglogError(
        'BATCH_TRUNCATED',
        available < UNTIL_MAGIC ? 'the file ends within a batch header' : 'the file ends within a batch',
        {
          ...(available < UNTIL_MAGIC ? { file: this.#file.path, position } : this.#place(position, at)),
          ...(next === undefined ? {} : { nextPosition: next }),
          expected: `${need} bytes`,
          found: this.#size - position,
        },
      ),
    );
    return next ?? this.#size;
  }

  /** `need` bytes are in the file: that was checked. */
  #grow(need: number): void {
    this.#bytes = Buffer.allocUnsafeSlow(need);
    this.#view = viewOf(this.#bytes);
  }

  #place(position: number, at: number): { file: string; position: number; baseOffset: Int64 } {
    return { file: this.#file.path, position, baseOffset: readInt64(this.#view, at) };
  }
}

function lastOffsetOf(view: DataView, start: number): Int64 {
  const base = readInt64(view, start);
  return typeof base === 'number' && view.getInt8(start + BATCH.MAGIC) >= 2
    ? base + view.getInt32(start + BATCH.LAST_OFFSET_DELTA)
    : base;
}
