/** Formats 0 and 1 as only hand-made bytes have them: what is legal, and what is refused by name. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { defaultEngine } from '../../src/engine/select.ts';
import { SeglogError } from '../../src/errors/errors.ts';
import { decodeLegacyBatch } from '../../src/record/legacy.ts';
import { codes, collectBytes } from './collect.ts';
import { batch, message, type MessageParts } from './make-batch.ts';

const GZIP = 1;
const LOG_APPEND_TIME = 8;

function wrapper(inner: readonly Buffer[], parts: MessageParts): Buffer {
  return message({ attributes: GZIP, ...parts, value: gzipSync(Buffer.concat(inner)) });
}

function decode(bytes: Buffer, maxDecompressedBytes?: number): ReturnType<typeof decodeLegacyBatch> {
  return decodeLegacyBatch(defaultEngine(), bytes, 0, bytes.length, { maxDecompressedBytes });
}

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
  } catch (error) {
    if (error instanceof SeglogError) return error.code;
    throw error;
  }
  return undefined;
}

const inner = (offset: bigint, more: MessageParts = {}): Buffer =>
  message({ offset, timestamp: 500n + offset, ...more });

describe('wrappers', () => {
  it('have relative offsets in format 1, with gaps from compaction', () => {
    const records = decode(wrapper([inner(0n), inner(2n), inner(5n)], { offset: 105n }));
    expect([...records.offsets]).toEqual([100n, 102n, 105n]);
    expect([...records.timestamps]).toEqual([500n, 502n, 505n]);
  });

  it('have absolute offsets in format 0, and no timestamps', () => {
    const records = decode(wrapper([inner(7n, { magic: 0 }), inner(9n, { magic: 0 })], { offset: 9n, magic: 0 }));
    expect([...records.offsets]).toEqual([7n, 9n]);
    expect([...records.timestamps]).toEqual([-1n, -1n]);
  });

  it('with offset 0 start at 0, as old librdkafka wrote them', () => {
    expect([...decode(wrapper([inner(0n), inner(1n)], { offset: 0n })).offsets]).toEqual([0n, 1n]);
  });

  it('with LogAppendTime override the timestamps inside', () => {
    const records = decode(
      wrapper([inner(0n), inner(1n)], { offset: 1n, attributes: GZIP | LOG_APPEND_TIME, timestamp: 777n }),
    );
    expect([...records.timestamps]).toEqual([777n, 777n]);
  });

  it('end before a piece of a message, as in Kafka, and the dump says so', () => {
    const bytes = wrapper([inner(0n), inner(1n).subarray(0, 20)], { offset: 0n });
    expect(decode(bytes)).toMatchObject({ count: 1, trailingBytes: 20 });
    expect(collectBytes(bytes).notes).toEqual(['20 bytes at the end of the wrapper at byte 0 are no whole message']);
  });

  const bad: [string, Buffer, string][] = [
    ['nothing inside', wrapper([], { offset: 0n }), 'INVALID_RECORD'],
    ['a null value', message({ attributes: GZIP, value: null }), 'INVALID_RECORD'],
    ['a compressed message inside', wrapper([wrapper([inner(0n)], {})], { offset: 0n }), 'INVALID_RECORD'],
    ['an offset below its last message', wrapper([inner(5n)], { offset: 3n }), 'INVALID_RECORD'],
    ['a size too small inside', wrapper([Buffer.alloc(30)], { offset: 1n }), 'INVALID_RECORD'],
    ['format 2 inside', wrapper([batch()], { offset: 1n }), 'UNSUPPORTED_MAGIC'],
    ['zstd', message({ attributes: 4 }), 'UNSUPPORTED_CODEC'],
    ['an unknown codec', message({ attributes: 7 }), 'UNSUPPORTED_CODEC'],
    ['a broken stream', message({ attributes: GZIP, value: Buffer.from('nothing') }), 'CORRUPT_COMPRESSED_DATA'],
    ['a key that runs past the end', message({ body: Buffer.from('0000ffff00000000', 'hex') }), 'INVALID_RECORD'],
    ['a key length below -1', message({ body: Buffer.from('fffffffe00000000', 'hex') }), 'INVALID_RECORD'],
    ['no room for the value length', message({ body: Buffer.from('ffffffff000000', 'hex') }), 'INVALID_RECORD'],
  ];

  it.each(bad)('with %s are refused', (_name, bytes, code) => {
    expect(codeOf(() => decode(bytes))).toBe(code);
    const dump = collectBytes(bytes);
    expect(codes(dump)).toEqual([code]);
    expect(dump.lines).toHaveLength(1);
  });

  it('that decompress to more than is allowed are refused', () => {
    const bomb = wrapper([message({ value: Buffer.alloc(1_000_000) })], { offset: 0n });
    expect(bomb.length).toBeLessThan(2000);
    expect(codeOf(() => decode(bomb, 100_000))).toBe('DECOMPRESSED_TOO_LARGE');
    expect(codeOf(() => decode(bomb, 1_000_034))).toBeUndefined();
  });
});

it('F30: a log may mix formats', () => {
  const dump = collectBytes(
    Buffer.concat([message({ offset: 0n, magic: 0 }), message({ offset: 1n }), batch({ baseOffset: 2n })]),
  );
  expect(dump.findings).toEqual([]);
  expect(dump.lines.filter((line) => line.includes('"record"'))).toHaveLength(3);
});
