/** The files that targets stand for, in the order in which they are dumped. */
import { dirname, join, resolve } from 'node:path';
import { PARTITION_FILES, QUARANTINE } from '../../format/names.ts';
import type { FileSystem } from '../../fs/contract.ts';
import type { Search } from '../../inspect/dump/search.ts';
import { type FileKind, type KnownFile, kindOfName } from '../../inspect/file-kinds.ts';
import { type Target, partitionOfName, partitionTarget } from '../../inspect/targets.ts';

/** A file to be dumped. */
export interface Job {
  readonly known: KnownFile;
  /** From the name of its directory; undefined when that tells none. */
  readonly topic: string | undefined;
  /** The partition directory, as far as it is one. */
  readonly directory: string;
}

/** What directories hold besides the files that are dumped. */
export interface JobReporter {
  note(text: string): void;
  /** A partition could not be listed; the others are still wanted. */
  failed(error: unknown): void;
}

/** Kafka's snapshots of the cluster's metadata are named so wherever they lie. */
const METADATA_TOPIC = '__cluster_metadata';
/** Names that hold nothing to dump, and are as they should be. */
const PASSED_OVER: ReadonlySet<string> = new Set(['.lock', PARTITION_FILES.cleanShutdown, QUARANTINE]);
/** Names of unknown files that are told of one directory. */
const TOLD_NAMES = 5;

/** A segment's files in this order; then what belongs to no segment. */
const RANK: Readonly<Record<FileKind, number>> = {
  log: 0,
  'offset-index': 1,
  'time-index': 2,
  'transaction-index': 3,
  'producer-snapshot': 4,
  'leader-epochs': 5,
  'partition-metadata': 6,
  'quorum-state': 7,
  'meta-properties': 8,
  'clean-mark': 9,
  'partition-offsets': 10,
};

/**
 * Goes over the files. A search goes over segments alone, and of directories over those that may be within its range and
 * are part of the log.
 */
export function* jobsOf(
  fs: FileSystem,
  targets: readonly Target[],
  search: Search | undefined,
  report: JobReporter,
): Generator<Job> {
  for (const target of targets) {
    if (target.kind === 'file') {
      yield { known: target.known, ...placeOf(target.known) };
    } else if (target.kind === 'partition') {
      yield* ofPartition(target, search, report);
    } else {
      yield* ofDirectory(target.path, target.names, search, report);
      for (const name of target.partitions) {
        try {
          yield* ofPartition(partitionTarget(fs, join(target.path, name)), search, report);
        } catch (error) {
          report.failed(error);
        }
      }
    }
  }
}

function placeOf({ path, heading }: KnownFile): { topic: string | undefined; directory: string } {
  const directory = dirname(resolve(path));
  const isSnapshot = heading !== undefined && !heading.startsWith('Log');
  const topic = isSnapshot
    ? METADATA_TOPIC
    : partitionOfName(directory.slice(dirname(directory).length).replace(/^[\\/]/, ''))?.topic;
  return { topic, directory };
}

function* ofPartition(
  { path, topic, names }: Target & { kind: 'partition' },
  search: Search | undefined,
  report: JobReporter,
): Generator<Job> {
  for (const known of chosen(path, names, search, report)) {
    yield { known, topic: placeOf(known).topic ?? topic, directory: path };
  }
}

function* ofDirectory(
  path: string,
  names: readonly string[],
  search: Search | undefined,
  report: JobReporter,
): Generator<Job> {
  for (const known of chosen(path, names, search, report)) yield { known, ...placeOf(known) };
}

function chosen(
  path: string,
  names: readonly string[],
  search: Search | undefined,
  report: JobReporter,
): readonly KnownFile[] {
  const known: KnownFile[] = [];
  const unknown: string[] = [];
  for (const name of names) {
    const kind = kindOfName(join(path, name));
    if (kind !== undefined) known.push(kind);
    else if (!PASSED_OVER.has(name)) unknown.push(name);
  }
  if (unknown.length > 0) {
    const more = unknown.length > TOLD_NAMES ? `, ... (${unknown.length} in all)` : '';
    report.note(
      `${path}: left out, as their names say no kind of file: ${unknown.slice(0, TOLD_NAMES).join(', ')}${more}`,
    );
  }
  if (search === undefined) return known.sort(inOrder);
  const segments = known.filter(({ kind, baseOffset }) => kind === 'log' && baseOffset !== undefined);
  const inUse = segments.filter(({ stage }) => stage === undefined).sort(inOrder);
  const onTheirWay = segments.length - inUse.length;
  if (onTheirWay > 0) report.note(`${path}: ${onTheirWay} segments on their way in or out are not searched`);
  return withinRange(inUse, search);
}

/** What is part of the log comes first, and of it the segments by base offset. */
function inOrder(a: KnownFile, b: KnownFile): number {
  const stage = Number(a.stage !== undefined) - Number(b.stage !== undefined);
  if (stage !== 0) return stage;
  const group = groupOf(a) - groupOf(b);
  if (group !== 0) return group;
  const [first, second] = [a.baseOffset ?? -1n, b.baseOffset ?? -1n];
  if (first !== second) return first < second ? -1 : 1;
  return RANK[a.kind] - RANK[b.kind];
}

function groupOf({ kind, baseOffset }: KnownFile): number {
  return RANK[kind] < RANK['producer-snapshot'] && baseOffset !== undefined ? 0 : 1 + RANK[kind];
}

/** A segment ends below the next one's base offset. */
function withinRange(segments: readonly KnownFile[], { options, coverage }: Search): KnownFile[] {
  const { fromOffset, toOffset } = options;
  const within = segments.filter(({ baseOffset }, i) => {
    const next = segments[i + 1]?.baseOffset;
    if (fromOffset !== undefined && next !== undefined && next <= fromOffset) return false;
    return toOffset === undefined || baseOffset === undefined || baseOffset <= toOffset;
  });
  coverage.segments += segments.length - within.length;
  return within;
}
