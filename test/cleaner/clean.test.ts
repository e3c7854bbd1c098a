/** One partition, cleaned: what stays, and what happens when something is wrong. That the rules are Kafka's is in test/fidelity. */
import { readdirSync, readFileSync, renameSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cleanSegments } from '../../src/cleaner/clean.ts';
import type { CleanProgress } from '../../src/cleaner/contract.ts';
import type { CodecId } from '../../src/engine/contract.ts';
import { BATCH, LOG_OVERHEAD } from '../../src/format/batch.ts';
import { segmentFileName, SUFFIXES } from '../../src/format/names.ts';
import { changed, messageOf, wrapperOf } from '../log/validate/make.ts';
import { batch, keyed, NOW_MS, partitionOf, recordsIn } from './make-partition.ts';
import { batchesOf, cleanAndSwap, machine, requestFor, segmentsOf } from './partition.ts';

const cleanedFiles = (directory: string): string[] =>
  readdirSync(directory).filter((name) => name.endsWith('.cleaned'));

describe('what stays', () => {
  test('is the newest record of each key, with its offset, whatever the map holds at once', async () => {
    const segment = fc.array(
      fc.tuple(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 15 }), fc.string({ maxLength: 20 })), {
          minLength: 1,
          maxLength: 6,
        }),
        fc.integer({ min: 0, max: 4 }),
      ),
      { minLength: 1, maxLength: 5 },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(segment, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 2, max: 40 }),
        async (log, slots) => {
          const directory = partitionOf(
            ...log.map((batches) =>
              batches.map(([records, codec]) =>
                batch(
                  records.map(([key, value]) => keyed(`k${key}`, value)),
                  codec as CodecId,
                ),
              ),
            ),
          );
          const newest = new Map(recordsIn(directory).map((record) => [record[1], record]));
          const end = segmentsOf(directory).at(-1)?.baseOffset ?? 0;
          let firstDirtyOffset = 0;
          for (let round = 0; firstDirtyOffset < end; round++) {
            expect(round).toBeLessThan(200);
            const request = requestFor(directory, {
              nowMs: NOW_MS,
              firstDirtyOffset,
              offsetMapBytes: slots * 24,
              bufferBytes: 300,
            });
            const { endOffset, statistics } = await cleanAndSwap(request);
            expect(endOffset).toBeGreaterThan(firstDirtyOffset);
            expect(statistics.isMapFull).toBe(endOffset < end);
            firstDirtyOffset = endOffset;
          }
          expect(recordsIn(directory)).toEqual([...newest.values()].sort(([a], [b]) => a - b));
        },
      ),
      { numRuns: 40 },
    );
  });

  test('is told in numbers that add up', async () => {
    const directory = partitionOf(
      [batch([keyed('a'), keyed('b'), { timestamp: 1, key: null, value: 'x' }]), batch([keyed('a', null)])],
      [batch([keyed('b', '2')]), batch([keyed('c')], 3)],
    );
    const { statistics } = await cleanAndSwap(requestFor(directory, { nowMs: NOW_MS }));
    const { recordsRead, recordsKept, superseded, keyless, tombstones, discarded, mapKeys, mapRecords } = statistics;
    expect({ recordsRead, recordsKept, superseded, keyless, tombstones, discarded, mapKeys, mapRecords }).toEqual({
      ...{ recordsRead: 6, recordsKept: 3, superseded: 2, keyless: 1, tombstones: 0, discarded: 0 },
      ...{ mapKeys: 3, mapRecords: 6 },
    });
    const later = await cleanAndSwap(requestFor(directory, { nowMs: NOW_MS + 86_400_000 }));
    expect(later.statistics.tombstones).toBe(1);
    expect(recordsIn(directory).map(([offset]) => offset)).toEqual([4, 5]);
  });

  test('has the time of the last segment that it was made from, and follows the groups', async () => {
    const directory = partitionOf([batch([keyed('a')])], [batch([keyed('b')])], [batch([keyed('c')])]);
    for (const [at, { baseOffset }] of segmentsOf(directory).entries()) {
      utimesSync(join(directory, segmentFileName(baseOffset, SUFFIXES.log)), 1000 + at, 1000 + at);
    }
    const sizeBytes = segmentsOf(directory)[0]?.sizeBytes ?? 0;
    const { groups } = await cleanAndSwap(requestFor(directory, { nowMs: NOW_MS, segmentBytes: 2 * sizeBytes }));
    expect(groups.map(({ sources }) => sources)).toEqual([[0, 1], [2]]);
    const timeOf = (name: string): number =>
      statSync(join(directory, segmentFileName(Number(name), SUFFIXES.log))).mtimeMs;
    expect([timeOf('0'), timeOf('2')]).toEqual([1_001_000, 1_002_000]);
  });

  test('leaves an empty segment where nothing stays', async () => {
    const directory = partitionOf([batch([keyed('a')])], [batch([keyed('a', '2')])]);
    const { groups } = await cleanAndSwap(requestFor(directory, { nowMs: NOW_MS, segmentBytes: 14 }));
    expect(groups[0]).toEqual({ sources: [0], cleaned: [{ baseOffset: 0, sizeBytes: 0, nextOffset: 0 }] });
    expect(recordsIn(directory)).toEqual([[1, 'a', '2']]);
  });

  test('of formats 0 and 1 is in format 2, from the first record that stayed', async () => {
    const plain =
      (magic: 0 | 1, key: string, value: string | null) =>
      (offset: number): Buffer =>
        messageOf({ magic, offset, timestamp: NOW_MS, key, value });
    const wrapped = (offset: number): Buffer => {
      const inner = ['a', 'b', 'c'].map((key, at) =>
        messageOf({ magic: 1, offset: at, timestamp: NOW_MS + at, key, value: 'w' }),
      );
      return wrapperOf({ magic: 1, offset: offset + 2, timestamp: NOW_MS + 2 }, 3, inner);
    };
    const directory = partitionOf(
      [plain(0, 'x', '0'), plain(1, 'y', null), wrapped],
      [plain(1, 'a', '1'), plain(1, 'c', '1')],
    );
    await cleanAndSwap(requestFor(directory, { nowMs: NOW_MS, deleteRetentionMs: 1000 }));
    const batches = batchesOf(join(directory, segmentFileName(0, SUFFIXES.log)));
    expect(
      batches.map(({ magic, baseOffset, lastOffset, codec, maxTimestamp, deleteHorizonMs }) => [
        magic,
        baseOffset,
        lastOffset,
        codec,
        maxTimestamp,
        deleteHorizonMs,
      ]),
    ).toEqual([
      [2, 0, 0, 0, -1, undefined],
      [2, 1, 1, 0, NOW_MS, NOW_MS + 1000],
      [2, 3, 3, 3, NOW_MS + 1, undefined],
      [2, 5, 5, 0, NOW_MS, undefined],
      [2, 6, 6, 0, NOW_MS, undefined],
    ]);
    const timestamps = batches.flatMap((one) => one.records().map(({ timestamp }) => timestamp));
    expect(timestamps).toEqual([-1, NOW_MS, NOW_MS + 1, NOW_MS, NOW_MS]);
    expect(recordsIn(directory)).toEqual([
      [0, 'x', '0'],
      [1, 'y', null],
      [3, 'b', 'w'],
      [5, 'a', '1'],
      [6, 'c', '1'],
    ]);
  });
});

