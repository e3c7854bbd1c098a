/**
 * The content of a file in an overlay: pieces of files that are there, new bytes, and zeros.
 *
 *     | base: a.log, 0-70 | bytes: 34 new ones | base: a.log, 104-900 | zeros: 4096 |
 *
 * A file of gigabytes that was cut, or had a piece taken out, costs a few words; only what was written costs memory.
 */
import type { File } from './contract.ts';

/** Bytes `from` to `from + length` of a file of the file system below. */
export interface BaseExtent {
  readonly kind: 'base';
  readonly path: string;
  readonly from: number;
  readonly length: number;
}

/** The first `length` bytes of `buffer`, which has room for more. */
interface BytesExtent {
  readonly kind: 'bytes';
  readonly buffer: Uint8Array;
  readonly length: number;
}

interface ZerosExtent {
  readonly kind: 'zeros';
  readonly length: number;
}

/** A piece of a file. */
export type Extent = BaseExtent | BytesExtent | ZerosExtent;

/** Opens a file of the file system below; the caller keeps it open as long as the content is read. */
export type OpenSource = (path: string) => File;

/** A file's bytes, as a list of extents. */
export class OverlayContent {
  #extents: Extent[];
  /** Where each extent starts; undefined when the list changed since. */
  #starts: number[] | undefined;
  #sizeBytes: number;
  #heldBytes = 0;

  constructor(extents: readonly Extent[] = []) {
    this.#extents = extents.filter(({ length }) => length > 0);
    this.#sizeBytes = lengthOf(this.#extents);
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Bytes of memory that the content takes. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** The pieces, in order. */
  get extents(): readonly Extent[] {
    return this.#extents;
  }

  /** The one extent of the file below that all of this is; undefined for any other content. */
  get soleSource(): BaseExtent | undefined {
    const [first, second] = this.#extents;
    return first?.kind === 'base' && second === undefined ? first : undefined;
  }

  /** As {@link File.read}. */
  read(open: OpenSource, into: Uint8Array, start: number, length: number, position: number): number {
    const end = Math.min(position + length, this.#sizeBytes);
    let at = position;
    for (let slot = this.#slotOf(position); at < end; slot++) {
      const extent = this.#extents[slot] as Extent;
      const within = at - (this.#startsNow()[slot] as number);
      const wanted = Math.min(extent.length - within, end - at);
      const to = start + (at - position);
      if (extent.kind === 'zeros') into.fill(0, to, to + wanted);
      else if (extent.kind === 'bytes') into.set(extent.buffer.subarray(within, within + wanted), to);
      else {
        const got = open(extent.path).read(into, to, wanted, extent.from + within);
        // Somebody cut the file below.
        if (got < wanted) return at + got - position;
      }
      at += wanted;
    }
    return Math.max(0, at - position);
  }

  /** Puts a copy of `bytes` at `position`; what lies between the end and there becomes zeros. */
  write(bytes: Uint8Array, position: number): void {
    if (bytes.length === 0) return;
    if (position > this.#sizeBytes) this.truncate(position);
    const slot = this.#slotOf(position === this.#sizeBytes ? Math.max(0, position - 1) : position);
    const extent = this.#extents[slot];
    const within = position - (this.#startsNow()[slot] ?? 0);
    const isLast = slot === this.#extents.length - 1;
    if (extent?.kind === 'bytes' && (isLast || within + bytes.length <= extent.length)) {
      this.#put(slot, extent, bytes, within);
    } else this.#insert({ kind: 'bytes', buffer: new Uint8Array(bytes), length: bytes.length }, position);
  }

  /** As {@link OverlayContent.write}, of zeros: they take no memory. */
  writeZeros(length: number, position: number): void {
    if (position > this.#sizeBytes) this.truncate(position);
    this.#insert({ kind: 'zeros', length }, position);
  }

  /** Cuts the content, or adds zeros. */
  truncate(sizeBytes: number): void {
    const missing = sizeBytes - this.#sizeBytes;
    if (missing === 0) return;
    this.#set(
      missing > 0 ? [...this.#extents, { kind: 'zeros', length: missing }] : slice(this.#extents, 0, sizeBytes),
    );
  }

  #put(slot: number, extent: BytesExtent, bytes: Uint8Array, within: number): void {
    const end = within + bytes.length;
    let { buffer } = extent;
    if (end > buffer.length) {
      buffer = new Uint8Array(Math.max(end, buffer.length * 2));
      buffer.set(extent.buffer.subarray(0, extent.length));
      this.#heldBytes += buffer.length - extent.buffer.length;
    }
    buffer.set(bytes, within);
    const length = Math.max(extent.length, end);
    this.#sizeBytes += length - extent.length;
    // The starts of the extents stay: only the last one grows.
    this.#extents[slot] = { kind: 'bytes', buffer, length };
  }

  #insert(extent: Extent, position: number): void {
    const behind = Math.min(this.#sizeBytes, position + extent.length);
    this.#set([...slice(this.#extents, 0, position), extent, ...slice(this.#extents, behind, this.#sizeBytes)]);
  }

  #set(extents: readonly Extent[]): void {
    this.#extents = extents.filter(({ length }) => length > 0);
    this.#starts = undefined;
    this.#sizeBytes = lengthOf(this.#extents);
    const buffers = new Set(this.#extents.flatMap((extent) => (extent.kind === 'bytes' ? [extent.buffer.buffer] : [])));
    this.#heldBytes = [...buffers].reduce((total, { byteLength }) => total + byteLength, 0);
  }

  #startsNow(): number[] {
    if (this.#starts !== undefined) return this.#starts;
    let at = 0;
    this.#starts = this.#extents.map(({ length }) => (at += length) - length);
    return this.#starts;
  }

  /** The extent that holds a position; the first one for 0, the number of extents at the end. */
  #slotOf(position: number): number {
    const starts = this.#startsNow();
    if (position >= this.#sizeBytes) return this.#extents.length;
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] as number) <= position) low = middle;
      else high = middle;
    }
    return low;
  }
}

function lengthOf(extents: readonly Extent[]): number {
  return extents.reduce((total, { length }) => total + length, 0);
}

/** The pieces that make up `[from, to)`. */
function slice(extents: readonly Extent[], from: number, to: number): Extent[] {
  const pieces: Extent[] = [];
  let start = 0;
  for (const extent of extents) {
    const first = Math.max(from, start) - start;
    const last = Math.min(to, start + extent.length) - start;
    start += extent.length;
    if (last <= first) continue;
    const length = last - first;
    if (extent.kind === 'base') pieces.push({ ...extent, from: extent.from + first, length });
    else if (extent.kind === 'bytes') {
      // Only the piece at its end may grow: any other would grow into what another piece holds.
      const room = last === extent.length ? undefined : last;
      pieces.push({ kind: 'bytes', buffer: extent.buffer.subarray(first, room), length });
    } else pieces.push({ kind: 'zeros', length });
  }
  return pieces;
}
