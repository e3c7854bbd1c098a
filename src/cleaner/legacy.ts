/**
 * Batches of formats 0 and 1, which leave the cleaner in format 2, if a record of them stays (spec 4.5). Each is converted,
 * goes through the engine as any other batch, and what stays gets the base offset of its first record and its old codec.
 */
import { BATCH, LEGACY, LOG_OVERHEAD } from '../format/batch.ts';
import { CODEC_IDS, type CodecId, SCAN_ROW } from '../engine/contract.ts';
import { SeglogError } from '../errors/errors.ts';
import { BatchBuilder, type BuiltBatch } from '../record/batch-builder.ts';
import { decodeLegacyBatch, LEGACY_ROW } from '../record/legacy.ts';
import { RecordBatch } from '../record/record-batch.ts';
import type { SourceChunk } from './chunks.ts';
import type { CleanerMachine } from './contract.ts';

const CODEC_MASK = 0x07;
/** Kafka's default levels; format 1 knows no zstd. */
const LEVELS: Readonly<Record<CodecId, number>> = {
  [CODEC_IDS.none]: 0,
  [CODEC_IDS.gzip]: -1,
  [CODEC_IDS.snappy]: 0,
  [CODEC_IDS.lz4]: 9,
  [CODEC_IDS.zstd]: 3,
};

/** One batch, as the engine's calls take it. */
export interface ConvertedBatch {
  readonly bytes: Uint8Array;
  readonly rows: Int32Array;
  readonly codec: CodecId;
}

/** Converts one batch at a time; each overwrites the one before it. */
export class LegacyConverter {
  readonly #machine: CleanerMachine;
  readonly #builder: BatchBuilder;
  readonly #maxDecompressedBytes: number;

  constructor(machine: CleanerMachine, maxDecompressedBytes: number) {
    this.#machine = machine;
    this.#builder = new BatchBuilder(machine.engine);
    this.#maxDecompressedBytes = maxDecompressedBytes;
  }

  /** The records of the batch at `start`, uncompressed. @throws SeglogError what reading them raises */
  convert({ bytes, view, path, position }: SourceChunk, start: number): ConvertedBatch {
    const size = LOG_OVERHEAD + view.getInt32(start + BATCH.LENGTH);
    const place = { file: path, position: position + start };
    const records = decodeLegacyBatch(this.#machine.engine, bytes, start, size, {
      ...place,
      maxDecompressedBytes: this.#maxDecompressedBytes,
    });
    const builder = this.#builder;
    builder.reset();
    const baseOffset = Number(records.offsets[0]);
    const field = (record: number, name: 'key' | 'value'): Uint8Array | null => {
      const row = record * LEGACY_ROW.length;
      const length = records.rows[row + LEGACY_ROW[`${name}Length`]] as number;
      const from = records.rows[row + LEGACY_ROW[`${name}Start`]] as number;
      return length < 0 ? null : records.bytes.subarray(from, from + length);
    };
    try {
      for (let record = 0; record < records.count; record++) {
        const delta = Number(records.offsets[record]) - baseOffset;
        builder.add(Number(records.timestamps[record]), field(record, 'key'), field(record, 'value'), undefined, delta);
      }
    } catch (error) {
      if (!(error instanceof SeglogError)) throw error;
      throw new SeglogError(error.code, `a batch of an older format cannot be converted: ${error.message}`, place);
    }
    const built = builder.build({ baseOffset });
    const codec = (view.getInt8(start + LEGACY.ATTRIBUTES) & CODEC_MASK) as CodecId;
    return { bytes: built.bytes.subarray(0, built.length), rows: rowOf(built.length), codec };
  }

  /** What stayed of a converted batch, as Kafka writes it. */
  finish(cleaned: Uint8Array, codec: CodecId): BuiltBatch {
    const view = new DataView(cleaned.buffer, cleaned.byteOffset, cleaned.length);
    const batch = new RecordBatch(this.#machine.engine, cleaned, view, 0, '', 0, {});
    const horizon = batch.deleteHorizonMs;
    const builder = this.#builder;
    builder.reset();
    if (horizon !== undefined) builder.startAt(horizon);
    let baseOffset = -1;
    for (const { offset, timestamp, key, value } of batch.records()) {
      if (baseOffset < 0) baseOffset = offset;
      builder.add(timestamp, key, value, undefined, offset - baseOffset);
    }
    const fields = horizon === undefined ? { baseOffset } : { baseOffset, deleteHorizonMs: horizon };
    return builder.build(fields, { codec, level: LEVELS[codec] });
  }
}

function rowOf(size: number): Int32Array {
  const row = new Int32Array(SCAN_ROW.length);
  row[SCAN_ROW.size] = size;
  return row;
}
