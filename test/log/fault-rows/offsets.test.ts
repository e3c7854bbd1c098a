/** Row F25 of the fault list: offsets, spans and positions at the ends of what their fields hold. */
import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Log, LogReader } from '../../../src/index.ts';
import { batchOf, changed } from '../validate/make.ts';
import { BATCH } from '../../../src/format/batch.ts';
import { scratchPartition } from '../../support/temp.ts';
import {
  afterFault,
  boundaries,
  codeOf,
  fileOf,
  filesIn,
  filled,
  logOf,
  opened,
  placed,
  readAll,
  unclean,
  withFile,
} from './partition.ts';

const INT32 = 2 ** 31;
const at = (baseOffset: number): Buffer =>
  batchOf([{ value: `record ${baseOffset}`, timestamp: 1000 }], { baseOffset });
const bases = (directory: string): string[] => [...filesIn(directory).keys()].filter((name) => name.endsWith('.log'));

describe('F25: an offset that is too far from the base of its segment', () => {
  test.each([
    [INT32 - 1, [0]],
    [INT32, [0, INT32]],
    [2 ** 40, [0, 2 ** 40]],
  ])('at %i is in a segment that can say it', async (offset, expected) => {
    const directory = scratchPartition();
    {
      await using log = await Log.open(directory, { indexIntervalBytes: 1 });
      await log.appendEncoded(at(0), 'given');
      await log.appendEncoded(at(offset), 'given');
      expect(log.logEndOffset).toBe(offset + 1);
      expect(log.find(1)).toMatchObject({ baseOffset: offset });
    }
    expect(bases(directory)).toEqual(expected.map(logOf));
    const again = await opened(directory, { ...unclean(), indexIntervalBytes: 1 });
    expect(again).toMatchObject({
      opening: 'ok',
      appending: 'ok',
      offsets: [0, offset],
      logEndOffset: offset + 1,
      cuts: [],
    });
    expect(bases(directory)).toEqual(expected.map(logOf));
  });

  test('both in one call: they do not share a segment, and what is refused leaves the log as it was', async () => {
    const directory = scratchPartition();
    const log = await Log.open(directory);
    const code = await codeOf(log.appendEncoded(Buffer.concat([at(0), at(INT32 + 5)]), 'given'));
    if (code === 'ok') expect(readAll(log).offsets).toEqual([0, INT32 + 5]);
    else {
      expect(code).toBe('OFFSET_OVERFLOW');
      expect([log.logEndOffset, readAll(log).offsets]).toEqual([0, []]);
    }
    await log.append({ value: 'after' });
    const { offsets } = readAll(log);
    await log.close();
    const again = await opened(directory, unclean());
    expect(again).toMatchObject({ opening: 'ok', offsets, cuts: [] });
  });

  test('a segment that an old compaction made too wide is divided, and no record is lost', async () => {
    const files = withFile(
      await filled({ batches: 1 }),
      logOf(0),
      Buffer.concat([at(0), at(7), at(INT32 + 9), at(INT32 + 10)]),
    );
    const values = [0, 7, INT32 + 9, INT32 + 10].map((offset) => `record ${offset}`);
    const found = await afterFault(files, values, unclean());
    expect(found).toMatchObject({ opening: 'ok', values, offsets: [0, 7, INT32 + 9, INT32 + 10], cuts: [] });
    expect([...found.files.keys()].filter((name) => name.endsWith('.log'))).toEqual([logOf(0), logOf(INT32 + 9)]);
  });
});

describe('F25: the ends of what a batch can say', () => {
  test.each([
    ['a negative last offset delta', -1],
    ['the smallest last offset delta', -(2 ** 31)],
  ])('%s is refused, and nothing is appended', async (_what, delta) => {
    await using log = await Log.open(scratchPartition());
    const batch = changed(at(3), (view) => view.setInt32(BATCH.LAST_OFFSET_DELTA, delta));
    for (const mode of ['assign', 'given'] as const) {
      expect(await codeOf(log.appendEncoded(batch, mode))).not.toBe('ok');
      expect(log.logEndOffset).toBe(0);
    }
  });

  test.each([
    ['offset 2^53 - 1', 2 ** 53 - 1],
    ['an offset that its delta takes over 2^53', 2 ** 53 - 2],
  ])('%s is refused by name', async (_what, offset) => {
    await using log = await Log.open(scratchPartition());
    const batch = batchOf([{ value: 'a' }, { value: 'b' }], { baseOffset: offset });
    expect(await codeOf(log.appendEncoded(batch, 'given'))).toBe('OFFSET_NOT_EXACT');
    expect(log.logEndOffset).toBe(0);
  });

  test.each([2n ** 53n, 2n ** 62n, 2n ** 63n - 1n, -1n])('the base offset %d is refused by name', async (offset) => {
    await using log = await Log.open(scratchPartition());
    const batch = changed(at(0), (view) => view.setBigInt64(BATCH.BASE_OFFSET, offset));
    expect(await codeOf(log.appendEncoded(batch, 'given'))).toMatch(
      /^(?:OFFSET_NOT_EXACT|OFFSETS_OUT_OF_ORDER|INVALID_RECORD)$/,
    );
    expect(log.logEndOffset).toBe(0);
  });

  test('a log near 2^53 goes up to its last offset, and then says that there are no more', async () => {
    const directory = scratchPartition();
    const start = 2 ** 53 - 5;
    {
      await using log = await Log.open(directory);
      await log.truncateFullyAndStartAt(start);
      const codes: string[] = [];
      for (let i = 0; i < 8; i++) codes.push(await codeOf(log.append({ value: 'x' })));
      expect(codes.slice(0, 3)).toEqual(['ok', 'ok', 'ok']);
      expect(codes.slice(4)).toEqual(['OFFSET_NOT_EXACT', 'OFFSET_NOT_EXACT', 'OFFSET_NOT_EXACT', 'OFFSET_NOT_EXACT']);
      expect(Number.isSafeInteger(log.logEndOffset)).toBe(true);
      const { offsets } = readAll(log);
      expect(offsets.every((offset) => Number.isSafeInteger(offset))).toBe(true);
    }
    const found = await opened(directory, unclean());
    expect(found).toMatchObject({ opening: 'ok', cuts: [] });
    expect(found.offsets.length).toBeGreaterThanOrEqual(3);
  });
});

describe('F25: positions beyond 2 GiB', () => {
  test.each([2 ** 31 + 1, 2 ** 32 + 4096])(
    'a file of %i bytes, zeros behind its data, is read, and recovered to its data',
    async (sizeBytes) => {
      const files = await filled({ batches: 3 });
      const directory = placed(files);
      const path = join(directory, logOf(0));
      truncateSync(path, sizeBytes);
      {
        using reader = LogReader.open(directory);
        expect(reader.logEndOffset).toBe(6);
      }
      const found = await opened(directory, unclean());
      expect(found).toMatchObject({ opening: 'ok', appending: 'ok', logEndOffset: 6 });
      expect(fileOf(found.files, logOf(0)).length).toBe(boundaries(fileOf(files, logOf(0))).at(-1));
    },
  );

  test('segment.bytes cannot be set there', async () => {
    for (const segmentBytes of [2 ** 31, 2 ** 32, 2 ** 53]) {
      expect(await codeOf(Log.open(scratchPartition(), { segmentBytes }))).toBe('INVALID_CONFIG');
    }
  });
});
