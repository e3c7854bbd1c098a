import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type EpochStart,
  parseLeaderEpochs,
  parsePartitionOffsets,
  type PartitionOffset,
  printLeaderEpochs,
  printPartitionOffsets,
} from '../../src/format/checkpoint.ts';

const offset = fc.bigInt({ min: -1n, max: 2n ** 63n - 1n });
const int32 = fc.nat(2 ** 31 - 1);

describe('a checkpoint', () => {
  test('of partition offsets is a version, a count and a line for each', () => {
    const entries: PartitionOffset[] = [
      { topic: 'orders', partition: 0, offset: 4711n },
      { topic: 'a.b_c-d', partition: 12, offset: 2n ** 63n - 1n },
    ];
    const text = '0\n2\norders 0 4711\na.b_c-d 12 9223372036854775807\n';
    expect(printPartitionOffsets(entries)).toBe(text);
    expect(parsePartitionOffsets(text, 'f')).toEqual(entries);
  });

  test('of leader epochs too', () => {
    const text = '0\n2\n0 0\n3 1200\n';
    const entries: EpochStart[] = [
      { epoch: 0, startOffset: 0n },
      { epoch: 3, startOffset: 1200n },
    ];
    expect(printLeaderEpochs(entries)).toBe(text);
    expect(parseLeaderEpochs(text, 'f')).toEqual(entries);
  });

  test('gives back what was printed', () => {
    const partitions = fc.array(
      fc.record({ topic: fc.stringMatching(/^[a-zA-Z0-9._-]{1,20}$/), partition: int32, offset }),
    );
    const epochs = fc.array(fc.record({ epoch: int32, startOffset: offset }));
    fc.assert(
      fc.property(partitions, epochs, (some, others) => {
        expect(parsePartitionOffsets(printPartitionOffsets(some), 'f')).toEqual(some);
        expect(parseLeaderEpochs(printLeaderEpochs(others), 'f')).toEqual(others);
      }),
    );
  });

  test.each([
    ['an empty file', ''],
    ['no entries', '0\n0\n'],
    ['no entries, without a last line feed', '0\n0'],
  ])('is empty with %s', (_what, text) => {
    expect(parsePartitionOffsets(text, 'f')).toEqual([]);
    expect(parseLeaderEpochs(text, 'f')).toEqual([]);
  });

  test.each([
    ['of another version', '1\n0\n', 'UNSUPPORTED_VERSION', /expected 0, found 1/],
    ['of a version below 0', '-1\n0\n', 'UNSUPPORTED_VERSION', /found -1/],
    ['without a version', '\n', 'CORRUPT_CHECKPOINT', /line 1/],
    ['of zeros', '\0\0\0\0', 'CORRUPT_CHECKPOINT', /line 1/],
    ['cut off behind its version', '0\n', 'CORRUPT_CHECKPOINT', /line 2.*the end of the file/],
    ['with a negative count', '0\n-1\n', 'CORRUPT_CHECKPOINT', /line 2/],
    ['with a count beyond all memory', '0\n99999999999\n', 'CORRUPT_CHECKPOINT', /line 2/],
    ['with fewer lines than its count', '0\n2\nt 0 1\n', 'CORRUPT_CHECKPOINT', /expected 1,.*found 2/],
    ['with more lines than its count', '0\n0\nt 0 1\n', 'CORRUPT_CHECKPOINT', /expected 1,.*found 0/],
    ['with an entry of two fields', '0\n1\nt 0\n', 'CORRUPT_CHECKPOINT', /line 3/],
    ['with an entry of four fields', '0\n1\nt 0 1 2\n', 'CORRUPT_CHECKPOINT', /line 3/],
    ['with an offset that is no number', '0\n2\nt 0 1\nt 1 x\n', 'CORRUPT_CHECKPOINT', /line 4/],
    ['with carriage returns', '0\r\n1\r\nt 0 1\r\n', 'CORRUPT_CHECKPOINT', /line 1/],
  ])('%s is refused, and the line and file named', (_what, text, code, message) => {
    const parse = (): unknown => parsePartitionOffsets(text, 'some-checkpoint');
    expect(parse).toThrow(expect.objectContaining({ code, file: 'some-checkpoint' }));
    expect(parse).toThrow(message);
  });

  test.each(['0\n1\n0\n', '0\n1\n0 1 2\n', '0\n1\nx 1\n', '0\n1\n0 -\n'])('of leader epochs is not %j', (text) => {
    expect(() => parseLeaderEpochs(text, 'f')).toThrow(expect.objectContaining({ code: 'CORRUPT_CHECKPOINT' }));
  });
});
