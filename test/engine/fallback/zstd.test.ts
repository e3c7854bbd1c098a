import { describe, expect, it } from 'vitest';
import { CODEC_IDS } from '../../../src/engine/contract.ts';
import { createFallbackEngine } from '../../../src/engine/fallback/engine.ts';
import { ZSTD_FRAMES } from './zstd-frames.ts';

const engine = createFallbackEngine();
const corrupt = expect.objectContaining({ code: 'CORRUPT_COMPRESSED_DATA' });

function read(bytes: Uint8Array, room = 300_000): string | -1 {
  const target = Buffer.alloc(room);
  const length = engine.decompress(CODEC_IDS.zstd, 2, bytes, 0, bytes.length, target);
  return length === -1 ? -1 : target.toString('latin1', 0, length);
}

const MAGIC = [0x28, 0xb5, 0x2f, 0xfd];
const RAW = 0;
const RUN = 1;
const COMPRESSED = 2;
const RESERVED = 3;
/** A window of 128 KiB, nothing else. */
const HEADER = [...MAGIC, 0, 7 << 3];

function block(kind: number, size: number, content: readonly number[], isLast = true): number[] {
  const field = (size << 3) | (kind << 1) | (isLast ? 1 : 0);
  return [field & 0xff, (field >> 8) & 0xff, field >> 16, ...content];
}

function compressed(...content: number[]): Buffer {
  return Buffer.from([...HEADER, ...block(COMPRESSED, content.length, content)]);
}

const raw = (text: string, isLast = true): number[] => block(RAW, text.length, [...Buffer.from(text)], isLast);
const plain = (text: string): Buffer => Buffer.from([...HEADER, ...raw(text)]);
/** Raw literals, and what sequences follow. */
const literals = (text: string, ...sequences: number[]): Buffer =>
  compressed(text.length << 3, ...Buffer.from(text), ...sequences);
/** Each code is one symbol: 2 literals, an offset value of 4 and two bits more, a match of 6. */
const RUN_CODES = [0x54, 2, 2, 3];

