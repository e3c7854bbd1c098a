import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CODEC_IDS, type CodecId } from '../../../src/engine/contract.ts';
import { createFallbackEngine } from '../../../src/engine/fallback/engine.ts';

const engine = createFallbackEngine();
const corrupt = expect.objectContaining({ code: 'CORRUPT_COMPRESSED_DATA' });
const invalid = expect.objectContaining({ code: 'INVALID_ARGUMENT' });
const LEVELS: Record<CodecId, readonly [number, ...number[]]> = {
  0: [0],
  1: [-1, 1, 9],
  2: [0],
  3: [9, 1, 17],
  4: [3, -5, 19],
};

function compressed(codec: CodecId, source: Uint8Array, level: number = LEVELS[codec][0]): Buffer {
  const target = new Uint8Array(engine.compressBound(codec, source.length) + 3);
  const length = engine.compress(codec, level, source, 0, source.length, target, 3);
  return Buffer.from(target.subarray(3, 3 + length));
}

function decompressed(codec: CodecId, source: Uint8Array, room: number): Buffer | -1 {
  const target = new Uint8Array(room);
  const length = engine.decompress(codec, 2, source, 0, source.length, target);
  return length === -1 ? -1 : Buffer.from(target.subarray(0, length));
}

const noise = Uint8Array.from({ length: 200_000 }, (_, i) => Math.imul(i, 2_654_435_761) >>> 11);
const text = Buffer.from(Array.from({ length: 6000 }, (_, i) => `line ${i % 97} of ${(i * 7919) % 1009}\n`).join(''));
const SOURCES: [string, Uint8Array][] = [
  ['nothing', noise.subarray(0, 0)],
  ['one byte', noise.subarray(0, 1)],
  ['a few bytes', Buffer.from('abcdabcdabcdabcd')],
  ['a block of noise', noise.subarray(0, 65_536)],
  ['blocks of noise', noise],
  ['blocks of text', text],
  ['one byte over and over', new Uint8Array(300_000).fill(7)],
];

describe.each(Object.entries(CODEC_IDS))('codec %s', (_name, codec) => {
  it.each(SOURCES)('gives %s back, in exactly as much room as it takes', (_, source) => {
    for (const level of LEVELS[codec]) {
      const packed = compressed(codec, source, level);
      expect(packed.length).toBeLessThanOrEqual(engine.compressBound(codec, source.length));
      expect(Buffer.compare(decompressed(codec, packed, source.length) as Buffer, source)).toBe(0);
      expect(Buffer.compare(decompressed(codec, packed, source.length + 100_000) as Buffer, source)).toBe(0);
    }
  });

  it.each(SOURCES.slice(1))('says so when there is too little room for %s', (_, source) => {
    const packed = compressed(codec, source);
    for (const room of [0, 1, source.length >> 1, source.length - 1]) {
      if (room < source.length) expect(decompressed(codec, packed, room), `${room} bytes`).toBe(-1);
    }
  });

  it('gives back any bytes', () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.tuple(fc.nat(255), fc.nat(40_000)).map(([byte, count]) => new Uint8Array(count).fill(byte)),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
        const source = Buffer.concat([...pieces, ...pieces.slice(1)]);
        expect(Buffer.compare(decompressed(codec, compressed(codec, source), source.length) as Buffer, source)).toBe(0);
      }),
      { numRuns: 40 },
    );
  });

  it('reads only the range it is given, and writes only behind where it is told', () => {
    const source = Buffer.concat([Buffer.from('###'), text.subarray(0, 500), Buffer.from('###')]);
    const target = new Uint8Array(engine.compressBound(codec, 500) + 20).fill(0xee);
    const length = engine.compress(codec, LEVELS[codec][0], source, 3, 503, target, 10);
    expect([...target.subarray(0, 10)]).toEqual(new Array(10).fill(0xee));
    const back = new Uint8Array(600).fill(0xee);
    expect(engine.decompress(codec, 2, target, 10, 10 + length, back)).toBe(500);
    expect(Buffer.compare(back.subarray(0, 500), text.subarray(0, 500))).toBe(0);
    expect([...back.subarray(500)]).toEqual(new Array(100).fill(0xee));
  });

  it('refuses a target below the bound, and ranges that are not there', () => {
    const bound = engine.compressBound(codec, 9);
    expect(() => engine.compress(codec, LEVELS[codec][0], text, 0, 9, new Uint8Array(bound - 1), 0)).toThrow(invalid);
    expect(() => engine.compress(codec, LEVELS[codec][0], text, 0, 9, new Uint8Array(bound), 1)).toThrow(invalid);
    expect(() => engine.compress(codec, LEVELS[codec][0], text, 9, 8, new Uint8Array(bound), 0)).toThrow(invalid);
    expect(() => engine.decompress(codec, 2, text, 0, text.length + 1, new Uint8Array(9))).toThrow(invalid);
  });

  it('F21: says corrupt, too small or something for damaged bytes, and ends', () => {
    const source = Buffer.concat([text.subarray(0, 3000), noise.subarray(0, 200)]);
    const packed = LEVELS[codec].map((level) => compressed(codec, source, level));
    const edit = fc.tuple(fc.oneof(fc.nat(40), fc.nat(4000)), fc.nat(255));
    fc.assert(
      fc.property(
        fc.constantFrom(...packed),
        fc.array(edit, { minLength: 1, maxLength: 4 }),
        fc.nat(4000),
        (bytes, edits, room) => {
          const damaged = Buffer.from(bytes);
          for (const [at, value] of edits) damaged[at % damaged.length] = value;
          try {
            const found = decompressed(codec, damaged, room);
            expect(found === -1 || found.length <= room).toBe(true);
          } catch (error) {
            expect(error).toEqual(corrupt);
          }
        },
      ),
      { numRuns: 400 },
    );
  });
});

describe('codecs', () => {
  it.each<[string, CodecId]>([
    ['gzip', 1],
    ['lz4', 3],
    ['zstd', 4],
  ])('take what is cut off for corrupt, wherever it is cut: %s', (_, codec) => {
    const packed = compressed(codec, Buffer.concat([text.subarray(0, 900), noise.subarray(0, 300)]));
    for (let length = 1; length < packed.length; length++) {
      expect(() => decompressed(codec, packed.subarray(0, length), 2000), `cut to ${length}`).toThrow(corrupt);
    }
  });

  it.each([5, 6, 7])('%d is none', (codec) => {
    const unsupported = expect.objectContaining({ code: 'UNSUPPORTED_CODEC' });
    expect(() => engine.compressBound(codec as CodecId, 1)).toThrow(unsupported);
    expect(() => engine.compress(codec as CodecId, 0, text, 0, 1, new Uint8Array(99), 0)).toThrow(unsupported);
    expect(() => engine.decompress(codec as CodecId, 2, text, 0, 1, new Uint8Array(99))).toThrow(unsupported);
  });

  it.each<[string, CodecId, number]>([
    ['gzip', 1, 10],
    ['gzip', 1, -2],
    ['lz4', 3, 0],
    ['lz4', 3, 18],
  ])('%s (%d) has no level %d', (_, codec, level) => {
    expect(() => compressed(codec, text, level)).toThrow(invalid);
  });

  it.each<[string, CodecId]>([
    ['gzip', 1],
    ['snappy', 2],
    ['lz4', 3],
  ])('no bytes at all are corrupt for %s', (_, codec) => {
    expect(() => decompressed(codec, new Uint8Array(0), 10)).toThrow(corrupt);
  });
});
