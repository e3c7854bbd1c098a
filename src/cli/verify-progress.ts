/** How far a verification is: a bar on a terminal, nothing elsewhere. */
import { SingleBar } from 'cli-progress';
import { bytesText } from '../bench/text.ts';
import type { Clock } from '../clock/clock.ts';

/** Sooner than this nobody wants to see a bar. */
const PATIENCE_MS = 300;
const REDRAW_MS = 100;

/** Follows one verification. */
export class VerifyProgress {
  readonly #totalBytes: number;
  readonly #clock: Clock;
  readonly #stream: NodeJS.WriteStream;
  readonly #startMs: number;
  #bar: SingleBar | undefined;
  #doneBytes = 0;
  #drawnMs = 0;

  constructor(totalBytes: number, clock: Clock, stream: NodeJS.WriteStream = process.stderr) {
    this.#totalBytes = totalBytes;
    this.#clock = clock;
    this.#stream = stream;
    this.#startMs = clock.monotonicMs();
  }

  /** So many bytes more were gone over. */
  add(bytes: number): void {
    this.#doneBytes += bytes;
    if (!this.#stream.isTTY) return;
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#startMs < PATIENCE_MS || nowMs - this.#drawnMs < REDRAW_MS) return;
    this.#drawnMs = nowMs;
    const bytesPerMs = this.#doneBytes / (nowMs - this.#startMs);
    const left = Math.ceil(Math.max(0, this.#totalBytes - this.#doneBytes) / bytesPerMs / 1000);
    const shown = { done: bytesText(this.#doneBytes), left };
    if (this.#bar !== undefined) return this.#bar.update(this.#doneBytes, shown);
    this.#bar = new SingleBar({
      stream: this.#stream,
      format: `{bar} {percentage} %  {done} of ${bytesText(this.#totalBytes)}, {left} s left`,
      barCompleteChar: '█',
      barIncompleteChar: '░',
      barsize: 32,
      autopadding: true,
      // Ctrl-C ends the process at once: the cursor is left as it was.
      hideCursor: false,
      clearOnComplete: true,
      noTTYOutput: false,
    });
    this.#bar.start(this.#totalBytes, this.#doneBytes, shown);
  }

  /** Takes the bar away, until there is more to show. */
  hide(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }
}
