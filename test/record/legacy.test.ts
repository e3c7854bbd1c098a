import { describe, expect, test } from 'vitest';
import { CODEC_IDS, type CodecId } from '../../src/engine/contract.ts';
import { defaultEngine } from '../../src/engine/select.ts';
import { LEGACY } from '../../src/format/batch.ts';
import { decodeLegacyBatch, LEGACY_ROW, type LegacyRecords } from '../../src/record/legacy.ts';

const engine = defaultEngine();

interface Parts {
  readonly magic: 0 | 1;
  readonly offset: number;
  readonly timestamp?: number;
  readonly attributes?: number;
  readonly key?: string | null;
  readonly value?: string | Buffer | null;
}

/** An entry of format 0 or 1. Its checksum is left out: the decoder does not look at it. */
function entry({ magic, offset, timestamp = 0, attributes = 0, key = null, value = null }: Parts): Buffer {
  const head = Buffer.alloc(magic === 1 ? 26 : 18);
  head.writeBigInt64BE(BigInt(offset));
  head.writeInt8(magic, LEGACY.MAGIC);
  head.writeInt8(attributes, LEGACY.ATTRIBUTES);
  if (magic === 1) head.writeBigInt64BE(BigInt(timestamp), LEGACY.TIMESTAMP);
  const fields = [key, value].map((field) => {
    const content = field === null ? Buffer.alloc(0) : Buffer.from(field as string);
    const length = Buffer.alloc(4);
    length.writeInt32BE(field === null ? -1 : content.length);
    return Buffer.concat([length, content]);
  });
  const bytes = Buffer.concat([head, ...fields]);
  bytes.writeInt32BE(bytes.length - 12, 8);
  return bytes;
}

function wrapper(parts: Omit<Parts, 'value'>, codec: CodecId, inner: Buffer): Buffer {
  const target = Buffer.alloc(engine.compressBound(codec, inner.length));
  const length = engine.compress(codec, codec === CODEC_IDS.gzip ? 6 : 9, inner, 0, inner.length, target, 0);
  // In format 0 the byte behind the lz4 descriptor is computed otherwise, and not looked at.
  return entry({ ...parts, attributes: (parts.attributes ?? 0) | codec, value: target.subarray(0, length) });
}

/** Decodes amid other bytes, as an entry stands in a file. */
function decode(bytes: Buffer, options = {}): LegacyRecords {
  const file = Buffer.concat([Buffer.alloc(9, 0xff), bytes, Buffer.alloc(30, 0xff)]);
  return decodeLegacyBatch(engine, file, 9, bytes.length, options);
}

function messagesOf(records: LegacyRecords): unknown[] {
  const text = (row: number, start: number, length: number): string | null => {
    const size = records.rows[row + length] ?? 0;
    const from = records.rows[row + start] ?? 0;
    return size === -1 ? null : Buffer.from(records.bytes.subarray(from, from + size)).toString();
  };
  return Array.from({ length: records.count }, (_, index) => {
    const row = index * LEGACY_ROW.length;
    return [
      Number(records.offsets[index]),
      Number(records.timestamps[index]),
      text(row, LEGACY_ROW.keyStart, LEGACY_ROW.keyLength),
      text(row, LEGACY_ROW.valueStart, LEGACY_ROW.valueLength),
    ];
  });
}

describe('a message of format 0 or 1', () => {
  test.each([
    [{ magic: 0, offset: 7, key: 'k', value: 'v' }, [7, -1, 'k', 'v']],
    [{ magic: 0, offset: 7 }, [7, -1, null, null]],
    [{ magic: 1, offset: 7, timestamp: 1234, key: '', value: '' }, [7, 1234, '', '']],
    [{ magic: 1, offset: 7, timestamp: -1, value: 'only a value' }, [7, -1, null, 'only a value']],
    [{ magic: 1, offset: 7, timestamp: 5, attributes: 8, key: 'only a key' }, [7, 5, 'only a key', null]],
  ] as [Parts, unknown][])('%j is read', (parts, expected) => {
    expect(messagesOf(decode(entry(parts)))).toEqual([expected]);
  });

  const damage = (place: number, value: number, magic: 0 | 1 = 1) => {
    const bytes = entry({ magic, offset: 3, key: 'key', value: 'value' });
    bytes.writeInt32BE(value, place);
    return bytes;
  };
  test.each([
    ['a key length below -1', damage(26, -2), 'INVALID_RECORD', /key length/],
    ['a key that runs past its end', damage(26, 13), 'INVALID_RECORD', /key runs past/],
    ['a key that leaves no room for a value length', damage(26, 10), 'INVALID_RECORD', /value length/],
    ['a value length below -1', damage(33, -(2 ** 31)), 'INVALID_RECORD', /value length/],
    ['a value that runs past its end', damage(33, 6), 'INVALID_RECORD', /value runs past/],
    [
      'fewer bytes than its fixed fields',
      entry({ magic: 0, offset: 0 }).subarray(0, 25),
      'INVALID_RECORD',
      /fixed fields/,
    ],
    ['fewer bytes than format 1 has', entry({ magic: 1, offset: 0 }).subarray(0, 27), 'INVALID_RECORD', /key length/],
    ['no format that it knows', damage(14, 0x0000_0200), 'UNSUPPORTED_MAGIC', /format 0 or 1/],
    ['zstd', entry({ magic: 1, offset: 0, attributes: 4, value: 'x' }), 'UNSUPPORTED_CODEC', /codec/],
    ['an unknown codec', entry({ magic: 0, offset: 0, attributes: 7, value: 'x' }), 'UNSUPPORTED_CODEC', /codec/],
  ])('with %s is refused, and the place told', (_what, bytes, code, message) => {
    const read = (): unknown => decode(bytes, { file: 'some.log', position: 99 });
    expect(read).toThrow(expect.objectContaining({ code, file: 'some.log', position: 99 }));
    expect(read).toThrow(message);
  });
});

