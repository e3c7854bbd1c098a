/** Runs tasks in slices of a few milliseconds, one at a time, so that keys are taken in between. */
import type { Clock } from '../clock/clock.ts';
import type { Progress, Task } from './contract.ts';

const SLICE_MS = 12;
/** How often progress is told. */
const TELL_MS = 100;

/** What becomes of a task. */
export interface Outcome<T> {
  readonly done: (result: T) => void;
  readonly failed: (error: unknown) => void;
  readonly progress: (progress: Progress | undefined) => void;
}

/** A place for one task. */
export class Runner {
  readonly #clock: Clock;
  /** Gives up the task that is running. */
  #stop: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isBusy(): boolean {
    return this.#stop !== undefined;
  }

  /** Starts a task in place of the one that is running. Its first slice has run when this returns. */
  run<T>(task: Task<T>, outcome: Outcome<T>): void {
    this.cancel();
    let isOver = false;
    let nextTell = this.#clock.monotonicMs() + TELL_MS;
    const stop = (): void => {
      isOver = true;
      task.return(undefined as T);
    };
    const end = (tell: () => void): void => {
      isOver = true;
      if (this.#stop === stop) this.#stop = undefined;
      tell();
    };
    const slice = (): void => {
      if (isOver) return;
      const until = this.#clock.monotonicMs() + SLICE_MS;
      try {
        for (;;) {
          const step = task.next();
          if (step.done === true) return end(() => outcome.done(step.value));
          const now = this.#clock.monotonicMs();
          if (now < until) continue;
          if (now >= nextTell) outcome.progress(step.value);
          if (now >= nextTell) nextTell = now + TELL_MS;
          break;
        }
      } catch (error) {
        return end(() => outcome.failed(error));
      }
      setImmediate(slice);
    };
    this.#stop = stop;
    slice();
  }

  /** Gives up what is running; nothing is told of it. Returns whether there was anything. */
  cancel(): boolean {
    const stop = this.#stop;
    this.#stop = undefined;
    stop?.();
    return stop !== undefined;
  }
}
