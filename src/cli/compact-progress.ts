/** How far a compaction is: a bar for each of its phases on a terminal, nothing elsewhere. */
import type { CleanProgress } from '../cleaner/contract.ts';
import type { Clock } from '../clock/clock.ts';
import { VerifyProgress } from './verify-progress.ts';

/** Follows one compaction. */
export class CompactProgress {
  readonly #clock: Clock;
  readonly #stream: NodeJS.WriteStream;
  #bar: VerifyProgress | undefined;
  #last: CleanProgress | undefined;

  constructor(clock: Clock, stream: NodeJS.WriteStream = process.stderr) {
    this.#clock = clock;
    this.#stream = stream;
  }

  /** To be given to the compaction; undefined where there is no terminal. */
  get onProgress(): ((progress: CleanProgress) => void) | undefined {
    return this.#stream.isTTY ? (progress) => this.#update(progress) : undefined;
  }

  /** Takes the bar away. */
  stop(): void {
    this.#bar?.hide();
  }

  #update(progress: CleanProgress): void {
    const last = this.#last;
    const isNew = last === undefined || last.phase !== progress.phase || progress.doneBytes < last.doneBytes;
    if (isNew) {
      this.stop();
      this.#bar = new VerifyProgress(progress.totalBytes, this.#clock, this.#stream);
    }
    this.#bar?.add(progress.doneBytes - (isNew ? 0 : last.doneBytes));
    this.#last = progress;
  }
}
