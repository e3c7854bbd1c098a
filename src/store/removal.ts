/** Directories of deleted partitions: renamed at once, removed after `file.delete.delay.ms`, as Kafka does. */
import { basename, dirname, join } from 'node:path';
import type { Timer } from '../clock/clock.ts';
import { leavingDirectoryName, type TopicPartition } from '../format/names.ts';
import type { StoreEnvironment } from './environment.ts';
import { nextTurn } from './turn.ts';
import { randomHex } from './unique-id.ts';

/** Gives a partition's directory a name that says that it is no longer live. @returns its new path @throws SeglogError `IO` */
export function renameAside(
  { fs }: StoreEnvironment,
  partition: TopicPartition,
  path: string,
  leaving: 'delete' | 'stray',
): string {
  const aside = join(dirname(path), leavingDirectoryName(partition, randomHex(), leaving));
  fs.rename(path, aside);
  fs.syncDirectory(dirname(path));
  return aside;
}

/** A directory that waits, or is being removed. */
interface Waiting {
  /** By the monotonic time. */
  readonly dueMs: number;
  readonly timer: Timer;
}

/** What waits for its removal. Whatever still waits when the store is closed waits again when it is opened. */
export class RemovalQueue {
  readonly #environment: StoreEnvironment;
  readonly #delayMs: number;
  readonly #waiting = new Map<string, Waiting>();
  readonly #removing = new Map<string, Promise<void>>();
  #isStopped = false;

  constructor(environment: StoreEnvironment, delayMs: number) {
    this.#environment = environment;
    this.#delayMs = delayMs;
  }

  /** Paths that wait, or are being removed. */
  get waiting(): readonly string[] {
    return [...this.#removing.keys(), ...this.#waiting.keys()];
  }

  /** Removes the directory at `path` after the delay. Only one whose name says that it was deleted is taken. */
  add(path: string): void {
    this.#add(path, this.#delayMs);
  }

  /** The same for one that was found: the delay counts from when it was renamed, where that is known. */
  addFound(path: string): void {
    const { clock, fs } = this.#environment;
    const changedMs = fs.stat(path)?.changedMs;
    const leftMs = changedMs === undefined ? this.#delayMs : changedMs + this.#delayMs - clock.now();
    this.#add(path, Math.max(0, Math.min(this.#delayMs, leftMs)));
  }

  #add(path: string, leftMs: number): void {
    if (!basename(path).endsWith('-delete')) return;
    const { clock } = this.#environment;
    const timer = clock.after(leftMs, () => void this.#start(path));
    this.#waiting.set(path, { dueMs: clock.monotonicMs() + leftMs, timer });
  }

  /**
   * Removes all that waits, or what is due, without waiting any longer. What cannot be removed is told of, and stays for the
   * next opening.
   */
  async removeNow(dueOnly: boolean): Promise<void> {
    const nowMs = this.#environment.clock.monotonicMs();
    for (const [path, { dueMs }] of this.#waiting) if (!dueOnly || dueMs <= nowMs) void this.#start(path);
    await Promise.all(this.#removing.values());
  }

  /** Removes nothing more. Resolves when nothing is being removed. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const { timer } of this.#waiting.values()) timer.cancel();
    await Promise.all(this.#removing.values());
  }

  #start(path: string): Promise<void> {
    this.#waiting.get(path)?.timer.cancel();
    this.#waiting.delete(path);
    const removing = this.#remove(path)
      .catch((error: unknown) => void this.#environment.problems.add(error))
      .finally(() => this.#removing.delete(path));
    this.#removing.set(path, removing);
    return removing;
  }

  /** File by file, with a turn for others between them: a partition may have tens of thousands. */
  async #remove(path: string): Promise<void> {
    const { fs } = this.#environment;
    for (const name of fs.stat(path) === undefined ? [] : fs.list(path)) {
      const file = join(path, name);
      if (fs.stat(file)?.isFile !== true) continue;
      fs.remove(file);
      await nextTurn();
      if (this.#isStopped) return;
    }
    fs.removeTree(path);
  }
}
