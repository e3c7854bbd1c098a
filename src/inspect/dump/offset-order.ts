/** Whether the batches of a file lie in order. */
import { SeglogError } from '../../errors/errors.ts';
import { MAX_INT32, MAX_INT64 } from '../../units/units.ts';
import type { BatchSummary } from '../batch-summary.ts';
import type { Reporter } from '../batches.ts';
import type { Int64 } from '../int64.ts';

/** Offsets rise from batch to batch, from the base in the name on, and stay within int64. Gaps are legal. */
export class OffsetOrder {
  readonly #file: string;
  readonly #baseOffset: bigint | undefined;
  readonly #report: Reporter;
  #lastOffset: Int64 | undefined;

  constructor(file: string, baseOffset: bigint | undefined, report: Reporter) {
    this.#file = file;
    this.#baseOffset = baseOffset;
    this.#report = report;
  }

  /** Looks at the next valid batch; what is wrong goes to the reporter. */
  check({ position, magic, baseOffset, lastOffset }: BatchSummary): void {
    if (lastOffset === null) return;
    // In formats 0 and 1 the first offset comes from inside and may be missing; the last one stands outside.
    const first = magic < 2 ? lastOffset : (baseOffset ?? lastOffset);
    const place = { file: this.#file, position, baseOffset: first, lastOffset };
    const previous = this.#lastOffset;
    if (lastOffset < first) {
      this.#finding('OFFSETS_OUT_OF_ORDER', "a batch's last offset is below its first", {
        ...place,
        expected: `at least ${first}`,
        found: lastOffset,
      });
    } else if (lastOffset > MAX_INT64) {
      this.#finding('OFFSET_OVERFLOW', 'an offset is beyond int64', { ...place, found: lastOffset });
    } else if (previous !== undefined && first <= previous) {
      this.#finding('OFFSETS_OUT_OF_ORDER', 'a batch does not lie above the one before', {
        ...place,
        expected: `more than ${previous}`,
        found: first,
      });
    } else if (this.#baseOffset !== undefined && first < this.#baseOffset) {
      this.#finding('OFFSETS_OUT_OF_ORDER', "an offset is below the one in the file's name", {
        ...place,
        expected: `at least ${this.#baseOffset}`,
        found: first,
      });
    } else if (this.#baseOffset !== undefined && BigInt(lastOffset) - this.#baseOffset > BigInt(MAX_INT32)) {
      this.#finding('OFFSET_OVERFLOW', 'an offset is too far above the one in the file name for an index', {
        ...place,
        expected: `at most ${MAX_INT32} above ${this.#baseOffset}`,
        found: lastOffset,
      });
    }
    if (previous === undefined || lastOffset > previous) this.#lastOffset = lastOffset;
  }

  #finding(
    code: 'OFFSETS_OUT_OF_ORDER' | 'OFFSET_OVERFLOW',
    message: string,
    details: ConstructorParameters<typeof SeglogError>[2],
  ): void {
    this.#report.finding(new SeglogError(code, message, details ?? {}));
  }
}
