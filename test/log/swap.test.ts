/** A compaction that dies at any of its changes: the next opening finds the old segments or the new ones, and nothing else. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cleanSegments } from '../../src/cleaner/clean.ts';
import { ManualClock } from '../../src/clock/clock.ts';
import { defaultEngine } from '../../src/engine/select.ts';
import { segmentFileName, STAGES, SUFFIXES } from '../../src/format/names.ts';
import { FaultyFileSystem } from '../../src/fs/faulty-fs.ts';
import type { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { type CompactOptions, Log, type LogOptions } from '../../src/index.ts';
import type { CleanSegments } from '../../src/log/cleaning/compaction.ts';
import { CrashingFileSystem, Died } from '../support/crashing-fs.ts';
import { Random } from '../support/random.ts';
import { codeOf } from './telling/support.ts';

const DIRECTORY = '/logs/t-0';
const KEYS = 5;
const RECORDS = 24;

/** Two batches a segment. */
const options: LogOptions = { segmentBytes: 160, indexIntervalBytes: 0, retentionMs: -1, clock: new ManualClock(5000) };

/** Every committed record of a log, as `offset key=value`. */
function recordsOf(log: Log): string[] {
  return [...log.readSync({ isolation: 'read_committed' })].flatMap((batch) =>
    batch
      .records()
      .filter(() => !batch.isControl)
      .map(({ offset, key, value }) => `${offset} ${key?.toString()}=${value?.toString() ?? 'null'}`),
  );
}

const ofFewKeys = (number: number): string => `k${number % KEYS}`;

/** Of the records of one key the last one stays, and all others: wherever old and new segments are mixed, it shows. */
const everyOtherIsNewest = (number: number): string => (number % 2 === 0 ? `u${number}` : 'k');

/** Records, by default of a few keys; of a transaction that is aborted among them, so that there is a transaction index, too. */
async function filled(fs: CrashingFileSystem, keyOf = ofFewKeys): Promise<Log> {
  fs.makeDirectory('/logs');
  const log = await Log.open(DIRECTORY, { ...options, fs });
  for (let number = 0; number < RECORDS; number++) {
    const producer = { producerId: 7, producerEpoch: 0, baseSequence: number / 6, isTransactional: true };
    const record = { key: keyOf(number), value: String(number), timestamp: 1000 };
    await (number % 6 === 0 ? log.append(record, { producer }) : log.append(record));
    if (number % 6 === 3) await log.endTransaction({ producerId: 7, producerEpoch: 0, result: 'abort' });
  }
  await log.flush();
  return log;
}

/** A file that a cleaning left which died before. */
interface Leftover {
  readonly base: number;
  /** Found when the compaction starts, or only by its swaps. */
  readonly isLate: boolean;
}

function leave(fs: CrashingFileSystem, { base }: Leftover): void {
  fs.replaceSmall(join(DIRECTORY, segmentFileName(base, SUFFIXES.log) + STAGES.cleaned), new Uint8Array(9));
}

/** Compacts a log that dies at its `at`th change. */
async function dying(
  at: number,
  how: CompactOptions,
  leftover?: Leftover,
  maxCleanedBytes?: number,
  keyOf = ofFewKeys,
): Promise<{ fs: CrashingFileSystem; hasDied: boolean }> {
  const fs = new CrashingFileSystem();
  const log = await filled(fs, keyOf);
  if (leftover !== undefined) leave(fs, leftover);
  fs.dieIn(at);
  const limit = maxCleanedBytes === undefined ? {} : { maxCleanedBytes };
  const clean: CleanSegments = (request, hooks) =>
    cleanSegments(
      { engine: defaultEngine(), fs, clock: new ManualClock(5000) },
      { ...request, ...limit },
      {
        ...hooks,
        onGroup: (group) => {
          if (leftover?.isLate === true) leave(fs, leftover);
          return hooks.onGroup?.(group);
        },
      },
    );
  try {
    await log.compact(how, clean);
    return { fs, hasDied: false };
  } catch (error) {
    if (!(error instanceof Died)) throw error;
    return { fs, hasDied: true };
  }
}

