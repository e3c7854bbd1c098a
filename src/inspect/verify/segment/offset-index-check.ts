/**
 * An .index file against its .log: each entry is judged alone, by the batch that starts where it points, so that one wrong
 * entry is one finding, whatever it says. Entries that are right rise, since the batches do; only repeated ones remain.
 */
import { OFFSET_INDEX, offsetOfEntry, positionOfEntry } from '../../../format/offset-index.ts';
import type { File } from '../../../fs/contract.ts';
import { addExact, type Int64 } from '../../int64.ts';
import type { IndexDensity } from '../facts.ts';
import { makeFinding } from '../finding.ts';
import type { FindingSink } from '../sink.ts';
import { IndexEntries, VERDICTS, type Verdict } from './entries.ts';

/** Kafka's default of index.interval.bytes. */
const USUAL_INTERVAL = 4096;
/** So many times the interval without an entry cannot be missed. */
const MANY_INTERVALS = 8;
/** Restarts that leave no time entry can explain a few of the places that lack an entry, but not so many. */
const MISSED = { enough: 3, enoughWithoutInterval: 6, remembered: 1000 } as const;

/** What a batch tells the index checks: whether an entry for it is there, and right. */
export class OffsetIndexCheck {
  readonly entries: IndexEntries;
  readonly #baseOffset: Int64;
  readonly #sink: FindingSink;
  readonly #order: Int32Array;
  #at = 0;
  /** Of the entry at `#at`; nothing to do for batches before it. */
  #nextPosition = Infinity;
  /** An entry whose offset is above its batch's: the append it may stand for ends there. */
  #pending: { slot: number; offset: Int64 } | undefined;
  #pendingOffset: Int64 = Infinity;
  #indexedPosition = 0;
  #minGap = Infinity;
  #maxGap = 0;
  #maxGapPosition = 0;
  #lastPosition = 0;
  #largestBatch = 0;
  /** How far a time entry was from the entry before it, of either kind, and where: no entry here was made with it. */
  #alone: { gap: number; slot: number } | undefined;
  readonly #alones: { gap: number; slot: number }[] = [];
  #momentPosition = 0;
  #isDamaged = false;

  constructor(file: File, baseOffset: Int64, sink: FindingSink, isLive: boolean) {
    this.entries = new IndexEntries(file, OFFSET_INDEX.ENTRY_SIZE, sink, isLive);
    this.#baseOffset = baseOffset;
    this.#sink = sink;
    this.#order = this.entries.sorted((slot) => positionOfEntry(this.entries.view, slot));
    this.#settle();
  }

