/** Batches that come encoded already. */
import { type Engine, SCAN_OUTCOME, SCAN_ROW, SCAN_STOPS, type ScanStop } from '../engine/contract.ts';
import { SeglogError } from '../errors/errors.ts';
import { BATCH, lastOffsetOf, magicOf, maxTimestampOf } from '../format/batch.ts';
import { batchError } from '../record/batch-error.ts';

/** A batch in a buffer, checked. */
export interface EncodedBatch {
  readonly start: number;
  readonly sizeBytes: number;
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly maxTimestamp: number;
}

const ROWS = 64;

function framesOf(engine: Engine, bytes: Uint8Array): { start: number; sizeBytes: number }[] {
  const rows = new Int32Array(ROWS * SCAN_ROW.length);
  const outcome = new Float64Array(SCAN_OUTCOME.length);
  const frames: { start: number; sizeBytes: number }[] = [];
  for (let at = 0; at < bytes.length; at = outcome[SCAN_OUTCOME.end] as number) {
    engine.scanBatches(bytes, at, bytes.length, true, rows, outcome);
    for (let row = 0; row < (outcome[SCAN_OUTCOME.count] as number); row++) {
      const start = rows[row * SCAN_ROW.length + SCAN_ROW.start] as number;
      frames.push({ start, sizeBytes: rows[row * SCAN_ROW.length + SCAN_ROW.size] as number });
    }
    const stop = outcome[SCAN_OUTCOME.stop] as ScanStop;
    const end = outcome[SCAN_OUTCOME.end] as number;
    if (stop !== SCAN_STOPS.end && stop !== SCAN_STOPS.full)
      throw batchError(engine, stop, bytes, end, bytes.length - end, 'the batches to append', end);
  }
  return frames;
}

/**
 * Takes encoded batches apart, checks them, and numbers them from `nextOffset` on when a leader epoch is given (neither
 * the offset nor the epoch is under the checksum). Without one, offsets must rise from `nextOffset` on by themselves.
 *
 * @returns the batches, and the bytes they are in: a copy where they were numbered
 * @throws SeglogError
 */
export function encodedBatches(
  engine: Engine,
  given: Uint8Array,
  nextOffset: number,
  leaderEpoch: number | undefined,
): { batches: EncodedBatch[]; bytes: Uint8Array } {
  const frames = framesOf(engine, given);
  const bytes = leaderEpoch === undefined ? given : given.slice();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let next = nextOffset;
  const batches = frames.map(({ start, sizeBytes }) => {
    const magic = magicOf(view, start);
    if (leaderEpoch !== undefined) {
      if (magic !== 2)
        throw new SeglogError('UNSUPPORTED_MAGIC', 'only batches of format 2 are appended', {
          expected: 2,
          found: magic,
        });
      view.setBigInt64(start + BATCH.BASE_OFFSET, BigInt(next));
      view.setInt32(start + BATCH.LEADER_EPOCH, leaderEpoch);
    }
    const baseOffset = Number(view.getBigInt64(start + BATCH.BASE_OFFSET));
    const lastOffset = lastOffsetOf(view, start);
    if (baseOffset < next || lastOffset < baseOffset || !Number.isSafeInteger(lastOffset + 1)) {
      throw new SeglogError('OFFSETS_OUT_OF_ORDER', "a batch's offsets must rise from the log end on", {
        baseOffset,
        lastOffset,
        expected: `at least ${next}`,
        found: baseOffset,
      });
    }
    next = lastOffset + 1;
    return { start, sizeBytes, baseOffset, lastOffset, maxTimestamp: maxTimestampOf(view, start) };
  });
  return { batches, bytes };
}
