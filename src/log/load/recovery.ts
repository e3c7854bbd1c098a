/**
 * Recovery of segments after an unclean stop: what is no whole, valid batch is found, and cut or left, by where it lies.
 *
 * Above the recovery point the result is Kafka's (spec 3.7, item 5): cut there, and every later segment goes; what is cut is
 * kept in `quarantine/`. Below it nothing is cut: the disk had it once, so it is damage, not a torn tail.
 */
import { isNoSpace, SeglogError } from '../../errors/errors.ts';
import { hasBatchBehind } from '../../segment/batch-behind.ts';
import type { SegmentContext } from '../../segment/context.ts';
import { rebuildIndexes, type SegmentScan, SegmentScanner } from '../../segment/recover.ts';
import { Segment } from '../../segment/segment.ts';
import { splitSegment } from '../../segment/split.ts';
import { MAX_INT32 } from '../../units/units.ts';
import type { LeaderEpochs } from '../../state/leader-epochs.ts';
import type { ProducerState } from '../../state/producers/producer-state.ts';
import { rebuildProducers } from './producers.ts';
import type { Progress } from './progress.ts';
import { Quarantine } from './quarantine.ts';
import { Replay } from '../../state/replay.ts';
import type { Corruption, Cut, CutKind } from './report.ts';
import { findEnd, type SegmentFiles } from './segment-files.ts';
import { writeTransactions } from './transactions.ts';

/** What recovery works on. */
export interface RecoveryWork {
  readonly context: SegmentContext;
  readonly directory: string;
  readonly logStartOffset: number;
  /** Below it nothing is cut. */
  readonly recoveryPoint: number;
  /** Whether a mark says that the log was closed clean, so that all of it was on the disk once. */
  readonly saysClean: boolean;
  readonly mode: 'truncate' | 'refuse';
  readonly epochs: LeaderEpochs;
  /** A producer state as the directory's snapshots have it; they are listed unless told. */
  readonly newProducers: (snapshotOffsets?: readonly number[]) => ProducerState;
  readonly progress: Progress;
}

/** How a segment ends after recovery. */
export interface RecoveredSegment {
  readonly sizeBytes: number;
  readonly nextOffset: number;
  readonly wasCut: boolean;
  /** The segment was divided instead: its parts are to be recovered. */
  readonly wasSplit: boolean;
  /** Damage below the recovery point, at which the log ends for its readers. */
  readonly corruption: Corruption | undefined;
  /** Set when the cut could not be made since there was no space for the copy. */
  readonly noSpace: SeglogError | undefined;
}

/** A scan and its first step, which is under way. */
interface Scanning {
  readonly scanner: SegmentScanner;
  readonly first: Promise<boolean>;
}

/** Recovers segments one by one, in order. */
export class Recovery {
  readonly cuts: Cut[] = [];
  scannedSegments = 0;
  scannedBytes = 0;
  readonly #work: RecoveryWork;
  readonly #quarantine: Quarantine;
  /** The scan of the segment behind the current one, begun on another thread. */
  #ahead: Scanning | undefined;
  /** The snapshots that are there now: listing a large directory for every segment would take long. */
  #snapshotOffsets: readonly number[] | undefined;

  constructor(work: RecoveryWork) {
    this.#work = work;
    this.#quarantine = new Quarantine(work.context, work.directory);
  }

  /** Where what was cut is; undefined when nothing was. */
  get quarantine(): string | undefined {
    return this.cuts.some(({ savedTo }) => savedTo !== undefined) ? this.#quarantine.directory : undefined;
  }

