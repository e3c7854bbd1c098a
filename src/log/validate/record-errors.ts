/** Which records of a batch a log refuses: one of them refuses the batch. */
import { SeglogError } from '../../errors/errors.ts';

/** What is wrong with one record. */
export interface RecordRefusal {
  /** Its place in the batch: 0, 1, ... */
  readonly index: number;
  readonly code: 'INVALID_TIMESTAMP' | 'INVALID_RECORD';
  readonly message: string;
}

/** How many refusals are kept, and how many of them the error's text has. */
const MAX_KEPT = 100;
const MAX_TOLD = 3;

/**
 * The records of a batch were refused. The code is `INVALID_TIMESTAMP` when a time of any of them is, `INVALID_RECORD`
 * otherwise (spec 3.2 item 3).
 */
export class RecordValidationError extends SeglogError {
  /** The refused records, the first 100 of them. */
  readonly recordErrors: readonly RecordRefusal[];

  constructor(code: RecordRefusal['code'], count: number, recordErrors: readonly RecordRefusal[], position: number) {
    const told = recordErrors.slice(0, MAX_TOLD).map(({ index, message }) => `record ${index}: ${message}`);
    super(code, `${count} ${count === 1 ? 'record' : 'records'} of a batch cannot be taken (${told.join('; ')})`, {
      position,
    });
    this.recordErrors = recordErrors;
  }
}

/** Collects the refusals of one batch. */
export class RecordRefusals {
  readonly #kept: RecordRefusal[] = [];
  #count = 0;
  #hasTimestamp = false;

  add(refusal: RecordRefusal): void {
    this.#count++;
    if (refusal.code === 'INVALID_TIMESTAMP') this.#hasTimestamp = true;
    if (this.#kept.length < MAX_KEPT) this.#kept.push(refusal);
  }

  /** @throws RecordValidationError when there are any; `position` is where the batch starts */
  raise(position: number): void {
    if (this.#count === 0) return;
    throw new RecordValidationError(
      this.#hasTimestamp ? 'INVALID_TIMESTAMP' : 'INVALID_RECORD',
      this.#count,
      this.#kept,
      position,
    );
  }
}
