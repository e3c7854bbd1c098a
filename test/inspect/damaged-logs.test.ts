/** Damaged .log files: shown as far as they go, each fault told once with its place, and where batches go on. */
import { describe, expect, it } from 'vitest';
import { type Collected, codes, collectBytes } from './collect.ts';
import { batch, batches, message, record } from './make-batch.ts';

const three = batches(3);
const size = three[0]?.length ?? 0;
const whole = Buffer.concat(three);

/** Base offset and validity of each batch line. */
function shown({ lines }: Collected): [number, boolean][] {
  return lines
    .map((line) => JSON.parse(line) as { type: string; baseOffset: number; valid: boolean })
    .filter(({ type }) => type === 'batch')
    .map(({ baseOffset, valid }) => [baseOffset, valid]);
}

function flipped(at: number, bit: number): Buffer {
  const bytes = Buffer.from(whole);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
  return bytes;
}

describe('a batch that is not as it was written', () => {
  it('shows a batch with a wrong checksum as not valid, and goes on behind it', () => {
    const dump = collectBytes(flipped(size + 70, 0));
    expect(shown(dump)).toEqual([
      [0, true],
      [1, false],
      [2, true],
    ]);
    expect(dump.findings).toMatchObject([
      { code: 'BATCH_CRC_MISMATCH', file: '/d/00000000000000000000.log', position: size, nextPosition: 2 * size },
    ]);
    expect(dump.findings[0]?.message).toMatch(/expected crc \d+, found crc \d+/);
  });

  it.each([
    ['too small', 3],
    ['zero', 0],
    ['negative', -1],
    ['the least', -(2 ** 31)],
    ['48, one less than a header', 48],
    ['the most', 2 ** 31 - 1],
    ['one too many', size - 12 + 1],
    ['one too few', size - 12 - 1],
    ['reaching into the next', size],
  ])('finds the next batch behind a size that is %s', (_name, length) => {
    const bytes = Buffer.from(whole);
    bytes.writeInt32BE(length, size + 8);
    const dump = collectBytes(bytes);
    const valid = shown(dump).filter(([, isValid]) => isValid);
    expect(valid).toEqual([
      [0, true],
      [2, true],
    ]);
    expect(dump.findings).toHaveLength(1);
    expect(dump.findings[0]).toMatchObject({ position: size, nextPosition: 2 * size });
  });

  it('finds something for each flipped bit that a checksum covers, and never stops early', () => {
    for (let at = size + 17; at < 2 * size; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const dump = collectBytes(flipped(at, bit), { batchesOnly: true });
        expect(codes(dump), `bit ${bit} of byte ${at}`).toEqual(['BATCH_CRC_MISMATCH']);
        expect(shown(dump)).toEqual([
          [0, true],
          [1, false],
          [2, true],
        ]);
      }
    }
  });

  it('reports a cut at every byte of the last batch, and shows those before', () => {
    for (let end = 2 * size + 1; end < whole.length; end++) {
      const dump = collectBytes(whole.subarray(0, end));
      expect(shown(dump)).toEqual([
        [0, true],
        [1, true],
      ]);
      // Eleven zero bytes of a base offset are no different from space set aside.
      const zeros = whole.subarray(2 * size, end).every((byte) => byte === 0);
      expect(codes(dump)).toEqual(zeros ? [] : ['BATCH_TRUNCATED']);
    }
  });

  it('names a garbage tail', () => {
    const dump = collectBytes(Buffer.concat([whole, Buffer.alloc(1000, 0xff)]));
    expect(shown(dump)).toHaveLength(3);
    expect(dump.findings).toMatchObject([{ code: 'BATCH_SIZE_INVALID', position: 3 * size, nextPosition: undefined }]);
  });

  it('does not take batches inside a value for the next ones', () => {
    const outer = batch({ baseOffset: 5n, records: record(0, null, Buffer.concat(batches(3))) });
    const broken = Buffer.from(outer);
    broken.writeInt32BE(0x7fffffff, 8);
    const dump = collectBytes(Buffer.concat([batch({ baseOffset: 4n }), broken, batch({ baseOffset: 6n })]));
    expect(shown(dump)).toEqual([
      [4, true],
      [6, true],
    ]);
    expect(dump.findings).toMatchObject([{ code: 'BATCH_TRUNCATED', nextPosition: batch().length + outer.length }]);
  });
});

describe('zeros', () => {
  it.each([1, 11, 12, 17, 60, 61, 4096, 3_000_000])('%d at the end are no finding', (length) => {
    const dump = collectBytes(Buffer.concat([whole, Buffer.alloc(length)]));
    expect(shown(dump)).toHaveLength(3);
    expect(dump.findings).toEqual([]);
    expect(dump.notes).toEqual([`${length} zero bytes from byte ${whole.length} on: space set aside, not data`]);
  });

  it('in front of more data are one', () => {
    const dump = collectBytes(Buffer.concat([whole, Buffer.alloc(4096), batch({ baseOffset: 3n })]));
    expect(shown(dump)).toEqual([
      [0, true],
      [1, true],
      [2, true],
      [3, true],
    ]);
    expect(dump.findings).toMatchObject([
      { code: 'BATCH_SIZE_INVALID', position: whole.length, found: 0, nextPosition: whole.length + 4096 },
    ]);
  });
});

