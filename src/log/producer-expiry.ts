/** When a log forgets producers that have been silent for `producer.id.expiration.ms`: Kafka looks every ten minutes. */
import type { Clock } from '../clock/clock.ts';
import type { ProducerState } from '../state/producers/producer-state.ts';

/** How often producers are looked through. */
const EXPIRY_INTERVAL_MS = 600_000;
/** How often the clock is asked whether it is time for that. */
const APPENDS_BETWEEN_LOOKS = 256;

/** Forgets the producers of one log. */
export class ProducerExpiry {
  readonly #clock: Clock;
  readonly #producers: ProducerState;
  #expiredMs: number;
  #appends = 0;

  constructor(clock: Clock, producers: ProducerState) {
    this.#clock = clock;
    this.#producers = producers;
    this.#expiredMs = clock.monotonicMs();
  }

  /** Something of a producer was appended. */
  appended(): void {
    if (++this.#appends < APPENDS_BETWEEN_LOOKS) return;
    this.#appends = 0;
    if (this.#clock.monotonicMs() - this.#expiredMs < EXPIRY_INTERVAL_MS) return;
    this.#expiredMs = this.#clock.monotonicMs();
    this.#producers.expire(this.#clock.now());
  }
}