  /**
   * Recovers `segments[at]`.
   *
   * @param goesOn whether the segment behind it is recovered next, if this one is whole
   */
  async segment(segments: readonly SegmentFiles[], at: number, goesOn: boolean): Promise<RecoveredSegment> {
    const { context, directory, epochs, newProducers, logStartOffset } = this.#work;
    const bases = segments.map(({ baseOffset }) => baseOffset);
    const base = bases[at] as number;
    const file = new Segment(context, directory, base, 0).logPath;
    const producers = newProducers(this.#snapshotOffsets);
    // A segment that only lacks its index is recovered before Kafka knows of the later ones.
    const known = goesOn ? bases : bases.slice(0, at);
    rebuildProducers({ context, directory, bases: known, logStartOffset }, producers, base, false);
    const replay = new Replay(context, file, producers, epochs);
    const { scanner, first } = this.#takeAhead(base);
    let scan: SegmentScan;
    try {
      if (goesOn && at + 1 < bases.length) this.#startAhead(bases[at + 1] as number);
      scan = await this.#scan(scanner, first, replay);
    } finally {
      scanner.close();
    }
    if (scan.nextOffset > base) producers.updateMapEndOffset(scan.nextOffset);
    const recovered = await this.#settle(segments, at, scan, replay, producers);
    this.#snapshotOffsets = producers.snapshotOffsets;
    return recovered;
  }

  async #scan(scanner: SegmentScanner, first: Promise<boolean>, replay: Replay): Promise<SegmentScan> {
    let cutAt: number | undefined;
    for (let more = await first; more && cutAt === undefined; more = await scanner.next()) {
      cutAt = replay.visit(scanner.rows, scanner.rowCount);
      this.#work.progress.scanned(scanner.scannedBytes);
      if (cutAt !== undefined) break;
    }
    let scan = await scanner.finish(cutAt);
    const { fault, faultKind } = scan;
    if (
      faultKind === 'invalid-offset' &&
      (this.#work.saysClean || scanner.baseOffset < this.#work.recoveryPoint) &&
      fault?.position !== undefined
    ) {
      // Kafka empties the segment. Some of it was on the disk, where nothing is cut: it is good up to the fall.
      scan = { ...(await scanner.finish(fault.position)), fault, faultKind: 'falls' };
    }
    this.scannedSegments++;
    this.scannedBytes += scan.fileBytes;
    this.#work.progress.segmentDone(scan.fileBytes);
    return cutAt === undefined || replay.fault === undefined ? scan : { ...scan, fault: replay.fault };
  }

  async #settle(
    segments: readonly SegmentFiles[],
    at: number,
    scan: SegmentScan,
    replay: Replay,
    producers: ProducerState,
  ): Promise<RecoveredSegment> {
    const { context, directory, mode, recoveryPoint } = this.#work;
    const base = (segments[at] as SegmentFiles).baseOffset;
    const path = new Segment(context, directory, base, 0).logPath;
    const { validBytes: sizeBytes, fileBytes, nextOffset, fault } = scan;
    const isShorter = sizeBytes < fileBytes;
    // Space that was set aside, behind all that a sealed segment held: nothing is missing between it and the next one.
    const isSpare = fault === undefined && nextOffset <= recoveryPoint && segments[at + 1]?.baseOffset === nextOffset;
    const wasCut = isShorter && !isSpare;
    const whole = { sizeBytes, nextOffset, wasCut, wasSplit: false, corruption: undefined, noSpace: undefined };
    if (scan.faultKind === 'overflow' && this.#hasOverflow(base, fileBytes)) {
      await this.stopAhead();
      if (splitSegment(context, directory, base).length > 0) return { ...whole, wasCut: false, wasSplit: true };
    }
    if (isShorter) {
      const error = fault ?? zerosWithin(path, sizeBytes);
      const isLast = at === segments.length - 1;
      const lost = this.#lostBelowRecoveryPoint(base, scan, isLast);
      if (lost !== undefined) {
        const corruption = { file: path, position: sizeBytes, offset: lost, error };
        return { ...whole, wasCut: false, corruption };
      }
      if (mode === 'refuse' && (fault !== undefined || !isLast) && !isSpare) throw refused(path, scan, error);
      const failed = this.#cut(path, scan, replay, fault, isLast);
      if (failed !== undefined) return { ...whole, wasCut: false, noSpace: failed };
    }
    rebuildIndexes(context, directory, base, scan);
    const isEmptied = scan.faultKind === 'invalid-offset';
    const segment = new Segment(context, directory, base, 0);
    writeTransactions(segment, isEmptied ? undefined : replay);
    segment.release();
    if (!isEmptied) producers.takeSnapshot();
    return whole;
  }

