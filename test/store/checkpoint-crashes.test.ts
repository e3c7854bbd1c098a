/**
 * The end of the process, or of the machine with it, at any change of files that a store makes while it deletes records, writes
 * its checkpoints and closes: whatever of the names and bytes that were not synced is there, all is old or new.
 */
import { expect, test } from 'vitest';
import { ManualClock } from '../../src/clock/clock.ts';
import type { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { Store, type StoreOptions } from '../../src/index.ts';
import { CrashingFileSystem, Died } from '../support/crashing-fs.ts';
import { Random } from '../support/random.ts';
import { turns, valuesOf } from './support.ts';

const LOGS = '/logs';
const RECORDS = 12;
const START = 5;
const MARK = `${LOGS}/.kafka_cleanshutdown`;
const CONFIG: StoreOptions = { segmentBytes: 200, fileDeleteDelayMs: 1000, retentionMs: -1 };
const numbers = Array.from({ length: RECORDS }, (_, i) => `${i}`);

interface Life {
  readonly fs: CrashingFileSystem;
  readonly hasDied: boolean;
}

/** A life that dies at its `at`th change, once all records are on the disk. */
async function life(at: number): Promise<Life> {
  const fs = new CrashingFileSystem();
  const clock = new ManualClock(1_000_000);
  const store = await Store.open(LOGS, { fs, clock, ...CONFIG });
  await store.createTopic({ name: 'd' });
  await store.createTopic({ name: 'c', config: { cleanupPolicy: ['compact'] } });
  for (const value of numbers) {
    await store.partition('d', 0).append({ value, timestamp: 1 });
    await store.partition('c', 0).append({ key: `k${Number(value) % 2}`, value, timestamp: 1 });
  }
  await store.flush();
  fs.dieIn(at);
  let end: Error | undefined;
  try {
    await store.partition('d', 0).deleteRecordsBefore(START);
    for (const wait of [5000, 10_000, 60_000]) {
      clock.advance(wait);
      await turns();
    }
  } catch (error) {
    end = error as Error;
  }
  await store.close().catch((error: unknown) => (end ??= error as Error));
  if (end !== undefined && !(end instanceof Died) && !hasDiedOf(end)) throw end;
  return { fs, hasDied: fs.hasDied };
}

function hasDiedOf(error: unknown): boolean {
  return error instanceof Error && (error instanceof Died || hasDiedOf(error.cause));
}

/** Opens what is left, and looks at it. @returns where the log starts of which records were deleted */
async function look(fs: MemoryFileSystem, at: string): Promise<number> {
  const clock = new ManualClock(2_000_000);
  const wasMarked = fs.stat(MARK) !== undefined;
  const store = await Store.open(LOGS, { fs, clock, ...CONFIG, periodicCleaning: false });
  const { problems, troubled, topics } = store.status();
  expect({ problems, troubled, topics }, at).toEqual({ problems: [], troubled: [], topics: 2 });
  const [deleted, compacted] = [store.partition('d', 0), store.partition('c', 0)];
  const { logStartOffset } = deleted;
  expect([0, START], at).toContain(logStartOffset);
  expect(await valuesOf(deleted), at).toEqual(numbers.slice(logStartOffset));
  expect((await valuesOf(compacted)).slice(-2), at).toEqual(numbers.slice(-2));
  for (const log of [deleted, compacted]) {
    expect(log.logEndOffset, at).toBe(RECORDS);
    // The mark is the last thing that is written.
    if (wasMarked) expect(log.status().recovery, at).toBeUndefined();
    expect(log.status().recovery?.cutBytes ?? 0, at).toBe(0);
  }
  await store.close();
  expect(fs.stat(MARK), at).toBeDefined();
  for (const directory of [LOGS, `${LOGS}/d-0`, `${LOGS}/c-0`]) {
    expect(
      fs.list(directory).filter((name) => /\.(?:cleaned|swap|deleted|tmp|unreadable)$/.test(name)),
      at,
    ).toEqual([]);
  }
  return logStartOffset;
}

test('F10, F12: all old or all new, after the end of the process and after that of the machine', async () => {
  const random = new Random(21);
  const starts = new Set<number>();
  let at = 1;
  for (let hasDied = true; hasDied; at++) {
    const lived = await life(at);
    ({ hasDied } = lived);
    const { fs } = lived;
    starts.add(await look(fs.afterProcessEnd(), `the process, at ${at}`));
    for (const share of [0, 0.5, 1]) {
      starts.add(
        await look(
          fs.afterPowerLoss(() => random.chance(share)),
          `the machine, at ${at}, ${share}`,
        ),
      );
    }
  }
  expect(at).toBeGreaterThan(40);
  expect(starts).toEqual(new Set([0, START]));
});
