/** What lies in a partition directory, and how its segments follow each other. */
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { nodeFileSystem } from '../../../../src/fs/node-fs.ts';
import { Log } from '../../../../src/index.ts';
import { checkPartition } from '../../../../src/inspect/verify/partition/check.ts';
import type { SegmentFacts } from '../../../../src/inspect/verify/facts.ts';
import { applyEdits } from '../../../support/edits.ts';
import { scratchPartition } from '../../../support/temp.ts';
import { copied, factsOf, findingsOf, inShort, verifyContext } from './support.ts';

const log = (offset: number): string => `${String(offset).padStart(20, '0')}.log`;

/** Moves all files of a segment. */
function moveSegment(directory: string, from: number, to: number | undefined): void {
  const [stem, other] = [log(from).slice(0, 20), to === undefined ? undefined : log(to).slice(0, 20)];
  for (const name of nodeFileSystem.list(directory).filter((file) => file.startsWith(stem))) {
    if (other === undefined) rmSync(join(directory, name));
    else renameSync(join(directory, name), join(directory, name.replace(stem, other)));
  }
}

describe('segments', () => {
  test('that hold the same offsets overlap', () => {
    const directory = copied('clean/f-none-0');
    moveSegment(directory, 5710, 5500);
    const found = findingsOf(directory).filter(({ severity }) => severity === 'error');
    expect(inShort(found)).toEqual([`error SEGMENTS_OVERLAP ${log(4000)} null`]);
    expect(found[0]).toMatchObject({ offsets: [5500, 5709], expected: 'below 5500', found: 5709 });
  });

  test('between which one is gone leave a gap', () => {
    const directory = copied('clean/f-none-0');
    moveSegment(directory, 5710, undefined);
    const found = findingsOf(directory);
    expect(inShort(found)).toEqual([`info SEGMENTS_GAP ${log(4000)} null`]);
    expect(found[0]).toMatchObject({ offsets: [5710, 7419], expected: 5710, found: 7420 });
  });

  test('that are empty are told of, unless it is the last one', () => {
    const directory = copied('clean/f-lz4-0');
    const files = ['.log', '.index', '.timeindex'].map((suffix) => log(1295).replace('.log', suffix));
    applyEdits(
      directory,
      files.map((file) => ({ op: 'truncate', file, at: 0 })),
    );
    expect(inShort(findingsOf(directory))).toEqual([`info SEGMENT_EMPTY ${log(1295)} null`]);
    expect(findingsOf(copied('clean/__consumer_offsets-0'))).toEqual([]);
  });

  test('of a compacted partition may have gaps, and be empty', () => {
    const directory = copied('clean/f-compacted-0');
    applyEdits(directory, [{ op: 'truncate', file: log(4740), at: 0 }]);
    expect(findingsOf(directory)).toEqual([]);
  });

  test('must be there', () => {
    const directory = copied('clean/f-logappend-0');
    moveSegment(directory, 0, undefined);
    expect(inShort(findingsOf(directory))).toContain('warning NO_SEGMENTS f-logappend-0 null');
  });

  test('whose offsets no double counts are compared exactly', () => {
    const directory = copied('clean/f-logappend-0');
    const [facts] = factsOf(directory) as [SegmentFacts];
    const base = 2n ** 62n;
    const of = (baseOffset: bigint, nextOffset: bigint): SegmentFacts => ({
      ...facts,
      baseOffset,
      firstOffset: baseOffset,
      lastOffset: nextOffset - 1n,
      nextOffset,
      epochs: [],
    });
    const found = [
      ...checkPartition(verifyContext(), directory, [of(base, base + 2n), of(base + 1n, base + 3n)], undefined),
    ];
    expect(found.find(({ code }) => code === 'SEGMENTS_OVERLAP')).toMatchObject({ offsets: [base + 1n, base + 1n] });
  });
});

describe('a partition directory', () => {
  test.each([
    ['00000000000000000000.log.deleted', 'warning LEFTOVER_DELETED'],
    ['00000000000000000000.index.cleaned', 'warning LEFTOVER_CLEANED'],
    ['00000000000000000000.log.swap', 'warning LEFTOVER_SWAP'],
    ['leader-epoch-checkpoint.tmp', 'warning LEFTOVER_TEMPORARY'],
    ['00000000000000000007-0000000001-123.checkpoint.part', 'warning LEFTOVER_TEMPORARY'],
    ['notes.txt', 'info UNKNOWN_FILE'],
    ['17.log', 'info UNKNOWN_FILE'],
    ['17.snapshot', 'info UNKNOWN_FILE'],
  ])('tells of %s', (name, expected) => {
    const directory = copied('clean/f-logappend-0');
    writeFileSync(join(directory, name), '');
    expect(inShort(findingsOf(directory))).toEqual([`${expected} ${name} null`]);
  });

  test('tells of what recovery put aside, of other directories, and of links', () => {
    const directory = copied('clean/f-logappend-0');
    mkdirSync(join(directory, 'quarantine'));
    mkdirSync(join(directory, 'old'));
    mkdirSync(join(directory, log(5000)));
    symlinkSync(log(0), join(directory, log(6000)));
    symlinkSync('/dev/null', join(directory, '00000000000000006000.snapshot'));
    expect(inShort(findingsOf(directory)).sort()).toEqual([
      'error SPECIAL_FILE 00000000000000005000.log null',
      'error SPECIAL_FILE 00000000000000006000.log null',
      'info QUARANTINE quarantine null',
      'info UNKNOWN_FILE old null',
      'warning SPECIAL_FILE 00000000000000006000.snapshot null',
    ]);
  });

  test.each([
    ['x', 'PARTITION_NAME_INVALID'],
    ['x-y', 'PARTITION_NAME_INVALID'],
    ['x-00', 'PARTITION_NAME_INVALID'],
    [`x-0.${'0'.repeat(32)}-delete`, 'PARTITION_LEAVING'],
    [`x-0.${'0'.repeat(32)}-stray`, 'PARTITION_LEAVING'],
    [`x-0.${'0'.repeat(32)}-future`, 'PARTITION_LEAVING'],
  ])('may be called %s, which is told of when it is named alone', (name, code) => {
    const directory = copied('clean/f-logappend-0');
    const renamed = join(dirname(directory), name);
    renameSync(directory, renamed);
    expect(inShort(findingsOf(renamed))).toEqual([`info ${code} ${basename(renamed)} null`]);
  });

  test('that seglog wrote and closed gives no finding', async () => {
    const directory = scratchPartition();
    {
      await using opened = await Log.open(directory, { segmentBytes: 2000 });
      for (let i = 0; i < 100; i++) await opened.append({ value: `record ${i}`.padEnd(100, '.') });
    }
    expect(factsOf(directory).length).toBeGreaterThan(5);
    expect(findingsOf(directory)).toEqual([]);
  });
});
