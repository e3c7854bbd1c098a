/** What is where, before an interrupted repair goes on or one is taken back: by size and SHA-256, whatever the journal says. */
import { join } from 'node:path';
import { SeglogError } from '../errors/errors.ts';
import type { FileSystem } from '../fs/contract.ts';
import { type FileMark, isMarked, type Journal, type JournalFile, markOf, type RepairPlace } from './journal.ts';

/** What has the file's name in the partition: nothing, the original, or what the repair made. */
export type Present = 'none' | 'old' | 'new';

/** A file of a journal, and what is in its place now. */
export interface FoundFile extends JournalFile {
  readonly present: Present;
}

/**
 * Checks that a repair can go on to its end.
 *
 * @throws SeglogError `LOG_CORRUPT` when a file is none that the journal knows: somebody else wrote in the partition
 */
export function checkForward(fs: FileSystem, place: RepairPlace, { files }: Journal): void {
  for (const file of files) {
    const { present } = foundFile(fs, place, file);
    if (present !== 'new' && file.new !== null) requireMarked(fs, join(place.new, file.name), file.new);
  }
}

/**
 * Checks that a repair can be taken back.
 *
 * @throws SeglogError as {@link checkForward}; also when a repair that was done has lost one of its files
 */
export function checkBack(fs: FileSystem, place: RepairPlace, { state, files }: Journal): FoundFile[] {
  return files.map((file) => {
    const found = foundFile(fs, place, file);
    const wanted = file.new === null ? 'none' : 'new';
    if (state === 'done' && found.present !== wanted) throw changedSince(join(place.partition, file.name), file.new);
    return found;
  });
}

function foundFile(fs: FileSystem, place: RepairPlace, file: JournalFile): FoundFile {
  const path = join(place.partition, file.name);
  const present = presentAt(fs, path, file);
  // The original is in one of two places; what is beside it may be half a copy.
  if (file.old !== null && present !== 'old') requireMarked(fs, join(place.old, file.name), file.old);
  return { ...file, present };
}

function presentAt(fs: FileSystem, path: string, file: JournalFile): Present {
  if (fs.stat(path) === undefined) return 'none';
  const { sizeBytes, sha256 } = markOf(fs, path);
  const is = (mark: FileMark | null): boolean => mark?.sizeBytes === sizeBytes && mark.sha256 === sha256;
  if (is(file.old)) return 'old';
  if (is(file.new)) return 'new';
  throw changedSince(path, file.new ?? file.old);
}

function requireMarked(fs: FileSystem, path: string, mark: FileMark): void {
  if (fs.stat(path) === undefined || !isMarked(fs, path, mark)) throw changedSince(path, mark);
}

/** Somebody else wrote in the partition. @param mark what was awaited; null for no file */
export function changedSince(file: string, mark: FileMark | null): SeglogError {
  return new SeglogError('LOG_CORRUPT', 'the file was changed since the repair began, so it is left alone', {
    file,
    expected: mark === null ? 'no file' : `${mark.sizeBytes} bytes with SHA-256 ${mark.sha256}`,
    found: 'something else',
    action:
      'The originals are in quarantine/, and journal.json beside them says which file belongs where; to give the repair up as it ' +
      'is, move its directory out of the partition',
  });
}
