/** Rows F6 and F8 of the fault list: damaged indexes of a log that was closed clean, so that nothing rebuilds them unasked. */
import { readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Log, LogReader, type ReadableLog } from '../../../src/index.ts';
import {
  codeOfError,
  fileOf,
  filesIn,
  filled,
  type Files,
  flipped,
  indexOf,
  placed,
  readAll,
  timeIndexOf,
  timestampAt,
  valueAt,
  valuesTo,
  withFile,
} from './partition.ts';

/** Two segments of six batches each: of records 0 to 11, and 12 to 23. Every batch but the first has index entries. */
const OPTIONS = { segmentBytes: 600, indexIntervalBytes: 1 };
const BATCHES = 12;
const END = 24;

let sound: Promise<Files> | undefined;
const soundFiles = (): Promise<Files> => (sound ??= filled({ ...OPTIONS, batches: BATCHES }));

/** Looks up every offset and every time there is, and some that are not. */
function expectRightAnswers(log: ReadableLog, what: string): void {
  for (let offset = 0; offset < END; offset++) {
    const [batch] = log.readSync({ from: offset });
    expect([batch?.baseOffset, batch?.records()[0]?.value?.toString()], `${what}: offset ${offset}`).toEqual([
      offset - (offset % 2),
      valueAt(offset - (offset % 2)),
    ]);
    expect(log.find(offset), `${what}: offset ${offset}`).toMatchObject({ baseOffset: offset - (offset % 2) });
    expect(log.offsetForTimestamp(timestampAt(offset)), `${what}: time ${timestampAt(offset)}`).toEqual({
      offset,
      timestamp: timestampAt(offset),
    });
  }
  expect(log.offsetForTimestamp(timestampAt(END)), `${what}: a later time`).toBeUndefined();
  expect(log.offsetForTimestamp(0), `${what}: an earlier time`).toEqual({ offset: 0, timestamp: timestampAt(0) });
  expect(readAll(log), what).toMatchObject({ values: valuesTo(END), readError: undefined });
}

/** Opens the log as it is for reading and for writing: every answer is right, and appending and rolling go on. */
async function expectNoHarm(files: Files, what: string): Promise<string> {
  const directory = placed(files);
  {
    using reader = LogReader.open(directory);
    expectRightAnswers(reader, `${what}, reader`);
  }
  await using log = await Log.open(directory, OPTIONS);
  expectRightAnswers(log, what);
  for (let i = 0; i < 14; i++) await log.append({ value: `more ${i}`, timestamp: 5000 + i });
  expect(readAll(log).values.slice(END), what).toEqual(Array.from({ length: 14 }, (_, i) => `more ${i}`));
  expect(log.offsetForTimestamp(5003), what).toEqual({ offset: END + 3, timestamp: 5003 });
  return directory;
}

/** Turns over bits of an index file, one after the other; returns what came to harm. */
async function harmed(name: string): Promise<string[]> {
  const files = await soundFiles();
  const bytes = fileOf(files, name);
  const harms: string[] = [];
  for (let place = 0; place < bytes.length * 8; place += 3) {
    const at = Math.floor(place / 8);
    const what = `byte ${at}, bit ${place % 8}`;
    try {
      await expectNoHarm(withFile(files, name, flipped(bytes, at, place % 8)), what);
    } catch (error) {
      harms.push(String(error));
    }
  }
  // A few tell enough.
  return harms.slice(0, 12);
}

describe('F6: a bit turned over in an index is never a wrong answer', () => {
  test.each([indexOf(0), indexOf(12)])('in %s', async (name) => {
    expect(await harmed(name)).toEqual([]);
  });

  test.each([timeIndexOf(0), timeIndexOf(12)])('in %s', async (name) => {
    expect(await harmed(name)).toEqual([]);
  });
});

