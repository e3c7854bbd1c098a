/**
 * One batch beside the other: offsets rise, within what the segment's name allows, and leader epochs do not fall. Neither is
 * under the checksum. Where a batch does not fit between its neighbours, the one that stands out is named, and it may be the
 * one before the place where that shows.
 */
import { MAX_INT32 } from '../../../units/units.ts';
import { addExact, type Int64 } from '../../int64.ts';
import { makeFinding } from '../finding.ts';
import type { FindingSink } from '../sink.ts';

/** More epochs than this are not remembered: elections are rare, and memory is bounded. */
const MAX_EPOCHS = 65_536;

/** A batch that was accepted, and how things stood before it. */
interface Accepted {
  readonly position: number;
  readonly base: Int64;
  readonly last: Int64;
  readonly epoch: number;
  readonly nextBefore: Int64;
  readonly lastBefore: Int64 | undefined;
  readonly epochBefore: number;
}

/** Follows the batches of one file. */
export class BatchOrder {
  /** The offset behind the last batch that rises. */
  next: Int64;
  firstOffset: Int64 | undefined;
  lastOffset: Int64 | undefined;
  gaps = 0;
  readonly epochs: [epoch: number, startOffset: Int64][] = [];
  /** Where the first of `epochs` starts in the file, and the last. */
  firstEpochPosition: number | undefined;
  lastEpochPosition: number | undefined;
  readonly #path: string;
  readonly #baseOffset: Int64 | undefined;
  readonly #highest: Int64 | undefined;
  readonly #sink: FindingSink;
  readonly #fault: (position: number) => void;
  #epoch = -1;
  #epochBefore = -1;
  #isBehindHole = false;
  #previous: Accepted | undefined;
  #firstGap: { position: number; offsets: readonly [Int64, Int64] } | undefined;

  /**
   * @param baseOffset from the file's name; undefined where it has none
   * @param fault told of the position of each batch that is at fault, which may be the one before
   */
  constructor(path: string, baseOffset: Int64 | undefined, sink: FindingSink, fault: (position: number) => void) {
    this.#path = path;
    this.#baseOffset = baseOffset;
    this.#highest = baseOffset === undefined ? undefined : addExact(baseOffset, MAX_INT32);
    this.next = baseOffset ?? 0;
    this.#sink = sink;
    this.#fault = fault;
  }

  /** Where the batch that was taken last starts, and what the last offset was before it. */
  get previousPosition(): number | undefined {
    return this.#previous?.position;
  }
  get lastOffsetBefore(): Int64 | undefined {
    return this.#previous?.lastBefore;
  }

  /** Takes the next batch; `epoch` -1 is none. False when its offsets do not fit. */
  accept(position: number, base: Int64, last: Int64, epoch: number): boolean {
    this.#acceptEpoch(position, base, last, epoch);
    if (!this.#fits(position, base, last)) return false;
    const nextBefore = this.next;
    const { lastOffset: lastBefore } = this;
    if (base > this.next && this.#baseOffset !== undefined && !this.#isBehindHole) this.#gap(position, base);
    this.#isBehindHole = false;
    this.firstOffset ??= base;
    this.lastOffset = last;
    this.next = addExact(last, 1);
    this.#previous = { position, base, last, epoch, nextBefore, lastBefore, epochBefore: this.#epochBefore };
    return true;
  }

  /** Bytes that are no batch lie between the last one and the next: nothing is said of what is missing there. */
  skip(): void {
    this.#previous = undefined;
    this.#isBehindHole = true;
  }

  /** Where the first offsets are missing, and how often they are: told once, at the end. */
  tellGaps(): void {
    if (this.#firstGap === undefined || this.gaps === 0) return;
    const { position, offsets } = this.#firstGap;
    this.#sink.add(
      makeFinding('OFFSET_GAP', this.#path, {
        position,
        offsets,
        expected: offsets[0],
        found: addExact(offsets[1], 1),
        message: this.gaps === 1 ? 'Offsets are missing before a batch' : `Offsets are missing in ${this.gaps} places`,
      }),
    );
  }

  #acceptEpoch(position: number, base: Int64, last: Int64, epoch: number): void {
    this.#epochBefore = this.#epoch;
    if (epoch === -1 || epoch === this.#epoch) return;
    const previous = this.#previous;
    if (epoch > this.#epoch) {
      this.#epoch = epoch;
      if (this.epochs.length < MAX_EPOCHS) this.epochs.push([epoch, base]);
      this.firstEpochPosition ??= position;
      this.lastEpochPosition = position;
    } else if (
      previous !== undefined &&
      previous.epoch > previous.epochBefore &&
      epoch >= previous.epochBefore &&
      epoch >= 0
    ) {
      // The batch before is alone with its epoch, and its neighbours agree.
      this.#tellEpoch(
        previous.position,
        previous.base,
        previous.last,
        `at most ${epoch}, as in the batch behind`,
        previous.epoch,
      );
      this.epochs.pop();
      this.#epoch = previous.epochBefore;
      this.#previous = { ...previous, epoch: this.#epoch };
      this.#acceptEpoch(position, base, last, epoch);
    } else {
      const expected = epoch < -1 ? 'at least -1' : `at least ${this.#epoch}, as in the batch before`;
      this.#tellEpoch(position, base, last, expected, epoch);
    }
  }

  #tellEpoch(position: number, base: Int64, last: Int64, expected: string, found: number): void {
    this.#fault(position);
    this.#sink.add(
      makeFinding('LEADER_EPOCH_INVALID', this.#path, { position, offsets: [base, last], expected, found }),
    );
  }

  #fits(position: number, base: Int64, last: Int64): boolean {
    const offsets = [base, last] as const;
    const tell = (code: 'OFFSET_BELOW_BASE' | 'OFFSET_OVERFLOW' | 'OFFSETS_OUT_OF_ORDER', expected: string): false => {
      this.#fault(position);
      this.#sink.add(
        makeFinding(code, this.#path, { position, offsets, expected, found: code === 'OFFSET_OVERFLOW' ? last : base }),
      );
      return false;
    };
    if (base < (this.#baseOffset ?? 0)) return tell('OFFSET_BELOW_BASE', `at least ${this.#baseOffset ?? 0}`);
    if (this.#highest !== undefined && last > this.#highest) return tell('OFFSET_OVERFLOW', `at most ${this.#highest}`);
    if (base >= this.next || this.#blamePrevious(base)) return true;
    return tell('OFFSETS_OUT_OF_ORDER', `at least ${this.next}`);
  }

  /** Whether it is the batch before whose offset is wrong: it leapt, and this one goes on where it should have been. */
  #blamePrevious(base: Int64): boolean {
    const previous = this.#previous;
    if (previous === undefined || previous.base <= previous.nextBefore || base < previous.nextBefore) return false;
    const span = addExact(previous.last, -BigInt(previous.base));
    if (base < addExact(addExact(previous.nextBefore, span), 1)) return false;
    this.#fault(previous.position);
    this.#sink.add(
      makeFinding('OFFSETS_OUT_OF_ORDER', this.#path, {
        position: previous.position,
        offsets: [previous.base, previous.last],
        expected: `${previous.nextBefore}, as the batch behind starts at ${base}`,
        found: previous.base,
      }),
    );
    // What was said of the gap before it was said of a wrong offset.
    this.gaps--;
    if (this.gaps === 0) this.#firstGap = undefined;
    this.next = base;
    this.lastOffset = previous.lastBefore;
    return true;
  }

  #gap(position: number, base: Int64): void {
    this.gaps++;
    this.#firstGap ??= { position, offsets: [this.next, addExact(base, -1)] };
  }
}
