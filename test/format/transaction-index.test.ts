import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type AbortedTransaction,
  readAbortedTransaction,
  readAbortedTransactionExact,
  TRANSACTION_INDEX,
  versionOfTransactionEntry,
  writeAbortedTransaction,
} from '../../src/format/transaction-index.ts';
import { fixtureFiles } from './fixture-files.ts';

const { ENTRY_SIZE } = TRANSACTION_INDEX;
const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

test('an entry is a version, a producer and three offsets, big-endian', () => {
  const bytes = Buffer.alloc(2 * ENTRY_SIZE, 0xff);
  const transaction = {
    producerId: 0x1_02030405,
    firstOffset: 0x2_02030405,
    lastOffset: 0x3_02030405,
    lastStableOffset: -1,
  };
  writeAbortedTransaction(viewOf(bytes), 1, transaction);
  expect(bytes.toString('hex', ENTRY_SIZE)).toBe(
    ['0000', '0000000102030405', '0000000202030405', '0000000302030405', 'f'.repeat(16)].join(''),
  );
  expect(bytes.toString('hex', 0, ENTRY_SIZE)).toBe('ff'.repeat(ENTRY_SIZE));
  expect(readAbortedTransaction(viewOf(bytes), 1)).toEqual(transaction);
  expect(versionOfTransactionEntry(viewOf(bytes), 0)).toBe(-1);
});

test('what was written is read back, as numbers and exactly', () => {
  const number = fc.maxSafeInteger();
  const transaction: fc.Arbitrary<AbortedTransaction> = fc.record({
    producerId: number,
    firstOffset: number,
    lastOffset: number,
    lastStableOffset: number,
  });
  fc.assert(
    fc.property(transaction, (written) => {
      const view = new DataView(new ArrayBuffer(ENTRY_SIZE));
      writeAbortedTransaction(view, 0, written);
      expect(readAbortedTransaction(view, 0)).toEqual(written);
      expect(readAbortedTransactionExact(view, 0)).toEqual({
        version: 0,
        producerId: BigInt(written.producerId),
        firstOffset: BigInt(written.firstOffset),
        lastOffset: BigInt(written.lastOffset),
        lastStableOffset: BigInt(written.lastStableOffset),
      });
    }),
  );
});

test('a number beyond 2^53 is exact as a bigint, and never a safe integer', () => {
  const far = fc.oneof(
    fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }),
    fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 53n) }),
  );
  fc.assert(
    fc.property(far, (value) => {
      const view = new DataView(new ArrayBuffer(ENTRY_SIZE));
      view.setBigInt64(TRANSACTION_INDEX.LAST_OFFSET, value);
      expect(Number.isSafeInteger(readAbortedTransaction(view, 0).lastOffset)).toBe(false);
      expect(readAbortedTransactionExact(view, 0).lastOffset).toBe(value);
    }),
  );
});

test('the entries that Kafka wrote are written again byte for byte', () => {
  const files = fixtureFiles('.txnindex');
  expect(files.length).toBeGreaterThanOrEqual(8);
  for (const path of files) {
    const bytes = readFileSync(path);
    const again = Buffer.alloc(bytes.length, 0xff);
    for (let slot = 0; slot < bytes.length / ENTRY_SIZE; slot++)
      writeAbortedTransaction(viewOf(again), slot, readAbortedTransaction(viewOf(bytes), slot));
    expect(again).toEqual(bytes);
  }
});
