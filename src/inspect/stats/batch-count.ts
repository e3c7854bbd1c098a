/** Counts one whole, valid batch after the other, of any format: what its header says, and its records. */
import { CODEC_IDS, type Engine, type RecordFault } from '../../engine/contract.ts';
import { SeglogError } from '../../errors/errors.ts';
import {
  ATTRIBUTES,
  BATCH,
  baseOffsetOf,
  HEADER_SIZE,
  lastOffsetOf,
  LEGACY,
  magicOf,
  maxTimestampOf,
} from '../../format/batch.ts';
import { FAULT_TEXTS } from '../../record/batch-error.ts';
import { codecOf, DecompressionMemory, decompressRecords } from '../../record/decompress.ts';
import { decodeLegacyBatch } from '../../record/legacy.ts';
import type { FindingCode } from '../findings/catalogue.ts';
import { readInt64 } from '../int64.ts';
import { type FindingDetails, makeFinding } from '../verify/finding.ts';
import { unreadableCode } from '../verify/segment/batch-check.ts';
import { controlTypeAt } from '../verify/segment/control.ts';
import type { FindingSink } from '../verify/sink.ts';
import { isWithin, type RangeLimits } from './filter.ts';
import { type RecordBase, RecordCount } from './record-count.ts';
import type { Tally } from './tally.ts';

/** What is counted, and how. */
export interface CountContext {
  readonly engine: Engine;
  readonly tally: Tally;
  readonly limits: RangeLimits | undefined;
  readonly maxBatchBytes: number;
}

/** Counts batches of one file. The fields tell of the batch that was taken last. */
export class BatchCount {
  /** Whether it is within the limits, so that it was counted. */
  isCounted = false;
  /** Whether no batch behind it can be within the limits. */
  isBeyond = false;
  /** Data records of it that were counted. */
  records = 0;
  firstOffset = 0;
  lastOffset = 0;
  /** Of its data records with a timestamp; NaN without one. */
  minTimestamp: number = NaN;
  maxTimestamp: number = NaN;
  readonly #context: CountContext;
  readonly #path: string;
  readonly #source: number;
  readonly #sink: FindingSink;
  readonly #records: RecordCount;
  readonly #memory: DecompressionMemory = new DecompressionMemory(true);
  #position = 0;

  constructor(context: CountContext, path: string, source: number, sink: FindingSink) {
    this.#context = context;
    this.#path = path;
    this.#source = source;
    this.#sink = sink;
    this.#records = new RecordCount(context.tally, context.limits);
  }

  /** Takes the batch of `size` bytes at `bytes[at..]`, which starts at `position` of the file. */
  take(bytes: Uint8Array, view: DataView, at: number, size: number, position: number): void {
    this.#position = position;
    this.records = 0;
    this.minTimestamp = NaN;
    this.maxTimestamp = NaN;
    this.firstOffset = baseOffsetOf(view, at);
    this.lastOffset = lastOffsetOf(view, at);
    const magic = magicOf(view, at);
    const mayBeWithin = this.#mayBeWithin(view, at, magic);
    this.isCounted = mayBeWithin;
    if (!mayBeWithin) return;
    if (magic === 0 || magic === 1) this.#legacy(bytes, view, at, size, magic);
    else if (magic === 2) this.#batch(bytes, view, at, size);
    else this.#unreadable('UNSUPPORTED_MAGIC', { expected: '0, 1 or 2', found: magic });
    if (!this.isCounted) return;
    const { tally } = this.#context;
    tally.counts.batches++;
    tally.counts.bytes += size;
    tally.counts.records += this.records;
    tally.batchBytes.add(size);
    tally.addOffsets(this.firstOffset, this.lastOffset);
    // Markers come when transactions end, and say nothing of when data came.
    const isControl = magic === 2 && (view.getUint8(at + BATCH.ATTRIBUTES + 1) & ATTRIBUTES.CONTROL) !== 0;
    const maxTimestamp = this.#latestCounted(maxTimestampOf(view, at));
    if (!isControl && tally.timestamps.isPlausible(maxTimestamp)) tally.growth.addBatch(maxTimestamp, size);
  }

