import { describe, expect, test } from 'vitest';
import { type LogConfig, logConfig } from '../../../src/config/log-config.ts';
import { CODEC_IDS, type CodecId } from '../../../src/engine/contract.ts';
import { defaultEngine } from '../../../src/engine/select.ts';
import { SeglogError } from '../../../src/errors/errors.ts';
import { ATTRIBUTES, BATCH } from '../../../src/format/batch.ts';
import { type ValidatedBatches, validateForLeader } from '../../../src/log/validate/leader.ts';
import { RecordValidationError } from '../../../src/log/validate/record-errors.ts';
import { batchOf, changed, type Made, messageOf, opened, setCount, told, wrapperOf } from './make.ts';

const engine = defaultEngine();
const NOW_MS = 1_700_000_000_000;
const GIVEN = { origin: 'client', nextOffset: 1000, leaderEpoch: 5, nowMs: NOW_MS } as const;
const CODECS: readonly [name: 'gzip' | 'snappy' | 'lz4' | 'zstd', codec: CodecId][] = [
  ['gzip', CODEC_IDS.gzip],
  ['snappy', CODEC_IDS.snappy],
  ['lz4', CODEC_IDS.lz4],
  ['zstd', CODEC_IDS.zstd],
];
const THREE: readonly Made[] = [
  { timestamp: NOW_MS, key: 'a', value: 'first' },
  { timestamp: NOW_MS + 7, key: 'b', value: null },
  { timestamp: NOW_MS - 3, key: 'c', value: '', headers: [['h', null]] },
];

function validate(bytes: Uint8Array, config: Partial<LogConfig> = {}, given = {}): ValidatedBatches {
  return validateForLeader(engine, logConfig(config), bytes, { ...GIVEN, ...given });
}