describe.each([
  ['gzip', CODEC_IDS.gzip],
  ['snappy', CODEC_IDS.snappy],
  ['lz4', CODEC_IDS.lz4],
] as const)('a wrapper of %s', (_name, codec) => {
  const inner = (magic: 0 | 1, offsets: number[]): Buffer =>
    Buffer.concat(
      offsets.map((offset) => entry({ magic, offset, timestamp: 100 + offset, key: `k${offset}`, value: null })),
    );
  const offsetsOf = (records: LegacyRecords): number[] => [...records.offsets].map(Number);

  test.each([
    ['absolute offsets in format 0', 0, 42, [40, 42], [40, 42]],
    ['relative offsets in format 1', 1, 42, [0, 1, 2], [40, 41, 42]],
    ['relative offsets with gaps', 1, 42, [0, 5], [37, 42]],
    ['absolute offsets in format 1, as some writers had them', 1, 42, [41, 42], [41, 42]],
    ['offset 0 itself, as old librdkafka wrote it', 1, 0, [0, 1, 2], [0, 1, 2]],
  ] as const)('has %s', (_what, magic, offset, given, expected) => {
    const records = decode(wrapper({ magic, offset }, codec, inner(magic, [...given])));
    expect(offsetsOf(records)).toEqual(expected);
    expect(records.trailingBytes).toBe(0);
    expect(messagesOf(records)[0]).toEqual([expected[0], magic === 0 ? -1 : 100 + given[0], `k${given[0]}`, null]);
  });

  test('with LogAppendTime gives all its messages its own time', () => {
    const records = decode(wrapper({ magic: 1, offset: 1, timestamp: 777, attributes: 8 }, codec, inner(1, [0, 1])));
    expect([...records.timestamps]).toEqual([777n, 777n]);
  });

  test('ends before a piece of a message, and tells how many bytes that is', () => {
    const bytes = Buffer.concat([inner(1, [0, 1]), inner(1, [2]).subarray(0, -1)]);
    const records = decode(wrapper({ magic: 1, offset: 1 }, codec, bytes));
    expect([offsetsOf(records), records.trailingBytes]).toEqual([[0, 1], inner(1, [2]).length - 1]);
  });

  const tiny = (): Buffer => {
    const bytes = inner(1, [0]);
    bytes.writeInt32BE(13, 8);
    return bytes;
  };
  test.each([
    ['no messages', Buffer.alloc(0), /no messages/],
    ['less than a message', inner(1, [0]).subarray(0, 20), /no messages/],
    ['a message smaller than its fixed fields', tiny(), /fixed fields/],
    ['another wrapper', wrapper({ magic: 1, offset: 0 }, codec, inner(1, [0])), /compressed itself/],
    ['more offsets than its own leaves room for', inner(1, [0, 50]), /below its last message/],
  ])('around %s is refused', (_what, bytes, message) => {
    const read = (): unknown => decode(wrapper({ magic: 1, offset: 42 }, codec, bytes));
    expect(read).toThrow(expect.objectContaining({ code: 'INVALID_RECORD' }));
    expect(read).toThrow(message);
  });

  test('with a null value is refused', () => {
    expect(() => decode(entry({ magic: 1, offset: 0, attributes: codec, value: null }))).toThrow(/null value/);
  });

  test('of damaged data is refused', () => {
    const bytes = wrapper({ magic: 1, offset: 0 }, codec, inner(1, [0]));
    bytes.fill(0xff, 34 + 18);
    expect(() => decode(bytes)).toThrow(expect.objectContaining({ code: 'CORRUPT_COMPRESSED_DATA' }));
  });

  test('of more than is allowed is refused', () => {
    const bytes = wrapper({ magic: 1, offset: 0 }, codec, entry({ magic: 1, offset: 0, value: 'x'.repeat(5000) }));
    expect(() => decode(bytes, { maxDecompressedBytes: 5000 })).toThrow(
      expect.objectContaining({ code: 'DECOMPRESSED_TOO_LARGE' }),
    );
    expect(decode(bytes, { maxDecompressedBytes: 6000 }).count).toBe(1);
  });
});
