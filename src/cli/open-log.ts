/** Opening a log to change it: what opening itself had to do is told on stderr, not passed over. */
import { basename } from 'node:path';
import { SeglogError } from '../errors/errors.ts';
import { parsePartitionDirectory } from '../format/names.ts';
import { nodeFileSystem } from '../fs/node-fs.ts';
import { Log } from '../log/log.ts';
import { LogReader } from '../log/log-reader.ts';
import type { LogOptions } from '../log/options.ts';
import { tell } from './exit-codes.ts';

/** Cuts that are told one by one; behind a cut there may be thousands of segments. */
const TOLD_CUTS = 10;

/** `1 segment`, `2 segments`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Tells what recovery took out of the log. A zero tail held nothing, and is passed over. */
function tellCuts(log: Log): void {
  const recovery = log.status().recovery;
  const cuts = recovery?.cuts.filter(({ kind }) => kind !== 'zero-tail') ?? [];
  if (cuts.length === 0) return;
  tell(`note: ${log.directory} had not been closed clean, and was recovered up to offset ${cuts[0]?.offset}`);
  for (const { kind, file, position, bytes, reason } of cuts.slice(0, TOLD_CUTS)) {
    tell(`note: cut ${counted(bytes, 'byte')} of ${basename(file)} from byte ${position} on (${kind}): ${reason}`);
  }
  if (cuts.length > TOLD_CUTS) tell(`note: and ${cuts.length - TOLD_CUTS} cuts more`);
  if (recovery?.quarantine !== undefined) tell(`note: what was cut is in ${recovery.quarantine}`);
}

/**
 * Opens a log, tells what its recovery cut, and makes sure that it can be changed.
 *
 * @throws SeglogError as `Log.open`; `LOG_CORRUPT` or `READ_ONLY` when the log takes no changes; it is closed then
 */
export async function openForChanges(directory: string, options: LogOptions): Promise<Log> {
  const log = await Log.open(directory, options);
  try {
    tellCuts(log);
    log.checkAppendable();
    return log;
  } catch (error) {
    await log.close();
    throw error;
  }
}

/**
 * The directory that is meant, also by a link to it.
 *
 * @throws SeglogError `IO` when there is no such directory
 */
export function existingDirectory(path: string): string {
  const directory = nodeFileSystem.realPath(path);
  if (nodeFileSystem.stat(directory)?.isDirectory === true) return directory;
  throw new SeglogError('IO', 'this is no directory', { file: path, errno: 'ENOTDIR' });
}

/**
 * A reader of a log that is there: opening one for changes would make it.
 *
 * @throws SeglogError `IO` when there is no such directory, `INVALID_NAME`, `INVALID_ARGUMENT` when no segment is in it
 */
export function readerOfLog(path: string): LogReader {
  const directory = existingDirectory(path);
  parsePartitionDirectory(basename(directory));
  const reader = LogReader.open(directory, { onWarning: (warning) => tell(`note: ${warning}`) });
  if (reader.segmentCount > 0) return reader;
  reader.close();
  throw new SeglogError('INVALID_ARGUMENT', 'there is no log in this directory: no .log file', { file: directory });
}
