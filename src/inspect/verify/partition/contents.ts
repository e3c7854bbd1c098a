/** What lies in a partition directory: which of it belongs there. */
import { basename, join, resolve } from 'node:path';
import { SeglogError } from '../../../errors/errors.ts';
import {
  baseOffsetOfName,
  parsePartitionDirectory,
  PARTITION_FILES,
  QUARANTINE,
  STAGES,
  SUFFIXES,
} from '../../../format/names.ts';
import type { FileSystem } from '../../../fs/contract.ts';
import type { Finding, Severity } from '../../findings/finding.ts';
import type { PartitionFindingCode } from '../../findings/partition-findings.ts';
import { told } from './told.ts';

/** KRaft's, in the directory of the metadata log. */
export const QUORUM_STATE = 'quorum-state';
/** The directory of the metadata log. */
export const METADATA_PARTITION = '__cluster_metadata-0';
/** What a partition that is deleted, not wanted, or moved here is called. */
const LEAVING: RegExp = /\.[0-9a-f]{32}-(delete|stray|future)$/;
/** seglog's portable lock. */
const LOCK = '.seglog-lock';
const KRAFT_SNAPSHOT = /^\d{20}-\d{10}\.checkpoint$/;
const TEMPORARY = /\.(tmp|part)$/;

const LEFTOVERS: readonly (readonly [suffix: string, code: PartitionFindingCode])[] = [
  [STAGES.deleted, 'LEFTOVER_DELETED'],
  [STAGES.cleaned, 'LEFTOVER_CLEANED'],
  [STAGES.swap, 'LEFTOVER_SWAP'],
];
const SEGMENT_SUFFIXES = Object.values(SUFFIXES);
const SINGLE_NAMES: ReadonlySet<string> = new Set([...Object.values(PARTITION_FILES), QUORUM_STATE, LOCK]);

/** Whether a directory's name is that of a deleted, stray or future partition. */
export function isLeaving(name: string): boolean {
  return LEAVING.test(name);
}

/** What a directory holds, sorted out. */
export interface Contents {
  /** The base offsets of .txnindex files, ascending. */
  readonly transactionIndexes: readonly bigint[];
  /** The offsets of .snapshot files, ascending. */
  readonly snapshots: readonly bigint[];
  /** Regular files. */
  readonly files: ReadonlySet<string>;
}

/** Sorts out what is there; what does not belong there is told. Segments' own files are verified elsewhere. */
export function* readContents(fs: FileSystem, directory: string, isLive: boolean): Generator<Finding, Contents> {
  const files = new Set<string>();
  for (const name of fs.list(directory)) {
    const path = join(directory, name);
    const stat = fs.stat(path);
    // Gone since it was listed.
    if (stat === undefined) continue;
    if (stat.isFile) files.add(name);
    yield* strange(name, path, stat, isLive);
  }
  return {
    transactionIndexes: offsetsOf(files, SUFFIXES.transactionIndex),
    snapshots: offsetsOf(files, SUFFIXES.producerSnapshot),
    files,
  };
}

function offsetsOf(names: Iterable<string>, suffix: string): bigint[] {
  const offsets: bigint[] = [];
  for (const name of names) {
    const offset = baseOffsetOfName(name, suffix);
    if (offset !== undefined) offsets.push(offset);
  }
  return offsets.sort((a, b) => (a < b ? -1 : 1));
}

function* strange(
  name: string,
  path: string,
  stat: { readonly isFile: boolean; readonly isDirectory: boolean; readonly sizeBytes: number },
  isLive: boolean,
): Generator<Finding, void> {
  const isOfSegment = SEGMENT_SUFFIXES.some((suffix) => baseOffsetOfName(name, suffix) !== undefined);
  if (!stat.isFile && (isOfSegment || !stat.isDirectory)) {
    // Without its .log a segment has no records.
    const severity: Severity | undefined = baseOffsetOfName(name, SUFFIXES.log) === undefined ? undefined : 'error';
    const found = stat.isDirectory ? 'a directory' : 'a link or a special file';
    yield told('SPECIAL_FILE', path, { expected: 'a regular file', found, severity });
  } else if (stat.isDirectory) {
    yield told(name === QUARANTINE ? 'QUARANTINE' : 'UNKNOWN_FILE', path, { found: 'a directory' });
  } else if (!isOfSegment) {
    const code = codeOfFile(name);
    // A broker at work has such files for a while.
    const severity: Severity | undefined = isLive ? 'info' : undefined;
    if (code !== undefined) yield told(code, path, { found: `${stat.sizeBytes} bytes`, severity });
  }
}

/** What is told of a file by its name; undefined for one that belongs there. */
function codeOfFile(name: string): PartitionFindingCode | undefined {
  const leftover = LEFTOVERS.find(([suffix]) => name.endsWith(suffix));
  if (leftover !== undefined) return leftover[1];
  if (TEMPORARY.test(name)) return 'LEFTOVER_TEMPORARY';
  return SINGLE_NAMES.has(name) || KRAFT_SNAPSHOT.test(name) ? undefined : 'UNKNOWN_FILE';
}

/** The directory's own name, where no log directory's check tells of it. */
export function* checkPartitionName(directory: string): Generator<Finding, void> {
  const name = basename(resolve(directory));
  if (isLeaving(name)) {
    yield told('PARTITION_LEAVING', directory, { found: name });
    return;
  }
  try {
    parsePartitionDirectory(name);
  } catch (error) {
    if (!(error instanceof SeglogError)) throw error;
    yield told('PARTITION_NAME_INVALID', directory, { expected: error.expected, found: name });
  }
}
