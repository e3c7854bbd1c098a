/**
 * What a batch says of itself, and its records: everything that one whole batch of format 2 with a right checksum can be
 * wrong in. What the checksum covers is as it was written, so a fault here is the writer's.
 */
import { CODEC_IDS, type Engine, RECORD_CHECK, type RecordFault } from '../../../engine/contract.ts';
import { SeglogError } from '../../../errors/errors.ts';
import { ATTRIBUTES, BATCH, HEADER_SIZE } from '../../../format/batch.ts';
import { RecordCursor } from '../../../format/record-v2.ts';
import { joinInt64 } from '../../../format/varint.ts';
import { FAULT_TEXTS } from '../../../record/batch-error.ts';
import { codecOf, DecompressionMemory, decompressRecords } from '../../../record/decompress.ts';
import type { FindingCode } from '../../findings/catalogue.ts';
import { addExact, type Int64, readInt64 } from '../../int64.ts';
import { type FindingDetails, makeFinding } from '../finding.ts';
import type { FindingSink } from '../sink.ts';
import { controlProblem, controlTypeAt } from './control.ts';

/** Bits of the attributes that Kafka gives a meaning. */
const KNOWN_ATTRIBUTES = 0x7f;

/** What reading compressed records can end with, and is a finding. */
const UNREADABLE = [
  'UNSUPPORTED_CODEC',
  'CORRUPT_COMPRESSED_DATA',
  'DECOMPRESSED_TOO_LARGE',
  'INVALID_RECORD',
] as const;
/** One of {@link UNREADABLE}. */
type UnreadableCode = (typeof UNREADABLE)[number];

/** The code when an error tells of records that cannot be read; undefined for any other error. */
export function unreadableCode(error: unknown): UnreadableCode | undefined {
  return error instanceof SeglogError ? UNREADABLE.find((code) => code === error.code) : undefined;
}

/** Checks one batch after the other. The fields tell of the batch that `check` took last. */
export class BatchCheck {
  base: Int64 = 0;
  last: Int64 = 0;
  maxTimestamp: Int64 = -1;
  epoch = -1;
  count = 0;
  hasProducer = false;
  isTransactional = false;
  /** Whether compaction took records out of it. */
  isCompacted = false;
  /** Types of the first and the last record of a control batch; undefined for any other batch. */
  firstControlType: number | undefined;
  lastControlType: number | undefined;
  readonly #engine: Engine;
  readonly #path: string;
  readonly #sink: FindingSink;
  readonly #maxBytes: number;
  readonly #cursor: RecordCursor = new RecordCursor();
  readonly #found: Int32Array = new Int32Array(RECORD_CHECK.length);
  readonly #memory: DecompressionMemory = new DecompressionMemory(true);
  #position = 0;

  constructor(engine: Engine, path: string, sink: FindingSink, maxBytes: number) {
    this.#engine = engine;
    this.#path = path;
    this.#sink = sink;
    this.#maxBytes = maxBytes;
  }

