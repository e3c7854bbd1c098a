/** Holds reading and writing to so many bytes a second. Source: spec 4.7, Kafka's `Throttler`. */
import type { Clock } from '../clock/clock.ts';

/** Speeds are judged over windows of this length. */
const WINDOW_MS = 300;

/** Waits where a window's bytes came sooner than they may. */
export class Throttle {
  readonly #clock: Clock;
  readonly #bytesPerMs: number;
  #windowStart: number;
  #bytes = 0;

  /** @param bytesPerSecond `Infinity`: never waits */
  constructor(clock: Clock, bytesPerSecond: number) {
    this.#clock = clock;
    this.#bytesPerMs = bytesPerSecond / 1000;
    this.#windowStart = clock.monotonicMs();
  }

  /** Notes bytes that were read or written; waits at the end of a window that was too fast. */
  async pass(bytes: number, signal: AbortSignal | undefined): Promise<void> {
    this.#bytes += bytes;
    const elapsed = this.#clock.monotonicMs() - this.#windowStart;
    if (elapsed <= WINDOW_MS && this.#bytes <= this.#bytesPerMs * WINDOW_MS) return;
    const waitMs = this.#bytes / this.#bytesPerMs - elapsed;
    if (waitMs >= 1) await this.#clock.sleep(waitMs, signal);
    this.#windowStart = this.#clock.monotonicMs();
    this.#bytes = 0;
  }
}
