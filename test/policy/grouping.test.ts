/** Which segments become one. */
import { expect, test } from 'vitest';
import { type GroupedSegment, groupSegments } from '../../src/policy/grouping.ts';

const RULES = { segmentBytes: 250, segmentIndexBytes: 100 };

function make(count: number, parts: (at: number) => Partial<GroupedSegment> = () => ({})): GroupedSegment[] {
  return Array.from({ length: count }, (_, at) => ({
    ...{ baseOffset: at * 10, sizeBytes: 100, offsetIndexBytes: 8, timeIndexBytes: 12 },
    ...parts(at),
  }));
}

function bases(segments: readonly GroupedSegment[], end = 1000, rules = RULES): number[][] {
  return groupSegments(segments, rules, end).map((group) => group.map(({ baseOffset }) => baseOffset));
}

test('groups are as large as a segment may be', () => {
  expect(bases(make(5))).toEqual([[0, 10], [20, 30], [40]]);
  expect(bases(make(5), 1000, { ...RULES, segmentBytes: 300 })).toEqual([
    [0, 10, 20],
    [30, 40],
  ]);
  expect(bases(make(3), 1000, { ...RULES, segmentBytes: 50 })).toEqual([[0], [10], [20]]);
  expect(bases([])).toEqual([]);
});

test('both indexes have to fit as well', () => {
  const small = (at: number): Partial<GroupedSegment> => ({ sizeBytes: 1, offsetIndexBytes: at === 2 ? 90 : 8 });
  expect(bases(make(4, small))).toEqual([
    [0, 10],
    [20, 30],
  ]);
  expect(bases(make(3, () => ({ sizeBytes: 1, timeIndexBytes: 60 })))).toEqual([[0], [10], [20]]);
});

test("offsets have to fit an entry's int32, counted from the group's first; an empty segment always does", () => {
  const far = 2 ** 31;
  const spread = make(3, (at) => ({ sizeBytes: 1, baseOffset: [0, 10, far][at] ?? 0 }));
  expect(bases(spread, far + 1)).toEqual([[0, 10], [far]]);
  expect(bases(spread.slice(0, 2), far)).toEqual([[0, 10]]);
  expect(bases(spread.slice(0, 2), far + 1)).toEqual([[0], [10]]);
  expect(
    bases(
      [{ ...(make(1)[0] as GroupedSegment) }, { ...(make(1)[0] as GroupedSegment), baseOffset: far, sizeBytes: 0 }],
      far + 5,
    ),
  ).toEqual([[0, far]]);
});
