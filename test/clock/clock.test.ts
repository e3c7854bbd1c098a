import { afterEach, describe, expect, test, vi } from 'vitest';
import { ManualClock, systemClock } from '../../src/clock/clock.ts';

describe('a clock that is moved by hand', () => {
  test('stands still until it is moved, and then both times move', () => {
    const clock = new ManualClock(1000);
    expect([clock.now(), clock.monotonicMs()]).toEqual([1000, 0]);
    clock.advance(50);
    expect([clock.now(), clock.monotonicMs()]).toEqual([1050, 50]);
  });

  test('jumps in wall time alone, backwards too', () => {
    const clock = new ManualClock(1000);
    clock.advance(5);
    clock.jumpTo(10);
    clock.advance(5);
    expect([clock.now(), clock.monotonicMs()]).toEqual([15, 10]);
  });

  test('runs what falls due in the order of its time, and as of that time', () => {
    const clock = new ManualClock(1000);
    const seen: [string, number][] = [];
    const note = (name: string) => () => void seen.push([name, clock.now()]);
    clock.after(30, note('third'));
    clock.after(10, () => {
      note('first')();
      clock.after(10, note('second'));
    });
    clock.after(31, note('not yet'));
    clock.advance(30);
    expect(seen).toEqual([
      ['first', 1010],
      ['second', 1020],
      ['third', 1030],
    ]);
    clock.advance(1);
    expect(seen.at(-1)).toEqual(['not yet', 1031]);
  });

  test('does not run what was cancelled, nor anything twice', () => {
    const clock = new ManualClock();
    let runs = 0;
    const timer = clock.after(10, () => runs++);
    const other = clock.after(10, () => runs++);
    other.cancel();
    clock.advance(10);
    timer.cancel();
    clock.advance(100);
    expect(runs).toBe(1);
  });

  test('wakes a sleeper when its time has come, and not before', async () => {
    const clock = new ManualClock();
    let isAwake = false;
    const sleep = clock.sleep(10).then(() => (isAwake = true));
    clock.advance(9);
    await Promise.resolve();
    expect(isAwake).toBe(false);
    clock.advance(1);
    await sleep;
    expect(isAwake).toBe(true);
  });
});

describe.each([
  ['by hand', () => new ManualClock()],
  ['of the machine', () => systemClock],
] as const)('a sleep on the clock %s', (_name, clockOf) => {
  const AGES_MS = 3_600_000;

  test('ends at once when the signal aborts, without an error', async () => {
    const abort = new AbortController();
    const sleep = clockOf().sleep(AGES_MS, abort.signal);
    abort.abort();
    await expect(sleep).resolves.toBeUndefined();
  });

  test('does not begin when the signal was aborted before', async () => {
    await expect(clockOf().sleep(AGES_MS, AbortSignal.abort())).resolves.toBeUndefined();
  });
});

test("the machine's clock tells the time, never goes back, and runs what is due unless it is cancelled", async () => {
  const [before, start] = [Date.now(), systemClock.monotonicMs()];
  const cancelled = systemClock.after(1, () => expect.fail('this was cancelled'));
  cancelled.cancel();
  await Promise.all([systemClock.sleep(5), new Promise<void>((resolve) => void systemClock.after(1, resolve))]);
  expect(systemClock.now()).toBeGreaterThanOrEqual(before);
  expect(systemClock.monotonicMs()).toBeGreaterThan(start);
});

describe("a delay that is longer than Node's longest timer", () => {
  const LONGEST_MS = 2 ** 31 - 1;
  const DAY_MS = 86_400_000;
  const fake = (): unknown => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  afterEach(() => void vi.useRealTimers());

  test.each([LONGEST_MS, LONGEST_MS + 1, 30 * DAY_MS, 365 * DAY_MS])('of %i ms is waited for whole', (delayMs) => {
    fake();
    const run = vi.fn<() => void>();
    systemClock.after(delayMs, run);
    vi.advanceTimersByTime(delayMs - 1);
    expect(run).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(run).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('may be without an end, and is cancelled at any time', () => {
    fake();
    const run = vi.fn<() => void>();
    const timer = systemClock.after(Infinity, run);
    vi.advanceTimersByTime(365 * DAY_MS);
    expect(vi.getTimerCount()).toBe(1);
    timer.cancel();
    expect(vi.getTimerCount()).toBe(0);
    expect(run).not.toHaveBeenCalled();
  });

  test('is slept through whole', async () => {
    fake();
    let isAwake = false;
    const sleep = systemClock.sleep(30 * DAY_MS).then(() => (isAwake = true));
    await vi.advanceTimersByTimeAsync(30 * DAY_MS - 1);
    expect(isAwake).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await sleep;
    expect(isAwake).toBe(true);
  });
});
