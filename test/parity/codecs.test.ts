import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CODEC_IDS, type CodecId, type Engine } from '../../src/engine/contract.ts';
import { isAllowed } from './allowed.ts';
import { describeParity, type Outcome, outcomeOf } from './engines.ts';
import { damaged, plainData } from './inputs.ts';

/** Kafka's range of levels, and its default. */
const LEVELS: Record<keyof typeof CODEC_IDS, { min: number; max: number; usual: number }> = {
  none: { min: 0, max: 0, usual: 0 },
  gzip: { min: -1, max: 9, usual: -1 },
  snappy: { min: 0, max: 0, usual: 0 },
  lz4: { min: 1, max: 17, usual: 9 },
  zstd: { min: -7, max: 22, usual: 3 },
};

const target: Uint8Array = Buffer.alloc(4 << 20);

function compressed(engine: Engine, codec: CodecId, level: number, source: Uint8Array): Uint8Array {
  const room = new Uint8Array(engine.compressBound(codec, source.length) + 3);
  return room.slice(3, 3 + engine.compress(codec, level, source, 0, source.length, room, 3));
}

/** What came out, as text; -1 when the target was too small. */
function decompressed(
  engine: Engine,
  codec: CodecId,
  magic: number,
  source: Uint8Array,
  into = target,
): Outcome<string | -1> {
  return outcomeOf(() => {
    const length = engine.decompress(codec, magic, source, 0, source.length, into);
    return length === -1 ? -1 : Buffer.from(into.buffer, into.byteOffset, length).toString('latin1');
  });
}

