/** Verifies what lies beside the partition directories of a log directory. */
import { join } from 'node:path';
import { LOG_DIRECTORY_FILES, PARTITION_FILES } from '../../../format/names.ts';
import type { FileStat } from '../../../fs/contract.ts';
import type { Finding } from '../../findings/finding.ts';
import type { PartitionFindingCode } from '../../findings/partition-findings.ts';
import { partitionOfName } from '../../targets.ts';
import type { PartitionFacts, VerifyContext } from '../facts.ts';
import { isLeaving, METADATA_PARTITION } from '../partition/contents.ts';
import { MAX_FEW_BYTES, SmallFiles } from '../partition/small-files.ts';
import { told } from '../partition/told.ts';
import { checkCleanMark, checkMetaProperties } from './broker-files.ts';
import { checkOffsetsFile } from './checkpoints.ts';
import { checkTopicIds } from './topic-ids.ts';

const META_PROPERTIES = 'meta.properties';
const BOOTSTRAP = 'bootstrap.checkpoint';
const { cleanShutdown, recoveryPoints, logStartOffsets, highWatermarks, cleanerOffsets } = LOG_DIRECTORY_FILES;
/** Those that a broker always keeps. */
const ALWAYS_KEPT: readonly string[] = [recoveryPoints, logStartOffsets, highWatermarks];
/** A broker's, seglog's lock, and a directory that Kafka passes over. */
const KNOWN_FILES: ReadonlySet<string> = new Set([
  ...Object.values(LOG_DIRECTORY_FILES),
  META_PROPERTIES,
  BOOTSTRAP,
  '.lock',
  '.seglog-lock',
]);
const REMOTE_INDEX_CACHE = 'remote-log-index-cache';

/**
 * Checkpoints, identity, the mark of a clean stop, topic ids over all partitions, and what does not belong there.
 *
 * @param names what is in the directory; the names of `partitions` may be left out
 * @param partitions those that were verified
 * @throws SeglogError `IO` for the first file that cannot be read, after everything else was checked
 */
export function* checkLogDirectory(
  context: VerifyContext,
  directory: string,
  names: readonly string[],
  partitions: readonly PartitionFacts[],
): Generator<Finding, void> {
  const files = new SmallFiles(context.fs);
  const all = [...new Set([...names, ...partitions.map(({ name }) => name)])].sort();
  const there = new Set<string>();
  const live = new Set<string>();
  for (const name of all) {
    const stat = context.fs.stat(join(directory, name));
    if (stat === undefined) continue;
    there.add(name);
    if (stat.isDirectory && partitionOfName(name) !== undefined) live.add(name);
    yield* checkName(directory, name, stat);
  }
  const read = (name: string, maxBytes?: number): Uint8Array | undefined => files.read(join(directory, name), maxBytes);
  yield* checkIdentity(directory, there, read(META_PROPERTIES, MAX_FEW_BYTES));
  for (const name of [recoveryPoints, logStartOffsets, highWatermarks, cleanerOffsets]) {
    const bytes = read(name);
    if (bytes !== undefined) yield* checkOffsetsFile(join(directory, name), bytes, live);
    else if (!there.has(name) && ALWAYS_KEPT.includes(name) && there.has(META_PROPERTIES)) {
      yield told('CHECKPOINT_MISSING', join(directory, name), { found: 'no file' });
    }
  }
  const mark = read(cleanShutdown, MAX_FEW_BYTES);
  if (mark !== undefined) yield* checkCleanMark(join(directory, cleanShutdown), mark);
  if (there.has(cleanShutdown)) yield* checkMarkIsTrue(join(directory, cleanShutdown), partitions);
  // What keeps one from being read is told of where its partition is verified.
  const others = new SmallFiles(context.fs);
  yield* checkTopicIds(directory, [...live], (name) =>
    others.read(join(directory, name, PARTITION_FILES.metadata), MAX_FEW_BYTES),
  );
  yield* files.findings;
  files.raise();
}

/** A broker's directory has an identity. One that only seglog wrote to has none. */
function* checkIdentity(
  directory: string,
  there: ReadonlySet<string>,
  bytes: Uint8Array | undefined,
): Generator<Finding, void> {
  const path = join(directory, META_PROPERTIES);
  if (bytes !== undefined) yield* checkMetaProperties(path, bytes);
  else if (
    !there.has(META_PROPERTIES) &&
    [BOOTSTRAP, METADATA_PARTITION, highWatermarks].some((name) => there.has(name))
  ) {
    yield told('META_PROPERTIES_MISSING', path, { found: 'no file' });
  }
}

function* checkName(directory: string, name: string, stat: FileStat): Generator<Finding, void> {
  const code = codeOfName(name, stat);
  if (code !== undefined) yield told(code, join(directory, name), { found: what(stat) });
}

function what({ isFile, isDirectory, sizeBytes }: FileStat): string {
  if (isDirectory) return 'a directory';
  return isFile ? `${sizeBytes} bytes` : 'a link or a special file';
}

function codeOfName(name: string, { isFile, isDirectory }: FileStat): PartitionFindingCode | undefined {
  if (!isFile && !isDirectory) return 'SPECIAL_FILE';
  if (isDirectory) {
    if (isLeaving(name)) return 'PARTITION_LEAVING';
    return partitionOfName(name) !== undefined || name === REMOTE_INDEX_CACHE ? undefined : 'DIRECTORY_NOT_A_PARTITION';
  }
  if (KNOWN_FILES.has(name)) return undefined;
  return name.endsWith('.tmp') ? 'LEFTOVER_TEMPORARY' : 'UNKNOWN_FILE';
}

/** A log that was closed clean ends with a whole batch. */
function* checkMarkIsTrue(path: string, partitions: readonly PartitionFacts[]): Generator<Finding, void> {
  const unclean = partitions.filter(({ segments }) => {
    const last = segments.at(-1);
    return last !== undefined && last.wholeBytes < last.sizeBytes;
  });
  const first = unclean[0];
  if (first === undefined) return;
  const others = unclean.length === 1 ? '' : ` and ${unclean.length - 1} more`;
  yield told('CLEAN_MARK_LIES', path, {
    expected: 'logs that end with a whole batch',
    found: `${first.name}${others}`,
  });
}
