/** How long the operations of a round took: from when they were due, and from when they began. */
import type { Clock } from '../clock/clock.ts';
import { Latencies, type LatencyHistogram, type LatencySummary } from './latency.ts';
import { runPaced } from './pace.ts';

/** What a line says of it. */
export interface OperationLatencies {
  /** Operations a second that were asked for. Not there without a rate. */
  readonly rate?: number;
  /** From when an operation was due to its end: corrected for coordinated omission. Not there without a rate. */
  readonly latency?: LatencySummary;
  /** From when an operation began: what a caller sees who waits for each before the next. */
  readonly serviceTime?: LatencySummary;
}

/** Histograms of a round, for whoever adds up those of several threads. */
export interface KeptTimes {
  readonly rate: number | undefined;
  readonly latency: LatencyHistogram;
  readonly service: LatencyHistogram;
}

/** How the operations of a round are timed: nothing is where neither is asked for. */
export interface Timing {
  /** Operations a second; as fast as they go when left out. */
  readonly rate?: number;
  /** Whether operations that go as fast as they can are timed one by one: 0.1 us for each. */
  readonly latency?: boolean;
}

/** Gathers the times of one round. */
export class OperationTimes {
  readonly #clock: Clock;
  readonly #rate: number | undefined;
  readonly #latency = new Latencies();
  readonly #service = new Latencies();

  constructor(clock: Clock, rate: number | undefined) {
    this.#clock = clock;
    this.#rate = rate;
  }

  /** Notes an operation. @param due when it was; not there without a rate */
  note(due: number | undefined, began: number, ended: number): void {
    if (due !== undefined) this.#latency.note(ended - due);
    this.#service.note(ended - began);
  }

  /** Runs one that is over when it returns, or when what it returns resolves. */
  run(operate: () => Promise<unknown> | undefined, due?: number): Promise<void> | undefined {
    const began = this.#clock.monotonicMs();
    const wait = operate();
    if (wait === undefined) {
      this.note(due, began, this.#clock.monotonicMs());
      return undefined;
    }
    return wait.then(() => this.note(due, began, this.#clock.monotonicMs()));
  }

  /** Runs as many at the rate, each noted. */
  runPaced(
    operations: number,
    perSecond: number,
    operate: () => Promise<unknown> | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    return this.pace(operations, perSecond, (due) => this.run(operate, due), signal);
  }

  /** Begins as many at the rate; they note themselves when they are done. */
  pace(
    operations: number,
    perSecond: number,
    begin: (due: number) => Promise<void> | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    return runPaced({ clock: this.#clock, perSecond, operations, signal }, begin);
  }

  kept(): KeptTimes {
    return { rate: this.#rate, latency: this.#latency.histogram, service: this.#service.histogram };
  }

  /** Adds what another thread kept. */
  add({ latency, service }: KeptTimes): void {
    this.#latency.add(latency);
    this.#service.add(service);
  }

  /** What a line says; nothing where nothing was noted. */
  summary(): OperationLatencies {
    const latency = this.#latency.summary();
    const serviceTime = this.#service.summary();
    return {
      ...(this.#rate === undefined ? {} : { rate: this.#rate }),
      ...(latency === undefined ? {} : { latency }),
      ...(serviceTime === undefined ? {} : { serviceTime }),
    };
  }
}
