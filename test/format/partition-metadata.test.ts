import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parsePartitionMetadata, printPartitionMetadata } from '../../src/format/partition-metadata.ts';
import { fixtureFiles } from './fixture-files.ts';

const ID = '_AqMaqUaQBeMMJlxlF0aBw';
const TEXT = `version: 0\ntopic_id: ${ID}`;

describe('partition.metadata', () => {
  test('is a version and a topic id, and no line feed at the end', () => {
    expect(printPartitionMetadata(ID)).toBe(TEXT);
    expect(parsePartitionMetadata(TEXT, 'f')).toEqual({ version: 0, topicId: ID });
  });

  test('that Kafka wrote is written again byte for byte', () => {
    const files = fixtureFiles('partition.metadata');
    expect(files.length).toBeGreaterThan(20);
    for (const path of files) {
      const text = readFileSync(path, 'utf8');
      expect(printPartitionMetadata(parsePartitionMetadata(text, path).topicId)).toBe(text);
    }
  });

  test('gives back any topic id', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        fc.pre(bytes.some((byte) => byte !== 0));
        const topicId = Buffer.from(bytes).toString('base64url');
        expect(parsePartitionMetadata(printPartitionMetadata(topicId), 'f').topicId).toBe(topicId);
      }),
    );
  });

  test.each([
    ['a line feed at the end', `${TEXT}\n`, 0],
    ['carriage returns', `${TEXT.replace('\n', '\r\n')}\r\n`, 0],
    ['padding', `${TEXT}==`, 0],
    ['more lines', `${TEXT}\nsomething: else`, 0],
    ['a later version', `version: 12\ntopic_id: ${ID}`, 12],
    // The last of the 22 characters has two bits that count.
    ['bits that mean nothing', `version: 0\ntopic_id: ${ID.slice(0, -1)}z`, 0],
  ])('may have %s', (_what, text, version) => {
    expect(parsePartitionMetadata(text, 'f')).toEqual({ version, topicId: ID });
  });

  test.each([
    ['that is empty', '', /line 1/],
    ['of zeros', '\0'.repeat(43), /line 1/],
    ['without a version', `topic_id: ${ID}`, /line 1/],
    ['with a version that is no number', `version: x\ntopic_id: ${ID}`, /line 1/],
    ['with a version below 0', `version: -1\ntopic_id: ${ID}`, /line 1.*found -1/],
    ['cut off behind its version', 'version: 0\n', /line 2.*found nothing/],
    ['with an id cut off', TEXT.slice(0, -1), /line 2/],
    ['with a longer id', `${TEXT}A`, /line 2/],
    ['with an id of other characters', `version: 0\ntopic_id: ${ID.replace('_', '+')}`, /line 2/],
    ['with the id of no topic', `version: 0\ntopic_id: ${'A'.repeat(22)}`, /line 2/],
    ['with the id of no topic in other words', `version: 0\ntopic_id: ${'A'.repeat(21)}B`, /line 2/],
  ])('%s is refused, and the file named', (_what, text, message) => {
    const parse = (): unknown => parsePartitionMetadata(text, 'some-file');
    expect(parse).toThrow(expect.objectContaining({ code: 'CORRUPT_CHECKPOINT', file: 'some-file' }));
    expect(parse).toThrow(message);
  });

  test.each(['', 'x', 'A'.repeat(22), `${ID}==`, `${ID.slice(0, -1)}z`, `${ID}\nx`])(
    'is not made for %j',
    (topicId) => {
      expect(() => printPartitionMetadata(topicId)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    },
  );
});