describe('zstd frames', () => {
  it.each(ZSTD_FRAMES)('of the zstd command are read: $shows', ({ content, base64 }) => {
    const bytes = Buffer.from(base64, 'base64');
    expect(read(bytes, content.length)).toBe(content);
    expect(read(bytes)).toBe(content);
    for (const room of [0, 1, content.length >> 1, content.length - 1]) expect(read(bytes, room)).toBe(-1);
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] as number) ^ 1;
    expect(() => read(bytes)).toThrow(corrupt);
  });

  it.each<[string, Buffer, string]>([
    ['a raw block', plain('raw'), 'raw'],
    ['an empty raw block', plain(''), ''],
    ['a run', Buffer.from([...HEADER, ...block(RUN, 5, [0x61])]), 'aaaaa'],
    [
      'several blocks',
      Buffer.from([...HEADER, ...raw('one ', false), ...block(RUN, 2, [0x61], false), ...raw(' two')]),
      'one aa two',
    ],
    ['raw literals alone', literals('abc', 0), 'abc'],
    ['a run of literals', compressed((5 << 3) | 1, 0x61, 0), 'aaaaa'],
    [
      'a Huffman code whose weights are written plainly',
      compressed(2 | (4 << 4), (51 << 6) & 0xff, (51 << 6) >> 8, 225, ...new Array<number>(48).fill(0), 0x01, 0x16, 0),
      'abba',
    ],
    [
      'a match at the latest distance less 1',
      Buffer.from([...HEADER, ...raw('abcdefgh', false), ...block(COMPRESSED, 7, [0, 2, 0x54, 0, 1, 0, 0b101])]),
      'abcdefghabcefg',
    ],
    ['codes of one symbol', literals('ab', 1, ...RUN_CODES, 0b101), 'abababab'],
    ['a content size in one byte', Buffer.from([...MAGIC, 0x20, 3, ...raw('raw')]), 'raw'],
    ['a content size in two bytes', Buffer.from([...MAGIC, 0x60, 0, 0, ...block(RUN, 256, [0x61])]), 'a'.repeat(256)],
    ['a content size in four bytes', Buffer.from([...MAGIC, 0xa0, 3, 0, 0, 0, ...raw('raw')]), 'raw'],
    ['a content size in eight bytes', Buffer.from([...MAGIC, 0xe0, 3, 0, 0, 0, 0, 0, 0, 0, ...raw('raw')]), 'raw'],
    ['dictionary 0, which is none', Buffer.from([...MAGIC, 2, 7 << 3, 0, 0, ...raw('raw')]), 'raw'],
    ['a window of 2^27 bytes', Buffer.from([...MAGIC, 0, 17 << 3, ...raw('raw')]), 'raw'],
    ['another frame behind it', Buffer.concat([plain('one '), plain('two')]), 'one two'],
    [
      'frames to skip around it',
      Buffer.concat([
        Buffer.from([0x5f, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9]),
        plain('one'),
        Buffer.from([0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0]),
      ]),
      'one',
    ],
    ['nothing at all, which is no content to Kafka', Buffer.alloc(0), ''],
  ])('are read with %s', (_, bytes, expected) => {
    expect(read(bytes)).toBe(expected);
  });

  it.each<[string, Buffer]>([
    ['another magic', Buffer.from([0x29, ...plain('raw').subarray(1)])],
    ['a byte behind them', Buffer.concat([plain('raw'), Buffer.of(0)])],
    ['a reserved bit', Buffer.from([...MAGIC, 0x08, 7 << 3, ...raw('raw')])],
    ['a dictionary', Buffer.from([...MAGIC, 1, 7 << 3, 5, ...raw('raw')])],
    ['a window above 2^27 bytes', Buffer.from([...MAGIC, 0, (17 << 3) | 1, ...raw('raw')])],
    ['a window of 2^41 bytes', Buffer.from([...MAGIC, 0, 31 << 3, ...raw('raw')])],
    ['a single segment above 2^27 bytes', Buffer.from([...MAGIC, 0xe0, 1, 0, 0, 8, 0, 0, 0, 0, ...raw('raw')])],
    ['less content than they say', Buffer.from([...MAGIC, 0x20, 4, ...raw('raw')])],
    ['more content than they say', Buffer.from([...MAGIC, 0x20, 2, ...raw('raw')])],
    ['no last block', Buffer.from([...HEADER, ...raw('raw', false)])],
    ['a block of a reserved kind', Buffer.from([...HEADER, ...block(RESERVED, 3, [1, 2, 3])])],
    ['a frame to skip that is cut off', Buffer.from([0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9])],
    [
      'a compressed block larger than the window',
      Buffer.from([...MAGIC, 0x20, 2, ...block(COMPRESSED, 4, [16, 0x61, 0x62, 0])]),
    ],
    ['a compressed block of nothing', compressed()],
    ['a compressed block without sequences', compressed(3 << 3, 0x61, 0x62, 0x63)],
    ['bytes behind the sequences', literals('abc', 0, 0)],
    ['more literals than bytes', compressed(9 << 3, 0x61, 0x62, 0)],
    ['no code to take over for the literals', compressed(3 | (4 << 4), (3 << 6) & 0xff, 0, 1, 2, 3, 0)],
    [
      'bits behind the last literal',
      compressed(2 | (4 << 4), (51 << 6) & 0xff, (51 << 6) >> 8, 225, ...new Array<number>(48).fill(0), 1, 0x2c, 0),
    ],
    ['no codes to take over for the sequences', literals('ab', 1, 0xfc, 0b101)],
    ['a reserved bit in the sequences', literals('ab', 1, 0x55, 2, 2, 3, 0b101)],
    ['an unknown literal length', literals('ab', 1, 0x54, 36, 2, 3, 0b101)],
    ['an unknown match length', literals('ab', 1, 0x54, 2, 2, 53, 0b101)],
    ['an unknown offset', literals('ab', 1, 0x54, 2, 32, 3, 0b101)],
    ['an offset before the start', literals('ab', 1, ...RUN_CODES, 0b110)],
    ['a sequence of more literals than there are', literals('a', 1, ...RUN_CODES, 0b101)],
    ['bits behind the last sequence', literals('ab', 1, ...RUN_CODES, 0b1010)],
    ['too few bits for the sequences', literals('ab', 1, ...RUN_CODES, 0b11)],
    ['a bit stream without an end mark', literals('ab', 1, ...RUN_CODES, 0)],
    ['no bit stream', literals('ab', 1, ...RUN_CODES)],
    [
      'a match past the largest block, which the window of 1 KiB makes',
      Buffer.from([...MAGIC, 0, 0, ...block(COMPRESSED, 10, [16, 0x61, 0x62, 1, 0x54, 2, 2, 47, 0x00, 0x28])]),
    ],
  ])('are refused with %s', (_, bytes) => {
    expect(() => read(bytes)).toThrow(corrupt);
  });

  it('are refused with a Huffman code whose states take no bits, which would go on for ever', () => {
    // Weights by a distribution that gives all to one symbol.
    const code = [4, 0xf0, 0x03, 0xff, 0xff];
    expect(() => read(compressed(2 | (4 << 4), (9 << 6) & 0xff, (9 << 6) >> 8, ...code, 1, 2, 3, 4, 0))).toThrow(
      corrupt,
    );
  });

  it('F21: that are bombs stop at the size of the target', () => {
    const bomb = Buffer.from([
      ...HEADER,
      ...Array.from({ length: 1000 }, () => block(RUN, 0x1fffff, [0], false)).flat(),
      ...block(RUN, 1, [0]),
    ]);
    expect(bomb.length).toBeLessThan(5000);
    const before = process.memoryUsage().arrayBuffers;
    expect(read(bomb, 1000)).toBe(-1);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
  });
});
