/**
 * Directories of deleted partitions: renamed at once, removed after `file.delete.delay.ms`, as Kafka does.
 *
 * The delay is that of the store that deletes, and in no file. So a directory says itself when it is due: by its time of
 * modification, which is then above the time at which it was renamed.
 */
import { basename, dirname, join } from 'node:path';
import { turn } from '../cleaner/turn.ts';
import type { Timer } from '../clock/clock.ts';
import { leavingDirectoryName, type TopicPartition } from '../format/names.ts';
import type { FileSystem } from '../fs/contract.ts';
import type { TimestampMs } from '../units/units.ts';
import type { StoreEnvironment } from './environment.ts';
import { randomHex } from './unique-id.ts';

/**
 * Gives a partition's directory a name that says that it is no longer live.
 *
 * @param dueMs - when it may be removed, for whoever finds it
 * @returns its new path
 * @throws SeglogError `IO`
 */
export function renameAside(
  { fs }: StoreEnvironment,
  partition: TopicPartition,
  path: string,
  leaving: 'delete' | 'stray',
  dueMs?: TimestampMs,
): string {
  if (dueMs !== undefined) noteDue(fs, path, dueMs);
  const aside = join(dirname(path), leavingDirectoryName(partition, randomHex(), leaving));
  fs.rename(path, aside);
  fs.syncDirectory(dirname(path));
  return aside;
}

function noteDue(fs: FileSystem, path: string, dueMs: TimestampMs): void {
  try {
    fs.setModified(path, dueMs);
  } catch {
    // Whoever finds it has no delay but his own then.
  }
}

/** A directory that waits, or is being removed. */
interface Waiting {
  /** By the monotonic time. */
  readonly dueMs: number;
  readonly timer: Timer;
}

/**
 * What waits for its removal. Whatever still waits when the store is closed waits again when it is opened. Without periodic
 * cleaning nothing goes by itself: whoever opened the store like that does not know by which delay it is kept.
 */
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

  /** When a directory is due that is renamed now. */
  get dueMs(): TimestampMs {
    return this.#environment.clock.now() + this.#delayMs;
  }

  /** Removes the directory at `path` after the delay. Only one whose name says that it was deleted is taken. */
  add(path: string): void {
    this.#add(path, this.#delayMs);
  }

  /**
   * The same for one that was found: the delay is what it says itself, or this store's own if that is longer. It counts from when
   * the directory was renamed, where that is known; at the latest it is over so long after opening. Without periodic cleaning
   * this store's own is nothing to go by, and what says nothing itself is never due.
   */
  addFound(path: string): void {
    const { clock, fs, settings } = this.#environment;
    const { changedMs, modifiedMs = 0 } = fs.stat(path) ?? {};
    const saidMs = changedMs === undefined ? 0 : modifiedMs - changedMs;
    if (saidMs <= 0 && !settings.periodicCleaning) return this.#add(path, Infinity);
    const delayMs = settings.periodicCleaning ? Math.max(saidMs, this.#delayMs) : saidMs;
    const leftMs = changedMs === undefined ? delayMs : changedMs + delayMs - clock.now();
    this.#add(path, Math.max(0, Math.min(delayMs, leftMs)));
  }

  #add(path: string, leftMs: number): void {
    if (!basename(path).endsWith('-delete')) return;
    const { clock, settings } = this.#environment;
    const timer = clock.after(settings.periodicCleaning ? leftMs : Infinity, () => void this.#start(path));
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
      await turn();
      if (this.#isStopped) return;
    }
    fs.removeTree(path);
  }
}
