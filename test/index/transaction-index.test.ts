/** Behaviours 29 to 31 of the specification's list: Kafka's TransactionIndexTest. */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { AbortedTransaction } from '../../src/format/transaction-index.ts';
import type { FileSystem } from '../../src/fs/contract.ts';
import { FaultyFileSystem } from '../../src/fs/faulty-fs.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { TransactionIndex } from '../../src/index/transaction-index.ts';
import { fixtureFiles } from '../format/fixture-files.ts';
import { scratch } from '../support/temp.ts';

const PATH = '/x.txnindex';
const BASE = 0;

function aborted(
  producerId: number,
  firstOffset: number,
  lastOffset: number,
  lastStableOffset: number,
): AbortedTransaction {
  return { producerId, firstOffset, lastOffset, lastStableOffset };
}

/** As in Kafka's own test: the last stable offset is often below the transaction's end, since others were still open. */
const FOUR = [aborted(0, 0, 10, 11), aborted(1, 5, 15, 13), aborted(2, 18, 35, 25), aborted(3, 32, 50, 40)] as const;

function filled(
  entries: readonly AbortedTransaction[] = FOUR,
  fs: FileSystem = new MemoryFileSystem(),
): { fs: FileSystem; index: TransactionIndex } {
  const index = TransactionIndex.open(fs, PATH, BASE);
  for (const entry of entries) index.append(entry);
  return { fs, index };
}

function reopened(fs: FileSystem, baseOffset = BASE): TransactionIndex {
  return TransactionIndex.open(fs, PATH, baseOffset);
}

function bytesOf(fs: FileSystem): Buffer | undefined {
  const bytes = fs.readSmall(PATH);
  return bytes === undefined ? undefined : Buffer.from(bytes);
}

/** Changes the file behind the index's back. */
function damaged(change: (bytes: Buffer) => Buffer | void): FileSystem {
  const { fs, index } = filled();
  index.close();
  const bytes = bytesOf(fs) ?? Buffer.alloc(0);
  const after = change(bytes) ?? bytes;
  fs.replaceSmall(PATH, after);
  return fs;
}

