import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CODEC_IDS } from '../../src/engine/contract.ts';
import { defaultEngine } from '../../src/engine/select.ts';
import { BatchBuilder, type BatchFields, type Header } from '../../src/record/batch-builder.ts';
import { type LogRecord, RecordBatch } from '../../src/record/record-batch.ts';

const engine = defaultEngine();
const hex = (text: string): string => text.replaceAll(/\s/g, '');

function bytesOf(builder: BatchBuilder, fields: BatchFields = { baseOffset: 0 }): Buffer {
  const { bytes, length } = builder.build(fields);
  return Buffer.from(bytes.subarray(0, length));
}

function batchOf(
  builder: BatchBuilder,
  fields: BatchFields,
  compression?: { codec: 0 | 1 | 2 | 3 | 4; level: number },
): RecordBatch {
  const { bytes, length } = builder.build(fields, compression);
  const copy = Buffer.from(bytes.subarray(0, length));
  return new RecordBatch(engine, copy, new DataView(copy.buffer, copy.byteOffset, copy.length), 0, 'built', 0, {});
}

const asText = ({ offset, timestamp, key, value, headers }: LogRecord): unknown[] => [
  offset,
  timestamp,
  key?.toString('hex'),
  value?.toString('hex'),
  headers.map(([name, content]) => [name, content?.toString('hex')]),
];

