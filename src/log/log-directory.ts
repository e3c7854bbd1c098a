/**
 * The log directory: the parent of partition directories, with what Kafka keeps there for all of them.
 *
 * One process at a time writes to the logs of a directory, and one object of this class stands for that: it holds the
 * lock, counted over the logs that are open, the clean-shutdown mark, and the checkpoints. Or a store holds it, for all of
 * its logs: then the store says when checkpoints are written, and whether the mark is.
 *
 * Kafka's mark `.kafka_cleanshutdown` would lie to a broker started after a crash of ours, so it is taken away before
 * anything is written, and put back when the last of our logs there was closed clean.
 */
import { dirname, join } from 'node:path';
import type { Engine } from '../engine/contract.ts';
import { SeglogError } from '../errors/errors.ts';
import { LOG_DIRECTORY_FILES, METADATA_TOPIC, type TopicPartition } from '../format/names.ts';
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

/** The checkpoint files of a log directory. */
export type CheckpointName = 'recoveryPoints' | 'logStartOffsets' | 'highWatermarks' | 'cleanerOffsets';

/** In the order in which they are written: a recovery point that a log start raised is never there without that log start. */
const CHECKPOINTS: readonly CheckpointName[] = [
  'logStartOffsets',
  'recoveryPoints',
  'highWatermarks',
  'cleanerOffsets',
];

/** Those that a broker has also when they are empty. */
const ALWAYS_KEPT: readonly CheckpointName[] = ['recoveryPoints', 'logStartOffsets', 'highWatermarks'];

