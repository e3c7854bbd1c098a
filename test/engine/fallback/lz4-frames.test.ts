import { describe, expect, it } from 'vitest';
import { CODEC_IDS } from '../../../src/engine/contract.ts';
import { xxh32 } from '../../../src/engine/fallback/codecs/xxh32.ts';
import { createFallbackEngine } from '../../../src/engine/fallback/engine.ts';

const engine = createFallbackEngine();
const corrupt = expect.objectContaining({ code: 'CORRUPT_COMPRESSED_DATA' });
const CONTENT_CHECKSUM = 0x04;
const CONTENT_SIZE = 0x08;
const BLOCK_CHECKSUM = 0x10;
/** Version 1, independent blocks. */
const PLAIN = 0x60;

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** A frame of these blocks, its header checksum right. */
function frame(flags: number, blockSize: number, blocks: readonly Buffer[]): Buffer {
  const size = (flags & CONTENT_SIZE) === 0 ? Buffer.alloc(0) : Buffer.alloc(8, 0xff);
  const descriptor = Buffer.concat([Buffer.of(flags, blockSize), size]);
  const checksum = (xxh32(descriptor, 0, descriptor.length) >>> 8) & 0xff;
  const end = (flags & CONTENT_CHECKSUM) === 0 ? uint32(0) : Buffer.concat([uint32(0), Buffer.from('????')]);
  return Buffer.concat([uint32(0x184d2204), descriptor, Buffer.of(checksum), ...blocks, end]);
}

function stored(text: string, flags = PLAIN): Buffer {
  const bytes = Buffer.from(text);
  const checksum = (flags & BLOCK_CHECKSUM) === 0 ? Buffer.alloc(0) : uint32(xxh32(bytes, 0, bytes.length));
  return Buffer.concat([uint32(0x80000000 + bytes.length), bytes, checksum]);
}

function block(...bytes: number[]): Buffer {
  return Buffer.concat([uint32(bytes.length), Buffer.from(bytes)]);
}

function twoBlocks(flags: number, blockSize = 0x40): Buffer {
  return frame(flags, blockSize, [stored('one ', flags), stored('two!', flags)]);
}

function read(bytes: Uint8Array, { room = 8, magic = 2 } = {}): string | -1 {
  const target = Buffer.alloc(room);
  const length = engine.decompress(CODEC_IDS.lz4, magic, bytes, 0, bytes.length, target);
  return length === -1 ? -1 : target.toString('latin1', 0, length);
}

function written(text: string): Buffer {
  const target = Buffer.alloc(200_000);
  return target.subarray(0, engine.compress(CODEC_IDS.lz4, 9, Buffer.from(text), 0, text.length, target, 0));
}

