/**
 * Where a store keeps what it knows of its topics. Behind one interface, since a store that is part of a cluster will have
 * it from the cluster's metadata log.
 */
import { join } from 'node:path';
import { isNoSpace, SeglogError } from '../errors/errors.ts';
import { LOG_DIRECTORY_FILES } from '../format/names.ts';
import { parseTopicsFile, printTopicsFile, type TopicsFile } from '../format/topics-file.ts';
import { isUnreadable } from '../log/offset-checkpoint.ts';
import type { StoreEnvironment } from './environment.ts';
import type { StoreDirectory } from './store-directory.ts';

/** A file that is read is at most so large, and a larger one is not written: more than a million partitions. */
const MAX_BYTES = 64 * 1024 * 1024;

/** All that is known of topics. */
export type TopicsContent = Pick<TopicsFile, 'topics' | 'deleting'>;

/** What was found of it. */
export interface KnownTopics {
  /** undefined when nothing was ever saved. */
  readonly content: TopicsContent | undefined;
  /** Whether it should be saved as it is: some place has not got it. */
  readonly isBehind: boolean;
}

/** Keeps it. After `save` has returned it survives the end of the machine; if it raises, what was before counts. */
export interface TopicRepository {
  /** @throws SeglogError when something was saved, and cannot be read */
  load(): KnownTopics;
  save(content: TopicsContent): void;
}

/** What of a copy could be read. */
interface Copy {
  readonly directory: StoreDirectory;
  readonly file?: TopicsFile;
  readonly problem?: SeglogError;
}

/** A copy of the file of topics in each log directory: a directory that is lost takes no topic's configuration with it. */
export class TopicFiles implements TopicRepository {
  readonly #environment: StoreEnvironment;
  readonly #directories: readonly StoreDirectory[];
  #generation = 0;
  #copies: TopicsFile['copies'] = {};
  /** Those whose copy is damaged: it is kept beside the new one. */
  readonly #damaged = new Set<StoreDirectory>();

  constructor(environment: StoreEnvironment, directories: readonly StoreDirectory[]) {
    this.#environment = environment;
    this.#directories = directories;
  }

