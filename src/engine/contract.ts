/**
 * The hot path's one list of signatures. Two engines implement it: `native` (Rust through Node-API) and `ts` (this
 * language alone). For the same bytes they give the same results and the same errors; only compressed payloads may
 * differ, where the codec's library does, and what `decompress` says of damaged ones.
 *
 * Duties that hold for every call: one call per batch or chunk, never one per record; no objects, bigints or buffers
 * made per record; no size taken from the input is trusted before it is checked against the bytes present; buffers
 * belong to the caller and are not kept.
 */
import type { AppendFile, AppendOptions, File, FileSystem, Lock } from '../fs/contract.ts';
import type { CleaningEngine } from './cleaning.ts';

export { CLEAN_RULES, CLEAN_STATE, CLEAN_STOPS, MAP_STATE, OFFSET_MAP_SLOT_BYTES } from './cleaning.ts';
export type { OffsetMap } from './cleaning.ts';

/** Attribute bits 0-2 of a batch: how its records are compressed. */
export const CODEC_IDS = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const;
/** A codec's number in the attributes. */
export type CodecId = (typeof CODEC_IDS)[keyof typeof CODEC_IDS];

/** Why `scanBatches` stopped. */
export const SCAN_STOPS = {
  /** All bytes were whole batches. */
  end: 0,
  /** The bytes end within a batch; `need` tells its size (17 when not even the header's first bytes are there). */
  partial: 1,
  /** `rows` is full. */
  full: 2,
  /** A size field below 14: a zero tail (size 0) or corruption. */
  invalidSize: 3,
  /** The checksum does not match, or the batch is too small for its format. Only when `verify` is set. */
  invalidCrc: 4,
} as const;
export type ScanStop = (typeof SCAN_STOPS)[keyof typeof SCAN_STOPS];

/** Numbers per batch in `rows`: where it starts in the buffer, and its size. */
export const SCAN_ROW = { start: 0, size: 1, length: 2 } as const;

/** What a scan reports, in a Float64Array of `length` numbers. */
export const SCAN_OUTCOME = {
  /** How many batches were found. */
  count: 0,
  /** Where scanning stopped in the buffer: the start of the first batch not in `rows`. */
  end: 1,
  /** A {@link ScanStop}. */
  stop: 2,
  /** With `partial`: the size of the batch that does not fit. */
  need: 3,
  /** How many bytes of the buffer are filled (`readBatches` only). */
  filled: 4,
  length: 5,
} as const;

/**
 * Numbers per record in decoded columns. Positions count from the start of the buffer that was decoded; a length of
 * -1 is null. The timestamp delta is an int64 in two halves.
 */
export const RECORD_ROW = {
  offsetDelta: 0,
  timestampDeltaLow: 1,
  timestampDeltaHigh: 2,
  keyStart: 3,
  keyLength: 4,
  valueStart: 5,
  valueLength: 6,
  /** Where the header count stands. */
  headersStart: 7,
  length: 8,
} as const;

/** What is wrong with a record; 0 is nothing. Both engines, and the cursor in `format`, name the same first fault. */
export const RECORD_FAULTS = {
  none: 0,
  /** A varint of more than 5 bytes, or a varlong of more than 10. */
  varintTooLong: 1,
  /** A record, or a field in it, runs past the end of the bytes. */
  truncated: 2,
  /** A key or value length below -1, or a record length below 0. */
  invalidLength: 3,
  /** A header count below 0 or above the bytes that remain, or a null header key. */
  invalidHeaders: 4,
  /** The fields end before or after the record's own length says. */
  lengthMismatch: 5,
  /** Bytes remain behind the last record. */
  trailingBytes: 6,
} as const;
export type RecordFault = (typeof RECORD_FAULTS)[keyof typeof RECORD_FAULTS];

/** What `decodeRecords` reports, in an Int32Array of `length` numbers. */
export const DECODE_OUTCOME = {
  /** A {@link RecordFault}. */
  fault: 0,
  /** Which record (0, 1, ...) has it. */
  record: 1,
  /** Where that record starts in the buffer. */
  position: 2,
  length: 3,
} as const;

