/** The partition that benches write and read: one log, null keys, values of random letters, batch after batch. */
import type { Log } from '../../log/log.ts';
import type { Codec } from '../../log/options.ts';
import { Turns } from '../turn.ts';
import { VALUE_COUNT } from '../values.ts';

/** The log in the scratch directory. */
export const BENCH_LOG = 'bench-0';
/** How much of what a bench works on. */
export interface Load {
  readonly records: number;
  readonly recordBytes: number;
  readonly batchRecords: number;
  readonly compression: Codec;
}

/** When records happened: all of one batch at once, a batch as many milliseconds after the one before as it has records. */
export function timestampOf(firstTimestamp: number, load: Load, offset: number): number {
  return firstTimestamp + offset - (offset % load.batchRecords);
}

/**
 * Appends the load to an empty log: batches are built from separate values through the public interface, as a user
 * would, and each is appended when it is full.
 *
 * @param firstTimestamp of the first record; the last one is `load.records` milliseconds later
 */
export async function appendLoad(
  log: Log,
  load: Load,
  firstTimestamp: number,
  values: readonly Uint8Array[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const { records, batchRecords, compression } = load;
  const batch = log.batch();
  const turns = new Turns(signal);
  for (let first = 0; first < records; first += batchRecords) {
    const end = Math.min(first + batchRecords, records);
    for (let i = first; i < end; i++) {
      batch.add(firstTimestamp + first, null, values[i & (VALUE_COUNT - 1)] as Uint8Array);
    }
    log.appendSync(batch, { compression });
    const turn = turns.next();
    if (turn !== undefined) await turn;
  }
}
