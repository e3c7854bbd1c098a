/** The demo's progress on stderr: a bar on a terminal, otherwise a line at every tenth. */
import { SingleBar } from 'cli-progress';
import { countText } from '../bench/text.ts';

/** Follows one step. */
export interface Progress {
  update(done: number): void;
  /** Call it also when the step failed: it leaves the terminal as it should be. */
  stop(): void;
}

/** Room for the longest name of a step. */
const LABEL_WIDTH = 16;
const TENTHS = 10;

class Bar implements Progress {
  readonly #bar: SingleBar;

  constructor(label: string, total: number, stream: NodeJS.WriteStream) {
    this.#bar = new SingleBar({
      stream,
      format: `${label.padEnd(LABEL_WIDTH)}{bar} {percentage} %  {count} of ${countText(total)} records`,
      barCompleteChar: '█',
      barIncompleteChar: '░',
      barsize: 32,
      autopadding: true,
      hideCursor: true,
    });
    this.#bar.start(total, 0, { count: '0' });
  }

  update(done: number): void {
    this.#bar.update(done, { count: countText(done) });
  }

  stop(): void {
    this.#bar.stop();
  }
}

class Lines implements Progress {
  readonly #label: string;
  readonly #total: number;
  readonly #stream: NodeJS.WritableStream;
  #tenths = 0;

  constructor(label: string, total: number, stream: NodeJS.WritableStream) {
    this.#label = label;
    this.#total = total;
    this.#stream = stream;
  }

  update(done: number): void {
    const tenths = Math.floor((done * TENTHS) / this.#total);
    if (tenths === this.#tenths) return;
    this.#tenths = tenths;
    const percent = `${(100 / TENTHS) * tenths}`.padStart(3);
    this.#stream.write(
      `${this.#label.padEnd(LABEL_WIDTH)}${percent} %  ${countText(done)} of ${countText(this.#total)} records\n`,
    );
  }

  stop(): void {}
}

/** Starts following a step of `total` records. */
export function startProgress(label: string, total: number, stream: NodeJS.WriteStream = process.stderr): Progress {
  return stream.isTTY ? new Bar(label, total, stream) : new Lines(label, total, stream);
}
