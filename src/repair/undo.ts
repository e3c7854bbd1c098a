/**
 * Takes a repair back: every original returns to its place, byte for byte, and what replaced it goes. As crash-safe as the
 * repair: once the journal says `undoing`, the next repair ends it.
 */
import { join } from 'node:path';
import { SeglogError } from '../errors/errors.ts';
import type { FileSystem } from '../fs/contract.ts';
import { isLog, movedFirst } from './apply.ts';
import { checkBack, type FoundFile } from './check.ts';
import { type Journal, type JournalFile, readJournal, type RepairPlace, writeJournal } from './journal.ts';
import { removePlace } from './places.ts';

/**
 * @returns the files that are back
 * @throws SeglogError `INVALID_ARGUMENT` when there is no such repair; as {@link moveBack}
 */
export function undo(fs: FileSystem, place: RepairPlace): readonly JournalFile[] {
  const journal = readJournal(fs, place);
  if (journal === undefined) {
    throw new SeglogError('INVALID_ARGUMENT', 'there is no repair to undo here: no journal.json', {
      file: place.directory,
    });
  }
  moveBack(fs, place, journal);
  return journal.files;
}

/**
 * Moves back what is not back yet, and removes the repair.
 *
 * @throws SeglogError `LOG_CORRUPT` when a file was changed since: then nothing is moved
 */
export function moveBack(fs: FileSystem, place: RepairPlace, journal: Journal): void {
  if (journal.state !== 'undone') {
    const files = checkBack(fs, place, journal).toReversed();
    writeJournal(fs, place, { ...journal, state: 'undoing' });
    const first = movedFirst(files);
    // As in the repair: no index may be beside a .log that it is not of.
    for (const { name, present } of first) if (present === 'new') fs.remove(join(place.partition, name));
    fs.syncDirectory(place.partition);
    for (const file of files.filter((other) => !first.has(other))) {
      moveFileBack(fs, place, file);
      if (isLog(file.name)) fs.syncDirectory(place.partition);
    }
    for (const file of first) moveFileBack(fs, place, file);
    for (const directory of [place.partition, place.old]) fs.syncDirectory(directory);
    writeJournal(fs, place, { ...journal, state: 'undone' });
  }
  removePlace(fs, place);
}

function moveFileBack(fs: FileSystem, place: RepairPlace, { name, old, present }: FoundFile): void {
  const path = join(place.partition, name);
  const oldPath = join(place.old, name);
  // It never went, or is back: what is in quarantine is its second name, or half a copy.
  if (present === 'old') fs.remove(oldPath);
  else if (old === null) fs.remove(path);
  else fs.rename(oldPath, path);
}
