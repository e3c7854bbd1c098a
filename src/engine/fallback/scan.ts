/** Finding whole batches in bytes, whatever the bytes hold. */
import { BATCH, HEADER_SIZE, LEGACY, LOG_OVERHEAD, magicOf, MIN_MESSAGE_SIZE } from '../../format/batch.ts';
import { SCAN_OUTCOME, SCAN_ROW, SCAN_STOPS, type ScanStop } from '../contract.ts';
import { crc32, crc32c } from './crc.ts';
import { requireRange } from './range.ts';

/** The fewest bytes that tell a batch's size and format. */
export const PREFIX_SIZE: number = BATCH.MAGIC + 1;
/** Formats 0 and 1: where the checksum's range starts. */
const LEGACY_CRC_START = BATCH.MAGIC;
/** The fixed fields of a format 1 entry: those of format 0 and a timestamp. */
const MIN_ENTRY_V1 = LOG_OVERHEAD + MIN_MESSAGE_SIZE + 8;

/** Whether a whole batch is too small for its format: fields would have to be read behind its end. */
export function isTooSmall(magic: number, size: number): boolean {
  if (magic >= 2) return size < HEADER_SIZE;
  return size < (magic === 1 ? MIN_ENTRY_V1 : LOG_OVERHEAD + MIN_MESSAGE_SIZE);
}

/** Whether the checksum of the batch at `at` is right; of one too small for its format it is not. */
function isValid(bytes: Uint8Array, view: DataView, at: number, size: number): boolean {
  const magic = magicOf(view, at);
  if (isTooSmall(magic, size)) return false;
  if (magic >= 2) return view.getUint32(at + BATCH.CRC) === crc32c(bytes, at + BATCH.ATTRIBUTES, at + size);
  return view.getUint32(at + LEGACY.CRC) === crc32(bytes, at + LEGACY_CRC_START, at + size);
}

/**
 * Finds the whole batches in `bytes[start, end)`; see the contract.
 *
 * The order of the checks is part of it, since both engines must stop at the same place for the same reason: rows full,
 * fewer than 17 bytes, size, whole, checksum.
 *
 * @throws SeglogError `INVALID_ARGUMENT` for a range that is not in `bytes`
 */
export function scanBatches(
  bytes: Uint8Array,
  start: number,
  end: number,
  verify: boolean,
  rows: Int32Array,
  outcome: Float64Array,
): void {
  requireRange(bytes, start, end);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const room = Math.floor(rows.length / SCAN_ROW.length);
  let stop: ScanStop = SCAN_STOPS.end;
  let need = 0;
  let count = 0;
  let at = start;
  while (at < end) {
    const remaining = end - at;
    if (count === room) {
      stop = SCAN_STOPS.full;
      break;
    }
    if (remaining < PREFIX_SIZE) {
      stop = SCAN_STOPS.partial;
      need = PREFIX_SIZE;
      break;
    }
    const length = view.getInt32(at + BATCH.LENGTH);
    if (length < MIN_MESSAGE_SIZE) {
      stop = SCAN_STOPS.invalidSize;
      break;
    }
    const size = LOG_OVERHEAD + length;
    if (size > remaining) {
      stop = SCAN_STOPS.partial;
      need = size;
      break;
    }
    if (verify && !isValid(bytes, view, at, size)) {
      stop = SCAN_STOPS.invalidCrc;
      break;
    }
    rows[count * SCAN_ROW.length + SCAN_ROW.start] = at;
    rows[count * SCAN_ROW.length + SCAN_ROW.size] = size;
    count++;
    at += size;
  }
  outcome[SCAN_OUTCOME.count] = count;
  outcome[SCAN_OUTCOME.end] = at;
  outcome[SCAN_OUTCOME.stop] = stop;
  outcome[SCAN_OUTCOME.need] = need;
  outcome[SCAN_OUTCOME.filled] = end - start;
}
