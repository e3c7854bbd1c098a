/** Whether valid batches follow a bad one: what tells a hole from a torn tail. */
import { SCAN_OUTCOME, SCAN_ROW } from '../engine/contract.ts';
import { BATCH, HEADER_SIZE } from '../format/batch.ts';
import type { SegmentContext } from './context.ts';

/** A tear further than this from the next batch is told as a torn tail: only the name of the cut depends on it. */
const SEARCH_BYTES = 16 * 1024 * 1024;

/** Looks for a whole batch of format 2 with the right checksum, anywhere behind `position`. */
export function hasBatchBehind({ engine, fs }: SegmentContext, path: string, position: number): boolean {
  const file = fs.open(path, 'read');
  try {
    const from = position + 1;
    const length = Math.min(SEARCH_BYTES, file.sizeBytes() - from);
    if (length < HEADER_SIZE) return false;
    const bytes = Buffer.allocUnsafe(length);
    const got = file.read(bytes, 0, length, from);
    const view = new DataView(bytes.buffer, bytes.byteOffset, got);
    const rows = new Int32Array(SCAN_ROW.length);
    const outcome = new Float64Array(SCAN_OUTCOME.length);
    // Every format 2 batch has its magic here; few other places look like one and have a size that fits.
    for (let magic = bytes.indexOf(2, BATCH.MAGIC); magic >= 0; magic = bytes.indexOf(2, magic + 1)) {
      const at = magic - BATCH.MAGIC;
      if (at + HEADER_SIZE > got) return false;
      const size = view.getInt32(at + BATCH.LENGTH);
      if (size < HEADER_SIZE - BATCH.LEADER_EPOCH || at + BATCH.LEADER_EPOCH + size > got) continue;
      engine.scanBatches(bytes, at, at + BATCH.LEADER_EPOCH + size, true, rows, outcome);
      if ((outcome[SCAN_OUTCOME.count] as number) > 0) return true;
    }
    return false;
  } finally {
    file.close();
  }
}
