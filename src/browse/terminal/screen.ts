/**
 * The terminal while it is ours: the alternate screen, drawn line by line where a line changed. A slow terminal gets the last
 * picture, not all of those that it missed. Whatever happens, `leave` gives it back as it was.
 */
import {
  beginSynchronizedOutput,
  cursorHide,
  cursorShow,
  cursorTo,
  endSynchronizedOutput,
  enterAlternativeScreen,
  eraseEndLine,
  eraseScreen,
  exitAlternativeScreen,
} from 'ansi-escapes';
import type { Frame } from '../view/frame.ts';
import type { Abilities } from '../view/line.ts';
import { paint } from './paint.ts';

const PASTE_MARKS_ON = '\x1b[?2004h';
const PASTE_MARKS_OFF = '\x1b[?2004l';
/** Without it, a line that the terminal finds wider than we do goes on in the next one. */
const WRAP_OFF = '\x1b[?7l';
const WRAP_ON = '\x1b[?7h';
const RESET_STYLE = '\x1b[0m';

/** Where a screen is drawn. */
export interface ScreenStream {
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): boolean;
  once(event: 'drain', then: () => void): unknown;
}

/** One terminal. */
export class Screen {
  readonly #stream: ScreenStream;
  readonly #abilities: Abilities;
  #isEntered = false;
  #isFull = false;
  #waiting: Frame | undefined;
  /** What each line shows. */
  #shown: string[] = [];
  #columns = 0;

  constructor(stream: ScreenStream, abilities: Abilities) {
    this.#stream = stream;
    this.#abilities = abilities;
  }

  /** The size of the terminal; 80 by 24 where it does not say. */
  get size(): { readonly columns: number; readonly lines: number } {
    const { columns, rows } = this.#stream;
    // Some say 0 before they know.
    return {
      columns: columns === undefined || columns === 0 ? 80 : columns,
      lines: rows === undefined || rows === 0 ? 24 : rows,
    };
  }

  /** Takes the terminal. */
  enter(): void {
    if (this.#isEntered) return;
    this.#isEntered = true;
    this.#shown = [];
    this.#stream.write(enterAlternativeScreen + WRAP_OFF + PASTE_MARKS_ON + cursorHide + eraseScreen);
  }

  /** Gives it back. A second call does nothing. */
  leave(): void {
    if (!this.#isEntered) return;
    this.#isEntered = false;
    this.#waiting = undefined;
    this.#stream.write(
      endSynchronizedOutput + RESET_STYLE + PASTE_MARKS_OFF + WRAP_ON + exitAlternativeScreen + cursorShow,
    );
  }

  /** What is on the terminal is not known any more: the next frame is drawn whole. */
  forget(): void {
    this.#shown = [];
    if (this.#isEntered) this.#stream.write(eraseScreen);
  }

  /** Draws what differs. */
  draw(frame: Frame): void {
    if (!this.#isEntered) return;
    if (this.#isFull) {
      this.#waiting = frame;
      return;
    }
    const text = this.#changes(frame);
    if (this.#stream.write(beginSynchronizedOutput + text + endSynchronizedOutput)) return;
    this.#isFull = true;
    this.#stream.once('drain', () => {
      this.#isFull = false;
      const next = this.#waiting;
      this.#waiting = undefined;
      if (next !== undefined) this.draw(next);
    });
  }

  #changes({ lines, cursor }: Frame): string {
    const { columns, lines: height } = this.size;
    if (columns !== this.#columns) this.#shown = [];
    this.#columns = columns;
    let text = cursorHide;
    for (let number = 0; number < height; number++) {
      const line = lines[number];
      const painted = line === undefined ? '' : paint(line, columns, this.#abilities);
      if (this.#shown[number] === painted) continue;
      this.#shown[number] = painted;
      text += cursorTo(0, number) + RESET_STYLE + eraseEndLine + painted;
    }
    this.#shown.length = height;
    return cursor === undefined ? text : text + cursorTo(cursor.column, cursor.line) + cursorShow;
  }
}
