/**
 * Bringing a log to the disk: one sync at a time, shared by all who wait for it, and none after one that failed.
 *
 * The active segment's log is synced, not its indexes: they are derived, and the segment that holds the recovery point is
 * scanned after a crash anyway. A sealed segment is synced with all of its files.
 */
import type { Timer } from '../clock/clock.ts';
import { SeglogError } from '../errors/errors.ts';
import { SUFFIXES } from '../format/names.ts';
import type { File } from '../fs/contract.ts';
import type { ActiveSegment } from '../segment/active-segment.ts';
import type { SegmentContext } from '../segment/context.ts';
import type { Segment } from '../segment/segment.ts';
import { Flusher } from './flusher.ts';
import { DirectoryNames } from './names.ts';
import type { LogObserver } from './observer.ts';

/** What is synced. */
export interface SyncedLog {
  readonly context: SegmentContext;
  readonly directory: string;
  readonly active: ActiveSegment;
  /** Whether there is nothing to sync: the log takes no appends. */
  readonly isReadOnly: boolean;
  readonly logEndOffset: number;
  readonly observer: LogObserver;
  /** Everything below `offset` is on the disk. */
  synced(offset: number): void;
}

/** A sync by `flush.ms` that found no descriptor is tried again no sooner: one that waits for none would do nothing else. */
const LEAST_RETRY_MS = 100;

const SYNCED: readonly string[] = [
  SUFFIXES.log,
  SUFFIXES.offsetIndex,
  SUFFIXES.timeIndex,
  SUFFIXES.transactionIndex,
  SUFFIXES.producerSnapshot,
];

/** The syncs of one log. */
export class LogSync {
  readonly #log: SyncedLog;
  readonly #flusher: Flusher;
  /** Sealed since the last sync: their bytes, or the names of their files, may not be on the disk yet. */
  #sealed: Segment[];
  readonly #names: DirectoryNames;
  #failure: unknown;
  /** Whether a caller has heard of it: what fails in the background is told by the next call, or by the close. */
  #isTold = false;
  #timer: Timer | undefined;
  #isStopped = false;
  /** The file of a sealed segment that is being synced on another thread. */
  #underWay: File | undefined;

