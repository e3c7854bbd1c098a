/** Going over the batches of a file, each read once and checked. */
import { BATCH, HEADER_SIZE, LEGACY, LOG_OVERHEAD, magicOf, MIN_MESSAGE_SIZE } from '../../format/batch.ts';
import { type Engine, RECOVERY_STOPS, type RecoveryStop } from '../contract.ts';
import { viewOf } from './build-index.ts';
import { crc32cOn, crc32On } from './crc.ts';
import { isTooSmall, PREFIX_SIZE } from './scan.ts';

/** The two checksums, of either engine. */
export type Checksums = Pick<Engine, 'crc32c' | 'crc32'>;

/** What is to be read: so many bytes at `position` of the file to `scratch[start..]`. */
export interface ReadRequest {
  readonly start: number;
  readonly length: number;
  readonly position: number;
}

/** `look` needs bytes that are not there yet. */
export const UNREAD = -1;

/**
 * A walk over the batches before file position `end`. It reads nothing itself: its generators ask for bytes and are told
 * how many there were, so that it serves callers that wait for a read and callers that do not.
 */
export class BatchWalk {
  readonly view: DataView;
  /** Where the batch that was found starts in the scratch, and its size. */
  at = 0;
  size = 0;
  readonly #checksums: Checksums;
  readonly #scratch: Uint8Array;
  readonly #end: number;
  /** Where the scratch starts in the file, how much of it is filled, and whether the file ends behind that. */
  #start = 0;
  #filled = 0;
  #isEnd = false;

  constructor(checksums: Checksums, scratch: Uint8Array, end: number) {
    this.view = viewOf(scratch);
    this.#checksums = checksums;
    this.#scratch = scratch;
    this.#end = end;
  }

  /**
   * Finds the batch at `position`: undefined when it is there, else why there is none, or {@link UNREAD}. The order of
   * the checks is that of `scanBatches`.
   */
  look(position: number): RecoveryStop | typeof UNREAD | undefined {
    if (position >= this.#end) return RECOVERY_STOPS.end;
    const at = position - this.#start;
    if (at < 0 || at > this.#filled) return UNREAD;
    const available = this.#filled - at;
    const unread = this.#isEnd ? RECOVERY_STOPS.partial : UNREAD;
    if (available < PREFIX_SIZE) return unread;
    const length = this.view.getInt32(at + BATCH.LENGTH);
    if (length < MIN_MESSAGE_SIZE) return RECOVERY_STOPS.invalidSize;
    const size = LOG_OVERHEAD + length;
    if (size > this.#end - position) return RECOVERY_STOPS.partial;
    if (size > available) return unread;
    if (!this.#isValid(at, size)) return RECOVERY_STOPS.invalidCrc;
    this.at = at;
    this.size = size;
    return undefined;
  }

  /** Reads what is needed for the batch at `position`, and looks again. */
  *read(position: number): Generator<ReadRequest, RecoveryStop | undefined, number> {
    yield* this.#fill(position);
    const found = this.look(position);
    // Still not all there: the scratch is full, and cannot hold the batch.
    return found === UNREAD ? yield* this.#checkLarge(position) : found;
  }

  /** Fills the scratch from `position` on. What of it is there already is moved, not read again. */
  *#fill(position: number): Generator<ReadRequest, void, number> {
    const from = position - this.#start;
    const kept = from >= 0 && from <= this.#filled ? this.#filled - from : 0;
    if (kept > 0) this.#scratch.copyWithin(0, from, this.#filled);
    const wanted = Math.min(this.#end - position, this.#scratch.length);
    const got = yield { start: kept, length: wanted - kept, position: position + kept };
    this.#start = position;
    this.#filled = kept + got;
    this.#isEnd = this.#filled < wanted || position + wanted === this.#end;
  }

  /** A batch that the scratch cannot hold: its checksum goes over it in pieces, which are read behind its header. */
  *#checkLarge(position: number): Generator<ReadRequest, RecoveryStop | undefined, number> {
    const { view } = this;
    const size = LOG_OVERHEAD + view.getInt32(BATCH.LENGTH);
    const isCurrent = magicOf(view, 0) >= 2;
    const go = isCurrent ? crc32cOn : crc32On;
    const stored = view.getUint32(isCurrent ? BATCH.CRC : LEGACY.CRC);
    let crc = go(0, this.#scratch, isCurrent ? BATCH.ATTRIBUTES : BATCH.MAGIC, this.#filled);
    let done = this.#filled;
    this.#filled = 0;
    while (done < size) {
      const length = Math.min(size - done, this.#scratch.length - HEADER_SIZE);
      const got = yield { start: HEADER_SIZE, length, position: position + done };
      if (got < length) return RECOVERY_STOPS.partial;
      crc = go(crc, this.#scratch, HEADER_SIZE, HEADER_SIZE + length);
      done += length;
    }
    if (crc !== stored) return RECOVERY_STOPS.invalidCrc;
    this.at = 0;
    this.size = size;
    return undefined;
  }

  /** Whether the checksum of a whole batch is right; of one too small for its format it is not. */
  #isValid(at: number, size: number): boolean {
    const magic = magicOf(this.view, at);
    if (isTooSmall(magic, size)) return false;
    const { crc32c, crc32 } = this.#checksums;
    if (magic >= 2)
      return this.view.getUint32(at + BATCH.CRC) === crc32c(this.#scratch, at + BATCH.ATTRIBUTES, at + size);
    return this.view.getUint32(at + LEGACY.CRC) === crc32(this.#scratch, at + BATCH.MAGIC, at + size);
  }
}
