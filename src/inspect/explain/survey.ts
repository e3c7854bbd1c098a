/** What the files of one segment tell to those who decide about it. Reads only. */
import { join } from 'node:path';
import { segmentFileName, SUFFIXES } from '../../format/names.ts';
import type { File } from '../../fs/contract.ts';
import { OFFSET_INDEX } from '../../format/offset-index.ts';
import { offsetOfTimeEntry, TIME_INDEX } from '../../format/time-index.ts';
import { SeglogError } from '../../errors/errors.ts';
import type { CompactionSegment } from '../../policy/compaction.ts';
import type { GroupedSegment } from '../../policy/grouping.ts';
import type { SegmentContext } from '../../segment/context.ts';
import { type FoundBatch, Segment } from '../../segment/segment.ts';
import type { BatchSummary } from '../batch-summary.ts';
import { addExact, type Int64, readInt64 } from '../int64.ts';
import { HeaderWalk } from './headers.ts';

/** No index of Kafka's is near that size: a larger file is not loaded. */
const MAX_INDEX_BYTES = 64 * 1024 * 1024;

/** The first batch of a segment: what made the one before it roll. */
export interface FirstBatch {
  readonly sizeBytes: number;
  readonly lastOffset: Int64;
  readonly maxTimestamp: Int64;
}

/** Batches that wait for their delete horizon: with tombstones in them, or markers of transactions that are gone. */
export interface Horizons {
  readonly batches: number;
  readonly earliestMs: Int64;
  readonly latestMs: Int64;
}

/** A segment's facts. */
export interface SurveyedSegment extends CompactionSegment, GroupedSegment {
  readonly isActive: boolean;
  readonly path: string;
  readonly timestampSource: 'time-index' | 'batches' | 'file';
  /** What the time index says in its last entry, -1 where it has none; undefined when that is the truth. */
  readonly falseIndexTime: Int64 | undefined;
  /** Where the batch with the largest timestamp starts; undefined when there is none. */
  readonly largestPosition: number | undefined;
  readonly first: FirstBatch | undefined;
  /** Bytes behind the last batch that was looked at which are none. */
  readonly otherBytes: number;
  /** Undefined when nobody asked. */
  readonly horizons: Horizons | undefined;
}

/** What a walk over headers comes to. */
interface Walked {
  readonly largestTimestamp: Int64;
  readonly largestPosition: number | undefined;
  readonly nextOffset: Int64;
  readonly end: number;
  readonly horizons: Horizons | undefined;
}

/** Where a walk over headers may start, and the largest timestamp before it. */
interface Known {
  readonly from: number;
  readonly largestTimestamp: Int64;
  readonly largestPosition: number | undefined;
}
const NOTHING_KNOWN: Known = { from: 0, largestTimestamp: -1, largestPosition: undefined };

/** The last entry of a time index: a timestamp, and the offset of its record. */
interface TimeEntry {
  readonly timestamp: Int64;
  readonly offset: number;
}

/**
 * Surveys one segment.
 *
 * The time index is believed where its last entry names a batch with that very timestamp; else all headers are read.
 *
 * @param nextBase the base offset of the next segment; undefined for the active one
 * @param wantsHorizons whether all headers are to be read for delete horizons
 * @throws SeglogError `IO`, `OFFSET_NOT_EXACT` where the log ends beyond 2^53
 */
