/** What was cleaned is no longer clean once it is cut off: spec 3.8, its last sentence. */
import { describe, expect, test } from 'vitest';
import { cleanSegments } from '../../src/cleaner/clean.ts';
import { ManualClock } from '../../src/clock/clock.ts';
import { defaultEngine } from '../../src/engine/select.ts';
import { FaultyFileSystem } from '../../src/fs/faulty-fs.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { Log, type LogOptions, Store } from '../../src/index.ts';
import { codeOf } from './telling/support.ts';

const CHECKPOINT = '/logs/cleaner-offset-checkpoint';
/** Two records a segment, each a batch of its own. */
const SMALL = { segmentBytes: 160, cleanupPolicy: ['compact'] } as const;

function disk(): FaultyFileSystem {
  const fs = new FaultyFileSystem(new MemoryFileSystem());
  fs.makeDirectory('/logs');
  return fs;
}

/** Writes that the log is clean up to an offset. */
function cleaned(fs: FaultyFileSystem, checkpoint: number): void {
  fs.replaceSmall(CHECKPOINT, new TextEncoder().encode(`0\n2\nother 3 77\nt 0 ${checkpoint}\n`));
}

/** Where the log is clean up to, as the file says; the other partition's line is as it was. */
function cleanUpTo(fs: FaultyFileSystem): number {
  const text = Buffer.from(fs.readSmall(CHECKPOINT) ?? '').toString();
  expect(text).toContain('other 3 77\n');
  return Number(/^t 0 (\d+)$/m.exec(text)?.[1]);
}

/** A log that is clean up to `checkpoint`, if that is given. */
async function twelveRecords(fs: FaultyFileSystem, checkpoint?: number): Promise<Log> {
  const options: LogOptions = { ...SMALL, fs, clock: new ManualClock(5000) };
  const log = await Log.open('/logs/t-0', options);
  for (let number = 0; number < 12; number++) {
    await log.append({ key: `k${number % 3}`, value: String(number), timestamp: 1000 + number });
  }
  expect(log.segments().map(({ baseOffset }) => baseOffset)).toEqual([0, 2, 4, 6, 8, 10]);
  if (checkpoint === undefined) return log;
  await log.close();
  cleaned(fs, checkpoint);
  return Log.open('/logs/t-0', options);
}

describe('the checkpoint of the cleaner', () => {
  test.each([
    { title: 'below it: to the base of the segment that is active then', checkpoint: 8, cut: 5, left: 4 },
    { title: 'at a base: to that base', checkpoint: 8, cut: 6, left: 6 },
    { title: 'within the active segment: not', checkpoint: 10, cut: 11, left: 10 },
    { title: 'above it: not', checkpoint: 2, cut: 7, left: 2 },
    { title: 'at the log end, which cuts nothing: not', checkpoint: 10, cut: 12, left: 10 },
  ])('is lowered by a truncation $title', async ({ checkpoint, cut, left }) => {
    const fs = disk();
    await using log = await twelveRecords(fs, checkpoint);
    await log.truncateTo(cut);
    expect(cleanUpTo(fs)).toBe(left);
  });

  test.each([
    [4, 4],
    [20, 8],
  ])('is at most where a log goes on that was emptied to go on at %i: %i', async (offset, left) => {
    const fs = disk();
    await using log = await twelveRecords(fs, 8);
    await log.truncateFullyAndStartAt(offset);
    expect(cleanUpTo(fs)).toBe(left);
  });

  test('is lowered to where the log goes on when all of it is cut', async () => {
    const fs = disk();
    const before = await Log.open('/logs/t-0', { ...SMALL, fs });
    await before.truncateFullyAndStartAt(9);
    await before.append({ key: 'k', value: 'v' });
    await before.close();
    cleaned(fs, 8);
    await using log = await Log.open('/logs/t-0', { ...SMALL, fs });
    expect(cleanUpTo(fs)).toBe(8);
    await log.truncateTo(3);
    expect([log.logEndOffset, cleanUpTo(fs)]).toEqual([3, 3]);
  });

  test('is lowered before anything is cut: where it cannot be, the log is as it was', async () => {
    const fs = disk();
    await using log = await twelveRecords(fs, 8);
    fs.plan({ operation: 'write', call: 1, errno: 'EIO' });
    expect(await codeOf(() => log.truncateTo(5))).toBe('IO');
    expect([log.logEndOffset, cleanUpTo(fs)]).toEqual([12, 8]);
    await log.append({ key: 'k', value: 'more' });
    fs.plan({ operation: 'write', call: 1, errno: 'EIO' });
    expect(await codeOf(() => log.truncateFullyAndStartAt(5))).toBe('IO');
    expect([log.logEndOffset, cleanUpTo(fs)]).toEqual([13, 8]);
    await log.truncateTo(5);
    expect([log.logEndOffset, cleanUpTo(fs)]).toEqual([5, 4]);
  });
});

