/** Transaction indexes have no checksum: what they say must agree with the markers, or nothing goes for it. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cleanSegments } from '../../src/cleaner/clean.ts';
import type { CleanRequest } from '../../src/cleaner/contract.ts';
import { BATCH } from '../../src/format/batch.ts';
import { segmentFileName, SUFFIXES } from '../../src/format/names.ts';
import {
  type AbortedTransaction,
  TRANSACTION_INDEX,
  writeAbortedTransaction,
} from '../../src/format/transaction-index.ts';
import { scratchPartition } from '../support/temp.ts';
import { batch, keyed, NOW_MS, partitionOf, recordsIn } from './make-partition.ts';
import { cleanAndSwap, machine, requestFor } from './partition.ts';

type Make = (baseOffset: number) => Buffer;

const ABORT = '\0\0\0\0';
const COMMIT = '\0\0\0\x01';
const marker = (key: string, producerId = 7): Make =>
  batch([{ timestamp: NOW_MS, key, value: '\0\0\0\0\0\x05' }], 0, {
    ...{ producerId, producerEpoch: 0, isTransactional: true, isControl: true },
  });
const data = (key: string, value: string, producerId = 7): Make =>
  batch([keyed(key, value)], 0, { producerId, producerEpoch: 0, baseSequence: 4, isTransactional: true });
const plain = (key: string): Make => batch([keyed(key)]);

function writeIndex(directory: string, base: number, entries: readonly AbortedTransaction[]): void {
  const bytes = Buffer.alloc(entries.length * TRANSACTION_INDEX.ENTRY_SIZE);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (const [slot, entry] of entries.entries()) writeAbortedTransaction(view, slot, entry);
  writeFileSync(join(directory, segmentFileName(base, SUFFIXES.transactionIndex)), bytes);
}

/** One segment for each group of batches; a committed transaction, one that is aborted, and one of somebody else. */
function partition(entry: Partial<AbortedTransaction> | undefined, ...segments: Make[][]): string {
  const directory = partitionOf(...segments);
  const right = { producerId: 7, firstOffset: 4, lastOffset: 6, lastStableOffset: 7 };
  const base = Number.parseInt(readdirSync(directory).findLast((name) => Number.parseInt(name, 10) <= 6) ?? '', 10);
  if (entry !== undefined) writeIndex(directory, base, [{ ...right, ...entry }]);
  return directory;
}
const BATCHES = [
  ...[plain('k'), data('k', 'committed'), marker(COMMIT), data('o', 'other', 8)],
  ...[data('k', 'aborted'), marker(COMMIT, 8), marker(ABORT), plain('z')],
];
const contents = (directory: string): string[] =>
  readdirSync(directory).map((name) => name + readFileSync(join(directory, name)).toString('hex'));

describe('an entry that the markers contradict', () => {
  const wrong: [string, Partial<AbortedTransaction> | undefined][] = [
    ['that is missing', undefined],
    ['that begins too early', { firstOffset: 1 }],
    ['that begins too late', { firstOffset: 5 }],
    ['that ends too early', { lastOffset: 4 }],
    ['that ends too late', { lastOffset: 7 }],
    ['of another producer', { producerId: 8 }],
    ['whose last stable offset hides it', { firstOffset: 6, lastStableOffset: 2 ** 40 }],
  ];

  test.each(wrong)('%s ends the round before anything is written', async (_, entry) => {
    const directory = partition(entry, BATCHES);
    const before = contents(directory);
    const round = cleanSegments(machine, requestFor(directory, { nowMs: NOW_MS }));
    await expect(round).rejects.toMatchObject({
      code: 'CORRUPT_INDEX',
      file: join(directory, segmentFileName(0, SUFFIXES.transactionIndex)),
    });
    expect(contents(directory)).toEqual(before);
  });

  test.each(wrong)('%s does so, too, where the marker lies behind what is cleaned', async (_, entry) => {
    const segments = [BATCHES.slice(0, 5), BATCHES.slice(5)];
    const directory = partition(entry, ...segments);
    const before = contents(directory);
    const request = requestFor(directory, { nowMs: NOW_MS, firstUncleanableOffset: 5 });
    await expect(cleanSegments(machine, request)).rejects.toMatchObject({ code: 'CORRUPT_INDEX' });
    expect(contents(directory)).toEqual(before);
  });

  test('hands no group over that lacks data for its sake, however far its marker is', async () => {
    const directory = partition({ firstOffset: 1 }, ...BATCHES.map((one) => [one]));
    // All but the last segment is clean: no map is built of it, and only the second pass comes there.
    const changes: Partial<CleanRequest> = { nowMs: NOW_MS, segmentBytes: 14, firstDirtyOffset: 7 };
    const given: number[] = [];
    const round = cleanSegments(machine, requestFor(directory, changes), {
      onGroup: ({ sources }) => void given.push(...sources),
    });
    await expect(round).rejects.toMatchObject({ code: 'CORRUPT_INDEX' });
    expect(given).toEqual([0]);
  });
});

