/** Files that are no longer part of a log: renamed at once, removed after `file.delete.delay.ms`, as Kafka does. */
import { join } from 'node:path';
import { unlinkDeleted, type UnlinkRequest } from '../cleaner/unlink.ts';
import type { Timer } from '../clock/clock.ts';
import { SeglogError } from '../errors/errors.ts';
import { segmentFileName, STAGES, SUFFIXES } from '../format/names.ts';
import type { FileSystem } from '../fs/contract.ts';
import type { SegmentContext } from '../segment/context.ts';

/** Removes `.deleted` files: `unlinkDeleted`, here or in a worker. */
export type UnlinkFiles = (request: UnlinkRequest) => Promise<void>;

/** Every file that a segment may have. */
const SEGMENT_FILES: readonly string[] = [
  SUFFIXES.log,
  SUFFIXES.offsetIndex,
  SUFFIXES.timeIndex,
  SUFFIXES.transactionIndex,
];
const LOG: readonly string[] = [SUFFIXES.log];
const SNAPSHOT: readonly string[] = [SUFFIXES.producerSnapshot];

/** The most names that one piece of unlinking is about. */
const UNLINKED_AT_ONCE = 4096;

/** The names of a segment's files that are there, the .log first: indexes without one are cleared up at the next opening. */
export function segmentFiles({ fs }: SegmentContext, directory: string, baseOffset: number): string[] {
  return SEGMENT_FILES.map((suffix) => segmentFileName(baseOffset, suffix)).filter(
    (name) => fs.stat(join(directory, name)) !== undefined,
  );
}

/** What waits for its removal. */
export class DeletedFiles {
  readonly #context: SegmentContext;
  readonly #directory: string;
  /** Names, and when each is due, by the monotonic time; in the order in which they came. */
  readonly #waiting = new Map<string, number>();
  #unlink: UnlinkFiles;
  #timer: Timer | undefined;
  /** Files are being removed. Never rejects. */
  #unlinking: Promise<void> | undefined;
  #isStopped = false;

  constructor(context: SegmentContext, directory: string) {
    this.#context = context;
    this.#directory = directory;
    this.#unlink = (request) => unlinkDeleted(context.fs, request);
  }

  /** From now on files are removed by others, as long as they can. */
  unlinkBy(unlink: UnlinkFiles): void {
    this.#unlink = unlink;
  }

  /**
   * Takes the files of segments out of the log, and the producer snapshots at some offsets, in this order. The directory is
   * not synced yet.
   *
   * @throws SeglogError `IO`
   */
  add(baseOffsets: readonly number[], snapshotOffsets: readonly number[]): void {
    const { clock, config } = this.#context;
    const dueMs = clock.monotonicMs() + config.fileDeleteDelayMs;
    for (const base of baseOffsets) this.#add(base, SEGMENT_FILES, dueMs);
    for (const offset of snapshotOffsets) this.#add(offset, SNAPSHOT, dueMs);
    this.#wait(config.fileDeleteDelayMs);
  }

  /**
   * Takes the .log files of segments at the end of a log out of it, before {@link DeletedFiles.add} takes the rest: the last one
   * first, and each for good before the next. Whenever the power fails, what is left has no hole, and all of its indexes.
   *
   * @throws SeglogError `IO`
   */
  addLogsFromEnd(baseOffsets: readonly number[]): void {
    const { clock, config, fs } = this.#context;
    const dueMs = clock.monotonicMs() + config.fileDeleteDelayMs;
    for (const base of baseOffsets.toReversed()) {
      this.#add(base, LOG, dueMs);
      fs.syncDirectory(this.#directory);
    }
  }

  #add(offset: number, suffixes: readonly string[], dueMs: number): void {
    const { fs } = this.#context;
    const stem = segmentFileName(offset, '');
    const stemPath = join(this.#directory, stem);
    for (const suffix of suffixes) {
      const path = stemPath + suffix;
      // Most segments have none: looking costs less than an error. Of the others hardly one is missing.
      if (suffix === SUFFIXES.transactionIndex && fs.stat(path) === undefined) continue;
      if (!renamed(fs, path, path + STAGES.deleted)) continue;
      // One of that name that waits already is gone with this: it is the later one that the delay counts for.
      const name = stem + suffix + STAGES.deleted;
      this.#waiting.delete(name);
      this.#waiting.set(name, dueMs);
    }
  }

  /** Removes all that waits, now. What cannot be removed is left to the next opening of the log. */
  async remove(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    await this.#unlinking;
    for (let names = this.#due(Infinity); names.length > 0; names = this.#due(Infinity)) {
      if (!(await this.#removed(names))) return;
    }
  }

  /** Leaves what waits to the next opening of the log. */
  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#waiting.clear();
  }

  #due(nowMs: number): string[] {
    const names: string[] = [];
    for (const [name, dueMs] of this.#waiting) {
      if (dueMs <= nowMs) names.push(name);
      if (names.length === UNLINKED_AT_ONCE) break;
    }
    return names;
  }

  #wait(delayMs: number): void {
    if (this.#waiting.size === 0 || this.#isStopped) return;
    this.#timer ??= this.#context.clock.after(delayMs, () => this.#onTime());
  }

  #onTime(): void {
    this.#timer = undefined;
    // Whoever removes files sees to what is due then.
    this.#unlinking ??= this.#removeDue().finally(() => (this.#unlinking = undefined));
  }

  /** What cannot be removed now is tried again with what comes next, and when the log is closed or opened again. */
  async #removeDue(): Promise<void> {
    const { clock } = this.#context;
    for (let names = this.#due(clock.monotonicMs()); names.length > 0; names = this.#due(clock.monotonicMs())) {
      if (!(await this.#removed(names))) return;
    }
    if (this.#waiting.size > 0) this.#wait(Math.max(0, this.#nextDueMs() - clock.monotonicMs()));
  }

  #nextDueMs(): number {
    let next = Infinity;
    for (const dueMs of this.#waiting.values()) next = Math.min(next, dueMs);
    return next;
  }

  /** A thread that died or was ended has left some, which it says of none: all are tried again. */
  async #unlinkHere(request: UnlinkRequest): Promise<void> {
    if (!this.#isStopped) await unlinkDeleted(this.#context.fs, request);
  }

  /** Removes files, here if those who should do it cannot; tells whether they are gone. */
  async #removed(names: readonly string[]): Promise<boolean> {
    const request = { directory: this.#directory, names };
    const asked = names.map((name) => this.#waiting.get(name));
    try {
      await this.#unlink(request).catch(() => this.#unlinkHere(request));
    } catch {
      return false;
    }
    // A file that came under the name of one that waited has a time of its own.
    for (const [at, name] of names.entries()) {
      if (this.#waiting.get(name) === asked[at]) this.#waiting.delete(name);
    }
    return true;
  }
}

/** Renames a file if it is there. */
function renamed(fs: FileSystem, from: string, to: string): boolean {
  try {
    fs.rename(from, to);
    return true;
  } catch (error) {
    if (error instanceof SeglogError && error.errno === 'ENOENT') return false;
    throw error;
  }
}
