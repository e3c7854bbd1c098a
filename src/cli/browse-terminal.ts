/**
 * The terminal of `seglog browse`: raw keys in, signals, and the way back. However the process ends, save by SIGKILL, the
 * terminal is as it was: its screen, its cursor, its modes.
 */
import { constants } from 'node:os';
import type { BrowseApp } from '../browse/app.ts';
import { readInput } from '../browse/terminal/input.ts';
import type { Screen } from '../browse/terminal/screen.ts';
import type { Clock } from '../clock/clock.ts';

/** What ends a process unless it is caught. Those of a crash cannot be caught with any use, and SIGPROF is the profiler's. */
const SIGNALS = [
  ...['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGABRT', 'SIGALRM', 'SIGUSR2', 'SIGVTALRM', 'SIGXCPU', 'SIGXFSZ'],
  ...['SIGIO', 'SIGPWR', 'SIGSTKFLT'],
] as const;
/** A process that was not stopped after this will not be. */
const STOPPED_MS = 100;

/** Owns the process' standard streams while the browser runs. */
export class BrowseTerminal {
  readonly #screen: Screen;
  readonly #clock: Clock;
  /** Resolves with true when the process is to end, its exit code set. */
  readonly ended: Promise<boolean>;
  readonly #undo: (() => void)[] = [];
  #app: BrowseApp | undefined;
  readonly #stopped = (): void => this.suspend();

  constructor(screen: Screen, clock: Clock) {
    this.#screen = screen;
    this.#clock = clock;
    this.ended = new Promise((resolve) => {
      const end = (signal: (typeof SIGNALS)[number]): void => {
        process.exitCode = 128 + constants.signals[signal];
        resolve(true);
      };
      for (const signal of SIGNALS) this.#on(process, signal, () => end(signal));
      // A terminal that was closed ends our input, or fails at what is written to it.
      for (const event of ['end', 'close', 'error']) this.#on(process.stdin, event, () => end('SIGHUP'));
      this.#on(process.stdout, 'error', () => end('SIGHUP'));
    });
  }

  /** Takes the terminal, for this browser. */
  take(app: BrowseApp): void {
    this.#app = app;
    const restore = (): void => this.#restore();
    process.on('exit', restore);
    this.#undo.push(() => void process.off('exit', restore));
    // Before the error is told, or it would be told to a screen that goes.
    process.prependListener('uncaughtException', restore);
    this.#undo.push(() => void process.off('uncaughtException', restore));
    this.#on(process.stdout, 'resize', () => app.resize());
    this.#undo.push(
      readInput(process.stdin, this.#clock, {
        key: (key) => app.take({ type: 'key', key }),
        paste: (text) => app.take({ type: 'paste', text }),
      }),
    );
    this.#onStop(true);
    this.#undo.push(() => this.#onStop(false));
    this.#enter();
  }

  /** Gives the terminal back and listens to nothing any more. */
  giveBack(): void {
    this.#restore();
    process.stdin.pause();
    for (const undo of this.#undo.splice(0)) undo();
    // What a closed terminal still fails with concerns nobody.
    process.stdout.on('error', () => undefined);
    process.stdin.on('error', () => undefined);
  }

  /** Stops the process as Ctrl-Z does elsewhere; the shell's `fg` brings all back. */
  suspend(): void {
    this.#restore();
    // Ours would keep the process from being stopped.
    this.#onStop(false);
    const back = (): void => {
      undo();
      this.#onStop(true);
      this.#enter();
      this.#app?.resize();
    };
    process.on('SIGCONT', back);
    // A group whose terminal no shell looks after is not stopped, and nothing continues it.
    const timer = this.#clock.after(STOPPED_MS, back, true);
    const undo = (): void => {
      timer.cancel();
      process.off('SIGCONT', back);
    };
    this.#undo.push(undo);
    // The whole group, as the terminal itself would: npx and its like stop too.
    process.kill(0, 'SIGTSTP');
  }

  /** Whether a stop that somebody else sends is taken as Ctrl-Z is. */
  #onStop(isTaken: boolean): void {
    process.off('SIGTSTP', this.#stopped);
    if (isTaken) process.on('SIGTSTP', this.#stopped);
  }

  #enter(): void {
    process.stdin.setRawMode(true);
    process.stdin.resume();
    this.#screen.enter();
  }

  #restore(): void {
    try {
      this.#screen.leave();
      process.stdin.setRawMode(false);
    } catch {
      // There is no terminal any more.
    }
  }

  #on(emitter: NodeJS.EventEmitter, event: string, listener: () => void): void {
    emitter.on(event, listener);
    this.#undo.push(() => void emitter.off(event, listener));
  }
}
