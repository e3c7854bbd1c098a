import { describe, expect, it } from 'vitest';
import { xxh32 } from '../../../src/engine/fallback/codecs/xxh32.ts';
import { xxh64 } from '../../../src/engine/fallback/codecs/zstd/xxh64.ts';
import { crc32, crc32c, sealBatch } from '../../../src/engine/fallback/crc.ts';
import { batch } from './batches.ts';

const text = (value: string): Uint8Array => Buffer.from(value);

describe('checksums', () => {
  it.each([
    ['', 0, 0],
    ['123456789', 0xe3069283, 0xcbf43926],
    ['a', 0xc1d04330, 0xe8b7be43],
  ])('of %j are the known ones', (value, castagnoli, ieee) => {
    const bytes = text(value);
    expect(crc32c(bytes, 0, bytes.length)).toBe(castagnoli);
    expect(crc32(bytes, 0, bytes.length)).toBe(ieee);
  });

  it('cover the range that they are given, in a view of a larger buffer too', () => {
    const view = Uint8Array.from(text('##__123456789__##')).subarray(2);
    expect(crc32c(view, 2, 11)).toBe(0xe3069283);
    expect(crc32(view, 2, 11)).toBe(0xcbf43926);
  });

  it.each([
    ['', 0x02cc5d05, 0xef46db3751d8e999n],
    ['a', 0x550d7456, 0xd24ec4f1a98c6e5bn],
    ['abc', 0x32d153ff, 0x44bc2cf5ad770999n],
    ['Nobody inspects the spammish repetition', 0xe2293b2f, 0xfbcea83c8a378bf1n],
  ])('xxHash of %j is the known one', (value, short, long) => {
    const bytes = Buffer.concat([text('__'), text(value), text('__')]);
    expect(xxh32(bytes, 2, bytes.length - 2)).toBe(short);
    expect(xxh64(bytes, 2, bytes.length - 2)).toBe(long);
  });

  it('a batch is sealed over its attributes and all behind them', () => {
    const sealed = batch(7, 1, 5, text('payload'));
    const bytes = Buffer.concat([sealed, text('not part of it')]);
    bytes.writeUInt32BE(0, 17);
    sealBatch(bytes, sealed.length);
    expect(bytes.subarray(0, sealed.length)).toEqual(sealed);
    expect(() => sealBatch(bytes, 60)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    expect(() => sealBatch(bytes, bytes.length + 1)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});
