/** An open log as those see it who read it. */
import { SeglogError } from '../errors/errors.ts';
import type { FetchIsolation, FetchSource } from './fetch.ts';
import type { ReadIsolation } from './options.ts';
import type { PartitionLog } from './partition-log.ts';
import type { ReadSource } from './read.ts';

/** The log as it is now, for a read that ends when `checkOpen` raises, or when something is cut off the log. */
export function readSource(log: PartitionLog, isolation: ReadIsolation, checkOpen: () => void): ReadSource {
  const { segments, offsets, cuts } = log;
  const ends = {
    log_end: offsets.logEnd,
    read_uncommitted: offsets.highWatermark,
    read_committed: offsets.lastStable,
  };
  return {
    engine: log.context.engine,
    segments,
    startOffset: offsets.logStart,
    endOffset: ends[isolation],
    logEndOffset: offsets.logEnd,
    checkOpen() {
      checkOpen();
      checkUncut(log, cuts);
    },
    isGone: (segment) => segments.floor(segment.baseOffset) !== segment,
    repairTransactions: (segment) => log.repairTransactions(segment),
    onDamage: (error, segment, position) => log.damaged(error, segment, position),
    observer: log.observer,
  };
}

/** The log as it is now, for one slice of it. */
export function fetchSource(log: PartitionLog, isolation: FetchIsolation): FetchSource {
  const { segments, offsets } = log;
  const { logStart, logEnd, highWatermark, lastStable } = offsets;
  const limits = { log_end: logEnd, high_watermark: highWatermark, committed: lastStable };
  return {
    ...{ segments, logStart, logEnd, limit: limits[isolation] },
    repairTransactions: (segment) => log.repairTransactions(segment),
  };
}

/**
 * @param cuts as they were
 * @throws SeglogError `OFFSET_OUT_OF_RANGE` when something was cut off the log since: other records may be there now
 */
export function checkUncut(log: PartitionLog, cuts: number): void {
  if (log.cuts === cuts) return;
  throw new SeglogError('OFFSET_OUT_OF_RANGE', 'the log was truncated while it was read', {
    file: log.directory,
    expected: `up to ${log.offsets.logEnd}`,
    action: 'Read again from an offset below the log end',
  });
}
