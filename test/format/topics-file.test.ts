/** The file of topics: what is written is read, and nothing else is. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defaultEngine } from '../../src/engine/select.ts';
import { SeglogError } from '../../src/errors/errors.ts';
import { parseTopicsFile, printTopicsFile, type TopicsFile } from '../../src/format/topics-file.ts';

const engine = defaultEngine();
const crc32c = (bytes: Uint8Array, start: number, end: number): number => engine.crc32c(bytes, start, end);
const ID = 'N-n8Pc62RTeyzDX7h7d1tQ';
const CONTENT: TopicsFile = {
  generation: 3,
  copies: { [ID]: 3, another: 1 },
  topics: [{ name: 'events', topicId: ID, configs: { 'retention.ms': '5' }, partitions: { 0: ID, 2: '' } }],
  deleting: [{ name: 'old', topicId: ID, directories: [ID] }],
};
const bytes = printTopicsFile(CONTENT, crc32c);

/** A file of any body with a checksum that is right. */
function withBody(body: unknown): Uint8Array {
  return printTopicsFile(body as TopicsFile, crc32c);
}

describe('the file of topics', () => {
  test('is read as it was written', () => {
    expect(parseTopicsFile(bytes, 'f', crc32c)).toEqual(CONTENT);
    expect(Buffer.from(bytes).toString()).toMatch(/^seglog-topics 0 [0-9a-f]{8}\n\{\n/);
  });

  test('with any bit flipped, or cut anywhere, is refused', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length * 8 - 1), fc.boolean(), (bit, isCut) => {
        const damaged = isCut ? bytes.slice(0, bit >> 3) : Uint8Array.from(bytes);
        if (!isCut) damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
        expect(() => parseTopicsFile(damaged, 'f', crc32c)).toThrow(SeglogError);
      }),
    );
  });

  test('of a later version is refused as such', () => {
    const later = Buffer.from(Buffer.from(bytes).toString().replace('topics 0', 'topics 1'));
    expect(() => parseTopicsFile(later, 'f', crc32c)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED_VERSION' }));
  });

  const topic = CONTENT.topics[0];
  test.each([
    ['no object', 5],
    ['no generation', { ...CONTENT, generation: 'x' }],
    ['no list of topics', { ...CONTENT, topics: {} }],
    ['a topic that is none', { ...CONTENT, topics: [null] }],
    ['a topic without an id', { ...CONTENT, topics: [{ ...topic, topicId: 'short' }] }],
    ['a topic of an illegal name', { ...CONTENT, topics: [{ ...topic, name: '../x' }] }],
    ['a configuration that is no text', { ...CONTENT, topics: [{ ...topic, configs: { 'retention.ms': 5 } }] }],
    ['a partition that is no number', { ...CONTENT, topics: [{ ...topic, partitions: { '01': ID } }] }],
    ['a partition beyond int32', { ...CONTENT, topics: [{ ...topic, partitions: { 2147483648: ID } }] }],
    ['no copies', { ...CONTENT, copies: undefined }],
    ['a copy of no generation', { ...CONTENT, copies: { x: '3' } }],
    ['a deleted topic that is nowhere', { ...CONTENT, deleting: [{ name: 'old', topicId: ID }] }],
    ['a deleted topic in what has no name', { ...CONTENT, deleting: [{ name: 'old', topicId: ID, directories: [5] }] }],
    ['no list of deleted topics', { ...CONTENT, deleting: undefined }],
  ])('with %s is refused, although its checksum is right', (_what, body) => {
    expect(() => parseTopicsFile(withBody(body), 'f', crc32c)).toThrow(
      expect.objectContaining({ code: 'CORRUPT_CHECKPOINT', file: 'f' }),
    );
  });
});
