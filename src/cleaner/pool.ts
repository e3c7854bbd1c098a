/** Work on other threads, Kafka's `log.cleaner.threads`: rounds of cleaning, and the reading and unlinking of retention. */
import { Worker } from 'node:worker_threads';
import { SeglogError } from '../errors/errors.ts';
import type { CleanHooks, CleanRequest, CleanRound } from './contract.ts';
import {
  type CleanerWork,
  type FromCleaner,
  mendError,
  tearError,
  type ToCleaner,
  type WorkRequest,
  type WorkResult,
} from './messages.ts';
import type { RetentionProposal, RetentionRequest } from './retention.ts';
import type { UnlinkRequest } from './unlink.ts';

/** A round keeps little there: facts about segments, and transactions that were aborted. */
const HEAP_MEGABYTES = 512;

/** What a thread was doing, for its obituary. */
const DOING: Readonly<Record<keyof CleanerWork, string>> = {
  clean: 'cleaned this',
  propose: 'read this for retention',
  unlink: 'removed files from this',
};

/** A piece of work that waits for a thread, or has one. */
interface Job {
  readonly work: WorkRequest;
  readonly hooks: CleanHooks;
  readonly resolve: (result: WorkResult) => void;
  readonly reject: (reason: unknown) => void;
  /** Takes it out of the queue: its signal was aborted. */
  readonly giveUp: () => void;
}

/**
 * Works on worker threads, each with an engine and an offset map of its own. Files are those of the machine: a worker has no
 * use for a file system that lives in this thread's memory. A clean may take hours: what is short never waits for one, but
 * gets a thread more while all of them clean.
 *
 * A thread that dies takes its work with it, which is told as an error, and another takes its place when it is needed. What
 * it wrote ends in `.cleaned`, which the owner of the partition removes before the next round, and every loader; what it did
 * not unlink ends in `.deleted`, and is asked for again.
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
  #cleaning = 0;
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
    return this.#do('clean', request, hooks);
  }

  /** As `proposeRetention`, which see. @throws SeglogError `LOG_CLOSED`, and `INTERNAL` for a thread that died, too */
  propose(request: RetentionRequest): Promise<RetentionProposal> {
    return this.#do('propose', request, {});
  }

  /** As `unlinkDeleted`, which see. @throws SeglogError `LOG_CLOSED`, and `INTERNAL` for a thread that died, too */
  unlink(request: UnlinkRequest): Promise<void> {
    return this.#do('unlink', request, {});
  }

  #do<Kind extends keyof CleanerWork>(
    kind: Kind,
    request: CleanerWork[Kind]['request'],
    hooks: CleanHooks,
  ): Promise<CleanerWork[Kind]['result']> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(closed());
      if (hooks.signal?.aborted === true) return reject(hooks.signal.reason);
      // Whoever gives up while waiting is told at once: closing a log must not wait for the rounds of others.
      const giveUp = (): void => {
        this.#queue.splice(this.#queue.indexOf(job), 1);
        reject(hooks.signal?.reason);
      };
      const work = { kind, request } as WorkRequest;
      const job: Job = { work, hooks, resolve, reject, giveUp };
      hooks.signal?.addEventListener('abort', giveUp, { once: true });
      this.#queue.push(job);
      this.#dispatch();
    });
  }

  /** Ends the threads, whatever they do: work under way rejects. Nothing that a log has is changed by that. */
  async close(): Promise<void> {
    this.#isClosed = true;
    while (this.#queue.length > 0) this.#take(0).reject(closed());
    await Promise.all([...this.#all].map((worker) => worker.terminate()));
  }

  #dispatch(): void {
    for (;;) {
      const at = this.#queue.findIndex(({ work }) => work.kind !== 'clean' || this.#cleaning < this.#threads);
      if (at < 0) return;
      const worker = this.#idle.pop() ?? this.#start();
      if (worker === undefined) return;
      this.#give(worker, this.#take(at));
    }
  }

  #take(at: number): Job {
    const [job] = this.#queue.splice(at, 1) as [Job];
    job.hooks.signal?.removeEventListener('abort', job.giveUp);
    return job;
  }

  #start(): Worker | undefined {
    if (this.#all.size >= Math.max(this.#threads, this.#cleaning + 1)) return undefined;
    const resourceLimits = { maxOldGenerationSizeMb: this.#heapMegabytes };
    // The options of the process are not the thread's: `--input-type` forbids a thread that starts from a file.
    const worker = new Worker(new URL('./cleaner-worker.js', import.meta.url), { resourceLimits, execArgv: [] });
    // Waiting for work keeps no process alive; work does, since somebody waits for it.
    worker.unref();
    this.#all.add(worker);
    // An error is followed by the exit; whoever has work there is told of both.
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
    const { work, hooks, resolve, reject } = job;
    const cleans = work.kind === 'clean' ? 1 : 0;
    const stop = (): void => tell(worker, { kind: 'stop' });
    const release = (): void => {
      this.#cleaning -= cleans;
      worker.off('message', take).off('error', die).off('exit', die);
      hooks.signal?.removeEventListener('abort', stop);
    };
    const finish = (settle: () => void): void => {
      release();
      // One that is being ended keeps the process alive until it has: whoever closes the pool waits for that.
      if (!this.#isClosed) worker.unref();
      this.#idle.push(worker);
      settle();
      this.#dispatch();
    };
    const take = (message: FromCleaner): void => {
      if (message.kind === 'progress') hooks.onProgress?.(message.progress);
      else if (message.kind === 'group') void handOver(worker, hooks, message.group);
      else if (message.kind === 'done') finish(() => resolve(message.result));
      else finish(() => reject(hooks.signal?.aborted === true ? hooks.signal.reason : mendError(message.failure)));
    };
    const die = (reason: unknown): void => {
      release();
      this.#forget(worker);
      reject(this.#isClosed ? closed() : died(reason, work));
      this.#dispatch();
    };
    worker.on('message', take).on('error', die).on('exit', die);
    hooks.signal?.addEventListener('abort', stop, { once: true });
    this.#cleaning += cleans;
    worker.ref();
    tell(worker, work);
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

function died(reason: unknown, { kind, request: { directory } }: WorkRequest): SeglogError {
  const text = reason instanceof Error ? reason.message : `the thread ended with ${String(reason)}`;
  return new SeglogError('INTERNAL', `the thread that ${DOING[kind]} died: ${text}`, {
    file: directory,
    cause: reason,
  });
}