  /**
   * @param unsynced sealed segments of which it is not known that they are on the disk
   * @param hasNewNames whether names of files may not be, whoever made them
   */
  constructor(log: SyncedLog, unsynced: readonly Segment[], hasNewNames: boolean) {
    this.#log = log;
    this.#flusher = new Flusher(
      () => this.#sync(),
      () => log.context.clock.monotonicMs(),
    );
    this.#sealed = [...unsynced];
    this.#names = new DirectoryNames(log.context.fs, log.directory, hasNewNames);
  }

  /** @throws SeglogError `LOG_OFFLINE` after a sync that failed: what is on the disk is unknown, and stays so */
  check(): void {
    if (this.#failure === undefined) return;
    throw new SeglogError('LOG_OFFLINE', 'a sync or a change of files failed, so what is on the disk is unknown', {
      file: this.#log.directory,
      cause: this.#failure,
      action: 'Close the log, see to the disk, and open it again',
    });
  }

  /** The same for one who appends: from then on closing need not tell of it. */
  checkTelling(): void {
    this.#isTold ||= this.#failure !== undefined;
    this.check();
  }

  /** Something failed half-way: what the log is on the disk is not what it is here. */
  fail(error: unknown): void {
    if (this.#failure === undefined) this.#log.observer.failed(this.#log.directory, error);
    this.#failure ??= error;
  }

  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /**
   * Before a log that has failed is closed: what was appended may not be on the disk, and somebody must hear of it.
   *
   * @throws SeglogError `LOG_OFFLINE` when nobody has
   */
  tell(): void {
    if (!this.#isTold) this.check();
  }

  /** Something was appended: it is synced within `flush.ms`. */
  appended(): void {
    this.#syncIn(0);
  }

  #syncIn(leastMs: number): void {
    const { clock, config } = this.#log.context;
    if (config.flushMs === Infinity || this.#timer !== undefined || this.#isStopped) return;
    this.#timer = clock.after(Math.max(leastMs, config.flushMs), () => {
      this.#timer = undefined;
      this.#flusher.flush().catch(() => {
        // Nothing was lost where a file could not be opened. It is tried again, also if nothing more is appended.
        if (this.#failure === undefined) this.#syncIn(LEAST_RETRY_MS);
      });
    });
  }

  /** The configuration was altered: what waits to be synced waits by the new time, counted from now. */
  altered(): void {
    if (this.#timer === undefined) return;
    this.#timer.cancel();
    this.#timer = undefined;
    this.appended();
  }

  /** A segment was sealed, and another made: both are brought to the disk in the background. */
  rolled(sealed: Segment | undefined): void {
    this.#names.changed();
    if (sealed === undefined) return;
    this.#sealed.push(sealed);
    this.#flusher.exclusive(() => this.#syncSealed()).catch(() => undefined);
  }

  /** Segments whose base is at or above `offset` are gone. */
  removed(offset: number): void {
    this.#names.changed();
    this.#sealed = this.#sealed.filter(({ baseOffset }) => baseOffset < offset);
  }

  /** Segments below `offset` are gone. */
  removedBelow(offset: number): void {
    this.#sealed = this.#sealed.filter(({ baseOffset }) => baseOffset >= offset);
  }

  /** Segments were replaced by others that are on the disk. */
  replaced(segments: readonly Segment[]): void {
    this.#names.changed();
    this.#sealed = this.#sealed.filter((sealed) => !segments.includes(sealed));
  }

  /**
   * How much of a recovery point may be written down: an offset in the first segment that is not synced with all of its files, or
   * below. Where that is the active one it may be sealed, and another follow, before a crash: with the recovery point at its end
   * the segment would not be looked at, and its transaction index and its length be believed.
   */
  writable(recoveryPoint: number, batchEnd: number): number {
    const [first, second] = this.#sealed;
    const { active } = this.#log;
    const end = first === undefined ? batchEnd : (second ?? active).baseOffset;
    return Math.min(recoveryPoint, Math.max((first ?? active).baseOffset, end - 1));
  }

  /** All that was appended before the call is on the disk once this resolves. */
  async flush(): Promise<void> {
    try {
      await this.#flusher.flush();
    } catch (error) {
      // A file that could not be opened is no failure of the log: what fails after it has to be told, too.
      this.#isTold ||= this.#failure !== undefined;
      throw error;
    }
  }

  /**
   * The same, before it returns. The system tells of a page that it lost once for each opening of a file, and of those that
   * come later none: a sync under way may have been told already, and nobody here knows yet. So its file is synced as the one that
   * it opened (`File.sync`).
   */
  flushSync(): void {
    if (this.#log.isReadOnly) return;
    const { context, active, logEndOffset, observer } = this.#log;
    this.check();
    const startedMs = observer.begin();
    try {
      this.#underWay?.syncSync();
      for (const segment of this.#sealed) for (const file of filesOf(context, segment)) file.syncSync();
      active.syncSync();
      this.#names.syncSync();
    } catch (error) {
      this.#noteFailure(error);
      this.#isTold ||= this.#failure !== undefined;
      throw error;
    }
    this.#sealed = [];
    this.#log.synced(logEndOffset);
    observer.flushed(startedMs, logEndOffset);
  }

  /** Does `work` while nothing is being synced. */
  exclusive<T>(work: () => T | Promise<T>): Promise<T> {
    return this.#flusher.exclusive(work);
  }

  /** No sync starts by itself any more. */
  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  async #sync(): Promise<void> {
    this.check();
    const log = this.#log;
    if (log.isReadOnly) return;
    const startedMs = log.observer.begin();
    const end = log.logEndOffset;
    await this.#syncBelow(end, () => log.active.sync());
    log.observer.flushed(startedMs, end);
  }

  /** Those that were sealed before the call: a roll meanwhile has its own turn, so that who waits for this one is not kept waiting. */
  async #syncSealed(): Promise<void> {
    // The work of a roll may have waited behind a sync that failed.
    this.check();
    await this.#syncBelow(this.#log.active.baseOffset);
  }

  /**
   * Syncs the sealed segments below `end`, what is `behind` them, and names. A roll meanwhile may add to them: what was active when
   * this began is behind all that was synced only in the turn in which none is left. Where none is, its sync starts in this very turn:
   * behind an await it would wait for the appends of all whom the last sync released.
   */
  async #syncBelow(end: number, behind?: () => Promise<void>): Promise<void> {
    let from = 0;
    try {
      for (let next = this.#sealedIn(from, end); next !== undefined; next = this.#sealedIn(from, end)) {
        await this.#syncFiles(next);
        from = next.baseOffset + 1;
      }
      await behind?.();
      await this.#names.sync();
    } catch (error) {
      this.#noteFailure(error);
      throw error;
    }
    // Not before their names: a checkpoint meanwhile would lie above a segment whose transaction index has none on the disk.
    this.#sealed = this.#sealed.filter(({ baseOffset }) => baseOffset >= from);
    this.#synced(end);
  }

  #sealedIn(from: number, end: number): Segment | undefined {
    return this.#sealed.find(({ baseOffset }) => baseOffset >= from && baseOffset < end);
  }

  async #syncFiles(segment: Segment): Promise<void> {
    try {
      for (const file of filesOf(this.#log.context, segment)) {
        this.#underWay = file;
        await file.sync();
      }
    } finally {
      this.#underWay = undefined;
    }
  }

  /**
   * Where another sync failed meanwhile this one says nothing: the system tells of a lost page once, and a later sync of the
   * same file goes well without it.
   *
   * @throws SeglogError `LOG_OFFLINE`
   */
  #synced(offset: number): void {
    this.check();
    this.#log.synced(offset);
  }

  /** A file that could not be opened was not synced in vain: nothing was lost, and the next try may go well. */
  #noteFailure(error: unknown): void {
    const isUnopened = error instanceof SeglogError && (error.errno === 'EMFILE' || error.errno === 'ENFILE');
    if (!isUnopened) this.fail(error);
  }
}

/** The files of a sealed segment that are there. */
function* filesOf({ fs }: SegmentContext, segment: Segment): Generator<File> {
  for (const suffix of SYNCED) {
    const path = segment.pathOf(suffix);
    if (fs.stat(path) === undefined) continue;
    const file = fs.open(path, 'update');
    try {
      yield file;
    } finally {
      file.close();
    }
  }
}
