/** Removing the directory of a repair, once nothing of it is needed. */
import { join } from 'node:path';
import { SeglogError } from '../errors/errors.ts';
import type { FileSystem } from '../fs/contract.ts';
import { JOURNAL, type RepairPlace } from './journal.ts';

/**
 * Removes a place in which no original is, and the quarantine with it if nothing else is there.
 *
 * @throws SeglogError `LOG_CORRUPT` when there are originals, which the journal says to be back
 */
export function removePlace(fs: FileSystem, { directory, partition, old }: RepairPlace): void {
  if (fs.stat(old) !== undefined && fs.list(old).length > 0) {
    throw new SeglogError('LOG_CORRUPT', 'originals are still where the journal of the repair says there are none', {
      file: old,
      action: 'Move them where they belong, or move the directory of the repair out of the partition',
    });
  }
  fs.removeTree(directory);
  const quarantine = join(directory, '..');
  if (fs.stat(quarantine) !== undefined && fs.list(quarantine).length === 0) fs.removeTree(quarantine);
  else fs.syncDirectory(quarantine);
  fs.syncDirectory(partition);
}

/**
 * Removes what a repair left that ended before its journal was there, and had changed nothing. A directory with anything else in it
 * is somebody's, or has the originals of a repair whose journal is gone: it stays.
 */
export function removeUnbegun(fs: FileSystem, place: RepairPlace): void {
  const ours = new Set(['new', 'old', `${JOURNAL}.tmp`]);
  if (!fs.list(place.directory).every((name) => ours.has(name))) return;
  if (fs.stat(place.old)?.isDirectory === true && fs.list(place.old).length > 0) return;
  removePlace(fs, place);
}
