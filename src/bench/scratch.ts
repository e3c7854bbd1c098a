/**
 * Scratch directories: benches and the demo write real logs somewhere, and replace what they wrote the time before. A
 * marker file says that a directory is ours to do so in. What is not marked, or is no plain directory, is refused.
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { SeglogError } from '../errors/errors.ts';
import type { FileSystem } from '../fs/contract.ts';

/** The marker's name. */
export const SCRATCH_MARKER = '.seglog-scratch';
const MARKER_FIRST_LINE = 'seglog scratch';
const MARKER_TEXT = `${MARKER_FIRST_LINE}\nseglog bench and seglog demo put their logs here, and replace them at their next run.\n`;
const MARKER_MAX_BYTES = 4096;

function refuse(directory: string, why: string): never {
  throw new SeglogError('INVALID_ARGUMENT', `${directory} is not a scratch directory of seglog: ${why}`, {
    action: 'Nothing was changed. Name an empty directory, or one that does not exist yet',
  });
}

function isMarked(fs: FileSystem, directory: string): boolean {
  const marker = join(directory, SCRATCH_MARKER);
  const stat = fs.stat(marker);
  if (stat === undefined || !stat.isFile || stat.sizeBytes > MARKER_MAX_BYTES) return false;
  const bytes = fs.readSmall(marker, MARKER_MAX_BYTES);
  return bytes !== undefined && new TextDecoder().decode(bytes).startsWith(`${MARKER_FIRST_LINE}\n`);
}

/**
 * Makes `directory` ours: creates and marks it, or checks that an earlier run did. An empty directory may be taken.
 *
 * @throws SeglogError `INVALID_ARGUMENT` when something else is there; nothing is changed then
 */
export function claimScratch(fs: FileSystem, directory: string): void {
  if (fs.stat(directory) === undefined) fs.makeDirectory(directory);
  else {
    if (fs.stat(fs.realPath(directory))?.isDirectory !== true) refuse(directory, 'it is not a directory');
    if (isMarked(fs, directory)) return;
    // A run that was killed while it marked the directory leaves the marker under its temporary name.
    const others = fs.list(directory).filter((name) => name !== `${SCRATCH_MARKER}.tmp`);
    if (others.length > 0) refuse(directory, `it is not empty and has no ${SCRATCH_MARKER} file`);
  }
  fs.replaceSmall(join(directory, SCRATCH_MARKER), new TextEncoder().encode(MARKER_TEXT));
}

/**
 * The place of the log `name` in a scratch directory, with nothing in it: what an earlier run left there is removed.
 * Anything else in the directory stays.
 *
 * @throws SeglogError `INVALID_ARGUMENT` when the directory is not ours, or `name` in it is no directory
 */
export function emptyScratchLog(fs: FileSystem, directory: string, name: string): string {
  claimScratch(fs, directory);
  const log = join(directory, name);
  const stat = fs.stat(log);
  if (stat !== undefined && !stat.isDirectory) refuse(directory, `${name} in it is not a directory`);
  fs.removeTree(log);
  return log;
}

/** A new, marked directory under `parent`, for `removeTree` at the end. */
export function newScratch(fs: FileSystem, parent: string): string {
  for (;;) {
    const directory = join(parent, `seglog-bench-${randomUUID()}`);
    if (fs.stat(directory) !== undefined) continue;
    claimScratch(fs, directory);
    return directory;
  }
}