export function surveySegment(
  context: SegmentContext,
  directory: string,
  baseOffset: number,
  nextBase: number | undefined,
  wantsHorizons: boolean,
): SurveyedSegment {
  const path = join(directory, segmentFileName(baseOffset, SUFFIXES.log));
  const modifiedMs = Math.floor(context.fs.stat(path)?.modifiedMs ?? 0);
  const file = context.fs.open(path, 'read');
  const segment = new Segment(context, directory, baseOffset, file.sizeBytes());
  try {
    const fileBytes = file.sizeBytes();
    const isActive = nextBase === undefined;
    const [first] = new HeaderWalk(file).headers(0, fileBytes);
    const tail = readTimeTail(context, segment);
    const isReadable = hasReadableIndexes(context, segment);
    const known = isReadable ? (isActive ? knownOfActive(segment, first) : knownOfSealed(segment, tail)) : undefined;
    const isWalked = isActive || wantsHorizons || known === undefined;
    const from = wantsHorizons ? NOTHING_KNOWN : (known ?? NOTHING_KNOWN);
    const told: Omit<Walked, 'nextOffset'> & Partial<Walked> = isWalked
      ? walkHeaders(file, from, fileBytes, baseOffset)
      : { ...from, end: fileBytes, horizons: undefined };
    const largestTimestamp = told.largestTimestamp >= 0 ? told.largestTimestamp : -1;
    const indexTime = tail !== undefined && tail.timestamp >= 0 ? tail.timestamp : -1;
    return {
      baseOffset,
      nextOffset: nextBase ?? exactOffset(told.nextOffset ?? baseOffset, path),
      sizeBytes: isActive ? told.end : fileBytes,
      largestTimestamp,
      modifiedMs,
      firstTimestamp: first?.maxTimestamp ?? -1,
      isActive,
      path,
      timestampSource: largestTimestamp < 0 ? 'file' : known === undefined ? 'batches' : 'time-index',
      // The active segment's last entry is written when it closes, and again after a crash.
      falseIndexTime: isActive || indexTime === largestTimestamp ? undefined : indexTime,
      largestPosition: told.largestPosition,
      first: first && { sizeBytes: first.size, lastOffset: first.lastOffset ?? -1, maxTimestamp: first.maxTimestamp },
      otherBytes: fileBytes - told.end,
      ...indexUse(context, segment, isActive && isReadable),
      horizons: wantsHorizons ? told.horizons : undefined,
    };
  } finally {
    segment.release();
    file.close();
  }
}

function walkHeaders(file: File, known: Known, end: number, baseOffset: number): Walked {
  const walk = new HeaderWalk(file);
  let { largestTimestamp, largestPosition } = known;
  let nextOffset: Int64 = baseOffset;
  let horizons: Horizons | undefined;
  for (const { position, maxTimestamp, lastOffset, deleteHorizonMs } of walk.headers(known.from, end)) {
    if (maxTimestamp > largestTimestamp) {
      largestTimestamp = maxTimestamp;
      largestPosition = position;
    }
    if (lastOffset !== null) nextOffset = addExact(lastOffset, 1);
    if (deleteHorizonMs !== null) horizons = withHorizon(horizons, deleteHorizonMs);
  }
  return { largestTimestamp, largestPosition, nextOffset, end: walk.position, horizons };
}

function withHorizon(horizons: Horizons | undefined, ms: Int64): Horizons {
  if (horizons === undefined) return { batches: 1, earliestMs: ms, latestMs: ms };
  const { batches, earliestMs, latestMs } = horizons;
  return {
    batches: batches + 1,
    earliestMs: ms < earliestMs ? ms : earliestMs,
    latestMs: ms > latestMs ? ms : latestMs,
  };
}

/** The very last bytes of the time index as an entry, as a broker that loads the segment takes them. */
function readTimeTail({ fs }: SegmentContext, segment: Segment): TimeEntry | undefined {
  const path = segment.pathOf(SUFFIXES.timeIndex);
  const sizeBytes = fs.stat(path)?.sizeBytes ?? 0;
  if (sizeBytes < TIME_INDEX.ENTRY_SIZE) return undefined;
  const file = fs.open(path, 'read');
  try {
    const bytes = new Uint8Array(TIME_INDEX.ENTRY_SIZE);
    const at = sizeBytes - (sizeBytes % TIME_INDEX.ENTRY_SIZE) - TIME_INDEX.ENTRY_SIZE;
    if (file.read(bytes, 0, bytes.length, at) < bytes.length) return undefined;
    const view = new DataView(bytes.buffer);
    return {
      timestamp: readInt64(view, TIME_INDEX.TIMESTAMP),
      offset: segment.baseOffset + offsetOfTimeEntry(view, 0),
    };
  } finally {
    file.close();
  }
}

