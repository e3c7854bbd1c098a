/**
 * The topics of a store, in the metadata log of a Kafka of one node: `__cluster_metadata-0`, in the log directory that was the
 * first when it was made. Beside it lies what no record says: of which deleted topics directories may be left.
 */
import { join } from 'node:path';
import { isNoSpace, SeglogError } from '../errors/errors.ts';
import { type DeletedTopic, parseDeletions, printDeletions } from '../format/deletions-file.ts';
import { LOG_DIRECTORY_FILES } from '../format/names.ts';
import { newBootstrap, readBootstrap } from '../metadata/bootstrap.ts';
import { MetadataLog, SNAPSHOT_DEFAULTS } from '../metadata/metadata-log.ts';
import type { StoreEnvironment } from './environment.ts';
import type { Identity } from './identity.ts';
import { checkEnd, findMetadata, type FoundMetadata, hasBegun, notePlace } from './metadata-place.ts';
import { OldTopicFiles } from './old-topic-files.ts';
import type { StoreDirectory } from './store-directory.ts';
import { entriesOf, topicChanges } from './topic-records.ts';
import type { TopicRepository, TopicsContent } from './topic-repository.ts';
import { randomId } from './unique-id.ts';

/** More than any store has to end at a time. */
const MAX_DELETIONS_BYTES = 16 * 1024 * 1024;

/** What was found of topics. */
export interface LoadedTopics {
  readonly repository: MetadataTopics;
  /** Whether there is a metadata log that says something. */
  readonly isThere: boolean;
  /** undefined when nothing was ever saved. */
  readonly content: TopicsContent | undefined;
  /** Ids of topics that the log says were removed. */
  readonly removed: ReadonlySet<string>;
  /** Whether it should be saved as it is: it is not in the metadata log yet, or not only there. */
  readonly isBehind: boolean;
}

/** Topics in the metadata log. */
export class MetadataTopics implements TopicRepository {
  readonly #environment: StoreEnvironment;
  readonly #directories: readonly StoreDirectory[];
  readonly #identity: Identity;
  readonly #found: FoundMetadata;
  readonly #old: OldTopicFiles;
  #deleting: readonly DeletedTopic[] = [];
  #log: MetadataLog | undefined;
  #hasOldFiles = true;
  /** The `metadata.version` that a log begins with of which nothing is there yet. */
  #startVersion = Infinity;

  private constructor(
    environment: StoreEnvironment,
    directories: readonly StoreDirectory[],
    identity: Identity,
    found: FoundMetadata,
  ) {
    this.#environment = environment;
    this.#directories = directories;
    this.#identity = identity;
    this.#found = found;
    this.#old = new OldTopicFiles(environment, directories);
  }

  /**
   * Reads what is known of topics, and changes nothing.
   *
   * @throws SeglogError `DIRECTORY_MISMATCH` for two metadata logs, or one of other nodes; as `replayMetadata` for one that cannot
   * be read; `LOG_CORRUPT` for one that ends before what a mark of a clean stop knows; as `OldTopicFiles.load` where there is none yet
   */
  static load(environment: StoreEnvironment, directories: readonly StoreDirectory[], identity: Identity): LoadedTopics {
    const found = findMetadata(environment, directories, identity, (root) => root.held.wasMarked);
    if (found.replayed !== undefined) checkEnd(found, found.root.held.markedBrokerEpoch);
    const repository = new MetadataTopics(environment, directories, identity, found);
    const { replayed } = found;
    if (!hasBegun(replayed)) {
      repository.#startVersion = startVersion(environment, found.root);
      const content = repository.#old.load();
      return { repository, isThere: false, content, removed: new Set(), isBehind: true };
    }
    repository.#hasOldFiles = repository.#old.isThere;
    repository.#deleting = readDeletions(environment, found.root);
    const { image } = replayed;
    const topics = entriesOf(image);
    repository.#old.compare(topics);
    const deleting = repository.#deleting.filter(({ topicId }) => image.topicById(topicId) === undefined);
    return {
      ...{ repository, isThere: true },
      content: { topics, deleting },
      removed: new Set(image.removed.keys()),
      isBehind: repository.#hasOldFiles || deleting.length !== repository.#deleting.length,
    };
  }

  /**
   * {@link MetadataTopics.load}, for somebody who only looks, also while another process has the directories. What is wrong with old
   * files is told of.
   */
  static peek(environment: StoreEnvironment, directories: readonly StoreDirectory[]): TopicsContent | undefined {
    // A writer may be in the middle of an append: whatever its mark says, the end may be torn.
    try {
      const { root, replayed } = findMetadata(environment, directories, undefined, () => false);
      if (hasBegun(replayed)) return { topics: entriesOf(replayed.image), deleting: readDeletions(environment, root) };
    } catch (error) {
      // Records can be read all the same.
      if (!(error instanceof SeglogError) || error.code !== 'DIRECTORY_MISMATCH') throw error;
      environment.problems.add(error);
    }
    return new OldTopicFiles(environment, directories).peek();
  }