/** Opens what is left; returns its records. */
async function recordsAfter(fs: MemoryFileSystem): Promise<string[]> {
  const log = await Log.open(DIRECTORY, { ...options, fs });
  expect(fs.list(DIRECTORY).filter((name) => /\.(cleaned|swap|deleted)$/.test(name))).toEqual([]);
  expect(log.logStartOffset).toBe(0);
  expect(log.status().recovery?.cutBytes ?? 0).toBe(0);
  const records = recordsOf(log);
  const end = log.logEndOffset;
  expect((await log.append({ key: 'next', value: 'x' })).baseOffset).toBe(end);
  await log.close();
  return records;
}

/** Opens a log on a machine that dies at its `at`th change; tells whether it came to that. */
async function dies(fs: CrashingFileSystem, at: number): Promise<boolean> {
  fs.dieIn(at);
  try {
    await Log.open(DIRECTORY, { ...options, fs });
    return false;
  } catch (error) {
    if (!(error instanceof Died)) throw error;
    return true;
  }
}

/** What there is before and behind a compaction that nobody disturbs. */
async function bothSides(how: CompactOptions, keyOf = ofFewKeys): Promise<{ before: string[]; after: string[] }> {
  const log = await filled(new CrashingFileSystem(), keyOf);
  const before = recordsOf(log);
  await log.compact(how);
  const after = recordsOf(log);
  await log.close();
  expect(after.length).toBeLessThan(before.length);
  return { before, after };
}

/** The newest value of each key. */
function newest(records: readonly string[]): Map<string, string> {
  return new Map(records.map((record) => record.split(' ')[1]?.split('=') as [string, string]));
}

describe('F11: a compaction to one segment that dies at any change', () => {
  const how = { segmentBytes: 1_000_000, offsetMapBytes: 2400 };

  test('leaves all of the old segments or all of the new', async () => {
    const { before, after } = await bothSides(how);
    const found = new Set<string>();
    let at = 1;
    for (let hasDied = true; hasDied; at++) {
      const dead = await dying(at, how);
      ({ hasDied } = dead);
      const records = await recordsAfter(dead.fs.afterProcessEnd());
      expect([before, after]).toContainEqual(records);
      found.add(String(records.length));
    }
    expect(at).toBeGreaterThan(60);
    expect(found.size).toBe(2);
  });

  test('does so when the machine dies with it, whatever of the names and bytes not synced is there', async () => {
    const { before, after } = await bothSides(how);
    const random = new Random(11);
    for (let at = 1, hasDied = true; hasDied; at++) {
      const dead = await dying(at, how);
      ({ hasDied } = dead);
      for (let turn = 0; turn < 5; turn++) {
        const records = await recordsAfter(dead.fs.afterPowerLoss(() => random.chance(turn / 4)));
        expect([before, after]).toContainEqual(records);
      }
    }
  });
});

test.each(['rename', 'syncDirectory'] as const)(
  'a disk that fails a %s of a swap takes the log offline, and opening it again tells what is there',
  async (operation) => {
    const how = { segmentBytes: 1_000_000, offsetMapBytes: 2400 };
    const { before, after } = await bothSides(how);
    const codes = new Set<string>();
    for (let call = 1, isDone = false; !isDone; call++) {
      const memory = new CrashingFileSystem();
      await (await filled(memory)).close();
      const fs = new FaultyFileSystem(memory);
      const log = await Log.open(DIRECTORY, { ...options, fs });
      fs.plan({ operation, call, errno: 'EIO' });
      const code = await codeOf(() => log.compact(how));
      fs.heal();
      isDone = code === 'ok';
      codes.add(`${code} ${await codeOf(() => log.append({ key: 'more', value: null }))}`);
      await log.close();
      const records = await recordsAfter(memory.afterProcessEnd());
      expect([before, after]).toContainEqual(records.filter((record) => !record.includes('more=')));
    }
    expect(codes).toContain('IO LOG_OFFLINE');
    expect(codes).toContain('ok ok');
  },
);