describeParity('compression', (engines) => {
  const { native, ts } = engines;
  const pairs = [
    ['native', 'ts', native, ts],
    ['ts', 'native', ts, native],
  ] as const;

  describe.each(Object.entries(CODEC_IDS) as [keyof typeof CODEC_IDS, CodecId][])('%s', (name, codec) => {
    const { min, max, usual } = LEVELS[name];
    const level = fc.oneof(fc.constant(usual), fc.integer({ min, max }));
    const magic = fc.constantFrom(0, 1, 2);

    test.each(pairs)('what %s wrote, %s reads, in a target just large enough', (_writer, _reader, writer, reader) => {
      fc.assert(
        fc.property(plainData, level, (data, atLevel) => {
          const bytes = compressed(writer, codec, atLevel, data);
          expect(bytes.length).toBeLessThanOrEqual(reader.compressBound(codec, data.length));
          const expected = { value: Buffer.from(data).toString('latin1') };
          for (const engine of [writer, reader]) {
            expect(decompressed(engine, codec, 2, bytes, new Uint8Array(data.length))).toEqual(expected);
          }
        }),
        { numRuns: 40 },
      );
    });

    test('a target that is too small gives -1 in both, and nothing is written behind it', () => {
      fc.assert(
        fc.property(plainData, level, fc.nat(1_000_000), (data, atLevel, part) => {
          fc.pre(data.length > 0);
          const size = Math.floor((part * data.length) / 1_000_001);
          for (const writer of [native, ts]) {
            const bytes = compressed(writer, codec, atLevel, data);
            for (const reader of [native, ts]) {
              const room = new Uint8Array(size + 64).fill(0xaa);
              expect(decompressed(reader, codec, 2, bytes, room.subarray(0, size))).toEqual({ value: -1 });
              expect(room.subarray(size).every((byte) => byte === 0xaa)).toBe(true);
            }
          }
        }),
        { numRuns: 30 },
      );
    });

    const same = (bytes: Uint8Array, format: number): void => {
      const expected = decompressed(native, codec, format, bytes);
      const found = decompressed(ts, codec, format, bytes);
      if (!isDeepStrictEqual(found, expected) && isAllowed(engines, { codec, magic: format, bytes }, expected, found)) {
        return;
      }
      expect(found).toEqual(expected);
      if ('error' in expected) expect(expected.error).toBe('CORRUPT_COMPRESSED_DATA');
    };

    test('damaged data are refused by both, or come out the same', () => {
      const small = plainData.filter(({ length }) => length < 70_000);
      const written = fc
        .tuple(small, fc.boolean(), level)
        .map(([data, isNative, atLevel]) => compressed(isNative ? native : ts, codec, atLevel, data));
      fc.assert(fc.property(damaged(written), magic, same), { numRuns: 600 });
    });

    test('so are streams one after the other, and what follows them', () => {
      const written = fc
        .tuple(fc.uint8Array({ maxLength: 60 }), fc.boolean())
        .map(([data, isNative]) => compressed(isNative ? native : ts, codec, usual, data));
      const joined = fc
        .tuple(fc.array(written, { minLength: 2, maxLength: 3 }), fc.uint8Array({ maxLength: 12 }))
        .map(([streams, rest]) => Buffer.concat([...streams, rest]));
      fc.assert(fc.property(fc.oneof(joined, damaged(joined)), magic, same), { numRuns: 400 });
    });

    test('so is garbage, behind the first bytes of a stream too', () => {
      const start = fc
        .tuple(fc.nat(30), fc.boolean())
        .map(([length, isNative]) =>
          compressed(isNative ? native : ts, codec, usual, Buffer.from('some text, some text, some text')).slice(
            0,
            length,
          ),
        );
      const garbage = fc.tuple(start, fc.uint8Array({ maxLength: 100 })).map((parts) => Buffer.concat(parts));
      fc.assert(fc.property(garbage, magic, same), { numRuns: 600 });
    });

    test('a target without room for the bound is refused by both', () => {
      for (const engine of [native, ts]) {
        const bound = engine.compressBound(codec, 1000);
        expect(
          outcomeOf(() => engine.compress(codec, usual, new Uint8Array(1000), 0, 1000, new Uint8Array(bound + 4), 5)),
        ).toEqual({ error: 'INVALID_ARGUMENT' });
      }
    });

    test.each([
      [-1, 3],
      [4, 3],
      [0, 101],
      [101, 101],
      [NaN, 3],
    ])('source bytes from %d to %d of 100 are refused by both', (start, end) => {
      for (const engine of [native, ts]) {
        const source = new Uint8Array(200).subarray(50, 150);
        expect(outcomeOf(() => engine.compress(codec, usual, source, start, end, new Uint8Array(1000), 0))).toEqual({
          error: 'INVALID_ARGUMENT',
        });
        expect(outcomeOf(() => engine.decompress(codec, 2, source, start, end, new Uint8Array(1000)))).toEqual({
          error: 'INVALID_ARGUMENT',
        });
      }
    });
  });

  test.each([5, 6, 7])('codec %d is unknown to both', (codec) => {
    const bytes = new Uint8Array(100);
    for (const engine of [native, ts]) {
      expect(outcomeOf(() => engine.compressBound(codec as CodecId, 1))).toEqual({ error: 'UNSUPPORTED_CODEC' });
      expect(outcomeOf(() => engine.compress(codec as CodecId, 0, bytes, 0, 1, new Uint8Array(100), 0))).toEqual({
        error: 'UNSUPPORTED_CODEC',
      });
      expect(decompressed(engine, codec as CodecId, 2, bytes)).toEqual({ error: 'UNSUPPORTED_CODEC' });
    }
  });
});

describeParity('a zstd block that is larger than its window', ({ native, ts }) => {
  test('is refused by the TypeScript engine, and taken by libzstd', () => {
    const bytes = Buffer.from('28b52ffd00005d000020000000010100ffaf1c11', 'hex');
    const room = new Uint8Array(4096);
    const taken = (engine: Engine): unknown =>
      outcomeOf(() => engine.decompress(CODEC_IDS.zstd, 2, bytes, 0, bytes.length, room));
    expect(taken(ts)).toEqual({ error: 'CORRUPT_COMPRESSED_DATA' });
    expect(taken(native)).toEqual({ value: 1030 });
  });
});
