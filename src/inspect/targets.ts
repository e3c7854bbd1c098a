/**
 * What a command line names: files, partition directories, whole log directories. A directory is known by what is in it;
 * its name decides only when that tells nothing. Links are not followed, and nothing but names is read.
 */
import { basename, join, resolve } from 'node:path';
import { SeglogError } from '../errors/errors.ts';
import { LOG_DIRECTORY_FILES, parsePartitionDirectory, type TopicPartition } from '../format/names.ts';
import type { FileSystem } from '../fs/contract.ts';
import { printable } from './byte-encoding.ts';
import { type FileKind, kindOfName, type KnownFile, knownFile } from './file-kinds.ts';

/** One path of the command line. Names are those that the directory lists, sorted. */
export type Target =
  | { readonly kind: 'file'; readonly path: string; readonly known: KnownFile }
  | {
      readonly kind: 'partition';
      readonly path: string;
      /** From the directory's name; undefined when that is none that Kafka gives to a partition in use. */
      readonly topic: string | undefined;
      readonly partition: number | undefined;
      /** All that lies in it, whatever it is. */
      readonly names: readonly string[];
    }
  | {
      readonly kind: 'log-directory';
      readonly path: string;
      /** Names of the partition directories that a broker would load. */
      readonly partitions: readonly string[];
      /** All other names, those of deleted, stray and future partitions among them. */
      readonly names: readonly string[];
    };

/** Names that only log directories have. */
export const OF_LOG_DIRECTORIES: ReadonlySet<string> = new Set([
  ...Object.values(LOG_DIRECTORY_FILES),
  'meta.properties',
  'bootstrap.checkpoint',
]);

/** Kinds whose names start with an offset. */
const SEGMENT_KINDS: ReadonlySet<FileKind> = new Set([
  'log',
  'offset-index',
  'time-index',
  'transaction-index',
  'producer-snapshot',
]);

/** The topic and partition that a directory's name tells; undefined when Kafka would not take it for a partition in use. */
export function partitionOfName(name: string): TopicPartition | undefined {
  try {
    return parsePartitionDirectory(name);
  } catch (error) {
    if (error instanceof SeglogError && error.code === 'INVALID_NAME') return undefined;
    throw error;
  }
}

/**
 * What each path is, in the given order.
 *
 * @throws SeglogError `INVALID_ARGUMENT` for a file whose name says no kind, and for a directory with nothing of Kafka's;
 * `IO` for a directory that cannot be listed. A missing file is found out by whoever opens it.
 */
export function findTargets(fs: FileSystem, paths: readonly string[]): Target[] {
  return paths.map((path) =>
    fs.stat(path)?.isDirectory === true ? directoryTarget(fs, path) : { kind: 'file', path, known: knownFile(path) },
  );
}

/** A partition directory as a target. @throws SeglogError `IO` when it cannot be listed */
export function partitionTarget(fs: FileSystem, path: string): Target & { kind: 'partition' } {
  return partitionOf(path, fs.list(path));
}

function partitionOf(path: string, names: readonly string[]): Target & { kind: 'partition' } {
  const known = partitionOfName(nameOf(path));
  return { kind: 'partition', path, topic: known?.topic, partition: known?.partition, names };
}

function directoryTarget(fs: FileSystem, path: string): Target {
  const names = fs.list(path);
  if (names.some((name) => isOfPartition(name))) return partitionOf(path, names);
  const partitions = names.filter(
    (name) => partitionOfName(name) !== undefined && fs.stat(join(path, name))?.isDirectory === true,
  );
  if (partitions.length > 0 || names.some((name) => OF_LOG_DIRECTORIES.has(name))) {
    const found = new Set(partitions);
    return { kind: 'log-directory', path, partitions, names: names.filter((name) => !found.has(name)) };
  }
  if (partitionOfName(nameOf(path)) !== undefined) return partitionOf(path, names);
  throw new SeglogError(
    'INVALID_ARGUMENT',
    `${printable(path)} is a directory, of neither a partition nor a broker's logs`,
    { action: 'Name a partition directory, a log directory, or files' },
  );
}

/** Whether a name lies in partition directories alone: others keep files that end with `.log`, too. */
function isOfPartition(name: string): boolean {
  const known = OF_LOG_DIRECTORIES.has(name) ? undefined : kindOfName(name);
  return (
    known !== undefined &&
    (known.baseOffset !== undefined || known.heading !== undefined || !SEGMENT_KINDS.has(known.kind))
  );
}

/** The last part of a path, also of `.` and `..`. */
function nameOf(path: string): string {
  return basename(resolve(path));
}