function errorOf(bytes: Uint8Array, config: Partial<LogConfig> = {}, given = {}): SeglogError {
  try {
    validate(bytes, config, given);
  } catch (error) {
    if (error instanceof SeglogError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

const codeOf = (...args: Parameters<typeof errorOf>): string => errorOf(...args).code;

function withFlag(batch: Uint8Array, flag: number): Buffer {
  return changed(batch, (view) => view.setInt16(BATCH.ATTRIBUTES, view.getInt16(BATCH.ATTRIBUTES) | flag));
}

describe('a sound batch of a client', () => {
  test.each([['none', CODEC_IDS.none] as const, ...CODECS])(
    'gets its offsets and the epoch, and no other byte of it changes (%s)',
    (_name, codec) => {
      const batch = batchOf(THREE, {}, codec);
      const before = Buffer.from(batch);
      const { bytes, batches, recompressed } = validate(batch);
      const expected = Buffer.from(batch);
      expected.writeBigInt64BE(1000n, BATCH.BASE_OFFSET);
      expected.writeInt32BE(5, BATCH.LEADER_EPOCH);
      expect(Buffer.from(bytes)).toEqual(expected);
      expect(batch).toEqual(before);
      expect(recompressed).toBe(false);
      expect(batches).toMatchObject([
        {
          start: 0,
          sizeBytes: batch.length,
          baseOffset: 1000,
          lastOffset: 1002,
          maxTimestamp: NOW_MS + 7,
          leaderEpoch: 5,
        },
      ]);
    },
  );

  test('has the largest timestamp of its records, whatever its header said', () => {
    const { bytes } = validate(changed(batchOf(THREE), (view) => view.setBigInt64(BATCH.MAX_TIMESTAMP, 5n)));
    const expected = validate(batchOf(THREE)).bytes;
    expect(Buffer.from(bytes)).toEqual(Buffer.from(expected));
  });

  test('may have a piece of another behind it, which is dropped; a piece alone is nothing', () => {
    const batch = batchOf(THREE);
    expect(validate(Buffer.concat([batch, batch.subarray(0, 40)])).bytes).toHaveLength(batch.length);
    expect(validate(batch.subarray(0, -1)).batches).toEqual([]);
    expect(validate(Buffer.alloc(0)).batches).toEqual([]);
  });
});

describe('a batch of a client is refused', () => {
  const batch = batchOf(THREE);
  test.each([
    ['with a base offset', changed(batch, (view) => view.setBigInt64(BATCH.BASE_OFFSET, 1n)), 'INVALID_RECORD'],
    ['with another behind it', Buffer.concat([batch, batch]), 'INVALID_RECORD'],
    ['of a later format', changed(batch, (view) => view.setInt8(BATCH.MAGIC, 3)), 'UNSUPPORTED_MAGIC'],
    ['with an impossible size', changed(batch, (view) => view.setInt32(BATCH.LENGTH, 13)), 'BATCH_SIZE_INVALID'],
    ['smaller than its header', changed(batch, (view) => view.setInt32(BATCH.LENGTH, 48)), 'BATCH_SIZE_INVALID'],
    ['with a wrong checksum', Buffer.from(batch.with(70, 0)), 'BATCH_CRC_MISMATCH'],
    ['with a producer and no sequence', batchOf(THREE, { producerId: 1, producerEpoch: 0 }), 'INVALID_RECORD'],
    ['with an unknown codec', withFlag(batch, 5), 'UNSUPPORTED_CODEC'],
    ['with bytes that no codec made', withFlag(batch, CODEC_IDS.gzip), 'CORRUPT_COMPRESSED_DATA'],
    [
      'with an inexact time',
      changed(batch, (v) => v.setBigInt64(BATCH.BASE_TIMESTAMP, 1n << 60n)),
      'TIMESTAMP_NOT_EXACT',
    ],
    ['with an inexact producer', changed(batch, (v) => v.setBigInt64(BATCH.PRODUCER_ID, 1n << 60n)), 'INVALID_RECORD'],
  ])('%s', (_name, bytes, code) => {
    expect(codeOf(bytes)).toBe(code);
  });

  test('that ends beyond what can be counted', () => {
    expect(codeOf(batch, {}, { nextOffset: Number.MAX_SAFE_INTEGER - 2 })).toBe('OFFSET_NOT_EXACT');
  });

  test.each([{ maxMessageBytes: 80 }, { segmentBytes: 80 }])('above %o', (config) => {
    expect(codeOf(batch, config)).toBe('RECORD_TOO_LARGE');
  });

  test('that grew above the limit when it was encoded anew', () => {
    const small = batchOf([{ timestamp: NOW_MS, value: 'x'.repeat(4000) }], {}, CODEC_IDS.gzip);
    expect(validate(small, { maxMessageBytes: 1000 }).recompressed).toBe(false);
    expect(codeOf(small, { maxMessageBytes: 1000, compressionType: 'uncompressed' })).toBe('RECORD_TOO_LARGE');
  });
});

test('testInconsistentCountAndOffset: count, last offset and records must agree', () => {
  for (const codec of [CODEC_IDS.none, CODEC_IDS.lz4]) {
    const batch = batchOf(THREE, {}, codec);
    for (const [count, lastDelta] of [
      [4, 2],
      [3, 3],
      [3, 1],
      [2, 1],
      [4, 3],
      [0, -1],
      [-1, -2],
      [3, -1],
    ] as const) {
      expect(codeOf(changed(batch, setCount(count, lastDelta)))).toBe('INVALID_RECORD');
    }
    expect(codeOf(changed(batch, setCount(2)), {}, { origin: 'coordinator' })).toBe('INVALID_RECORD');
  }
});

test('testControlRecordsNotAllowedFromClients, testControlRecordsNotCompressed', () => {
  const marker = batchOf([{ timestamp: NOW_MS, key: '\0\0\0\x01', value: '\0\0\0\0\0\x05' }], {
    producerId: 7,
    producerEpoch: 1,
    isTransactional: true,
    isControl: true,
  });
  expect(codeOf(marker)).toBe('INVALID_RECORD');
  const { bytes, recompressed } = validate(marker, { compressionType: 'gzip' }, { origin: 'coordinator' });
  expect(recompressed).toBe(false);
  expect(opened(bytes)).toMatchObject({
    isControl: true,
    isTransactional: true,
    codec: CODEC_IDS.none,
    baseOffset: 1000,
  });
});

describe('testRecordWithPastTimestampIsRejected, testRecordWithFutureTimestampIsRejected', () => {
  const config = { messageTimestampBeforeMaxMs: 1000, messageTimestampAfterMaxMs: 2000 };
  const at = (...timestamps: number[]): Buffer => batchOf(timestamps.map((timestamp) => ({ timestamp, key: 'k' })));

  test('the limits belong to what is taken, and no time is no wrong time', () => {
    expect(validate(at(NOW_MS - 1000, -1, NOW_MS + 2000), config).batches).toHaveLength(1);
    expect(codeOf(at(NOW_MS - 1001), config)).toBe('INVALID_TIMESTAMP');
    expect(codeOf(at(NOW_MS + 2001), config)).toBe('INVALID_TIMESTAMP');
  });

  test('all refused records are named, and one time decides the code', () => {
    const bytes = batchOf([
      { timestamp: NOW_MS },
      { timestamp: NOW_MS, key: 'k' },
      { timestamp: NOW_MS + 2001, key: 'k' },
    ]);
    const error = errorOf(bytes, { ...config, cleanupPolicy: ['compact'] });
    expect(error).toBeInstanceOf(RecordValidationError);
    expect(error.code).toBe('INVALID_TIMESTAMP');
    expect((error as RecordValidationError).recordErrors).toMatchObject([
      { index: 0, code: 'INVALID_RECORD' },
      { index: 2, code: 'INVALID_TIMESTAMP' },
    ]);
    expect(error.message).toContain('record 2: its timestamp');
  });

  test('a log with its own time does not look at those of the records', () => {
    expect(validate(at(0, NOW_MS * 2), { ...config, messageTimestampType: 'LogAppendTime' }).batches).toHaveLength(1);
  });
});

describe('the flag of LogAppendTime from a producer', () => {
  const flagged = (timestamp: number): Buffer => batchOf(THREE, { logAppendTimeMs: timestamp });

  test('is refused by a log with its own time, and where no other time decides', () => {
    expect(codeOf(flagged(NOW_MS), { messageTimestampType: 'LogAppendTime' })).toBe('INVALID_TIMESTAMP');
    expect(codeOf(flagged(-1))).toBe('INVALID_TIMESTAMP');
  });

  test('is taken away by a log of CreateTime', () => {
    expect(opened(validate(flagged(NOW_MS - 9)).bytes)).toMatchObject({
      isLogAppendTime: false,
      maxTimestamp: NOW_MS - 9,
    });
  });
});

test('checkNoKeyCompactedTopic: a compacted log takes no record without a key', () => {
  const keyless = [...THREE, { timestamp: NOW_MS, value: 'x' }];
  for (const codec of [CODEC_IDS.none, CODEC_IDS.zstd]) {
    const error = errorOf(batchOf(keyless, {}, codec), { cleanupPolicy: ['delete', 'compact'] });
    expect(error).toMatchObject({ code: 'INVALID_RECORD', recordErrors: [{ index: 3 }] });
    expect(validate(batchOf(keyless, {}, codec)).batches).toHaveLength(1);
  }
});

describe('testDifferentLevelDoesNotCauseRecompression, testDifferentCodecCausesRecompression', () => {
  test('a level of the same codec is not looked at', () => {
    const batch = batchOf(THREE, {}, CODEC_IDS.gzip, 1);
    expect(validate(batch, { compressionType: 'gzip', compressionGzipLevel: 9 }).recompressed).toBe(false);
  });

  test.each(CODECS)('%s is not what the log has', (compressionType, codec) => {
    const fields = { producerId: 4, producerEpoch: 2, baseSequence: 9, isTransactional: true };
    const from = batchOf(THREE, fields, codec === CODEC_IDS.lz4 ? CODEC_IDS.none : CODEC_IDS.lz4);
    const { bytes, recompressed } = validate(from, { compressionType });
    expect(recompressed).toBe(true);
    const batch = opened(bytes);
    expect(batch).toMatchObject({ ...fields, codec, baseOffset: 1000, lastOffset: 1002, partitionLeaderEpoch: 5 });
    expect(batch.records().map(told)).toEqual(opened(validate(from).bytes).records().map(told));
  });
});

describe('checkLogAppendTimeWithoutRecompression', () => {
  test.each([['none', CODEC_IDS.none] as const, ...CODECS])('only the header is written again (%s)', (_name, codec) => {
    const batch = batchOf(THREE, {}, codec);
    const { bytes, batches, recompressed } = validate(batch, { messageTimestampType: 'LogAppendTime' });
    expect(recompressed).toBe(false);
    expect(Buffer.from(bytes.subarray(61))).toEqual(batch.subarray(61));
    expect(engine.crc32c(bytes, BATCH.ATTRIBUTES, bytes.length)).toBe(Buffer.from(bytes).readUInt32BE(BATCH.CRC));
    expect(batches[0]).toMatchObject({ maxTimestamp: NOW_MS, attributes: codec | ATTRIBUTES.LOG_APPEND_TIME });
    expect(
      opened(bytes)
        .records()
        .map(({ timestamp }) => timestamp),
    ).toEqual([NOW_MS, NOW_MS, NOW_MS]);
  });
});

describe('testRelativeOffsetAssignmentCompressedV1: formats 0 and 1 become format 2', () => {
  const inner = (magic: 0 | 1, offsets: readonly number[]): Buffer[] =>
    offsets.map((offset, index) =>
      messageOf({ magic, offset, timestamp: NOW_MS + index, key: `k${index}`, value: 'v' }),
    );
  const expected = (magic: 0 | 1): unknown[] =>
    [0, 1, 2].map((index) => [1000 + index, magic === 0 ? -1 : NOW_MS + index, `k${index}`, 'v']);

  test.each([0, 1] as const)('plain messages of format %i, many at once', (magic) => {
    const { bytes, recompressed, batches } = validate(Buffer.concat(inner(magic, [0, 0, 9])));
    expect(recompressed).toBe(true);
    expect(batches).toMatchObject([{ magic: 2, recordCount: 3, leaderEpoch: 5, producerId: -1 }]);
    expect(opened(bytes).records().map(told)).toEqual(expected(magic));
  });

  test.each([0, 1] as const)('a wrapper of format %i, whatever its offsets', (magic) => {
    for (const codec of [CODEC_IDS.gzip, CODEC_IDS.snappy, CODEC_IDS.lz4]) {
      const wrapper = wrapperOf({ magic, offset: 9, timestamp: NOW_MS + 2 }, codec, inner(magic, [0, 4, 5]));
      const { bytes } = validate(wrapper);
      expect(opened(bytes).codec).toBe(codec);
      expect(opened(bytes).records().map(told)).toEqual(expected(magic));
    }
  });

  test('what is wrong in a wrapper is refused', () => {
    const damaged = inner(1, [0, 1]);
    damaged[1]?.writeUInt32BE(1, 12);
    const wrapper = { magic: 1, offset: 1, timestamp: NOW_MS } as const;
    expect(codeOf(wrapperOf(wrapper, CODEC_IDS.lz4, damaged))).toBe('BATCH_CRC_MISMATCH');
    expect(codeOf(wrapperOf(wrapper, CODEC_IDS.lz4, inner(0, [0, 1])))).toBe('INVALID_RECORD');
    expect(codeOf(wrapperOf(wrapper, CODEC_IDS.zstd, inner(1, [0, 1])))).toBe('UNSUPPORTED_CODEC');
    const whole = wrapperOf(wrapper, CODEC_IDS.lz4, inner(1, [0, 1]));
    expect(codeOf(Buffer.concat([whole, whole]))).toBe('INVALID_RECORD');
    expect(codeOf(Buffer.concat([...inner(1, [0]), ...inner(0, [1])]))).toBe('INVALID_RECORD');
  });
});

test('offsets that are not 0, 1, 2, ... are put right with another codec, and refused with the same', () => {
  const wrong = changed(batchOf([THREE[0], { ...THREE[1], delta: 5 }] as Made[], {}, CODEC_IDS.gzip), setCount(2));
  expect(codeOf(wrong)).toBe('INVALID_RECORD');
  const records = opened(validate(wrong, { compressionType: 'zstd' }).bytes).records();
  expect(records.map(({ offset }) => offset)).toEqual([1000, 1001]);
});