describe('a round ends with an error that names the place', () => {
  const two = (
    first: (baseOffset: number) => Buffer,
    second: (baseOffset: number) => Buffer,
  ): [string, string, number] => {
    const directory = partitionOf([first, second]);
    const path = join(directory, segmentFileName(0, SUFFIXES.log));
    return [directory, path, LOG_OVERHEAD + readFileSync(path).readInt32BE(BATCH.LENGTH)];
  };
  const good = batch([keyed('a')]);
  const resealed =
    (change: (view: DataView) => void) =>
    (baseOffset: number): Buffer =>
      changed(batch([keyed('a'), keyed('b')])(baseOffset), change);

  test.each<[string, string, (baseOffset: number) => Buffer, object]>([
    ['a flipped bit', 'BATCH_CRC_MISMATCH', (base) => Buffer.from(good(base).with(62, 99)), {}],
    ['a later format', 'UNSUPPORTED_MAGIC', resealed((view) => view.setInt8(BATCH.MAGIC, 3)), {}],
    ['too many records', 'INVALID_RECORD', resealed((view) => view.setInt32(BATCH.RECORD_COUNT, 3)), {}],
    ['an unknown codec', 'UNSUPPORTED_CODEC', resealed((view) => view.setInt16(BATCH.ATTRIBUTES, 7)), {}],
    ['a codec that it is not', 'CORRUPT_COMPRESSED_DATA', resealed((view) => view.setInt16(BATCH.ATTRIBUTES, 3)), {}],
    [
      'offsets beyond its last',
      'OFFSETS_OUT_OF_ORDER',
      resealed((view) => view.setInt32(BATCH.LAST_OFFSET_DELTA, 0)),
      {},
    ],
    [
      'more than may come out',
      'DECOMPRESSED_TOO_LARGE',
      batch([keyed('a', 'v'.repeat(5000))], 4),
      { maxDecompressedBytes: 4096 },
    ],
  ])('%s: %s', async (_name, code, bad, changes) => {
    const [directory, file, position] = two(good, bad);
    const before = readFileSync(file);
    const round = cleanSegments(machine, requestFor(directory, { nowMs: NOW_MS, ...changes }));
    await expect(round).rejects.toMatchObject({ code, file, position });
    expect(cleanedFiles(directory)).toEqual([]);
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  test('a file that lost its end: BATCH_TRUNCATED', async () => {
    const [directory, file, position] = two(good, good);
    const request = requestFor(directory, { nowMs: NOW_MS });
    truncateSync(file, position + 20);
    await expect(cleanSegments(machine, request)).rejects.toMatchObject({ code: 'BATCH_TRUNCATED', file, position });
  });

  test('an end that is no segment: INVALID_ARGUMENT', async () => {
    const [directory] = two(good, good);
    const request = requestFor(directory, { firstUncleanableOffset: 1 });
    await expect(cleanSegments(machine, request)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});

describe('a round', () => {
  test('is ended between two chunks, and leaves nothing behind', async () => {
    const directory = partitionOf([batch([keyed('a')]), batch([keyed('b')])], [batch([keyed('c')])]);
    const stop = new AbortController();
    const reason = new Error('enough');
    const told: CleanProgress[] = [];
    const onProgress = (progress: CleanProgress): void => {
      told.push(progress);
      if (progress.phase === 'clean') stop.abort(reason);
    };
    const request = requestFor(directory, { nowMs: NOW_MS, bufferBytes: 80 });
    await expect(cleanSegments(machine, request, { signal: stop.signal, onProgress })).rejects.toBe(reason);
    expect(cleanedFiles(directory)).toEqual([]);
    const [totalBytes] = told.map((progress) => progress.totalBytes);
    expect(told.findLast(({ phase }) => phase === 'map')?.doneBytes).toBe(totalBytes);
    expect(told.filter(({ phase }) => phase === 'clean')).toHaveLength(1);
  });

  test('takes the place of what a dead one left', async () => {
    const directory = partitionOf([batch([keyed('a')])]);
    for (const suffix of [SUFFIXES.log, SUFFIXES.offsetIndex, SUFFIXES.transactionIndex]) {
      writeFileSync(join(directory, `${segmentFileName(0, suffix)}.cleaned`), 'left over');
    }
    await cleanSegments(machine, requestFor(directory, { nowMs: NOW_MS }));
    expect(cleanedFiles(directory)).toEqual(
      ['.index', '.log', '.timeindex'].map((suffix) => `${segmentFileName(0, suffix)}.cleaned`),
    );
    expect(readFileSync(join(directory, `${segmentFileName(0, SUFFIXES.log)}.cleaned`)).equals(good(0))).toBe(true);
  });

  test('ends behind a gap at the end of a segment', async () => {
    const directory = partitionOf([batch([keyed('a')])], [batch([keyed('b')])]);
    renameSync(join(directory, segmentFileName(2, SUFFIXES.log)), join(directory, segmentFileName(9, SUFFIXES.log)));
    await expect(cleanSegments(machine, requestFor(directory))).resolves.toMatchObject({ endOffset: 9 });
  });

  test('with nothing dirty does nothing', async () => {
    const directory = partitionOf([batch([keyed('a')])]);
    const round = await cleanSegments(machine, requestFor(directory, { firstDirtyOffset: 1 }));
    expect(round).toMatchObject({ endOffset: 1, groups: [] });
    expect(readdirSync(dirname(directory))).toHaveLength(1);
  });

  test('gives its groups one by one, and keeps none that its owner refuses', async () => {
    const directory = partitionOf([batch([keyed('a')])], [batch([keyed('b')])]);
    const given: number[][] = [];
    const onGroup = ({ sources }: { readonly sources: readonly number[] }): void => {
      given.push([...sources]);
      if (given.length === 2) throw new Error('no');
    };
    const request = requestFor(directory, { nowMs: NOW_MS, segmentBytes: 14 });
    await expect(cleanSegments(machine, request, { onGroup })).rejects.toThrow('no');
    expect(given).toEqual([[0], [1]]);
  });
});

const good = batch([keyed('a')]);