  /** Opens the log for writing; makes it if there is none. Without space for that the next `save` does it. @throws SeglogError as `Log.open` */
  async open(): Promise<void> {
    try {
      // Before there is anything in it: a log directory that is opened without it then knows that there is one.
      notePlace(this.#environment, this.#directories, this.#found.root);
      await (await this.#opened()).flush();
    } catch (error) {
      if (!isNoSpace(error)) throw error;
      this.#environment.problems.add(error);
    }
  }

  get brokerEpoch(): number {
    const registered = this.#log?.image.brokers.get(this.#identity.nodeId);
    return registered === undefined ? -1 : Number(registered.brokerEpoch);
  }

  async save({ topics, deleting }: TopicsContent): Promise<void> {
    const { root } = this.#found;
    if (!root.isOnline) throw unavailable(root);
    try {
      const log = await this.#opened();
      // An intent: a crash behind the removal finds what it was to end. One that is done goes afterwards.
      const added = deleting.filter((one) => !this.#deleting.includes(one));
      if (added.length > 0) this.#writeDeletions([...this.#deleting, ...added]);
      await this.#append(log, topics);
    } catch (error) {
      if (isFailure(error)) root.goOffline(error);
      throw error;
    }
    this.#tellOrDo(() => this.#forgetDone(deleting));
    await this.snapshotIfDue();
  }

  /** Writes a snapshot if it is time for one. What keeps it from that is told of. */
  async snapshotIfDue(): Promise<void> {
    if (this.#log?.isSnapshotDue !== true || !this.#found.root.isOnline) return;
    await this.#log.snapshot().catch((error: unknown) => this.#failed(error));
  }

  isIn(directory: StoreDirectory): boolean {
    return directory === this.#found.root;
  }

  async close(): Promise<void> {
    await this.#log?.close();
  }

  async #append(log: MetadataLog, topics: TopicsContent['topics']): Promise<void> {
    const { fs } = this.#environment;
    const { nodeId } = this.#identity;
    const { metadataVersion } = log.image;
    const directories = this.#directories;
    const context = { fs, directories, nodeId, metadataVersion: metadataVersion ?? this.#startVersion };
    const values = topicChanges(context, log.image, topics);
    if (metadataVersion !== undefined) return log.append(values, 'Topics');
    const logDirs = directories.flatMap(({ id }) => id ?? []);
    await log.begin({ brokerId: nodeId, incarnationId: randomId(), logDirs }, values);
  }

  async #opened(): Promise<MetadataLog> {
    if (this.#log !== undefined) return this.#log;
    const { root, path, replayed } = this.#found;
    if (!root.isOnline) throw root.problem ?? unavailable(root);
    const { engine, fs, clock } = this.#environment;
    const environment = { engine, fs, clock };
    if (replayed === undefined) root.held.endMark();
    this.#log = await MetadataLog.open(root.held, path, {
      environment,
      owner: this.#identity,
      settings: SNAPSHOT_DEFAULTS,
      replayed,
    });
    return this.#log;
  }

  /** What the log says now is all that counts: what was written down besides may go. */
  #forgetDone(deleting: readonly DeletedTopic[]): void {
    const isSame = this.#deleting.length === deleting.length && deleting.every((one) => this.#deleting.includes(one));
    if (!isSame) this.#writeDeletions(deleting);
    if (this.#hasOldFiles) this.#old.remove();
    this.#hasOldFiles = false;
  }

  #tellOrDo(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Something that can be done again later was not done. */
  #failed(error: unknown): void {
    if (isFailure(error)) this.#found.root.goOffline(error);
    else this.#environment.problems.add(error);
  }

  #writeDeletions(deleting: readonly DeletedTopic[]): void {
    const { fs, engine } = this.#environment;
    const { path } = this.#found.root;
    const file = join(path, LOG_DIRECTORY_FILES.deletions);
    if (deleting.length > 0) {
      fs.replaceSmall(
        file,
        printDeletions(deleting, (data, start, end) => engine.crc32c(data, start, end)),
      );
    } else if (fs.stat(file) !== undefined) {
      fs.remove(file);
      fs.syncDirectory(path);
    }
    this.#deleting = deleting;
  }
}

/** Read before anything is changed: with what cannot be read no log begins. @throws SeglogError as `readBootstrap` */
function startVersion({ fs, engine }: StoreEnvironment, { path }: StoreDirectory): number {
  const found = readBootstrap(fs, engine, join(path, LOG_DIRECTORY_FILES.bootstrap));
  return (found ?? newBootstrap()).image.metadataVersion ?? Infinity;
}

/** Whether it is the disk that failed, and not for lack of space. */
function isFailure(error: unknown): boolean {
  if (!(error instanceof SeglogError) || isNoSpace(error)) return false;
  return error.code === 'IO' || error.code === 'LOG_OFFLINE';
}

function readDeletions({ fs, engine }: StoreEnvironment, root: StoreDirectory): DeletedTopic[] {
  const file = join(root.path, LOG_DIRECTORY_FILES.deletions);
  const bytes = fs.readSmall(file, MAX_DELETIONS_BYTES);
  return bytes === undefined ? [] : parseDeletions(bytes, file, (data, start, end) => engine.crc32c(data, start, end));
}

function unavailable({ path, problem }: StoreDirectory): SeglogError {
  return new SeglogError(
    'LOG_OFFLINE',
    'topics cannot be changed: the log directory with the metadata log is offline',
    {
      file: path,
      ...(problem === undefined ? {} : { cause: problem }),
    },
  );
}
