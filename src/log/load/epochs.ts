/** Leader epochs from the batches themselves, for when their file cannot be read. */
import { RECOVERY_ROW } from '../../engine/contract.ts';
import type { SegmentContext } from '../../segment/context.ts';
import { SegmentScanner } from '../../segment/recover.ts';
import type { LeaderEpochs } from '../../state/leader-epochs.ts';
import type { SegmentFiles } from './segment-files.ts';

/** Reads every segment, and notes where each epoch starts. */
export async function rebuildEpochs(
  context: SegmentContext,
  directory: string,
  segments: readonly SegmentFiles[],
  epochs: LeaderEpochs,
): Promise<void> {
  epochs.clear();
  for (const { baseOffset } of segments) {
    const scanner = new SegmentScanner(context, directory, baseOffset);
    try {
      while (await scanner.next()) {
        for (let at = 0; at < scanner.rowCount * RECOVERY_ROW.length; at += RECOVERY_ROW.length) {
          const epoch = scanner.rows[at + RECOVERY_ROW.leaderEpoch] as number;
          if (epoch > (epochs.latest?.epoch ?? -1)) {
            epochs.assign(epoch, scanner.rows[at + RECOVERY_ROW.baseOffset] as number);
          }
        }
      }
    } finally {
      scanner.close();
    }
  }
}
