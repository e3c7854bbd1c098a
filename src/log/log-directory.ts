/**
 * The log directory: the parent of partition directories, with what Kafka keeps there for all of them.
 *
 * One process at a time writes to the logs of a directory, and one object of this class stands for that: it holds the
 * lock, counted over the logs that are open, the clean-shutdown mark, and the checkpoints.
 *
 * Kafka's mark `.kafka_cleanshutdown` would lie to a broker started after a crash of ours, so it is taken away before
 * anything is written, and put back when the last of our logs there was closed clean.
 */
import { dirname, join } from 'node:path';
import type { Engine } from '../engine/contract.ts';
import { SeglogError } from '../errors/errors.ts';
import { LOG_DIRECTORY_FILES, type TopicPartition } from '../format/names.ts';
import type { FileSystem, Lock } from '../fs/contract.ts';
import { OffsetCheckpoint } from './offset-checkpoint.ts';

/** What of a partition the log directory's checkpoints hold. */
export interface PartitionCheckpoint {
  /** undefined: what is there stays. */
  readonly recoveryPoint: number | undefined;
  /** undefined where it is the base offset of the first segment: then Kafka leaves the line out. */
  readonly logStartOffset: number | undefined;
  readonly highWatermark: number;
}

/** The log directories in which this process has logs open for writing. */
const opened = new WeakMap<FileSystem, Map<string, Promise<LogDirectory>>>();

/** Those whose lock is being given back: whoever wants one again waits for that. */
const closing = new WeakMap<FileSystem, Map<string, Promise<void>>>();

function closingOf(fs: FileSystem): Map<string, Promise<void>> {
  let map = closing.get(fs);
  if (map === undefined) closing.set(fs, (map = new Map()));
  return map;
}

function openedOf(fs: FileSystem): Map<string, Promise<LogDirectory>> {
  let map = opened.get(fs);
  if (map === undefined) opened.set(fs, (map = new Map()));
  return map;
}

/** A locked log directory. */
export class LogDirectory {
  readonly path: string;
  readonly #fs: FileSystem;
  readonly #lock: Lock;
  readonly #marker: Uint8Array | undefined;
  readonly #recoveryPoints: OffsetCheckpoint;
  readonly #logStarts: OffsetCheckpoint;
  readonly #highWatermarks: OffsetCheckpoint;
  /** The partition directories that are open. */
  readonly #logs = new Set<string>();
  /** Those that were not closed clean. */
  readonly #unclean = new Set<string>();

  private constructor(fs: FileSystem, path: string, lock: Lock, marker: Uint8Array | undefined) {
    this.path = path;
    this.#fs = fs;
    this.#lock = lock;
    this.#marker = marker;
    this.#recoveryPoints = new OffsetCheckpoint(fs, join(path, LOG_DIRECTORY_FILES.recoveryPoints));
    this.#logStarts = new OffsetCheckpoint(fs, join(path, LOG_DIRECTORY_FILES.logStartOffsets));
    this.#highWatermarks = new OffsetCheckpoint(fs, join(path, LOG_DIRECTORY_FILES.highWatermarks));
  }

  /**
   * Locks the parent of a partition directory, or joins those in this process that have it locked.
   *
   * @throws SeglogError `LOG_LOCKED` when another process has the directory, or this one has that partition open already
   */
  static async enter(engine: Engine, fs: FileSystem, partitionDirectory: string): Promise<LogDirectory> {
    const path = dirname(partitionDirectory);
    const all = openedOf(fs);
    let directory: LogDirectory | undefined;
    while (directory === undefined) {
      let opening = all.get(path);
      if (opening === undefined) {
        opening = LogDirectory.#open(engine, fs, path);
        all.set(path, opening);
        opening.catch(() => all.delete(path));
      }
      const found = await opening;
      // The last of its logs may have left meanwhile, and given the lock back.
      if (all.get(path) === opening) directory = found;
    }
    if (directory.#logs.has(partitionDirectory)) {
      throw new SeglogError('LOG_LOCKED', 'this process has the log open for writing already', {
        file: partitionDirectory,
        action: 'Use that log, or close it first',
      });
    }
    directory.#logs.add(partitionDirectory);
    return directory;
  }

  static async #open(engine: Engine, fs: FileSystem, path: string): Promise<LogDirectory> {
    await closingOf(fs).get(path);
    const lock = await engine.lockDirectory(fs, path);
    try {
      const markerPath = join(path, LOG_DIRECTORY_FILES.cleanShutdown);
      const marker = fs.readSmall(markerPath);
      if (marker !== undefined) {
        fs.remove(markerPath);
        fs.syncDirectory(path);
      }
      return new LogDirectory(fs, path, lock, marker);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** Whether the directory's mark says that a partition was closed clean. */
  wasClean(partitionDirectory: string): boolean {
    return this.#marker !== undefined && !this.#unclean.has(partitionDirectory);
  }

  /** What the checkpoints say of a partition; undefined where they say nothing, or cannot be read. */
  checkpointOf(partition: TopicPartition): { [Key in keyof PartitionCheckpoint]: number | undefined } {
    return {
      recoveryPoint: this.#recoveryPoints.get(partition),
      logStartOffset: this.#logStarts.get(partition),
      highWatermark: this.#highWatermarks.get(partition),
    };
  }

  /** Notes where a partition stands; on the disk with the next {@link LogDirectory.writeCheckpoints}. */
  note(partition: TopicPartition, { recoveryPoint, logStartOffset, highWatermark }: PartitionCheckpoint): void {
    if (recoveryPoint !== undefined) this.#recoveryPoints.set(partition, recoveryPoint);
    this.#logStarts.set(partition, logStartOffset);
    // Kafka's own file: kept true where there is one, not made for a log that no broker has.
    if (this.#highWatermarks.isThere) this.#highWatermarks.set(partition, highWatermark);
  }

  /** Writes the checkpoints that changed. */
  writeCheckpoints(): void {
    this.#recoveryPoints.write();
    this.#logStarts.write();
    this.#highWatermarks.write();
  }

  /** A log is closed. With the last one the checkpoints are written, the mark comes back, and the lock is released. */
  async leave(partitionDirectory: string, clean: boolean): Promise<void> {
    if (clean) this.#unclean.delete(partitionDirectory);
    else this.#unclean.add(partitionDirectory);
    this.#logs.delete(partitionDirectory);
    if (this.#logs.size > 0) return;
    openedOf(this.#fs).delete(this.path);
    try {
      this.writeCheckpoints();
      if (this.#marker !== undefined && this.#unclean.size === 0) {
        this.#fs.replaceSmall(join(this.path, LOG_DIRECTORY_FILES.cleanShutdown), this.#marker);
      }
    } finally {
      const released = this.#lock.release().finally(() => closingOf(this.#fs).delete(this.path));
      closingOf(this.#fs).set(this.path, released);
      await released;
    }
  }
}
