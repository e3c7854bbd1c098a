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
  const { count } = producers;
  const wasEmpty = count === 0 && producers.mapEndOffset >= endOffset;
  producers.truncateAndReload(logStartOffset, endOffset, context.clock.now());
  // A snapshot may bring back a transaction that ended behind it, by a producer that was forgotten since: then what is behind is
  // read, where Kafka reads nothing, and leaves the transaction open.
  if (endOffset > producers.mapEndOffset && (!wasEmpty || producers.count > 0)) {
    const first = bases.findLastIndex((base) => base <= producers.mapEndOffset);
    for (const base of bases.slice(Math.max(0, first))) {
      if (base >= endOffset) break;
      const from = Math.max(base, producers.mapEndOffset, logStartOffset);
      producers.updateMapEndOffset(from);
      if (wanted.includes(base)) producers.takeSnapshot();
      replay(source, base, producers, from, endOffset);
    }
  }
  producers.updateMapEndOffset(endOffset);
  producers.takeSnapshot();
}

/** Batches that cannot be, in a segment that is not being recovered, are passed over: they are the reader's to meet. */
function replay(
  { context, directory }: ReplaySource,
  baseOffset: number,
  producers: ProducerState,
  from: number,
  to: number,
): void {
  const { logPath } = new Segment(context, directory, baseOffset, 0);
  const replaying = new Replay(context, logPath, producers, undefined, from, to);
  const scanner = new SegmentScanner(context, directory, baseOffset);
  try {
    while (scanner.nextSync()) {
      if (replaying.visit(scanner.rows, scanner.rowCount) !== undefined) return;
    }
  } finally {
    scanner.close();
  }
}
