/** A .timeindex file against its .log: each entry is judged alone, by the batch whose last offset it names. */
import { offsetOfTimeEntry, TIME_INDEX } from '../../../format/time-index.ts';
import type { File } from '../../../fs/contract.ts';
import { addExact, type Int64, readInt64 } from '../../int64.ts';
import { makeFinding } from '../finding.ts';
import type { FindingSink } from '../sink.ts';
import { IndexEntries, VERDICTS, type Verdict } from './entries.ts';

/** Takes batches in order. */
export class TimeIndexCheck {
  readonly entries: IndexEntries;
  readonly #baseOffset: Int64;
  readonly #sink: FindingSink;
  readonly #order: Int32Array;
  #at = 0;
  /** Of the entry at `#at`; nothing to do for batches before it. */
  #nextOffset: Int64 = Infinity;
  #max: Int64 = -1;
  #offsetOfMax: Int64 = -1;
  /** The timestamp of the last entry that was gone by, whatever it is worth. */
  #lastTimestamp: Int64 = -1;
  #wrong = 0;
  /** Behind damage the largest timestamp so far is not known. */
  #isDamaged = false;
  #missing: { position: number; timestamp: Int64; offset: Int64 } | undefined;

  constructor(file: File, baseOffset: Int64, sink: FindingSink, isLive: boolean) {
    this.entries = new IndexEntries(file, TIME_INDEX.ENTRY_SIZE, sink, isLive);
    this.#baseOffset = baseOffset;
    this.#sink = sink;
    this.#order = this.entries.sorted((slot) => offsetOfTimeEntry(this.entries.view, slot));
    this.#settle();
  }

  /**
   * Takes the next batch that is right. `isIndexed`: an entry of the .index was made with it, so one was made here. Returns
   * whether an entry is there for this batch.
   */
  batch(last: Int64, maxTimestamp: Int64, isIndexed: boolean): boolean {
    const isNewMax = maxTimestamp > this.#max;
    if (isNewMax) {
      this.#max = maxTimestamp;
      this.#offsetOfMax = last;
    }
    const before = this.#at;
    if (last >= this.#nextOffset) this.#judge(last, maxTimestamp, isNewMax);
    if (isIndexed && this.#lastTimestamp !== this.#max) this.#lacks();
    return this.#at > before;
  }

  /** A damaged place: the next batch that is whole starts at offset `next`. */
  damaged(next: Int64): void {
    this.#isDamaged = true;
    while (this.#nextOffset < next) this.#verdict(VERDICTS.unjudged);
  }

  /** Whether an entry tells of more than the .log holds, in both of its fields: no single damage does that. */
  tellsOfMore(lastOffset: Int64): boolean {
    const last = this.entries.count - 1;
    return last >= 0 && this.#offsetOf(last) > lastOffset && this.#timestampOf(last) > this.#max;
  }

  /** Tells what was found, once all batches were taken. */
  finish(isLive: boolean): void {
    const { entries } = this;
    const describe = (slot: number): { found: string; offset: Int64 } => ({
      found: `timestamp ${this.#timestampOf(slot)} at offset ${this.#offsetOf(slot)}`,
      offset: this.#offsetOf(slot),
    });
    const expected = 'the largest timestamp so far, and the last offset of the first batch that has it';
    entries.tell(
      this.#sink,
      'INDEX_ENTRY_WRONG',
      [VERDICTS.wrong, ...(isLive ? [] : [VERDICTS.unseen])],
      expected,
      describe,
    );
    entries.tell(this.#sink, 'INDEX_NOT_RISING', [VERDICTS.repeated], 'above the entry before', describe);
    if (this.#isDamaged || isLive || entries.isCut || this.#at < entries.count || this.#wrong > 0) return;
    if (this.#missing === undefined && this.#lastTimestamp !== this.#max) this.#lacks();
    if (this.#missing === undefined) return;
    const { position, timestamp, offset } = this.#missing;
    this.#sink.add(
      makeFinding('INDEX_SHORT', entries.path, {
        position,
        offsets: [offset, offset],
        expected: `timestamp ${timestamp} at offset ${offset}`,
        found: this.#at === 0 ? 'no entry' : `timestamp ${this.#lastTimestamp} in the last entry`,
      }),
    );
  }

  #lacks(): void {
    const position = this.#at * TIME_INDEX.ENTRY_SIZE;
    this.#missing ??= { position, timestamp: this.#max, offset: this.#offsetOfMax };
  }

  #judge(last: Int64, maxTimestamp: Int64, isNewMax: boolean): void {
    while (this.#nextOffset < last) this.#verdict(VERDICTS.wrong);
    for (let isFirst = true; this.#nextOffset === last; isFirst = false) {
      const timestamp = this.#timestampOf(this.#order[this.#at] as number);
      const isRight = timestamp === maxTimestamp && (isNewMax || this.#isDamaged);
      this.#verdict(!isRight ? VERDICTS.wrong : isFirst ? VERDICTS.right : VERDICTS.repeated);
    }
  }

  #verdict(verdict: Verdict): void {
    const slot = this.#order[this.#at] as number;
    this.entries.verdicts[slot] = verdict;
    this.#lastTimestamp = this.#timestampOf(slot);
    if (verdict === VERDICTS.wrong) this.#wrong++;
    this.#at++;
    this.#settle();
  }

  #settle(): void {
    const slot = this.#order[this.#at];
    this.#nextOffset = slot === undefined ? Infinity : this.#offsetOf(slot);
  }

  #offsetOf(slot: number): Int64 {
    return addExact(this.#baseOffset, offsetOfTimeEntry(this.entries.view, slot));
  }

  #timestampOf(slot: number): Int64 {
    return readInt64(this.entries.view, slot * TIME_INDEX.ENTRY_SIZE + TIME_INDEX.TIMESTAMP);
  }
}