describe('lz4 frames', () => {
  it("are written with Kafka's header and an end mark", () => {
    expect(written('').toString('hex')).toBe('04224d1860408200000000');
    expect(written('abc').toString('hex')).toBe('04224d186040820300008061626300000000');
  });

  it('hold blocks of 64 KiB, compressed where that is smaller', () => {
    const bytes = written('x'.repeat(65536) + 'abc');
    const first = bytes.readUInt32LE(7);
    expect(first).toBeLessThan(300);
    expect(bytes.readUInt32LE(11 + first)).toBe(0x80000003);
  });

  it.each([PLAIN, PLAIN | CONTENT_SIZE, PLAIN | BLOCK_CHECKSUM, PLAIN | CONTENT_CHECKSUM, 0x7c])(
    'with flags %d are read, unless they are cut off',
    (flags) => {
      for (const blockSize of [0x40, 0x50, 0x60, 0x70]) {
        const bytes = twoBlocks(flags, blockSize);
        expect(read(bytes)).toBe('one two!');
        expect(read(Buffer.concat([bytes, Buffer.from('what follows')]))).toBe('one two!');
        for (let length = 0; length < bytes.length; length++)
          expect(() => read(bytes.subarray(0, length)), `cut to ${length}`).toThrow(corrupt);
      }
    },
  );

  it.each([
    ['dependent blocks', 0x40, 0x40],
    ['a dictionary', 0x61, 0x40],
    ['a reserved flag', 0x62, 0x40],
    ['version 0', 0x20, 0x40],
    ['version 2', 0xa0, 0x40],
    ['a block size of 3', PLAIN, 0x30],
    ['a reserved bit above the block size', PLAIN, 0xc0],
    ['a reserved bit below the block size', PLAIN, 0x41],
  ])('with %s are refused', (_, flags, blockSize) => {
    expect(() => read(twoBlocks(flags, blockSize))).toThrow(corrupt);
  });

  it.each([
    ['the magic', 0],
    ['the header checksum', 6],
    ['the content of a block', 11],
    ['the checksum of a block', 15],
  ])('with a changed byte in %s are refused', (_, at) => {
    const bytes = twoBlocks(PLAIN | BLOCK_CHECKSUM);
    bytes[at] = (bytes[at] as number) ^ 1;
    expect(() => read(bytes)).toThrow(corrupt);
  });

  it('of message format 0 have a wrong header checksum, which is not looked at', () => {
    const bytes = twoBlocks(PLAIN);
    expect(bytes[6]).toBe(0x82);
    bytes[6] = 0x1a;
    expect(() => read(bytes)).toThrow(corrupt);
    expect(() => read(bytes, { magic: 1 })).toThrow(corrupt);
    expect(read(bytes, { magic: 0 })).toBe('one two!');
  });

  it('read zeros where a match has the offset 0, as the reference library and so Kafka does', () => {
    expect(read(frame(PLAIN, 0x40, [block(0x10, 0x78, 0, 0, 0x50, 1, 2, 3, 4, 5)]), { room: 100 })).toBe(
      'x\0\0\0\0\x01\x02\x03\x04\x05',
    );
  });

  it('refuse a block above the size that the header states', () => {
    const large = stored('x'.repeat(65537));
    expect(() => read(frame(PLAIN, 0x40, [large]), { room: 70_000 })).toThrow(corrupt);
    expect(read(frame(PLAIN, 0x50, [large]), { room: 70_000 })).toHaveLength(65537);
    // 70000 times the same byte, in few.
    const bomb = block(0x1f, 0x78, 1, 0, ...new Array<number>(274).fill(255), 100, 0x50, 0x61, 0x61, 0x61, 0x61, 0x61);
    expect(() => read(frame(PLAIN, 0x40, [bomb]), { room: 200_000 })).toThrow(corrupt);
    expect(read(frame(PLAIN, 0x50, [bomb]), { room: 200_000 })).toHaveLength(1 + 274 * 255 + 100 + 19 + 5);
  });

  it.each<[string, number[]]>([
    ['is empty but for a token that wants literals', [0x10]],
    ['ends in a match', [0x40, 0x61, 0x62, 0x63, 0x64, 4, 0]],
    ['has a match before its start', [0x10, 0x78, 9, 0, 0x50, 1, 2, 3, 4, 5]],
    ['has literals past its end', [0xf0, 200, 0x61]],
    ['has a literal length without end', [0xf0, 255, 255, 255]],
    ['has a match length without end', [0x1f, 0x78, 1, 0, 255, 255, 255]],
    [
      'has a match within its last five bytes',
      [0x1f, 0x78, 1, 0, ...new Array<number>(256).fill(255), 233, 0x30, 1, 2, 3],
    ],
    [
      'has a match that starts within its last twelve bytes',
      [
        0x1f,
        0x78,
        1,
        0,
        ...new Array<number>(256).fill(255),
        201,
        0xf0,
        9,
        ...new Array<number>(24).fill(1),
        1,
        0,
        0x70,
        1,
        2,
        3,
        4,
        5,
        6,
        7,
      ],
    ],
    ['has less than five literals at its end', [0x10, 0x78, 1, 0, 0x20, 1, 2]],
  ])('refuse a block that %s, however little room there is', (_, bytes) => {
    for (const room of [0, 1, 100, 70_000])
      expect(() => read(frame(PLAIN, 0x40, [block(...bytes)]), { room }), `${room}`).toThrow(corrupt);
  });
});
