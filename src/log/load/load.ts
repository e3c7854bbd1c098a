/**
 * Loads a partition's log from its directory (spec 3.7), in this order:
 *
 *     leftovers -> segments -> missing indexes -> recovery from the recovery point on, unless closed clean
 *       -> log start and log end -> leader epochs -> producer state -> the active segment
 */
import { SeglogError } from '../../errors/errors.ts';
import { SUFFIXES } from '../../format/names.ts';
import { TransactionIndex } from '../../index/transaction-index.ts';
import { ActiveSegment } from '../../segment/active-segment.ts';
import type { SegmentContext } from '../../segment/context.ts';
import { isZero } from '../../segment/recover.ts';
import { Segment } from '../../segment/segment.ts';
import { MAX_INT32 } from '../../units/units.ts';
import { readOwnMark, removeOwnMark } from '../clean-mark.ts';
import { LeaderEpochs } from '../../state/leader-epochs.ts';
import { ProducerState } from '../../state/producers/producer-state.ts';
import { SegmentList } from '../segments.ts';
import { ifThereIsSpace } from '../tolerated.ts';
import { rebuildEpochs } from './epochs.ts';
import { clearLeftovers } from './leftovers.ts';
import { rebuildProducers } from './producers.ts';
import { Progress } from './progress.ts';
import { type RecoveredSegment, Recovery } from './recovery.ts';
import type { Corruption, RecoveryOptions, RecoveryReport } from './report.ts';
import { findEnd, listSegments, type SegmentFiles, walkAll } from './segment-files.ts';

/** What loading gives a log. */
export interface Loaded {
  readonly segments: SegmentList;
  /** undefined when the log takes no appends. */
  readonly active: ActiveSegment | undefined;
  readonly logStartOffset: number;
  readonly logEndOffset: number;
  /** Everything below it is on the disk. */
  readonly recoveryPoint: number;
  /** Sealed segments of which that is not known. */
  readonly unsynced: readonly Segment[];
  readonly epochs: LeaderEpochs;
  readonly producers: ProducerState;
  readonly recovery: RecoveryReport | undefined;
  readonly corruption: Corruption | undefined;
  /** Why the log takes no appends. */
  readonly readOnly: SeglogError | undefined;
}

/** What the marks and checkpoints say of the log. */
export interface LoadRequest extends Omit<RecoveryOptions, 'recoveryPoint' | 'logStartOffset'> {
  /** Whether the log directory's own mark was there. */
  readonly parentClean: boolean;
  readonly recoveryPoint: number | undefined;
  readonly logStartOffset: number | undefined;
  readonly producerExpirationMs: number;
}

/** Where the segments end. */
interface End {
  readonly listed: readonly SegmentFiles[];
  /** The last segment's logical size, and the offset behind its last batch. */
  readonly sizeBytes: number;
  readonly nextOffset: number;
  readonly wasClean: boolean;
  readonly stopped: RecoveredSegment | undefined;
}

class Loader {
  readonly #context: SegmentContext;
  readonly #directory: string;
  readonly #request: LoadRequest;
  readonly #logStart: number;
  #recoveryPoint: number;
  #epochsProblem: SeglogError | undefined;
  /** Whether there were snapshots before a segment was recovered for its index, which removes those behind it. */
  #hadSnapshots = false;

  constructor(context: SegmentContext, directory: string, request: LoadRequest) {
    this.#context = context;
    this.#directory = directory;
    this.#request = request;
    this.#logStart = request.logStartOffset ?? 0;
    this.#recoveryPoint = request.recoveryPoint ?? 0;
  }

