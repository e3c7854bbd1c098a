/** Rounds of cleaning on other threads: Kafka's `log.cleaner.threads`. */
import { Worker } from 'node:worker_threads';
import { SeglogError } from '../errors/errors.ts';
import type { CleanHooks, CleanRequest, CleanRound } from './contract.ts';
import { type FromCleaner, mendError, tearError, type ToCleaner } from './messages.ts';

/** A round keeps little there: facts about segments, and transactions that were aborted. */
const HEAP_MEGABYTES = 512;

/** A round that waits for a thread, or has one. */
interface Job {
  readonly request: CleanRequest;
  readonly hooks: CleanHooks;
  readonly resolve: (round: CleanRound) => void;
  readonly reject: (reason: unknown) => void;
  /** Takes it out of the queue: its signal was aborted. */
  readonly giveUp: () => void;
}

/**
 * Cleans on worker threads, each with an engine and an offset map of its own. Files are those of the machine: a worker has no
 * use for a file system that lives in this thread's memory.
 *
 * A thread that dies takes its round with it, which is told as an error, and another takes its place when it is needed. What
 * it wrote ends in `.cleaned`, which the owner of the partition removes before the next round, and every loader.
 *
 * @example
 * ```ts
 * const pool = new CleanerPool(2);
 * await log.compact({}, (request, hooks) => pool.clean(request, hooks));
 * await pool.close();
 * ```
 */
export class CleanerPool {
  readonly #threads: number;
  readonly #heapMegabytes: number;
  readonly #idle: Worker[] = [];
  readonly #all = new Set<Worker>();
  readonly #queue: Job[] = [];
  #isClosed = false;

  /**
   * @param threads how many rounds go on at the same time; threads start when they are needed
   * @param heapMegabytes the most that a thread may have of JavaScript's heap; maps and buffers are not in it
   */
  constructor(threads: number, heapMegabytes: number = HEAP_MEGABYTES) {
    this.#threads = Math.max(1, threads);
    this.#heapMegabytes = heapMegabytes;
  }

  /** As `cleanSegments`, which see; `onGroup` and `onProgress` are called on this thread. @throws SeglogError `LOG_CLOSED` too */
  clean(request: CleanRequest, hooks: CleanHooks = {}): Promise<CleanRound> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(closed());
      if (hooks.signal?.aborted === true) return reject(hooks.signal.reason);
      // Whoever gives up while waiting is told at once: closing a log must not wait for the rounds of others.
      const giveUp = (): void => {
        this.#queue.splice(this.#queue.indexOf(job), 1);
        reject(hooks.signal?.reason);
      };
      const job: Job = { request, hooks, resolve, reject, giveUp };
      hooks.signal?.addEventListener('abort', giveUp, { once: true });
      this.#queue.push(job);
      this.#dispatch();
    });
  }

  /** Ends the threads, whatever they do: rounds under way reject. Nothing that a log has is changed by that. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (let job = this.#takeFirst(); job !== undefined; job = this.#takeFirst()) job.reject(closed());
    await Promise.all([...this.#all].map((worker) => worker.terminate()));
  }

  #dispatch(): void {
    while (this.#queue.length > 0) {
      const worker = this.#idle.pop() ?? this.#start();
      if (worker === undefined) return;
      this.#give(worker, this.#takeFirst() as Job);
    }
  }

  #takeFirst(): Job | undefined {
    const job = this.#queue.shift();
    job?.hooks.signal?.removeEventListener('abort', job.giveUp);
    return job;
  }

  #start(): Worker | undefined {
    if (this.#all.size >= this.#threads) return undefined;
    const resourceLimits = { maxOldGenerationSizeMb: this.#heapMegabytes };
    const worker = new Worker(new URL('./cleaner-worker.js', import.meta.url), { resourceLimits });
    // Waiting for work keeps no process alive; a round does, since somebody waits for it.
    worker.unref();
    this.#all.add(worker);
    // An error is followed by the exit; whoever has a round there is told of both.
    worker.on('error', () => undefined);
    worker.on('exit', () => this.#forget(worker));
    return worker;
  }

  #forget(worker: Worker): void {
    this.#all.delete(worker);
    const at = this.#idle.indexOf(worker);
    if (at >= 0) this.#idle.splice(at, 1);
  }

  #give(worker: Worker, job: Job): void {
    const { request, hooks, resolve, reject } = job;
    const stop = (): void => tell(worker, { kind: 'stop' });
    const release = (): void => {
      worker.off('message', take).off('error', die).off('exit', die);
      hooks.signal?.removeEventListener('abort', stop);
    };
    const finish = (settle: () => void): void => {
      release();
      worker.unref();
      this.#idle.push(worker);
      settle();
      this.#dispatch();
    };
    const take = (message: FromCleaner): void => {
      if (message.kind === 'progress') hooks.onProgress?.(message.progress);
      else if (message.kind === 'group') void handOver(worker, hooks, message.group);
      else if (message.kind === 'done') finish(() => resolve(message.round));
      else finish(() => reject(hooks.signal?.aborted === true ? hooks.signal.reason : mendError(message.failure)));
    };
    const die = (reason: unknown): void => {
      release();
      this.#forget(worker);
      reject(this.#isClosed ? closed() : died(reason, request.directory));
      this.#dispatch();
    };
    worker.on('message', take).on('error', die).on('exit', die);
    hooks.signal?.addEventListener('abort', stop, { once: true });
    worker.ref();
    tell(worker, { kind: 'clean', request });
  }
}

/** Lets the owner swap, and tells the thread how that went. */
async function handOver(
  worker: Worker,
  { onGroup }: CleanHooks,
  group: Extract<FromCleaner, { kind: 'group' }>['group'],
): Promise<void> {
  try {
    await onGroup?.(group);
    tell(worker, { kind: 'swapped', failure: undefined });
  } catch (error) {
    tell(worker, { kind: 'swapped', failure: tearError(error) });
  }
}

function tell(worker: Worker, message: ToCleaner): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is a window's; a thread has none
  worker.postMessage(message);
}

function closed(): SeglogError {
  return new SeglogError('LOG_CLOSED', 'the cleaner was closed');
}

function died(reason: unknown, directory: string): SeglogError {
  const text = reason instanceof Error ? reason.message : `the thread ended with ${String(reason)}`;
  return new SeglogError('INTERNAL', `the thread that cleaned this died: ${text}`, { file: directory, cause: reason });
}
