/** Recovers a partition's directory and leaves it: what `seglog recover` does. */
import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import { SeglogError } from '../errors/errors.ts';
import type { FileSystem } from '../fs/contract.ts';
import { nodeFileSystem } from '../fs/node-fs.ts';
import type { Cut } from './load/report.ts';
import { Log } from './log.ts';
import type { LogOptions } from './options.ts';

const HASH_DIGITS = 16;
const READ_BYTES = 1024 * 1024;

/** A partition after recovery. The first five fields are those by which Kafka's own recovery is told of in tests. */
export interface RecoveredPartition {
  /** The name of the partition's directory. */
  readonly dir: string;
  readonly logStartOffset: number;
  readonly logEndOffset: number;
  readonly segments: readonly { readonly baseOffset: number; readonly size: number }[];
  /** The first 16 hex digits of the SHA-256 of every .log, .index, .timeindex and .txnindex. */
  readonly files: Readonly<Record<string, string>>;
  readonly cuts: readonly Cut[];
  /** The directory that holds what was cut; undefined when nothing was. */
  readonly quarantine: string | undefined;
}

/**
 * Opens the log in `directory` as after an unclean stop with recovery point 0, so that every byte of it is checked, and
 * closes it clean.
 *
 * @throws SeglogError as `Log.open` and `Log.close`; `IO` when there is no such directory; `READ_ONLY` when there is no space
 * for what would be cut
 * @example
 * ```ts
 * const { cuts, quarantine } = await recoverPartition('data/events-0');
 * ```
 */
export async function recoverPartition(directory: string, options: LogOptions = {}): Promise<RecoveredPartition> {
  const fs = options.fs ?? nodeFileSystem;
  // A link to a partition's directory is as good as the directory.
  if (fs.stat(fs.realPath(directory))?.isDirectory !== true) {
    throw new SeglogError('IO', 'there is no such directory', { file: directory, errno: 'ENOENT' });
  }
  const log = await Log.open(directory, {
    ...options,
    recovery: { ...options.recovery, clean: false, recoveryPoint: 0 },
  });
  let told: Omit<RecoveredPartition, 'files'>;
  try {
    log.checkAppendable();
    const { logStartOffset, logEndOffset, recovery } = log.status();
    told = {
      dir: basename(log.directory),
      logStartOffset,
      logEndOffset,
      segments: log.segments(),
      cuts: recovery?.cuts ?? [],
      quarantine: recovery?.quarantine,
    };
  } finally {
    await log.close();
  }
  return { ...told, files: hashes(fs, log.directory) };
}

function hashes(fs: FileSystem, directory: string): Record<string, string> {
  const files: Record<string, string> = {};
  for (const name of fs.list(directory)) {
    if (!/^\d{20}\.(log|index|timeindex|txnindex)$/.test(name)) continue;
    const hash = createHash('sha256');
    const file = fs.open(join(directory, name), 'read');
    try {
      const buffer = Buffer.allocUnsafe(READ_BYTES);
      for (let at = 0, got = 1; got > 0; at += got) {
        got = file.read(buffer, 0, buffer.length, at);
        hash.update(buffer.subarray(0, got));
      }
    } finally {
      file.close();
    }
    files[name] = hash.digest('hex').slice(0, HASH_DIGITS);
  }
  return files;
}
