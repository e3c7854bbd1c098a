/**
 * Who closed this log last, and whether cleanly.
 *
 * Kafka marks a whole log directory: `.kafka_cleanshutdown` beside the partition directories. While we append to one of
 * them the mark would lie to a broker started after a crash of ours, so it is taken away first and put back when the last
 * of our logs there was closed clean. A log opened alone also marks itself, in its own directory, with what it held: that
 * mark counts only as long as the log is just so.
 */
import { dirname, join } from 'node:path';
import { SeglogError } from '../errors/errors.ts';
import { LOG_DIRECTORY_FILES, PARTITION_FILES } from '../format/names.ts';
import type { FileSystem } from '../fs/contract.ts';

/** What a log held when it was closed. */
export interface CleanState {
  readonly logEndOffset: number;
  /** The base offset and the size of its last segment. */
  readonly activeBaseOffset: number;
  readonly activeSizeBytes: number;
}

interface Parent {
  readonly marker: Uint8Array | undefined;
  /** The partition directories that are open. */
  readonly logs: Set<string>;
  allClean: boolean;
}

/** The log directories in which this process has logs open for writing. */
const parents = new WeakMap<FileSystem, Map<string, Parent>>();

function parentsOf(fs: FileSystem): Map<string, Parent> {
  let map = parents.get(fs);
  if (map === undefined) parents.set(fs, (map = new Map()));
  return map;
}

function alreadyOpen(directory: string): SeglogError {
  return new SeglogError('LOG_LOCKED', 'this process has the log open for writing already', {
    file: directory,
    action: 'Use that log, or close it first',
  });
}

/**
 * Takes the log directory's mark away before anything is written.
 *
 * @returns whether it was there
 * @throws SeglogError `LOG_LOCKED` when this process has that partition open already
 */
export function enterLogDirectory(fs: FileSystem, directory: string): boolean {
  const parent = dirname(directory);
  const known = parentsOf(fs).get(parent);
  if (known !== undefined) {
    if (known.logs.has(directory)) throw alreadyOpen(directory);
    known.logs.add(directory);
    return known.marker !== undefined;
  }
  const path = join(parent, LOG_DIRECTORY_FILES.cleanShutdown);
  const marker = fs.readSmall(path);
  if (marker !== undefined) {
    fs.remove(path);
    fs.syncDirectory(parent);
  }
  parentsOf(fs).set(parent, { marker, logs: new Set([directory]), allClean: true });
  return marker !== undefined;
}

/** Puts the mark back, if it was there and all of our logs in that directory closed clean. */
export function leaveLogDirectory(fs: FileSystem, directory: string, clean: boolean): void {
  const parent = dirname(directory);
  const known = parentsOf(fs).get(parent);
  if (known === undefined) return;
  known.allClean &&= clean;
  known.logs.delete(directory);
  if (known.logs.size > 0) return;
  parentsOf(fs).delete(parent);
  if (known.marker !== undefined && known.allClean)
    fs.replaceSmall(join(parent, LOG_DIRECTORY_FILES.cleanShutdown), known.marker);
}

/** The log's own mark; undefined when there is none, or it cannot be read. */
export function readOwnMark(fs: FileSystem, directory: string): CleanState | undefined {
  const bytes = fs.readSmall(join(directory, PARTITION_FILES.cleanShutdown));
  if (bytes === undefined) return undefined;
  try {
    const { version, logEndOffset, activeBaseOffset, activeSizeBytes } = JSON.parse(
      new TextDecoder().decode(bytes),
    ) as Record<string, unknown>;
    if (
      version !== 0 ||
      typeof logEndOffset !== 'number' ||
      typeof activeBaseOffset !== 'number' ||
      typeof activeSizeBytes !== 'number'
    )
      return undefined;
    return { logEndOffset, activeBaseOffset, activeSizeBytes };
  } catch {
    // Not ours, or damaged: the log is scanned, which is always right.
    return undefined;
  }
}

/** Removes the log's own mark, durably: from now on only a scan tells what it holds. */
export function removeOwnMark(fs: FileSystem, directory: string): void {
  const path = join(directory, PARTITION_FILES.cleanShutdown);
  if (fs.stat(path) === undefined) return;
  fs.remove(path);
  fs.syncDirectory(directory);
}

/** Writes the log's own mark: the last thing that closing does. */
export function writeOwnMark(fs: FileSystem, directory: string, state: CleanState): void {
  fs.replaceSmall(
    join(directory, PARTITION_FILES.cleanShutdown),
    new TextEncoder().encode(`${JSON.stringify({ version: 0, ...state })}\n`),
  );
}
