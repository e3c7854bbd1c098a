/** Those who wait for something to happen to a log. */

/** Waits end together, by `wake`, or one by one, by their signals. */
export class Waiters {
  #waiting: (() => void)[] = [];

  /** Resolves at the next {@link Waiters.wake}, or when `signal` aborts. */
  next(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        signal?.removeEventListener('abort', done);
        resolve();
      };
      this.#waiting.push(done);
      signal?.addEventListener('abort', done, { once: true });
    });
  }

  wake(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const done of waiting) done();
  }
}
