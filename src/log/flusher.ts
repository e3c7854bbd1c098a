/** One sync at a time, shared by all who wait for it: group commit. */

/** Runs `sync` so that whoever asks is covered by a run that started after they asked. */
export class Flusher {
  readonly #sync: () => Promise<void>;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(sync: () => Promise<void>) {
    this.#sync = sync;
  }

  /** Resolves when a sync that started after this call is done; rejects when it failed. */
  flush(): Promise<void> {
    this.#next ??= this.#startNext();
    return this.#next;
  }

  /**
   * Those whom a sync just released append before the next one starts, and share it: without the turn in between they fall into
   * two halves that wait for each other (groups of 32 of 64 appenders instead of 64).
   */
  async #startNext(): Promise<void> {
    do {
      if (this.#running !== undefined) await this.#running.catch(nothing);
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
    } while (this.#running !== undefined);
    this.#next = undefined;
    return this.#start();
  }

  /** Does `work` when no sync runs; no sync starts before it is done. */
  async exclusive<T>(work: () => T | Promise<T>): Promise<T> {
    while (this.#running !== undefined) await this.#running.catch(() => undefined);
    // No other turn comes between the look and this.
    const done = (async () => work())();
    const running = done.then(nothing).finally(() => {
      this.#running = undefined;
    });
    running.catch(nothing);
    this.#running = running;
    return done;
  }

  #start(): Promise<void> {
    const running = this.#sync().finally(() => {
      this.#running = undefined;
    });
    this.#running = running;
    return running;
  }
}

function nothing(): void {
  // What is awaited elsewhere needs no second look.
}
