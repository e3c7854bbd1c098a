/** Lets the event loop turn within long loops, so that Ctrl-C is heard and the work behind it ends tidily. */

/** How many batches go by between two turns: some milliseconds of work. */
const BATCHES_PER_TURN = 64;
/** The same for records that are handed over one by one. */
export const RECORDS_PER_TURN = 8192;

/** Counts batches; every so often it lets the loop turn. One for each loop. */
export class Turns {
  readonly #signal: AbortSignal | undefined;
  readonly #perTurn: number;
  #count = 0;

  constructor(signal: AbortSignal | undefined, perTurn: number = BATCHES_PER_TURN) {
    this.#signal = signal;
    this.#perTurn = perTurn;
  }

  /** Call it after each batch, and await what it gives unless that is undefined. Rejects with the signal's reason. */
  next(): Promise<void> | undefined {
    if (++this.#count % this.#perTurn !== 0) return undefined;
    return new Promise((resolve, reject) => {
      setImmediate(() => (this.#signal?.aborted === true ? reject(this.#signal.reason as Error) : resolve()));
    });
  }
}
