/** What is wrong with bytes that should be a batch, said in full. */
import { type Engine, RECORD_FAULTS, type RecordFault, SCAN_STOPS, type ScanStop } from '../engine/contract.ts';
import { SeglogError } from '../errors/errors.ts';
import {
  BATCH,
  baseOffsetOf,
  HEADER_SIZE,
  lastOffsetOf,
  LOG_OVERHEAD,
  magicOf,
  MIN_MESSAGE_SIZE,
} from '../format/batch.ts';

const UNTIL_MAGIC = BATCH.MAGIC + 1;

/**
 * The error for a batch at `bytes[at..]`, of which `available` bytes are there, at `position` of `file`, at which a scan
 * with checksums stopped.
 */
export function batchError(
  engine: Engine,
  stop: ScanStop,
  bytes: Uint8Array,
  at: number,
  available: number,
  file: string,
  position: number,
): SeglogError {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, available);
  if (available < UNTIL_MAGIC) {
    return new SeglogError('BATCH_TRUNCATED', 'the file ends within a batch header', {
      file,
      position,
      expected: `at least ${UNTIL_MAGIC} bytes`,
      found: available,
    });
  }
  const size = view.getInt32(BATCH.LENGTH);
  if (stop === SCAN_STOPS.invalidSize) {
    return new SeglogError(
      'BATCH_SIZE_INVALID',
      size === 0 ? 'zeros where a batch should be' : 'the size of a batch cannot be',
      {
        file,
        position,
        expected: `at least ${MIN_MESSAGE_SIZE}`,
        found: size,
      },
    );
  }
  const offsets = {
    baseOffset: baseOffsetOf(view, 0),
    lastOffset: lastOffsetOrBase(view, available),
    nextPosition: position + LOG_OVERHEAD + size,
  };
  if (stop === SCAN_STOPS.partial) {
    return new SeglogError('BATCH_TRUNCATED', 'the file ends within a batch', {
      file,
      position,
      ...offsets,
      expected: `${LOG_OVERHEAD + size} bytes`,
      found: available,
    });
  }
  const total = LOG_OVERHEAD + size;
  const magic = magicOf(view, 0);
  if (magic >= 2 && total < HEADER_SIZE) {
    return new SeglogError('BATCH_SIZE_INVALID', 'a batch is smaller than its header', {
      file,
      position,
      ...offsets,
      expected: `at least ${HEADER_SIZE} bytes`,
      found: total,
    });
  }
  const found =
    magic >= 2
      ? engine.crc32c(bytes, at + BATCH.ATTRIBUTES, at + total)
      : engine.crc32(bytes, at + BATCH.MAGIC, at + total);
  const stored = view.getUint32(magic >= 2 ? BATCH.CRC : LOG_OVERHEAD);
  return new SeglogError('BATCH_CRC_MISMATCH', "a batch's checksum does not match its bytes", {
    file,
    position,
    ...offsets,
    expected: `crc ${stored}`,
    found: `crc ${found}`,
  });
}

function lastOffsetOrBase(view: DataView, available: number): number {
  return available >= HEADER_SIZE ? lastOffsetOf(view, 0) : baseOffsetOf(view, 0);
}

/** What is wrong with a record, in words. */
export const FAULT_TEXTS: Readonly<Record<RecordFault, string>> = {
  [RECORD_FAULTS.none]: 'nothing is wrong',
  [RECORD_FAULTS.varintTooLong]: 'a number in it is longer than any varint',
  [RECORD_FAULTS.truncated]: 'it runs past the end of its batch',
  [RECORD_FAULTS.invalidLength]: 'a length in it is negative',
  [RECORD_FAULTS.invalidHeaders]: 'its headers cannot be',
  [RECORD_FAULTS.lengthMismatch]: 'its fields do not end where its length says',
  [RECORD_FAULTS.trailingBytes]: 'bytes remain behind the last record',
};

/** Where a batch is and what it claims: for errors about its records. */
export interface BatchPlace {
  readonly file: string;
  readonly position: number;
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly nextPosition: number;
}

/** The error for record number `record` of a batch, which starts `recordPosition` bytes into its (decompressed) records. */
export function recordError(
  fault: RecordFault,
  record: number,
  recordPosition: number,
  place: BatchPlace,
): SeglogError {
  return new SeglogError(
    'INVALID_RECORD',
    `record ${record} of a batch cannot be read, ${recordPosition} bytes into its records: ${FAULT_TEXTS[fault]}`,
    place,
  );
}
