/** One log directory of a store: online, or offline with the reason why. */
import { join } from 'node:path';
import { isNoSpace, SeglogError } from '../errors/errors.ts';
import {
  type Leaving,
  leavingOf,
  METADATA_TOPIC,
  parsePartitionDirectory,
  type TopicPartition,
} from '../format/names.ts';
import { type CheckpointName, LogDirectory } from '../log/log-directory.ts';
import { asSeglogError, type StoreEnvironment } from './environment.ts';

/** A directory that is no partition: what a broker fetched from elsewhere. */
const REMOTE_CACHE = 'remote-log-index-cache';

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
  #whenOffline: (() => void) | undefined;
  #isPassedOver = false;
  #hasForgotten = false;
  /** The checkpoints for which there was no space the last time. */
  readonly #withoutSpace = new Set<string>();

  constructor(environment: StoreEnvironment, path: string, problem?: SeglogError) {
    this.#environment = environment;
    this.path = path;
    this.#problem = problem;
  }

  /** `directory.id`; undefined when it could not be read. */
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

  /**
   * Something that a broker would load is not looked at: a mark of a clean stop would say of it what nobody knows, unless it
   * was there before.
   */
  passOver(): void {
    this.#isPassedOver = true;
  }

  /** Lists what is there. What is no partition is told of, and left alone. @throws SeglogError `IO` */
  scan(): FoundDirectories {
    const { fs, problems } = this.#environment;
    const live: FoundPartition[] = [];
    const leaving: Record<Leaving, string[]> = { delete: [], stray: [], future: [] };
    for (const name of fs.list(this.path)) {
      const path = join(this.path, name);
      const stat = fs.stat(path);
      if (stat === undefined || stat.isFile || name === REMOTE_CACHE) continue;
      const way = leavingOf(name);
      if (way === 'future') this.passOver();
      if (way !== undefined && stat.isDirectory) leaving[way].push(path);
      if (way !== undefined) continue;
      try {
        const partition = parsePartitionDirectory(name);
        if (partition.topic === METADATA_TOPIC) continue;
        if (stat.isDirectory) live.push({ ...partition, root: this, path });
        else this.#passOverLink(path);
      } catch (error) {
        if (!(error instanceof SeglogError)) throw error;
        problems.add(new SeglogError(error.code, `passed over: ${error.message}`, { file: path, cause: error }));
      }
    }
    return { live, leaving };
  }

  /** A broker would follow a link. What it leads to may be in use elsewhere: this store has no lock there. */
  #passOverLink(path: string): void {
    this.passOver();
    this.#environment.problems.add(
      new SeglogError('NOT_A_REGULAR_FILE', 'passed over: a link in the place of a partition', {
        file: path,
        action: 'Move the directory itself to this place, or add the log directory that it is in to the store',
      }),
    );
  }

  /**
   * Writes checkpoints. Without space for them they are written the next time, and that is told, once until there is space;
   * any other failure takes the directory offline.
   *
   * @returns whether the directory is online still
   */
  writeCheckpoints(names?: readonly CheckpointName[]): boolean {
    if (!this.isOnline) return false;
    const which = names?.join() ?? '';
    try {
      this.held.writeCheckpoints(names);
      this.#withoutSpace.delete(which);
    } catch (error) {
      if (!isNoSpace(error)) this.goOffline(error);
      else if (!this.#withoutSpace.has(which)) this.#environment.problems.add(error);
      this.#withoutSpace.add(which);
    }
    return this.isOnline;
  }

  /** A partition is not here any more: its lines in the checkpoints go, with the next {@link StoreDirectory.writeForgotten}. */
  forget(partition: TopicPartition & { readonly path: string }): void {
    this.held.forget(partition, partition.path);
    this.#hasForgotten = true;
  }

  /** Brings that to the disk, if there is any. */
  writeForgotten(): void {
    if (this.#hasForgotten) this.writeCheckpoints();
    this.#hasForgotten = false;
  }

  /** The directory has failed: nothing in it is served any more. */
  goOffline(error: unknown): void {
    if (this.#problem !== undefined) return;
    this.#problem = asSeglogError(error);
    this.#environment.problems.add(this.#problem);
    this.#environment.observer.directoryOffline(this.path, this.#problem);
    this.#whenOffline?.();
  }

  /** Calls `listener` once the directory goes offline from now on, whatever made it fail: its logs are to be closed. */
  whenOffline(listener: () => void): void {
    this.#whenOffline = listener;
  }

  /**
   * Gives the lock back; with the mark of a clean stop if `clean` is set and all that was open was closed well.
   *
   * @param brokerEpoch - what the mark says of the broker
   * @throws SeglogError `IO`
   */
  async release(clean: boolean, brokerEpoch: number): Promise<void> {
    const held = this.#held;
    this.#held = undefined;
    if (held === undefined) return;
    try {
      await held.release(clean && this.isOnline && (held.wasMarked || !this.#isPassedOver), brokerEpoch);
    } catch (error) {
      // It is known to have failed.
      if (this.isOnline) throw error;
    }
  }

  /** Gives the lock back of a store that could not be opened: the mark is as it was, unless a log was not closed well. */
  async giveUp(): Promise<void> {
    await this.#held?.giveUp().catch((error: unknown) => this.#environment.problems.add(error));
    this.#held = undefined;
  }
}
