/** Which bytes of a file a dump has looked at: each is counted once, so that the numbers of a search add up to the file. */
import type { BatchWalk, FoundBatch } from '../batches.ts';
import type { Coverage } from './coverage.ts';

/** How a file's dump ended: with the file, behind the range that was asked for, or before its time. */
export type Ending = 'walked' | 'behind' | 'stopped';

/** The bytes of one file, from where its dump starts. */
export class Extent {
  readonly #coverage: Coverage | undefined;
  /** The end of what is counted. */
  #end: number;

  /** @param coverage - where bytes are counted; nowhere when undefined */
  constructor(start: number, coverage: Coverage | undefined) {
    this.#end = start;
    this.#coverage = coverage;
  }

  /** Counts a batch that is looked at, and the bytes in front of it that are none. */
  add({ position, size }: FoundBatch): void {
    const coverage = this.#coverage;
    if (coverage === undefined) return;
    if (position > this.#end) coverage.strayBytes += position - this.#end;
    // A damaged batch may claim bytes in which the next one is found.
    const end = Math.max(this.#end, position + size);
    coverage.bytes += end - Math.max(this.#end, position);
    this.#end = end;
  }

  /** Counts what lies behind the last batch. @param sizeBytes - of the file, which may have grown */
  end(ending: Ending, walk: BatchWalk, sizeBytes: number): void {
    const coverage = this.#coverage;
    if (coverage === undefined) return;
    if (ending === 'walked') {
      coverage.zeroBytes += walk.zeroTailBytes;
      coverage.strayBytes += Math.max(0, walk.sizeBytes - walk.zeroTailBytes - this.#end);
      this.#end = Math.max(this.#end, walk.sizeBytes);
    }
    const rest = Math.max(0, sizeBytes - this.#end);
    if (ending === 'behind') coverage.behindBytes += rest;
    else coverage.leftBytes += rest;
  }
}
