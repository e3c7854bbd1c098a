/** Reading on behind a pass, up to the markers of transactions whose data it has gone over. */
import type { Offset } from '../units/units.ts';
import { followMarkers } from './batch-fate.ts';
import type { Round } from './round.ts';
import type { TransactionPass } from './transactions.ts';

/**
 * Goes over the segments from the one on that starts at `from`, until all is settled or the log ends. Most transactions are
 * short: it is a chunk or two. Nothing of it is cleaned.
 *
 * @throws SeglogError as reading does; `CORRUPT_INDEX` when a marker contradicts the transaction index
 */
export async function follow(
  round: Round,
  transactions: TransactionPass,
  from: Offset,
  isSettled: () => boolean,
): Promise<void> {
  if (isSettled()) return;
  for (const source of round.sources.from(from)) {
    transactions.enter(source.baseOffset);
    for await (const chunk of round.reader.read(source)) {
      followMarkers(round.machine.engine, chunk, transactions);
      await round.wait(chunk.length);
      if (isSettled()) return;
    }
  }
}
