/** The last stable offset of a partition that nobody has open: from its newest producer snapshot and what the log has behind it. */
import type { SeglogError } from '../../errors/errors.ts';
import { SegmentScanner } from '../../segment/recover.ts';
import { ProducerState } from '../../state/producers/producer-state.ts';
import { Replay } from '../../state/replay.ts';
import type { SurveyedPartition } from './partition.ts';

/** Kafka's default of `producer.id.expiration.ms`. A producer with an open transaction never expires, so it hardly matters. */
const EXPIRATION_MS = 86_400_000;

/** What bounds it. */
export interface LastStable {
  readonly offset: number;
  /** Where the oldest transaction that is open, or whose end is not replicated, begins; undefined when there is none. */
  readonly firstUnstableOffset: number | undefined;
}

/**
 * The last stable offset: the high watermark, or below it the start of the oldest undecided transaction.
 *
 * @param note is told of snapshots that cannot be used, and of batches that cannot be
 * @throws SeglogError `IO`
 */
export function lastStableOffset(partition: SurveyedPartition, note: (text: string) => void): LastStable {
  const { context, directory, segments, logStartOffset, logEndOffset, highWatermark } = partition;
  const producers = new ProducerState({
    fs: context.fs,
    crc32c: (bytes, start, end) => context.engine.crc32c(bytes, start, end),
    directory,
    expirationMs: EXPIRATION_MS,
    isReadOnly: true,
    onProblem: (problem: SeglogError) => note(problem.message),
  });
  producers.truncateAndReload(logStartOffset, logEndOffset, context.clock.now());
  const from = Math.max(logStartOffset, producers.mapEndOffset);
  for (const { baseOffset, nextOffset, path } of segments) {
    if (nextOffset <= from) continue;
    const replay = new Replay(context, path, producers, undefined, from, logEndOffset);
    const scanner = new SegmentScanner(context, directory, baseOffset);
    try {
      while (scanner.nextSync() && replay.fault === undefined) replay.visit(scanner.rows, scanner.rowCount);
    } finally {
      scanner.close();
    }
    if (replay.fault !== undefined)
      note(`transactions are followed up to a batch only that cannot be: ${replay.fault.message}`);
  }
  producers.onHighWatermark(highWatermark);
  const unstable = producers.firstUnstableOffset;
  const first = unstable === undefined ? undefined : Math.max(unstable, logStartOffset);
  return { offset: Math.min(first ?? highWatermark, highWatermark), firstUnstableOffset: first };
}
