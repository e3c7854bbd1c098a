/** Index entries as they come: bytes that grow up to what an index file may have. */

const FIRST_BYTES = 4096;

/** The entries of one index, in memory. */
export class Entries {
  readonly #entrySize: number;
  readonly #maxBytes: number;
  #bytes: Uint8Array = new Uint8Array(FIRST_BYTES);
  #length = 0;
  #isCut = false;

  /** @param maxBytes how many bytes the file may have; entries beyond it are left out, as an index is a hint */
  constructor(entrySize: number, maxBytes: number) {
    this.#entrySize = entrySize;
    this.#maxBytes = maxBytes - (maxBytes % entrySize);
  }

  /** Where the next `count` entries are to be written. */
  room(count: number): Uint8Array {
    const end = this.#length + count * this.#entrySize;
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    return this.#bytes.subarray(this.#length, end);
  }

  /** So many were written there. */
  add(count: number): void {
    const end = this.#length + count * this.#entrySize;
    if (end > this.#maxBytes) this.#isCut = true;
    this.#length = Math.min(this.#maxBytes, end);
  }

  /** Whether entries were left out. */
  get isCut(): boolean {
    return this.#isCut;
  }

  /** Adds an entry for which room was kept. */
  addLast(entry: Uint8Array): void {
    this.room(1).set(entry);
    this.#length += this.#entrySize;
  }

  /** Gives all of them away: the memory goes with them. */
  take(): Uint8Array {
    const taken = this.#bytes.subarray(0, this.#length);
    this.#bytes = new Uint8Array(0);
    this.#length = 0;
    return taken;
  }
}
