/** How far the recovery of a partition is: a bar on a terminal, nothing elsewhere. */
import { SingleBar } from 'cli-progress';
import { bytesText } from '../bench/text.ts';
import { printable } from '../inspect/byte-encoding.ts';
import type { RecoveryProgress } from '../log/load/report.ts';

const SECOND_MS = 1000;

/** Follows one recovery. Nothing is drawn until the first report. */
export class RecoverProgress {
  readonly #name: string;
  readonly #stream: NodeJS.WriteStream;
  #bar: SingleBar | undefined;

  constructor(name: string, stream: NodeJS.WriteStream = process.stderr) {
    this.#name = printable(name);
    this.#stream = stream;
  }

  /** To be given to recovery; undefined where there is no terminal. */
  get onProgress(): ((progress: RecoveryProgress) => void) | undefined {
    return this.#stream.isTTY ? (progress) => this.#update(progress) : undefined;
  }

  /** Takes the bar away. Call it also when recovery failed: it leaves the terminal as it should be. */
  stop(): void {
    this.#bar?.stop();
  }

  #update({ scannedBytes, totalBytes, remainingMs }: RecoveryProgress): void {
    const shown = { done: bytesText(scannedBytes), left: Math.ceil(remainingMs / SECOND_MS) };
    if (this.#bar === undefined) {
      this.#bar = new SingleBar({
        stream: this.#stream,
        // The name comes as a value: in the format it could name a field.
        format: `{name} {bar} {percentage} %  {done} of ${bytesText(totalBytes)}, {left} s left`,
        barCompleteChar: '█',
        barIncompleteChar: '░',
        barsize: 32,
        autopadding: true,
        hideCursor: true,
        clearOnComplete: true,
      });
      this.#bar.start(totalBytes, scannedBytes, { name: this.#name, ...shown });
    } else this.#bar.update(scannedBytes, shown);
  }
}
