/** Where one log stands by the checkpoints of its log directory: its recovery point and its log start, and when they are written. */
import { isNoSpace, SeglogError } from '../errors/errors.ts';
import type { TopicPartition } from '../format/names.ts';
import type { SegmentContext } from '../segment/context.ts';
import type { LeaderEpochs } from '../state/leader-epochs.ts';
import type { LogDirectory } from './log-directory.ts';
import type { LogOffsets } from './offsets.ts';
import type { SegmentList } from './segments.ts';
import type { LogSync } from './sync.ts';
import { ifThereIsSpace, unlessIo } from './tolerated.ts';

/** They are written at most this often while a log is open; a store has times of its own. */
const INTERVAL_MS = 5000;

/** What of a log is noted. */
export interface CheckpointedLog {
  readonly context: SegmentContext;
  readonly directory: string;
  readonly partition: TopicPartition;
  readonly segments: SegmentList;
  readonly offsets: LogOffsets;
  readonly epochs: LeaderEpochs;
  readonly sync: LogSync;
  readonly isReadOnly: boolean;
  /** Where the last batch ends. */
  readonly batchEnd: number;
}

/** How a log is noted. */
interface Noting {
  /** Whether all files of all segments are on the disk. */
  readonly isSynced?: boolean;
  /** Whether the log start is told by its line, also where the first segment's name tells it: that segment is about to go. */
  readonly isStartNamed?: boolean;
}

/** The checkpoints of one log. */
export class LogCheckpoint {
  readonly #log: CheckpointedLog;
  readonly #logDirectory: LogDirectory;
  #recoveryPoint: number;
  #writtenMs: number;
  /** What is not on the disk of a log start that was moved, for lack of space: with it the leader epochs, or those alone. */
  #unwritten: 'log start' | 'leader epochs' | undefined;

  constructor(log: CheckpointedLog, logDirectory: LogDirectory, recoveryPoint: number) {
    this.#log = log;
    this.#logDirectory = logDirectory;
    this.#recoveryPoint = recoveryPoint;
    this.#writtenMs = log.context.clock.monotonicMs();
  }

  /** Everything below it is on the disk. */
  get recoveryPoint(): number {
    return this.#recoveryPoint;
  }

  /** A sync covers all below `offset`. */
  synced(offset: number): void {
    this.#recoveryPoint = Math.max(this.#recoveryPoint, Math.min(offset, this.#log.batchEnd));
    const now = this.#log.context.clock.monotonicMs();
    // A checkpoint that is late costs time at the next opening; what it tells of is synced.
    const isDue = !this.#logDirectory.isHeld && now - this.#writtenMs >= INTERVAL_MS;
    if (isDue) unlessIo(() => this.write());
  }

  /** What comes at `offset` from now on is not on the disk, whatever was there. */
  lower(offset: number): void {
    this.#recoveryPoint = Math.min(this.#recoveryPoint, offset);
  }

  /** The log start was moved forward. Without space for it it is written with a later checkpoint. @throws SeglogError `IO` */
  startMoved(): void {
    this.#recoveryPoint = Math.max(this.#recoveryPoint, this.#log.offsets.logStart);
    this.#unwritten = 'log start';
    // It is on the disk before what is below it goes: else a crash would bring some of it back. Where there is no space for
    // it, what goes makes some.
    ifThereIsSpace(() => this.write());
  }

  /** Whether the log start is not on the disk, for lack of space. */
  get isStartUnwritten(): boolean {
    return this.#unwritten === 'log start';
  }

  /**
   * Writes a log start once more for which there was no space, when what is below it has gone. A segment that begins there tells
   * it as well.
   *
   * @throws SeglogError `IO` when neither does: a crash would take it back
   */
  settleStart(): void {
    if (!this.isStartUnwritten) return;
    const { directory, segments, offsets } = this.#log;
    try {
      this.write();
    } catch (error) {
      if (!isNoSpace(error)) throw error;
      if ((segments.first?.baseOffset ?? 0) >= offsets.logStart) return;
      throw new SeglogError('IO', 'there is no space to write down where the log starts now', {
        file: directory,
        found: `a log start of ${offsets.logStart} in memory alone: after a crash some of what is below it is back`,
        action: 'Free some space, and delete the records once more',
        errno: (error as SeglogError).errno ?? 'ENOSPC',
        cause: error,
      });
    }
  }

  /** Writes where the log stands to the log directory's checkpoints. @throws SeglogError `IO` */
  write(noting?: Noting): void {
    this.note(noting);
    this.#writtenMs = this.#log.context.clock.monotonicMs();
    // Alone, and first: once it is on the disk, what fails behind it takes no record back.
    this.#logDirectory.writeCheckpoints(['logStartOffsets']);
    if (this.isStartUnwritten) this.#unwritten = 'leader epochs';
    this.#logDirectory.writeCheckpoints();
    if (this.#unwritten === undefined) return;
    // Not before: a log that came up with its old start would have lost the epochs of what is below the new one.
    ifThereIsSpace(() => {
      this.#log.epochs.truncateFromStart(this.#log.offsets.logStart);
      this.#unwritten = undefined;
    });
  }

  /** Tells the log directory where the log stands; its checkpoints say so when they are written next. */
  note({ isSynced = false, isStartNamed = false }: Noting = {}): void {
    const { partition, segments, offsets, sync, isReadOnly, batchEnd } = this.#log;
    const { logStart, highWatermark } = offsets;
    const first = segments.first?.baseOffset ?? 0;
    const logStartOffset = logStart > first || isStartNamed ? logStart : undefined;
    // Of a damaged log: else the damage would lie above the recovery point at the next opening, and be cut.
    const point = this.#recoveryPoint;
    const recoveryPoint = isReadOnly ? undefined : isSynced ? point : sync.writable(point, batchEnd);
    this.#logDirectory.note(partition, { recoveryPoint, logStartOffset, highWatermark });
  }

  /** The log is closed, and all of it on the disk. */
  noteClosed(): void {
    this.#recoveryPoint = Math.max(this.#log.batchEnd, this.#log.offsets.logStart);
    this.note({ isSynced: true });
  }
}
