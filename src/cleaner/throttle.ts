/** Holds reading and writing to so many bytes a second. Source: spec 4.7, Kafka's `Throttler`. */
import type { Clock } from '../clock/clock.ts';
import { SeglogError } from '../errors/errors.ts';

/** Speeds are judged over windows of this length. */
const WINDOW_MS = 300;

/** Waits where a window's bytes came sooner than they may. Several threads at work share the speed in equal parts. */
export class Throttle {
  readonly #clock: Clock;
  readonly #totalPerMs: number;
  readonly #sharers: Int32Array | undefined;
  #windowStart: number;
  #bytes = 0;

  /**
   * @param bytesPerSecond `Infinity`: never waits
   * @throws SeglogError `INVALID_ARGUMENT` for what is no speed
   * @param sharers memory that threads share; its first number says among how many the speed is divided at the moment
   */
  constructor(clock: Clock, bytesPerSecond: number, sharers?: Int32Array) {
    if (!(bytesPerSecond > 0)) {
      throw new SeglogError('INVALID_ARGUMENT', 'nothing is cleaned at this speed', {
        expected: 'more than 0 bytes a second',
        found: bytesPerSecond,
      });
    }
    this.#clock = clock;
    this.#totalPerMs = bytesPerSecond / 1000;
    this.#sharers = sharers;
    this.#windowStart = clock.monotonicMs();
  }

  /** Notes bytes that were read or written; waits at the end of a window that was too fast. */
  async pass(bytes: number, signal: AbortSignal | undefined): Promise<void> {
    this.#bytes += bytes;
    const elapsed = this.#clock.monotonicMs() - this.#windowStart;
    const bytesPerMs = this.#totalPerMs / this.#sharing();
    if (elapsed <= WINDOW_MS && this.#bytes <= bytesPerMs * WINDOW_MS) return;
    const waitMs = this.#bytes / bytesPerMs - elapsed;
    if (waitMs >= 1) await this.#clock.sleep(waitMs, signal);
    this.#windowStart = this.#clock.monotonicMs();
    this.#bytes = 0;
  }

  #sharing(): number {
    return this.#sharers === undefined ? 1 : Math.max(1, Atomics.load(this.#sharers, 0));
  }
}
