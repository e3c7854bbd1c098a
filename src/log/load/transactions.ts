/** Transaction indexes from the log itself. */
import { SegmentScanner } from '../../segment/recover.ts';
import type { Segment } from '../../segment/segment.ts';
import type { ProducerState } from '../../state/producers/producer-state.ts';
import { type ReplaySource, rebuildProducers } from './producers.ts';
import { Replay } from '../../state/replay.ts';

/** Replaces what a transaction index says; as in Kafka an existing file stays, with nothing in it. */
export function writeTransactions(segment: Segment, replay: Replay | undefined): void {
  segment.transactions().replace(replay?.aborted ?? []);
}

/**
 * Builds the transaction index of one segment anew.
 *
 * @param producers a producer state of the directory that writes nothing
 */
export function rebuildTransactions(source: ReplaySource, segment: Segment, producers: ProducerState): void {
  const { context, directory } = source;
  const { baseOffset, logPath } = segment;
  rebuildProducers(source, producers, baseOffset, false);
  const replay = new Replay(context, logPath, producers, undefined);
  const scanner = new SegmentScanner(context, directory, baseOffset);
  try {
    while (scanner.nextSync()) if (replay.visit(scanner.rows, scanner.rowCount) !== undefined) break;
  } finally {
    scanner.close();
  }
  writeTransactions(segment, replay);
}