function hasReadableIndexes({ fs }: SegmentContext, segment: Segment): boolean {
  const suffixes = [SUFFIXES.offsetIndex, SUFFIXES.timeIndex];
  return suffixes.every((suffix) => (fs.stat(segment.pathOf(suffix))?.sizeBytes ?? 0) <= MAX_INDEX_BYTES);
}

/** The batch that a time entry names, if it has that timestamp. */
function batchOfEntry(segment: Segment, { timestamp, offset }: TimeEntry): FoundBatch | undefined {
  if (typeof timestamp === 'bigint' || timestamp < 0 || offset < segment.baseOffset) return undefined;
  try {
    const found = segment.find(offset);
    return found !== undefined && found.baseOffset <= offset && found.maxTimestamp === timestamp ? found : undefined;
  } catch (error) {
    if (error instanceof SeglogError && error.code !== 'IO') return undefined;
    throw error;
  }
}

function knownOfSealed(segment: Segment, tail: TimeEntry | undefined): Known | undefined {
  const found = tail && batchOfEntry(segment, tail);
  return found && { from: 0, largestTimestamp: found.maxTimestamp, largestPosition: found.position };
}

/** Behind the last offset index entry there may be more than the time index knows of; before it there is not. */
function knownOfActive(segment: Segment, first: BatchSummary | undefined): Known | undefined {
  const { offsets, times } = segment.indexes();
  const last = offsets.last;
  if (last === undefined) return undefined;
  try {
    const indexed = segment.find(last.offset);
    if (indexed?.position !== last.position || indexed.lastOffset !== last.offset) return undefined;
  } catch (error) {
    if (error instanceof SeglogError && error.code !== 'IO') return undefined;
    throw error;
  }
  if (times.table.count === 0) {
    return first !== undefined && first.maxTimestamp < 0 ? { ...NOTHING_KNOWN, from: last.position } : undefined;
  }
  const found = batchOfEntry(segment, times.last);
  return found && { from: last.position, largestTimestamp: found.maxTimestamp, largestPosition: found.position };
}

/** How much of the indexes is in use. A sealed segment's files are trimmed; an active one's end in zeros while it is open. */
function indexUse(
  { fs }: SegmentContext,
  segment: Segment,
  areEntriesCounted: boolean,
): Pick<SurveyedSegment, 'offsetIndexBytes' | 'timeIndexBytes'> {
  if (areEntriesCounted) {
    const { offsets, times } = segment.indexes();
    return {
      offsetIndexBytes: offsets.table.count * OFFSET_INDEX.ENTRY_SIZE,
      timeIndexBytes: times.table.count * TIME_INDEX.ENTRY_SIZE,
    };
  }
  const bytesOf = (suffix: string, entrySize: number): number => {
    const sizeBytes = fs.stat(segment.pathOf(suffix))?.sizeBytes ?? 0;
    return sizeBytes - (sizeBytes % entrySize);
  };
  return {
    offsetIndexBytes: bytesOf(SUFFIXES.offsetIndex, OFFSET_INDEX.ENTRY_SIZE),
    timeIndexBytes: bytesOf(SUFFIXES.timeIndex, TIME_INDEX.ENTRY_SIZE),
  };
}

function exactOffset(offset: Int64, file: string): number {
  if (typeof offset === 'number') return offset;
  throw new SeglogError('OFFSET_NOT_EXACT', 'the log ends beyond what can be counted exactly', {
    file,
    expected: 'at most 2^53 - 1',
    found: offset,
    action: 'Inspect the file with `seglog dump`, which prints any offset',
  });
}
