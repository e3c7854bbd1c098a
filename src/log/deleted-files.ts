/** Files that are no longer part of a log: renamed at once, removed after `file.delete.delay.ms`, as Kafka does. */
import { join } from 'node:path';
import type { Timer } from '../clock/clock.ts';
import { segmentFileName, STAGES, SUFFIXES } from '../format/names.ts';
import type { SegmentContext } from '../segment/context.ts';

/** Every file that a segment may have. */
const SEGMENT_FILES: readonly string[] = [
  SUFFIXES.log,
  SUFFIXES.offsetIndex,
  SUFFIXES.timeIndex,
  SUFFIXES.transactionIndex,
];

/** From so many segments on one look at the whole directory is cheaper than one at each file. */
const WORTH_A_LISTING = 16;
/** How many files are removed before others have their turn. */
const REMOVED_AT_ONCE = 128;

/** The names of a segment's files that are there, the .log first: indexes without one are cleared up at the next opening. */
export function segmentFiles({ fs }: SegmentContext, directory: string, baseOffset: number): string[] {
  return SEGMENT_FILES.map((suffix) => segmentFileName(baseOffset, suffix)).filter(
    (name) => fs.stat(join(directory, name)) !== undefined,
  );
}

/** What waits for its removal. */
export class DeletedFiles {
  readonly #context: SegmentContext;
  readonly #directory: string;
  /** When each is due, by the monotonic time; in the order in which they came. */
  readonly #waiting = new Map<string, number>();
  #timer: Timer | undefined;

  constructor(context: SegmentContext, directory: string) {
    this.#context = context;
    this.#directory = directory;
  }

  /**
   * Takes the files of segments out of the log, and the producer snapshots at some offsets, in this order. The directory is
   * not synced yet.
   *
   * @throws SeglogError `IO`
   */
  add(baseOffsets: readonly number[], snapshotOffsets: readonly number[]): void {
    const isThere = this.#lookup(baseOffsets.length + snapshotOffsets.length);
    for (const base of baseOffsets) {
      for (const suffix of SEGMENT_FILES) {
        const name = segmentFileName(base, suffix);
        if (isThere(name)) this.#add(name);
      }
    }
    for (const offset of snapshotOffsets) {
      const name = segmentFileName(offset, SUFFIXES.producerSnapshot);
      if (isThere(name)) this.#add(name);
    }
  }

  #lookup(count: number): (name: string) => boolean {
    const { fs } = this.#context;
    if (count < WORTH_A_LISTING) return (name) => fs.stat(join(this.#directory, name)) !== undefined;
    const names = new Set(fs.list(this.#directory));
    return (name) => names.has(name);
  }

  #add(name: string): void {
    const { fs, clock, config } = this.#context;
    const path = join(this.#directory, name + STAGES.deleted);
    fs.rename(join(this.#directory, name), path);
    // One of that name that waits already is gone with this: it is the later one that the delay counts for.
    this.#waiting.delete(path);
    this.#waiting.set(path, clock.monotonicMs() + config.fileDeleteDelayMs);
    this.#wait(config.fileDeleteDelayMs);
  }

  /** Removes all that waits, now. @throws SeglogError `IO` */
  remove(): void {
    this.#removeUntil(Infinity);
  }

  /** Leaves what waits to the next opening of the log. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#waiting.clear();
  }

  #removeUntil(nowMs: number, most = Infinity): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    let left = most;
    for (const [path, dueMs] of this.#waiting) {
      if (dueMs > nowMs) continue;
      if (left-- === 0) return;
      this.#context.fs.remove(path);
      this.#waiting.delete(path);
    }
  }

  #wait(delayMs: number): void {
    this.#timer ??= this.#context.clock.after(delayMs, () => this.#onTime());
  }

  /** What cannot be removed now is removed when the log is closed or opened again. */
  #onTime(): void {
    const now = this.#context.clock.monotonicMs();
    try {
      this.#removeUntil(now, REMOVED_AT_ONCE);
    } catch {
      return;
    }
    const [next] = this.#waiting.values();
    if (next !== undefined) this.#wait(Math.max(0, next - now));
  }
}