/** What `locate` reports, in a Float64Array of `length` numbers. */
export const LOCATE_OUTCOME = {
  /** 1: found; 0: the data end before; 2: the batch at `position` has a size that cannot be, at all or in its format. */
  found: 0,
  /** Where the batch starts in the file; when none was found, where the search ended. */
  position: 1,
  /** Its size in bytes. */
  size: 2,
  /** Where its first bytes (at least 17, 61 in format 2) stand in the scratch buffer. */
  header: 3,
  length: 4,
} as const;

/** What `checkRecords` reports, in an Int32Array of `length` numbers. */
export const RECORD_CHECK = {
  /** As in {@link DECODE_OUTCOME}; the other numbers are of the records before the fault. */
  fault: 0,
  record: 1,
  position: 2,
  /** 1 when an offset delta is not above the one before, or below 0; and the first such. */
  isFalling: 3,
  firstFalling: 4,
  /** The last record's; -1 without records. */
  lastOffsetDelta: 5,
  /** The largest, an int64 in two halves; the least int64 without records. */
  maxTimestampDeltaLow: 6,
  maxTimestampDeltaHigh: 7,
  length: 8,
} as const;

/** How `recordLines` writes keys, values and headers. */
export const LINE_ENCODINGS = {
  base64: 0,
  /** Text; base64 where bytes are not valid UTF-8. */
  utf8: 1,
  hex: 2,
  /** As `utf8`, but control characters (of ASCII, less tab, line feed and carriage return) also make it base64. */
  auto: 3,
} as const;
/** A number of {@link LINE_ENCODINGS}. */
export type LineEncoding = (typeof LINE_ENCODINGS)[keyof typeof LINE_ENCODINGS];

/** Bits of what `recordLines` tells sizes of, and nothing else. */
export const LINE_REDACTED = { keys: 1, values: 2, headers: 4 } as const;

/**
 * `recordLines`' state, in an Int32Array of `length` numbers. The caller sets `position`, `record` = 0, and everything from
 * `count` on; the engine goes on from where it was. An int64 is in two halves.
 */
export const LINE_STATE = {
  /** Where in the bytes the next record starts, or the one with the fault, or what is behind the last one. */
  position: 0,
  /** The next record's number (0, 1, ...), or that of the one with the fault. */
  record: 1,
  /** How many bytes this call wrote: whole lines. */
  written: 2,
  /** A {@link RecordFault}, found behind the lines that were written. */
  fault: 3,
  /** How many records the batch says it has. */
  count: 4,
  baseOffsetLow: 5,
  baseOffsetHigh: 6,
  /** The base timestamp; with `isAppendTime` the largest one, which is every record's. */
  timestampLow: 7,
  timestampHigh: 8,
  /** 1 where the broker stamped the records. */
  isAppendTime: 9,
  /** A {@link LineEncoding}. */
  encoding: 10,
  /** Bits of {@link LINE_REDACTED}. */
  redacted: 11,
  length: 12,
} as const;

/** The hot path; the cleaner's part of it stands in cleaning.ts. */
export interface Engine extends CleaningEngine {
  readonly name: 'native' | 'ts';
  /** The library's version, and of the native one what it found of the processor. */
  readonly description: string;

  /** CRC-32C (Castagnoli) of `bytes[start, end)` as an unsigned int32: batches of format 2, snapshots. */
  crc32c(bytes: Uint8Array, start: number, end: number): number;
  /** CRC-32 (IEEE) of `bytes[start, end)` as an unsigned int32: formats 0 and 1. */
  crc32(bytes: Uint8Array, start: number, end: number): number;
  /** Writes the checksum of a format 2 batch that fills `batch[0, length)` to its place. */
  sealBatch(batch: Uint8Array, length: number): void;