describe('the transaction index', () => {
  test('has no file until a transaction is aborted', async () => {
    const { fs, index } = filled([]);
    expect(index.count).toBe(0);
    expect(index.last).toBeUndefined();
    expect(index.entries()).toEqual([]);
    expect(index.check()).toBeUndefined();
    expect(index.collect(0, 100)).toEqual({ transactions: [], isComplete: false });
    index.truncateTo(0);
    index.replace([]);
    index.syncSync();
    await index.sync();
    index.close();
    expect(fs.stat(PATH)).toBeUndefined();
  });

  test('writes each transaction to the file at once', () => {
    const { fs, index } = filled([]);
    for (const [at, entry] of FOUR.entries()) {
      index.append(entry);
      expect(fs.stat(PATH)?.sizeBytes).toBe((at + 1) * 34);
      expect(index.last).toEqual(entry);
    }
    expect(index.entries()).toEqual(FOUR);
    expect(reopened(fs).entries()).toEqual(FOUR);
  });

  test('goes on behind what it has when it is opened again, also with many entries', async () => {
    const directory = scratch();
    const many = Array.from({ length: 1000 }, (_, at) => aborted(at % 7, at * 10, at * 10 + 5, at * 10 + 6));
    const open = (): TransactionIndex =>
      TransactionIndex.open(nodeFileSystem, join(directory, '00000000000000000000.txnindex'), 0);
    const first = open();
    for (const entry of many.slice(0, 300)) first.append(entry);
    await first.sync();
    first.close();
    const second = open();
    for (const entry of many.slice(300)) second.append(entry);
    second.syncSync();
    second.close();
    expect(open().entries()).toEqual(many);
  });

  test('writes what Kafka wrote, byte for byte', () => {
    for (const path of fixtureFiles('.txnindex')) {
      const index = TransactionIndex.open(nodeFileSystem, path, Number.parseInt(basename(path), 10));
      expect(index.check()).toBeUndefined();
      const { fs } = filled(index.entries());
      expect(bytesOf(fs)).toEqual(readFileSync(path));
    }
  });

  // 29
  test('takes last offsets that increase, and no others', () => {
    const { fs, index } = filled();
    const before = bytesOf(fs);
    for (const lastOffset of [50, 49, 0])
      expect(() => index.append(aborted(4, 0, lastOffset, 60))).toThrow(
        expect.objectContaining({ code: 'OFFSETS_OUT_OF_ORDER', file: PATH, expected: 'above 50', found: lastOffset }),
      );
    expect(() => reopened(fs).append(aborted(4, 0, 50, 60))).toThrow(
      expect.objectContaining({ code: 'OFFSETS_OUT_OF_ORDER' }),
    );
    expect(index.entries()).toEqual(FOUR);
    expect(bytesOf(fs)).toEqual(before);
    index.append(aborted(4, 0, 51, 60));
    expect(index.count).toBe(5);
  });

  // 30
  test.each([
    [0, 100, [0, 1, 2, 3], false],
    [0, 32, [0, 1, 2], true],
    [0, 35, [0, 1, 2, 3], true],
    [10, 35, [0, 1, 2, 3], true],
    [11, 35, [1, 2, 3], true],
    [20, 41, [2, 3], false],
    [51, 100, [], false],
    [0, 11, [0], true],
    [0, 12, [0, 1], true],
    [0, 0, [], true],
    [0, 40, [0, 1, 2, 3], true],
  ])(
    'collects from %d to %d the transactions %j, and knows whether these are all: %s',
    (from, to, which, isComplete) => {
      const transactions = which.map((at) => FOUR[at]);
      expect(filled().index.collect(from, to)).toEqual({ transactions, isComplete });
    },
  );

  // 31
  test('is corrupt when a transaction ends below the base offset', () => {
    const { fs } = filled();
    expect(reopened(fs, 10).check()).toBeUndefined();
    expect(reopened(fs, 11).check()).toMatchObject({
      code: 'CORRUPT_INDEX',
      file: PATH,
      position: 0,
      expected: 'at least 11',
      found: 10,
    });
  });

  test.each([
    ['a later version', 'UNSUPPORTED_VERSION', (bytes: Buffer) => void bytes.writeInt16BE(1, 34)],
    ['a producer beyond 2^53', 'CORRUPT_INDEX', (bytes: Buffer) => void bytes.writeBigInt64BE(2n ** 53n, 34 + 2)],
    ['a first offset beyond 2^53', 'CORRUPT_INDEX', (bytes: Buffer) => void bytes.writeBigInt64BE(2n ** 60n, 34 + 10)],
    ['a last offset beyond 2^53', 'CORRUPT_INDEX', (bytes: Buffer) => void bytes.writeBigInt64BE(2n ** 62n, 34 + 18)],
    [
      'a stable offset below -2^53',
      'CORRUPT_INDEX',
      (bytes: Buffer) => void bytes.writeBigInt64BE(-(2n ** 63n), 34 + 26),
    ],
    ['a last offset below 0', 'CORRUPT_INDEX', (bytes: Buffer) => void bytes.writeBigInt64BE(-1n, 34 + 18)],
  ])('with %s tells nothing until it is reset', (_what, code, change) => {
    const fs = damaged(change);
    const index = reopened(fs);
    const before = bytesOf(fs);
    expect(index.check()).toMatchObject({ code, file: PATH, position: 34 });
    expect(index.count).toBe(4);
    const uses: (() => unknown)[] = [
      () => index.entries(),
      () => index.collect(0, 100),
      () => index.truncateTo(0),
      () => index.append(aborted(9, 90, 99, 100)),
    ];
    for (const use of uses) expect(use).toThrow(expect.objectContaining({ code }));
    expect(bytesOf(fs)).toEqual(before);
    index.replace([]);
    expect(index.check()).toBeUndefined();
    expect(fs.stat(PATH)?.sizeBytes).toBe(0);
    index.append(FOUR[0]);
    expect(reopened(fs).entries()).toEqual([FOUR[0]]);
  });

  test('takes a version below 0 for the current one, as Kafka does', () => {
    expect(reopened(damaged((bytes) => void bytes.writeInt16BE(-1, 0))).entries()).toEqual(FOUR);
  });

  test('passes over a piece of an entry at its end, and writes the next one there', () => {
    const fs = damaged((bytes) => Buffer.concat([bytes, Buffer.alloc(33, 0xee)]));
    const index = reopened(fs);
    expect(index.check()).toBeUndefined();
    expect(index.count).toBe(4);
    index.append(aborted(4, 45, 60, 61));
    expect(fs.stat(PATH)?.sizeBytes).toBe(5 * 34);
    expect(reopened(fs).entries()).toEqual([...FOUR, aborted(4, 45, 60, 61)]);
  });

  test('larger than any index can be is corrupt, and not read', () => {
    const path = join(scratch(), '00000000000000000000.txnindex');
    const file = nodeFileSystem.open(path, 'new');
    file.truncate(2 ** 40);
    file.close();
    const index = TransactionIndex.open(nodeFileSystem, path, 0);
    expect(index.check()).toMatchObject({ code: 'CORRUPT_INDEX', file: path, found: 2 ** 40 });
    expect(() => index.collect(0, 1)).toThrow(expect.objectContaining({ code: 'CORRUPT_INDEX' }));
    index.replace([]);
    expect(nodeFileSystem.stat(path)?.sizeBytes).toBe(0);
  });

  test.each([
    [0, 0],
    [10, 0],
    [11, 1],
    [15, 1],
    [16, 2],
    [50, 3],
    [51, 4],
    [9999, 4],
  ])('cut back to %d keeps %d transactions, and takes others after them', (offset, count) => {
    const { fs, index } = filled();
    index.truncateTo(offset);
    expect(index.entries()).toEqual(FOUR.slice(0, count));
    expect(fs.stat(PATH)?.sizeBytes).toBe(count * 34);
    const next = aborted(7, 12, 100, 101);
    index.append(next);
    expect(reopened(fs).entries()).toEqual([...FOUR.slice(0, count), next]);
  });

  test('replaced by nothing is empty, with its file still there', () => {
    const { fs, index } = filled();
    index.replace([]);
    expect(index.count).toBe(0);
    expect(fs.stat(PATH)?.sizeBytes).toBe(0);
    index.append(FOUR[0]);
    expect(reopened(fs).entries()).toEqual([FOUR[0]]);
  });

  test('has nothing of a transaction that could not be written', () => {
    const fs = new FaultyFileSystem(new MemoryFileSystem());
    const { index } = filled([FOUR[0], FOUR[1]], fs);
    fs.plan({ operation: 'write', call: 1, errno: 'ENOSPC', shortBy: 20 });
    expect(() => index.append(FOUR[2])).toThrow(expect.objectContaining({ code: 'IO', errno: 'ENOSPC' }));
    expect(index.entries()).toEqual([FOUR[0], FOUR[1]]);
    expect(fs.stat(PATH)?.sizeBytes).toBe(2 * 34);
    // Where the cut fails too, a piece stays, and the next entry goes over it.
    fs.plan({ operation: 'write', call: 1, errno: 'EIO', shortBy: 20 });
    fs.plan({ operation: 'truncate', call: 1, errno: 'EIO' });
    expect(() => index.append(FOUR[2])).toThrow(expect.objectContaining({ code: 'IO', errno: 'EIO' }));
    expect(index.last).toEqual(FOUR[1]);
    expect(fs.stat(PATH)?.sizeBytes).toBeGreaterThan(2 * 34);
    index.append(FOUR[2]);
    expect(reopened(fs).entries()).toEqual(FOUR.slice(0, 3));
  });

  test('that cannot be opened says so at the first use', () => {
    const index = TransactionIndex.open(nodeFileSystem, scratch(), 0);
    const uses: (() => unknown)[] = [() => index.check(), () => index.count, () => index.collect(0, 1)];
    for (const use of uses) {
      expect(use).toThrow(expect.objectContaining({ code: 'NOT_A_REGULAR_FILE' }));
    }
  });
});
