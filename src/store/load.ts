/**
 * Opens the log directories of a store, and the partitions in them (spec 3.7):
 *
 *     identity of all -> lock and clean mark of each -> identity again -> topics -> directories that are there -> partitions
 *
 * A directory that the machine refuses is offline, and the others go on. What would be wrong to go on with is refused
 * whole: a directory of another cluster, one that somebody else has open, two directories of one partition.
 */
import { dirname } from 'node:path';
import { isNoSpace, SeglogError } from '../errors/errors.ts';
import type { MetaProperties } from '../format/meta-properties.ts';
import type { StoreEnvironment } from './environment.ts';
import { agreedIdentity, type Identity, readIdentity, writeIdentity } from './identity.ts';
import { loadPartitions, topicOf } from './load-partitions.ts';
import { reconcile } from './reconcile.ts';
import { type FoundDirectories, type FoundPartition, StoreDirectory } from './store-directory.ts';
import type { StorePartition } from './store-partition.ts';
import type { Topic } from './topic.ts';
import { MetadataTopics } from './metadata-topics.ts';
import type { TopicRepository, TopicsContent } from './topic-repository.ts';

/** What opening gives. */
export interface LoadedStore {
  readonly identity: Identity;
  readonly directories: readonly StoreDirectory[];
  readonly repository: TopicRepository;
  readonly content: TopicsContent;
  readonly topics: Map<string, Topic>;
  /** Paths of directories that wait for removal, of such that were put aside, and of such that are to come. */
  readonly leaving: FoundDirectories['leaving'];
}

/** What is to be closed again when opening fails. */
interface Opened {
  partitions: StorePartition[];
  repository: TopicRepository | undefined;
}

/**
 * @param paths - the log directories; those that are not there are made
 * @throws SeglogError `DIRECTORY_MISMATCH`, `LOG_LOCKED`, `DUPLICATE_PARTITION`, `CORRUPT_CHECKPOINT`,
 * `UNSUPPORTED_VERSION`; `IO` when no directory is left, or what one that is offline knows is in no other one
 */
export async function loadStore(environment: StoreEnvironment, paths: readonly string[]): Promise<LoadedStore> {
  const directories = paths.map((path) => reached(environment, path));
  checkDistinct(directories);
  // Nothing of somebody else is touched.
  identityOf(environment, directories);
  const opened: Opened = { partitions: [], repository: undefined };
  try {
    for (const directory of directories) await hold(directory);
    const identity = writtenIdentity(environment, directories);
    return await loadTopics(environment, directories, identity, opened);
  } catch (error) {
    await Promise.allSettled(opened.partitions.map((partition) => partition.close()));
    await opened.repository?.close().catch(() => undefined);
    for (const directory of directories) await directory.giveUp();
    throw error;
  }
}

/** The directory at a path, made if it is not there; offline if that cannot be. */
function reached(environment: StoreEnvironment, path: string): StoreDirectory {
  const { fs, problems } = environment;
  try {
    if (fs.makeDirectory(path)) fs.syncDirectory(dirname(path));
    return new StoreDirectory(environment, fs.realPath(path));
  } catch (error) {
    return new StoreDirectory(environment, path, problems.add(error));
  }
}

function checkDistinct(directories: readonly StoreDirectory[]): void {
  const paths = directories.map(({ path }) => path);
  const twice = paths.find((path, at) => paths.indexOf(path) !== at);
  if (twice === undefined && paths.length > 0) return;
  throw new SeglogError('INVALID_ARGUMENT', twice === undefined ? 'no log directory' : 'a log directory comes twice', {
    ...(twice === undefined ? {} : { file: twice }),
    expected: 'one or several, each once',
  });
}