describe('batches with a right checksum that cannot be', () => {
  const bad: [string, Buffer, string][] = [
    ['a record count of 2^31-1 in 61 bytes', batch({ count: 2 ** 31 - 1, records: Buffer.alloc(0) }), 'INVALID_RECORD'],
    ['a negative record count', batch({ count: -1 }), 'INVALID_RECORD'],
    ['one record too few', batch({ count: 2 }), 'INVALID_RECORD'],
    [
      'bytes behind the last record',
      batch({ records: Buffer.concat([record(0, null, 'a'), Buffer.of(1)]) }),
      'INVALID_RECORD',
    ],
    [
      'a header count of 2^31-1',
      batch({
        records: Buffer.concat([
          Buffer.of(2 * 11),
          Buffer.of(0, 0, 0, 1, 1),
          Buffer.of(0xfe, 0xff, 0xff, 0xff, 0x0f),
          Buffer.of(0),
        ]),
      }),
      'INVALID_RECORD',
    ],
    ['an unknown codec', batch({ attributes: 5 }), 'UNSUPPORTED_CODEC'],
    [
      'a broken gzip stream',
      batch({ attributes: 1, records: Buffer.from('nothing compressed') }),
      'CORRUPT_COMPRESSED_DATA',
    ],
    ['a magic of 3', batch({ magic: 3 }), 'UNSUPPORTED_MAGIC'],
    ['a magic of -1', batch({ magic: -1 }), 'UNSUPPORTED_MAGIC'],
    ['a last offset below the first', batch({ baseOffset: 9n, lastOffsetDelta: -1 }), 'OFFSETS_OUT_OF_ORDER'],
    ['offsets beyond int64', batch({ baseOffset: 2n ** 63n - 1n, lastOffsetDelta: 1 }), 'OFFSET_OVERFLOW'],
    ['an offset too far above the base', batch({ baseOffset: 2n ** 31n }), 'OFFSET_OVERFLOW'],
  ];

  it.each(bad)('%s', (_name, bytes, code) => {
    const dump = collectBytes(Buffer.concat([bytes]));
    expect(codes(dump)).toEqual([code]);
    expect(dump.findings[0]).toMatchObject({ file: '/d/00000000000000000000.log', position: 0 });
    expect(shown(dump)).toHaveLength(1);
  });

  it('legal but unusual ones are no findings', () => {
    const unusual = [
      batch({ baseOffset: 0n, lastOffsetDelta: 10, count: 0, records: Buffer.alloc(0), baseTimestamp: -1n }),
      batch({ baseOffset: 11n, lastOffsetDelta: 5 }),
      batch({
        baseOffset: 100n,
        attributes: 0x40,
        baseTimestamp: 1800000000000n,
        maxTimestamp: 5n,
        records: record(0, 'k', null, { timestampDelta: 5n - 1800000000000n }),
      }),
    ];
    const dump = collectBytes(Buffer.concat(unusual));
    expect(dump.findings).toEqual([]);
    expect(dump.lines.at(-1)).toContain('"timestamp":5,');
    expect(dump.lines.at(-2)).toContain('"deleteHorizonMs":1800000000000');
  });

  it('a batch that does not lie above the one before is told of', () => {
    const dump = collectBytes(Buffer.concat([batch({ baseOffset: 7n }), batch({ baseOffset: 7n })]));
    expect(dump.findings).toMatchObject([
      { code: 'OFFSETS_OUT_OF_ORDER', position: batch().length, expected: 'more than 7', found: 7 },
    ]);
  });

  it('an offset below the one in the name is told of', () => {
    const dump = collectBytes(batch({ baseOffset: 7n }), {}, '00000000000000000008.log');
    expect(codes(dump)).toEqual(['OFFSETS_OUT_OF_ORDER']);
  });

  it('the records before a fault are shown', () => {
    const records = Buffer.concat([record(0, 'a', '1'), record(1, 'b', '2'), Buffer.of(0xff, 0xff)]);
    const dump = collectBytes(batch({ count: 3, lastOffsetDelta: 2, records }));
    expect(dump.lines.filter((line) => line.includes('"record"'))).toHaveLength(2);
    expect(codes(dump)).toEqual(['INVALID_RECORD']);
  });
});

describe('int64 values beyond 2^53', () => {
  it('print exactly', () => {
    const baseOffset = 2n ** 63n - 10n;
    const parts = {
      baseOffset,
      lastOffsetDelta: 3,
      baseTimestamp: -(2n ** 63n),
      maxTimestamp: 2n ** 63n - 1n,
      producerId: 2n ** 53n + 1n,
      baseSequence: 2 ** 31 - 2,
    };
    const dump = collectBytes(
      batch({ ...parts, records: record(3, null, null, { timestampDelta: 2n ** 62n + 1n }) }),
      {},
      'bootstrap.checkpoint',
    );
    expect(dump.findings).toEqual([]);
    expect(dump.lines[0]).toContain(`"baseOffset":${baseOffset},"lastOffset":${baseOffset + 3n},`);
    expect(dump.lines[0]).toContain('"maxTimestamp":9223372036854775807,"producerId":9007199254740993,');
    // 2147483646 and three more, modulo 2^31.
    expect(dump.lines[0]).toContain('"baseSequence":2147483646,"lastSequence":1,');
    expect(dump.lines[1]).toContain(`"offset":${baseOffset + 3n},"timestamp":${-(2n ** 63n) + 2n ** 62n + 1n},`);
  });

  it('also in format 1', () => {
    const offset = 2n ** 60n + 1n;
    const dump = collectBytes(message({ offset, timestamp: 2n ** 55n + 1n }), {}, 'bootstrap.checkpoint');
    expect(dump.lines[1]).toContain(`"offset":${offset},"timestamp":${2n ** 55n + 1n},`);
  });
});
