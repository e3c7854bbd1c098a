/** One sync at a time, shared by all who wait for it: group commit. */

/**
 * Of those whom a sync just released, together with those who wait already, this share must wait for the next one before it
 * starts (or a turn of the event loop must pass). With all of them each sync waits for the last appender; with none they fall
 * into two halves that wait for each other. 64 appenders: see docs/design.md for the numbers.
 */
const GATHERED = 0.77;

/** Those who wait for a sync that has not started. */
interface Group {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  waiters: number;
}

/** Runs `sync` so that whoever asks is covered by a run that started after they asked. */
export class Flusher {
  readonly #sync: () => Promise<void>;
  #running: Promise<void> | undefined;
  #next: Group | undefined;
  /** How many must wait before a sync starts at once. */
  #enough = 1;
  #hasTurn = false;

  constructor(sync: () => Promise<void>) {
    this.#sync = sync;
  }

  /** Resolves when a sync that started after this call is done; rejects when it failed. */
  flush(): Promise<void> {
    const group = (this.#next ??= newGroup());
    group.waiters++;
    this.#startIfEnough();
    return group.promise;
  }

  /** Does `work` when no sync runs; no sync starts before it is done. */
  async exclusive<T>(work: () => T | Promise<T>): Promise<T> {
    while (this.#running !== undefined) await this.#running;
    // No other turn comes between the look and this.
    const done = (async () => work())();
    this.#run(done.then(nothing), 0, nothing, nothing);
    return done;
  }

  #startIfEnough(): void {
    if (this.#running !== undefined || this.#next === undefined) return;
    if (this.#next.waiters >= this.#enough) this.#start(this.#next);
    else if (!this.#hasTurn) {
      this.#hasTurn = true;
      setImmediate(() => {
        this.#hasTurn = false;
        if (this.#running === undefined && this.#next !== undefined) this.#start(this.#next);
      });
    }
  }

  #start(group: Group): void {
    this.#next = undefined;
    this.#run(this.#sync(), group.waiters, group.resolve, group.reject);
  }

  /** What comes after a run is settled first, so that whoever it releases can start the next one. */
  #run(work: Promise<void>, waiters: number, onDone: () => void, onFailed: (error: unknown) => void): void {
    const settle = (): void => {
      this.#running = undefined;
      this.#enough = Math.max(1, Math.ceil((waiters + (this.#next?.waiters ?? 0)) * GATHERED));
      this.#startIfEnough();
    };
    this.#running = work.then(
      () => {
        settle();
        onDone();
      },
      (error: unknown) => {
        settle();
        onFailed(error);
      },
    );
  }
}

function newGroup(): Group {
  let resolve = nothing;
  let reject: (error: unknown) => void = nothing;
  const promise = new Promise<void>((onDone, onFailed) => {
    resolve = onDone;
    reject = onFailed;
  });
  return { promise, resolve, reject, waiters: 0 };
}

function nothing(): void {
  // What is awaited elsewhere needs no second look.
}