test('a log that ends below where it was clean when it is opened, as one from a backup, is clean up to its end', async () => {
  const fs = disk();
  await (await twelveRecords(fs)).close();
  cleaned(fs, 40);
  await using log = await Log.open('/logs/t-0', { ...SMALL, fs });
  expect([log.logEndOffset, cleanUpTo(fs)]).toEqual([12, 12]);
});

test('that counts also where there is no space to write it', async () => {
  const fs = disk();
  await (await twelveRecords(fs)).close();
  cleaned(fs, 40);
  fs.plan({ operation: 'write', call: 1, errno: 'ENOSPC' });
  await using log = await Log.open('/logs/t-0', { ...SMALL, fs });
  expect(cleanUpTo(fs)).toBe(40);
  await log.truncateTo(11);
  expect(cleanUpTo(fs)).toBe(10);
});

test('a truncation behind the last swap of a compaction makes it fail: where the log is clean is not as it says', async () => {
  const fs = disk();
  const clock = new ManualClock(5000);
  await using log = await twelveRecords(fs);
  const clean: Parameters<Log['compact']>[1] = async (request, hooks) => {
    const round = await cleanSegments({ engine: defaultEngine(), fs, clock }, request, hooks);
    await log.truncateTo(9);
    return round;
  };
  expect(await codeOf(() => log.compact({}, clean))).toBe('OFFSET_OUT_OF_RANGE');
  expect(log.logEndOffset).toBe(9);
});

test('a key that was deleted after a truncation stays deleted', async () => {
  const fs = disk();
  const clock = new ManualClock(1_000_000);
  const options = { fs, clock, ...SMALL, deleteRetentionMs: 1000, fileDeleteDelayMs: 0 };
  const store = await Store.open('/logs', options);
  await store.createTopic({ name: 't' });
  const log = store.partition('t', 0);
  let next = 0;
  const fill = async (count: number): Promise<void> => {
    for (let left = count; left > 0; left--) await log.append({ key: `own ${next++}`, value: 'x' });
  };
  /** Lets the store clean. */
  const clean = async (): Promise<void> => {
    clock.advance(15_000);
    for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  const valuesOfKey = (): (string | undefined)[] =>
    [...log.readSync()].flatMap((batch) =>
      batch.records().flatMap(({ key, value }) => (key?.toString() === 'k' ? [value?.toString()] : [])),
    );
  await log.append({ key: 'k', value: 'old' });
  await fill(11);
  await clean();
  await log.truncateTo(6);
  await log.append({ key: 'k', value: null });
  await fill(20);
  expect(valuesOfKey()).toEqual(['old', undefined]);
  await clean();
  expect(valuesOfKey()).toEqual([undefined]);
  // The tombstone's time has come.
  await fill(60);
  await clean();
  expect(valuesOfKey()).toEqual([]);
  expect(store.status()).toMatchObject({ uncleanable: [], problems: [] });
  await store.close();
});
