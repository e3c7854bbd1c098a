/** Behaviours 17 to 23 of the specification's list: Kafka's OffsetIndexTest. */
import { describe, expect, test } from 'vitest';
import { defaultEngine } from '../../src/engine/select.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { OffsetIndex } from '../../src/index/offset-index.ts';

const PATH = '/x.index';
const BASE = 45;

function created(
  entries: readonly (readonly [offset: number, position: number])[] = [],
  maxBytes = 30 * 8,
): { fs: MemoryFileSystem; index: OffsetIndex } {
  const fs = new MemoryFileSystem();
  const index = OffsetIndex.create(defaultEngine(), fs, PATH, BASE, maxBytes);
  for (const [offset, position] of entries) index.append(offset, position);
  return { fs, index };
}

function reopened(fs: MemoryFileSystem, maxBytes = 30 * 8): OffsetIndex {
  return OffsetIndex.load(defaultEngine(), fs, PATH, BASE, maxBytes);
}

const THREE = [
  [46, 100],
  [50, 200],
  [60, 300],
] as const;

describe('the offset index', () => {
  test('when empty finds the start of the segment for any offset', () => {
    const { index } = created();
    for (const offset of [0, BASE, BASE + 1, Number.MAX_SAFE_INTEGER])
      expect(index.lookup(offset)).toEqual({ offset: BASE, position: 0 });
    expect(index.last).toBeUndefined();
    expect(index.positionAtOrBelow(10_000)).toBe(0);
  });

  test.each([
    [45, 45, 0],
    [46, 46, 100],
    [49, 46, 100],
    [50, 50, 200],
    [59, 50, 200],
    [60, 60, 300],
    [9999, 60, 300],
  ])('finds for %d the last entry at or below it', (target, offset, position) => {
    const { index } = created(THREE);
    expect(index.lookup(target)).toEqual({ offset, position });
  });

  test.each([
    [99, 0],
    [100, 100],
    [299, 200],
    [300, 300],
    [1_000_000, 300],
  ])('knows that a batch starts at or below file position %d: at %d', (limit, position) => {
    expect(created(THREE).index.positionAtOrBelow(limit)).toBe(position);
  });

  test('refuses an entry when it is full, and stays as it was', () => {
    const { index } = created(THREE, 3 * 8 + 7);
    expect(index.isFull).toBe(true);
    expect(() => index.append(61, 400)).toThrow(expect.objectContaining({ code: 'INDEX_FULL', file: PATH }));
    expect(index.last).toEqual({ offset: 60, position: 300 });
  });

  test.each([60, 59, 46])('refuses offset %d behind 60: entries rise', (offset) => {
    const { index } = created(THREE);
    expect(() => index.append(offset, 400)).toThrow(
      expect.objectContaining({ code: 'OFFSETS_OUT_OF_ORDER', expected: 'above 60', found: offset }),
    );
    expect(index.table.count).toBe(3);
  });

  test.each([BASE - 1, BASE + 2 ** 31])('refuses offset %d, which is no int32 above its base', (offset) => {
    const { index } = created();
    expect(() => index.append(offset, 1)).toThrow(expect.objectContaining({ code: 'OFFSET_OVERFLOW' }));
    expect(index.table.count).toBe(0);
  });

  test('takes the last offset that is', () => {
    const { index } = created();
    index.append(BASE + 2 ** 31 - 1, 1);
    expect(index.last).toEqual({ offset: BASE + 2 ** 31 - 1, position: 1 });
  });

  test('has its entries again when it is trimmed, closed and opened', () => {
    const { fs, index } = created(THREE);
    index.table.trim();
    index.table.close();
    expect(fs.stat(PATH)?.sizeBytes).toBe(24);
    const again = reopened(fs);
    expect(again.table.count).toBe(3);
    expect(again.lookup(59)).toEqual({ offset: 50, position: 200 });
    expect(again.isFull).toBe(false);
    again.append(61, 400);
    again.table.trim();
    expect(reopened(fs).last).toEqual({ offset: 61, position: 400 });
  });

  test('that was never trimmed has the entries before its zero tail', () => {
    const { fs, index } = created(THREE);
    index.table.write();
    fs.open(PATH, 'update').truncate(30 * 8);
    expect(reopened(fs).last).toEqual({ offset: 60, position: 300 });
  });

  test.each([
    ['the first entry', 46, []],
    ['before the first entry', 0, []],
    ['an entry in the middle', 50, [46]],
    ['between two entries', 51, [46, 50]],
    ['the last entry', 60, [46, 50]],
    ['beyond the end', 61, [46, 50, 60]],
  ])('truncated to %s keeps what is below, in the file too', (_where, offset, kept) => {
    const { fs, index } = created(THREE);
    index.table.write();
    index.truncateTo(offset);
    expect(index.last?.offset).toBe(kept.at(-1));
    expect(fs.stat(PATH)?.sizeBytes).toBe(kept.length * 8);
    expect(reopened(fs).table.count).toBe(kept.length);
    index.append(61, 400);
    expect(index.lookup(1000)).toEqual({ offset: 61, position: 400 });
  });

  test('keeps an entry to itself until enough wait, and then the file has them all', () => {
    const { fs, index } = created([], 10_000 * 8);
    for (let i = 1; i <= 511; i++) index.append(BASE + i, i * 10);
    expect(fs.stat(PATH)?.sizeBytes).toBe(0);
    index.append(BASE + 512, 5120);
    expect(fs.stat(PATH)?.sizeBytes).toBe(4096);
    expect(index.lookup(BASE + 300)).toEqual({ offset: BASE + 300, position: 3000 });
  });
});