  /** The first offset below the recovery point that a cut would take; undefined when it would take none. */
  #lostBelowRecoveryPoint(
    base: number,
    { validBytes, nextOffset, fault, faultKind }: SegmentScan,
    isLast: boolean,
  ): number | undefined {
    const { context, directory, recoveryPoint, logStartOffset } = this.#work;
    if (fault === undefined && isLast) return undefined;
    // A log start that was raised into a batch took the recovery point along: that says nothing of the disk.
    if (recoveryPoint <= logStartOffset) return undefined;
    if (nextOffset < recoveryPoint) return nextOffset;
    if (faultKind !== 'falls' || fault?.baseOffset === undefined) return undefined;
    // Offsets fall to what was there before: a stale batch. To what was not: the batch before them was raised by damage.
    const fallen = Number(fault.baseOffset);
    if (fallen >= recoveryPoint) return undefined;
    const holder = new Segment(context, directory, base, validBytes);
    const found = holder.find(fallen, false);
    holder.release();
    return found !== undefined && found.baseOffset <= fallen ? undefined : fallen;
  }

  /** Cuts the file; what is cut is copied first. Returns why not when there is no space for the copy. */
  #cut(
    path: string,
    scan: SegmentScan,
    replay: Replay,
    fault: SeglogError | undefined,
    isLast: boolean,
  ): SeglogError | undefined {
    const { context } = this.#work;
    const { validBytes: position, fileBytes, nextOffset } = scan;
    let kind: CutKind = 'zero-tail';
    let savedTo: string | undefined;
    if (fault !== undefined) {
      kind =
        !isLast || replay.fault !== undefined || hasBatchBehind(context, path, position)
          ? 'hole-in-unsynced-tail'
          : 'torn-tail';
      try {
        savedTo = this.#quarantine.copyTail(path, position, fileBytes);
      } catch (error) {
        if (!isNoSpace(error)) throw error;
        return new SeglogError('READ_ONLY', 'there is no space to save what recovery would cut, so nothing is cut', {
          file: path,
          position,
          errno: 'ENOSPC',
          cause: error,
          action: `Free ${fileBytes - position} bytes on that file system and open the log again; until then it can be read`,
        });
      }
    }
    const file = context.fs.open(path, 'update');
    try {
      file.truncate(position);
    } finally {
      file.close();
    }
    const reason = fault?.message ?? 'space that was set aside and never written';
    this.cuts.push({ kind, file: path, position, bytes: fileBytes - position, offset: nextOffset, reason, savedTo });
    return undefined;
  }

  /** Whether the segment's last batch is too far from its base, too: then the segment is whole, and its base is wrong. */
  #hasOverflow(base: number, fileBytes: number): boolean {
    const segment = new Segment(this.#work.context, this.#work.directory, base, fileBytes);
    const { nextOffset } = findEnd(this.#work.context, segment, fileBytes, false);
    segment.release();
    return Number.isSafeInteger(nextOffset) && nextOffset - 1 - base > MAX_INT32;
  }

  /** Takes whole segments out of the log. */
  async moveAway(
    segments: readonly SegmentFiles[],
    offset: number,
    kind: 'behind-a-cut' | 'below-log-start',
  ): Promise<void> {
    await this.stopAhead();
    const { context, directory, newProducers } = this.#work;
    const producers = newProducers(this.#snapshotOffsets);
    for (const { baseOffset, sizeBytes } of segments) {
      const file = new Segment(context, directory, baseOffset, 0).logPath;
      const savedTo = this.#quarantine.moveSegment(baseOffset);
      producers.deleteSnapshot(baseOffset);
      const reason =
        kind === 'behind-a-cut' ? 'the log was cut before this segment' : 'the log ends below its log start';
      this.cuts.push({ kind, file, position: 0, bytes: sizeBytes, offset, reason, savedTo });
    }
    this.#snapshotOffsets = producers.snapshotOffsets;
  }

  /** Gives up a scan that was begun and is not needed. */
  async stopAhead(): Promise<void> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    if (ahead === undefined) return;
    await ahead.first.catch(() => undefined);
    ahead.scanner.close();
  }

  #startAhead(baseOffset: number): void {
    this.#ahead = this.#begin(baseOffset);
  }

  #begin(baseOffset: number): Scanning {
    const scanner = new SegmentScanner(this.#work.context, this.#work.directory, baseOffset);
    const first = scanner.next();
    // Whoever takes it meets the failure; if nobody does, it is no one's.
    first.catch(() => undefined);
    return { scanner, first };
  }

  #takeAhead(baseOffset: number): Scanning {
    const ahead = this.#ahead;
    if (ahead?.scanner.baseOffset !== baseOffset) return this.#begin(baseOffset);
    this.#ahead = undefined;
    return ahead;
  }
}

function zerosWithin(file: string, position: number): SeglogError {
  return new SeglogError('BATCH_SIZE_INVALID', 'a segment that is not the last one ends with zeros', {
    file,
    position,
  });
}

function refused(file: string, { validBytes, fileBytes, nextOffset }: SegmentScan, cause: SeglogError): SeglogError {
  return new SeglogError('RECOVERY_REFUSED', `recovery would cut the log at offset ${nextOffset}: ${cause.message}`, {
    file,
    position: validBytes,
    found: `${fileBytes - validBytes} bytes that are no whole, valid batches above the recovery point`,
    cause,
    action: 'Open the log with recovery mode "truncate" (the bytes go to quarantine/), or restore the file',
  });
}
