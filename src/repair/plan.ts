/**
 * What a repair would change. The plan is the difference between the directory and what recovery makes of it on an overlay;
 * nothing on the disk is touched to find it.
 *
 * It is empty unless there is a reason: a file that says the same in other bytes is none. Once there is one, the files of all
 * segments become what recovery makes of them.
 */
import { SeglogError } from '../errors/errors.ts';
import { leadingOffset, PARTITION_FILES, STAGES, SUFFIXES } from '../format/names.ts';
import type { OverlayChange, OverlayFileSystem } from '../fs/overlay-fs.ts';
import type { RepairOptions } from './options.ts';
import { type RepairStep, stepsOf } from './steps.ts';
import { type RepairedView, repairedView } from './view.ts';
import { Weigher } from './weigh.ts';

/** A file that changes. */
export interface PlannedFile {
  readonly name: string;
  /** Bytes that it has now; null for a file that is not there. */
  readonly oldBytes: number | null;
  /** Bytes that it will have; null for a file that goes. */
  readonly newBytes: number | null;
}

/** Damage in a .log that the repair passes over. */
export interface KeptDamage {
  /** The file's name, without its directory. */
  readonly file: string;
  readonly position: number;
  readonly bytes: number;
  readonly reason: string;
}

/** What a repair would do to a partition. */
export interface RepairPlan {
  readonly directory: string;
  /** Empty when there is nothing to repair. */
  readonly steps: readonly RepairStep[];
  /** In the order in which they change: from the log's end to its start, so that a log that is half done has no hole. */
  readonly files: readonly PlannedFile[];
  /** Damage that is left as it is, where that was asked for. */
  readonly kept: readonly KeptDamage[];
  /** The directory as it will be. */
  readonly after: OverlayFileSystem;
  /** Bytes of new files: the space that the repair takes. */
  readonly neededBytes: number;
  readonly logStartOffset: number;
  readonly logEndOffset: number;
}

/**
 * @param directory the partition's, links resolved
 * @throws SeglogError as `Log.open`; `INVALID_ARGUMENT` when there is no .log in the directory, or a range cuts through a good batch
 */
export async function planRepair(directory: string, options: RepairOptions): Promise<RepairPlan> {
  requireLog(directory, options);
  if (options.onCorrupt === 'keep' && (options.ranges ?? []).length > 0) {
    throw new SeglogError('INVALID_ARGUMENT', 'damage that is to be kept, and a range to excise, exclude each other', {
      file: directory,
      action: 'Name every range that is to go, or none',
    });
  }
  const view = await repairedView(directory, options);
  const { overlay, logStartOffset, logEndOffset } = view;
  const changes = overlay
    .changes(directory)
    .filter(({ name }) => name !== PARTITION_FILES.cleanShutdown)
    .filter(options.onCorrupt === 'keep' ? awayFromDamage(view) : () => true);
  const weigher = new Weigher(directory, options, view, changes);
  const weighed = changes.map((change) => ({ change, weight: weigher.weigh(change) }));
  const isNeeded = weighed.some(({ weight }) => weight === 'must');
  const planned = isNeeded ? weighed.filter(({ weight }) => weight !== 'stays').map(({ change }) => change) : [];
  const files = planned.map(fileOf).sort(fromTheEnd);
  const neededBytes = files.reduce((total, { newBytes }) => total + (newBytes ?? 0), 0);
  const steps = planned.flatMap((change) => stepsOf(change, planned, view));
  const kept = options.onCorrupt === 'keep' ? keptDamage(view) : [];
  return { directory, steps, files, kept, after: overlay, neededBytes, logStartOffset, logEndOffset };
}

function keptDamage({ bad }: RepairedView): KeptDamage[] {
  return [...bad].flatMap(([file, ranges]) =>
    ranges
      .filter(({ isZeroTail }) => !isZeroTail)
      .map(({ from, to, reason }) => ({ file, position: from, bytes: to - from, reason })),
  );
}

function requireLog(directory: string, { fs }: RepairOptions): void {
  const isLog = (name: string): boolean => name.endsWith(SUFFIXES.log) || name.endsWith(SUFFIXES.log + STAGES.swap);
  if (fs.list(directory).some(isLog)) return;
  throw new SeglogError('INVALID_ARGUMENT', 'there is no log in this directory: no .log file', { file: directory });
}

function fileOf({ name, before, after }: OverlayChange): PlannedFile {
  const newBytes = after?.reduce((total, { length }) => total + length, 0) ?? null;
  return { name, oldBytes: before?.sizeBytes ?? null, newBytes };
}

/** Higher offsets first, and within a segment the indexes before the log: an index that is missing is made anew by anyone. */
function fromTheEnd(a: PlannedFile, b: PlannedFile): number {
  const byOffset = (leadingOffset(b.name) ?? -1) - (leadingOffset(a.name) ?? -1);
  if (byOffset !== 0) return byOffset;
  const isLog = ({ name }: PlannedFile): number => (name.endsWith(SUFFIXES.log) ? 1 : 0);
  return isLog(a) - isLog(b) || (a.name < b.name ? -1 : 1);
}

/**
 * Whether a change has nothing to do with damage: neither of a damaged segment, nor of what is derived from all that is before
 * it (producers, their transactions, leader epochs).
 */
function awayFromDamage({ bad }: RepairedView): (change: OverlayChange) => boolean {
  const names = [...bad].filter(([, ranges]) => ranges.some(({ isZeroTail }) => !isZeroTail)).map(([name]) => name);
  const damaged = new Set(names.map(leadingOffset));
  const first = Math.min(...names.map((name) => leadingOffset(name) ?? 0));
  return ({ name }) => {
    const offset = leadingOffset(name);
    if (offset !== undefined && damaged.has(offset) && !name.endsWith(SUFFIXES.producerSnapshot)) return false;
    const isOfAll = [SUFFIXES.producerSnapshot, SUFFIXES.transactionIndex].some((suffix) => name.endsWith(suffix));
    if (isOfAll) return (offset ?? 0) <= first;
    return name !== PARTITION_FILES.leaderEpochs || damaged.size === 0;
  };
}
