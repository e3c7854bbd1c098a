/**
 * What lies in log directories that are to change hands: read once, under their locks, and nothing changed. What is wrong is
 * collected, so that one look tells of all of it.
 */
import { join } from 'node:path';
import type { Clock } from '../clock/clock.ts';
import type { Engine } from '../engine/contract.ts';
import { SeglogError } from '../errors/errors.ts';
import { type EpochStart, parseLeaderEpochs } from '../format/checkpoint.ts';
import { type MetaProperties, parseMetaProperties } from '../format/meta-properties.ts';
import {
  leavingOf,
  LOG_DIRECTORY_FILES,
  METADATA_DIRECTORY,
  METADATA_TOPIC,
  PARTITION_FILES,
  parsePartitionDirectory,
  type TopicPartition,
} from '../format/names.ts';
import { parsePartitionMetadata } from '../format/partition-metadata.ts';
import type { FileSystem } from '../fs/contract.ts';
import { readQuorumState, checkOneNode } from '../metadata/one-node.ts';
import { replayMetadata, type ReplayedMetadata } from '../metadata/replay.ts';

/** Small files of a few lines. */
const MAX_SMALL_BYTES = 1024 * 1024;
/** What a broker fetched from elsewhere, and loads again. */
const REMOTE_CACHE = 'remote-log-index-cache';

const decoder = new TextDecoder();

/** What a survey stands on. */
export interface SurveyEnvironment {
  readonly engine: Engine;
  readonly fs: FileSystem;
  readonly clock: Clock;
}

/** A partition's directory. */
export interface SurveyedPartition extends TopicPartition {
  readonly path: string;
  readonly directory: SurveyedDirectory;
  /** undefined: its `partition.metadata` is not there. */
  readonly topicId: string | undefined;
  readonly isEmpty: boolean;
  /** The newest leader epoch that its log has; undefined: none. */
  readonly newestEpoch: number | undefined;
}

/** A log directory. */
export interface SurveyedDirectory {
  readonly path: string;
  readonly identity: MetaProperties | undefined;
  /** Whether the mark of a clean stop is there. */
  readonly isMarked: boolean;
  /** Which broker's life it ended; undefined where it says none: an old broker's, or one that was registered nowhere. */
  readonly markedEpoch: number | undefined;
  readonly hasMetadata: boolean;
  readonly partitions: readonly SurveyedPartition[];
}

/** All of them. */
export interface Survey {
  readonly directories: readonly SurveyedDirectory[];
  /** Of all directories: undefined where they do not agree. */
  readonly clusterId: string | undefined;
  readonly nodeId: number | undefined;
  /** The directory that has the metadata log; undefined when none or several have one. */
  readonly metadataRoot: SurveyedDirectory | undefined;
  /** undefined where it could not be read. */
  readonly replayed: ReplayedMetadata | undefined;
  readonly problems: readonly SeglogError[];
}

/**
 * Looks at log directories. The caller has their locks.
 *
 * @throws SeglogError `IO` for a directory that cannot be listed; all else is in {@link Survey.problems}
 */
export function surveyDirectories(environment: SurveyEnvironment, paths: readonly string[]): Survey {
  const surveyor = new Surveyor(environment);
  const directories = paths.map((path) => surveyor.directory(path));
  const { clusterId, nodeId } = surveyor.identity(directories);
  const metadataRoot = surveyor.metadataRoot(directories);
  const replayed =
    metadataRoot === undefined || clusterId === undefined || nodeId === undefined
      ? undefined
      : surveyor.replay(metadataRoot, { clusterId, nodeId });
  return { directories, clusterId, nodeId, metadataRoot, replayed, problems: surveyor.problems };
}

class Surveyor {
  readonly problems: SeglogError[] = [];
  readonly #environment: SurveyEnvironment;

  constructor(environment: SurveyEnvironment) {
    this.#environment = environment;
  }

