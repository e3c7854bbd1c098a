/** A reader beside a compaction of another process, at each step of its swap, and while the steps go on under it. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/clock/clock.ts';
import type { FileSystem } from '../../src/fs/contract.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { Log, type LogOptions, LogReader } from '../../src/index.ts';

const DIRECTORY = '/logs/t-0';
const KEYS = 5;
const RECORDS = 24;
const clock = new ManualClock(5000);
/** Two batches a segment. */
const options: LogOptions = { segmentBytes: 160, indexIntervalBytes: 0, retentionMs: -1, clock };
const TO_ONE = { segmentBytes: 1_000_000 };
const TO_SEVERAL = { segmentBytes: 500 };

/** Every committed record, as `offset key=value`. */
function recordsOf(log: Log | LogReader): string[] {
  return [...log.readSync({ isolation: 'read_committed' })].flatMap((batch) =>
    batch
      .records()
      .filter(() => !batch.isControl)
      .map(({ offset, key, value }) => `${offset} ${key?.toString()}=${value?.toString()}`),
  );
}

/** A swap that can be gone through step by step; the log starts as it was before. */
interface Swap {
  readonly fs: MemoryFileSystem;
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly steps: number;
  /** Makes the next rename; nothing when all are made. */
  step(): void;
}

/** Records of a few keys, and of transactions that are aborted, so that there are transaction indexes, too. */
async function filled(fs: FileSystem): Promise<Log> {
  const log = await Log.open(DIRECTORY, { ...options, fs });
  for (let number = 0; number < RECORDS; number++) {
    const producer = { producerId: 7, producerEpoch: 0, baseSequence: number / 6, isTransactional: true };
    const record = { key: `k${number % KEYS}`, value: String(number), timestamp: 1000 };
    await (number % 6 === 0 ? log.append(record, { producer }) : log.append(record));
    if (number % 6 === 3) await log.endTransaction({ producerId: 7, producerEpoch: 0, result: 'abort' });
  }
  return log;
}

/** Compacts, and takes the renames back. */
async function swapOf(how: { segmentBytes: number }): Promise<Swap> {
  const fs = new MemoryFileSystem();
  fs.makeDirectory('/logs');
  const renames: (readonly [string, string])[] = [];
  const noting = Object.create(fs, {
    rename: {
      value: (from: string, to: string) => {
        renames.push([from, to]);
        fs.rename(from, to);
      },
    },
  }) as FileSystem;
  for (const method of ['open', 'openAppend', 'list', 'stat', 'remove', 'readSmall', 'replaceSmall'] as const)
    Object.defineProperty(noting, method, { value: fs[method].bind(fs) });
  for (const method of ['makeDirectory', 'setModified', 'lockDirectory'] as const)
    Object.defineProperty(noting, method, { value: fs[method].bind(fs) });
  const log = await filled(noting);
  const before = recordsOf(log);
  renames.length = 0;
  await log.compact(how);
  const after = recordsOf(log);
  expect(after.length).toBeLessThan(before.length);
  for (const [from, to] of renames.toReversed()) fs.rename(to, from);
  let done = 0;
  const step = (): void => {
    const rename = renames[done];
    if (rename === undefined) return;
    fs.rename(...rename);
    done++;
  };
  return { fs, before, after, steps: renames.length, step };
}

/** What was there before may be seen; what stays must be. */
function check(seen: readonly string[], { before, after }: Swap): void {
  expect(before).toEqual(expect.arrayContaining([...seen]));
  expect(seen).toEqual(expect.arrayContaining([...after]));
  expect(seen).toEqual([...new Set(seen)].sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10)));
}

/** The file system of a reader: `onCall` before each of its calls. */
function watched(fs: MemoryFileSystem, onCall: (method: string, path: string) => void): FileSystem {
  const watching = Object.create(fs) as FileSystem;
  for (const method of ['open', 'list', 'stat', 'readSmall'] as const) {
    const call = fs[method].bind(fs) as (path: string, ...rest: unknown[]) => unknown;
    const value = (path: string, ...rest: unknown[]): unknown => {
      onCall(method, path);
      return call(path, ...rest);
    };
    Object.defineProperty(watching, method, { value });
  }
  return watching;
}

