/**
 * Opens the log directories of a store, and the partitions in them (spec 3.7):
 *
 *     identity of all -> lock and clean mark of each -> topics -> directories that are there -> partitions, in parallel
 *
 * A directory that the machine refuses is offline, and the others go on. What would be wrong to go on with is refused
 * whole: a directory of another cluster, one that somebody else has open, two directories of one partition.
 */
import { join } from 'node:path';
import { isNoSpace, SeglogError } from '../errors/errors.ts';
import type { MetaProperties } from '../format/meta-properties.ts';
import type { Problems, StoreEnvironment } from './environment.ts';
import { agreedIdentity, type Identity, readIdentity, writeIdentity } from './identity.ts';
import { type Reconciled, reconcile } from './reconcile.ts';
import { type FoundDirectories, type FoundPartition, StoreDirectory } from './store-directory.ts';
import { StorePartition } from './store-partition.ts';
import { configOf, Topic } from './topic.ts';
import { TopicFiles, type TopicRepository, type TopicsContent } from './topic-repository.ts';

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

/**
 * @param paths - the log directories; those that are not there are made
 * @throws SeglogError `DIRECTORY_MISMATCH`, `LOG_LOCKED`, `DUPLICATE_PARTITION`, `CORRUPT_CHECKPOINT`,
 * `UNSUPPORTED_VERSION`; `IO` when no directory is left
 */
export async function loadStore(environment: StoreEnvironment, paths: readonly string[]): Promise<LoadedStore> {
  const directories = paths.map((path) => reached(environment, path));
  checkDistinct(directories);
  const found = new Map<string, MetaProperties | undefined>();
  for (const directory of directories) {
    orOffline(directory, () => found.set(directory.path, readIdentity(environment.fs, directory.path)));
  }
  const identity = agreedIdentity(found, environment.settings);
  const opened: StorePartition[] = [];
  try {
    for (const directory of directories) {
      await hold(directory);
      orOffline(directory, () => {
        directory.id = writeIdentity(environment.fs, directory.path, found.get(directory.path), identity);
      });
    }
    return await loadTopics(environment, directories, identity, opened);
  } catch (error) {
    await Promise.allSettled(opened.map((partition) => partition.close()));
    for (const directory of directories) await directory.giveUp();
    throw error;
  }
}

/** The directory at a path, made if it is not there; offline if that cannot be. */
function reached(environment: StoreEnvironment, path: string): StoreDirectory {
  const { fs, problems } = environment;
  try {
    fs.makeDirectory(path);
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
  opened: StorePartition[],
): Promise<LoadedStore> {
  const repository = new TopicFiles(environment, directories);
  const known = repository.load();
  const live: FoundPartition[] = [];
  const leaving = { delete: [] as string[], stray: [] as string[], future: [] as string[] };
  for (const directory of directories) {
    orOffline(directory, () => {
      const found = directory.scan();
      live.push(...found.live);
      leaving.delete.push(...found.leaving.delete);
      leaving.stray.push(...found.leaving.stray);
      leaving.future.push(...found.leaving.future);
    });
  }
  checkOneOnline(directories);
  const reconciled = reconcile(environment, known, live, directories);
  leaving.delete.push(...reconciled.deleted);
  if (reconciled.isChanged || known === undefined) saveOrTell(environment, repository, reconciled);
  const topics = new Map(
    reconciled.topics.map((entry) => [entry.name, topicOf(environment, entry, reconciled, directories)]),
  );
  for (const { partitions } of topics.values()) opened.push(...partitions.values());
  await loadPartitions(environment, topics);
  const { topics: entries, deleting } = reconciled;
  return { identity, directories, repository, content: { topics: entries, deleting }, topics, leaving };
}

/** Without space for it what is known can be found out again the next time. */
function saveOrTell({ problems }: StoreEnvironment, repository: TopicRepository, content: TopicsContent): void {
  try {
    repository.save({ topics: content.topics, deleting: content.deleting });
  } catch (error) {
    if (!isNoSpace(error)) throw error;
    problems.add(error);
  }
}

function topicOf(
  { defaults, problems }: StoreEnvironment,
  entry: TopicsContent['topics'][number],
  { found }: Reconciled,
  directories: readonly StoreDirectory[],
): Topic {
  const { name } = entry;
  const topic = new Topic(entry, configOf(defaults, entry.configs));
  for (const [number, directoryId] of Object.entries(entry.partitions)) {
    const partition = Number(number);
    const there = found.get(name)?.get(partition);
    const root = there?.root ?? directories.find(({ id }) => id === directoryId);
    const path = there?.path ?? (root === undefined ? '' : join(root.path, `${name}-${partition}`));
    const made = new StorePartition({ topic: name, partition, root, path });
    if (there === undefined && root?.isOnline === true) makeAnew(problems, made, root);
    topic.add(made);
  }
  return topic;
}

/** A crash came before the directory was made, or somebody has removed it. */
function makeAnew(problems: Problems, partition: StorePartition, root: StoreDirectory): void {
  root.held.forget(partition, partition.path);
  problems.add(
    new SeglogError('IO', 'the directory of a partition was not there: it is made anew, empty', {
      file: partition.path,
      errno: 'ENOENT',
    }),
  );
}

/** Opens all partitions: so many at a time in each log directory. */
async function loadPartitions(environment: StoreEnvironment, topics: ReadonlyMap<string, Topic>): Promise<void> {
  const byRoot = new Map<StoreDirectory | undefined, { partition: StorePartition; topic: Topic }[]>();
  for (const topic of topics.values()) {
    for (const partition of topic.partitions.values()) {
      const waiting = byRoot.get(partition.root);
      if (waiting === undefined) byRoot.set(partition.root, [{ partition, topic }]);
      else waiting.push({ partition, topic });
    }
  }
  byRoot.delete(undefined);
  const totalPartitions = [...byRoot.values()].reduce((total, { length }) => total + length, 0);
  let loadedPartitions = 0;
  let failedPartitions = 0;
  const workers = [...byRoot.values()].flatMap((waiting) => {
    const next = waiting.values();
    const work = async (): Promise<void> => {
      for (const { partition, topic } of next) {
        await partition.open(environment, topic.entry.topicId, topic.config);
        loadedPartitions++;
        if (partition.problem !== undefined) failedPartitions++;
        environment.onProgress({
          partition: `${partition.topic}-${partition.partition}`,
          directory: partition.root?.path ?? '',
          ...{ loadedPartitions, totalPartitions, failedPartitions },
        });
      }
    };
    return Array.from({ length: environment.settings.loadsPerDirectory }, work);
  });
  await Promise.all(workers);
}
