/**
 * Message formats 0 and 1, read only: what Kafka wrote before 0.11 and still reads.
 *
 *     0          8        12       16      17           18            (format 1 only)
 *     +----------+--------+--------+-------+------------+-------------+--------+-----+----------+-------+
 *     | offset   | size   | crc    | magic | attributes | timestamp   | keyLen | key | valueLen | value |
 *     +----------+--------+--------+-------+------------+-------------+--------+-----+----------+-------+
 *       int64      int32    uint32   int8    int8         int64         int32          int32
 *
 * An entry is a plain message, or a wrapper: codec bits set, and the value a compressed run of such entries. A wrapper's
 * offset is that of its LAST message. In format 0 the offsets inside are absolute, in format 1 relative: 0, 1, 2, ...
 *
 * Source: spec 1.4, Kafka's `LegacyRecord` and `AbstractLegacyRecordBatch`. As there, the checksums of messages inside a
 * wrapper are not looked at (the wrapper's covers them), and a piece of a message at the end of a wrapper ends it.
 */
import { CODEC_IDS, type Engine } from '../engine/contract.ts';
import { SeglogError } from '../errors/errors.ts';
import { codecOf, type DecompressOptions, decompressRecords, placeOf } from './decompress.ts';

const OFFSET = 0;
const SIZE = 8;
/** `offset` and `size`, which `size` does not count. */
const ENTRY_OVERHEAD = 12;
const MAGIC = 16;
const ATTRIBUTES = 17;
/** The timestamp in format 1, the key in format 0. */
const BODY = 18;
const TIMESTAMP_LENGTH = 8;
/** The smallest `size` in format 0: crc, magic, attributes, two lengths. */
const MIN_SIZE = 14;

const CODEC_MASK = 0x07;
const LOG_APPEND_TIME = 0x08;

/** Numbers per message in {@link LegacyRecords.rows}; positions in {@link LegacyRecords.bytes}, length -1 is null. */
export const LEGACY_ROW = { keyStart: 0, keyLength: 1, valueStart: 2, valueLength: 3, length: 4 } as const;

/** The messages of one entry: one, or those in a wrapper. */
export interface LegacyRecords {
  readonly count: number;
  /** Where keys and values lie: the bytes that were given, or what a wrapper decompressed to. */
  readonly bytes: Uint8Array;
  /** See {@link LEGACY_ROW}. */
  readonly rows: Int32Array;
  /** Absolute, one a message. */
  readonly offsets: BigInt64Array;
  /** One a message; -1 in format 0. */
  readonly timestamps: BigInt64Array;
  /** Bytes at the end of a wrapper that are no whole message. Kafka passes over them in silence. */
  readonly trailingBytes: number;
}

/** What is at hand while an entry is taken apart. */
interface Source {
  readonly view: DataView;
  readonly bytes: Uint8Array;
  readonly options: DecompressOptions;
}

function sourceOf(bytes: Uint8Array, options: DecompressOptions): Source {
  return { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), bytes, options };
}

function invalid(
  options: DecompressOptions,
  message: string,
  details: { expected?: string; found?: string | number | bigint } = {},
): SeglogError {
  return new SeglogError('INVALID_RECORD', message, { ...placeOf(options), ...details });
}

/** Checks the format byte; everything above reads it as 0 or 1 after that. */
function magicAt({ view, options }: Source, start: number): 0 | 1 {
  const magic = view.getInt8(start + MAGIC);
  if (magic === 0 || magic === 1) return magic;
  throw new SeglogError('UNSUPPORTED_MAGIC', 'not a message of format 0 or 1', {
    ...placeOf(options),
    expected: '0 or 1',
    found: magic,
  });
}

/** Finds key and value of the message in `[start, end)` and writes its row. */
function locateFields(
  { view, options }: Source,
  start: number,
  end: number,
  magic: 0 | 1,
  rows: Int32Array,
  row: number,
): void {
  let at = start + BODY + (magic === 1 ? TIMESTAMP_LENGTH : 0);
  for (const [field, name] of [
    [LEGACY_ROW.keyStart, 'key'],
    [LEGACY_ROW.valueStart, 'value'],
  ] as const) {
    if (end - at < 4) throw invalid(options, `a message ends within its ${name} length`);
    const length = view.getInt32(at);
    at += 4;
    if (length < -1) throw invalid(options, `a message's ${name} length is below -1`, { found: length });
    if (length > end - at)
      throw invalid(options, `a message's ${name} runs past its end`, {
        expected: `at most ${end - at} bytes`,
        found: length,
      });
    rows[row + field] = at;
    rows[row + field + 1] = length;
    if (length > 0) at += length;
  }
}

