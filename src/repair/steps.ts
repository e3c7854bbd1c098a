/** What a repair will do, in words and numbers: one step for each piece of news about a file. */
import { basename } from 'node:path';
import { baseOffsetOfName, leadingOffset, PARTITION_FILES, STAGES, SUFFIXES } from '../format/names.ts';
import type { OverlayChange } from '../fs/overlay-fs.ts';
import type { CutKind } from '../log/load/report.ts';
import { diskPosition } from './bad-ranges.ts';
import type { RepairedView } from './view.ts';

/**
 * - `cut`: the bytes from `position` to the end of a .log.
 * - `excise`: `bytes` bytes within a .log, from `position` on.
 * - `drop`: a file of a segment that goes whole.
 * - `rebuild`: a file made anew from the log; `bytes` is its new size.
 * - `rename`: a file that was written whole and did not come to take its place.
 * - `remove`: a leftover.
 */
export type RepairAction = 'cut' | 'excise' | 'drop' | 'rebuild' | 'rename' | 'remove';

/** One step. */
export interface RepairStep {
  readonly action: RepairAction;
  /** The file's name, without its directory. */
  readonly file: string;
  /** Where in the file, as it is before the repair; null when all of it is meant. */
  readonly position: number | null;
  readonly bytes: number;
  /** What recovery calls the cut; null for any other step. */
  readonly kind: CutKind | null;
  readonly reason: string;
}

const UNLIKE_LOG = 'it does not say what the log says';
const OFFSET_DIGITS = 20;
const TAKES_OFFSETS = /^\d{20}\./;

/** The steps of one file. */
export function stepsOf(change: OverlayChange, all: readonly OverlayChange[], view: RepairedView): RepairStep[] {
  const { name, before, after } = change;
  if (after === undefined) return [removal(name, before?.sizeBytes ?? 0, all, view)];
  const isLog = baseOffsetOfName(name, SUFFIXES.log) !== undefined;
  const pieces = isLog ? [...excisions(name, view), ...cutsOf(name, before?.sizeBytes ?? 0, view)] : [];
  if (pieces.length > 0) return pieces;
  const bytes = after.reduce((total, { length }) => total + length, 0);
  const source = sourceOf(change);
  const reason =
    source === undefined
      ? isLog
        ? 'it holds offsets that go too far from its first one for one segment: it is divided, or a part of one that is'
        : rebuildReason(
            name,
            before?.sizeBytes,
            bytes,
            all.some((other) => isLogOf(other.name, name)),
          )
      : `${source} was written whole to take its place`;
  return [{ action: 'rebuild', file: name, position: null, bytes, kind: null, reason }];
}

function excisions(name: string, { bad }: RepairedView): RepairStep[] {
  return (bad.get(name) ?? []).map(({ from, to, reason, isZeroTail }) => ({
    action: isZeroTail ? ('cut' as const) : ('excise' as const),
    file: name,
    position: from,
    bytes: to - from,
    kind: isZeroTail ? ('zero-tail' as const) : null,
    reason,
  }));
}

function cutsOf(name: string, sizeBytes: number, { cuts, bad }: RepairedView): RepairStep[] {
  return cuts
    .filter(({ file }) => basename(file) === name)
    .map(({ file, position, bytes, kind, reason }) => ({
      action: 'cut' as const,
      file: name,
      position: diskPosition(sizeBytes, bad.get(name) ?? [], position),
      bytes,
      kind,
      // The step says itself where it is.
      reason: reason.replace(` (${file} at byte ${position})`, ''),
    }));
}

function removal(
  name: string,
  bytes: number,
  all: readonly OverlayChange[],
  { cuts, logEndOffset }: RepairedView,
): RepairStep {
  const step = { file: name, position: null, bytes, kind: null };
  const target = all.find((other) => sourceOf(other) === name);
  if (target !== undefined) {
    return { ...step, action: 'rename', reason: `it was written whole, and becomes ${target.name}` };
  }
  const prefix = TAKES_OFFSETS.test(name) ? name.slice(0, OFFSET_DIGITS) : undefined;
  const dropped = cuts.find(
    ({ file, kind }) =>
      (kind === 'behind-a-cut' || kind === 'below-log-start') && basename(file).slice(0, OFFSET_DIGITS) === prefix,
  );
  if (dropped !== undefined) return { ...step, action: 'drop', kind: dropped.kind, reason: dropped.reason };
  return { ...step, action: 'remove', reason: leftoverReason(name, logEndOffset) };
}

/** The name of the file that takes this one's place, whole. */
function sourceOf({ name, after }: OverlayChange): string | undefined {
  const [only, second] = after ?? [];
  if (only?.kind !== 'base' || second !== undefined || only.from !== 0) return undefined;
  const source = basename(only.path);
  return source === name ? undefined : source;
}

/** Whether the first name is that of the .log that the second file belongs to. */
function isLogOf(log: string, name: string): boolean {
  const isDerived = !name.endsWith(SUFFIXES.producerSnapshot) && TAKES_OFFSETS.test(name);
  return isDerived && log === name.slice(0, OFFSET_DIGITS) + SUFFIXES.log;
}

function rebuildReason(name: string, before: number | undefined, after: number, isLogChanged: boolean): string {
  if (before === undefined) return 'it is missing';
  if (name === PARTITION_FILES.leaderEpochs) return UNLIKE_LOG;
  if (isLogChanged) return 'its .log changes';
  if (before < after) return `it is too short: ${before} bytes of ${after}`;
  if (before > after) return `it is too long: ${before} bytes, of which the log gives ${after}`;
  return UNLIKE_LOG;
}

function leftoverReason(name: string, logEndOffset: number): string {
  if (name.endsWith(STAGES.deleted)) return 'a deletion was interrupted';
  if (name.endsWith(STAGES.cleaned) || name.endsWith(STAGES.swap)) return 'it was not written to its end';
  if (name.endsWith('.tmp')) return 'it was to replace a file and did not come to it';
  const isSnapshot = name.endsWith(SUFFIXES.producerSnapshot);
  if (isSnapshot && (leadingOffset(name) ?? 0) > logEndOffset) return 'the log ends before it';
  if (isSnapshot) return 'it is of no segment that is there, or cannot be read';
  return 'it belongs to no .log that is there';
}
