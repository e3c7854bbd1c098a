/** Finds where batches go on behind bytes that are none. */
import type { Engine } from '../engine/contract.ts';
import { HEADER_SIZE, LOG_OVERHEAD, MIN_MESSAGE_SIZE } from '../format/batch.ts';
import type { File } from '../fs/contract.ts';
import { MAX_BATCH_BYTES } from './batch-limit.ts';
import { isValid, plausibleSize } from './checks.ts';
import { type Int64, readInt64 } from './int64.ts';

const SMALLEST_BATCH = LOG_OVERHEAD + MIN_MESSAGE_SIZE;
const WINDOW_BYTES = 1024 * 1024;
/** A segment ends at 2^31 - 1 bytes: nothing is looked for farther away. */
const SEARCHED_BYTES = 2 ** 31;
/** How many bytes of candidates are summed at most: bytes made to look like headers must not take for ever. */
const CHECKED_BYTES = 512 * 1024 * 1024;
/** After how many bytes of candidates a search pauses. */
const TURN_BYTES = 8 * 1024 * 1024;

/**
 * The first position from `from` on where a batch with a valid checksum starts in `file[0, end)`; undefined when there is
 * none, or none was found within reason. Its offset is above `after`: batches may lie in the values of other batches.
 */
export function nextValidPosition(
  engine: Engine,
  file: File,
  from: number,
  end: number,
  after: Int64,
): number | undefined {
  const search = searchValidPosition(engine, file, from, end, after);
  for (;;) {
    const step = search.next();
    if (step.done === true) return step.value;
  }
}

/** {@link nextValidPosition} in steps of some milliseconds, for those who have other things to do in between. */
export function* searchValidPosition(
  engine: Engine,
  file: File,
  from: number,
  end: number,
  after: Int64,
): Generator<undefined, number | undefined, void> {
  const window = Buffer.allocUnsafeSlow(Math.min(WINDOW_BYTES, Math.max(0, end - from)));
  const view = new DataView(window.buffer, window.byteOffset, window.length);
  let budget = CHECKED_BYTES;
  let turnAt = budget - TURN_BYTES;
  const zeros = Buffer.alloc(window.length);
  const limit = Math.min(end, from + SEARCHED_BYTES);
  let position = from;
  while (position < limit) {
    const filled = file.read(window, 0, Math.min(window.length, end - position), position);
    const last = position + filled >= end;
    // A header at the edge of the window is looked at with the next one.
    const stop = last ? filled - SMALLEST_BATCH + 1 : filled - HEADER_SIZE + 1;
    // Zeros by the gigabyte are passed over, not looked at one by one.
    const first = window.compare(zeros, 0, filled, 0, filled) === 0 ? stop : 0;
    for (let at = first; at < stop; at++) {
      const size = filled - at < HEADER_SIZE && !last ? undefined : candidate(view, at, filled, end - position - at);
      if (size === undefined || size > MAX_BATCH_BYTES || readInt64(view, at) <= after) continue;
      budget -= size;
      if (budget < 0) return undefined;
      if (validAt(engine, file, window, view, at, filled, position, size)) return position + at;
      if (budget > turnAt) continue;
      turnAt = budget - TURN_BYTES;
      yield undefined;
    }
    if (stop <= 0) return undefined;
    position += stop;
    yield undefined;
  }
  return undefined;
}

/** {@link plausibleSize}, within the bytes at hand. */
function candidate(view: DataView, at: number, filled: number, remaining: number): number | undefined {
  // The shortest message is shorter than a format 2 header; a zero-padded copy keeps reading within bounds.
  if (filled - at >= HEADER_SIZE) return plausibleSize(view, at, remaining);
  const padded = new DataView(new ArrayBuffer(HEADER_SIZE));
  for (let i = at; i < filled; i++) padded.setUint8(i - at, view.getUint8(i));
  return plausibleSize(padded, 0, remaining);
}

function validAt(
  engine: Engine,
  file: File,
  window: Uint8Array,
  view: DataView,
  at: number,
  filled: number,
  position: number,
  size: number,
): boolean {
  if (at + size <= filled) return isValid(engine, window, view, at, size);
  const whole = Buffer.allocUnsafeSlow(size);
  if (file.read(whole, 0, size, position + at) < size) return false;
  return isValid(engine, whole, new DataView(whole.buffer, whole.byteOffset, size), 0, size);
}

/** Whether a batch with a valid checksum starts at `position`. */
export function isBatchAt(engine: Engine, file: File, position: number, end: number): boolean {
  const header = new Uint8Array(HEADER_SIZE);
  const filled = file.read(header, 0, Math.min(HEADER_SIZE, Math.max(0, end - position)), position);
  const view = new DataView(header.buffer);
  const size = plausibleSize(view, 0, end - position);
  return (
    size !== undefined && size <= MAX_BATCH_BYTES && validAt(engine, file, header, view, 0, filled, position, size)
  );
}