/**
 * Takes one entry of format 0 or 1, which fills `bytes[start, start + size)`, apart. Its checksum is not looked at.
 *
 * @throws SeglogError `INVALID_RECORD`, `UNSUPPORTED_MAGIC`, `UNSUPPORTED_CODEC`, `CORRUPT_COMPRESSED_DATA`,
 * `DECOMPRESSED_TOO_LARGE`
 */
export function decodeLegacyBatch(
  engine: Engine,
  bytes: Uint8Array,
  start: number,
  size: number,
  options: DecompressOptions = {},
): LegacyRecords {
  const source = sourceOf(bytes, options);
  if (size < ENTRY_OVERHEAD + MIN_SIZE) {
    throw invalid(options, 'a message is smaller than its fixed fields', {
      expected: `at least ${ENTRY_OVERHEAD + MIN_SIZE} bytes`,
      found: size,
    });
  }
  const magic = magicAt(source, start);
  const row = new Int32Array(LEGACY_ROW.length);
  locateFields(source, start, start + size, magic, row, 0);
  const offset = source.view.getBigInt64(start + OFFSET);
  const timestamp = magic === 0 ? -1n : source.view.getBigInt64(start + BODY);
  const attributes = source.view.getInt8(start + ATTRIBUTES);
  const codec = codecOf(attributes & CODEC_MASK, magic, options);
  if (codec === CODEC_IDS.none) {
    return {
      count: 1,
      bytes,
      rows: row,
      offsets: BigInt64Array.of(offset),
      timestamps: BigInt64Array.of(timestamp),
      trailingBytes: 0,
    };
  }
  const valueStart = row[LEGACY_ROW.valueStart] ?? 0;
  const valueLength = row[LEGACY_ROW.valueLength] ?? -1;
  if (valueLength < 0) throw invalid(options, 'a compressed wrapper has a null value');
  const inner = decompressRecords(engine, codec, magic, bytes, valueStart, valueStart + valueLength, options);
  const stamp = (attributes & LOG_APPEND_TIME) === 0 ? undefined : timestamp;
  return decodeWrapped(sourceOf(inner, options), magic, offset, stamp);
}

/** The starts of the whole messages in a wrapper, and how many bytes remain behind the last. */
function findMessages({ view, bytes, options }: Source): { starts: number[]; trailingBytes: number } {
  const starts: number[] = [];
  let at = 0;
  while (bytes.length - at >= ENTRY_OVERHEAD) {
    const size = view.getInt32(at + SIZE);
    if (size < MIN_SIZE)
      throw invalid(options, 'a message in a wrapper is smaller than its fixed fields', {
        expected: `at least ${MIN_SIZE} bytes`,
        found: size,
      });
    if (size > bytes.length - at - ENTRY_OVERHEAD) break;
    starts.push(at);
    at += ENTRY_OVERHEAD + size;
  }
  if (starts.length === 0) throw invalid(options, 'a compressed wrapper has no messages');
  return { starts, trailingBytes: bytes.length - at };
}

/** The messages in a wrapper. `stamp` overrides the timestamps inside (LogAppendTime). */
function decodeWrapped(
  source: Source,
  wrapperMagic: 0 | 1,
  wrapperOffset: bigint,
  stamp: bigint | undefined,
): LegacyRecords {
  const { view, bytes, options } = source;
  const { starts, trailingBytes } = findMessages(source);
  const count = starts.length;
  const rows = new Int32Array(count * LEGACY_ROW.length);
  const offsets = new BigInt64Array(count);
  const timestamps = new BigInt64Array(count);
  const base =
    wrapperMagic === 0 ? 0n : relativeBase(wrapperOffset, view.getBigInt64((starts[count - 1] ?? 0) + OFFSET), options);
  for (const [index, start] of starts.entries()) {
    const end = start + ENTRY_OVERHEAD + view.getInt32(start + SIZE);
    const magic = magicAt(source, start);
    if ((view.getInt8(start + ATTRIBUTES) & CODEC_MASK) !== 0)
      throw invalid(options, 'a message in a wrapper is compressed itself');
    locateFields(source, start, end, magic, rows, index * LEGACY_ROW.length);
    offsets[index] = base + view.getBigInt64(start + OFFSET);
    timestamps[index] = magic === 0 ? -1n : (stamp ?? view.getBigInt64(start + BODY));
  }
  return { count, bytes, rows, offsets, timestamps, trailingBytes };
}

/** What is added to the relative offsets in a format 1 wrapper. */
function relativeBase(wrapperOffset: bigint, lastInner: bigint, options: DecompressOptions): bigint {
  // Old librdkafka versions left the wrapper's offset at 0.
  if (wrapperOffset === 0n) return 0n;
  if (wrapperOffset < lastInner) {
    throw invalid(options, "a wrapper's offset is below its last message's", {
      expected: `at least ${lastInner}`,
      found: wrapperOffset,
    });
  }
  return wrapperOffset - lastInner;
}
