/**
 * The only room that knows the time. Everything else is handed a {@link Clock}, so that tests own the time.
 */
import type { TimestampMs } from '../units/units.ts';

/** What Node's timers can wait: a longer delay would be over at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A timer that was started; `cancel` is safe at any time. */
export interface Timer {
  cancel(): void;
}

/** Wall time, a monotonic time, and timers. */
export interface Clock {
  /** Milliseconds since 1970: for timestamps in records. May jump in either direction. */
  now(): TimestampMs;
  /** Milliseconds from an arbitrary start, never backwards: for lags, waits and speeds. */
  monotonicMs(): number;
  /** Calls `run` once after `delayMs`, however long that is; never for `Infinity`. The timer keeps the process alive only if it is told to: where somebody waits for it. */
  after(delayMs: number, run: () => void, keepsAlive?: boolean): Timer;
  /** Resolves after `delayMs`, or at once when `signal` aborts. Keeps the process alive. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
  /** Returns after `delayMs`, and lets nothing else run on this thread: for reads that must not be fast. */
  block(delayMs: number): void;
}

/** The machine's time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, run, keepsAlive = false) {
    let timer: NodeJS.Timeout;
    const wait = (leftMs: number): void => {
      const isLong = leftMs > LONGEST_TIMER_MS;
      timer = isLong ? setTimeout(() => wait(leftMs - LONGEST_TIMER_MS), LONGEST_TIMER_MS) : setTimeout(run, leftMs);
      if (!keepsAlive) timer.unref();
    };
    wait(delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
  sleep(delayMs, signal) {
    return new Promise((resolve) => {
      if (signal?.aborted === true) return resolve();
      const done = (): void => {
        timer.cancel();
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = this.after(delayMs, done, true);
      signal?.addEventListener('abort', done, { once: true });
    });
  },
  block(delayMs) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, delayMs);
  },
};

interface Waiting {
  readonly at: number;
  readonly run: () => void;
}

/** A time that moves only when told to: for tests. */
export class ManualClock implements Clock {
  #now: number;
  #monotonic = 0;
  #waiting: Waiting[] = [];

  constructor(startMs = 0) {
    this.#now = startMs;
  }

  now(): TimestampMs {
    return this.#now;
  }

  monotonicMs(): number {
    return this.#monotonic;
  }

  after(delayMs: number, run: () => void): Timer {
    const waiting = { at: this.#monotonic + delayMs, run };
    this.#waiting.push(waiting);
    return { cancel: () => void (this.#waiting = this.#waiting.filter((other) => other !== waiting)) };
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted === true) return resolve();
      const timer = this.after(delayMs, resolve);
      signal?.addEventListener('abort', () => (timer.cancel(), resolve()), { once: true });
    });
  }

  block(delayMs: number): void {
    this.advance(delayMs);
  }

  /** Moves both times forward and runs what falls due, in order. */
  advance(ms: number): void {
    const end = this.#monotonic + ms;
    for (;;) {
      const next = this.#waiting.filter((waiting) => waiting.at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#waiting = this.#waiting.filter((waiting) => waiting !== next);
      this.#now += next.at - this.#monotonic;
      this.#monotonic = next.at;
      next.run();
    }
    this.#now += end - this.#monotonic;
    this.#monotonic = end;
  }

  /** Sets the wall time alone, as an administrator might: backwards too. */
  jumpTo(nowMs: number): void {
    this.#now = nowMs;
  }
}
