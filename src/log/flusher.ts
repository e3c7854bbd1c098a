/** One sync at a time, shared by all who wait for it: group commit. Works that must be alone take turns with them. */

/**
 * Of those whom a sync just released, together with those who wait already, a share must wait for the next one before it
 * starts (or a turn of the event loop must pass). With all of them each sync waits for the last appender; with half of them
 * they fall into two halves that wait for each other. The share falls while the pauses between syncs take more than this part
 * of a sync, else it rises: groups are large on a slow disk, and a fast one hardly stands still. 64 appenders: see
 * docs/design.md for the numbers.
 */
const PAUSE = 0.06;
const LEAST_SHARE = 0.5;
const FIRST_SHARE = 0.75;
const STEP = 0.01;

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
  readonly #nowMs: () => number;
  #running: Promise<void> | undefined;
  #next: Group | undefined;
  /** Works that wait for a sync, or for one of them, to end. */
  readonly #works: (() => void)[] = [];
  #share = FIRST_SHARE;
  /** How many must wait before a sync starts at once. */
  #enough = 1;
  /** When the last run ended, and how long it took. */
  #endedMs = 0;
  #tookMs = 0;
  #hasTurn = false;

  /** @param nowMs a clock that never goes back */
  constructor(sync: () => Promise<void>, nowMs: () => number) {
    this.#sync = sync;
    this.#nowMs = nowMs;
  }

  /** Resolves when a sync that started after this call is done; rejects when it failed. */
  flush(): Promise<void> {
    const group = (this.#next ??= newGroup());
    group.waiters++;
    this.#startIfEnough();
    return group.promise;
  }

  /**
   * Does `work` when neither a sync nor another work runs; none starts before it is done. Behind a sync a work that waits comes
   * first, and behind a work a sync: neither can keep the other waiting for ever.
   */
  exclusive<T>(work: () => T | Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const start = (): void => this.#run(Promise.resolve().then(work), 'work', 0, resolve, reject);
      if (this.#running === undefined) start();
      else this.#works.push(start);
    });
  }

  #startWork(): void {
    if (this.#running === undefined) this.#works.shift()?.();
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
    if (group.waiters > 1) {
      const isLong = this.#nowMs() - this.#endedMs > this.#tookMs * PAUSE;
      this.#share = Math.min(1, Math.max(LEAST_SHARE, this.#share + (isLong ? -STEP : STEP)));
    }
    this.#run(this.#sync(), 'sync', group.waiters, group.resolve, group.reject);
  }

  /** What comes after a run is settled first, so that whoever it releases can start the next one. */
  #run<T>(
    work: Promise<T>,
    kind: 'sync' | 'work',
    waiters: number,
    onDone: (value: T) => void,
    onFailed: (error: unknown) => void,
  ): void {
    const startedMs = this.#nowMs();
    const settle = (): void => {
      this.#running = undefined;
      this.#endedMs = this.#nowMs();
      this.#tookMs = this.#endedMs - startedMs;
      this.#enough = Math.max(1, Math.ceil((waiters + (this.#next?.waiters ?? 0)) * this.#share));
      if (kind === 'work') this.#startIfEnough();
      this.#startWork();
      this.#startIfEnough();
    };
    this.#running = work.then(
      (value) => {
        settle();
        onDone(value);
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
