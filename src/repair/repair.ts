/** Repair of a partition that nobody has open: what it would do, doing it, and taking it back. */
import { basename, dirname, resolve } from 'node:path';
import { SeglogError } from '../errors/errors.ts';
import { QUARANTINE } from '../format/names.ts';
import { applyPlan, moveForward } from './apply.ts';
import { checkForward } from './check.ts';
import { readJournal, repairNumber, repairPlace, repairPlaces, type RepairPlace } from './journal.ts';
import type { RepairOptions } from './options.ts';
import { removeUnbegun } from './places.ts';
import { type KeptDamage, planRepair, type RepairPlan } from './plan.ts';
import type { RepairStep } from './steps.ts';
import { moveBack, undo } from './undo.ts';

/** What a repair does, or did. */
export interface RepairReport {
  /** The partition's directory, links resolved. */
  readonly directory: string;
  /** An earlier repair that was interrupted; `seglog repair --apply` ends it first. */
  readonly interrupted: string | undefined;
  readonly steps: readonly RepairStep[];
  /** Damage that was to be kept. */
  readonly kept: readonly KeptDamage[];
  readonly neededBytes: number;
  /** Of the log after the repair; undefined when an interrupted one hides what there is to do. */
  readonly logStartOffset: number | undefined;
  readonly logEndOffset: number | undefined;
  /** Where the originals are; undefined when nothing was changed. */
  readonly quarantine: string | undefined;
}

/**
 * What a repair would do. Nothing is written, not even a lock.
 *
 * @throws SeglogError `LOG_LOCKED` when the directory is in use; as `planRepair`
 */
export async function previewRepair(directory: string, options: RepairOptions): Promise<RepairReport> {
  const path = existing(directory, options);
  await refuseLive(logDirectories(directory, path, options), options);
  const interrupted = interruptedIn(path, options);
  if (interrupted === undefined) return reportOf(await planRepair(path, options), undefined, undefined);
  const steps = readJournal(options.fs, interrupted)?.steps ?? [];
  return {
    directory: path,
    interrupted: interrupted.directory,
    steps,
    kept: [],
    neededBytes: 0,
    ...{ logStartOffset: undefined, logEndOffset: undefined, quarantine: undefined },
  };
}

/**
 * Ends a repair that was interrupted, and repairs what there is to repair.
 *
 * @throws SeglogError `LOG_LOCKED`, `IO`, `LOG_CORRUPT` when a file changed under an interrupted repair; as `planRepair`
 */
export async function applyRepair(directory: string, options: RepairOptions): Promise<RepairReport> {
  const path = existing(directory, options);
  return locked(logDirectories(directory, path, options), options, async () => {
    const interrupted = interruptedIn(path, options);
    endInterrupted(path, options);
    const plan = await planRepair(path, options);
    const place = plan.files.length === 0 ? undefined : applyPlan(options.fs, plan);
    return reportOf(plan, interrupted, place);
  });
}

/**
 * Puts the originals of a repair back.
 *
 * @param directory that of the repair: `PARTITION/quarantine/repair-N`
 * @returns the partition's directory and the names that are back as they were
 * @throws SeglogError `INVALID_ARGUMENT` when it is no repair; `LOG_CORRUPT` when files were changed since; `LOG_LOCKED`, `IO`
 */
export async function undoRepair(
  directory: string,
  options: Pick<RepairOptions, 'fs' | 'engine'>,
): Promise<{ readonly directory: string; readonly names: readonly string[] }> {
  const path = existing(directory, options);
  const partition = dirname(dirname(path));
  const number = repairNumber(basename(path));
  if (number === undefined || basename(dirname(path)) !== QUARANTINE) {
    throw new SeglogError('INVALID_ARGUMENT', 'this is not the directory of a repair', {
      file: directory,
      expected: `PARTITION/${QUARANTINE}/repair-N`,
    });
  }
  const directories = logDirectories(dirname(dirname(resolve(directory))), partition, options);
  const files = await locked(directories, options, async () => undo(options.fs, repairPlace(partition, number)));
  return { directory: partition, names: files.map(({ name }) => name) };
}

function reportOf(
  plan: RepairPlan,
  interrupted: RepairPlace | undefined,
  place: RepairPlace | undefined,
): RepairReport {
  const { directory, steps, kept, neededBytes, logStartOffset, logEndOffset } = plan;
  return {
    ...{ directory, interrupted: interrupted?.directory, steps, kept, neededBytes, logStartOffset, logEndOffset },
    quarantine: place?.directory,
  };
}

function existing(directory: string, { fs }: Pick<RepairOptions, 'fs'>): string {
  const path = fs.realPath(directory);
  if (fs.stat(path)?.isDirectory === true) return path;
  throw new SeglogError('IO', 'there is no such directory', { file: directory, errno: 'ENOENT' });
}

/** Repairs whose end is missing. One without a journal had changed nothing: it is none. */
function interruptedIn(path: string, { fs }: RepairOptions): RepairPlace | undefined {
  return repairPlaces(fs, path).find((place) => ['ready', 'undoing'].includes(readJournal(fs, place)?.state ?? ''));
}

function endInterrupted(path: string, { fs }: RepairOptions): void {
  for (const place of repairPlaces(fs, path)) {
    const journal = readJournal(fs, place);
    if (journal === undefined) removeUnbegun(fs, place);
    else if (journal.state === 'ready') {
      checkForward(fs, place, journal);
      moveForward(fs, place, journal);
    } else if (journal.state !== 'done') moveBack(fs, place, journal);
  }
}

/**
 * The log directories that a partition may be open through: the one that it lies in and, for a link to it, the one that has the
 * link, since that is what a broker locks.
 */
function logDirectories(given: string, path: string, { fs }: Pick<RepairOptions, 'fs'>): string[] {
  const linked = resolve(given);
  return [...new Set([dirname(path), fs.stat(linked) === undefined ? dirname(path) : fs.realPath(dirname(linked))])];
}

async function locked<T>(
  directories: readonly string[],
  options: Pick<RepairOptions, 'fs' | 'engine'>,
  work: () => Promise<T>,
): Promise<T> {
  const [directory, ...others] = directories;
  if (directory === undefined) return work();
  const lock = await options.engine.lockDirectory(options.fs, directory);
  try {
    return await locked(others, options, work);
  } finally {
    await lock.release();
  }
}

/** The lock that leaves no file behind is taken for a moment; where there is none such, nothing tells. */
async function refuseLive(directories: readonly string[], { fs }: RepairOptions): Promise<void> {
  if (fs.kind === 'node' && process.platform !== 'linux') return;
  for (const directory of directories) {
    const lock = await fs.lockDirectory(directory);
    await lock.release();
  }
}
