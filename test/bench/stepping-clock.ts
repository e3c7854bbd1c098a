/** A time that goes on by itself, a little with each look at it: whoever waits for a moment gets there. */
import type { Clock, Timer } from '../../src/clock/clock.ts';

const LOOK_MS = 0.02;

/** A clock for what is paced; `pass` is work that takes time. */
export class SteppingClock implements Clock {
  #now = 0;

  pass(ms: number): void {
    this.#now += ms;
  }

  now(): number {
    return Math.floor(this.#now);
  }

  monotonicMs(): number {
    this.#now += LOOK_MS;
    return this.#now;
  }

  after(): Timer {
    throw new Error('nothing here waits by a timer');
  }

  sleep(delayMs: number): Promise<void> {
    this.#now += delayMs;
    return Promise.resolve();
  }

  block(delayMs: number): void {
    this.#now += delayMs;
  }
}
