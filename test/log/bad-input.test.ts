/** Rows F19, F20, F21, F23, F25 and F30 of the fault list, as a reader of a damaged partition meets them. */
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { defaultEngine } from '../../src/engine/select.ts';
import { BATCH } from '../../src/format/batch.ts';
import { Log, LogReader, SeglogError } from '../../src/index.ts';
import { scratchPartition } from '../support/temp.ts';

const FIRST = '00000000000000000000.log';

/** A partition of two segments, of which the first one's bytes are `damage`d; the second makes the first a sealed one. */
async function damaged(damage: (bytes: Buffer) => Buffer | void): Promise<string> {
  const directory = scratchPartition();
  {
    await using log = await Log.open(directory, { segmentBytes: 400 });
    for (let i = 0; i < 8; i++)
      await log.append([{ key: 'k', value: `record ${i}`, timestamp: 1000 + i, headers: [['h', Buffer.from('v')]] }]);
  }
  const path = join(directory, FIRST);
  const bytes = readFileSync(path);
  writeFileSync(path, damage(bytes) ?? bytes);
  return directory;
}

/** Puts the right checksum on the first batch: the damage is one that no checksum shows. */
function sealed(bytes: Buffer): Buffer {
  const size = 12 + bytes.readInt32BE(BATCH.LENGTH);
  if (size <= bytes.length && size >= 61) defaultEngine().sealBatch(bytes, size);
  return bytes;
}

function errorOf(read: () => unknown): SeglogError {
  try {
    read();
  } catch (error) {
    if (error instanceof SeglogError) return error;
    throw error;
  }
  throw new Error('no error was raised');
}

function readAll(directory: string): unknown {
  using reader = LogReader.open(directory);
  return [...reader.readSync()].map((batch) => batch.records());
}

describe('F19: a batch whose size or checksum cannot be is named, with its place and the next one', () => {
  test.each([
    ['a negative size', (b: Buffer) => void b.writeInt32BE(-1, BATCH.LENGTH), 'BATCH_SIZE_INVALID'],
    ['a size of 0', (b: Buffer) => void b.writeInt32BE(0, BATCH.LENGTH), 'BATCH_SIZE_INVALID'],
    ['a size of 13', (b: Buffer) => void b.writeInt32BE(13, BATCH.LENGTH), 'BATCH_SIZE_INVALID'],
    ['a size of 48, one below a header', (b: Buffer) => void b.writeInt32BE(48, BATCH.LENGTH), 'BATCH_SIZE_INVALID'],
    ['a size of 2^31 - 1', (b: Buffer) => void b.writeInt32BE(0x7fffffff, BATCH.LENGTH), 'BATCH_TRUNCATED'],
    ['a size above the file', (b: Buffer) => void b.writeInt32BE(b.length, BATCH.LENGTH), 'BATCH_TRUNCATED'],
    ['a flipped bit in its records', (b: Buffer) => void (b[70] = (b[70] ?? 0) ^ 4), 'BATCH_CRC_MISMATCH'],
    [
      'a flipped bit in its checksum',
      (b: Buffer) => void (b[BATCH.CRC] = (b[BATCH.CRC] ?? 0) ^ 4),
      'BATCH_CRC_MISMATCH',
    ],
    ['a file that ends within it', (b: Buffer) => b.subarray(0, 30), 'BATCH_TRUNCATED'],
    ['a file that ends within its first bytes', (b: Buffer) => b.subarray(0, 9), 'BATCH_TRUNCATED'],
  ])('%s', async (_what, damage, code) => {
    const directory = await damaged((bytes) => damage(bytes));
    const error = errorOf(() => readAll(directory));
    expect(error).toMatchObject({ code, position: 0 });
    expect(error.file).toBe(join(directory, FIRST));
  });

  test('and what stands before it is served', async () => {
    const directory = await damaged((bytes) => void bytes.writeInt8(7, bytes.length - 1));
    using reader = LogReader.open(directory);
    const seen: number[] = [];
    const error = errorOf(() => {
      for (const batch of reader.readSync()) seen.push(batch.baseOffset);
    });
    expect(seen).toEqual([0, 1, 2]);
    expect(error).toMatchObject({
      code: 'BATCH_CRC_MISMATCH',
      position: 243,
      baseOffset: 3,
      lastOffset: 3,
      nextPosition: 324,
    });
  });
});

