/** Who does the tasks: this thread, or several others at the same time. */
import { Worker } from 'node:worker_threads';
import { noFindings } from './sink.ts';
import { failureOf, type Machine, runTask, type TaskResult, type VerifySettings, type VerifyTask } from './task.ts';

/** What a worker is told. */
export type ToWorker = { readonly kind: 'task'; readonly task: VerifyTask } | { readonly kind: 'end' };
/** What a worker tells. */
export type FromWorker =
  | { readonly kind: 'progress'; readonly bytes: number }
  | { readonly kind: 'result'; readonly result: TaskResult };

/** Does tasks in the order in which they come, urgent ones first. */
export interface TaskRunner {
  /** Never rejects: a failure is in the result. */
  run(task: VerifyTask, isUrgent?: boolean): Promise<TaskResult>;
  /** Lets go of threads. Call it when all tasks are done. */
  close(): void;
}

interface Queued {
  readonly task: VerifyTask;
  readonly settle: (result: TaskResult) => void;
}

/** Tasks on this thread, one at a time: for little work, a thread takes longer to start. */
export class LocalRunner implements TaskRunner {
  readonly #machine: Machine;
  readonly #settings: VerifySettings;
  readonly #progress: (bytes: number) => void;
  readonly #queue: Queued[] = [];
  #isRunning = false;

  constructor(machine: Machine, settings: VerifySettings, progress: (bytes: number) => void) {
    this.#machine = machine;
    this.#settings = settings;
    this.#progress = progress;
  }

  run(task: VerifyTask, isUrgent = false): Promise<TaskResult> {
    return new Promise((settle) => {
      enqueue(this.#queue, { task, settle }, isUrgent);
      if (!this.#isRunning) void this.#drain();
    });
  }

  close(): void {
    // Nothing is held.
  }

  async #drain(): Promise<void> {
    this.#isRunning = true;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      next.settle(runTask(this.#machine, this.#settings, next.task, this.#progress));
      // Whoever waits for the result may print it, or want something urgent.
      await new Promise((resume) => setImmediate(resume));
    }
    this.#isRunning = false;
  }
}

function enqueue(queue: Queued[], queued: Queued, isUrgent: boolean): void {
  if (isUrgent) queue.unshift(queued);
  else queue.push(queued);
}

/** Tasks on other threads. One that dies takes its task with it, and another takes its place. */
export class WorkerPool implements TaskRunner {
  readonly #settings: VerifySettings;
  readonly #progress: (bytes: number) => void;
  readonly #limit: number;
  readonly #idle: Worker[] = [];
  readonly #queue: Queued[] = [];
  #alive = 0;

  /** @param threads how many, at least 1 */
  constructor(threads: number, settings: VerifySettings, progress: (bytes: number) => void) {
    this.#limit = Math.max(1, threads);
    this.#settings = settings;
    this.#progress = progress;
  }

  run(task: VerifyTask, isUrgent = false): Promise<TaskResult> {
    return new Promise((settle) => {
      enqueue(this.#queue, { task, settle }, isUrgent);
      this.#dispatch();
    });
  }

  close(): void {
    for (const worker of this.#idle) tell(worker, { kind: 'end' });
    this.#idle.length = 0;
  }

  #dispatch(): void {
    while (this.#queue.length > 0) {
      const worker = this.#idle.pop() ?? this.#start();
      if (worker === undefined) return;
      this.#give(worker, this.#queue.shift() as Queued);
    }
  }

  #start(): Worker | undefined {
    if (this.#alive >= this.#limit) return undefined;
    this.#alive++;
    return new Worker(new URL('./worker.js', import.meta.url), { workerData: this.#settings });
  }

  #give(worker: Worker, { task, settle }: Queued): void {
    const release = (): void => void worker.off('message', take).off('error', die).off('exit', die);
    const take = (message: FromWorker): void => {
      if (message.kind === 'progress') return this.#progress(message.bytes);
      release();
      this.#idle.push(worker);
      settle(message.result);
      this.#dispatch();
    };
    const die = (reason: unknown): void => {
      release();
      // An error is followed by the exit, which nobody waits for any more.
      worker.on('error', () => undefined);
      this.#alive--;
      settle(lost(reason));
      this.#dispatch();
    };
    worker.on('message', take).on('error', die).on('exit', die);
    tell(worker, { kind: 'task', task });
  }
}

function tell(worker: Worker, message: ToWorker): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is a window's; a thread has none
  worker.postMessage(message);
}

/** The result of a task whose thread died. */
function lost(reason: unknown): TaskResult {
  const { message } = reason instanceof Error ? reason : { message: `the thread ended with ${String(reason)}` };
  const failure = failureOf(new Error(`the thread that verified this died: ${message}`));
  return { findings: [], counts: noFindings(), facts: undefined, batches: 0, records: 0, failure };
}
