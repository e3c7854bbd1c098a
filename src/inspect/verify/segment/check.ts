/** One segment: its .log from end to end, and its indexes against it. */
import { CONTROL_TYPES } from '../../../format/control-record.ts';
import { SUFFIXES } from '../../../format/names.ts';
import type { File } from '../../../fs/contract.ts';
import { MAX_INT32 } from '../../../units/units.ts';
import type { Int64 } from '../../int64.ts';
import type { SegmentFacts, VerifyContext } from '../facts.ts';
import { makeFinding } from '../finding.ts';
import type { FindingSink } from '../sink.ts';
import { checkOffsetIndexAlone, checkTimeIndexAlone } from './alone.ts';
import { type BatchFollower, LogScan } from './log-scan.ts';
import { OffsetIndexCheck } from './offset-index-check.ts';
import { TimeIndexCheck } from './time-index-check.ts';

/** A crash can lose so much of a file's end, and not more: entries farther behind it are damaged themselves. */
const FARTHEST_LOSS = 64 * 1024 * 1024;

/** What the names of KRaft snapshots end with. */
const KRAFT_SNAPSHOT = '.checkpoint';

/** The files of a segment that are to be looked at; undefined where there is none. */
export interface SegmentFiles {
  readonly log: string | undefined;
  readonly index: string | undefined;
  readonly timeIndex: string | undefined;
  /** From the name; undefined for a KRaft snapshot, which has no indexes. */
  readonly baseOffset: Int64 | undefined;
  /** Whether missing files are findings: not when a file was named alone. */
  readonly isComplete: boolean;
  /** Whether a .log of that name is on its way in or out: then the indexes are left over, and the .log is not missed. */
  readonly isLeaving: boolean;
  /** Whether somebody appends to it: its tail is no fault then. */
  readonly isLive: boolean;
}

/** What a segment came to. */
export interface SegmentResult {
  /** Only for a .log with a base offset. */
  readonly facts: SegmentFacts | undefined;
  readonly batches: number;
  readonly records: number;
}

/**
 * Checks a segment. Findings go to `sink`.
 *
 * @throws SeglogError `IO`, `NOT_A_REGULAR_FILE`, `FILE_SHRANK` for a file that cannot be read
 */
export function checkSegment(
  context: VerifyContext,
  files: SegmentFiles,
  sink: FindingSink,
  progress: (bytes: number) => void,
): SegmentResult {
  const open: File[] = [];
  const opened = (path: string): File => {
    const file = context.fs.open(path, 'read');
    open.push(file);
    return file;
  };
  try {
    if (files.log !== undefined) return checkLog(context, files, opened(files.log), opened, sink, progress);
    checkOrphans(files, opened, sink);
    return { facts: undefined, batches: 0, records: 0 };
  } finally {
    for (const file of open) file.close();
  }
}

/** Indexes without a .log. */
function checkOrphans(files: SegmentFiles, opened: (path: string) => File, sink: FindingSink): void {
  const baseOffset = files.baseOffset ?? 0;
  const any = files.index ?? files.timeIndex;
  if (files.isComplete && !files.isLeaving && any !== undefined)
    sink.add(makeFinding('LOG_MISSING', any.slice(0, any.lastIndexOf('.')) + SUFFIXES.log));
  for (const path of [files.index, files.timeIndex]) {
    if (path === undefined) continue;
    if (files.isComplete) sink.add(makeFinding('INDEX_ORPHANED', path));
    (path === files.index ? checkOffsetIndexAlone : checkTimeIndexAlone)(opened(path), baseOffset, sink);
  }
}

/** Hands batches to the indexes that are there. */
class IndexFollower implements BatchFollower {
  readonly #offsets: OffsetIndexCheck | undefined;
  readonly #times: TimeIndexCheck | undefined;

  constructor(offsets: OffsetIndexCheck | undefined, times: TimeIndexCheck | undefined) {
    this.#offsets = offsets;
    this.#times = times;
  }

  batch(position: number, size: number, last: Int64, maxTimestamp: Int64): void {
    const isIndexed = this.#offsets?.batch(position, size, last) === true;
    const hasTimeEntry = this.#times?.batch(last, maxTimestamp, isIndexed) === true;
    if (hasTimeEntry || isIndexed) this.#offsets?.moment(position, hasTimeEntry, isIndexed);
  }

  damaged(from: number, to: number, nextOffset: Int64): void {
    this.#offsets?.damaged(from, to);
    this.#times?.damaged(nextOffset);
  }
}

