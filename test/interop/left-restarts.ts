/**
 * Where the count of bytes since the last index entry restarted: at every opening and truncation, in Kafka as with us. It
 * is in no file, so that a rebuilt index has entries elsewhere behind such a place (fixtures/README.md). All else must be
 * what a rebuild gives, byte for byte; and behind such a place entries must be where the new count puts them.
 */
import type { ValidPrefix } from '../support/log-bytes.ts';

interface Segment {
  readonly baseOffset: number;
  readonly size: number;
}

const ENTRY_BYTES = 8;

/** Of each segment, by its base offset: the positions at which the count restarted. */
export class IndexRestarts {
  readonly #positions = new Map<number, readonly number[]>();

  /** The log was opened; segments that begin at `scannedFrom` or above had their indexes built anew. */
  opened(segments: readonly Segment[], scannedFrom: number): void {
    for (const base of this.#positions.keys()) if (base >= scannedFrom) this.#positions.delete(base);
    this.#restarted(segments);
  }

  /** The log was cut: what is now its last segment ends at the cut. */
  truncated(segments: readonly Segment[]): void {
    this.#restarted(segments);
  }

  /** Segments went from the front. */
  removed(segments: readonly Segment[]): void {
    const bases = new Set(segments.map(({ baseOffset }) => baseOffset));
    for (const base of this.#positions.keys()) if (!bases.has(base)) this.#positions.delete(base);
  }

  emptied(): void {
    this.#positions.clear();
  }

  #restarted(segments: readonly Segment[]): void {
    this.removed(segments);
    const last = segments.at(-1);
    if (last === undefined) return;
    const before = (this.#positions.get(last.baseOffset) ?? []).filter((position) => position <= last.size);
    this.#positions.set(last.baseOffset, [...before, last.size]);
  }

  /** Whether something was appended to the segment behind such a place. */
  isInterrupted({ baseOffset, sizeBytes }: ValidPrefix): boolean {
    const positions = this.#positions.get(Number(baseOffset)) ?? [];
    return positions.some((position) => position > 0 && position < sizeBytes);
  }

  /** The bytes of the segment's offset index, by its batches and the places (spec 2.5). */
  offsetIndex({ baseOffset, entries }: ValidPrefix, intervalBytes: number): Buffer {
    const restarts = new Set(this.#positions.get(Number(baseOffset)));
    const bytes: Buffer[] = [];
    let sinceLast = 0;
    for (const { position, lastOffset, sizeBytes } of entries) {
      if (restarts.has(position)) sinceLast = 0;
      if (sinceLast > intervalBytes) {
        const entry = Buffer.alloc(ENTRY_BYTES);
        entry.writeInt32BE(Number(lastOffset - baseOffset), 0);
        entry.writeInt32BE(position, ENTRY_BYTES / 2);
        bytes.push(entry);
        sinceLast = 0;
      }
      sinceLast += sizeBytes;
    }
    return Buffer.concat(bytes);
  }
}
