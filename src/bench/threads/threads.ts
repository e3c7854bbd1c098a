/**
 * A bench on several threads: each has an engine and a partition of its own, in a log directory of its own, since a log has
 * one writer. The timed parts begin together; a round's line has the sums of all, and the time of the slowest.
 */
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { mendError } from '../../cleaner/messages.ts';
import { systemClock } from '../../clock/clock.ts';
import { SeglogError } from '../../errors/errors.ts';
import { type BenchLine, benchLine, type Cost } from '../line.ts';
import { RoundMeter } from '../meter.ts';
import { OperationTimes } from '../operation-times.ts';
import type { BenchOrder } from '../order.ts';
import { claimScratch } from '../scratch.ts';
import type { BenchPlace } from '../work/context.ts';
import type { FromThread, ThreadTask, ToThread } from './messages.ts';

type Round = Extract<FromThread, { kind: 'round' }>;

/** A thread, as the one that started it sees it: it says one thing at a time, and waits. */
class BenchThread {
  readonly #worker: Worker;
  readonly #said: FromThread[] = [];
  #waiting: { resolve: (message: FromThread) => void; reject: (reason: unknown) => void } | undefined;
  #failure: unknown;
  #isOver = false;

  constructor(task: ThreadTask) {
    this.#worker = new Worker(new URL('./bench-worker.js', import.meta.url), { workerData: task });
    this.#worker.on('message', (message: FromThread) => {
      if (this.#waiting === undefined) this.#said.push(message);
      else this.#waiting.resolve(message);
      this.#waiting = undefined;
    });
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(new SeglogError('INTERNAL', 'a thread of the bench ended early')));
  }

  #fail(reason: unknown): void {
    this.#isOver = true;
    this.#failure ??= reason;
    this.#waiting?.reject(this.#failure);
    this.#waiting = undefined;
  }

  tell(message: ToThread): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is a window's; a thread has none
    this.#worker.postMessage(message);
  }

  /** The next thing that it says. Rejects when it ended with an error. */
  async next(): Promise<Exclude<FromThread, { kind: 'failed' }>> {
    const message = this.#said.shift() ?? (await this.#nextMessage());
    if (message.kind === 'failed') throw mendError(message.failure);
    return message;
  }

  #nextMessage(): Promise<FromThread> {
    if (this.#isOver) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => (this.#waiting = { resolve, reject }));
  }

  /** Until it has ended, its log closed clean. */
  async end(): Promise<void> {
    if (this.#isOver) return;
    this.tell('stop');
    await new Promise<void>((resolve) => this.#worker.once('exit', () => resolve()));
  }
}

function sumOf(rounds: readonly Round[], field: (line: BenchLine) => number): number {
  return rounds.reduce((sum, { line }) => sum + field(line), 0);
}

/** The line of a round of all threads: sums, the time of the slowest, percentiles of all operations together. */
function joined(rounds: readonly Round[], cost: Cost, place: BenchPlace): BenchLine {
  const first = (rounds[0] as Round).line;
  const seconds = rounds.reduce((most, { line }) => Math.max(most, line.seconds), 0);
  const measured = {
    records: sumOf(rounds, ({ records }) => records),
    bytes: sumOf(rounds, ({ bytes }) => bytes),
    elapsedMs: seconds * 1000,
  };
  const times = new OperationTimes(place.clock ?? systemClock, rounds[0]?.times?.rate);
  for (const round of rounds) if (round.times !== undefined) times.add(round.times);
  const line = {
    ...first,
    ...benchLine(first.work, first.round, first.engine, measured),
    ...cost,
    bytesWritten: sumOf(rounds, ({ bytesWritten = 0 }) => bytesWritten),
    ...times.summary(),
    threads: rounds.length,
  };
  if (!('segments' in first)) return line;
  const segments = sumOf(rounds, (one) => ('segments' in one ? Number(one.segments) : 0));
  return { ...line, segments, gigabytesPerSecond: Number((line.bytes / 1e9 / line.seconds).toFixed(3)) } as BenchLine;
}

/** Makes each thread go, and gives what they say when they are through; undefined when no rounds are left. */
async function runRound(threads: readonly BenchThread[], place: BenchPlace): Promise<BenchLine | undefined> {
  const ready = await Promise.all(threads.map((thread) => thread.next()));
  if (ready.some(({ kind }) => kind === 'done')) return undefined;
  const meter = new RoundMeter(place);
  const rounds = await meter.time(() => {
    for (const thread of threads) thread.tell('go');
    return Promise.all(threads.map((thread) => thread.next()));
  });
  return joined(rounds as Round[], meter.cost(), place);
}

/** Rounds of `order` on `count` threads, each with `DIR/thread-N` as its scratch directory. */
export async function* benchOnThreads(
  place: BenchPlace,
  count: number,
  order: BenchOrder,
): AsyncGenerator<BenchLine, void, void> {
  const { fs, directory, rounds, signal, cache = 'warm' } = place;
  claimScratch(fs, directory);
  const threads: BenchThread[] = [];
  const stop = (): void => {
    for (const thread of threads) thread.tell('stop');
  };
  signal?.throwIfAborted();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    for (let i = 0; i < count; i++) {
      threads.push(new BenchThread({ directory: join(directory, `thread-${i}`), rounds, cache, order }));
    }
    for (;;) {
      const line = await runRound(threads, place);
      if (line === undefined) return;
      yield line;
      for (const thread of threads) thread.tell('next');
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
    await Promise.all(threads.map((thread) => thread.end()));
  }
}
