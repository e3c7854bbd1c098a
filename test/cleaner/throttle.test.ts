/** So many bytes a second, and no more. */
import { expect, test } from 'vitest';
import { Throttle } from '../../src/cleaner/throttle.ts';
import { ManualClock } from '../../src/clock/clock.ts';

/** How long the clock has to go on until it is let pass, in steps of 10 ms. */
async function waited(clock: ManualClock, passing: Promise<void>): Promise<number> {
  const state = { isDone: false };
  void passing.then(() => (state.isDone = true));
  for (let ms = 0; ; ms += 10) {
    await Promise.resolve();
    await Promise.resolve();
    if (state.isDone) return ms;
    if (ms > 60_000) throw new Error('it never goes on');
    clock.advance(10);
  }
}

test('bytes that came too soon wait until they are due', async () => {
  const clock = new ManualClock();
  const throttle = new Throttle(clock, 1000);
  expect(await waited(clock, throttle.pass(200, undefined))).toBe(0);
  clock.advance(100);
  expect(await waited(clock, throttle.pass(400, undefined))).toBe(500);
});

test('bytes that came slowly do not', async () => {
  const clock = new ManualClock();
  const throttle = new Throttle(clock, 1000);
  for (let turn = 0; turn < 5; turn++) {
    clock.advance(1000);
    expect(await waited(clock, throttle.pass(900, undefined))).toBe(0);
  }
});

test.each([0, -1, Number.NaN])('%d bytes a second are no speed', (speed) => {
  expect(() => new Throttle(new ManualClock(), speed)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
});

test('without a limit nothing waits', async () => {
  const clock = new ManualClock();
  expect(await waited(clock, new Throttle(clock, Infinity).pass(1e12, undefined))).toBe(0);
});

test('who waits is let go when it is to stop', async () => {
  const clock = new ManualClock();
  const stop = new AbortController();
  const passing = new Throttle(clock, 1).pass(1_000_000, stop.signal);
  stop.abort();
  await expect(passing).resolves.toBeUndefined();
});

test('threads that are at work share the speed, and one that is alone has all of it', async () => {
  const clock = new ManualClock();
  const sharers = new Int32Array(new SharedArrayBuffer(4));
  const throttles = [1, 2].map(() => new Throttle(clock, 1000, sharers));
  const [first, second] = throttles as [Throttle, Throttle];
  sharers[0] = 2;
  const passing = [first.pass(500, undefined), second.pass(500, undefined)];
  for (const pass of passing) expect(await waited(clock, pass)).toBe(pass === passing[0] ? 1000 : 0);
  sharers[0] = 1;
  expect(await waited(clock, first.pass(500, undefined))).toBe(500);
});
