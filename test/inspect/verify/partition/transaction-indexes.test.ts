/** `.txnindex` files against the log: each fault gives one finding, at the entry. */
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Log } from '../../../../src/index.ts';
import { applyEdits } from '../../../support/edits.ts';
import { scratch } from '../../../support/temp.ts';
import { copied, findingsOf, findingsWithin, inShort } from './support.ts';

const INDEX = '00000000000000000839.txnindex';
const ENTRY = 34;

/** The findings once `change` was made to the 14 entries of a transaction index. */
function findingsAfter(change: (entries: Buffer[]) => void): string[] {
  const directory = copied('clean/f-txn-0');
  const path = join(directory, INDEX);
  const bytes = readFileSync(path);
  const entries = Array.from({ length: 14 }, (_, slot) => bytes.subarray(slot * ENTRY, (slot + 1) * ENTRY));
  change(entries);
  writeFileSync(path, Buffer.concat(entries));
  return inShort(findingsOf(directory));
}
const entryOf = (entries: Buffer[], slot: number): Buffer => entries[slot] as Buffer;
const add = (entry: Buffer, at: number, by: bigint): number => entry.writeBigInt64BE(entry.readBigInt64BE(at) + by, at);

describe('a transaction index', () => {
  test.each([
    ['another producer', 2, 1n],
    ['another first offset', 10, 1n],
    ['another last stable offset', 26, -1n],
    ['a marker that is none', 18, -1n],
    ['a marker beyond the end of the log', 18, 2n ** 40n],
  ])('with %s in an entry does not agree with the log', (_what, at, by) => {
    const found = findingsAfter((entries) => add(entryOf(entries, 5), at, by));
    expect(found).toEqual([`warning TXN_INDEX_MISMATCH ${INDEX} ${5 * ENTRY}`]);
  });

  test('with an entry of another version says so', () => {
    const found = findingsAfter((entries) => entryOf(entries, 3).writeInt16BE(1));
    expect(found).toEqual([`warning TXN_INDEX_VERSION ${INDEX} ${3 * ENTRY}`]);
  });

  test.each([
    ['that do not rise', (entries: Buffer[]): unknown => entries.splice(7, 0, entryOf(entries, 2)), 7],
    ['below the base offset', (entries: Buffer[]): unknown => entryOf(entries, 0).writeBigInt64BE(838n, 18), 0],
    ['that end before they begin', (entries: Buffer[]): unknown => add(entryOf(entries, 4), 10, 1000n), 4],
    ['that are zeros', (entries: Buffer[]): unknown => entries.push(Buffer.alloc(ENTRY * 3)), 14],
  ])('with entries %s is told of once', (_what, change, slot) => {
    expect(findingsAfter(change)).toEqual([`warning TXN_INDEX_ORDER ${INDEX} ${slot * ENTRY}`]);
  });

  test.each([
    ['the first entry', 0],
    ['one within', 6],
    ['the last one', 13],
  ])('without %s is short at that place', (_what, slot) => {
    const found = findingsAfter((entries) => entries.splice(slot, 1));
    expect(found).toEqual([`warning TXN_INDEX_SHORT ${INDEX} ${slot * ENTRY}`]);
  });

  test('that ends within an entry says where, and that the entry is missing', () => {
    const found = findingsAfter((entries) => entries.splice(13, 1, entryOf(entries, 13).subarray(0, 20)));
    expect(found).toEqual([
      `warning TXN_INDEX_LENGTH ${INDEX} ${13 * ENTRY}`,
      `warning TXN_INDEX_SHORT ${INDEX} ${13 * ENTRY}`,
    ]);
  });

  test('that was emptied is short; that is gone is missing, and the finding names it', () => {
    expect(findingsAfter((entries) => entries.splice(0))).toEqual([`warning TXN_INDEX_SHORT ${INDEX} 0`]);
    const directory = copied('clean/f-txn-0');
    rmSync(join(directory, INDEX));
    const [found, ...others] = findingsOf(directory);
    expect(others).toEqual([]);
    expect(found).toMatchObject({
      code: 'TXN_INDEX_MISSING',
      file: INDEX,
      position: null,
      expected: '14 aborted transactions',
    });
  });

  test('of no entries is as good as none where nothing was aborted', () => {
    const directory = copied('clean/f-txn-0');
    writeFileSync(join(directory, '00000000000000000807.txnindex'), '');
    expect(findingsOf(directory)).toEqual([]);
  });

  test('without a segment is told of', () => {
    const directory = copied('clean/f-txn-0');
    writeFileSync(join(directory, '00000000000000000900.txnindex'), '');
    expect(inShort(findingsOf(directory))).toEqual(['warning TXN_INDEX_ORPHAN 00000000000000000900.txnindex null']);
  });

  test('is held against the log only as far as that is whole', () => {
    const directory = copied('clean/f-txn-0');
    const log = '00000000000000000839.log';
    applyEdits(directory, [{ op: 'flip-bit', file: log, at: 20_000, bit: 1 }]);
    expect(findingsOf(directory)).toEqual([]);
    applyEdits(directory, [{ op: 'flip-bit', file: INDEX, at: 9, bit: 0 }]);
    expect(inShort(findingsOf(directory))).toEqual([`warning TXN_INDEX_MISMATCH ${INDEX} 0`]);
    applyEdits(directory, [{ op: 'flip-bit', file: INDEX, at: 9, bit: 0 }]);
    applyEdits(directory, [{ op: 'flip-bit', file: INDEX, at: 13 * ENTRY + 9, bit: 0 }]);
    expect(findingsOf(directory)).toEqual([]);
  });
});

test('of a transaction that began below the log start, in a segment that is still there, agrees with the log', async () => {
  const [before, after] = [join(scratch(), 't-0'), join(scratch(), 't-0')];
  const log = await Log.open(before, { segmentBytes: 300 });
  const producer = { producerId: 2, producerEpoch: 0, isTransactional: true };
  await log.append({ value: 'a' }, { producer: { ...producer, baseSequence: 0 } });
  while (log.segments().length < 2) await log.append({ value: 'x'.repeat(50) });
  const { baseOffset } = await log.append({ value: 'b' }, { producer: { ...producer, baseSequence: 1 } });
  // The process dies when the log start is on the disk, and the segments below it are not yet gone.
  cpSync(before, after, { recursive: true });
  await log.close();
  writeFileSync(join(after, '..', 'log-start-offset-checkpoint'), `0\n1\nt 0 ${baseOffset}\n`);
  const again = await Log.open(after, { segmentBytes: 300 });
  await again.endTransaction({ producerId: 2, producerEpoch: 0, result: 'abort' });
  await again.close();
  const index = findingsWithin(after).filter(({ code }) => code.startsWith('TXN_'));
  expect(
    readFileSync(join(after, `${String(again.segments().at(-1)?.baseOffset).padStart(20, '0')}.txnindex`)),
  ).toHaveLength(ENTRY);
  expect(index).toEqual([]);
});