/** The mark of a store. */
function markOf(brokerEpoch: number): Uint8Array {
  return new TextEncoder().encode(`{"version":0,"brokerEpoch":${brokerEpoch}}`);
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
  /** Whether a store holds it. */
  readonly isHeld: boolean;
  readonly #fs: FileSystem;
  readonly #lock: Lock;
  readonly #marker: Uint8Array | undefined;
  readonly #checkpoints: Readonly<Record<CheckpointName, OffsetCheckpoint>>;
  /** The partition directories that are open. */
  readonly #logs = new Set<string>();
  /** Those that were not closed clean. */
  readonly #unclean = new Set<string>();
  #hasOpened = false;
  #isMarkOver = false;

  private constructor(fs: FileSystem, path: string, lock: Lock, marker: Uint8Array | undefined, isHeld: boolean) {
    this.path = path;
    this.isHeld = isHeld;
    this.#fs = fs;
    this.#lock = lock;
    this.#marker = marker;
    const checkpoint = (name: CheckpointName): OffsetCheckpoint =>
      new OffsetCheckpoint(fs, join(path, LOG_DIRECTORY_FILES[name]));
    this.#checkpoints = {
      recoveryPoints: checkpoint('recoveryPoints'),
      logStartOffsets: checkpoint('logStartOffsets'),
      highWatermarks: checkpoint('highWatermarks'),
      cleanerOffsets: checkpoint('cleanerOffsets'),
    };
    if (isHeld) for (const name of ALWAYS_KEPT) this.#checkpoints[name].keep();
  }

  /**
   * Locks the parent of a partition directory, or joins those in this process that have it locked.
   *
   * @throws SeglogError `LOG_LOCKED` when another process or a store has the directory, or this process has that partition
   * open already
   */
  static async enter(engine: Engine, fs: FileSystem, partitionDirectory: string): Promise<LogDirectory> {
    const path = dirname(partitionDirectory);
    const all = openedOf(fs);
    let directory: LogDirectory | undefined;
    while (directory === undefined) {
      let opening = all.get(path);
      if (opening === undefined) {
        opening = LogDirectory.#open(engine, fs, path, false);
        all.set(path, opening);
        opening.catch(() => all.delete(path));
      }
      const found = await opening;
      // The last of its logs may have left meanwhile, and given the lock back.
      if (all.get(path) === opening) directory = found;
    }
    if (directory.isHeld) throw lockedHere(path, 'a store in this process has the log directory open', 'the store');
    return directory.join(partitionDirectory);
  }

  /**
   * Locks a log directory for a store, which gives it back by {@link LogDirectory.release}.
   *
   * @param lock - of whoever has it already, who does not release it then
   * @throws SeglogError `LOG_LOCKED` when another process has the directory, or this one has logs in it open; `IO`
   */
  static async hold(engine: Engine, fs: FileSystem, path: string, lock?: Lock): Promise<LogDirectory> {
    const all = openedOf(fs);
    if (all.has(path)) throw lockedHere(path, 'this process has the log directory open already', 'what has it open');
    const opening = LogDirectory.#open(engine, fs, path, true, lock);
    all.set(path, opening);
    try {
      return await opening;
    } catch (error) {
      all.delete(path);
      throw error;
    }
  }

  static async #open(
    engine: Engine,
    fs: FileSystem,
    path: string,
    isHeld: boolean,
    given?: Lock,
  ): Promise<LogDirectory> {
    await closingOf(fs).get(path);
    const lock = given ?? (await engine.lockDirectory(fs, path));
    try {
      // What a crash left that came before a rename: the old file is there.
      for (const name of Object.values(LOG_DIRECTORY_FILES)) {
        const halfDone = join(path, `${name}.tmp`);
        if (fs.stat(halfDone) !== undefined) fs.remove(halfDone);
      }
      const markerPath = join(path, LOG_DIRECTORY_FILES.cleanShutdown);
      const marker = fs.readSmall(markerPath);
      // Whatever cannot be read is found before the mark goes.
      const directory = new LogDirectory(fs, path, lock, marker, isHeld);
      if (marker !== undefined) fs.remove(markerPath);
      // Without a mark, too: partitions whose names a dead process left may not be on the disk.
      fs.syncDirectory(path);
      return directory;
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** Adds a partition to those that are open. @throws SeglogError `LOG_LOCKED` when it is one of them already */
  join(partitionDirectory: string): this {
    if (this.#logs.has(partitionDirectory)) {
      throw lockedHere(partitionDirectory, 'this process has the log open for writing already', 'that log');
    }
    this.#logs.add(partitionDirectory);
    this.#hasOpened = true;
    return this;
  }

  /** What is wrong with checkpoints that could not be read, and count as empty. */
  get problems(): readonly SeglogError[] {
    return CHECKPOINTS.flatMap((name) => this.#checkpoints[name].problem ?? []);
  }

  /** Whether the mark of a clean stop was there. */
  get wasMarked(): boolean {
    return this.#marker !== undefined;
  }

  /**
   * Which registration of a broker the mark is of: the offset of its record in the metadata log; -1 for none, undefined where it
   * does not say.
   */
  get markedBrokerEpoch(): number | undefined {
    const epoch = /"brokerEpoch"\s*:\s*(-?\d{1,16})\b/.exec(new TextDecoder().decode(this.#marker))?.[1];
    return epoch === undefined ? undefined : Number(epoch);
  }

  /**
   * Whether the directory's mark says that a partition was closed clean. It does not speak of one that came here since: all
   * that were here have their line in the checkpoint of recovery points, a broker's, too.
   */
  wasClean(partitionDirectory: string, partition: TopicPartition): boolean {
    if (this.#marker === undefined || this.#unclean.has(partitionDirectory)) return false;
    // The mark speaks of it, too, and it has no lines: whoever opens it has read it whole before.
    if (partition.topic === METADATA_TOPIC) return true;
    return this.#checkpoints.recoveryPoints.get(partition) !== undefined;
  }

  /** What the checkpoints say of a partition; undefined where they say nothing, or cannot be read. */
  checkpointOf(partition: TopicPartition): { [Key in keyof PartitionCheckpoint]: number | undefined } {
    const { recoveryPoints, logStartOffsets, highWatermarks } = this.#checkpoints;
    return {
      recoveryPoint: recoveryPoints.get(partition),
      logStartOffset: logStartOffsets.get(partition),
      highWatermark: highWatermarks.get(partition),
    };
  }

  /** Up to where the cleaner has cleaned a partition; undefined where it has not. */
  cleanerOffset(partition: TopicPartition): number | undefined {
    return this.#checkpoints.cleanerOffsets.get(partition);
  }

  /** Notes that, or forgets it; on the disk with the next {@link LogDirectory.writeCheckpoints}. */
  noteCleanerOffset(partition: TopicPartition, offset: number | undefined): void {
    this.#checkpoints.cleanerOffsets.set(partition, offset);
  }

  /**
   * From `offset` on a partition's log is about to be cut: what comes there is not clean. On the disk when this returns, so
   * that a crash after the cut finds no line above it.
   *
   * @throws SeglogError `IO`
   */
  lowerCleanerOffset(partition: TopicPartition, offset: number): void {
    const known = this.cleanerOffset(partition);
    if (known === undefined || known <= offset) return;
    this.noteCleanerOffset(partition, offset);
    try {
      this.writeCheckpoints(['cleanerOffsets']);
    } catch (error) {
      // Nothing is cut then, and the next try writes it.
      this.noteCleanerOffset(partition, known);
      throw error;
    }
  }

  /**
   * A log was opened, and ends at `offset`: what will come there is not clean, whatever its line says. Where that cannot be
   * written it counts all the same, and is written the next time.
   *
   * @throws SeglogError `IO`
   */
  capCleanerOffset(partition: TopicPartition, offset: number): void {
    if ((this.cleanerOffset(partition) ?? 0) <= offset) return;
    this.noteCleanerOffset(partition, offset);
    this.writeCheckpoints(['cleanerOffsets']);
  }

  /** Notes where a partition stands; on the disk with the next {@link LogDirectory.writeCheckpoints}. */
  note(partition: TopicPartition, { recoveryPoint, logStartOffset, highWatermark }: PartitionCheckpoint): void {
    // As in a broker's: the metadata log is none of the partitions, and its snapshots tell where it starts.
    if (partition.topic === METADATA_TOPIC && this.isHeld) return;
    const { recoveryPoints, logStartOffsets, highWatermarks } = this.#checkpoints;
    if (recoveryPoint !== undefined) recoveryPoints.set(partition, recoveryPoint);
    logStartOffsets.set(partition, logStartOffset);
    // Kafka's own file: kept true where there is one, not made for a log that no broker has.
    if (this.isHeld || highWatermarks.isThere) highWatermarks.set(partition, highWatermark);
  }

  /** A partition is no longer of this directory: its lines go, with the next {@link LogDirectory.writeCheckpoints}. */
  forget(partition: TopicPartition, partitionDirectory: string): void {
    for (const name of CHECKPOINTS) this.#checkpoints[name].set(partition, undefined);
    this.#unclean.delete(partitionDirectory);
  }

  /** Writes the checkpoints that changed, of all or of some. @throws SeglogError `IO` */
  writeCheckpoints(names: readonly CheckpointName[] = CHECKPOINTS): void {
    for (const name of names) this.#checkpoints[name].write();
  }

  /**
   * A log is closed. With the last one the checkpoints are written, the mark comes back, and the lock is released; a store
   * does that itself.
   */
  async leave(partitionDirectory: string, clean: boolean): Promise<void> {
    if (clean) this.#unclean.delete(partitionDirectory);
    else this.#unclean.add(partitionDirectory);
    this.#logs.delete(partitionDirectory);
    if (this.#logs.size === 0 && !this.isHeld) await this.#end(this.#marker);
  }

  /**
   * The store is done with the directory: writes the checkpoints and, if all of its logs were closed clean and none is open
   * or still closing, the mark; then releases the lock.
   *
   * @param clean - whether the mark may be written
   * @param brokerEpoch - of the broker's registration in the metadata log: the mark of another one is no clean stop to Kafka. -1:
   * none is registered
   * @throws SeglogError `IO`; the lock is released all the same
   */
  async release(clean: boolean, brokerEpoch = -1): Promise<void> {
    await this.#end(clean ? markOf(brokerEpoch) : undefined);
  }

  /** A new metadata log is made here, which does not know the broker that the mark names: it does not come back as it was. */
  endMark(): void {
    this.#isMarkOver = true;
  }

  /**
   * Whoever holds the directory is no store, or one that could not be opened over its directories: the mark comes back as it was
   * found, unless a log was not closed well, and checkpoints that no log has changed stay as they were.
   *
   * @throws SeglogError `IO`; the lock is released all the same
   */
  async giveUp(): Promise<void> {
    await this.#end(this.#isMarkOver ? undefined : this.#marker, this.#hasOpened);
  }

  async #end(mark: Uint8Array | undefined, withCheckpoints = true): Promise<void> {
    openedOf(this.#fs).delete(this.path);
    try {
      if (withCheckpoints) this.writeCheckpoints();
      if (mark !== undefined && this.#unclean.size === 0 && this.#logs.size === 0) {
        this.#fs.replaceSmall(join(this.path, LOG_DIRECTORY_FILES.cleanShutdown), mark);
      }
    } finally {
      const released = this.#lock.release().finally(() => closingOf(this.#fs).delete(this.path));
      closingOf(this.#fs).set(this.path, released);
      await released;
    }
  }
}

function lockedHere(file: string, message: string, what: string): SeglogError {
  return new SeglogError('LOG_LOCKED', message, { file, action: `Use ${what}, or close it first` });
}
