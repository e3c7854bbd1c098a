/** What every file system refuses, in the same words. */
import { SeglogError } from '../errors/errors.ts';

/** The most that `readSmall` reads when nothing else is said. */
export const MAX_SMALL_BYTES: number = 16 * 1024 * 1024;

/** Something that is there and is no file. */
export function notRegular(path: string, found: string, cause?: unknown): SeglogError {
  return new SeglogError('NOT_A_REGULAR_FILE', 'not a regular file', {
    file: path,
    found,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** A file that was closed. */
export function closed(path: string): SeglogError {
  return new SeglogError('LOG_CLOSED', 'the file is closed', { file: path });
}

/** @throws SeglogError `CORRUPT_CHECKPOINT` for a small file that is not small */
export function requireSmall(path: string, sizeBytes: number, maxBytes: number): void {
  if (sizeBytes <= maxBytes) return;
  throw new SeglogError('CORRUPT_CHECKPOINT', 'the file is larger than it can be', {
    file: path,
    expected: `at most ${maxBytes} bytes`,
    found: sizeBytes,
  });
}

/** A log directory that somebody else has. `lockFile` is the file to remove when it is known that nobody has. */
export function locked(directory: string, pid: number | undefined, lockFile?: string): SeglogError {
  const holder = pid === undefined ? 'another process or thread' : `process ${pid}`;
  const byHand =
    lockFile === undefined ? '' : `; if no process writes logs in that directory any more, remove ${lockFile}`;
  return new SeglogError(
    'LOG_LOCKED',
    `the log directory is in use by ${pid === process.pid ? 'this process, elsewhere' : holder}`,
    { file: directory, action: `Stop the other writer (seglog or a Kafka broker), or use another directory${byHand}` },
  );
}