  /** Takes the next batch that is right. True when an entry names its last offset: time entries are made at that moment. */
  batch(position: number, size: number, last: Int64): boolean {
    this.#lastPosition = position;
    if (size > this.#largestBatch) this.#largestBatch = size;
    return position >= this.#nextPosition || last >= this.#pendingOffset ? this.#judge(position, last) : false;
  }

  /**
   * Told of the batch taken last when a time entry was made with it, an entry here, or both. A time entry that was made
   * without one here is from a roll, a clean stop, or an entry that was lost. A stop starts the counting of bytes anew, so
   * only the distance from the entry before it, of either kind, tells which.
   */
  moment(position: number, hasTimeEntry: boolean, isIndexed: boolean): void {
    if (hasTimeEntry && this.#alone !== undefined && this.#alones.length < MISSED.remembered)
      this.#alones.push(this.#alone);
    this.#alone = isIndexed ? undefined : { gap: position - this.#momentPosition, slot: this.#at };
    this.#momentPosition = position;
  }

  /** Entries that point to `[from, to)` cannot be judged. */
  damaged(from: number, to: number): void {
    while (this.#nextPosition < from) this.#verdict(VERDICTS.wrong);
    while (this.#nextPosition < to) this.#verdict(VERDICTS.unjudged);
    this.#resolve(VERDICTS.unjudged);
    this.#isDamaged = true;
  }

  /** How far apart its entries are, for the partition's other indexes; undefined where something is wrong with it. */
  get density(): IndexDensity | undefined {
    const { path, count, isCut, verdicts } = this.entries;
    if (isCut || this.#isDamaged || verdicts.some((verdict) => verdict !== VERDICTS.right)) return undefined;
    return {
      ...{ path, entries: count, leastGap: this.#minGap },
      ...{ lastPosition: this.#lastPosition, largestBatch: this.#largestBatch },
    };
  }

  /** Whether an entry tells of a batch behind the end of the .log, in both of its fields: no single damage does that. */
  tellsOfMore(end: number, lastOffset: Int64, farthest: number): boolean {
    for (let slot = 0; slot < this.entries.count; slot++) {
      if (this.entries.verdicts[slot] !== VERDICTS.unseen) continue;
      const position = positionOfEntry(this.entries.view, slot);
      if (position >= end && position < end + farthest && this.#offsetOf(slot) > lastOffset) return true;
    }
    return false;
  }

  /** Tells what was found, once all batches were taken. */
  finish(intervalBytes: number | undefined, isLive: boolean): void {
    const { entries } = this;
    this.#resolve(VERDICTS.wrong);
    const describe = (slot: number): { found: string; offset: Int64 } => ({
      found: `offset ${this.#offsetOf(slot)} at position ${positionOfEntry(entries.view, slot)}`,
      offset: this.#offsetOf(slot),
    });
    const ofAppends = entries.countOf(VERDICTS.ofAppend);
    // One alone among others is more likely to be damaged than to stand for an append.
    const wrong = [
      VERDICTS.wrong,
      ...(isLive ? [] : [VERDICTS.unseen]),
      ...(ofAppends === 1 ? [VERDICTS.ofAppend] : []),
    ];
    const expected = "the start of a batch and that batch's last offset";
    entries.tell(this.#sink, 'INDEX_ENTRY_WRONG', wrong, expected, describe);
    entries.tell(this.#sink, 'INDEX_NOT_RISING', [VERDICTS.repeated], 'above the entry before', describe);
    if (ofAppends > 1) {
      const position = entries.verdicts.indexOf(VERDICTS.ofAppend) * OFFSET_INDEX.ENTRY_SIZE;
      this.#sink.add(makeFinding('INDEX_OF_APPENDS', entries.path, { position, found: `${ofAppends} entries` }));
    }
    // Where batches are damaged, that entries are far apart is no news.
    if (isLive || entries.isCut || this.#isDamaged) return;
    if (entries.verdicts.every((verdict) => verdict === VERDICTS.right || verdict === VERDICTS.ofAppend))
      this.#tellSparse(intervalBytes);
  }

  /** How dense an index is depends on a setting that may have changed: only what no setting explains is a fault. */
  #tellSparse(intervalBytes: number | undefined): void {
    const { path, count } = this.entries;
    const least = count === 0 ? (intervalBytes ?? USUAL_INTERVAL) + 1 : this.#minGap;
    const missed = this.#alones.filter(({ gap }) => gap >= least);
    const isGuess = count === 0 && intervalBytes === undefined;
    const first = missed[0];
    if (first !== undefined && missed.length >= (isGuess ? MISSED.enoughWithoutInterval : MISSED.enough)) {
      const details = {
        expected: 'entries where the time index has some',
        found: `none in ${missed.length} places, the first after ${first.gap} bytes`,
      };
      this.#sink.add(makeFinding('INDEX_SHORT', path, { position: first.slot * OFFSET_INDEX.ENTRY_SIZE, ...details }));
      return;
    }
    if (count === 0) {
      const enough = MANY_INTERVALS * (intervalBytes ?? USUAL_INTERVAL);
      if (this.#lastPosition <= enough) return;
      const details = { position: 0, expected: 'entries', found: `none for ${this.#lastPosition} bytes` };
      this.#sink.add(makeFinding('INDEX_SPARSE', path, details));
      return;
    }
    this.#gap(this.#lastPosition, false);
    const most =
      intervalBytes === undefined ? 2 * this.#minGap + this.#largestBatch : intervalBytes + this.#largestBatch;
    if (this.#maxGap <= most && first === undefined) return;
    const { position, gap } =
      first === undefined || this.#maxGap > most
        ? { position: this.#maxGapPosition, gap: this.#maxGap }
        : { position: first.slot * OFFSET_INDEX.ENTRY_SIZE, gap: first.gap };
    this.#sink.add(
      makeFinding('INDEX_SPARSE', path, {
        position,
        expected: `an entry every ${Math.min(most, gap - 1)} bytes`,
        found: `none for ${gap} bytes`,
      }),
    );
  }

  #judge(position: number, last: Int64): boolean {
    let isIndexed = false;
    if (this.#pending !== undefined && last >= this.#pendingOffset) {
      isIndexed = last === this.#pendingOffset && position < this.#nextPosition;
      this.#resolve(isIndexed ? VERDICTS.ofAppend : VERDICTS.wrong);
    }
    while (this.#nextPosition < position) this.#verdict(VERDICTS.wrong);
    for (let isFirst = true; this.#nextPosition === position; isFirst = false) {
      this.#resolve(VERDICTS.wrong);
      const slot = this.#order[this.#at] as number;
      const offset = this.#offsetOf(slot);
      if (offset > last) {
        this.#pending = { slot, offset };
        this.#pendingOffset = offset;
      }
      // The first batch of a segment is never indexed.
      const isRight = offset === last && position > 0;
      this.#verdict(!isRight ? VERDICTS.wrong : isFirst ? VERDICTS.right : VERDICTS.repeated);
      if (isRight) {
        isIndexed = true;
        if (isFirst) this.#gap(position, true);
      }
    }
    return isIndexed;
  }

  /** Notes how far it is to `position` from the entry before; `isEntry`: that an entry is there. */
  #gap(position: number, isEntry: boolean): void {
    const gap = position - this.#indexedPosition;
    if (isEntry && gap < this.#minGap) this.#minGap = gap;
    if (gap > this.#maxGap) {
      this.#maxGap = gap;
      this.#maxGapPosition = this.#at * OFFSET_INDEX.ENTRY_SIZE;
    }
    this.#indexedPosition = position;
  }

  #resolve(verdict: Verdict): void {
    if (this.#pending === undefined) return;
    this.entries.verdicts[this.#pending.slot] = verdict;
    this.#pending = undefined;
    this.#pendingOffset = Infinity;
  }

  #verdict(verdict: Verdict): void {
    this.entries.verdicts[this.#order[this.#at] as number] = verdict;
    this.#at++;
    this.#settle();
  }

  #settle(): void {
    const slot = this.#order[this.#at];
    this.#nextPosition = slot === undefined ? Infinity : positionOfEntry(this.entries.view, slot);
  }

  #offsetOf(slot: number): Int64 {
    return addExact(this.#baseOffset, offsetOfEntry(this.entries.view, slot));
  }
}
