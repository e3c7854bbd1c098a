/**
 * Takes a repair back: every original returns to its place, byte for byte, and what replaced it goes. As crash-safe as the
 * repair: once the journal says `undoing`, the next repair ends it.
 */
import { join } from 'node:path';
import { SeglogError } from '../errors/errors.ts';
import type { FileSystem } from '../fs/contract.ts';
import { changedSince, removePlace } from './apply.ts';
import { isMarked, type Journal, type JournalFile, readJournal, type RepairPlace, writeJournal } from './journal.ts';

/**
 * @returns the files that are back
 * @throws SeglogError `INVALID_ARGUMENT` when there is no such repair; `LOG_CORRUPT` when a file was changed since: then nothing is
 *   moved
 */
export function undo(fs: FileSystem, place: RepairPlace): readonly JournalFile[] {
  const journal = readJournal(fs, place);
  if (journal === undefined) {
    throw new SeglogError('INVALID_ARGUMENT', 'there is no repair to undo here: no journal.json', {
      file: place.directory,
    });
  }
  if (journal.state === 'ready' || journal.state === 'done') for (const file of journal.files) check(fs, place, file);
  moveBack(fs, place, journal);
  return journal.files;
}

/** Moves back what is not back yet, and removes the repair. */
export function moveBack(fs: FileSystem, place: RepairPlace, journal: Journal): void {
  if (journal.state !== 'undone') {
    writeJournal(fs, place, { ...journal, state: 'undoing' });
    for (const file of journal.files.toReversed()) moveFileBack(fs, place, file);
    for (const directory of [place.partition, place.old, place.new]) fs.syncDirectory(directory);
    writeJournal(fs, place, { ...journal, state: 'undone' });
  }
  removePlace(fs, place);
}

/** Both sides of a file must be what the repair knew, wherever they are. */
function check(fs: FileSystem, place: RepairPlace, file: JournalFile): void {
  const path = join(place.partition, file.name);
  const oldPath = join(place.old, file.name);
  const isMoved = file.old === null || fs.stat(oldPath) !== undefined;
  const placed = file.new !== null && fs.stat(join(place.new, file.name)) === undefined ? file.new : undefined;
  if (file.old !== null) requireMarked(fs, isMoved ? oldPath : path, file.old);
  if (!isMoved) return;
  if (placed !== undefined) requireMarked(fs, path, placed);
  else if (fs.stat(path) !== undefined) throw changedSince(path, 'no file', 'a file');
}

function requireMarked(fs: FileSystem, path: string, mark: NonNullable<JournalFile['old']>): void {
  if (isMarked(fs, path, mark)) return;
  throw changedSince(path, `${mark.sizeBytes} bytes with SHA-256 ${mark.sha256}`, 'others');
}

function moveFileBack(fs: FileSystem, place: RepairPlace, file: JournalFile): void {
  const path = join(place.partition, file.name);
  const oldPath = join(place.old, file.name);
  const newPath = join(place.new, file.name);
  const isMoved = fs.stat(oldPath) !== undefined;
  // Once the original is back, the file in the partition is not the repair's any more.
  if (!isMoved && file.old !== null) return;
  if (file.new !== null && fs.stat(newPath) === undefined && fs.stat(path) !== undefined) {
    fs.rename(path, newPath);
    for (const directory of [place.new, place.partition]) fs.syncDirectory(directory);
  }
  if (isMoved) fs.rename(oldPath, path);
}
