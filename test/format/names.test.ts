import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SeglogError } from '../../src/errors/errors.ts';
import { baseOffsetOfName, parsePartitionDirectory, segmentFileName, SUFFIXES } from '../../src/format/names.ts';

describe("a segment's file name", () => {
  test.each([
    [0, '.log', '00000000000000000000.log'],
    [42, '.index', '00000000000000000042.index'],
    [Number.MAX_SAFE_INTEGER, '.timeindex', '00009007199254740991.timeindex'],
  ])('of base offset %d with %s is %s', (offset, suffix, name) => {
    expect(segmentFileName(offset, suffix)).toBe(name);
  });

  test('gives its base offset back, and no other kind of file does', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger().map(Math.abs), fc.constantFrom(...Object.values(SUFFIXES)), (offset, suffix) => {
        const name = segmentFileName(offset, suffix);
        const found = Object.values(SUFFIXES).filter((other) => baseOffsetOfName(name, other) !== undefined);
        expect(found).toEqual([suffix]);
        expect(baseOffsetOfName(name, suffix)).toBe(BigInt(offset));
      }),
    );
  });

  test('gives offsets beyond 2^53 exactly', () => {
    expect(baseOffsetOfName('09223372036854775807.log', '.log')).toBe(2n ** 63n - 1n);
  });

  test.each([
    '0000000000000000042.log',
    '000000000000000000042.log',
    '0000000000000000004x.log',
    '-0000000000000000042.log',
    ' 0000000000000000042.log',
    '00000000000000000042.log.deleted',
    '00000000000000000042.log.swap',
    '00000000000000000042',
    '.log',
    '',
  ])('is not %j', (name) => {
    expect(baseOffsetOfName(name, '.log')).toBeUndefined();
  });
});

describe('a partition directory', () => {
  test.each([
    ['events-0', 'events', 0],
    ['a-b-c-12', 'a-b-c', 12],
    ['7-3', '7', 3],
    ['--1', '-', 1],
    ['__consumer_offsets-49', '__consumer_offsets', 49],
    ['x-2147483647', 'x', 2147483647],
  ])('%s is split at its last dash', (name, topic, partition) => {
    expect(parsePartitionDirectory(name)).toEqual({ topic, partition });
  });

  test.each([
    ['events', /no "-<partition>"/],
    ['-0', /no "-<partition>"/],
    ['events-', /no partition number/],
    ['events-00', /no partition number/],
    ['events-+1', /no partition number/],
    ['events-2147483648', /no partition number/],
    ['..-0', /"\."/],
    ['a/b-0', /character/],
    [`${'t'.repeat(250)}-0`, /longer than 249/],
    [`events-0.${'0a'.repeat(16)}-delete`, /deleted, stray or future/],
  ])('%s is none, and the error says why', (name, why) => {
    const parse = (): unknown => parsePartitionDirectory(name);
    expect(parse).toThrow(SeglogError);
    expect(parse).toThrow(expect.objectContaining({ code: 'INVALID_NAME' }));
    expect(parse).toThrow(why);
  });

  test('with what looks like a mark of deletion but is not, is one', () => {
    expect(parsePartitionDirectory('events.0a-delete-0').topic).toBe('events.0a-delete');
  });
});

test.each([
  ['.', /"\."/],
  ['..', /"\."/],
  ['a b', /character/],
  ['a\n', /character/],
  ['ü', /character/],
  ['t'.repeat(250), /longer/],
])('a topic cannot be called %j', (topic, why) => {
  expect(() => parsePartitionDirectory(`${topic}-0`)).toThrow(why);
});

test.each(['a', '...', 'A.b_c-9', 't'.repeat(249)])('a topic can be called %s', (topic) => {
  expect(parsePartitionDirectory(`${topic}-0`)).toEqual({ topic, partition: 0 });
});
