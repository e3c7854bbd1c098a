/** Builds the producer state of a log up to an offset: from a snapshot, and from what the log has behind it (spec 3.7, item 8). */
import type { SegmentContext } from '../../segment/context.ts';
import { SegmentScanner } from '../../segment/recover.ts';
import { Segment } from '../../segment/segment.ts';
import type { ProducerState } from '../../state/producers/producer-state.ts';
import { Replay } from '../../state/replay.ts';

/** The log to replay. */
export interface ReplaySource {
  readonly context: SegmentContext;
  readonly directory: string;
  /** The base offsets of its segments, in order. */
  readonly bases: readonly number[];
  readonly logStartOffset: number;
  /** What the .log of a segment has behind its name, where a swap is not over. */
  readonly stageOf?: (baseOffset: number) => string;
}

/**
 * Brings `producers` to `endOffset`, and writes the snapshots that Kafka would: at the last two segments' bases and the end.
 *
 * @param wasClosedClean a log without any snapshot that was closed clean comes from a time before there were any: it is not read
 */
export function rebuildProducers(
  source: ReplaySource,
  producers: ProducerState,
  endOffset: number,
  wasClosedClean: boolean,
): void {
  const { context, bases, logStartOffset } = source;
  const wanted = [...bases.slice(-2), endOffset];
  if (producers.latestSnapshotOffset === undefined && wasClosedClean) {
    for (const offset of wanted) {
      producers.updateMapEndOffset(offset);
      producers.takeSnapshot();
    }
    return;
  }
  // Between a snapshot below the first segment and that segment something is gone, and may have been the end of a transaction
  // that is open in the snapshot. Kafka reads it where a crash spoiled the newer ones, and leaves the transaction open for good.
  // Without it nothing shows too early: what is left of a transaction begins it again.
  producers.deleteSnapshotsBefore(bases[0] ?? endOffset);
  const wasEmpty = producers.count === 0 && producers.mapEndOffset >= endOffset;
  producers.truncateAndReload(logStartOffset, endOffset, context.clock.now());
  // Kafka reads nothing where no producer was known before a cut. But one that was forgotten may have a transaction whose marker
  // is cut off, which is open again, or one that is open in the snapshot and ended behind it. All others stay
  // forgotten.
  if (endOffset > producers.mapEndOffset) {
    const first = bases.findLastIndex((base) => base <= producers.mapEndOffset);
    for (const base of bases.slice(Math.max(0, first))) {
      if (base >= endOffset) break;
      const from = Math.max(base, producers.mapEndOffset, logStartOffset);
      producers.updateMapEndOffset(from);
      if (wanted.includes(base)) producers.takeSnapshot();
      replay(source, base, producers, from, endOffset);
    }
    if (wasEmpty) producers.expire(Infinity);
  }
  producers.updateMapEndOffset(endOffset);
  producers.takeSnapshot();
}

/** Batches that cannot be, in a segment that is not being recovered, are passed over: they are the reader's to meet. */
function replay(
  { context, directory, stageOf }: ReplaySource,
  baseOffset: number,
  producers: ProducerState,
  from: number,
  to: number,
): void {
  const stage = stageOf?.(baseOffset) ?? '';
  const { logPath } = new Segment(context, directory, baseOffset, 0, { stage });
  const replaying = new Replay(context, logPath, producers, undefined, from, to);
  const scanner = new SegmentScanner(context, directory, baseOffset, { stage });
  try {
    while (scanner.nextSync()) {
      if (replaying.visit(scanner.rows, scanner.rowCount) !== undefined) return;
    }
  } finally {
    scanner.close();
  }
}