  /** Takes the batch of `size` bytes at `bytes[at..]`, which starts at `position` of the file. False when its header cannot be. */
  check(bytes: Uint8Array, view: DataView, at: number, size: number, position: number): boolean {
    this.#position = position;
    this.firstControlType = this.lastControlType = undefined;
    const attributes = view.getUint16(at + BATCH.ATTRIBUTES);
    const lastOffsetDelta = view.getInt32(at + BATCH.LAST_OFFSET_DELTA);
    this.count = view.getInt32(at + BATCH.RECORD_COUNT);
    this.base = readInt64(view, at + BATCH.BASE_OFFSET);
    this.last = addExact(this.base, lastOffsetDelta);
    this.maxTimestamp = readInt64(view, at + BATCH.MAX_TIMESTAMP);
    this.epoch = view.getInt32(at + BATCH.LEADER_EPOCH);
    this.isCompacted = this.count <= lastOffsetDelta || (attributes & ATTRIBUTES.DELETE_HORIZON) !== 0;
    if (attributes > KNOWN_ATTRIBUTES) {
      this.#tell('UNKNOWN_ATTRIBUTES', { expected: `no bits above ${KNOWN_ATTRIBUTES}`, found: attributes });
    }
    this.#checkProducer(view, at, attributes);
    if (lastOffsetDelta < 0 || this.count < 0 || this.count > lastOffsetDelta + 1) {
      this.#tell('BATCH_COUNTS_INVALID', {
        expected: 'from 0 records to one an offset',
        found: `${this.count} records, last offset delta ${lastOffsetDelta}`,
      });
      this.count = Math.max(0, this.count);
      return lastOffsetDelta >= 0;
    }
    this.#checkRecords(bytes, view, at, size, attributes, lastOffsetDelta);
    return true;
  }

  #checkProducer(view: DataView, at: number, attributes: number): void {
    const producerId = readInt64(view, at + BATCH.PRODUCER_ID);
    const epoch = view.getInt16(at + BATCH.PRODUCER_EPOCH);
    const sequence = view.getInt32(at + BATCH.BASE_SEQUENCE);
    this.hasProducer = producerId >= 0;
    this.isTransactional = (attributes & ATTRIBUTES.TRANSACTIONAL) !== 0;
    const isControl = (attributes & ATTRIBUTES.CONTROL) !== 0;
    const isPossible = producerId >= -1 && epoch >= -1 && sequence >= -1;
    if (isPossible && (this.hasProducer ? sequence >= 0 || isControl : !this.isTransactional)) return;
    this.#tell('PRODUCER_FIELDS_INVALID', {
      expected: this.isTransactional ? 'a producer with a sequence' : 'nothing below -1, and a sequence for a producer',
      found: `producer ${producerId}, epoch ${epoch}, sequence ${sequence}`,
    });
  }

  #checkRecords(
    bytes: Uint8Array,
    view: DataView,
    at: number,
    size: number,
    attributes: number,
    lastOffsetDelta: number,
  ): void {
    const codec = attributes & ATTRIBUTES.CODEC_MASK;
    const isControl = (attributes & ATTRIBUTES.CONTROL) !== 0;
    const start = at + HEADER_SIZE;
    const isPlain = codec === CODEC_IDS.none;
    if (isControl && !isPlain) this.#tell('CONTROL_RECORD_INVALID', { message: 'A control batch is compressed' });
    const records = isPlain ? bytes : this.#decompress(codec, bytes, start, at + size);
    if (records === undefined) return;
    const first = isPlain ? start : 0;
    const end = isPlain ? at + size : records.length;
    this.#engine.checkRecords(records, first, end, this.count, this.#found);
    this.#checkOffsets(lastOffsetDelta);
    if (isControl) this.#checkControl(records, first, end);
    const fault = this.#number('fault');
    if (fault !== 0) {
      const where = `Record ${this.#number('record')} of a batch cannot be read, ${this.#number('position') - first} bytes into its records`;
      this.#tell('INVALID_RECORD', { message: `${where}: ${FAULT_TEXTS[fault as RecordFault]}` });
    } else if ((attributes & ATTRIBUTES.LOG_APPEND_TIME) === 0 && this.count > 0) {
      const maxDelta = joinInt64(this.#number('maxTimestampDeltaLow'), this.#number('maxTimestampDeltaHigh'));
      this.#checkMaxTimestamp(readInt64(view, at + BATCH.BASE_TIMESTAMP), maxDelta);
    }
  }

  #decompress(codec: number, bytes: Uint8Array, start: number, end: number): Uint8Array | undefined {
    if (this.count === 0 && start === end) return bytes.subarray(start, end);
    try {
      const options = { maxDecompressedBytes: this.#maxBytes, memory: this.#memory };
      return decompressRecords(this.#engine, codecOf(codec, 2), 2, bytes, start, end, options);
    } catch (error) {
      const code = unreadableCode(error);
      if (code === undefined || !(error instanceof SeglogError)) throw error;
      const { expected, found } = error;
      this.#tell(code, { ...(expected === undefined ? {} : { expected }), ...(found === undefined ? {} : { found }) });
      return undefined;
    }
  }

  /** What the engine found of the records. */
  #number(name: Exclude<keyof typeof RECORD_CHECK, 'length'>): number {
    return this.#found[RECORD_CHECK[name]] as number;
  }

  /** Offsets that do not rise, or rise above the batch's last, are told once a batch. */
  #checkOffsets(lastOffsetDelta: number): void {
    const isFalling = this.#number('isFalling') !== 0;
    const wrong = this.#number(isFalling ? 'firstFalling' : 'lastOffsetDelta');
    if (!isFalling && wrong <= lastOffsetDelta) return;
    const expected = `rising, from 0 to ${lastOffsetDelta}`;
    this.#tell('RECORD_OFFSETS_INVALID', { expected, found: `offset delta ${wrong}` });
  }

  /** The records of a control batch. */
  #checkControl(records: Uint8Array, start: number, end: number): void {
    this.#cursor.reset(records, start, end, this.count);
    while (this.#cursor.next()) {
      this.lastControlType = controlTypeAt(records, this.#cursor);
      this.firstControlType ??= this.lastControlType;
      const found = controlProblem(records, this.#cursor, this.count);
      if (found !== undefined) this.#tell('CONTROL_RECORD_INVALID', { found });
    }
  }

  #checkMaxTimestamp(base: Int64, maxDelta: number): void {
    if (!Number.isSafeInteger(maxDelta)) return;
    const expected = addExact(base, maxDelta);
    if (expected === this.maxTimestamp) return;
    this.#tell('MAX_TIMESTAMP_WRONG', { expected, found: this.maxTimestamp });
  }

  #tell(code: FindingCode, details: FindingDetails): void {
    this.#sink.add(
      makeFinding(code, this.#path, { position: this.#position, offsets: [this.base, this.last], ...details }),
    );
  }
}
