/**
 * Carries a plan out, so that a crash at any moment leaves a partition that the next repair completes or takes back:
 *
 *     write new/*, sync -> journal: ready -> second names of all originals in old/, sync
 *       -> indexes of logs that change go -> each other file, from the log's end to its start: the new one takes its name
 *       -> the indexes take theirs -> journal: done
 *
 * No name is without a file in between, but for indexes, which anybody makes anew from the log: a log that lost its last
 * segment for a moment would be taken for one that ends there. And no index is beside a .log of which it is not: its positions
 * would be believed.
 */
import { dirname, join } from 'node:path';
import { isNoSpace, SeglogError } from '../errors/errors.ts';
import { baseOffsetOfName, SUFFIXES } from '../format/names.ts';
import { type FileSystem, NO_LINKS } from '../fs/contract.ts';
import { changedSince } from './check.ts';
import {
  copyAndMark,
  type FileMark,
  isMarked,
  type Journal,
  type JournalFile,
  markOf,
  nextRepairPlace,
  type RepairPlace,
  writeJournal,
} from './journal.ts';
import { removePlace } from './places.ts';
import type { PlannedFile, RepairPlan } from './plan.ts';

/** @returns where the originals are now */
export function applyPlan(fs: FileSystem, plan: RepairPlan): RepairPlace {
  const place = nextRepairPlace(fs, plan.directory);
  const journal = prepare(fs, plan, place);
  moveForward(fs, place, journal);
  return place;
}

/** Makes the directories, which belong to whoever the partition belongs to: a broker that deletes it must be able to. */
function makePlace(fs: FileSystem, { partition, directory, new: newFiles, old }: RepairPlace): void {
  const quarantine = dirname(directory);
  for (const path of [quarantine, directory, newFiles, old]) {
    if (fs.makeDirectory(path)) fs.setOwnerAs(path, partition);
  }
}

/** Writes the new files and the journal. When that fails, nothing is left of it. */
function prepare(fs: FileSystem, plan: RepairPlan, place: RepairPlace): Journal {
  try {
    makePlace(fs, place);
    const files = plan.files.map((file) => prepareFile(fs, plan, place, file));
    // Those of the place, too: where names reach the disk in any order, the journal's may be there without that of new/.
    const named = [place.new, place.directory, dirname(place.directory), plan.directory];
    for (const directory of named) fs.syncDirectory(directory);
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
  // Another account may run the repair than the broker.
  fs.setOwnerAs(newPath, oldBytes === null ? modelIn(fs, plan.directory) : path);
  // A segment without timestamps is as old as its file.
  const modifiedMs = fs.stat(path)?.modifiedMs;
  if (modifiedMs !== undefined) fs.setModified(newPath, modifiedMs);
  return { name, old, new: mark };
}

/** A file whose owner and permissions a new one takes: a .log, in whatever stage. */
function modelIn(fs: FileSystem, directory: string): string {
  const name = fs.list(directory).find((other) => other.includes(SUFFIXES.log));
  return name === undefined ? directory : join(directory, name);
}

/** What cannot be removed now is removed by the next repair. */
function discard(fs: FileSystem, place: RepairPlace): void {
  try {
    removePlace(fs, place);
  } catch {
    // The first failure is the news.
  }
}

/** Those of the files that are indexes by position of a .log that changes, too. */
export function movedFirst<F extends JournalFile>(files: readonly F[]): ReadonlySet<F> {
  const names = new Set(files.map(({ name }) => name));
  return new Set(
    files.filter(({ name }) => {
      const offset = baseOffsetOfName(name, SUFFIXES.offsetIndex) ?? baseOffsetOfName(name, SUFFIXES.timeIndex);
      return offset !== undefined && names.has(name.slice(0, name.indexOf('.')) + SUFFIXES.log);
    }),
  );
}

/** Whether the name is that of a segment's .log. */
export function isLog(name: string): boolean {
  return baseOffsetOfName(name, SUFFIXES.log) !== undefined;
}

/**
 * Does what is not done yet.
 *
 * @throws SeglogError `LOG_CORRUPT` when a file is not where the journal has it; nothing was overwritten then
 */
export function moveForward(fs: FileSystem, place: RepairPlace, journal: Journal): void {
  const { files } = journal;
  for (const file of files) keepOriginal(fs, place, file);
  fs.syncDirectory(place.old);
  const waiting = files.filter((file) => file.new === null || fs.stat(join(place.new, file.name)) !== undefined);
  const first = movedFirst(files);
  const indexes = waiting.filter((file) => first.has(file));
  for (const { name } of indexes) fs.remove(join(place.partition, name));
  fs.syncDirectory(place.partition);
  for (const file of waiting.filter((other) => !first.has(other))) {
    put(fs, place, file);
    if (isLog(file.name)) fs.syncDirectory(place.partition);
  }
  for (const file of indexes) put(fs, place, file);
  for (const directory of [place.partition, place.new]) fs.syncDirectory(directory);
  writeJournal(fs, place, { ...journal, state: 'done' });
}

/** Gives the original a second name in old/, or a copy where there are no second names. */
function keepOriginal(fs: FileSystem, place: RepairPlace, { name, old, new: made }: JournalFile): void {
  const path = join(place.partition, name);
  const oldPath = join(place.old, name);
  if (old === null) {
    const isWaiting = fs.stat(join(place.new, name)) !== undefined;
    if (isWaiting && fs.stat(path) !== undefined) throw changedSince(path, null);
    return;
  }
  if (fs.stat(oldPath) !== undefined) {
    if (isMarked(fs, oldPath, old)) return;
    // Half a copy. The check before this saw that the original is in its place.
    fs.remove(oldPath);
  }
  if (fs.stat(path)?.sizeBytes !== old.sizeBytes) throw changedSince(path, made);
  try {
    fs.link(path, oldPath);
  } catch (error) {
    if (!(error instanceof SeglogError && NO_LINKS.has(error.errno ?? ''))) throw error;
    copyOriginal(fs, path, oldPath, old);
  }
}

function copyOriginal(fs: FileSystem, path: string, oldPath: string, mark: FileMark): void {
  const target = fs.open(oldPath, 'new');
  try {
    const { sha256 } = copyAndMark(fs, path, (bytes, at) => target.write(bytes, 0, bytes.length, at));
    if (sha256 !== mark.sha256) throw changedSince(path, mark);
    target.syncSync();
  } finally {
    target.close();
  }
  fs.setOwnerAs(oldPath, path);
  const modifiedMs = fs.stat(path)?.modifiedMs;
  if (modifiedMs !== undefined) fs.setModified(oldPath, modifiedMs);
}

function put(fs: FileSystem, place: RepairPlace, { name, new: made }: JournalFile): void {
  const path = join(place.partition, name);
  if (made === null) fs.remove(path);
  else fs.rename(join(place.new, name), path);
}
