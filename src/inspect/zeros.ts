/** Zero tails: space that was set aside and never written. */
import type { File } from '../fs/contract.ts';

const WINDOW_BYTES = 1024 * 1024;

/** How far the zeros in `file` that start at `from` reach: the position of the first other byte, or `end`. */
export function endOfZeros(file: File, from: number, end: number): number {
  const search = searchEndOfZeros(file, from, end);
  for (;;) {
    const step = search.next();
    if (step.done === true) return step.value;
  }
}

/** {@link endOfZeros} in steps of a millisecond or so, for those who have other things to do in between. */
export function* searchEndOfZeros(file: File, from: number, end: number): Generator<undefined, number, void> {
  const window = Buffer.allocUnsafeSlow(Math.min(WINDOW_BYTES, Math.max(0, end - from)));
  const zeros = Buffer.alloc(window.length);
  let position = from;
  while (position < end) {
    const filled = file.read(window, 0, Math.min(window.length, end - position), position);
    if (filled === 0) return position;
    if (window.compare(zeros, 0, filled, 0, filled) !== 0) {
      return position + window.findIndex((byte) => byte !== 0);
    }
    position += filled;
    yield undefined;
  }
  return end;
}
