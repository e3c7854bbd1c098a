/**
 * The headers of a .log file's batches, without the batches: bodies are skipped, so that a segment of large batches costs
 * little. No checksum is checked: that is for `seglog verify`.
 */
import { HEADER_SIZE } from '../../format/batch.ts';
import type { File } from '../../fs/contract.ts';
import { type BatchSummary, summarize } from '../batch-summary.ts';
import { plausibleSize } from '../checks.ts';

/** Many headers of small batches at a time, and not much for one of a large batch. */
const WINDOW_BYTES = 16 * 1024;

/** A walk over one file. */
export class HeaderWalk {
  readonly #file: File;
  readonly #bytes: Uint8Array = Buffer.allocUnsafeSlow(WINDOW_BYTES);
  readonly #view: DataView = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, WINDOW_BYTES);
  #position = 0;

  constructor(file: File) {
    this.#file = file;
  }

  /** Where the walk is: behind the last header's batch, at the end of what can be batches. */
  get position(): number {
    return this.#position;
  }

  /** The headers from `from`, where a batch starts, up to `to` or to where no batch can be. @throws SeglogError `IO` */
  *headers(from: number, to: number): Generator<BatchSummary, void> {
    let windowStart = from;
    let filled = 0;
    this.#position = from;
    while (this.#position < to) {
      const remaining = to - this.#position;
      if (this.#position + Math.min(HEADER_SIZE, remaining) > windowStart + filled) {
        windowStart = this.#position;
        filled = this.#file.read(this.#bytes, 0, Math.min(WINDOW_BYTES, remaining), windowStart);
      }
      const at = this.#position - windowStart;
      // Fewer bytes than the file said: somebody cuts it.
      if (filled - at < Math.min(HEADER_SIZE, remaining)) return;
      const size = plausibleSize(this.#view, at, remaining);
      if (size === undefined) return;
      const summary = summarize(this.#view, at, size, this.#position, true);
      this.#position += size;
      yield summary;
    }
  }
}
