/** Row F9 of the fault list: segments that are gone, doubled, or under another name. */
import { describe, expect, test } from 'vitest';
import { Log, type LogOptions, LogReader } from '../../../src/index.ts';
import {
  fileOf,
  type Files,
  filesIn,
  filled,
  indexOf,
  logOf,
  type Opened,
  opened,
  placed,
  readAll,
  timeIndexOf,
  timestampAt,
  unclean,
  valueAt,
  valuesTo,
} from './partition.ts';

/** Three segments: of records 0 to 7, 8 to 15 and 16 to 23. */
const OPTIONS = { segmentBytes: 400, indexIntervalBytes: 100 };
const END = 24;
const threeSegments = (): Promise<Files> => filled({ ...OPTIONS, batches: 12 });

const nameOf = (base: number): string => String(base).padStart(20, '0');

/** The files, where those of segment `from` are under `to`; also still under their own name with `doubled`. */
function moved(files: Files, from: number, to: number, { doubled = false, only = /./ } = {}): Map<string, Buffer> {
  const copy = new Map(files);
  for (const [name, bytes] of files) {
    if (!name.startsWith(nameOf(from)) || name.endsWith('.snapshot') || !only.test(name)) continue;
    if (!doubled) copy.delete(name);
    copy.set(nameOf(to) + name.slice(20), bytes);
  }
  return copy;
}

function without(files: Files, base: number, only = /./): Map<string, Buffer> {
  return new Map([...files].filter(([name]) => !(name.startsWith(nameOf(base)) && only.test(name))));
}

const logsOf = (files: Files): string[] => [...files.keys()].filter((name) => name.endsWith('.log'));

/** What two openings come to, of which the second changes nothing. */
async function openedTwice(files: Files, options: object): Promise<Opened> {
  const directory = placed(files);
  const first = await opened(directory, { ...OPTIONS, ...options });
  const second = await opened(directory, { ...OPTIONS, ...options });
  expect({ ...second, cuts: [], cutBytes: 0, saved: null }).toEqual({ ...first, cuts: [], cutBytes: 0, saved: null });
  return first;
}

/** Offsets as they were, and under each its own record. */
function expectTrue({
  offsets,
  values,
}: {
  readonly offsets: readonly number[];
  readonly values: readonly string[];
}): void {
  expect(values).toEqual(offsets.map((offset) => valueAt(offset)));
  expect(
    [...new Set(offsets)].sort((a, b) => a - b),
    'each once, in order',
  ).toEqual(offsets);
}

/** Refused at opening, where all of the log is looked at; else at the latest when reading comes there. */
async function expectOverlap(files: Files, options: LogOptions): Promise<void> {
  const found = await opened(placed(files), { ...OPTIONS, ...options });
  if (options.recovery?.recoveryPoint === 0) expect(found.opening).toBe('SEGMENTS_OVERLAP');
  expect(
    [...new Set(found.offsets)].sort((a, b) => a - b),
    'no offset twice',
  ).toEqual(found.offsets);
  expect(found.opening === 'ok' ? found.readError : found.opening).toBe('SEGMENTS_OVERLAP');
  for (const name of logsOf(files)) expect(fileOf(found.files, name)).toEqual(fileOf(files, name));
}

const WAYS = [
  ['closed clean', { recovery: { clean: true } }],
  ['not closed', unclean()],
  ['not closed, all of it below the recovery point', unclean(END)],
] as const;