  async load(): Promise<Loaded> {
    const { fs } = this.#context;
    const mark = readOwnMark(fs, this.#directory);
    removeOwnMark(fs, this.#directory);
    const leftovers = clearLeftovers(this.#context, this.#directory);
    const epochs = LeaderEpochs.load(fs, this.#directory, (problem) => (this.#epochsProblem = problem));
    const listed = listSegments(fs, this.#directory);
    const last = listed.at(-1);
    const isMarked =
      mark !== undefined && mark.activeBaseOffset === last?.baseOffset && mark.activeSizeBytes === last.sizeBytes;
    const saysClean = this.#request.clean ?? (this.#request.parentClean || isMarked);
    const cleanEnd = saysClean ? this.#cleanEnd(listed, isMarked ? mark.logEndOffset : undefined) : undefined;
    // It was closed clean, and something happened to its end since: what is before the last segment was synced then.
    if (saysClean && cleanEnd === undefined) this.#recoveryPoint = Math.max(this.#recoveryPoint, last?.baseOffset ?? 0);
    const recovery = this.#newRecovery(epochs, listed, saysClean, cleanEnd !== undefined);
    let end: End;
    try {
      end = await this.#end(recovery, listed, cleanEnd);
    } finally {
      await recovery.stopAhead();
    }
    if (this.#epochsProblem !== undefined) await rebuildEpochs(this.#context, this.#directory, end.listed, epochs);
    if (end.listed.length > 0 && end.nextOffset < this.#logStart && end.stopped === undefined) {
      await recovery.moveAway(end.listed, this.#logStart, 'below-log-start');
      epochs.clear();
      this.#newProducers().truncateFullyAndStartAt(this.#logStart);
      end = { ...end, listed: [], nextOffset: this.#logStart };
    }
    const isReport = listed.length > 0 && (!end.wasClean || recovery.cuts.length > 0 || leftovers.length > 0);
    return this.#finish(end, epochs, isReport ? reportOf(recovery, leftovers) : undefined);
  }

  /** The log's end, if it is as a clean close leaves it; a mark on a log that is not so is no mark. */
  #cleanEnd(listed: readonly SegmentFiles[], markedEnd: number | undefined): number | undefined {
    const last = listed.at(-1);
    if (last === undefined) return this.#logStart;
    const segment = new Segment(this.#context, this.#directory, last.baseOffset, last.sizeBytes);
    // An index that is missing must stay so until the segment is recovered for it.
    const walk = last.hasOffsetIndex ? findEnd : walkAll;
    const { validBytes, nextOffset, rises } = walk(this.#context, segment, last.sizeBytes, false);
    segment.release();
    if (validBytes !== last.sizeBytes || !rises || nextOffset - 1 - last.baseOffset > MAX_INT32) return undefined;
    // A truncation within a batch leaves the end that was marked above the last batch's.
    return markedEnd === undefined || markedEnd >= nextOffset ? nextOffset : undefined;
  }

  #newRecovery(epochs: LeaderEpochs, listed: readonly SegmentFiles[], saysClean: boolean, isClean: boolean): Recovery {
    const { mode = 'truncate', onProgress } = this.#request;
    const recoveryPoint = this.#recoveryPoint;
    const from = isClean ? listed.length : this.#firstToRecover(listed);
    const totalBytes = listed.slice(from).reduce((total, { sizeBytes }) => total + sizeBytes, 0);
    return new Recovery({
      context: this.#context,
      directory: this.#directory,
      logStartOffset: this.#logStart,
      recoveryPoint: isClean ? Infinity : recoveryPoint,
      saysClean,
      mode,
      epochs,
      newProducers: (snapshotOffsets) => this.#newProducers({ snapshotOffsets }),
      progress: new Progress(this.#context.clock, totalBytes, onProgress),
    });
  }

  async #end(recovery: Recovery, segments: readonly SegmentFiles[], cleanEnd: number | undefined): Promise<End> {
    const { fs } = this.#context;
    const wasClean = cleanEnd !== undefined;
    let listed = segments;
    let wasDivided = false;
    let last: RecoveredSegment | undefined;
    for (let at = 0; at < listed.length; at++) {
      if (!this.#lacksIndex(listed[at] as SegmentFiles)) continue;
      this.#hadSnapshots ||= this.#newProducers().latestSnapshotOffset !== undefined;
      last = await recovery.segment(listed, at, false);
      if (isStopped(last)) return { listed: listed.slice(0, at + 1), ...last, wasClean, stopped: last };
      listed = listSegments(fs, this.#directory);
      // The parts of a segment that was divided lack their indexes too.
      if (last.wasSplit) at--;
      wasDivided ||= last.wasSplit;
    }
    // A part of a segment that was divided may have become the last one.
    const nextAtEnd = wasDivided ? this.#cleanEnd(listed, undefined) : cleanEnd;
    if (wasClean && nextAtEnd !== undefined) {
      const sizeBytes = listed.at(-1)?.sizeBytes ?? 0;
      return { listed, sizeBytes, nextOffset: nextAtEnd, wasClean, stopped: undefined };
    }
    for (let at = this.#firstToRecover(listed); at < listed.length; at++) {
      last = await recovery.segment(listed, at, true);
      if (isStopped(last)) return { listed: listed.slice(0, at + 1), ...last, wasClean, stopped: last };
      if (last.wasSplit) {
        listed = listSegments(fs, this.#directory);
        at--;
        continue;
      }
      if (last.wasCut) {
        await recovery.moveAway(listed.slice(at + 1), last.nextOffset, 'behind-a-cut');
        listed = listed.slice(0, at + 1);
      }
      listed = listed.with(at, { ...(listed[at] as SegmentFiles), sizeBytes: last.sizeBytes });
      checkOverlap(this.#directory, last, listed[at + 1]);
    }
    const { sizeBytes = 0, nextOffset = this.#logStart } = last ?? {};
    return { listed, sizeBytes, nextOffset, wasClean, stopped: undefined };
  }

  /**
   * The segment that holds the recovery point, as with Kafka. Where it is the first offset of a segment, the one before may have
   * been sealed behind the last sync: its bytes are on the disk, and not yet that space set aside behind them was given back.
   */
  #firstToRecover(listed: readonly SegmentFiles[]): number {
    const at = floorIndex(listed, this.#recoveryPoint);
    const before = listed[at - 1];
    if (before === undefined || listed[at]?.baseOffset !== this.#recoveryPoint) return at;
    const { fs } = this.#context;
    const segment = new Segment(this.#context, this.#directory, before.baseOffset, before.sizeBytes);
    const { validBytes, nextOffset } = findEnd(this.#context, segment, before.sizeBytes, false);
    segment.release();
    if (validBytes === before.sizeBytes || nextOffset !== this.#recoveryPoint) return at;
    const log = fs.open(segment.logPath, 'read');
    try {
      return isZero(log, validBytes, before.sizeBytes) ? at - 1 : at;
    } finally {
      log.close();
    }
  }

  /** Whether the segment must be recovered even if the log was closed clean: as in Kafka. */
  #lacksIndex({ baseOffset, hasOffsetIndex, hasTransactionIndex }: SegmentFiles): boolean {
    if (!hasOffsetIndex) return true;
    if (!hasTransactionIndex) return false;
    const { fs } = this.#context;
    const path = new Segment(this.#context, this.#directory, baseOffset, 0).pathOf(SUFFIXES.transactionIndex);
    const index = TransactionIndex.open(fs, path, baseOffset);
    const problem = index.check();
    index.close();
    return problem !== undefined;
  }

  async #finish(end: End, epochs: LeaderEpochs, recovery: RecoveryReport | undefined): Promise<Loaded> {
    const { listed, nextOffset, stopped } = end;
    const context = this.#context;
    const directory = this.#directory;
    const first = listed[0]?.baseOffset ?? this.#logStart;
    const logStartOffset = Math.min(Math.max(this.#logStart, first), nextOffset);
    const producers = this.#newProducers({ isReadOnly: stopped !== undefined });
    const bases = listed.map(({ baseOffset }) => baseOffset);
    if (stopped === undefined) {
      epochs.truncateFromEnd(nextOffset);
      // Those below the log start do no harm: on a full disk the log comes up with them.
      ifThereIsSpace(() => epochs.truncateFromStart(this.#logStart));
      producers.removeStraySnapshots(bases);
    }
    // Kafka takes a log whose snapshots it has just removed for one that never had any, and shows its open transactions.
    const mayBeOld = end.wasClean && !this.#hadSnapshots;
    rebuildProducers({ context, directory, bases, logStartOffset }, producers, nextOffset, mayBeOld);
    const segments = listed.map(({ baseOffset, sizeBytes }) => new Segment(context, directory, baseOffset, sizeBytes));
    segments.at(-1)?.update(end.sizeBytes, undefined);
    const active = stopped === undefined ? this.#openActive(listed, end.sizeBytes, logStartOffset) : undefined;
    if (active !== undefined) segments.splice(listed.length === 0 ? 0 : listed.length - 1, 1, active.segment);
    const { wasClean } = end;
    const recoveryPoint = Math.max(wasClean ? nextOffset : Math.min(this.#recoveryPoint, nextOffset), logStartOffset);
    const sealed = segments.slice(0, -1);
    // From where on was recovered, also below the log start: their indexes were made anew.
    const recoveredFrom = Math.min(this.#recoveryPoint, nextOffset);
    const unsynced = wasClean
      ? []
      : sealed.filter((_, at) => (segments[at + 1] as Segment).baseOffset >= recoveredFrom);
    return {
      segments: new SegmentList(segments),
      active,
      logStartOffset,
      logEndOffset: nextOffset,
      recoveryPoint,
      unsynced,
      epochs,
      producers,
      recovery,
      corruption: stopped?.corruption,
      readOnly: stopped?.noSpace ?? (stopped?.corruption && corruptionError(stopped.corruption)),
    };
  }

  #openActive(listed: readonly SegmentFiles[], sizeBytes: number, logStartOffset: number): ActiveSegment {
    const last = listed.at(-1);
    if (last !== undefined) return ActiveSegment.reopen(this.#context, this.#directory, last.baseOffset, sizeBytes);
    const active = ActiveSegment.create(this.#context, this.#directory, logStartOffset);
    this.#context.fs.syncDirectory(this.#directory);
    return active;
  }

  #newProducers({
    snapshotOffsets,
    isReadOnly = false,
  }: {
    snapshotOffsets?: readonly number[] | undefined;
    isReadOnly?: boolean;
  } = {}): ProducerState {
    const { fs, engine } = this.#context;
    return new ProducerState({
      fs,
      crc32c: (bytes, start, end) => engine.crc32c(bytes, start, end),
      directory: this.#directory,
      expirationMs: this.#request.producerExpirationMs,
      isReadOnly,
      ...(snapshotOffsets === undefined ? {} : { snapshotOffsets }),
    });
  }
}

/**
 * Loads the log in `directory`. With `recovery` in the result the log had not been closed clean.
 *
 * @throws SeglogError `SEGMENTS_OVERLAP`, `RECOVERY_REFUSED`, `OFFSET_NOT_EXACT`, `NOT_A_REGULAR_FILE`, `IO`
 */
export async function loadLog(context: SegmentContext, directory: string, request: LoadRequest): Promise<Loaded> {
  return new Loader(context, directory, request).load();
}

function isStopped({ corruption, noSpace }: RecoveredSegment): boolean {
  return corruption !== undefined || noSpace !== undefined;
}

/** The first segment of which something is at `offset` or above. */
function floorIndex(listed: readonly SegmentFiles[], offset: number): number {
  return Math.max(
    0,
    listed.findLastIndex(({ baseOffset }) => baseOffset <= offset),
  );
}

function checkOverlap(directory: string, { nextOffset }: RecoveredSegment, next: SegmentFiles | undefined): void {
  if (next === undefined || nextOffset <= next.baseOffset) return;
  throw new SeglogError('SEGMENTS_OVERLAP', 'two segments hold the same offsets, and nothing tells which is right', {
    file: directory,
    expected: `a segment that ends at ${next.baseOffset} or below`,
    found: `offsets up to ${nextOffset - 1}`,
    action: 'Look at both with `seglog dump`, and move the wrong one out of the directory',
  });
}

/** Why a damaged log takes no appends. */
export function corruptionError(corruption: Corruption): SeglogError {
  const { file, position, offset, error } = corruption;
  return new SeglogError('LOG_CORRUPT', `the log is damaged at offset ${offset}, below its recovery point`, {
    file,
    position,
    found: error.message,
    cause: error,
    action: 'What is before it can be read. Restore the file, or cut the log there with `seglog recover`',
  });
}

function reportOf(recovery: Recovery, leftovers: readonly string[]): RecoveryReport {
  const { cuts, scannedSegments, scannedBytes, quarantine } = recovery;
  const cutBytes = cuts.reduce((total, { kind, bytes }) => (kind === 'zero-tail' ? total : total + bytes), 0);
  const reason = cuts.find(({ kind }) => kind !== 'zero-tail')?.reason;
  return { scannedSegments, scannedBytes, cuts, cutBytes, quarantine, reason, leftovers };
}