describe.each([
  ['one segment', TO_ONE],
  ['several segments', TO_SEVERAL],
])('beside a swap to %s', (_, how) => {
  test.each([
    ['with snapshots', true],
    ['without snapshots', false],
  ])('a reader finds all that stays wherever it stops, %s', async (_name, hasSnapshots) => {
    const swap = await swapOf(how);
    const { fs } = swap;
    if (!hasSnapshots) {
      for (const name of fs.list(DIRECTORY)) {
        // Kept under another name: the swap renames them.
        if (/^\d+\.snapshot$/.test(name)) fs.replaceSmall(join(DIRECTORY, name), new Uint8Array(3));
      }
    }
    const blocked: number[] = [];
    const waiting = Object.assign(new ManualClock(5000), { block: (ms: number) => blocked.push(ms) });
    using old = LogReader.open(DIRECTORY, { fs, clock: waiting });
    using kept = LogReader.open(DIRECTORY, { fs, clock: waiting });
    for (let at = 0; at <= swap.steps; at++) {
      using reader = LogReader.open(DIRECTORY, { fs, clock: waiting });
      check(recordsOf(reader), swap);
      for (const record of swap.after) {
        const offset = Number.parseInt(record, 10);
        expect(reader.find(offset)).toMatchObject({ baseOffset: offset });
      }
      old.refresh();
      check(recordsOf(old), swap);
      check(recordsOf(kept), swap);
      swap.step();
    }
    expect(recordsOf(kept)).toEqual(swap.after);
    expect(blocked).toEqual([]);
  });

  test.each([1, 2, 3, 7])('a reader finds all that stays while %i steps are made at each look', async (stride) => {
    for (let start = 0; start < 60; start++) {
      const swap = await swapOf(how);
      let calls = 0;
      const onCall = (): void => {
        calls++;
        if (calls > start) for (let step = 0; step < stride; step++) swap.step();
      };
      using reader = LogReader.open(DIRECTORY, { fs: watched(swap.fs, onCall), clock });
      check(recordsOf(reader), swap);
    }
  });

  test.each([1, 2, 3, 7])('a search finds what stays while %i steps are made at each look', async (stride) => {
    for (let start = 0; start < 60; start++) {
      const swap = await swapOf(how);
      let calls = 0;
      const onCall = (): void => {
        calls++;
        if (calls > start) for (let step = 0; step < stride; step++) swap.step();
      };
      using reader = LogReader.open(DIRECTORY, { fs: watched(swap.fs, onCall), clock });
      for (const record of swap.after) {
        const offset = Number.parseInt(record, 10);
        expect(reader.find(offset)).toMatchObject({ baseOffset: offset });
      }
    }
  });
});

test('a reader says so when the segments never stand still', async () => {
  const fs = new MemoryFileSystem();
  fs.makeDirectory('/logs');
  await filled(fs);
  const [last] = fs
    .list(DIRECTORY)
    .filter((name) => name.endsWith('.log'))
    .slice(-1) as [string];
  const path = join(DIRECTORY, last);
  let isThere = true;
  const onCall = (method: string): void => {
    if (method !== 'list') return;
    if (isThere) fs.rename(path, `${path}.deleted`);
    else fs.rename(`${path}.deleted`, path);
    isThere = !isThere;
  };
  expect(() => LogReader.open(DIRECTORY, { fs: watched(fs, onCall), clock })).toThrow(
    expect.objectContaining({ code: 'IO', file: DIRECTORY }),
  );
});

test('a reader misses nothing of a segment that grew before the next one came', async () => {
  for (let first = 1; first <= 4; first++) {
    for (let each = 1; each <= 4; each++) {
      const fs = new MemoryFileSystem();
      fs.makeDirectory('/logs');
      const log = await Log.open(DIRECTORY, { ...options, segmentBytes: 320, fs });
      let next = 0;
      const append = (count: number): void => {
        for (let at = 0; at < count && next < 20; at++)
          log.appendSync({ key: 'k', value: `${next++}`, timestamp: 1000 });
      };
      append(first);
      // As if the other process wrote on between any two looks.
      using reader = LogReader.open(DIRECTORY, { fs: watched(fs, () => append(each)), clock });
      const { logEndOffset } = reader;
      expect([first, each, recordsOf(reader).length]).toEqual([first, each, logEndOffset]);
    }
  }
});

describe('a transaction index that does not have its name yet', () => {
  /** A log whose transaction indexes all have their swap names; `finish` renames them. */
  async function halfNamed(): Promise<{ fs: MemoryFileSystem; committed: string[]; finish: () => void }> {
    const fs = new MemoryFileSystem();
    fs.makeDirectory('/logs');
    const committed = recordsOf(await filled(fs));
    const paths = fs
      .list(DIRECTORY)
      .filter((name) => name.endsWith('.txnindex'))
      .map((name) => join(DIRECTORY, name));
    expect(paths.length).toBeGreaterThan(1);
    for (const path of paths) fs.rename(path, `${path}.swap`);
    return { fs, committed, finish: () => paths.forEach((path) => fs.rename(`${path}.swap`, path)) };
  }

  test('hides what it tells of', async () => {
    const { fs, committed } = await halfNamed();
    using reader = LogReader.open(DIRECTORY, { fs, clock });
    expect(recordsOf(reader)).toEqual(committed);
  });

  test('does so when it gets its name before it is asked', async () => {
    const { fs, committed, finish } = await halfNamed();
    using reader = LogReader.open(DIRECTORY, { fs, clock });
    finish();
    expect(recordsOf(reader)).toEqual(committed);
  });
});

test('a wrong call opens no file', async () => {
  const fs = new MemoryFileSystem();
  fs.makeDirectory('/logs');
  await filled(fs);
  let opened = 0;
  using reader = LogReader.open(DIRECTORY, {
    fs: watched(fs, (method) => {
      if (method === 'open') opened++;
    }),
    clock,
  });
  opened = 0;
  for (const offset of [-1, 1.5, 1000]) expect(() => reader.find(offset)).toThrow(/no such offset|no offset/);
  expect(opened).toBe(0);
});
