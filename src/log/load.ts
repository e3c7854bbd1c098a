/** From a directory to segments: what is there, and how far each goes. */
import { basename, join } from 'node:path';
import { SCAN_ROW } from '../engine/contract.ts';
import { SeglogError } from '../errors/errors.ts';
import { lastOffsetOf, maxTimestampOf } from '../format/batch.ts';
import { baseOffsetOfName, parsePartitionDirectory, SUFFIXES, type TopicPartition } from '../format/names.ts';
import type { FileSystem } from '../fs/contract.ts';
import type { SegmentContext } from '../segment/context.ts';
import { isZero, rebuildIndexes, scanSegment } from '../segment/recover.ts';
import { Segment } from '../segment/segment.ts';
import type { FilePosition, Offset, TimestampMs } from '../units/units.ts';
import { walkBatches } from '../segment/walk.ts';

/** The names that a directory holds for one segment. */
interface SegmentFiles {
  readonly baseOffset: number;
  readonly sizeBytes: number;
  readonly hasIndexes: boolean;
}

/** How far the last segment goes. */
export interface LogEnd {
  readonly nextOffset: Offset;
  readonly validBytes: FilePosition;
  readonly maxTimestamp: TimestampMs;
}

/** What opening found and did, when the log had not been closed clean. */
export interface RecoveryReport {
  /** The segment that was scanned. */
  readonly file: string;
  readonly scannedBytes: number;
  /** Bytes that were cut from its end; a zero tail does not count. */
  readonly cutBytes: number;
  /** Where the cut bytes went; undefined when nothing was cut. */
  readonly quarantine: string | undefined;
  /** Why they were cut. */
  readonly reason: string | undefined;
}

/** The partition that a directory's name says; undefined for a name of any other kind. */
export function partitionOf(directory: string): TopicPartition | undefined {
  try {
    return parsePartitionDirectory(basename(directory));
  } catch {
    return undefined;
  }
}

/** The segments in a directory, in order. @throws SeglogError `OFFSET_NOT_EXACT`, `NOT_A_REGULAR_FILE` */
export function listSegments(fs: FileSystem, directory: string): SegmentFiles[] {
  const names = fs.list(directory);
  const present = new Set(names);
  const segments: SegmentFiles[] = [];
  for (const name of names) {
    const base = baseOffsetOfName(name, SUFFIXES.log);
    if (base === undefined) continue;
    const path = join(directory, name);
    if (base > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw new SeglogError('OFFSET_NOT_EXACT', "a segment's base offset is beyond what a log here can count exactly", {
        file: path,
        expected: 'at most 2^53 - 1',
        found: base,
        action: 'Inspect the file with `seglog dump`, which prints any offset',
      });
    }
    const stat = fs.stat(path);
    if (stat === undefined) continue;
    if (!stat.isFile) {
      throw new SeglogError('NOT_A_REGULAR_FILE', 'a segment must be a regular file', {
        file: path,
        found: stat.isDirectory ? 'a directory' : 'a link or a special file',
      });
    }
    const stem = name.slice(0, -SUFFIXES.log.length);
    const hasIndexes = present.has(stem + SUFFIXES.offsetIndex) && present.has(stem + SUFFIXES.timeIndex);
    segments.push({ baseOffset: Number(base), sizeBytes: stat.sizeBytes, hasIndexes });
  }
  return segments.sort((a, b) => a.baseOffset - b.baseOffset);
}

/**
 * Goes over the batches of a segment from its last index entry on.
 *
 * @param verify whether checksums are checked: not needed after a clean close
 */
