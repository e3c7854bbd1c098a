/** Copying pieces of any length: a loop is cheaper for the short ones, which are most. */
const SHORT = 24;

/** Copies `length` bytes from one array to another. */
export function copyBytes(
  source: Uint8Array,
  start: number,
  length: number,
  target: Uint8Array,
  targetStart: number,
): void {
  if (length > SHORT) target.set(source.subarray(start, start + length), targetStart);
  else for (let i = 0; i < length; i++) target[targetStart + i] = source[start + i] as number;
}

/**
 * Copies `length` bytes within `target` from `distance` (at least 1) back. They may overlap what is written: then the last
 * `distance` bytes repeat.
 */
export function copyMatch(target: Uint8Array, start: number, distance: number, length: number): void {
  if (length <= SHORT) {
    for (let i = start; i < start + length; i++) target[i] = target[i - distance] as number;
    return;
  }
  const from = start - distance;
  // Each round doubles what repeats, so that it never overlaps.
  for (let done = 0; done < length; ) {
    const piece = Math.min(length - done, distance + done);
    target.copyWithin(start + done, from, from + piece);
    done += piece;
  }
}