describe('an entry that is right', () => {
  test.each([1, 2, 3, 8])('lets its data go alone, in segments of %d batches', async (each) => {
    const segments = Array.from({ length: BATCHES.length / each }, (_, at) =>
      BATCHES.slice(at * each, (at + 1) * each),
    );
    const directory = partition({}, ...(each === 3 ? [...segments, BATCHES.slice(6)] : segments));
    await cleanAndSwap(requestFor(directory, { nowMs: NOW_MS, segmentBytes: 14 }));
    const values = recordsIn(directory).flatMap(([, key, value]) => (/[koz]/.test(key ?? '') ? [value] : []));
    expect(values).toEqual(['committed', 'other', 'v']);
  });

  test('lets its data go where its marker lies behind what is cleaned', async () => {
    const directory = partition({}, BATCHES.slice(0, 5), BATCHES.slice(5));
    const request = requestFor(directory, { nowMs: NOW_MS, firstUncleanableOffset: 5 });
    const { statistics } = await cleanAndSwap(request);
    expect(statistics).toMatchObject({ discarded: 1, superseded: 1 });
  });
});

test('data that everybody lost sight of, below the dirty part, keeps the marker behind it', async () => {
  const directory = partitionOf([data('k', 'lost'), plain('a')], [marker(ABORT), plain('z')]);
  for (const nowMs of [NOW_MS, NOW_MS + 86_400_000])
    await cleanAndSwap(requestFor(directory, { nowMs, firstDirtyOffset: 2 }));
  expect(recordsIn(directory).map(([offset]) => offset)).toEqual([0, 1, 2, 3]);
});

test('so many aborted transactions that no call could take them as arguments are cleaned, and their entries kept', async () => {
  const COUNT = 150_000;
  const pair = [data('k', 'x')(0), marker(ABORT)(0)].map((bytes) => Buffer.from(bytes));
  const [first, second] = pair as [Buffer, Buffer];
  const log = Buffer.concat(Array.from({ length: COUNT }, () => Buffer.concat([first, second])));
  const entries: AbortedTransaction[] = [];
  for (let number = 0, at = 0; number < COUNT; number++) {
    log.writeBigInt64BE(BigInt(2 * number), at + BATCH.BASE_OFFSET);
    at += first.length;
    log.writeBigInt64BE(BigInt(2 * number + 1), at + BATCH.BASE_OFFSET);
    at += second.length;
    entries.push({
      producerId: 7,
      firstOffset: 2 * number,
      lastOffset: 2 * number + 1,
      lastStableOffset: 2 * number + 2,
    });
  }
  const directory = scratchPartition();
  mkdirSync(directory);
  writeFileSync(join(directory, segmentFileName(0, SUFFIXES.log)), log);
  writeFileSync(join(directory, segmentFileName(2 * COUNT, SUFFIXES.log)), '');
  writeIndex(directory, 0, entries);
  const path = join(directory, segmentFileName(0, SUFFIXES.transactionIndex));
  const written = readFileSync(path);
  const { statistics } = await cleanAndSwap(requestFor(directory, { nowMs: NOW_MS }));
  expect(statistics).toMatchObject({ discarded: COUNT, recordsKept: COUNT });
  expect(readFileSync(path).equals(written)).toBe(true);
  await cleanAndSwap(requestFor(directory, { nowMs: NOW_MS }));
  expect(existsSync(path)).toBe(false);
});
