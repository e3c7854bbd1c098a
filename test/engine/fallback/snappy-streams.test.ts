import { describe, expect, it } from 'vitest';
import { CODEC_IDS } from '../../../src/engine/contract.ts';
import { createFallbackEngine } from '../../../src/engine/fallback/engine.ts';

const engine = createFallbackEngine();
const corrupt = expect.objectContaining({ code: 'CORRUPT_COMPRESSED_DATA' });

function written(source: Uint8Array): Buffer {
  const target = Buffer.alloc(engine.compressBound(CODEC_IDS.snappy, source.length));
  return target.subarray(0, engine.compress(CODEC_IDS.snappy, 0, source, 0, source.length, target, 0));
}

function read(bytes: Uint8Array, room = 100): string | -1 {
  const target = Buffer.alloc(room);
  const length = engine.decompress(CODEC_IDS.snappy, 2, bytes, 0, bytes.length, target);
  return length === -1 ? -1 : target.toString('latin1', 0, length);
}

const header = written(Buffer.alloc(0));
const one = written(Buffer.from('one '));
const two = written(Buffer.from('two'));
const join = (...parts: (Uint8Array | number[])[]): Buffer => Buffer.concat(parts.map((part) => Buffer.from(part)));

describe('snappy streams', () => {
  it('have the header of snappy-java, and chunks of 32 KiB', () => {
    expect(header.toString('hex')).toBe('82534e41505059000000000100000001');
    const bytes = written(new Uint8Array(2 * 32768 + 1).fill(5));
    const lengths: number[] = [];
    for (let at = 16; at < bytes.length; at += 4 + bytes.readInt32BE(at))
      lengths.push(bytes.readUIntLE(at + 4, 3) & 0xffffff);
    // 32768 as a varint is 80 80 02; the last chunk is 1, a literal of one byte.
    expect(lengths).toEqual([0x028080, 0x028080, 0x050001]);
  });

  it.each<[string, Buffer, string]>([
    ['a raw block without a header', one.subarray(20), 'one '],
    ['a header and nothing else', header, ''],
    ['streams one behind the other', join(one, two), 'one two'],
    ['an end within a length', join(one, [0, 0, 0]), 'one '],
    ['a later version', join(header.subarray(0, 8), [0, 0, 0, 9], header.subarray(12), one.subarray(16)), 'one '],
  ])('are read as snappy-java does: %s', (_, bytes, expected) => {
    expect(read(bytes)).toBe(expected);
  });

  it.each<[string, Buffer]>([
    ['version 0', join(header.subarray(0, 8), new Uint8Array(8), one.subarray(16))],
    ['a second header that is cut off', join(one, header.subarray(0, 15))],
    ['a negative length', join(one, [0xff, 0xff, 0xff, 0xff])],
    ['a chunk that is cut off', one.subarray(0, -1)],
    ['a chunk of no bytes', join(one, [0, 0, 0, 0])],
    ['a header that is cut off', header.subarray(0, 15)],
  ])('are refused with %s', (_, bytes) => {
    expect(() => read(bytes, 20_000)).toThrow(corrupt);
  });

  it.each<[string, number[], string]>([
    ['a literal', [3, 0x08, 97, 98, 99], 'abc'],
    ['a short copy', [8, 0x0c, 97, 98, 99, 100, 0x01, 4], 'abcdabcd'],
    ['a copy that overlaps itself', [9, 0x00, 97, 0x1e, 1, 0], 'aaaaaaaaa'],
    ['a far copy', [6, 0x08, 97, 98, 99, 0x0b, 3, 0, 0, 0], 'abcabc'],
    ['a length with needless bytes', [0x83, 0x80, 0x00, 0x08, 97, 98, 99], 'abc'],
    ['nothing', [0], ''],
  ])('hold blocks with %s', (_, block, expected) => {
    expect(read(Buffer.from(block))).toBe(expected);
  });

  it.each<[string, number[]]>([
    ['without a length', [0x80]],
    ['with a length of 33 bits', [0xff, 0xff, 0xff, 0xff, 0x1f, 0]],
    ['with a length of eleven bytes', [...new Array<number>(10).fill(0x80), 0]],
    ['with less than it says', [9, 0x08, 97, 98, 99]],
    ['with more than it says', [2, 0x08, 97, 98, 99]],
    ['with a literal past its end', [3, 0x08, 97, 98]],
    ['with a literal length past its end', [3, 0xf4, 2]],
    ['with a long literal of less than four bytes with its length', [2, 0xf0, 1, 97, 98]],
    ['with a copy of offset 0', [5, 0x00, 97, 0x01, 0]],
    ['with a copy before its start', [5, 0x00, 97, 0x01, 2]],
    ['with a copy past its length', [4, 0x00, 97, 0x01, 1]],
    ['with a copy that is cut off', [5, 0x00, 97, 0x02, 1]],
    ['with a far copy that is cut off', [5, 0x00, 97, 0x0f, 1, 0, 0]],
  ])('are refused with a block %s', (_, block) => {
    expect(() => read(Buffer.from(block))).toThrow(corrupt);
  });

  it('F21: that claim 4 GiB are too large for the target, and take no memory', () => {
    expect(read(Buffer.of(0xff, 0xff, 0xff, 0xff, 0x0f, 0))).toBe(-1);
  });
});