describe('F11: an opening that ends a swap and dies at any change', () => {
  const how = { segmentBytes: 500, offsetMapBytes: 2400 };

  test('leaves what the next one ends, with the machine or without', async () => {
    const { after } = await bothSides(how);
    const random = new Random(13);
    let openings = 0;
    // Each group goes through the same steps: a part of them is enough.
    for (let at = 1, hasDied = true; hasDied; at += 9) {
      const dead = await dying(at, how);
      ({ hasDied } = dead);
      const image = dead.fs.afterProcessEnd();
      const swapped = image.list(DIRECTORY).filter((name) => name.endsWith('.swap'));
      if (swapped.length === 0) continue;
      for (let step = 1; ; step += random.between(1, 4), openings++) {
        const fs = CrashingFileSystem.of(image, ['/logs', DIRECTORY]);
        if (!(await dies(fs, step))) break;
        for (const left of [fs.afterProcessEnd(), fs.afterPowerLoss(() => random.chance(0.5))]) {
          expect(newest(await recordsAfter(left))).toEqual(newest(after));
        }
      }
    }
    expect(openings).toBeGreaterThan(10);
  });
});

describe('F11: a compaction to several segments that dies at any change', () => {
  const how = { segmentBytes: 500, offsetMapBytes: 2400 };

  async function expectNewest(leftover?: Leftover): Promise<void> {
    const { before, after } = await bothSides(how);
    const random = new Random(12);
    for (let at = 1, hasDied = true; hasDied; at++) {
      const dead = await dying(at, how, leftover);
      ({ hasDied } = dead);
      const images = [dead.fs.afterProcessEnd(), dead.fs.afterPowerLoss(() => random.chance(0.5))];
      for (const image of images) {
        const records = await recordsAfter(image);
        expect(records.filter((record) => !before.includes(record))).toEqual([]);
        expect(after.filter((record) => !records.includes(record))).toEqual([]);
        expect(newest(records)).toEqual(newest(after));
        expect(records).toEqual([...records].sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10)));
      }
    }
  }

  test('leaves the newest record of every key, no other ones than before, and files that agree', () => expectNewest());

  test.each([0, 3, 11, 99])('does so where one that died before left a file of base %i', async (base) => {
    await expectNewest({ base, isLate: false });
  });

  test('does so where such a file comes while it runs', () => expectNewest({ base: 3, isLate: true }));
});

describe('F11: a compaction whose group becomes several segments, and that dies at any change', () => {
  const how = { segmentBytes: 1_000_000, offsetMapBytes: 2400 };
  const maxCleanedBytes = 320;

  test.each([
    ['a few keys', ofFewKeys],
    ['keys of which every other is the newest', everyOtherIsNewest],
  ])('leaves all of the old segments or all of the new, with the machine or without: %s', async (_keys, keyOf) => {
    const { before, after } = await bothSides(how, keyOf);
    const random = new Random(15);
    const found = new Set<string>();
    const bases = new Set<string>();
    for (let at = 1, hasDied = true; hasDied; at++) {
      const dead = await dying(at, how, undefined, maxCleanedBytes, keyOf);
      ({ hasDied } = dead);
      for (const image of [dead.fs.afterProcessEnd(), dead.fs.afterPowerLoss(() => random.chance(0.5))]) {
        const records = await recordsAfter(image);
        expect([before, after]).toContainEqual(records);
        found.add(String(records.length));
        bases.add(
          image
            .list(DIRECTORY)
            .filter((name) => name.endsWith(SUFFIXES.log))
            .length.toString(),
        );
      }
    }
    expect(found.size).toBe(2);
    // The old ones and the new ones, of which there are several beside the active one.
    expect(Math.min(...[...bases].map(Number))).toBeGreaterThan(3);
  });

  test('does so where the opening that ends its swap dies as well', async () => {
    const { before, after } = await bothSides(how);
    const random = new Random(16);
    let openings = 0;
    for (let at = 1, hasDied = true; hasDied; at += 11) {
      const dead = await dying(at, how, undefined, maxCleanedBytes);
      ({ hasDied } = dead);
      const image = dead.fs.afterProcessEnd();
      if (!image.list(DIRECTORY).some((name) => name.endsWith(STAGES.swap))) continue;
      for (let step = 1; ; step += random.between(1, 4), openings++) {
        const fs = CrashingFileSystem.of(image, ['/logs', DIRECTORY]);
        if (!(await dies(fs, step))) break;
        for (const left of [fs.afterProcessEnd(), fs.afterPowerLoss(() => random.chance(0.5))]) {
          expect([before, after]).toContainEqual(await recordsAfter(left));
        }
      }
    }
    expect(openings).toBeGreaterThan(10);
  });
});

