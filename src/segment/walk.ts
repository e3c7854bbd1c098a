/** Goes over the batches of a log file in chunks, in bounded memory. */
import { type Engine, SCAN_OUTCOME, SCAN_ROW, SCAN_STOPS, type ScanStop } from '../engine/contract.ts';
import { LOG_OVERHEAD } from '../format/batch.ts';
import type { File } from '../fs/contract.ts';

const CHUNK_BYTES = 1024 * 1024;
/** Rows for a chunk: batches of one small record take about 70 bytes. */
const CHUNK_ROWS = 8192;

/** Some whole batches of a file, in a buffer that the next chunk overwrites. */
export interface Chunk {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Rows of `SCAN_ROW.length` numbers. */
  readonly rows: Int32Array;
  readonly count: number;
  /** Where `bytes[0]` stands in the file. */
  readonly position: number;
}

/** Where a walk ended and why. */
export interface WalkEnd {
  /** Where the first byte stands that no whole batch covers. */
  readonly position: number;
  readonly stop: ScanStop;
}

/**
 * Calls `visit` with chunk after chunk of the batches in `file[from, to)`, until the bytes end, a batch is not whole or
 * not valid, or `visit` returns false.
 *
 * @param verify whether checksums are checked
 */
export function walkBatches(
  engine: Engine,
  file: File,
  from: number,
  to: number,
  verify: boolean,
  visit: (chunk: Chunk) => boolean | undefined,
): WalkEnd {
  let bytes: Uint8Array = Buffer.allocUnsafeSlow(Math.max(LOG_OVERHEAD, Math.min(CHUNK_BYTES, to - from)));
  const rows = new Int32Array(CHUNK_ROWS * SCAN_ROW.length);
  const outcome = new Float64Array(SCAN_OUTCOME.length);
  let position = from;
  while (position < to) {
    const wanted = Math.min(bytes.length, to - position);
    engine.readBatches(file, position, bytes, wanted, verify, rows, outcome);
    const count = outcome[SCAN_OUTCOME.count] as number;
    const stop = outcome[SCAN_OUTCOME.stop] as ScanStop;
    const need = outcome[SCAN_OUTCOME.need] as number;
    if (count > 0) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const goOn = visit({ bytes, view, rows, count, position });
      position += outcome[SCAN_OUTCOME.end] as number;
      if (goOn === false) return { position, stop };
    }
    if (stop === SCAN_STOPS.invalidSize || stop === SCAN_STOPS.invalidCrc) return { position, stop };
    // Nothing at all came: another process trimmed the file, as rolling does.
    if (count === 0 && stop === SCAN_STOPS.end) return { position, stop };
    if (stop === SCAN_STOPS.partial) {
      // A batch that ends beyond the file is a torn tail; one that merely ends beyond the chunk is read next.
      const fileEnds = (outcome[SCAN_OUTCOME.filled] as number) < wanted || position + need > to;
      if (fileEnds) return { position, stop };
      if (need > bytes.length) bytes = Buffer.allocUnsafeSlow(need);
    }
  }
  return { position, stop: SCAN_STOPS.end };
}