describe('F20: records that lie, under a checksum that is right, are named and never believed', () => {
  const set =
    (at: number, ...values: number[]) =>
    (b: Buffer): Buffer => {
      b.set(values, at);
      return sealed(b);
    };
  test.each([
    ['a record count of 2^31 - 1', (b: Buffer) => (b.writeInt32BE(0x7fffffff, BATCH.RECORD_COUNT), sealed(b))],
    ['a negative record count', (b: Buffer) => (b.writeInt32BE(-1, BATCH.RECORD_COUNT), sealed(b))],
    ['one record more than there is', (b: Buffer) => (b.writeInt32BE(2, BATCH.RECORD_COUNT), sealed(b))],
    ['a record length past the end', set(61, 0x7e)],
    ['a negative record length', set(61, 0x01)],
    ['a record length of six bytes', set(61, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01)],
    ['a timestamp of eleven bytes', set(63, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01)],
    ['a key length below -1', set(65, 0x03)],
    ['a key length past the end', set(65, 0x7e)],
    ['a value length below -1', set(67, 0x03)],
    ['a header count of 2^31 - 1', set(76, 0xfe, 0xff, 0xff, 0xff, 0x0f)],
    ['a negative header count', set(76, 0x01)],
    ['a header key that is null', set(77, 0x01)],
  ])('%s', async (_what, damage) => {
    const directory = await damaged(damage);
    for (const read of [readAll, columnsOf, cursorOf])
      expect(errorOf(() => read(directory)).code).toBe('INVALID_RECORD');
  });

  function columnsOf(directory: string): unknown {
    using reader = LogReader.open(directory);
    return [...reader.readSync()].map((batch) => batch.columns());
  }
  function cursorOf(directory: string): void {
    using reader = LogReader.open(directory);
    for (const batch of reader.readSync()) for (const cursor = batch.cursor(); cursor.next(); );
  }

  test('an empty batch, and offsets that compaction left gaps in, are legal', async () => {
    const directory = await damaged((bytes) => {
      const empty = Buffer.from(bytes.subarray(0, 61));
      empty.writeInt32BE(49, BATCH.LENGTH);
      empty.writeInt32BE(0, BATCH.RECORD_COUNT);
      return Buffer.concat([sealed(empty), bytes.subarray(81)]);
    });
    using reader = LogReader.open(directory);
    expect([...reader.readSync()].map((batch) => batch.records().length)).toEqual([0, 1, 1, 1, 1, 1, 1, 1]);
  });
});

describe('F21: compressed records', () => {
  /** The first batch replaced by one with this payload. */
  const withPayload =
    (codec: number, payload: Buffer) =>
    (bytes: Buffer): Buffer => {
      const header = Buffer.from(bytes.subarray(0, 61));
      header.writeInt32BE(49 + payload.length, BATCH.LENGTH);
      header.writeInt16BE(codec, BATCH.ATTRIBUTES);
      return Buffer.concat([sealed(Buffer.concat([header, payload])), bytes.subarray(81)]);
    };

  test('that decompress to more than is allowed are refused before the memory is taken', async () => {
    const directory = await damaged(withPayload(1, gzipSync(Buffer.alloc(64 * 1024 * 1024))));
    using reader = LogReader.open(directory);
    const error = errorOf(() =>
      [...reader.readSync({ maxDecompressedBytes: 1024 * 1024 })].map((batch) => batch.records()),
    );
    expect(error.code).toBe('DECOMPRESSED_TOO_LARGE');
    expect(error.position).toBe(0);
  });

  test.each([1, 2, 3, 4])('of codec %i that are garbage are named as damaged', async (codec) => {
    const directory = await damaged(
      withPayload(codec, Buffer.from('this is no compressed data, whatever the attributes say')),
    );
    expect(errorOf(() => readAll(directory))).toMatchObject({ code: 'CORRUPT_COMPRESSED_DATA', position: 0 });
  });

  test.each([5, 6, 7])('F30: of the unknown codec %i are refused by name', async (codec) => {
    const directory = await damaged(withPayload(codec, Buffer.alloc(20)));
    expect(errorOf(() => readAll(directory)).code).toBe('UNSUPPORTED_CODEC');
  });
});

describe('F25: numbers beyond 2^53', () => {
  test.each([
    ['an offset', BATCH.BASE_OFFSET, 'OFFSET_NOT_EXACT'],
    ['the largest timestamp', BATCH.MAX_TIMESTAMP, 'TIMESTAMP_NOT_EXACT'],
  ])('%s is refused by name, with the exact number', async (_what, at, code) => {
    const directory = await damaged((bytes) => {
      bytes.writeBigInt64BE(2n ** 53n + 1n, at);
      return sealed(bytes);
    });
    const error = errorOf(() => readAll(directory));
    expect(error.code).toBe(code);
  });

  test('a segment named beyond them is refused, and the inspector named', async () => {
    const directory = scratchPartition();
    mkdirSync(directory);
    writeFileSync(join(directory, '09223372036854775807.log'), '');
    expect(errorOf(() => LogReader.open(directory))).toMatchObject({ code: 'OFFSET_NOT_EXACT', found: 2n ** 63n - 1n });
    await expect(Log.open(directory)).rejects.toMatchObject({ code: 'OFFSET_NOT_EXACT' });
  });
});

test('F23: a file that becomes shorter while it is read is an error, not the end of the process', async () => {
  const directory = scratchPartition();
  await using log = await Log.open(directory, { segmentBytes: 1 << 20 });
  for (let i = 0; i < 30; i++) log.appendSync({ value: Buffer.alloc(100_000) });
  using reader = LogReader.open(directory);
  const batches = reader.read();
  await batches.next();
  truncateSync(join(directory, FIRST), 50);
  const rest = async (): Promise<void> => {
    for await (const _ of batches);
    for (const _ of reader.readSync());
  };
  await expect(rest()).rejects.toMatchObject({ code: 'FILE_SHRANK' });
});