  /** The most bytes that compressing `length` bytes can give. */
  compressBound(codec: CodecId, length: number): number;
  /**
   * Compresses `source[start, end)` to `target[targetStart..]` in Kafka's framing for that codec (spec: gzip member,
   * xerial snappy, lz4 frame, zstd frame); returns the number of bytes written. `target` has room for the bound.
   * `level` is Kafka's for that codec; lz4's default 9 is the fast compressor, any other level the high one.
   */
  compress(
    codec: CodecId,
    level: number,
    source: Uint8Array,
    start: number,
    end: number,
    target: Uint8Array,
    targetStart: number,
  ): number;
  /**
   * Decompresses `source[start, end)` to `target`; returns the number of bytes, or -1 when `target` is too small (call
   * again with a larger one). Never writes past `target`, never allocates in proportion to a size the input claims.
   * `magic` 0 skips the check of the lz4 header checksum. Raises `CORRUPT_COMPRESSED_DATA` or `UNSUPPORTED_CODEC`.
   * Of bytes that are both damaged and more than `target` holds, an engine tells whichever it notices first. What
   * libzstd does not check is in docs/design.md.
   */
  decompress(codec: CodecId, magic: number, source: Uint8Array, start: number, end: number, target: Uint8Array): number;

  /**
   * Finds the whole batches (any format) in `bytes[start, end)`: fills `rows` ({@link SCAN_ROW}) and `outcome`
   * ({@link SCAN_OUTCOME}). With `verify`, checksums are checked too. Never raises for what the bytes hold.
   */
  scanBatches(
    bytes: Uint8Array,
    start: number,
    end: number,
    verify: boolean,
    rows: Int32Array,
    outcome: Float64Array,
  ): void;
  /**
   * Reads `length` bytes of `file` at `position` to the start of `bytes`, and scans what was there. Raises `INVALID_ARGUMENT` when
   * `bytes` has no such length, or no file such a position.
   */
  readBatches(
    file: File,
    position: number,
    bytes: Uint8Array,
    length: number,
    verify: boolean,
    rows: Int32Array,
    outcome: Float64Array,
  ): void;
  /** The same off the calling thread. `bytes`, `rows` and `outcome` belong to the engine until the promise settles. */
  readBatchesAsync(
    file: File,
    position: number,
    bytes: Uint8Array,
    length: number,
    verify: boolean,
    rows: Int32Array,
    outcome: Float64Array,
  ): Promise<void>;
  /**
   * Finds, reading headers from `position` on, the first batch that ends at `targetOffset` or later, before file
   * position `end`. `scratch` (at least 128 bytes; 4 to 8 KiB saves calls) holds its first bytes afterwards. Raises
   * `INVALID_ARGUMENT` for positions that no file has.
   */
  locate(
    file: File,
    position: number,
    end: number,
    targetOffset: number,
    scratch: Uint8Array,
    outcome: Float64Array,
  ): void;

  /**
   * Finds the first batch of a segment that ends at `targetOffset` or later: searches the offset index (`count` entries,
   * relative to `baseOffset`) and then headers, before file position `end`. Scratch and outcome as for `locate`.
   */
  find(
    file: File,
    entries: Uint8Array,
    count: number,
    baseOffset: number,
    end: number,
    targetOffset: number,
    scratch: Uint8Array,
    outcome: Float64Array,
  ): void;

  /**
   * Decodes `count` format 2 records that fill `bytes[start, end)` to `rows` ({@link RECORD_ROW}); reports to `outcome`
   * ({@link DECODE_OUTCOME}). `rows` has room for `count`. A negative or too large `count` is a fault of the record
   * at which the bytes end.
   */
  decodeRecords(
    bytes: Uint8Array,
    start: number,
    end: number,
    count: number,
    rows: Int32Array,
    outcome: Int32Array,
  ): void;

  /** Goes over records as `decodeRecords` does, and reports to `outcome` ({@link RECORD_CHECK}) what they are judged by. */
  checkRecords(bytes: Uint8Array, start: number, end: number, count: number, outcome: Int32Array): void;

  /**
   * Writes the JSON lines of format 2 records to `target`, until it has no room for the next one's, all are written, or
   * one cannot be read. The records are those from `state[position]` on ({@link LINE_STATE}), and end at `end`. Nothing
   * written and no fault means a line that is larger than `target`. A negative or too large `count` is a fault as in
   * `decodeRecords`. The lines, where the encodings but the first are there only where they differ from it:
   *
   *     {"type":"record","offset":N,"timestamp":N,"key":S|null,"value":S|null,"headers":[[S,S|null],...],"encoding":E
   *     ,"keyEncoding":E,"valueEncoding":E,"headerEncodings":[[E,E],...]}
   */
  recordLines(bytes: Uint8Array, end: number, target: Uint8Array, state: Int32Array): void;

