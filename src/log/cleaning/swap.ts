/**
 * The files of a swap: cleaned segments take the place of those that they were made from (spec 4.6, Kafka's
 * `LocalLog.replaceSegments`), so that a crash at any point leaves the old ones or the new ones:
 *
 *     .cleaned, synced -> .swap, last one first -> the old ones become .deleted -> .swap becomes final, first one first
 *
 * Before the first of the new ones is `.swap` the old ones are the log; once all of them are, loading ends the swap. Kafka
 * relies on the file system to keep the order of renames; here the directory is synced between steps whose order counts.
 */
import { join } from 'node:path';
import type { CleanedSegment } from '../../cleaner/contract.ts';
import { SeglogError } from '../../errors/errors.ts';
import { leadingOffset, segmentFileName, STAGES, SUFFIXES } from '../../format/names.ts';
import type { SegmentContext } from '../../segment/context.ts';
import { Segment } from '../../segment/segment.ts';
import type { ProducerState } from '../../state/producers/producer-state.ts';
import type { Offset } from '../../units/units.ts';
import type { DeletedFiles } from '../deleted-files.ts';
import type { SegmentList } from '../segments.ts';
import type { LogSync } from '../sync.ts';

/** What of a log a swap changes. */
interface SwappedLog {
  readonly context: SegmentContext;
  readonly directory: string;
  readonly segments: SegmentList;
  readonly sync: LogSync;
  readonly producers: ProducerState;
  readonly deleted: DeletedFiles;
}

/** The .log first: what opens a log believes it, and builds a missing index from it. */
const ALWAYS_THERE = [SUFFIXES.log, SUFFIXES.offsetIndex, SUFFIXES.timeIndex];
const FILES = [...ALWAYS_THERE, SUFFIXES.transactionIndex];

/**
 * Puts what a cleaning made of neighbouring segments in their place. Readers that have one of these open keep it.
 *
 * @param sources are in the log; ascending, as are `cleaned`, whose `.cleaned` files and their names are synced
 * @throws SeglogError `IO`: the log that is on the disk is no longer the one in memory
 */
export function swapSegments(
  { context, directory, segments, sync, producers, deleted }: SwappedLog,
  sources: readonly Segment[],
  cleaned: readonly CleanedSegment[],
): void {
  const { fs } = context;
  const bases = cleaned.map(({ baseOffset }) => baseOffset);
  for (const base of bases.toReversed()) {
    renameStage(context, directory, base, STAGES.cleaned, STAGES.swap);
    // A lower one that is ready means that all above it are.
    fs.syncDirectory(directory);
  }
  for (const segment of sources) segment.release();
  const gone = sources.map(({ baseOffset }) => baseOffset);
  const snapshots = gone.filter((base) => !bases.includes(base));
  const end = cleaned.at(-1)?.nextOffset ?? 0;
  // Loading removes those below. One above comes back whole if its names do: never without what is above itself, which may
  // have the tombstones of its keys.
  const [first, ...rest] = gone.filter((base) => base >= end);
  deleted.add([...gone.filter((base) => base < end), ...(first === undefined ? [] : [first])], snapshots);
  for (const base of rest) {
    fs.syncDirectory(directory);
    deleted.add([base], []);
  }
  // Nothing of the old ones comes back once loading sees no swap file any more.
  fs.syncDirectory(directory);
  for (const base of bases) {
    // With its final name one lies among what swap files on both sides of it cover: loading would take it for an old one.
    if (base !== bases[0]) fs.syncDirectory(directory);
    renameStage(context, directory, base, STAGES.swap, '');
  }
  // Not synced: until these names are on the disk, loading ends the swap. The next flush syncs them with the rest.
  const made = cleaned.map(({ baseOffset, sizeBytes }) => new Segment(context, directory, baseOffset, sizeBytes));
  segments.replace(sources, made);
  sync.replaced(sources);
  producers.forgetSnapshots(snapshots);
}

/**
 * Checks that all files of cleaned segments are there, whole: whatever else took them away, the log needs its old ones then.
 *
 * @throws SeglogError `IO`
 */
export function checkCleaned({ fs }: SegmentContext, directory: string, cleaned: readonly CleanedSegment[]): void {
  for (const { baseOffset, sizeBytes } of cleaned) {
    for (const suffix of ALWAYS_THERE) {
      const file = join(directory, segmentFileName(baseOffset, suffix) + STAGES.cleaned);
      const found = fs.stat(file)?.sizeBytes;
      if (suffix === SUFFIXES.log ? found === sizeBytes : found !== undefined) continue;
      throw new SeglogError('IO', 'a cleaned segment is not as it was written', {
        file,
        ...(suffix === SUFFIXES.log ? { expected: `${sizeBytes} bytes` } : {}),
        found: found === undefined ? 'no file' : `${found} bytes`,
        action: 'Nothing was changed. See who else uses the directory, and compact the log again',
      });
    }
  }
}

/**
 * Removes the `.cleaned` files of rounds that died, up to a base offset, except those of `own`. One at or below a `.swap` would
 * tell a loader that the swap had not begun, also when the old segments are gone. Nobody else may be writing any.
 *
 * @throws SeglogError `IO`
 */
export function removeLeftovers(
  { fs }: SegmentContext,
  directory: string,
  upTo: Offset = Infinity,
  own: readonly CleanedSegment[] = [],
): void {
  const stale = fs.list(directory).filter((name) => {
    const offset = leadingOffset(name);
    if (offset === undefined || offset > upTo || !name.endsWith(STAGES.cleaned)) return false;
    return own.every(({ baseOffset }) => baseOffset !== offset);
  });
  for (const name of stale) fs.remove(join(directory, name));
  if (stale.length > 0) fs.syncDirectory(directory);
}

/** Removes what a cleaning wrote for segments that cannot be swapped in. @throws SeglogError `IO` */
export function discardCleaned({ fs }: SegmentContext, directory: string, bases: readonly number[]): void {
  for (const base of bases) {
    for (const suffix of FILES) fs.remove(join(directory, segmentFileName(base, suffix) + STAGES.cleaned));
  }
}

function renameStage({ fs }: SegmentContext, directory: string, base: number, from: string, to: string): void {
  for (const suffix of FILES) {
    const path = join(directory, segmentFileName(base, suffix));
    if (fs.stat(path + from) !== undefined) fs.rename(path + from, path + to);
  }
}
