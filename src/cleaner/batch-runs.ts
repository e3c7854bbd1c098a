/** A chunk's batches by format: the engine's calls take format 2 only. */
import { SCAN_ROW } from '../engine/contract.ts';
import { magicOf } from '../format/batch.ts';
import type { SourceChunk } from './chunks.ts';

/** Rows `[from, to)` of a chunk: batches of format 2, or one of format 0 or 1. */
export interface BatchRun {
  readonly from: number;
  readonly to: number;
  readonly isLegacy: boolean;
}

/** The runs of a chunk, in order. */
export function* batchRuns({ view, rows, count }: SourceChunk): Generator<BatchRun, void, void> {
  const isLegacyAt = (row: number): boolean =>
    magicOf(view, rows[row * SCAN_ROW.length + SCAN_ROW.start] as number) < 2;
  for (let from = 0; from < count; ) {
    let to = from + 1;
    const isLegacy = isLegacyAt(from);
    while (!isLegacy && to < count && !isLegacyAt(to)) to++;
    yield { from, to, isLegacy };
    from = to;
  }
}