  /**
   * Kafka's index search: among `count` entries of `entrySize` bytes (8: offset index, key int32; 12: time index, key
   * int64) the slot of the last entry whose key is <= `target`, or -1. Looks in the warm last 8192 bytes first.
   */
  searchIndex(entries: Uint8Array, count: number, entrySize: 8 | 12, target: number): number;
  /**
   * The index entries of a sealed segment, from its batches in order: Kafka's rule for when an entry is added.
   * Feed it chunk after chunk with the same `state`, whose fields are those of {@link BUILD_STATE}.
   */
  buildIndex(
    bytes: Uint8Array,
    rows: Int32Array,
    count: number,
    state: Float64Array,
    offsetEntries: Uint8Array,
    timeEntries: Uint8Array,
  ): void;

  /**
   * Recovery's pass over a segment: goes over the batches of `file` from `state[position]` to `end`, checksums included,
   * builds the index entries that are due (as `buildIndex` does), and writes rows ({@link RECOVERY_ROW}) of those batches
   * that have a producer, another leader epoch than the batch before, or a control record. `state` has the fields of
   * {@link RECOVERY_STATE}; why it returned stands there too ({@link RECOVERY_STOPS}).
   *
   * Where offsets fall (a batch starts below the end of the one before, or ends below its start) `fallPosition` is set, and
   * neither entries nor rows are written from there on; batches are gone over to tell whether Kafka's recovery would notice.
   *
   * `scratch` has at least {@link RECOVERY_SCRATCH_BYTES}; 2 MiB are fastest, and let the native engine use two threads. Never raises for what the bytes hold.
   */
  recover(
    file: File,
    end: number,
    scratch: Uint8Array,
    state: Float64Array,
    rows: Float64Array,
    offsetEntries: Uint8Array,
    timeEntries: Uint8Array,
  ): void;
  /**
   * The same off the calling thread (the TypeScript engine's checksums are on it). All arrays belong to the engine until
   * the promise settles.
   */
  recoverAsync(
    file: File,
    end: number,
    scratch: Uint8Array,
    state: Float64Array,
    rows: Float64Array,
    offsetEntries: Uint8Array,
    timeEntries: Uint8Array,
  ): Promise<void>;

  /** Opens a log file for appending the best way this engine has on that file system. */
  openAppend(fs: FileSystem, path: string, options: AppendOptions): AppendFile;
  /**
   * Locks a log directory the best way this engine has: always by {@link FileSystem.lockDirectory}, and in native code by
   * Kafka's `.lock` as well, so that a broker and we keep each other out whoever comes first.
   *
   * @throws SeglogError `LOG_LOCKED` when somebody else has it; `IO`, `NOT_A_REGULAR_FILE`
   */
  lockDirectory(fs: FileSystem, path: string): Promise<Lock>;
}

/**
 * `buildIndex`'s state, in a Float64Array of `length` numbers, kept between chunks of one segment. The caller sets
 * `baseOffset`, `position`, `interval` and `maxTimestamp` = -1 and 0 elsewhere; `lastTimeIndexed` starts at -1.
 */
export const BUILD_STATE = {
  /** The segment's base offset. */
  baseOffset: 0,
  /** `index.interval.bytes`. */
  interval: 1,
  /** The file position of the next batch; advanced by each batch's size. */
  position: 2,
  /** Bytes appended since the last offset entry. */
  sinceLastEntry: 3,
  /** The largest timestamp so far, and the last offset of the first batch that has it. */
  maxTimestamp: 4,
  offsetOfMaxTimestamp: 5,
  /** The timestamp of the last time entry, -1 before the first. */
  lastTimeIndexed: 6,
  /** How many entries this call wrote to `offsetEntries` and `timeEntries` (reset by each call). */
  offsetCount: 7,
  timeCount: 8,
  /** Set to 1 when a batch's last offset does not fit 0 .. 2^31-1 above the base; the batch is not indexed. */
  overflow: 9,
  length: 10,
} as const;

