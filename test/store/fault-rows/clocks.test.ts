/** Row F18 of the fault list: a store whose clock jumps, stands still, or is before 1970. */
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/clock/clock.ts';
import { MemoryFileSystem } from '../../../src/fs/memory-fs.ts';
import { Store, type StoreOptions } from '../../../src/index.ts';
import { smallText, turns, valuesOf } from '../support.ts';

const HOUR = 3_600_000;
const TEN_YEARS = 10 * 365 * 24 * HOUR;
const T0 = 1_790_000_000_000;
const OPTIONS: StoreOptions = { segmentBytes: 200, retentionMs: 2 * HOUR, fileDeleteDelayMs: 60_000 };

async function advance(clock: ManualClock, ms: number): Promise<void> {
  clock.advance(ms);
  await turns();
}

async function filledStore(clock: ManualClock): Promise<{ fs: MemoryFileSystem; store: Store }> {
  const fs = new MemoryFileSystem();
  const store = await Store.open('/one', { fs, clock, ...OPTIONS });
  await store.createTopic({ name: 't' });
  for (let i = 0; i < 8; i++) await store.partition('t', 0).append({ value: `${i}`.padEnd(60, '.'), timestamp: T0 });
  return { fs, store };
}

describe.each([
  ['goes back by an hour', (clock: ManualClock) => clock.jumpTo(clock.now() - HOUR)],
  ['goes back before 1970', (clock: ManualClock) => clock.jumpTo(-HOUR)],
  ['stands at 0', (clock: ManualClock) => clock.jumpTo(0)],
])('F18: a clock that %s', (_what, jump) => {
  test('deletes no record early, and its checkpoints and removals keep their times', async () => {
    const clock = new ManualClock(T0);
    const { fs, store } = await filledStore(clock);
    await store.createTopic({ name: 'gone' });
    await store.deleteTopic('gone');
    jump(clock);
    await advance(clock, 59_999);
    expect(fs.list('/one').some((name) => name.endsWith('-delete'))).toBe(true);
    await advance(clock, 1);
    expect(fs.list('/one').some((name) => name.endsWith('-delete'))).toBe(false);
    expect(smallText(fs, '/one/replication-offset-checkpoint')).toBe('0\n1\nt 0 8\n');
    await advance(clock, 300_000);
    expect(await valuesOf(store.partition('t', 0))).toHaveLength(8);
    await store.partition('t', 0).append({ value: 'more', timestamp: 5 });
    await store.close();
    await using again = await Store.open('/one', { fs, clock, ...OPTIONS });
    expect(again.status()).toMatchObject({ troubled: [], problems: [] });
    expect(await valuesOf(again.partition('t', 0))).toHaveLength(9);
  });
});

test('F18: a clock that goes ten years ahead takes what is older then than its retention, and says which rule it was', async () => {
  const clock = new ManualClock(T0);
  const { store } = await filledStore(clock);
  await store.createTopic({ name: 'kept', config: { retentionMs: -1 } });
  await store.partition('kept', 0).append({ value: 'a', timestamp: T0 });
  clock.jumpTo(T0 + TEN_YEARS);
  const { deleted } = await store.partition('t', 0).applyRetention();
  expect(deleted.length).toBeGreaterThan(0);
  for (const segment of deleted) expect(segment).toMatchObject({ rule: 'time', timestamp: T0 });
  await advance(clock, 300_000);
  expect(store.partition('t', 0).logStartOffset).toBe(8);
  expect(await valuesOf(store.partition('kept', 0))).toEqual(['a']);
  await store.close();
});

test('F18: records of the future are kept until their own time is over', async () => {
  const clock = new ManualClock(T0);
  const fs = new MemoryFileSystem();
  await using store = await Store.open('/one', { fs, clock, ...OPTIONS });
  await store.createTopic({ name: 't', config: { messageTimestampAfterMaxMs: Number.MAX_SAFE_INTEGER } });
  for (let i = 0; i < 8; i++) {
    await store.partition('t', 0).append({ value: 'x'.repeat(60), timestamp: T0 + TEN_YEARS });
  }
  await advance(clock, 24 * HOUR);
  expect(store.partition('t', 0).logStartOffset).toBe(0);
});