describe('a batch builder', () => {
  test("lays a batch out as Kafka's grammar says, byte for byte", () => {
    const builder = new BatchBuilder(engine);
    builder.add(1000, Buffer.from('k'), Buffer.from('value'), [
      ['h', Buffer.from([9])],
      ['n', null],
    ]);
    builder.add(999, null, null);
    builder.add(1064, Buffer.alloc(0), Buffer.alloc(0));
    const bytes = bytesOf(builder, {
      baseOffset: 0x0102030405,
      partitionLeaderEpoch: 7,
      producerId: 2 ** 40,
      producerEpoch: 3,
      baseSequence: 12,
    });
    expect(bytes.subarray(0, 17).toString('hex')).toBe(hex('0000000102030405 00000054 00000007 02'));
    expect(bytes.readUInt32BE(17)).toBe(engine.crc32c(bytes, 21, bytes.length));
    expect(bytes.subarray(21, 61).toString('hex')).toBe(
      hex('0000 00000002 00000000000003e8 0000000000000428 0000010000000000 0003 0000000c 00000003'),
    );
    expect(bytes.subarray(61).toString('hex')).toBe(
      hex('26 00 00 00 02 6b 0a 76616c7565 04 02 68 02 09 02 6e 01  0c 00 01 02 01 01 00  0e 00 8001 04 00 00 00'),
    );
  });

  test('has the same bytes whatever it held before', () => {
    const used = new BatchBuilder(engine);
    for (let i = 0; i < 2000; i++) used.add(5, Buffer.alloc(100, 1), Buffer.alloc(100, 2));
    used.reset();
    expect([used.count, used.sizeBytes, used.maxTimestamp, used.minTimestamp, used.lastOffsetDelta]).toEqual([
      0,
      61,
      -1,
      Infinity,
      -1,
    ]);
    const fresh = new BatchBuilder(engine);
    for (const builder of [used, fresh]) builder.add(7, null, Buffer.from('x'));
    expect(bytesOf(used)).toEqual(bytesOf(fresh));
  });

  test('gives the same batch again until it is reset, with other fields', () => {
    const builder = new BatchBuilder(engine);
    builder.add(7, null, Buffer.from('x'));
    const [first, moved, again] = [bytesOf(builder), bytesOf(builder, { baseOffset: 9 }), bytesOf(builder)];
    expect(again).toEqual(first);
    // The offset is outside the checksum.
    expect(moved.subarray(12)).toEqual(first.subarray(12));
  });

  const bytes = fc.option(
    fc.oneof(
      fc.uint8Array({ maxLength: 70 }),
      fc.integer({ min: 8000, max: 8300 }).map((length) => new Uint8Array(length).fill(length)),
    ),
    { freq: 4 },
  );
  const headers = fc.array(fc.tuple(fc.string(), fc.option(fc.uint8Array({ maxLength: 70 }))) as fc.Arbitrary<Header>, {
    maxLength: 3,
  });
  const times = fc.oneof(
    fc.integer({ min: -1, max: 100 }),
    fc.integer({ min: 1_600_000_000_000, max: 1_600_000_000_100 }),
    fc.constantFrom(2 ** 40, Number.MAX_SAFE_INTEGER),
  );
  const records = fc.array(
    fc.record({ timestamp: times, key: bytes, value: bytes, headers, gap: fc.integer({ min: 1, max: 200 }) }),
    { maxLength: 8 },
  );

  test.each(Object.entries(CODEC_IDS))('gives records that read back as they were added, with %s', (_name, codec) => {
    const builder = new BatchBuilder(engine);
    fc.assert(
      fc.property(records, fc.nat(2 ** 40), (plans, baseOffset) => {
        builder.reset();
        let offset = baseOffset - 1;
        const expected = plans.map(({ timestamp, key, value, headers: given, gap }) => {
          builder.add(timestamp, key, value, given, (offset += gap) - baseOffset);
          const views = given.map(([name, content]) => [String(name), content && Buffer.from(content)] as const);
          return {
            offset,
            timestamp,
            key: key && Buffer.from(key),
            value: value && Buffer.from(value),
            headers: views,
          };
        });
        const stamps = plans.map(({ timestamp }) => timestamp);
        expect([builder.count, builder.maxTimestamp]).toEqual([plans.length, Math.max(-1, ...stamps)]);
        expect(builder.minTimestamp).toBe(Math.min(Infinity, ...stamps.filter((stamp) => stamp !== -1)));
        const batch = batchOf(builder, { baseOffset }, { codec, level: codec === CODEC_IDS.gzip ? 6 : 3 });
        expect(batch.codec).toBe(plans.length === 0 ? CODEC_IDS.none : codec);
        // As text: comparing kilobytes element by element takes seconds.
        expect(batch.records().map(asText)).toEqual(expected.map(asText));
        expect(batch.lastOffset).toBe(offset);
      }),
      { numRuns: 60 },
    );
  });

  // Around the payloads whose length is known to take two bytes before the rest is laid out.
  test.each([0, 1, 31, 32, 62, 63, 64, 65, 8150, 8158, 8159, 8160, 8180, 8191, 8192, 70_000])(
    'gives a record of %d bytes the length it has',
    (size) => {
      for (const [time, delta] of [
        [0, 0],
        [2 ** 50, 2 ** 31 - 1],
      ] as const) {
        const builder = new BatchBuilder(engine);
        builder.startAt(0);
        builder.add(time, null, Buffer.alloc(size, 5), [], delta);
        const batch = batchOf(builder, { baseOffset: 0 });
        expect([...batch.records()].map(({ offset, timestamp, value }) => [offset, timestamp, value?.length])).toEqual([
          [delta, time, size],
        ]);
      }
    },
  );

  test.each([
    ['a timestamp below -1', -2, 0, 'INVALID_TIMESTAMP'],
    ['a timestamp with a fraction', 0.5, 0, 'INVALID_TIMESTAMP'],
    ['a timestamp beyond 2^53', 2 ** 53, 0, 'INVALID_TIMESTAMP'],
    ['a timestamp that is no number', NaN, 0, 'INVALID_TIMESTAMP'],
    ['an offset that stays', 5, 3, 'OFFSETS_OUT_OF_ORDER'],
    ['an offset that falls', 5, 2, 'OFFSETS_OUT_OF_ORDER'],
    ['an offset that is no int32 above the base', 5, 2 ** 31, 'OFFSETS_OUT_OF_ORDER'],
  ])('refuses %s, and is as before', (_what, timestamp, delta, code) => {
    const builder = new BatchBuilder(engine);
    builder.add(1, null, null, [], 3);
    const before = bytesOf(builder);
    expect(() => builder.add(timestamp, null, null, [], delta === 0 ? undefined : delta)).toThrow(
      expect.objectContaining({ code }),
    );
    expect(bytesOf(builder)).toEqual(before);
  });

  test('writes what the fields say, and the bits of the attributes', () => {
    const builder = new BatchBuilder(engine);
    builder.add(50, null, Buffer.from('v'));
    const control = batchOf(builder, {
      baseOffset: 10,
      isControl: true,
      isTransactional: true,
      producerId: 5,
      producerEpoch: 0,
    });
    expect([control.isControl, control.isTransactional, control.isLogAppendTime, control.producerId]).toEqual([
      true,
      true,
      false,
      5,
    ]);
    const stamped = batchOf(builder, { baseOffset: 10, logAppendTimeMs: 777 });
    expect([
      stamped.isLogAppendTime,
      stamped.maxTimestamp,
      ...[...stamped.records()].map(({ timestamp }) => timestamp),
    ]).toEqual([true, 777, 777]);
    const compacted = batchOf(builder, { baseOffset: 10, lastOffset: 19 });
    expect([compacted.lastOffset, compacted.count]).toEqual([19, 1]);
  });

  test('with a delete horizon has it in the place of the first timestamp, and the records keep theirs', () => {
    const builder = new BatchBuilder(engine);
    builder.startAt(1_000_000);
    builder.add(50, null, null);
    builder.add(2_000_000, null, null);
    const batch = batchOf(builder, { baseOffset: 0, deleteHorizonMs: 1_000_000 });
    expect([...batch.records()].map(({ timestamp }) => timestamp)).toEqual([50, 2_000_000]);
    expect(bytesOf(builder, { baseOffset: 0, deleteHorizonMs: 1_000_000 }).readBigInt64BE(27)).toBe(1_000_000n);
  });

  test('without records makes an empty batch, never compressed', () => {
    const batch = batchOf(
      new BatchBuilder(engine),
      { baseOffset: 100, lastOffset: 120, producerId: 4, baseSequence: 7 },
      { codec: CODEC_IDS.zstd, level: 3 },
    );
    expect([batch.sizeBytes, batch.count, batch.codec, batch.lastOffset, batch.maxTimestamp]).toEqual([
      61, 0, 0, 120, -1,
    ]);
    expect([...batch.records()]).toEqual([]);
  });
});
