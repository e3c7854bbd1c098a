/** Directories of deleted partitions: renamed at once, removed after `file.delete.delay.ms`, as Kafka does. */
import { basename, dirname, join } from 'node:path';
import type { Timer } from '../clock/clock.ts';
import { leavingDirectoryName, type TopicPartition } from '../format/names.ts';
import type { StoreEnvironment } from './environment.ts';
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

/** What waits for its removal. Whatever still waits when the store is closed waits again when it is opened. */
export class RemovalQueue {
  readonly #environment: StoreEnvironment;
  readonly #delayMs: number;
  readonly #waiting = new Map<string, Timer>();

  constructor(environment: StoreEnvironment, delayMs: number) {
    this.#environment = environment;
    this.#delayMs = delayMs;
  }

  /** Paths that wait. */
  get waiting(): readonly string[] {
    return [...this.#waiting.keys()];
  }

  /** Removes the directory at `path` after the delay. Only one whose name says that it was deleted is taken. */
  add(path: string): void {
    if (!basename(path).endsWith('-delete')) return;
    this.#waiting.set(
      path,
      this.#environment.clock.after(this.#delayMs, () => this.#remove(path)),
    );
  }

  /** Removes all that waits, now. What cannot be removed is told of, and stays for the next opening. */
  removeNow(): void {
    for (const path of this.waiting) this.#remove(path);
  }

  /** Removes nothing more. */
  stop(): void {
    for (const timer of this.#waiting.values()) timer.cancel();
  }

  #remove(path: string): void {
    this.#waiting.get(path)?.cancel();
    this.#waiting.delete(path);
    try {
      this.#environment.fs.removeTree(path);
    } catch (error) {
      this.#environment.problems.add(error);
    }
  }
}
