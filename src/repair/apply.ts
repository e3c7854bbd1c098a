/**
 * Carries a plan out, so that a crash at any moment leaves a partition that the next repair completes or takes back:
 *
 *     write new/*, sync -> journal: ready -> for each file: original to old/, new one to its place -> journal: done
 *
 * Nothing is overwritten and nothing is removed: every original is in old/, whole.
 */
import { join } from 'node:path';
import { isNoSpace, SeglogError } from '../errors/errors.ts';
import type { FileSystem } from '../fs/contract.ts';
import {
  copyAndMark,
  type FileMark,
  type Journal,
  type JournalFile,
  markOf,
  repairNumbers,
  repairPlace,
  type RepairPlace,
  writeJournal,
} from './journal.ts';
import type { PlannedFile, RepairPlan } from './plan.ts';

/** @returns where the originals are now */
export function applyPlan(fs: FileSystem, plan: RepairPlan): RepairPlace {
  const place = repairPlace(plan.directory, (repairNumbers(fs, plan.directory).at(-1) ?? 0) + 1);
  const journal = prepare(fs, plan, place);
  moveForward(fs, place, journal);
  return place;
}

/** Writes the new files and the journal. When that fails, nothing is left of it. */
function prepare(fs: FileSystem, plan: RepairPlan, place: RepairPlace): Journal {
  try {
    for (const directory of [place.new, place.old]) fs.makeDirectory(directory);
    const files = plan.files.map((file) => prepareFile(fs, plan, place, file));
    for (const directory of [place.new, join(place.directory, '..'), plan.directory]) fs.syncDirectory(directory);
    const journal: Journal = { state: 'ready', steps: plan.steps, files };
    writeJournal(fs, place, journal);
    return journal;
  } catch (error) {
    discard(fs, place);
    if (!isNoSpace(error)) throw error;
    throw new SeglogError('IO', 'there is no space for the new files, so nothing was changed', {
      file: plan.directory,
      errno: 'ENOSPC',
      expected: `${plan.neededBytes} bytes`,
      cause: error,
      action: `Free ${plan.neededBytes} bytes on that file system, and some for names, and repair again`,
    });
  }
}

function prepareFile(
  fs: FileSystem,
  plan: RepairPlan,
  place: RepairPlace,
  { name, oldBytes, newBytes }: PlannedFile,
): JournalFile {
  const path = join(plan.directory, name);
  const old = oldBytes === null ? null : markOf(fs, path);
  if (newBytes === null) return { name, old, new: null };
  const newPath = join(place.new, name);
  const target = fs.open(newPath, 'new');
  let mark: FileMark;
  try {
    mark = copyAndMark(plan.after, path, (bytes, at) => target.write(bytes, 0, bytes.length, at));
    target.syncSync();
  } finally {
    target.close();
  }
  // A segment without timestamps is as old as its file.
  const modifiedMs = fs.stat(path)?.modifiedMs;
  if (modifiedMs !== undefined) fs.setModified(newPath, modifiedMs);
  return { name, old, new: mark };
}

/** What cannot be removed now is removed by the next repair. */
function discard(fs: FileSystem, place: RepairPlace): void {
  try {
    removePlace(fs, place);
  } catch {
    // The first failure is the news.
  }
}

/** Removes a place in which no original is, and the quarantine with it if nothing else is there. */
export function removePlace(fs: FileSystem, { directory, partition, old }: RepairPlace): void {
  if (fs.stat(old) !== undefined && fs.list(old).length > 0) {
    throw new SeglogError('INTERNAL', 'the originals of a repair were about to be removed', { file: old });
  }
  fs.removeTree(directory);
  const quarantine = join(directory, '..');
  if (fs.stat(quarantine) !== undefined && fs.list(quarantine).length === 0) fs.removeTree(quarantine);
  else fs.syncDirectory(quarantine);
  fs.syncDirectory(partition);
}

/**
 * Moves what is not moved yet.
 *
 * @throws SeglogError `LOG_CORRUPT` when a file is not where the journal has it; nothing was overwritten then
 */
export function moveForward(fs: FileSystem, place: RepairPlace, journal: Journal): void {
  for (const file of journal.files) moveFile(fs, place, file);
  for (const directory of [place.partition, place.old, place.new]) fs.syncDirectory(directory);
  writeJournal(fs, place, { ...journal, state: 'done' });
}

function moveFile(fs: FileSystem, place: RepairPlace, file: JournalFile): void {
  const path = join(place.partition, file.name);
  const oldPath = join(place.old, file.name);
  const newPath = join(place.new, file.name);
  if (file.old !== null && fs.stat(oldPath) === undefined) {
    requireSize(fs, path, file.old.sizeBytes);
    fs.rename(path, oldPath);
    // The new name must not reach the disk before the original's does.
    for (const directory of [place.old, place.partition]) fs.syncDirectory(directory);
  }
  if (file.new === null || fs.stat(newPath) === undefined) return;
  requireNone(fs, path);
  requireSize(fs, newPath, file.new.sizeBytes);
  fs.rename(newPath, path);
}

function requireSize(fs: FileSystem, path: string, sizeBytes: number): void {
  const found = fs.stat(path)?.sizeBytes;
  if (found !== sizeBytes)
    throw changedSince(path, `${sizeBytes} bytes`, found === undefined ? 'no file' : `${found} bytes`);
}

function requireNone(fs: FileSystem, path: string): void {
  const found = fs.stat(path);
  if (found !== undefined) throw changedSince(path, 'no file', `${found.sizeBytes} bytes`);
}

/** Somebody else wrote in the partition. */
export function changedSince(file: string, expected: string, found: string): SeglogError {
  return new SeglogError('LOG_CORRUPT', 'the file was changed since the repair began, so it is left alone', {
    file,
    expected,
    found,
    action: 'The originals are in quarantine/, and journal.json beside them says which file belongs where',
  });
}
