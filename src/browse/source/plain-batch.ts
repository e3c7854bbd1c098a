/** A batch with its records decompressed, so that they can be gone over more than once. */
import { CODEC_IDS, type Engine } from '../../engine/contract.ts';
import { SeglogError } from '../../errors/errors.ts';
import { HEADER_SIZE } from '../../format/batch.ts';
import { MAX_BATCH_BYTES } from '../../inspect/batch-limit.ts';
import type { BatchSummary } from '../../inspect/batch-summary.ts';
import type { FoundBatch } from '../../inspect/batches.ts';
import { type ExactCursor, ExactLegacyCursor, legacyRecords, recordCursor } from '../../inspect/records.ts';
import { codecOf, type DecompressOptions, decompressRecords } from '../../record/decompress.ts';

const MAX_DECOMPRESSED_BYTES = 128 * 1024 * 1024;

/** Records that can be gone over again and again. */
export interface PlainRecords {
  /** A new cursor, before the first record. It raises where the bytes cannot be read on. */
  readonly cursor: () => ExactCursor;
  /** How much memory they hold. */
  readonly sizeBytes: number;
}

/** What errors name, and what bounds the memory. */
export function limitsOf(file: string, position: number): DecompressOptions {
  return { file, position, maxDecompressedBytes: MAX_DECOMPRESSED_BYTES };
}

/**
 * The records of a batch. They are views of its bytes where it is not compressed.
 *
 * @throws SeglogError what keeps it from being opened
 */
export function plainRecords(
  engine: Engine,
  batch: FoundBatch,
  summary: BatchSummary,
  limits: DecompressOptions,
): PlainRecords {
  if (batch.size > MAX_BATCH_BYTES) throw tooLarge(batch, limits);
  if (summary.magic === 0 || summary.magic === 1) {
    const records = legacyRecords(engine, batch, limits);
    return { cursor: () => new ExactLegacyCursor(records), sizeBytes: batch.size + records.bytes.length };
  }
  if (batch.size < HEADER_SIZE) throw tooSmall(batch, limits);
  const codec = codecOf(summary.codec, summary.magic, limits);
  if (codec === CODEC_IDS.none) {
    return { cursor: () => recordCursor(engine, batch, summary, limits), sizeBytes: batch.size };
  }
  const end = batch.start + batch.size;
  const records = decompressRecords(engine, codec, summary.magic, batch.bytes, batch.start + HEADER_SIZE, end, limits);
  // The same header before plain records: what reads batches need not know that they were compressed.
  const size = HEADER_SIZE + records.length;
  const bytes = Buffer.allocUnsafeSlow(size);
  bytes.set(batch.bytes.subarray(batch.start, batch.start + HEADER_SIZE));
  bytes.set(records, HEADER_SIZE);
  const view = new DataView(bytes.buffer, bytes.byteOffset, size);
  const plain: FoundBatch = { bytes, view, start: 0, size, position: batch.position, valid: batch.valid };
  const plainSummary: BatchSummary = { ...summary, codec: CODEC_IDS.none };
  return { cursor: () => recordCursor(engine, plain, plainSummary, limits), sizeBytes: size };
}

function tooLarge({ position, size }: FoundBatch, { file = '' }: DecompressOptions): SeglogError {
  return new SeglogError('BATCH_SIZE_INVALID', 'the batch is too large to be opened here', {
    file,
    position,
    expected: `at most ${MAX_BATCH_BYTES} bytes`,
    found: size,
    action: 'seglog dump shows it',
  });
}

function tooSmall({ position, size }: FoundBatch, { file = '' }: DecompressOptions): SeglogError {
  return new SeglogError('BATCH_SIZE_INVALID', 'a batch is smaller than its header', {
    file,
    position,
    expected: `at least ${HEADER_SIZE} bytes`,
    found: size,
  });
}
