/**
 * Periodic work of a store: checkpoints, and whatever else is registered, over the injected clock. A task never overlaps
 * itself; one that fails is told of, and runs again at its next time.
 */
import type { Clock, Timer } from '../clock/clock.ts';

/** Work that comes again. */
export interface PeriodicTask {
  /** For people. */
  readonly name: string;
  /** From its end to its next start, in milliseconds. */
  readonly periodMs: number;
  /** @param signal aborts when nobody waits for it any more: what takes long ends early then */
  readonly run: (signal: AbortSignal) => void | Promise<void>;
}

/** Runs tasks until it is stopped. */
export class Scheduler {
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  readonly #timers = new Map<PeriodicTask, Timer>();
  readonly #running = new Set<Promise<void>>();
  readonly #stop = new AbortController();

  constructor(clock: Clock, onError: (error: unknown) => void) {
    this.#clock = clock;
    this.#onError = (error) => {
      try {
        onError(error);
      } catch {
        // Whoever is told has failed as well: the task comes again all the same.
      }
    };
  }

  /** Runs a task for the first time after `delayMs`, and then again and again. Its timer keeps no process alive. */
  every(task: PeriodicTask, delayMs: number): void {
    if (this.#stop.signal.aborted) return;
    this.#timers.set(
      task,
      this.#clock.after(delayMs, () => this.#start(task)),
    );
  }

  /** Starts nothing more. Resolves when what runs is done. */
  async stop(): Promise<void> {
    this.#stop.abort();
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    await Promise.all(this.#running);
  }

  #start(task: PeriodicTask): void {
    this.#timers.delete(task);
    try {
      const run = task.run(this.#stop.signal);
      if (run !== undefined) return this.#waitFor(task, run);
    } catch (error) {
      this.#onError(error);
    }
    this.every(task, task.periodMs);
  }

  #waitFor(task: PeriodicTask, run: Promise<void>): void {
    const done = run.catch(this.#onError).finally(() => {
      this.#running.delete(done);
      this.every(task, task.periodMs);
    });
    this.#running.add(done);
  }
}