export function findEnd(context: SegmentContext, segment: Segment, fileBytes: number, verify: boolean): LogEnd {
  const { offsets, times } = segment.indexes();
  const last = offsets.last;
  const start = last === undefined || last.position >= fileBytes ? 0 : last.position;
  const end = walkOn(
    context,
    segment,
    { nextOffset: segment.baseOffset, validBytes: start, maxTimestamp: start === 0 ? -1 : times.last.timestamp },
    fileBytes,
    verify,
  );
  // Nothing at all where the index points: the index lies, so it is not asked.
  if (start > 0 && end.validBytes === start) {
    return walkOn(
      context,
      segment,
      { nextOffset: segment.baseOffset, validBytes: 0, maxTimestamp: -1 },
      fileBytes,
      true,
    );
  }
  return end;
}

/** Goes on from a known end over whatever batches follow it. */
export function walkOn(
  { engine }: SegmentContext,
  segment: Segment,
  from: LogEnd,
  fileBytes: number,
  verify: boolean,
): LogEnd {
  let { nextOffset, maxTimestamp } = from;
  const { position } = walkBatches(
    engine,
    segment.log(),
    from.validBytes,
    fileBytes,
    verify,
    ({ view, rows, count }) => {
      for (let row = 0; row < count; row++) {
        const at = rows[row * SCAN_ROW.length] as number;
        nextOffset = lastOffsetOf(view, at) + 1;
        maxTimestamp = Math.max(maxTimestamp, maxTimestampOf(view, at));
      }
      return true;
    },
  );
  return { nextOffset, validBytes: position, maxTimestamp };
}

/** Builds the indexes of sealed segments that lack them. */
export function rebuildMissingIndexes(
  context: SegmentContext,
  directory: string,
  segments: readonly SegmentFiles[],
): void {
  for (const { baseOffset, hasIndexes } of segments) {
    if (!hasIndexes) rebuildIndexes(context, directory, baseOffset, scanSegment(context, directory, baseOffset));
  }
}

/**
 * Scans the last segment after an unclean stop and rebuilds its indexes. What is no whole, valid batch at its end is not
 * counted; unless it is zeros it is copied to `quarantine/` in the partition directory before it can be overwritten.
 */
export function recoverLast(
  context: SegmentContext,
  directory: string,
  baseOffset: number,
): { end: LogEnd; report: RecoveryReport } {
  const { fs } = context;
  const scan = scanSegment(context, directory, baseOffset);
  const { validBytes, fileBytes, nextOffset, maxTimestamp, fault } = scan;
  const file = new Segment(context, directory, baseOffset, 0).logPath;
  const quarantine = fault === undefined ? undefined : saveTail(fs, directory, file, validBytes, fileBytes);
  rebuildIndexes(context, directory, baseOffset, scan);
  const report = {
    file,
    scannedBytes: fileBytes,
    cutBytes: fault === undefined ? 0 : fileBytes - validBytes,
    quarantine,
    reason: fault?.message,
  };
  return { end: { nextOffset, validBytes, maxTimestamp }, report };
}

/** Copies `file[from, to)` to the quarantine, without the zeros at its end, and makes the copy durable. */
function saveTail(fs: FileSystem, directory: string, file: string, from: number, to: number): string {
  const folder = join(directory, 'quarantine');
  fs.makeDirectory(folder);
  const path = freeName(fs, join(folder, `${basename(file)}.from-${from}`));
  const source = fs.open(file, 'read');
  const target = fs.open(path, 'new');
  try {
    const buffer = Buffer.allocUnsafe(1024 * 1024);
    for (let at = from; at < to && !isZero(source, at, to); ) {
      const got = source.read(buffer, 0, Math.min(buffer.length, to - at), at);
      target.write(buffer, 0, got, at - from);
      at += got;
    }
    target.syncSync();
  } finally {
    source.close();
    target.close();
  }
  fs.syncDirectory(folder);
  fs.syncDirectory(directory);
  return path;
}

function freeName(fs: FileSystem, path: string): string {
  for (let number = 0; ; number++) {
    const candidate = number === 0 ? path : `${path}.${number}`;
    if (fs.stat(candidate) === undefined) return candidate;
  }
}