  /**
   * The newest copy. A damaged one is told of, and counts as lost if there is a good one; one that the machine does not give
   * takes its directory offline.
   *
   * @throws SeglogError `CORRUPT_CHECKPOINT` when all copies are damaged; `UNSUPPORTED_VERSION` for any that a later seglog
   * wrote; `DIRECTORY_MISMATCH` when one was changed while another one, changed too, was left out; `IO` when there is none, and
   * there may be one in a directory that is offline
   */
  load(): KnownTopics {
    const copies = this.#online().map((directory) => this.#copyIn(directory));
    for (const { directory, problem } of copies) {
      if (problem === undefined) continue;
      if (problem.code === 'UNSUPPORTED_VERSION') throw problem;
      if (isUnreadable(problem)) this.#damaged.add(directory);
      else directory.goOffline(problem);
    }
    const found = newestOf(copies);
    const offline = this.#directories.find(({ isOnline }) => !isOnline)?.problem;
    if (found === undefined) {
      const damaged = copies.find(({ directory }) => this.#damaged.has(directory))?.problem;
      if (damaged !== undefined) throw damaged;
      if (offline !== undefined) throw unknownTopics(offline);
      return { content: undefined, isBehind: false };
    }
    if (found.apart !== undefined) throw found.apart;
    for (const directory of this.#damaged) {
      this.#environment.problems.add(copies.find((copy) => copy.directory === directory)?.problem);
    }
    const { newest } = found;
    this.#generation = newest.generation;
    this.#copies = newest.copies;
    const online = copies.filter(({ directory }) => directory.isOnline);
    return { content: newest, isBehind: online.some(({ file }) => file?.generation !== newest.generation) };
  }

  /**
   * {@link TopicFiles.load}, for somebody who changes nothing and only looks: what is wrong with a copy is told of.
   *
   * @throws SeglogError what is wrong with the first one, when none is good
   */
  peek(): TopicsContent | undefined {
    const copies = this.#online().map((directory) => this.#copyIn(directory));
    const bad = copies.flatMap(({ problem }) => problem ?? []);
    const found = newestOf(copies);
    if (found === undefined && bad[0] !== undefined) throw bad[0];
    for (const problem of [...bad, ...(found?.apart === undefined ? [] : [found.apart])]) {
      this.#environment.problems.add(problem);
    }
    return found?.newest;
  }

  save({ topics, deleting }: TopicsContent): void {
    const { engine, problems } = this.#environment;
    // Also if it fails: whatever is written from here on is no longer what was there.
    this.#generation++;
    const given = this.#online().map(({ id }) => [id ?? '', this.#generation] as const);
    this.#copies = { ...this.#copies, ...Object.fromEntries(given) };
    const content = { generation: this.#generation, copies: this.#copies, topics, deleting };
    const bytes = printTopicsFile(content, (data, start, end) => engine.crc32c(data, start, end));
    if (bytes.length > MAX_BYTES) {
      throw new SeglogError('INVALID_PARTITIONS', 'a store cannot have that many topics and partitions', {
        expected: `a file of topics of at most ${MAX_BYTES} bytes`,
        found: bytes.length,
      });
    }
    let failure: SeglogError | undefined;
    let saved = 0;
    for (const directory of this.#online()) {
      try {
        this.#replace(directory, bytes);
        saved++;
      } catch (error) {
        if (!isNoSpace(error)) directory.goOffline(error);
        failure = directory.problem ?? problems.add(error);
      }
    }
    if (saved === 0) throw failure ?? new SeglogError('LOG_OFFLINE', 'no log directory is online');
  }

  #replace(directory: StoreDirectory, bytes: Uint8Array): void {
    const { fs } = this.#environment;
    const path = pathIn(directory);
    if (this.#damaged.has(directory)) fs.rename(path, `${path}.unreadable`);
    this.#damaged.delete(directory);
    fs.replaceSmall(path, bytes);
  }

  #online(): StoreDirectory[] {
    return this.#directories.filter(({ isOnline }) => isOnline);
  }

  #copyIn(directory: StoreDirectory): Copy {
    const { fs, engine } = this.#environment;
    const path = pathIn(directory);
    try {
      const bytes = fs.readSmall(path, MAX_BYTES);
      if (bytes === undefined) return { directory };
      return { directory, file: parseTopicsFile(bytes, path, (data, start, end) => engine.crc32c(data, start, end)) };
    } catch (error) {
      if (!(error instanceof SeglogError)) throw error;
      return { directory, problem: error };
    }
  }
}

function pathIn(directory: StoreDirectory): string {
  return join(directory.path, LOG_DIRECTORY_FILES.topics);
}

/** The copy that counts, and why it may be the wrong one; undefined when there is none. */
function newestOf(copies: readonly Copy[]): { newest: TopicsFile; apart: SeglogError | undefined } | undefined {
  const good = copies.flatMap(({ directory, file }) => (file === undefined ? [] : [{ directory, file }]));
  const newest = good.sort((a, b) => b.file.generation - a.file.generation)[0];
  if (newest === undefined) return undefined;
  const other = good.find((one) => one !== newest && isApart(one.file, one.directory.id ?? '', newest.file));
  return {
    newest: newest.file,
    apart: other && changedApart(pathIn(other.directory), pathIn(newest.directory)),
  };
}

/** Whether a copy has something that the newest one was not made from. A crash while copies are written leaves no such. */
function isApart(copy: TopicsFile, directoryId: string, newest: TopicsFile): boolean {
  if (copy.topics.length === 0 && copy.deleting.length === 0) return false;
  if (copy.generation < newest.generation) return copy.generation > (newest.copies[directoryId] ?? -1);
  return JSON.stringify(copy) !== JSON.stringify(newest);
}

function changedApart(file: string, newest: string): SeglogError {
  return new SeglogError('DIRECTORY_MISMATCH', `two files of topics were changed apart, ${file} and ${newest}`, {
    file,
    action:
      'Each log directory was opened without the other one. Move the copy that is wrong away: topics that only it has are made from their directories then',
  });
}

function unknownTopics(cause: SeglogError): SeglogError {
  const { code, file, errno } = cause;
  return new SeglogError(code, 'a log directory is offline, and no other one has a file of topics', {
    ...(file === undefined ? {} : { file }),
    ...(errno === undefined ? {} : { errno }),
    cause,
    action: 'Make it readable, or leave it out: topics are then made from the directories that are there',
  });
}