describe('F6: a bit turned over in a transaction index', () => {
  test('never shows what was aborted, and never hides what was committed', async () => {
    const files = await (async () => {
      const directory = placed(new Map());
      {
        await using log = await Log.open(directory, OPTIONS);
        for (let i = 0; i < 4; i++) {
          const producer = { producerId: 7, producerEpoch: 0, baseSequence: i, isTransactional: true };
          await log.append({ value: `transaction ${i}` }, { producer });
          await log.append({ value: `between ${i}` });
          await log.endTransaction({ producerId: 7, producerEpoch: 0, result: i % 2 === 0 ? 'abort' : 'commit' });
        }
      }
      return filesIn(directory);
    })();
    const name = [...files.keys()].find((key) => key.endsWith('.txnindex')) as string;
    const bytes = fileOf(files, name);
    const committed = (log: ReadableLog): string[] =>
      [...log.readSync({ isolation: 'read_committed' })].flatMap((batch) =>
        batch.isControl ? [] : batch.records().map(({ value }) => value?.toString() ?? ''),
      );
    const right = ['between 0', 'transaction 1', 'between 1', 'between 2', 'transaction 3', 'between 3'];
    const wrong: string[] = [];
    for (let place = 0; place < bytes.length * 8; place++) {
      const directory = placed(withFile(files, name, flipped(bytes, Math.floor(place / 8), place % 8)));
      await using log = await Log.open(directory, { ...OPTIONS, recovery: { clean: true } });
      let found: string[] | string;
      try {
        found = committed(log);
      } catch (error) {
        found = codeOfError(error);
      }
      if (typeof found !== 'string' && found.join() !== right.join()) {
        wrong.push(`byte ${Math.floor(place / 8)}, bit ${place % 8}: ${found.join()}`);
      }
    }
    expect(wrong.slice(0, 12)).toEqual([]);
  });
});

/** Damages to an index file, by what is in it then. */
const DAMAGES: readonly (readonly [string, (bytes: Buffer, entryBytes: number) => Buffer | undefined])[] = [
  ['gone', () => undefined],
  ['empty', () => Buffer.alloc(0)],
  ['one byte short', (bytes) => bytes.subarray(0, -1)],
  ['one byte long', (bytes) => Buffer.concat([bytes, Buffer.from([9])])],
  ['half an entry short', (bytes, entryBytes) => bytes.subarray(0, bytes.length - entryBytes / 2)],
  ['followed by entries that point behind the log', (bytes) => Buffer.concat([bytes, Buffer.alloc(96, 0x7f)])],
  ['zeros of its own size', (bytes) => Buffer.alloc(bytes.length)],
  ['zeros of the full size (KAFKA-19200)', () => Buffer.alloc(10 * 1024 * 1024)],
  [
    'followed by zeros up to the full size',
    (bytes) => Buffer.concat([bytes, Buffer.alloc(1024 * 1024 - bytes.length)]),
  ],
  ['with a last entry of zeros (KAFKA-10207)', (b, size) => Buffer.concat([b.subarray(0, -size), Buffer.alloc(size)])],
  ['followed by one entry of zeros', (bytes, size) => Buffer.concat([bytes, Buffer.alloc(size)])],
  ['garbage', (bytes) => Buffer.alloc(bytes.length, 0xa5)],
];

describe.each(DAMAGES)('F8: an index file is %s', (_what, damage) => {
  test.each([
    ['the offset index of a sealed segment', indexOf(0), 8],
    ['the offset index of the active segment', indexOf(12), 8],
    ['the time index of a sealed segment', timeIndexOf(0), 12],
    ['the time index of the active segment', timeIndexOf(12), 12],
  ])('%s: every answer is right, and appending and rolling go on', async (what, name, entryBytes) => {
    const files = await soundFiles();
    const directory = await expectNoHarm(withFile(files, name, damage(fileOf(files, name), entryBytes)), what);
    // Rolling and closing leave an index as it would have been; what nobody could tell from sound entries may stay.
    const after = readFileSync(join(directory, name));
    expect(after.length % entryBytes).toBe(0);
    expect(after.length).toBeLessThanOrEqual(fileOf(files, name).length + 12 * entryBytes);
  });

  test('all four at once', async () => {
    const files = new Map(await soundFiles());
    for (const name of [indexOf(0), indexOf(12), timeIndexOf(0), timeIndexOf(12)]) {
      const damaged = damage(fileOf(files, name), name.endsWith('.timeindex') ? 12 : 8);
      if (damaged === undefined) files.delete(name);
      else files.set(name, damaged);
    }
    await expectNoHarm(files, 'all four');
  });
});

describe('F8: entries are missing at the end of an offset index', () => {
  test.each([indexOf(0), indexOf(12)])('%s: a lookup reads on from the last one there is', async (name) => {
    const files = await soundFiles();
    await expectNoHarm(withFile(files, name, fileOf(files, name).subarray(0, 8)), name);
  });
});

describe('F8: an index of a log that is shorter than it', () => {
  test('points behind the log: the log is what counts', async () => {
    const files = await soundFiles();
    const directory = placed(files);
    truncateSync(join(directory, '00000000000000000012.log'), 100);
    for (const clean of [true, false]) {
      await using log = await Log.open(directory, { ...OPTIONS, recovery: { clean } });
      expect([log.logEndOffset, readAll(log).values.length]).toEqual([14, 14]);
      expect(log.offsetForTimestamp(timestampAt(13))).toEqual({ offset: 13, timestamp: timestampAt(13) });
      expect(log.offsetForTimestamp(timestampAt(14))).toBeUndefined();
    }
  });
});
