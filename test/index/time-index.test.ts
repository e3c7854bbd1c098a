/** Behaviours 24 to 28 of the specification's list: Kafka's TimeIndexTest. */
import { describe, expect, test } from 'vitest';
import { defaultEngine } from '../../src/engine/select.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { TimeIndex } from '../../src/index/time-index.ts';

const PATH = '/x.timeindex';
const BASE = 45;

function created(
  entries: readonly (readonly [timestamp: number, offset: number])[] = [],
  slots = 30,
): { fs: MemoryFileSystem; index: TimeIndex } {
  const fs = new MemoryFileSystem();
  const index = TimeIndex.create(defaultEngine(), fs, PATH, BASE, slots * 12 + 11);
  for (const [timestamp, offset] of entries) index.maybeAppend(timestamp, offset);
  return { fs, index };
}

function reopened(fs: MemoryFileSystem): TimeIndex {
  return TimeIndex.load(defaultEngine(), fs, PATH, BASE, 30 * 12);
}

const THREE = [
  [10, 50],
  [20, 50],
  [30, 60],
] as const;

describe('the time index', () => {
  test('when empty finds the start of the segment, without a timestamp', () => {
    const { index } = created();
    expect(index.lookup(100)).toEqual({ timestamp: -1, offset: BASE });
    expect(index.last).toEqual({ timestamp: -1, offset: BASE });
  });

  test.each([
    [9, -1, BASE],
    [10, 10, 50],
    [19, 10, 50],
    [20, 20, 50],
    [30, 30, 60],
    [Number.MAX_SAFE_INTEGER, 30, 60],
  ])('finds for %d the last entry at or below it', (target, timestamp, offset) => {
    expect(created(THREE).index.lookup(target)).toEqual({ timestamp, offset });
  });

  test.each([
    ['a lower timestamp', 29, 61],
    ['a lower offset', 31, 59],
    ['a lower offset with the same timestamp', 30, 59],
  ])('refuses %s', (_what, timestamp, offset) => {
    const { index } = created(THREE);
    expect(() => index.maybeAppend(timestamp, offset)).toThrow(
      expect.objectContaining({ code: 'OFFSETS_OUT_OF_ORDER', file: PATH }),
    );
    expect(index.table.count).toBe(3);
  });

  test('passes over a timestamp that did not rise', () => {
    const { index } = created(THREE);
    index.maybeAppend(30, 60);
    index.maybeAppend(30, 70);
    expect(index.last).toEqual({ timestamp: 30, offset: 60 });
  });

  test('never has an entry for records without a timestamp', () => {
    const { index } = created();
    index.maybeAppend(-1, 50);
    expect(index.table.count).toBe(0);
  });

  test('is full one slot early; rolling takes the last one, and more is passed over', () => {
    const { index } = created(THREE, 4);
    expect(index.isFull).toBe(true);
    expect(() => index.maybeAppend(40, 70)).toThrow(expect.objectContaining({ code: 'INDEX_FULL' }));
    index.maybeAppend(40, 70, true);
    expect(index.last).toEqual({ timestamp: 40, offset: 70 });
    index.maybeAppend(50, 80, true);
    expect(index.last).toEqual({ timestamp: 40, offset: 70 });
  });

  test.each([BASE - 1, BASE + 2 ** 31])('refuses offset %d, which is no int32 above its base', (offset) => {
    const { index } = created();
    expect(() => index.maybeAppend(1, offset)).toThrow(expect.objectContaining({ code: 'OFFSET_OVERFLOW' }));
    expect(index.table.count).toBe(0);
  });

  test.each([
    ['a timestamp that falls', 1, 5n, 60],
    ['an offset that falls', 2, 40n, 2],
    ['an offset below the base', 0, 10n, -1],
  ])('counts entries only up to %s', (_what, slot, timestamp, relative) => {
    const { fs, index } = created(THREE);
    index.table.trim();
    const entry = Buffer.alloc(12);
    entry.writeBigInt64BE(timestamp);
    entry.writeInt32BE(relative, 8);
    fs.open(PATH, 'update').write(entry, 0, 12, slot * 12);
    expect(reopened(fs).table.count).toBe(slot);
  });

  test('passes over a part of an entry at the end of the file', () => {
    const { fs, index } = created(THREE);
    index.table.trim();
    fs.open(PATH, 'update').truncate(3 * 12 - 1);
    expect(reopened(fs).last).toEqual({ timestamp: 20, offset: 50 });
  });

  test.each([
    ['an offset of two entries', 50, []],
    ['between', 51, [10, 20]],
    ['the last offset', 60, [10, 20]],
    ['beyond the end', 61, [10, 20, 30]],
    ['before the first', 45, []],
  ])('truncated by offset to %s keeps what is below', (_where, offset, kept) => {
    const { fs, index } = created(THREE);
    index.table.write();
    index.truncateTo(offset);
    expect(index.table.count).toBe(kept.length);
    expect(index.last.timestamp).toBe(kept.at(-1) ?? -1);
    expect(reopened(fs).table.count).toBe(kept.length);
  });

  test('keeps its last entry when the file grows and is trimmed again', () => {
    const { fs, index } = created(THREE);
    index.table.trim();
    fs.open(PATH, 'update').truncate(30 * 12);
    const again = reopened(fs);
    expect(again.last).toEqual({ timestamp: 30, offset: 60 });
    again.table.trim();
    expect(fs.stat(PATH)?.sizeBytes).toBe(36);
    expect(reopened(fs).last).toEqual({ timestamp: 30, offset: 60 });
  });
});
