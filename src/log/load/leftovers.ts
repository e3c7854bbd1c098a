/**
 * What an interrupted deletion, compaction or split left in a partition directory (spec 3.7, items 1 to 4).
 *
 * `.deleted` is on its way out. `.cleaned` was being written: worthless. `.swap` was written whole: it takes the place of
 * every file whose offset it covers, unless a `.cleaned` file at or below it shows that the writing had not ended.
 */
import { join } from 'node:path';
import { baseOffsetOfName, leadingOffset, PARTITION_FILES, STAGES, SUFFIXES } from '../../format/names.ts';
import type { SegmentContext } from '../../segment/context.ts';
import { Segment } from '../../segment/segment.ts';
import { findEnd } from './segment-files.ts';

/** Files that are replaced by one under this name, as segments' transaction indexes are. */
const REPLACED: readonly string[] = Object.values(PARTITION_FILES);
const TEMPORARY = '.tmp';

/** Clears up, and returns the names that were removed or renamed. */
export function clearLeftovers(context: SegmentContext, directory: string): string[] {
  const { fs } = context;
  const done: string[] = [];
  const remove = (name: string): void => {
    fs.remove(join(directory, name));
    done.push(name);
  };
  const isFile = (name: string): boolean => fs.stat(join(directory, name))?.isFile === true;
  const listed = fs.list(directory);
  const leftovers = listed.filter((name) => stageOf(name) !== undefined && isFile(name));
  const offsetOf = (name: string): number => leadingOffset(name) ?? Infinity;
  const firstCleaned = Math.min(...leftovers.filter((name) => stageOf(name) === STAGES.cleaned).map(offsetOf));
  for (const name of leftovers) {
    if (stageOf(name) !== STAGES.swap || offsetOf(name) >= firstCleaned) remove(name);
  }
  const swaps = leftovers.filter((name) => !done.includes(name));
  if (swaps.length > 0) {
    const { from, to } = rangeOf(context, directory, swaps);
    for (const name of listed) {
      const offset = leadingOffset(name);
      if (stageOf(name) === undefined && offset !== undefined && offset >= from && offset < to && isFile(name)) {
        remove(name);
      }
    }
    // Once the first of these has its name, nothing tells any more what else was to go.
    fs.syncDirectory(directory);
    const finish = (name: string): void => {
      fs.rename(join(directory, name), join(directory, name.slice(0, -STAGES.swap.length)));
      done.push(name);
    };
    // The logs first: an index beside a log that is still to come would be taken for one of the old ones. So would a log
    // between two that are still to come: the lowest one first, and on the disk before the next.
    for (const [at, name] of swaps.filter(isSwappedLog).sort(byOffset).entries()) {
      if (at > 0) fs.syncDirectory(directory);
      finish(name);
    }
    for (const name of swaps) if (!isSwappedLog(name)) finish(name);
  }
  const left = done.length === 0 ? listed : fs.list(directory);
  for (const name of orphans(left)) remove(name);
  // A file that was to replace another one and did not come to it.
  for (const name of left) if (isHalfReplaced(name)) remove(name);
  if (done.length > 0) fs.syncDirectory(directory);
  return done;
}

function isHalfReplaced(name: string): boolean {
  if (!name.endsWith(TEMPORARY)) return false;
  const replaced = name.slice(0, -TEMPORARY.length);
  return REPLACED.includes(replaced) || baseOffsetOfName(replaced, SUFFIXES.transactionIndex) !== undefined;
}

function byOffset(a: string, b: string): number {
  return (leadingOffset(a) ?? 0) - (leadingOffset(b) ?? 0);
}

function isSwappedLog(name: string): boolean {
  return name.endsWith(SUFFIXES.log + STAGES.swap);
}

function stageOf(name: string): string | undefined {
  // A KRaft snapshot on its way out has its own rules.
  if (name.endsWith(`.checkpoint${STAGES.deleted}`)) return undefined;
  return Object.values(STAGES).find((stage) => name.endsWith(stage));
}

/** The offsets that swap files cover: those of the .log files among the names. */
export function rangeOf(
  context: SegmentContext,
  directory: string,
  swaps: readonly string[],
): { from: number; to: number } {
  let from = Infinity;
  let to = -Infinity;
  for (const name of swaps) {
    const baseOffset = baseOffsetOfName(name, SUFFIXES.log + STAGES.swap);
    if (baseOffset === undefined || baseOffset > BigInt(Number.MAX_SAFE_INTEGER)) continue;
    const sizeBytes = context.fs.stat(join(directory, name))?.sizeBytes ?? 0;
    const segment = new Segment(context, directory, Number(baseOffset), sizeBytes, { stage: STAGES.swap });
    from = Math.min(from, segment.baseOffset);
    try {
      // One of which nothing is left takes the place of its own base at least.
      to = Math.max(to, findEnd(context, segment, sizeBytes, false).nextOffset, segment.baseOffset + 1);
    } finally {
      segment.release();
    }
  }
  return { from, to };
}

/** Index files without a log. */
function orphans(names: readonly string[]): string[] {
  const logs = new Set(names.filter((name) => name.endsWith(SUFFIXES.log)).map((name) => name.slice(0, -4)));
  const indexes = [SUFFIXES.offsetIndex, SUFFIXES.timeIndex, SUFFIXES.transactionIndex];
  return names.filter((name) =>
    indexes.some((suffix) => baseOffsetOfName(name, suffix) !== undefined && !logs.has(name.slice(0, -suffix.length))),
  );
}
