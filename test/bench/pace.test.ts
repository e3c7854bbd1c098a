import { describe, expect, it } from 'vitest';
import type { LatencySummary } from '../../src/bench/latency.ts';
import { OperationTimes } from '../../src/bench/operation-times.ts';
import { runPaced } from '../../src/bench/pace.ts';
import { SteppingClock } from './stepping-clock.ts';

const OPERATIONS = 1000;

/** A load of 100 operations a second, of 1 ms each, but one that takes a second. */
async function withStall(rate: number | undefined): Promise<ReturnType<OperationTimes['summary']>> {
  const clock = new SteppingClock();
  const times = new OperationTimes(clock, rate);
  let done = 0;
  const operate = (): undefined => clock.pass(done++ === 500 ? 1000 : 1) as undefined;
  if (rate === undefined) for (let i = 0; i < OPERATIONS; i++) void times.run(operate);
  else await times.runPaced(OPERATIONS, rate, operate, undefined);
  return times.summary();
}

describe('a stall of a second in ten', () => {
  it('is felt by all operations that were due in it, when they come at a rate', async () => {
    const { latency, serviceTime, rate } = await withStall(100);
    expect(rate).toBe(100);
    // 100 of the 1000 were due within that second, and as it is caught up with at 1 ms each, 11 more before it is.
    const { p50Us, p90Us, p99Us, maxUs } = latency as LatencySummary;
    expect(p50Us).toBeLessThan(1100);
    expect(p90Us).toBeGreaterThan(50_000);
    expect(p99Us).toBeGreaterThan(850_000);
    expect(maxUs).toBeGreaterThan(999_000);
    // From when they began, all but that one were quick: what coordinated omission hides.
    expect((serviceTime as LatencySummary).p99Us).toBeLessThan(1100);
    expect((serviceTime as LatencySummary).maxUs).toBeGreaterThan(999_000);
  });

  it('is one slow operation to a caller who waits for each, and no latency is claimed', async () => {
    const { latency, serviceTime, rate } = await withStall(undefined);
    expect({ latency, rate }).toEqual({ latency: undefined, rate: undefined });
    expect(serviceTime).toMatchObject({ count: OPERATIONS });
    expect((serviceTime as LatencySummary).p999Us).toBeLessThan(1100);
  });
});

describe('a rate', () => {
  it('makes operation i due i intervals after the first, however late the ones before were', async () => {
    const clock = new SteppingClock();
    const dues: number[] = [];
    const began: number[] = [];
    await runPaced({ clock, perSecond: 200, operations: 6, signal: undefined }, (due) => {
      dues.push(due);
      began.push(clock.monotonicMs());
      clock.pass(dues.length === 2 ? 12 : 0);
      return undefined;
    });
    const first = dues[0] as number;
    expect(dues.map((due) => Math.round((due - first) * 1000) / 1000)).toEqual([0, 5, 10, 15, 20, 25]);
    // The second took until 17 ms: the next two were late, and began at once.
    expect(began.map((at) => Math.floor((at - first) * 2) / 2)).toEqual([0, 5, 17, 17, 20, 25]);
  });

  it('waits for an operation before it begins the next', async () => {
    const clock = new SteppingClock();
    let running = 0;
    let most = 0;
    await runPaced({ clock, perSecond: 1e6, operations: 20, signal: undefined }, async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
    });
    expect({ running, most }).toEqual({ running: 0, most: 1 });
  });

  it('ends when its signal aborts', async () => {
    const stop = new AbortController();
    let done = 0;
    const paced = runPaced({ clock: new SteppingClock(), perSecond: 10, operations: 100, signal: stop.signal }, () => {
      if (++done === 3) stop.abort(new Error('enough'));
      return undefined;
    });
    await expect(paced).rejects.toThrow('enough');
    expect(done).toBe(3);
  });
});