function checkLog(
  context: VerifyContext,
  files: SegmentFiles,
  log: File,
  opened: (path: string) => File,
  sink: FindingSink,
  progress: (bytes: number) => void,
): SegmentResult {
  const { baseOffset, index, timeIndex, isLive } = files;
  if (files.isComplete && baseOffset !== undefined) tellMissing(log.path, files, sink);
  const base = baseOffset ?? 0;
  const offsets = index === undefined ? undefined : new OffsetIndexCheck(opened(index), base, sink, isLive);
  const times = timeIndex === undefined ? undefined : new TimeIndexCheck(opened(timeIndex), base, sink, isLive);
  const scan = new LogScan(context, log, baseOffset, sink, new IndexFollower(offsets, times), isLive);
  scan.run(progress);
  if (!isLive) tellShort(scan, log.path, offsets, times, sink);
  offsets?.finish(context.config.indexIntervalBytes, isLive);
  times?.finish(isLive);
  const { batches, records } = scan;
  if (log.path.endsWith(KRAFT_SNAPSHOT)) tellUnfinished(scan, log.path, sink);
  if (baseOffset === undefined) return { facts: undefined, batches, records };
  const facts = { ...factsOf(scan, log.path, baseOffset, sink), indexDensity: isLive ? undefined : offsets?.density };
  return { facts, batches, records };
}

/** A KRaft snapshot begins with a header and ends with a footer. What is damaged besides has been told of. */
function tellUnfinished(scan: LogScan, path: string, sink: FindingSink): void {
  if (sink.counts.error > 0) return;
  const hasHeader = scan.firstControlType === CONTROL_TYPES.snapshotHeader;
  if (hasHeader && scan.lastControlType === CONTROL_TYPES.snapshotFooter) return;
  sink.add(
    makeFinding('KRAFT_SNAPSHOT_INCOMPLETE', path, {
      position: hasHeader ? scan.wholeBytes : 0,
      expected: hasHeader ? 'a footer as the last record' : 'a header as the first record',
      found: scan.batches === 0 ? 'no batch' : 'none',
    }),
  );
}

function tellMissing(logPath: string, files: SegmentFiles, sink: FindingSink): void {
  const stem = logPath.slice(0, -SUFFIXES.log.length);
  if (files.index === undefined) sink.add(makeFinding('INDEX_MISSING', stem + SUFFIXES.offsetIndex));
  if (files.timeIndex === undefined) sink.add(makeFinding('INDEX_MISSING', stem + SUFFIXES.timeIndex));
}

/** The end of the .log is lost where an index tells of more, and nothing in the .log itself does. */
function tellShort(
  scan: LogScan,
  path: string,
  offsets: OffsetIndexCheck | undefined,
  times: TimeIndexCheck | undefined,
  sink: FindingSink,
): void {
  if (sink.counts.error > 0 || scan.wholeBytes > MAX_INT32) return;
  const lastOffset = scan.order.lastOffset ?? -1;
  const isShort =
    offsets?.tellsOfMore(scan.wholeBytes, lastOffset, FARTHEST_LOSS) === true ||
    times?.tellsOfMore(lastOffset) === true;
  if (!isShort) return;
  sink.add(
    makeFinding('LOG_SHORT', path, {
      position: scan.wholeBytes,
      expected: 'the batches that the indexes name',
      found: `${scan.wholeBytes} bytes, up to offset ${lastOffset}`,
    }),
  );
}

function factsOf(scan: LogScan, path: string, baseOffset: Int64, sink: FindingSink): SegmentFacts {
  const { order, timestamps } = scan;
  return {
    baseOffset,
    path,
    sizeBytes: scan.sizeBytes,
    wholeBytes: scan.wholeBytes,
    firstOffset: order.firstOffset,
    lastOffset: scan.lastWholeOffset,
    nextOffset: order.firstOffset === undefined ? undefined : scan.nextWholeOffset,
    maxTimestamp: timestamps.max === -1 ? undefined : timestamps.max,
    offsetOfMaxTimestamp: timestamps.max === -1 ? undefined : timestamps.offsetOfMax,
    epochs: order.epochs,
    firstEpochPosition: order.firstEpochPosition,
    lastEpochPosition: order.lastEpochPosition,
    hasProducers: scan.hasProducers,
    hasTransactions: scan.hasTransactions,
    gaps: order.gaps,
    isCompacted: scan.isCompacted,
    zeroTailBytes: scan.zeroTailBytes,
    faults: sink.counts.error,
  };
}