/** The fewest bytes that `recover` needs to read into. */
export const RECOVERY_SCRATCH_BYTES: number = 64 * 1024;

/** Numbers per batch that recovery must look at. Those of format 2 alone are -1 in the older formats. */
export const RECOVERY_ROW = {
  /** Where it stands in the file, and how many bytes it has. */
  position: 0,
  size: 1,
  /** Formats 0 and 1 tell their last offset only: it stands in both places. */
  baseOffset: 2,
  lastOffset: 3,
  maxTimestamp: 4,
  leaderEpoch: 5,
  attributes: 6,
  producerId: 7,
  producerEpoch: 8,
  baseSequence: 9,
  /** The first record's type in a control batch, or one of {@link RECOVERY_CONTROL}. */
  controlType: 10,
  /** The coordinator epoch of an end marker; -1 elsewhere. */
  coordinatorEpoch: 11,
  length: 12,
} as const;

/** What a row says in place of a control record's type (spec 1.3). Types below 0, which nobody knows, become 32767. */
export const RECOVERY_CONTROL = {
  /** Not a control batch. */
  none: -1,
  /** A control batch without records. */
  empty: -2,
  /** A control batch that is compressed, malformed, or larger than 64 KiB. */
  unreadable: -3,
} as const;

/** Why `recover` returned; the first five are those of {@link SCAN_STOPS}. */
export const RECOVERY_STOPS = {
  end: 0,
  partial: 1,
  full: 2,
  invalidSize: 3,
  invalidCrc: 4,
  /** As many bytes were gone over as the call was to: call again. So it is after `full`, for entries and rows. */
  budget: 5,
  /** The batch's last offset is more than 2^31 - 1 above the segment's base. */
  overflow: 6,
  /** The batch's last offset is below the segment's base. */
  belowBase: 7,
  /** Offsets fell before, and Kafka's recovery notices at this batch: an index entry is due that does not rise. */
  invalidOffset: 8,
} as const;
export type RecoveryStop = (typeof RECOVERY_STOPS)[keyof typeof RECOVERY_STOPS];

/**
 * `recover`'s state, in a Float64Array of `length` numbers: the fields of {@link BUILD_STATE} (`overflow` unused), then its
 * own. The caller sets `baseOffset`, `interval`, `budgetBytes`, `nextOffset` = the base offset, -1 in `maxTimestamp`,
 * `lastTimeIndexed`, `leaderEpoch` and `fallPosition`, and 0 elsewhere.
 */
export const RECOVERY_STATE = {
  baseOffset: 0,
  interval: 1,
  position: 2,
  sinceLastEntry: 3,
  maxTimestamp: 4,
  offsetOfMaxTimestamp: 5,
  lastTimeIndexed: 6,
  offsetCount: 7,
  timeCount: 8,
  overflow: 9,
  /** How many rows this call wrote. */
  rowCount: 10,
  /** A {@link RecoveryStop}. */
  stop: 11,
  /** After how many bytes a call returns, at the end of a batch. */
  budgetBytes: 12,
  /** How many batches there were so far. */
  batches: 13,
  /** The offset behind the last batch, or behind the last one before offsets fell. */
  nextOffset: 14,
  /** The leader epoch of the last batch, -1 in formats 0 and 1. */
  leaderEpoch: 15,
  /** Offset and time entries so far, those that a fall keeps from being written included, and the last ones' offsets. */
  offsetTotal: 16,
  lastOffsetIndexed: 17,
  timeTotal: 18,
  lastTimeOffset: 19,
  /** Where the first batch stands that does not rise; -1 when there is none. */
  fallPosition: 20,
  /** What `maxTimestamp`, `offsetOfMaxTimestamp` and `lastTimeIndexed` were there: the first fields go on beyond it. */
  fallMaxTimestamp: 21,
  fallOffsetOfMaxTimestamp: 22,
  fallLastTimeIndexed: 23,
  length: 24,
} as const;
