/** The file of topics that earlier versions had in each log directory: read once more, taken over, and removed. */
import { join } from 'node:path';
import { SeglogError } from '../errors/errors.ts';
import { LOG_DIRECTORY_FILES } from '../format/names.ts';
import { parseTopicsFile, type TopicEntry, type TopicsFile } from '../format/topics-file.ts';
import { isUnreadable } from '../log/offset-checkpoint.ts';
import type { StoreEnvironment } from './environment.ts';
import type { StoreDirectory } from './store-directory.ts';
import { brokersValue } from './topic-config.ts';
import type { TopicsContent } from './topic-repository.ts';

/** More than a million partitions. */
const MAX_BYTES = 64 * 1024 * 1024;

/** What of a copy could be read. */
interface Copy {
  readonly directory: StoreDirectory;
  readonly file?: TopicsFile;
  readonly problem?: SeglogError;
}

/** The copies. */
export class OldTopicFiles {
  readonly #environment: StoreEnvironment;
  readonly #directories: readonly StoreDirectory[];
  /** Those whose copy is kept, and what its name gets; nothing where it stays as it is. */
  readonly #kept = new Map<StoreDirectory, '.unreadable' | '.other' | ''>();

  constructor(environment: StoreEnvironment, directories: readonly StoreDirectory[]) {
    this.#environment = environment;
    this.#directories = directories;
  }

  /**
   * The newest copy; undefined when there is none. A damaged one is told of, and counts as lost if there is a good one; one that the machine does not give
   * takes its directory offline.
   *
   * @throws SeglogError `CORRUPT_CHECKPOINT` when all copies are damaged; `UNSUPPORTED_VERSION` for any that a later seglog
   * wrote; `DIRECTORY_MISMATCH` when one was changed while another one, changed too, was left out; `IO` when there is none, and
   * there may be one in a directory that is offline
   */
  load(): TopicsContent | undefined {
    const copies = this.#online().map((directory) => this.#copyIn(directory));
    for (const { directory, problem } of copies) {
      if (problem === undefined) continue;
      if (problem.code === 'UNSUPPORTED_VERSION') throw problem;
      if (isUnreadable(problem)) this.#kept.set(directory, '.unreadable');
      else directory.goOffline(problem);
    }
    const found = newestOf(copies);
    const offline = this.#directories.find(({ isOnline }) => !isOnline)?.problem;
    if (found === undefined) {
      const damaged = copies.find(({ directory }) => this.#kept.has(directory))?.problem;
      if (damaged !== undefined) throw damaged;
      if (offline !== undefined) throw unknownTopics(offline);
      return undefined;
    }
    if (found.apart !== undefined) throw found.apart;
    for (const directory of this.#kept.keys()) {
      this.#environment.problems.add(copies.find((copy) => copy.directory === directory)?.problem);
    }
    return found.newest;
  }

  /**
   * {@link OldTopicFiles.load}, for somebody who changes nothing and only looks: what is wrong with a copy is told of.
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

  /**
   * There is a metadata log, and a crash came before copies were removed, or an earlier version had the directories since: one that
   * says something else is kept aside, and told of. So is one that cannot be read.
   */
  compare(topics: readonly TopicEntry[]): void {
    const { problems } = this.#environment;
    for (const directory of this.#online()) {
      const { file, problem } = this.#copyIn(directory);
      if (problem !== undefined) {
        this.#kept.set(directory, problem.code === 'IO' ? '' : '.unreadable');
        problems.add(problem);
      } else if (file !== undefined && comparable(file.topics) !== comparable(topics)) {
        this.#kept.set(directory, '.other');
        problems.add(saysOther(pathIn(directory)));
      }
    }
  }

  /** Whether a copy can be reached. */
  get isThere(): boolean {
    return this.#online().some((directory) => this.#environment.fs.stat(pathIn(directory)) !== undefined);
  }

  /**
   * Removes the copies that can be reached: the metadata log has all of it.
   *
   * @throws SeglogError `IO`
   */
  remove(): void {
    const { fs } = this.#environment;
    for (const directory of this.#online()) {
      const path = pathIn(directory);
      if (fs.stat(path) === undefined) continue;
      const kept = this.#kept.get(directory);
      if (kept === '') continue;
      // Somebody may want to look at it.
      if (kept === undefined) fs.remove(path);
      else fs.rename(path, path + kept);
      fs.syncDirectory(directory.path);
    }
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

/** What topics are but for where their partitions lie, which their directories tell. */
function comparable(topics: readonly TopicEntry[]): string {
  const all = topics.map(({ name, topicId, configs, partitions }) => [
    ...[name, topicId, Object.keys(partitions).length],
    ...Object.entries(configs)
      .map(([key, value]) => `${key}=${brokersValue(key, value)}`)
      .sort(),
  ]);
  return JSON.stringify(all.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)));
}

function saysOther(file: string): SeglogError {
  return new SeglogError(
    'DIRECTORY_MISMATCH',
    'a file of topics says something else than the metadata log, which counts',
    {
      ...{ file, expected: 'none, or the same topics', found: 'others' },
      action: `It is kept as ${file}.other: look there for what an earlier version has changed, and remove it`,
    },
  );
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
  return new SeglogError(code, 'a log directory is offline, and no other one has the metadata log', {
    ...(file === undefined ? {} : { file }),
    ...(errno === undefined ? {} : { errno }),
    cause,
    action: 'Make it readable, or leave it out: topics are then made from the directories that are there',
  });
}
