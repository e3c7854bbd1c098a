/** The records of one batch after the other, decompressed into memory that is used again. */
import { SeglogError } from '../../../errors/errors.ts';
import { ATTRIBUTES, BATCH, HEADER_SIZE, magicOf } from '../../../format/batch.ts';
import { RecordCursor } from '../../../format/record-v2.ts';
import { CODEC_IDS, type CodecId, type Engine, RECORD_FAULTS, SCAN_ROW } from '../../contract.ts';
import { viewOf } from '../build-index.ts';
import { requireRange } from '../range.ts';

/** What a pass needs of an engine's codecs. */
export type Codecs = Pick<Engine, 'compress' | 'compressBound' | 'decompress' | 'sealBatch'>;

const NOTHING = new Uint8Array(0);
/** The first guess of what compressed records come to, and the least memory that is taken. */
const USUAL_RATIO = 4;
const LEAST_BYTES = 64 * 1024;
const FORMAT = 2;

/** A batch of the bytes that a pass was given. */
export interface SourceBatch {
  readonly start: number;
  readonly size: number;
}

/** One row of the caller's. @throws SeglogError `INVALID_ARGUMENT` when it is not within the bytes */
export function batchOfRow(bytes: Uint8Array, rows: Int32Array, row: number): SourceBatch {
  const start = rows[row * SCAN_ROW.length + SCAN_ROW.start] ?? -1;
  const size = rows[row * SCAN_ROW.length + SCAN_ROW.size] ?? -1;
  requireRange(bytes, start, start + size);
  return { start, size };
}

/** Opens batches for reading. One for each engine: its memory grows to what the largest batch took. */
export class RecordSource {
  readonly cursor: RecordCursor = new RecordCursor();
  /** Where the records are, and the batch's header. */
  bytes: Uint8Array = NOTHING;
  view: DataView = viewOf(NOTHING);
  /** The batch's fields that passes need; the offset of a record is the base offset and its delta. */
  baseOffset = 0;
  attributes = 0;
  count = 0;
  codec: CodecId = CODEC_IDS.none;
  #last = 0;
  #memory: Uint8Array = NOTHING;
  readonly #codecs: Codecs;

  constructor(codecs: Codecs) {
    this.#codecs = codecs;
  }

  /** Reads a batch's header; false when it is not of format 2, or its offsets cannot be. */
  readHeader(bytes: Uint8Array, { start, size }: SourceBatch): boolean {
    if (size < HEADER_SIZE) return false;
    this.view = new DataView(bytes.buffer, bytes.byteOffset + start, size);
    if (magicOf(this.view, 0) !== FORMAT) return false;
    this.baseOffset =
      this.view.getInt32(BATCH.BASE_OFFSET) * 0x1_0000_0000 + this.view.getUint32(BATCH.BASE_OFFSET + 4);
    // The checksum does not cover it, and with a wrong one newer records would be taken for older ones.
    const last = this.baseOffset + Math.max(0, this.view.getInt32(BATCH.LAST_OFFSET_DELTA));
    if (this.baseOffset < 0 || last > Number.MAX_SAFE_INTEGER) return false;
    this.attributes = this.view.getInt16(BATCH.ATTRIBUTES);
    this.count = this.view.getInt32(BATCH.RECORD_COUNT);
    return true;
  }

  /** Makes the cursor ready for the records of the batch whose header was read; false when they cannot be had. */
  open(bytes: Uint8Array, { start, size }: SourceBatch, limit: number): boolean {
    const codec = this.attributes & ATTRIBUTES.CODEC_MASK;
    if (codec > CODEC_IDS.zstd) return false;
    this.codec = codec as CodecId;
    this.#last = this.view.getInt32(BATCH.LAST_OFFSET_DELTA);
    const isPlain = this.codec === CODEC_IDS.none;
    const length = isPlain ? start + size : this.#decompress(bytes, start + HEADER_SIZE, start + size, limit);
    if (length < 0) return false;
    this.bytes = isPlain ? bytes : this.#memory;
    this.cursor.reset(this.bytes, isPlain ? start + HEADER_SIZE : 0, length, this.count);
    return true;
  }

  /** Whether the record that the cursor went to may follow one with the offset delta `previous`. */
  isInOrder(previous: number): boolean {
    const { offsetDelta } = this.cursor;
    return offsetDelta > previous && offsetDelta <= this.#last;
  }

  /** Whether the cursor came to the end of sound records. */
  get isSound(): boolean {
    return this.cursor.fault === RECORD_FAULTS.none;
  }

  /** Lets go of the caller's buffers. */
  close(): void {
    this.cursor.reset(NOTHING, 0, 0, 0);
    this.bytes = NOTHING;
    this.view = viewOf(NOTHING);
  }

  /** @returns how many bytes there are in memory now; -1 when they are damaged or more than `limit` */
  #decompress(bytes: Uint8Array, start: number, end: number, limit: number): number {
    const guess = Math.max(LEAST_BYTES, (end - start) * USUAL_RATIO);
    if (this.#memory.length < guess) this.#memory = Buffer.allocUnsafeSlow(Math.min(limit, guess));
    for (;;) {
      const target = this.#memory.length > limit ? this.#memory.subarray(0, limit) : this.#memory;
      const length = this.#attempt(bytes, start, end, target);
      if (length === undefined) return -1;
      if (length >= 0) return length;
      if (target.length >= limit) return -1;
      this.#memory = Buffer.allocUnsafeSlow(Math.min(limit, target.length * 2));
    }
  }

  #attempt(bytes: Uint8Array, start: number, end: number, target: Uint8Array): number | undefined {
    try {
      return this.#codecs.decompress(this.codec, FORMAT, bytes, start, end, target);
    } catch (error) {
      if (error instanceof SeglogError) return undefined;
      throw error;
    }
  }
}
