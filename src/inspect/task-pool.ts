/** Who does the tasks of an inspection: this thread, or several others at the same time. Tasks and results are plain data. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

/**
 * More threads than this are not started, however many processors there are or are asked for: each may hold the largest batch
 * that is looked into twice, so that the memory of all is bounded by this.
 */
const MOST_THREADS = 16;

/**
 * How many threads do the work, besides this one; 0 for none.
 *
 * @param bytes - how much there is to go over
 * @param worthBytes - less than this is done before a thread has started
 * @param wanted - what somebody asked for
 */
export function threadsFor(bytes: number, worthBytes: number, wanted: number | undefined): number {
  return Math.min(MOST_THREADS, wanted ?? (bytes < worthBytes ? 0 : availableParallelism()));
}

/** What a worker is told. */
export type ToWorker<Task> = { readonly kind: 'task'; readonly task: Task } | { readonly kind: 'end' };
/** What a worker tells. */
export type FromWorker<Result> =
  | { readonly kind: 'progress'; readonly bytes: number }
  | { readonly kind: 'result'; readonly result: Result };

/** Does tasks in the order in which they come, urgent ones first. */
export interface Runner<Task, Result> {
  /** Never rejects: a failure is in the result. */
  run(task: Task, isUrgent?: boolean): Promise<Result>;
  /** Lets go of threads, as soon as each has done its task. Tasks that have not begun are dropped, and never settle. */
  close(): void;
}

interface Queued<Task, Result> {
  readonly task: Task;
  readonly settle: (result: Result) => void;
}

/** Tasks on this thread, one at a time: for little work, a thread takes longer to start. */
export class LocalTasks<Task, Result> implements Runner<Task, Result> {
  readonly #work: (task: Task) => Result;
  readonly #queue: Queued<Task, Result>[] = [];
  #isRunning = false;

  /** @param work does a task, and never raises */
  constructor(work: (task: Task) => Result) {
    this.#work = work;
  }

  run(task: Task, isUrgent = false): Promise<Result> {
    return new Promise((settle) => {
      enqueue(this.#queue, { task, settle }, isUrgent);
      if (!this.#isRunning) void this.#drain();
    });
  }

  close(): void {
    this.#queue.length = 0;
  }

  async #drain(): Promise<void> {
    this.#isRunning = true;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      next.settle(this.#work(next.task));
      // Whoever waits for the result may print it, or want something urgent.
      await new Promise((resume) => setImmediate(resume));
    }
    this.#isRunning = false;
  }
}

function enqueue<T>(queue: T[], queued: T, isUrgent: boolean): void {
  if (isUrgent) queue.unshift(queued);
  else queue.push(queued);
}

/** What a pool's threads are, and what to do with what they tell. */
export interface PoolParts<Task, Result> {
  /** The threads' program. */
  readonly program: URL;
  /** What each is started with. */
  readonly settings: unknown;
  readonly progress: (bytes: number) => void;
  /** The result of a task whose thread died. */
  readonly lost: (task: Task, reason: Error) => Result;
}

/** Tasks on other threads. One that dies takes its task with it, and another takes its place. */
export class TaskPool<Task, Result> implements Runner<Task, Result> {
  readonly #parts: PoolParts<Task, Result>;
  readonly #limit: number;
  readonly #idle: Worker[] = [];
  readonly #queue: Queued<Task, Result>[] = [];
  #alive = 0;
  #isClosed = false;

  /** @param threads how many, at least 1 */
  constructor(threads: number, parts: PoolParts<Task, Result>) {
    this.#limit = Math.max(1, threads);
    this.#parts = parts;
  }

  run(task: Task, isUrgent = false): Promise<Result> {
    return new Promise((settle) => {
      enqueue(this.#queue, { task, settle }, isUrgent);
      this.#dispatch();
    });
  }

  close(): void {
    this.#isClosed = true;
    // Whoever closes early waits for none of them.
    this.#queue.length = 0;
    for (const worker of this.#idle) tell<Task>(worker, { kind: 'end' });
    this.#idle.length = 0;
  }

  #dispatch(): void {
    while (this.#queue.length > 0) {
      const worker = this.#idle.pop() ?? this.#start();
      if (worker === undefined) return;
      this.#give(worker, this.#queue.shift() as Queued<Task, Result>);
    }
  }

  #start(): Worker | undefined {
    if (this.#alive >= this.#limit) return undefined;
    this.#alive++;
    return new Worker(this.#parts.program, { workerData: this.#parts.settings });
  }

  #give(worker: Worker, { task, settle }: Queued<Task, Result>): void {
    const release = (): void => void worker.off('message', take).off('error', die).off('exit', die);
    const take = (message: FromWorker<Result>): void => {
      if (message.kind === 'progress') return this.#parts.progress(message.bytes);
      release();
      if (this.#isClosed) tell<Task>(worker, { kind: 'end' });
      else this.#idle.push(worker);
      settle(message.result);
      this.#dispatch();
    };
    const die = (reason: unknown): void => {
      release();
      // An error is followed by the exit, which nobody waits for any more.
      worker.on('error', () => undefined);
      this.#alive--;
      const error = reason instanceof Error ? reason : new Error(`the thread ended with ${String(reason)}`);
      settle(this.#parts.lost(task, error));
      this.#dispatch();
    };
    worker.on('message', take).on('error', die).on('exit', die);
    tell(worker, { kind: 'task', task });
  }
}

function tell<Task>(worker: Worker, message: ToWorker<Task>): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is a window's; a thread has none
  worker.postMessage(message);
}
