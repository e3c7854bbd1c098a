/** Bytes of a .log file that are no whole, valid batch: what they are, and where batches go on. */
import { viewOf } from '../../chunk.ts';
import { type Engine, SCAN_STOPS, type ScanStop } from '../../../engine/contract.ts';
import { BATCH, HEADER_SIZE, LOG_OVERHEAD, MIN_MESSAGE_SIZE } from '../../../format/batch.ts';
import type { File } from '../../../fs/contract.ts';
import { checksums, plausibleSize, UNTIL_MAGIC } from '../../checks.ts';
import { addExact, type Int64, readInt64 } from '../../int64.ts';
import { nextValidPosition } from '../../resync.ts';
import { endOfZeros } from '../../zeros.ts';
import type { FindingCode } from '../../findings/catalogue.ts';
import { type FindingDetails, makeFinding } from '../finding.ts';
import type { FindingSink } from '../sink.ts';

/** Searches by checksum in one file: bytes made to need more must not take for ever. */
const MAX_SEARCHES = 1000;

/** What was found. */
interface Hole {
  /** Where batches go on; the file's size when they do not. */
  readonly next: number;
  /** When nothing but zeros follow: how many. 0 otherwise. */
  readonly zeroTailBytes: number;
}

/** Tells what is wrong, and searches for the next batch. */
export class HoleFinder {
  readonly #engine: Engine;
  readonly #file: File;
  readonly #end: number;
  readonly #sink: FindingSink;
  readonly #isLive: boolean;
  #searches = 0;

  /** @param isLive whether the file is being written: its tail is no fault then */
  constructor(engine: Engine, file: File, end: number, sink: FindingSink, isLive: boolean) {
    this.#engine = engine;
    this.#file = file;
    this.#end = end;
    this.#sink = sink;
    this.#isLive = isLive;
  }

  /** Tells of the bytes at `position`, which stand at `bytes[at..]`, where a scan stopped; batches from `nextOffset` on may follow. */
  behind(position: number, bytes: Uint8Array, view: DataView, at: number, stop: ScanStop, nextOffset: Int64): Hole {
    const remaining = this.#end - position;
    const isZero = remaining < UNTIL_MAGIC || view.getInt32(at + BATCH.LENGTH) === 0;
    if (isZero && endOfZeros(this.#file, position, this.#end) === this.#end) {
      const details = { position, expected: 'the end of the file', found: `${remaining} zero bytes` };
      this.#tell('ZERO_TAIL', details, true);
      return { next: this.#end, zeroTailBytes: remaining };
    }
    if (remaining < UNTIL_MAGIC) {
      const details = { position, expected: `at least ${UNTIL_MAGIC} bytes`, found: `${remaining} bytes` };
      this.#tell('BATCH_TRUNCATED', { ...details, message: 'The file ends within a batch header' }, true);
      return { next: this.#end, zeroTailBytes: 0 };
    }
    const next =
      stop === SCAN_STOPS.invalidCrc
        ? this.#invalidCrc(position, bytes, view, at, nextOffset)
        : this.#invalidSize(position, view, at, stop, nextOffset);
    return { next, zeroTailBytes: 0 };
  }

  /** Where batches go on behind one that is not looked into, for its size. */
  behindLarge(position: number, size: number, nextOffset: Int64): number {
    return this.#batchFollows(position + size) ? position + size : this.#search(position, nextOffset);
  }

  /** The base offset of the batch at `position`, or what stands there; `least` when that is below. */
  offsetAt(position: number, least: Int64): Int64 {
    const header = new Uint8Array(8);
    this.#file.read(header, 0, 8, position);
    const found = readInt64(viewOf(header), 0);
    return found < least ? least : found;
  }

  #invalidCrc(position: number, bytes: Uint8Array, view: DataView, at: number, nextOffset: Int64): number {
    const size = LOG_OVERHEAD + view.getInt32(at + BATCH.LENGTH);
    const sums = checksums(this.#engine, bytes, view, at, size);
    const next = this.#batchFollows(position + size) ? position + size : this.#search(position, nextOffset);
    if (sums === undefined || sums.stored === sums.computed) {
      const details = { position, expected: `at least ${HEADER_SIZE} bytes`, found: `${size} bytes` };
      this.#tell('BATCH_SIZE_INVALID', {
        ...details,
        message: `A batch is smaller than its header${goesOn(next, this.#end)}`,
      });
    } else {
      const { stored, computed } = sums;
      const base = readInt64(view, at);
      const last = size < HEADER_SIZE ? base : addExact(base, view.getInt32(at + BATCH.LAST_OFFSET_DELTA));
      const isLegacy = (view.getUint8(at + BATCH.MAGIC) & 0xfe) === 0;
      this.#tell('BATCH_CRC_MISMATCH', {
        position,
        offsets: [base, isLegacy || last < base ? base : last],
        expected: `crc ${stored}`,
        found: `crc ${computed}`,
        message: `A batch's checksum does not match its bytes${goesOn(next, this.#end)}`,
      });
    }
    return next;
  }

  #invalidSize(position: number, view: DataView, at: number, stop: ScanStop, nextOffset: Int64): number {
    const found = view.getInt32(at + BATCH.LENGTH);
    const next = this.#search(position, nextOffset);
    const isZero = found === 0;
    if (stop === SCAN_STOPS.partial && next >= this.#end) {
      const details = { expected: `${LOG_OVERHEAD + found} bytes`, found: `${this.#end - position} bytes` };
      this.#tell('BATCH_TRUNCATED', { position, ...details }, true);
    } else if (isZero) {
      const message = `Zeros where a batch should be${goesOn(next, this.#end)}`;
      this.#tell('DATA_BEHIND_ZEROS', { position, expected: 'a batch', found: 'zeros', message });
    } else {
      const most = this.#end - position - LOG_OVERHEAD;
      const message = `The size of a batch cannot be${goesOn(next, this.#end)}`;
      this.#tell('BATCH_SIZE_INVALID', { position, expected: `from ${MIN_MESSAGE_SIZE} to ${most}`, found, message });
    }
    return next;
  }

  /** Whether the file ends at `position`, or a batch or zeros seem to follow there. */
  #batchFollows(position: number): boolean {
    const remaining = this.#end - position;
    if (remaining <= 0) return remaining === 0;
    const header = new Uint8Array(HEADER_SIZE);
    this.#file.read(header, 0, Math.min(HEADER_SIZE, remaining), position);
    const view = viewOf(header);
    const isZero = view.getBigInt64(0) === 0n && view.getInt32(BATCH.LENGTH) === 0;
    return isZero || plausibleSize(view, 0, remaining) !== undefined;
  }

  /** The next valid batch, or the end of the file. */
  #search(position: number, nextOffset: Int64): number {
    if (this.#searches++ >= MAX_SEARCHES) return this.#end;
    const after = addExact(nextOffset, -1);
    return nextValidPosition(this.#engine, this.#file, position + 1, this.#end, after) ?? this.#end;
  }

  #tell(code: FindingCode, details: FindingDetails, isTail = false): void {
    const isGrowing = isTail && this.#isLive;
    this.#sink.add(makeFinding(code, this.#file.path, { ...details, ...(isGrowing ? { severity: 'info' } : {}) }));
  }
}

function goesOn(next: number, end: number): string {
  return next >= end ? '; no whole batch follows' : `; batches go on at byte ${next}`;
}
