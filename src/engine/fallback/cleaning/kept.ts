/** The records of a batch that stay: rows of numbers in memory that is used again for the next batch. */

/** A record's place in the (decompressed) bytes, and its timestamp delta in two halves. */
export const KEPT_ROW = { start: 0, end: 1, deltaLow: 2, deltaHigh: 3, length: 4 } as const;

const FIRST_ROWS = 1024;

/** What stays of one batch. */
export class KeptRecords {
  rows: Int32Array = new Int32Array(FIRST_ROWS * KEPT_ROW.length);
  count = 0;
  /** The bytes of all of them. */
  bytes = 0;
  hasTombstones = false;

  reset(): void {
    this.count = 0;
    this.bytes = 0;
    this.hasTombstones = false;
  }

  add(start: number, end: number, deltaLow: number, deltaHigh: number, isTombstone: boolean): void {
    const row = this.count * KEPT_ROW.length;
    if (row === this.rows.length) this.#grow();
    this.rows[row + KEPT_ROW.start] = start;
    this.rows[row + KEPT_ROW.end] = end;
    this.rows[row + KEPT_ROW.deltaLow] = deltaLow;
    this.rows[row + KEPT_ROW.deltaHigh] = deltaHigh;
    this.count++;
    this.bytes += end - start;
    if (isTombstone) this.hasTombstones = true;
  }

  /** As many rows as there are records: every one of them takes bytes that are there. */
  #grow(): void {
    const grown = new Int32Array(this.rows.length * 2);
    grown.set(this.rows);
    this.rows = grown;
  }
}
