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

/** The names of a segment's files that are there. */
export function segmentFiles({ fs }: SegmentContext, directory: string, baseOffset: number): string[] {
  return SEGMENT_FILES.map((suffix) => segmentFileName(baseOffset, suffix)).filter(
    (name) => fs.stat(join(directory, name)) !== undefined,
  );
}

/** What waits for its removal. */
export class DeletedFiles {
  readonly #context: SegmentContext;
  readonly #directory: string;
  readonly #waiting = new Set<string>();
  #timer: Timer | undefined;

  constructor(context: SegmentContext, directory: string) {
    this.#context = context;
    this.#directory = directory;
  }

  /** Takes the files of a segment out of the log. The directory is not synced yet. */
  addSegment(baseOffset: number): void {
    const { fs, clock, config } = this.#context;
    for (const name of segmentFiles(this.#context, this.#directory, baseOffset)) {
      const path = join(this.#directory, name + STAGES.deleted);
      fs.rename(join(this.#directory, name), path);
      this.#waiting.add(path);
    }
    if (this.#waiting.size > 0) this.#timer ??= clock.after(config.fileDeleteDelayMs, () => this.#tryRemove());
  }

  /** Removes what waits, now. @throws SeglogError `IO` */
  remove(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const path of this.#waiting) {
      this.#context.fs.remove(path);
      this.#waiting.delete(path);
    }
  }

  /** What cannot be removed now is removed when the log is closed or opened again. */
  #tryRemove(): void {
    try {
      this.remove();
    } catch {
      this.#timer = undefined;
    }
  }
}
