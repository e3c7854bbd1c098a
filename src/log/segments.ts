/** The segments of a log, in order of their base offsets. */
import type { Segment } from '../segment/segment.ts';

/** A sorted list: few changes, many lookups. */
export class SegmentList {
  readonly #segments: Segment[];

  constructor(segments: readonly Segment[]) {
    this.#segments = [...segments].sort((a, b) => a.baseOffset - b.baseOffset);
  }

  get count(): number {
    return this.#segments.length;
  }

  get first(): Segment | undefined {
    return this.#segments[0];
  }

  get last(): Segment | undefined {
    return this.#segments.at(-1);
  }

  get sizeBytes(): number {
    let total = 0;
    for (const segment of this.#segments) total += segment.sizeBytes;
    return total;
  }

  /** The segment with the largest base offset at or below `offset`; the first one when all are above. */
  floor(offset: number): Segment | undefined {
    return this.#segments[Math.max(0, this.#indexOf(offset))];
  }

  /** The segment behind `segment`. */
  after(segment: Segment): Segment | undefined {
    return this.#segments[this.#indexOf(segment.baseOffset) + 1];
  }

  /** Adds a segment behind all others. */
  push(segment: Segment): void {
    this.#segments.push(segment);
  }

  /** Takes away all whose base offset is at or above `offset`, and returns them in order. */
  splitAt(offset: number): Segment[] {
    const from = this.#segments.findIndex(({ baseOffset }) => baseOffset >= offset);
    return from < 0 ? [] : this.#segments.splice(from);
  }

  /** Takes away those that end at or below `offset`, at most so many: the next one's base tells. The last one stays. */
  takeBelow(offset: number, most: number): Segment[] {
    return this.#segments.splice(0, Math.min(most, Math.max(0, this.#indexOf(offset))));
  }

  /** Whether there are such segments. */
  hasBelow(offset: number): boolean {
    return this.#indexOf(offset) > 0;
  }

  /** Puts segments in the place of neighbours whose offsets they cover: `sources` are in the list, both are in order. */
  replace(sources: readonly Segment[], segments: readonly Segment[]): void {
    const [first] = sources;
    if (first !== undefined) this.#segments.splice(this.#segments.indexOf(first), sources.length, ...segments);
  }

  /** Whether these are in the list, as neighbours in this order. */
  hasRun(segments: readonly Segment[]): boolean {
    const [first] = segments;
    if (first === undefined) return false;
    const start = this.#indexOf(first.baseOffset);
    return segments.every((segment, at) => this.#segments[start + at] === segment);
  }

  /** Takes the last one away. */
  pop(): Segment | undefined {
    return this.#segments.pop();
  }

  [Symbol.iterator](): IterableIterator<Segment> {
    return this.#segments[Symbol.iterator]();
  }

  #indexOf(offset: number): number {
    let low = -1;
    let high = this.#segments.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#segments[middle] as Segment).baseOffset <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