/** What is said of cluster and node by all that can be read, and what each says. */
function identityOf(
  { fs, settings }: StoreEnvironment,
  directories: readonly StoreDirectory[],
): { found: ReadonlyMap<string, MetaProperties | undefined>; identity: Identity } {
  const found = new Map<string, MetaProperties | undefined>();
  for (const directory of directories) {
    orOffline(directory, () => {
      const meta = readIdentity(fs, directory.path);
      found.set(directory.path, meta);
      if (meta?.directoryId !== undefined) directory.id = meta.directoryId;
    });
  }
  checkOneOnline(directories);
  const unread = directories.find(({ isOnline }) => !isOnline)?.problem;
  return { found, identity: agreedIdentity(found, settings, unread) };
}

/** All of them are locked: from here on they say the same. */
function writtenIdentity(environment: StoreEnvironment, directories: readonly StoreDirectory[]): Identity {
  const { found, identity } = identityOf(environment, directories);
  for (const directory of directories) {
    orOffline(directory, () => {
      directory.id = writeIdentity(environment.fs, directory.path, found.get(directory.path), identity);
    });
  }
  return identity;
}

/** What the machine refuses takes the directory offline; what is wrong with its contents does not pass. */
function orOffline(directory: StoreDirectory, work: () => void): void {
  if (!directory.isOnline) return;
  try {
    work();
  } catch (error) {
    if (!isRefusal(error)) throw error;
    directory.goOffline(error);
  }
}

async function hold(directory: StoreDirectory): Promise<void> {
  if (!directory.isOnline) return;
  try {
    await directory.hold();
  } catch (error) {
    if (!isRefusal(error)) throw error;
    directory.goOffline(error);
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof SeglogError && (error.code === 'IO' || error.code === 'NOT_A_REGULAR_FILE');
}

function checkOneOnline(directories: readonly StoreDirectory[]): void {
  if (directories.some(({ isOnline }) => isOnline)) return;
  throw directories[0]?.problem ?? new SeglogError('INTERNAL', 'a store without directories');
}

async function loadTopics(
  environment: StoreEnvironment,
  directories: readonly StoreDirectory[],
  identity: Identity,
  opened: Opened,
): Promise<LoadedStore> {
  checkOneOnline(directories);
  const {
    repository,
    content: known,
    removed,
    isBehind,
    isThere,
  } = MetadataTopics.load(environment, directories, identity);
  opened.repository = repository;
  // What a dead process appended and did not sync is on the disk before anything is done for it.
  if (isThere) await repository.open();
  const live: FoundPartition[] = [];
  const leaving = { delete: [] as string[], stray: [] as string[], future: [] as string[] };
  for (const directory of directories) {
    orOffline(directory, () => {
      const found = directory.scan();
      for (const one of found.live) live.push(one);
      for (const way of ['delete', 'stray', 'future'] as const) {
        for (const path of found.leaving[way]) leaving[way].push(path);
      }
    });
  }
  checkOneOnline(directories);
  const reconciled = reconcile(environment, { known, removed }, live, directories);
  if (!isThere) await repository.open();
  for (const path of reconciled.deleted) leaving.delete.push(path);
  if (reconciled.isChanged || isBehind) await saveOrTell(environment, repository, reconciled);
  const topics = new Map(
    reconciled.topics.map((entry) => [entry.name, topicOf(environment, entry, reconciled.found, directories)]),
  );
  // Lines of what was renamed, or is made anew, are none of what comes in its place: also if a crash comes next.
  for (const directory of directories) directory.writeForgotten();
  for (const { partitions } of topics.values())
    for (const partition of partitions.values()) opened.partitions.push(partition);
  await loadPartitions(environment, topics);
  const { topics: entries, deleting } = reconciled;
  return { identity, directories, repository, content: { topics: entries, deleting }, topics, leaving };
}

/** Without space for it what is known can be found out again the next time. */
async function saveOrTell(
  { problems }: StoreEnvironment,
  repository: TopicRepository,
  content: TopicsContent,
): Promise<void> {
  try {
    await repository.save({ topics: content.topics, deleting: content.deleting });
  } catch (error) {
    if (!isNoSpace(error)) throw error;
    problems.add(error);
  }
}