test('of old segments of which nothing stays a lower one comes back only with all above it', async () => {
  const random = new Random(14);
  const found = new Set<string>();
  for (let at = 1, hasDied = true; hasDied; at++) {
    const fs = new CrashingFileSystem();
    fs.makeDirectory('/logs');
    const log = await Log.open(DIRECTORY, { ...options, fs });
    for (const key of 'abkkkkkkk') await log.append({ key, value: 'x', timestamp: 1000 });
    await log.flush();
    fs.dieIn(at);
    hasDied = (await log.compact({ segmentBytes: 500 }).catch((error: unknown) => error)) instanceof Died;
    for (let turn = 0; turn < 5; turn++) {
      const records = (await recordsAfter(fs.afterPowerLoss(() => random.chance(0.5)))).map(
        (record) => record.split(' ')[0],
      );
      found.add(['2', '3', '4', '5'].filter((offset) => records.includes(offset)).join());
    }
  }
  expect([...found].sort()).toEqual(['', '2,3,4,5', '4,5']);
});

describe('F11, F12: a compaction of what was not synced', () => {
  const how = { segmentBytes: 240, offsetMapBytes: 2400 };

  test('brings the end of a transaction to the disk before its records take the place of older ones', async () => {
    const fs = new CrashingFileSystem();
    fs.makeDirectory('/logs');
    const log = await Log.open(DIRECTORY, { ...options, fs });
    const producer = { producerId: 7, producerEpoch: 0, baseSequence: 0, isTransactional: true };
    await log.append({ key: 'k', value: 'old', timestamp: 1000 });
    await log.append({ key: 'a', value: '1', timestamp: 1000 });
    await log.append({ key: 'k', value: 'new', timestamp: 1000 }, { producer });
    await log.append({ key: 'b', value: '1', timestamp: 1000 });
    await log.append({ key: 'c', value: '1', timestamp: 1000 });
    await log.endTransaction({ producerId: 7, producerEpoch: 0, result: 'commit' });
    expect((await log.compact(how)).statistics.superseded).toBe(1);
    const records = await recordsAfter(fs.afterPowerLoss(() => false));
    expect(newest(records).get('k')).toBe('new');
  });

  test('of a log that was not closed keeps of each key a record that is on the disk', async () => {
    const source = new CrashingFileSystem();
    await filled(source);
    const left = source.afterProcessEnd();
    const isOld = (name: string): boolean => Number.parseInt(name, 10) < 12;
    for (let at = 1, hasDied = true; hasDied; at++) {
      const fs = new CrashingFileSystem();
      for (const directory of ['/logs', DIRECTORY]) fs.makeDirectory(directory);
      for (const name of left.list(DIRECTORY)) {
        const bytes = left.readSmall(join(DIRECTORY, name)) as Uint8Array;
        if (isOld(name)) fs.replaceSmall(join(DIRECTORY, name), bytes);
        else fs.open(join(DIRECTORY, name), 'new').write(bytes, 0, bytes.length, 0);
      }
      fs.syncDirectory(DIRECTORY);
      const log = await Log.open(DIRECTORY, { ...options, fs });
      fs.dieIn(at);
      hasDied = (await log.compact(how).catch((error: unknown) => error)) instanceof Died;
      const after = await Log.open(DIRECTORY, { ...options, fs: fs.afterPowerLoss(() => false) });
      expect([...newest(recordsOf(after)).keys()].sort()).toEqual(['k0', 'k1', 'k2', 'k3', 'k4']);
      await after.close();
    }
  });
});
