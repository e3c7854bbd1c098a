/**
 * Where a store keeps what it knows of its topics. Behind one interface, since a store that is part of a cluster will have
 * it from the cluster's metadata log.
 */
import { join } from 'node:path';
import { isNoSpace, SeglogError } from '../errors/errors.ts';
import { LOG_DIRECTORY_FILES } from '../format/names.ts';
import { parseTopicsFile, printTopicsFile, type TopicsFile } from '../format/topics-file.ts';
import type { StoreEnvironment } from './environment.ts';
import type { StoreDirectory } from './store-directory.ts';

/** All that is known of topics. */
export type TopicsContent = Omit<TopicsFile, 'generation'>;

/** Keeps it. After `save` has returned it survives the end of the machine; if it raises, what was before counts. */
export interface TopicRepository {
  /** undefined when nothing was ever saved. @throws SeglogError when something was, and cannot be read */
  load(): TopicsContent | undefined;
  save(content: TopicsContent): void;
}

/** A copy of the file of topics in each log directory: a directory that is lost takes no topic's configuration with it. */
export class TopicFiles implements TopicRepository {
  readonly #environment: StoreEnvironment;
  readonly #directories: readonly StoreDirectory[];
  #generation = 0;

  constructor(environment: StoreEnvironment, directories: readonly StoreDirectory[]) {
    this.#environment = environment;
    this.#directories = directories;
  }

  /**
   * The newest copy. A damaged one is told of, and counts as lost if there is a good one.
   *
   * @throws SeglogError `CORRUPT_CHECKPOINT`, `UNSUPPORTED_VERSION` when no copy is good
   */
  load(): TopicsContent | undefined {
    const { newest, isBehind } = this.#read();
    if (newest === undefined) return undefined;
    this.#generation = newest.generation;
    if (isBehind) this.save(newest);
    return newest;
  }

  /** {@link TopicFiles.load}, for somebody who changes nothing. */
  peek(): TopicsContent | undefined {
    return this.#read().newest;
  }

  #read(): { newest?: TopicsFile; isBehind: boolean } {
    const copies = this.#online().map((directory) => this.#copyIn(directory));
    const good = copies.flatMap(({ content }) => content ?? []);
    const bad = copies.flatMap(({ problem }) => problem ?? []);
    const newest = good.sort((a, b) => b.generation - a.generation)[0];
    if (newest === undefined) {
      if (bad[0] !== undefined) throw bad[0];
      return { isBehind: false };
    }
    for (const problem of bad) this.#environment.problems.add(problem);
    return { newest, isBehind: copies.some(({ content }) => content?.generation !== newest.generation) };
  }

  save({ topics, deleting }: TopicsContent): void {
    const { fs, engine, problems } = this.#environment;
    const content = { generation: this.#generation + 1, topics, deleting };
    const bytes = printTopicsFile(content, (data, start, end) => engine.crc32c(data, start, end));
    let failure: SeglogError | undefined;
    let saved = 0;
    for (const directory of this.#online()) {
      try {
        fs.replaceSmall(pathIn(directory), bytes);
        saved++;
      } catch (error) {
        if (!isNoSpace(error)) directory.goOffline(error);
        failure = directory.problem ?? problems.add(error);
      }
    }
    if (saved === 0) throw failure ?? new SeglogError('LOG_OFFLINE', 'no log directory is online');
    this.#generation = content.generation;
  }

  #online(): StoreDirectory[] {
    return this.#directories.filter(({ isOnline }) => isOnline);
  }

  #copyIn(directory: StoreDirectory): { content?: TopicsFile; problem?: SeglogError } {
    const { fs, engine } = this.#environment;
    const path = pathIn(directory);
    try {
      const bytes = fs.readSmall(path);
      if (bytes === undefined) return {};
      return { content: parseTopicsFile(bytes, path, (data, start, end) => engine.crc32c(data, start, end)) };
    } catch (error) {
      if (!(error instanceof SeglogError)) throw error;
      return { problem: error };
    }
  }
}

function pathIn(directory: StoreDirectory): string {
  return join(directory.path, LOG_DIRECTORY_FILES.topics);
}
