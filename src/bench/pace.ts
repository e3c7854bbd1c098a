/**
 * Operations at a fixed rate, as a load that does not wait for us: operation `i` is due `i / rate` after the first one,
 * whatever the ones before it took. Its latency counts from when it was due, so that a stall is felt by every operation that
 * should have begun meanwhile: counting from when it began would leave those out, which is called coordinated omission.
 */
import type { Clock } from '../clock/clock.ts';

/** Timers are no finer: what is left is waited for turn by turn. */
const TIMER_MS = 2;

/** How it is paced. */
export interface PaceOptions {
  readonly clock: Clock;
  /** Operations a second. */
  readonly perSecond: number;
  readonly operations: number;
  readonly signal: AbortSignal | undefined;
}

/** One turn of the event loop: whoever else works on this thread gets to it. */
export function turnOfLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Waits until `due`, and lets the loop turn once at least. */
async function waitUntil(due: number, clock: Clock, signal: AbortSignal | undefined): Promise<void> {
  const left = due - clock.monotonicMs();
  if (left > TIMER_MS) await clock.sleep(left - TIMER_MS, signal);
  do {
    signal?.throwIfAborted();
    await turnOfLoop();
  } while (clock.monotonicMs() < due);
}

/**
 * Runs operations 0, 1, ... one after the other, each when it is due or as soon as the one before is done.
 *
 * @param operate is waited for, and told when it was due, in the clock's monotonic milliseconds
 */
export async function runPaced(
  { clock, perSecond, operations, signal }: PaceOptions,
  operate: (due: number) => Promise<void> | undefined,
): Promise<void> {
  const intervalMs = 1000 / perSecond;
  const start = clock.monotonicMs();
  for (let i = 0; i < operations; i++) {
    const due = start + i * intervalMs;
    await waitUntil(due, clock, signal);
    const wait = operate(due);
    if (wait !== undefined) await wait;
  }
}
