/** Closing a log: what is brought to the disk, the mark that says so, and the place in the log directory. */
import type { LogCompaction } from './cleaning/compaction.ts';
import { removeOwnMark, writeOwnMark } from './clean-mark.ts';
import type { LogDirectory } from './log-directory.ts';
import type { PartitionLog } from './partition-log.ts';

/** What of a log is closed. */
export interface ClosingLog {
  readonly log: PartitionLog;
  readonly logDirectory: LogDirectory;
  readonly compaction: LogCompaction;
}

/**
 * Ends a compaction, flushes, trims and closes, and marks the log as closed clean if it is.
 *
 * @throws SeglogError `IO`; `LOG_OFFLINE` when a sync in the background failed and no call has told of it; the files are closed
 * and the log directory is left then, too
 */
export async function closeLog(closing: ClosingLog): Promise<void> {
  let clean = false;
  try {
    clean = await closeFiles(closing);
  } finally {
    try {
      closing.log.closeNow();
    } finally {
      await leave(closing, clean);
    }
  }
}

/** @returns whether the log is closed clean */
async function closeFiles({ log, logDirectory, compaction }: ClosingLog): Promise<boolean> {
  const { sync } = log;
  sync.stop();
  await compaction.stop();
  await sync.exclusive(() => undefined);
  sync.tell();
  if (sync.hasFailed || log.isReadOnly) return false;
  await log.close();
  const { baseOffset, sizeBytes } = log.active;
  const state = { logEndOffset: log.logEndOffset, activeBaseOffset: baseOffset, activeSizeBytes: sizeBytes };
  // A store's mark is the log directory's.
  if (!logDirectory.isHeld) writeOwnMark(log.context.fs, log.directory, state);
  return true;
}

async function leave({ log, logDirectory }: ClosingLog, clean: boolean): Promise<void> {
  let isNoted = false;
  try {
    await logDirectory.leave(log.directory, clean);
    isNoted = true;
  } catch (error) {
    // What the log directory could not note is as good as not closed clean.
    if (clean) removeOwnMark(log.context.fs, log.directory);
    throw error;
  } finally {
    log.observer.closed(clean && isNoted, log.logEndOffset);
  }
}
