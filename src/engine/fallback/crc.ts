/** The two checksums, by the package `crc-32`: sixteen tables, 2 to 3 GB/s. Long inputs are folded before (`crc-fold.ts`). */
import CRC32 from 'crc-32';
import CRC32C from 'crc-32/crc32c.js';
import { SeglogError } from '../../errors/errors.ts';
import { BATCH, HEADER_SIZE } from '../../format/batch.ts';
import { FOLD_FROM_BYTES, foldedCrc32c } from './crc-fold.ts';
import { requireRange } from './range.ts';

/**
 * A plain view, never a `Buffer`: one kind of array keeps the package's loop compiled for it, and a `Buffer`'s `subarray`
 * is the slower one. A view could reach behind `bytes` into what else its buffer holds, so the range is checked.
 */
function view(bytes: Uint8Array, start: number, end: number): Uint8Array {
  requireRange(bytes, start, end);
  return new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start);
}

/** CRC-32C (Castagnoli), unsigned. @throws SeglogError `INVALID_ARGUMENT` for a range that is not in `bytes` */
export function crc32c(bytes: Uint8Array, start: number, end: number): number {
  return crc32cOn(0, bytes, start, end);
}

/** CRC-32 (IEEE), unsigned. @throws SeglogError `INVALID_ARGUMENT` for a range that is not in `bytes` */
export function crc32(bytes: Uint8Array, start: number, end: number): number {
  return CRC32.buf(view(bytes, start, end)) >>> 0;
}

/** CRC-32C of `before`'s bytes, whose checksum it is (0 for none), and `bytes[start, end)` behind them. */
export function crc32cOn(before: number, bytes: Uint8Array, start: number, end: number): number {
  const input = view(bytes, start, end);
  return end - start < FOLD_FROM_BYTES ? CRC32C.buf(input, before) >>> 0 : foldedCrc32c(before, input);
}

/** The same for CRC-32. */
export function crc32On(before: number, bytes: Uint8Array, start: number, end: number): number {
  return CRC32.buf(view(bytes, start, end), before) >>> 0;
}

/** Writes the checksum of a format 2 batch to its place. @throws SeglogError `INVALID_ARGUMENT` */
export function sealBatch(batch: Uint8Array, length: number): void {
  if (!(length >= HEADER_SIZE && length <= batch.length)) {
    throw new SeglogError('INVALID_ARGUMENT', 'a batch cannot have this size', {
      expected: `${HEADER_SIZE} to ${batch.length} bytes`,
      found: length,
    });
  }
  const crc = crc32c(batch, BATCH.ATTRIBUTES, length);
  batch[BATCH.CRC] = crc >>> 24;
  batch[BATCH.CRC + 1] = crc >>> 16;
  batch[BATCH.CRC + 2] = crc >>> 8;
  batch[BATCH.CRC + 3] = crc;
}
