/** Bits that are read from the last to the first, as zstd's entropy coders write them. */
import { corrupt } from '../corrupt.ts';

const CODEC = 'zstd';

/**
 * A reader from the end of `bytes[start, end)`. The highest set bit of the last byte marks where the data begin.
 *
 * Bits before the first are zeros; `position` is negative then, which the callers take for damage. That keeps every read
 * cheap, and bounded however wrong the data are.
 */
export class BackwardBits {
  readonly #bytes: Uint8Array;
  readonly #start: number;
  /** How many bits are left. */
  position: number;

  /** `what` is coded. @throws SeglogError `CORRUPT_COMPRESSED_DATA` when there is no mark */
  constructor(bytes: Uint8Array, start: number, end: number, what: string) {
    const last = end > start ? (bytes[end - 1] as number) : 0;
    if (last === 0) throw corrupt(CODEC, `a stream of ${what} has no end mark`);
    this.#bytes = bytes;
    this.#start = start;
    this.position = (end - start - 1) * 8 + (31 - Math.clz32(last));
  }

  /** The next `count` (at most 16) bits. */
  read(count: number): number {
    this.position -= count;
    return this.#bitsAt(this.position, count);
  }

  /** Up to 31 bits. */
  readLong(count: number): number {
    return count <= 16 ? this.read(count) : this.read(count - 16) * 0x10000 + this.read(16);
  }

  #bitsAt(position: number, count: number): number {
    if (position < 0)
      return position + count <= 0 ? 0 : (this.#bitsAt(0, position + count) << -position) & ((1 << count) - 1);
    const bytes = this.#bytes;
    const at = this.#start + (position >>> 3);
    const word = (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16);
    return (word >>> (position & 7)) & ((1 << count) - 1);
  }
}
