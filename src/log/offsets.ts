/**
 * The four offsets of a partition, and the one place that keeps their order:
 *
 *     log start <= last stable offset <= high watermark <= log end
 *
 * Source: spec 3.1, Kafka's `UnifiedLog`.
 */
import { SeglogError } from '../errors/errors.ts';
import type { HighWatermark, LastStableOffset, LogEndOffset, LogStartOffset } from '../units/units.ts';

/** Who moves the high watermark: appending (a log opened alone), or the caller (a replica's log). */
export type HighWatermarkMode = 'follows-log-end' | 'managed';

/** Where a log stands. Every change goes through here. */
export class LogOffsets {
  readonly mode: HighWatermarkMode;
  #start: number;
  #end: number;
  #highWatermark: number;
  #firstUnstable: number | undefined;

  /** `highWatermark` counts in a managed log only; it is brought between the log's start and end. */
  constructor(mode: HighWatermarkMode, start: number, end: number, highWatermark: number) {
    this.mode = mode;
    this.#start = start;
    this.#end = end;
    this.#highWatermark = mode === 'managed' ? clamp(highWatermark, start, end) : end;
  }

  get logStart(): LogStartOffset {
    return this.#start;
  }

  get highWatermark(): HighWatermark {
    return this.#highWatermark;
  }

  get logEnd(): LogEndOffset {
    return this.#end;
  }

  /** The first offset of the oldest transaction that is not decided, or whose decision is above the high watermark. */
  get lastStable(): LastStableOffset {
    const unstable = this.#firstUnstable;
    return unstable === undefined
      ? this.#highWatermark
      : Math.min(Math.max(unstable, this.#start), this.#highWatermark);
  }

  /** Notes the first offset that no reader of committed records may see; undefined when no transaction is open. */
  setFirstUnstable(offset: number | undefined): void {
    this.#firstUnstable = offset;
  }

  /** The log grew to `end`. */
  appended(end: number): void {
    this.#end = end;
    if (this.mode === 'follows-log-end') this.#highWatermark = end;
  }

  /** The log was cut to `end`; nothing of what is above is left. */
  truncated(end: number): void {
    this.#end = end;
    this.#start = Math.min(this.#start, end);
    this.#highWatermark = Math.min(this.#highWatermark, end);
  }

  /** All that was there is gone: the log is empty and starts anew. */
  restarted(start: number, end: number): void {
    this.#start = start;
    this.#end = end;
    this.#highWatermark = end;
    this.#firstUnstable = undefined;
  }

  /** Moves the high watermark, in either direction, but never out of the log. Returns where it is. */
  setHighWatermark(offset: number): HighWatermark {
    this.#highWatermark = clamp(offset, this.#start, this.#end);
    return this.#highWatermark;
  }

  /**
   * Moves the high watermark forward, if `offset` is above it.
   *
   * @returns whether it moved
   * @throws SeglogError `OFFSET_OUT_OF_RANGE` when `offset` is above the log end
   */
  raiseHighWatermark(offset: number): boolean {
    if (offset > this.#end) {
      throw new SeglogError('OFFSET_OUT_OF_RANGE', 'the high watermark cannot be above the log end', {
        expected: `at most ${this.#end}`,
        found: offset,
      });
    }
    if (offset <= this.#highWatermark) return false;
    this.#highWatermark = offset;
    return true;
  }

  /**
   * Moves the log start forward, if `offset` is above it.
   *
   * @returns whether it moved
   * @throws SeglogError `OFFSET_OUT_OF_RANGE` when `offset` is above the high watermark: what is not replicated stays
   */
  raiseStart(offset: number): boolean {
    if (offset > this.#highWatermark) {
      throw new SeglogError('OFFSET_OUT_OF_RANGE', 'the log start cannot be above the high watermark', {
        expected: `at most ${this.#highWatermark}`,
        found: offset,
      });
    }
    if (offset <= this.#start) return false;
    this.#start = offset;
    return true;
  }
}

function clamp(offset: number, low: number, high: number): number {
  return Math.min(Math.max(offset, low), high);
}
