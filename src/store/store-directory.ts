/** One log directory of a store: online, or offline with the reason why. */
import { join } from 'node:path';
import { isNoSpace, SeglogError } from '../errors/errors.ts';
import { type Leaving, leavingOf, parsePartitionDirectory, type TopicPartition } from '../format/names.ts';
import { type CheckpointName, LogDirectory } from '../log/log-directory.ts';
import type { StoreEnvironment } from './environment.ts';

/** Names of directories in a log directory that are no partitions. Kafka's log of its own metadata is nobody's topic here. */
const PASSED_OVER: ReadonlySet<string> = new Set(['__cluster_metadata-0', 'remote-log-index-cache']);

/** A directory of a live partition. */
export interface FoundPartition extends TopicPartition {
  readonly root: StoreDirectory;
  readonly path: string;
}

/** What is in a log directory. */
export interface FoundDirectories {
  readonly live: readonly FoundPartition[];
  /** Paths of those with a suffix. */
  readonly leaving: Readonly<Record<Leaving, readonly string[]>>;
}

/** A log directory. */
export class StoreDirectory {
  /** With links resolved; as given for one that was never online. */
  readonly path: string;
  readonly #environment: StoreEnvironment;
  #held: LogDirectory | undefined;
  #id: string | undefined;
  #problem: SeglogError | undefined;

  constructor(environment: StoreEnvironment, path: string, problem?: SeglogError) {
    this.#environment = environment;
    this.path = path;
    this.#problem = problem;
  }

  /** `directory.id`; undefined when the directory was never online. */
  get id(): string | undefined {
    return this.#id;
  }
  set id(id: string) {
    this.#id = id;
  }

  /** Why the directory is offline; undefined when it is online. */
  get problem(): SeglogError | undefined {
    return this.#problem;
  }

  get isOnline(): boolean {
    return this.#problem === undefined;
  }

  /** The lock, the marks and the checkpoints. @throws SeglogError `LOG_OFFLINE` */
  get held(): LogDirectory {
    if (this.#held !== undefined && this.isOnline) return this.#held;
    throw new SeglogError('LOG_OFFLINE', 'the log directory is offline', { file: this.path, cause: this.#problem });
  }

  /** Takes the lock. From here on the directory's own clean mark is gone. @throws SeglogError `LOG_LOCKED`, `IO` */
  async hold(): Promise<void> {
    const { engine, fs, problems } = this.#environment;
    this.#held = await LogDirectory.hold(engine, fs, this.path);
    for (const problem of this.#held.problems) problems.add(problem);
  }

  /** Lists what is there. What is no partition is told of, and left alone. @throws SeglogError `IO` */
  scan(): FoundDirectories {
    const { fs, problems } = this.#environment;
    const live: FoundPartition[] = [];
    const leaving: Record<Leaving, string[]> = { delete: [], stray: [], future: [] };
    for (const name of fs.list(this.path)) {
      const path = join(this.path, name);
      // A link is no directory here: what it leads to may be in use elsewhere.
      if (PASSED_OVER.has(name) || fs.stat(path)?.isDirectory !== true) continue;
      const way = leavingOf(name);
      if (way !== undefined) {
        leaving[way].push(path);
        continue;
      }
      try {
        live.push({ ...parsePartitionDirectory(name), root: this, path });
      } catch (error) {
        if (!(error instanceof SeglogError)) throw error;
        problems.add(new SeglogError(error.code, `passed over: ${error.message}`, { file: path, cause: error }));
      }
    }
    return { live, leaving };
  }

  /**
   * Writes checkpoints. Without space for them they are told of, and written the next time; any other failure takes the
   * directory offline.
   *
   * @returns whether the directory is online still
   */
  writeCheckpoints(names?: readonly CheckpointName[]): boolean {
    if (!this.isOnline) return false;
    try {
      this.held.writeCheckpoints(names);
    } catch (error) {
      if (isNoSpace(error)) this.#environment.problems.add(error);
      else this.goOffline(error);
    }
    return this.isOnline;
  }

  /** The directory has failed: nothing in it is served any more. */
  goOffline(error: unknown): void {
    if (this.#problem !== undefined) return;
    this.#problem = this.#environment.problems.add(error);
  }

  /**
   * Gives the lock back; with the mark of a clean stop if `clean` is set and all that was open was closed well.
   *
   * @throws SeglogError `IO`
   */
  async release(clean: boolean): Promise<void> {
    const held = this.#held;
    this.#held = undefined;
    if (held === undefined) return;
    try {
      await held.release(clean && this.isOnline);
    } catch (error) {
      // It is known to have failed.
      if (this.isOnline) throw error;
    }
  }

  /** Gives the lock back of a store that could not be opened: the mark is as it was, unless a log was not closed well. */
  async giveUp(): Promise<void> {
    await this.release(this.#held?.wasMarked ?? false).catch((error: unknown) => this.#environment.problems.add(error));
  }
}
