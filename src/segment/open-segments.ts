/**
 * Keeps the number of open files and the memory for indexes bounded, however many segments a log has: segments open on
 * first use and the one unused for longest closes.
 */

/** What can be closed and opened again at will. */
export interface Closable {
  /** Memory that it holds while open. */
  readonly memoryBytes: number;
  /** Whether it is in use right now, and must stay open. */
  readonly isPinned: boolean;
  release(): void;
}

const MAX_OPEN = 128;
const MAX_MEMORY_BYTES = 32 * 1024 * 1024;

/** The open segments, in order of last use. */
export class OpenSegments {
  readonly #order = new Set<Closable>();
  #latest: Closable | undefined;

  /** Notes a use, and closes what is over the bounds. */
  touch(segment: Closable): void {
    // The common case, use after use of one segment, must cost nothing.
    if (segment === this.#latest) return;
    this.#latest = segment;
    this.#order.delete(segment);
    this.#order.add(segment);
    let memory = 0;
    for (const open of this.#order) memory += open.memoryBytes;
    for (const oldest of this.#order) {
      if (this.#order.size <= MAX_OPEN && memory <= MAX_MEMORY_BYTES) break;
      if (oldest === segment || oldest.isPinned) continue;
      memory -= oldest.memoryBytes;
      this.#order.delete(oldest);
      oldest.release();
    }
  }

  /** A segment closed by itself. */
  forget(segment: Closable): void {
    this.#order.delete(segment);
    if (this.#latest === segment) this.#latest = undefined;
  }
}
