/** From a directory to segments: what is there, and how far each goes. */
import { basename, join } from 'node:path';
import { SCAN_ROW } from '../../engine/contract.ts';
import { SeglogError } from '../../errors/errors.ts';
import { baseOffsetOf, lastOffsetOf, maxTimestampOf } from '../../format/batch.ts';
import { baseOffsetOfName, parsePartitionDirectory, SUFFIXES, type TopicPartition } from '../../format/names.ts';
import type { FileSystem } from '../../fs/contract.ts';
import type { SegmentContext } from '../../segment/context.ts';
import type { Segment } from '../../segment/segment.ts';
import type { FilePosition, Offset, TimestampMs } from '../../units/units.ts';
import { walkBatches } from '../../segment/walk.ts';

/** What a directory holds of one segment. */
export interface SegmentFiles {
  readonly baseOffset: number;
  readonly sizeBytes: number;
  /** Tells the .log from another one that had its name. */
  readonly fileId: number | undefined;
  readonly hasOffsetIndex: boolean;
  readonly hasTimeIndex: boolean;
  readonly hasTransactionIndex: boolean;
}

/** How far the last segment goes. */
export interface LogEnd {
  readonly nextOffset: Offset;
  readonly validBytes: FilePosition;
  readonly maxTimestamp: TimestampMs;
}

/** An end, and what the way there was like. */
interface WalkedEnd extends LogEnd {
  /** Whether every batch that was gone over lies behind the one before it. */
  readonly rises: boolean;
}

/** The partition that a directory's name says; undefined for a name of any other kind. */
export function partitionOf(directory: string): TopicPartition | undefined {
  try {
    return parsePartitionDirectory(basename(directory));
  } catch {
    return undefined;
  }
}

/**
 * The segments in a directory that nobody else changes, in order.
 *
 * @throws SeglogError `OFFSET_NOT_EXACT`, `NOT_A_REGULAR_FILE`
 */
export function listSegments(fs: FileSystem, directory: string): SegmentFiles[] {
  const names = fs.list(directory);
  const present = new Set(names);
  const segments: SegmentFiles[] = [];
  for (const name of names) {
    const files = segmentFilesOf(fs, directory, name, present);
    if (files !== undefined && files !== 'none') segments.push(files);
  }
  return segments.sort((a, b) => a.baseOffset - b.baseOffset);
}

/**
 * What is there of the segment whose .log has that name.
 *
 * @param stage what the name ends with behind `.log`
 * @returns `none` for the name of another thing; undefined when the file is not there any more
 * @throws SeglogError `OFFSET_NOT_EXACT`, `NOT_A_REGULAR_FILE`
 */
export function segmentFilesOf(
  fs: FileSystem,
  directory: string,
  name: string,
  present: ReadonlySet<string>,
  stage = '',
): SegmentFiles | 'none' | undefined {
  const base = baseOffsetOfName(name, SUFFIXES.log + stage);
  if (base === undefined) return 'none';
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
  if (stat === undefined) return undefined;
  if (!stat.isFile) {
    throw new SeglogError('NOT_A_REGULAR_FILE', 'a segment must be a regular file', {
      file: path,
      found: stat.isDirectory ? 'a directory' : 'a link or a special file',
    });
  }
  const stem = name.slice(0, -(SUFFIXES.log + stage).length);
  return {
    baseOffset: Number(base),
    sizeBytes: stat.sizeBytes,
    fileId: stat.fileId,
    hasOffsetIndex: present.has(stem + SUFFIXES.offsetIndex),
    hasTimeIndex: present.has(stem + SUFFIXES.timeIndex),
    hasTransactionIndex: present.has(stem + SUFFIXES.transactionIndex),
  };
}

/**
 * Goes over the batches of a segment from its last index entry on.
 *
 * @param verify whether checksums are checked: not needed after a clean close
 */
export function findEnd(context: SegmentContext, segment: Segment, fileBytes: number, verify: boolean): WalkedEnd {
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
  if (start > 0 && end.validBytes === start) return walkAll(context, segment, fileBytes, true);
  return end;
}

/** Goes over all batches of a segment, and asks no index. */
export function walkAll(context: SegmentContext, segment: Segment, fileBytes: number, verify: boolean): WalkedEnd {
  return walkOn(context, segment, startOf(segment), fileBytes, verify);
}

function startOf({ baseOffset }: Segment): LogEnd {
  return { nextOffset: baseOffset, validBytes: 0, maxTimestamp: -1 };
}

/** Goes on from a known end over whatever batches follow it. */
export function walkOn(
  { engine }: SegmentContext,
  segment: Segment,
  from: LogEnd,
  fileBytes: number,
  verify: boolean,
): WalkedEnd {
  let { nextOffset, maxTimestamp } = from;
  let rises = true;
  const { position } = walkBatches(
    engine,
    segment.log(),
    from.validBytes,
    fileBytes,
    verify,
    ({ view, rows, count }) => {
      for (let row = 0; row < count; row++) {
        const at = rows[row * SCAN_ROW.length] as number;
        rises &&= baseOffsetOf(view, at) >= nextOffset;
        nextOffset = lastOffsetOf(view, at) + 1;
        maxTimestamp = Math.max(maxTimestamp, maxTimestampOf(view, at));
      }
      return true;
    },
  );
  return { nextOffset, validBytes: position, maxTimestamp, rises };
}

/**
 * Where a segment ends that is cut before the first batch that ends at `offset` or later: behind the batch before that one, which may
 * be far below it, or at the segment's base.
 */
export function endBefore(context: SegmentContext, segment: Segment, offset: Offset): Offset {
  const found = segment.find(offset);
  const position = found?.position ?? segment.sizeBytes;
  const validBytes = segment.indexes().offsets.positionAtOrBelow(position - 1);
  const near = walkOn(context, segment, { ...startOf(segment), validBytes }, position, false);
  const end = near.validBytes === position ? near : walkAll(context, segment, position, false);
  // Damage on the way there: below it nothing may be taken for unsynced.
  const nextOffset = end.validBytes === position ? end.nextOffset : (found?.baseOffset ?? offset);
  return Math.min(nextOffset, offset);
}

/** Where the first batch stands that is not whole and valid, and the offset that is expected there; undefined without one. */
export function findDamage(
  { engine }: SegmentContext,
  segment: Segment,
): { readonly position: FilePosition; readonly offset: Offset } | undefined {
  let offset = segment.baseOffset;
  const { position } = walkBatches(engine, segment.log(), 0, segment.sizeBytes, true, ({ view, rows, count }) => {
    if (count > 0) offset = lastOffsetOf(view, rows[(count - 1) * SCAN_ROW.length] as number) + 1;
    return true;
  });
  return position < segment.sizeBytes ? { position, offset } : undefined;
}