  /** The largest timestamp of what is within the limits: the header's may be of a record that is not. */
  #latestCounted(ofHeader: number): number {
    const { limits } = this.#context;
    if (limits === undefined) return ofHeader;
    return Number.isNaN(this.maxTimestamp) ? Math.min(ofHeader, limits.toTime) : this.maxTimestamp;
  }

  /** What the header says of the limits. */
  #mayBeWithin(view: DataView, at: number, magic: number): boolean {
    const { limits } = this.#context;
    if (limits === undefined) return true;
    this.isBeyond = magic === 2 && this.firstOffset > limits.toOffset;
    if (this.isBeyond || this.lastOffset < limits.fromOffset) return false;
    return magic !== 2 || maxTimestampOf(view, at) >= limits.fromTime;
  }

  #batch(bytes: Uint8Array, view: DataView, at: number, size: number): void {
    const { tally } = this.#context;
    const attributes = view.getUint8(at + BATCH.ATTRIBUTES + 1);
    const count = view.getInt32(at + BATCH.RECORD_COUNT);
    const codec = attributes & ATTRIBUTES.CODEC_MASK;
    const start = at + HEADER_SIZE;
    const isPlain = codec === CODEC_IDS.none;
    const isControl = (attributes & ATTRIBUTES.CONTROL) !== 0;
    const isAppendTime = (attributes & ATTRIBUTES.LOG_APPEND_TIME) !== 0;
    const records = isPlain ? bytes : this.#decompress(codec, bytes, start, at + size, count);
    const storedBytes = size - HEADER_SIZE;
    if (records === undefined) return tally.addCodec(codec, 0, storedBytes, storedBytes);
    const from = isPlain ? start : 0;
    const to = isPlain ? at + size : records.length;
    const base = {
      baseOffset: this.firstOffset,
      baseTimestamp: Number(readInt64(view, at + BATCH.BASE_TIMESTAMP)),
      stamp: isAppendTime ? maxTimestampOf(view, at) : undefined,
    };
    if (isControl) {
      this.#control(records, from, to, count, base, view, at);
    } else {
      this.#records.run(records, from, to, count, base, this.#source, this.#position);
      this.#takeRecords(count);
    }
    this.#tellFault(from);
    if (!this.isCounted) return;
    tally.addCodec(codec, this.records, storedBytes, to - from);
    if (isControl) return;
    if (isAppendTime) tally.timestamps.appendTimeBatches++;
    else tally.timestamps.createTimeBatches++;
    const isTransactional = (attributes & ATTRIBUTES.TRANSACTIONAL) !== 0;
    tally.producers.batch(view, at, isTransactional, this.records, this.firstOffset);
  }

  /** Takes over what was counted of the records; without one within the limits the batch is not counted. */
  #takeRecords(count: number): void {
    const { counted, minTimestamp, maxTimestamp } = this.#records;
    this.records = counted;
    this.minTimestamp = minTimestamp;
    this.maxTimestamp = maxTimestamp;
    if (this.#context.limits !== undefined && counted === 0 && count > 0) this.isCounted = false;
    else this.#context.tally.batchRecords.add(counted);
  }

  #control(
    bytes: Uint8Array,
    start: number,
    end: number,
    count: number,
    { baseOffset, baseTimestamp, stamp }: RecordBase,
    view: DataView,
    at: number,
  ): void {
    const { tally, limits } = this.#context;
    const { cursor } = this.#records;
    let counted = 0;
    cursor.reset(bytes, start, end, count);
    while (cursor.next()) {
      const timestamp = stamp ?? baseTimestamp + cursor.timestampDelta;
      if (limits !== undefined && !isWithin(limits, baseOffset + cursor.offsetDelta, timestamp)) continue;
      counted++;
      tally.producers.controlRecord(view, at, controlTypeAt(bytes, cursor));
    }
    if (limits !== undefined && counted === 0 && count > 0) this.isCounted = false;
    else tally.producers.controlBatch();
    tally.counts.controlRecords += counted;
  }

  #legacy(bytes: Uint8Array, view: DataView, at: number, size: number, magic: 0 | 1): void {
    const { engine, tally, maxBatchBytes } = this.#context;
    const attributes = view.getUint8(at + LEGACY.ATTRIBUTES);
    const codec = attributes & ATTRIBUTES.CODEC_MASK;
    try {
      const options = { maxDecompressedBytes: maxBatchBytes, memory: this.#memory };
      const messages = decodeLegacyBatch(engine, bytes, at, size, options);
      this.#records.runLegacy(messages, magic, this.#source, this.#position);
      this.#takeRecords(messages.count);
      // The header has the last one's.
      this.firstOffset = Number(messages.offsets[0]);
      this.lastOffset = Math.max(this.lastOffset, Number(messages.offsets[messages.count - 1]));
      if (!this.isCounted) return;
      tally.addCodec(codec, this.records, size, codec === CODEC_IDS.none ? size : messages.bytes.length);
    } catch (error) {
      this.#tellUnreadable(error);
      tally.addCodec(codec, 0, size, size);
    }
    if (magic === 0) return;
    if ((attributes & ATTRIBUTES.LOG_APPEND_TIME) === 0) tally.timestamps.createTimeBatches++;
    else tally.timestamps.appendTimeBatches++;
  }

  #decompress(codec: number, bytes: Uint8Array, start: number, end: number, count: number): Uint8Array | undefined {
    // Compaction leaves such batches behind.
    if (count === 0 && start === end) return bytes.subarray(start, end);
    const { engine, maxBatchBytes } = this.#context;
    try {
      const options = { maxDecompressedBytes: maxBatchBytes, memory: this.#memory };
      return decompressRecords(engine, codecOf(codec, 2), 2, bytes, start, end, options);
    } catch (error) {
      this.#tellUnreadable(error);
      return undefined;
    }
  }

  /** Tells what the cursor stopped at, if anything. */
  #tellFault(start: number): void {
    const { fault, faultRecord, faultPosition } = this.#records.cursor;
    if (fault === 0) return;
    const where = `Record ${faultRecord} of a batch cannot be read, ${faultPosition - start} bytes into its records`;
    this.#unreadable('INVALID_RECORD', { message: `${where}: ${FAULT_TEXTS[fault as RecordFault]}` });
  }

  /** Tells why records cannot be had. @throws what tells of nothing like that */
  #tellUnreadable(error: unknown): void {
    const code = unreadableCode(error);
    if (code === undefined || !(error instanceof SeglogError)) throw error;
    const { expected, found } = error;
    const known = { ...(expected === undefined ? {} : { expected }), ...(found === undefined ? {} : { found }) };
    this.#unreadable(code, expected === undefined && found === undefined ? { message: error.message } : known);
  }

  #unreadable(code: FindingCode, details: FindingDetails): void {
    this.#context.tally.counts.unreadableBatches++;
    const offsets = [this.firstOffset, this.lastOffset] as const;
    this.#sink.add(makeFinding(code, this.#path, { position: this.#position, offsets, ...details }));
  }
}
