/** Finding a batch in a file by its offset, reading headers only. */
import { BATCH, HEADER_SIZE, LOG_OVERHEAD, lastOffsetOf, magicOf, MIN_MESSAGE_SIZE } from '../../format/batch.ts';
import type { File } from '../../fs/contract.ts';
import { LOCATE_OUTCOME } from '../contract.ts';
import { requirePosition } from './range.ts';
import { isTooSmall, PREFIX_SIZE } from './scan.ts';

const FOUND = 1;
const ENDED = 0;
const INVALID_SIZE = 2;

/** The headers of a file as far as they are in the scratch buffer. */
class HeaderWindow {
  readonly view: DataView;
  readonly #file: File;
  readonly #scratch: Uint8Array;
  #end: number;
  #position = 0;
  #filled = 0;

  constructor(file: File, end: number, scratch: Uint8Array) {
    this.view = new DataView(scratch.buffer, scratch.byteOffset, scratch.byteLength);
    this.#file = file;
    this.#scratch = scratch;
    this.#end = end;
  }

  /** Where the data end: what was asked for, or the end of the file when a read came to it. */
  get end(): number {
    return this.#end;
  }

  /** Where the header at `position` stands in the scratch, whole unless the data end before; -1 when they end before its magic. */
  at(position: number): number {
    let at = position - this.#position;
    const isThere = at >= 0 && (at + HEADER_SIZE <= this.#filled || this.#position + this.#filled === this.#end);
    if (!isThere) {
      at = 0;
      const wanted = Math.max(0, Math.min(this.#scratch.length, this.#end - position));
      this.#position = position;
      this.#filled = this.#file.read(this.#scratch, 0, wanted, position);
      if (this.#filled < wanted) this.#end = position + this.#filled;
    }
    return this.#filled - at < PREFIX_SIZE ? -1 : at;
  }
}

/**
 * Finds the first batch that ends at `targetOffset` or later; see the contract. A batch that is not whole before `end`
 * ends the search as the end itself does.
 *
 * @throws SeglogError `INVALID_ARGUMENT` for places that no file has
 */
export function locate(
  file: File,
  position: number,
  end: number,
  targetOffset: number,
  scratch: Uint8Array,
  outcome: Float64Array,
): void {
  requirePosition(position);
  requirePosition(end);
  const window = new HeaderWindow(file, end, scratch);
  const { view } = window;
  let at = position;
  for (;;) {
    const header = window.at(at);
    if (header < 0) return report(outcome, ENDED, at, 0, 0);
    const length = view.getInt32(header + BATCH.LENGTH);
    const size = LOG_OVERHEAD + length;
    // One that is too small for its format has no last offset to read.
    if (length < MIN_MESSAGE_SIZE || isTooSmall(magicOf(view, header), size))
      return report(outcome, INVALID_SIZE, at, 0, header);
    if (size > window.end - at) return report(outcome, ENDED, at, 0, 0);
    if (lastOffsetOf(view, header) >= targetOffset) return report(outcome, FOUND, at, size, header);
    at += size;
  }
}

function report(outcome: Float64Array, found: number, position: number, size: number, header: number): void {
  outcome[LOCATE_OUTCOME.found] = found;
  outcome[LOCATE_OUTCOME.position] = position;
  outcome[LOCATE_OUTCOME.size] = size;
  outcome[LOCATE_OUTCOME.header] = header;
}