  directory(path: string): SurveyedDirectory {
    const { fs } = this.#environment;
    const mark = this.#tried(() => readMark(fs, path));
    const identity = this.#tried(() => {
      const file = join(path, LOG_DIRECTORY_FILES.metaProperties);
      const bytes = fs.readSmall(file, MAX_SMALL_BYTES);
      return bytes === undefined ? undefined : parseMetaProperties(bytes, file);
    });
    const partitions: SurveyedPartition[] = [];
    const directory = {
      ...{ path, identity, partitions },
      isMarked: mark?.isThere === true,
      markedEpoch: mark?.epoch,
      hasMetadata: fs.stat(join(path, METADATA_DIRECTORY)) !== undefined,
    };
    for (const name of fs.list(path)) {
      const partition = this.#tried(() => this.#partition(directory, name));
      if (partition !== undefined) partitions.push(partition);
    }
    return directory;
  }

  #partition(directory: SurveyedDirectory, name: string): SurveyedPartition | undefined {
    const { fs } = this.#environment;
    const path = join(directory.path, name);
    const stat = fs.stat(path);
    if (stat === undefined || stat.isFile || name === REMOTE_CACHE || leavingOf(name) !== undefined) return undefined;
    const partition = parsed(name, path);
    if (partition.topic === METADATA_TOPIC) return undefined;
    if (!stat.isDirectory) throw linked(path);
    const isEmpty = fs.list(path).length === 0;
    return {
      ...partition,
      path,
      directory,
      isEmpty,
      topicId: this.#topicId(path),
      newestEpoch: this.#newestEpoch(path),
    };
  }

  #topicId(path: string): string | undefined {
    const file = join(path, PARTITION_FILES.metadata);
    const bytes = this.#environment.fs.readSmall(file, MAX_SMALL_BYTES);
    return bytes === undefined ? undefined : parsePartitionMetadata(decoder.decode(bytes), file).topicId;
  }

  #newestEpoch(path: string): number | undefined {
    const file = join(path, PARTITION_FILES.leaderEpochs);
    const bytes = this.#environment.fs.readSmall(file, MAX_SMALL_BYTES);
    const epochs: readonly EpochStart[] = bytes === undefined ? [] : parseLeaderEpochs(decoder.decode(bytes), file);
    return epochs.at(-1)?.epoch;
  }

  /** What all directories say of cluster and node. */
  identity(directories: readonly SurveyedDirectory[]): { clusterId: string | undefined; nodeId: number | undefined } {
    const seen = new Map<string, string>();
    const [first] = directories;
    for (const { path, identity } of directories) {
      const file = join(path, LOG_DIRECTORY_FILES.metaProperties);
      if (identity === undefined) {
        if (this.problems.every((problem) => problem.file !== file)) this.problems.push(noIdentity(file));
        continue;
      }
      const { clusterId, nodeId, directoryId } = identity;
      if (directoryId === undefined) this.problems.push(noIdentity(file, 'directory.id'));
      else if (seen.has(directoryId))
        this.#mismatch(file, 'directory.id', `another one than ${seen.get(directoryId)}`, directoryId);
      else seen.set(directoryId, path);
      if (first?.identity === undefined) continue;
      if (clusterId !== first.identity.clusterId)
        this.#mismatch(file, 'cluster.id', first.identity.clusterId, clusterId);
      if (nodeId !== first.identity.nodeId) this.#mismatch(file, 'node.id', first.identity.nodeId, nodeId);
    }
    return { clusterId: first?.identity?.clusterId, nodeId: first?.identity?.nodeId };
  }

  #mismatch(
    file: string,
    key: string,
    expected: string | number | undefined,
    found: string | number | undefined,
  ): void {
    this.problems.push(
      new SeglogError('DIRECTORY_MISMATCH', `the log directory has another ${key} than it should`, {
        ...{ file, expected: expected ?? 'one', found: found ?? 'none' },
        action: 'Give the log directories of one node, each of them once',
      }),
    );
  }

  metadataRoot(directories: readonly SurveyedDirectory[]): SurveyedDirectory | undefined {
    const having = directories.filter(({ hasMetadata }) => hasMetadata);
    if (having.length === 1) return having[0];
    const [first] = directories;
    this.problems.push(
      having.length === 0
        ? new SeglogError('DIRECTORY_MISMATCH', `no log directory has a metadata log, ${METADATA_DIRECTORY}`, {
            file: first?.path ?? '',
            action:
              'Give all log directories of the node. One that an older seglog wrote gets it when a store opens it: `seglog store run`',
          })
        : new SeglogError('DIRECTORY_MISMATCH', `two log directories have a metadata log, ${METADATA_DIRECTORY}`, {
            ...{
              file: having[1]?.path ?? '',
              expected: `only ${having[0]?.path ?? ''}`,
              found: `${having.length} of them`,
            },
            action: 'One is of another node, or a copy: give the directories of one node',
          }),
    );
    return undefined;
  }

  replay(root: SurveyedDirectory, owner: { clusterId: string; nodeId: number }): ReplayedMetadata | undefined {
    const directory = join(root.path, METADATA_DIRECTORY);
    return this.#tried(() => {
      const replayed = replayMetadata(this.#environment, directory, root.isMarked);
      checkOneNode(directory, replayed, readQuorumState(this.#environment.fs, directory), owner);
      return replayed;
    });
  }

  #tried<T>(look: () => T): T | undefined {
    try {
      return look();
    } catch (error) {
      if (!(error instanceof SeglogError)) throw error;
      this.problems.push(error);
      return undefined;
    }
  }
}

/** The mark of a clean stop. What it says besides is read if it can be: that it is there is what counts. */
function readMark(fs: FileSystem, path: string): { isThere: boolean; epoch: number | undefined } {
  const bytes = fs.readSmall(join(path, LOG_DIRECTORY_FILES.cleanShutdown), MAX_SMALL_BYTES);
  if (bytes === undefined) return { isThere: false, epoch: undefined };
  const epoch = /"brokerEpoch"\s*:\s*(\d{1,16})\b/.exec(decoder.decode(bytes))?.[1];
  return { isThere: true, epoch: epoch === undefined ? undefined : Number(epoch) };
}

function parsed(name: string, path: string): TopicPartition {
  try {
    return parsePartitionDirectory(name);
  } catch (cause) {
    throw new SeglogError('INVALID_NAME', 'a broker ends at its start when it finds such a directory', {
      file: path,
      expected: '<topic>-<partition>',
      found: JSON.stringify(name),
      cause,
      action: 'Move it out of the log directory',
    });
  }
}

function linked(path: string): SeglogError {
  return new SeglogError('NOT_A_REGULAR_FILE', 'a link in the place of a partition', {
    file: path,
    action: 'Move the directory itself to this place',
  });
}

function noIdentity(file: string, key?: string): SeglogError {
  return new SeglogError(
    'DIRECTORY_MISMATCH',
    key === undefined ? 'there is no meta.properties' : `there is no ${key}`,
    {
      file,
      action:
        'This is no log directory of a Kafka with KRaft, or nothing has opened it yet: `seglog store run` makes it one',
    },
  );
}
