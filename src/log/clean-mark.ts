/**
 * The mark of a log that was closed clean, in its own directory, with what it held: it counts only as long as the log is
 * just so. Kafka's mark is for a whole log directory (see `log-directory.ts`).
 */
import { join } from 'node:path';
import { PARTITION_FILES } from '../format/names.ts';
import type { FileSystem } from '../fs/contract.ts';

/** What a log held when it was closed. */
export interface CleanState {
  readonly logEndOffset: number;
  /** The base offset and the size of its last segment. */
  readonly activeBaseOffset: number;
  readonly activeSizeBytes: number;
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