describe.each(WAYS)('F9: in a log that was %s', (_how, options) => {
  test('a segment in the middle is gone: a gap, over which reading goes on at the next offset there is', async () => {
    const found = await openedTwice(without(await threeSegments(), 8), options);
    expect(found).toMatchObject({ opening: 'ok', appending: 'ok', logEndOffset: END, cuts: [], readError: undefined });
    expect(found.offsets).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23]);
    expectTrue(found);
    await using log = await Log.open(placed(without(await threeSegments(), 8)), { ...OPTIONS, ...options });
    expect([...log.readSync({ from: 10 })][0]?.baseOffset).toBe(16);
    expect(log.find(10)).toMatchObject({ baseOffset: 16 });
    expect(log.offsetForTimestamp(timestampAt(10))).toEqual({ offset: 16, timestamp: timestampAt(16) });
  });

  test('the first segment is gone: the log starts at the next', async () => {
    const found = await openedTwice(without(await threeSegments(), 0), options);
    expect(found).toMatchObject({ opening: 'ok', logStartOffset: 8, logEndOffset: END, cuts: [] });
    expect(found.offsets[0]).toBe(8);
    expectTrue(found);
  });

  test('the last segment is gone: the log ends before it, and never gives its offsets to nothing', async () => {
    const found = await openedTwice(without(await threeSegments(), 16), options);
    expect(found).toMatchObject({ opening: 'ok', logEndOffset: 16, values: valuesTo(16) });
  });

  test('a .log is gone and its indexes are left: they are removed, as orphans', async () => {
    const found = await openedTwice(without(await threeSegments(), 8, /\.log$/), options);
    expect(found).toMatchObject({ opening: 'ok', logEndOffset: END });
    expect([...found.files.keys()].filter((name) => name.startsWith(nameOf(8)) && !name.endsWith('.snapshot'))).toEqual(
      [],
    );
    expectTrue(found);
  });

  test.each([0, 8, 16])('the .log at %i has no indexes: they are as before, or nobody misses them', async (base) => {
    const files = await threeSegments();
    const found = await openedTwice(without(files, base, /\.(?:index|timeindex)$/), options);
    expect(found).toMatchObject({ opening: 'ok', appending: 'ok', values: valuesTo(END), cuts: [] });
    for (const name of [indexOf(base), timeIndexOf(base)])
      expect(fileOf(found.files, name)).toEqual(fileOf(files, name));
  });

  test('a segment is there twice, the second under a base within the one before it: refused, and untouched', async () => {
    await expectOverlap(moved(await threeSegments(), 8, 4, { doubled: true }), options);
  });

  test('two segments hold the same offsets: refused, and untouched', async () => {
    const files = await threeSegments();
    const longer = new Map(files).set(logOf(0), Buffer.concat([fileOf(files, logOf(0)), fileOf(files, logOf(8))]));
    await expectOverlap(longer, options);
  });

  test('a segment is under a higher base than its batches: never a record under another offset', async () => {
    const found = await openedTwice(moved(await threeSegments(), 8, 10), options);
    expect(found.opening).toBe('ok');
    expectTrue(found);
    expect(found.offsets.slice(0, 8)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test('a segment is under a lower base, in a gap before it: read as it is', async () => {
    const files = without(await threeSegments(), 8);
    const found = await openedTwice(moved(files, 16, 12), options);
    expect(found).toMatchObject({ opening: 'ok', logEndOffset: END, cuts: [] });
    expectTrue(found);
    expect(found.offsets.length).toBe(16);
  });
});

describe('F9: a segment under a higher base than its batches', () => {
  const renamed = async (): Promise<Files> => moved(await threeSegments(), 8, 10);

  test('above the recovery point it goes to quarantine with all behind it', async () => {
    const found = await openedTwice(await renamed(), unclean());
    expect(found).toMatchObject({ appending: 'ok', values: valuesTo(8) });
    const files = await threeSegments();
    expect(found.saved).toEqual(Buffer.concat([fileOf(files, logOf(8)), fileOf(files, logOf(16))]));
  });

  test('below it nothing is cut, and appends are refused', async () => {
    const files = await renamed();
    const found = await openedTwice(files, unclean(17));
    const damagedIsScanned = await openedTwice(files, unclean(12));
    expect(damagedIsScanned).toMatchObject({ appending: 'LOG_CORRUPT', values: valuesTo(8), cuts: [] });
    expect(logsOf(found.files)).toEqual([logOf(0), logOf(10), logOf(16)]);
  });
});

test('F9: a reader serves what is there over gaps and missing indexes, and changes nothing', async () => {
  const files = without(without(await threeSegments(), 8), 16, /\.(?:index|timeindex)$/);
  const directory = placed(files);
  using reader = LogReader.open(directory);
  const { offsets } = readAll(reader);
  expect(offsets).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23]);
  expect(reader.offsetForTimestamp(timestampAt(20))).toEqual({ offset: 20, timestamp: timestampAt(20) });
  expect([...filesIn(directory).keys()]).toEqual([...files.keys()].sort());
});
