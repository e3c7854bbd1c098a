/** What a search has looked at and what not: it is told at the end, so that no result is silently incomplete. */
import type { BatchSummary } from '../batch-summary.ts';
import type { Int64 } from '../int64.ts';

/** Counts of one run, over all of its files. */
export class Coverage {
  /** Files of batches that were looked into. */
  files = 0;
  batches = 0;
  /** Bytes of these batches. */
  bytes = 0;
  /** Bytes that were gone over and hold no batch: damage, told as findings. */
  strayBytes = 0;
  /** Zeros at the end of files: space set aside. */
  zeroBytes = 0;
  /** Batches that their header alone ruled out: none was decompressed. */
  ruledOut = 0;
  /** Batches that are damaged, or whose records could not be read, or not all of them. */
  unreadable = 0;
  /** What was printed: records, or batches where no records are. */
  matched = 0;
  /** Keys and values that `--grep` took for Latin-1, as they are not UTF-8. */
  latin1 = 0;
  /** Bytes at the start of files that an index showed to lie below the range. */
  indexedBytes = 0;
  /** Bytes behind the batches that end the range: offsets rise. */
  behindBytes = 0;
  /** Segments outside the range by the base offsets in their names. */
  segments = 0;
  /** Files and directories that could not be read, or not to their end. */
  failed = 0;
  /** Bytes of looked-into files behind the place where the search ended, and files that were not looked into. */
  leftBytes = 0;
  leftFiles = 0;
  #lowest: Int64 | undefined;
  #highest: Int64 | undefined;

  /** Counts a batch that was looked at. */
  scanned({ baseOffset, lastOffset, valid }: BatchSummary): void {
    this.batches += 1;
    // A damaged batch may claim any offset.
    if (!valid) return;
    const first = baseOffset ?? lastOffset;
    if (first !== null && (this.#lowest === undefined || first < this.#lowest)) this.#lowest = first;
    if (lastOffset !== null && (this.#highest === undefined || lastOffset > this.#highest)) this.#highest = lastOffset;
  }

  /**
   * One line for people.
   *
   * @param logs how many logs were searched: offsets of several are no range
   * @param unit what was counted as matching
   * @param reason why the search ended early; undefined when it did not
   */
  text(logs: number, unit: 'records' | 'batches', reason: string | undefined): string {
    const offsets = this.#lowest === undefined ? 'no offsets' : `offsets ${this.#lowest}-${this.#highest}`;
    const parts = [
      `${logs > 1 ? `${logs} logs` : offsets} scanned, ${this.batches} batches (${this.bytes} bytes) in ${this.files} files`,
      `${this.ruledOut} batches ruled out by their headers, without decoding`,
      ...(this.indexedBytes === 0 ? [] : [`${this.indexedBytes} bytes skipped by index`]),
      ...(this.segments === 0 ? [] : [`${this.segments} segments outside the range by name`]),
      ...(this.behindBytes === 0 ? [] : [`${this.behindBytes} bytes behind the range`]),
      ...(this.zeroBytes === 0 ? [] : [`${this.zeroBytes} zero bytes at the end`]),
      ...(this.strayBytes === 0 ? [] : [`${this.strayBytes} bytes that hold no batch`]),
      `${this.unreadable} batches unreadable`,
      ...(this.failed === 0 ? [] : [`${this.failed} files could not be read to their end`]),
      ...(this.latin1 === 0 ? [] : [`${this.latin1} keys and values searched as Latin-1`]),
      `${this.matched} ${unit} matched`,
    ];
    const left = `${this.leftBytes} bytes and ${this.leftFiles} more files`;
    // The limit may have been reached within a batch.
    if (reason === '--limit')
      parts.push(`not looked at because of --limit: what may be left of the last batch, ${left}`);
    else if (this.leftBytes > 0 || this.leftFiles > 0)
      parts.push(`not looked at${reason === undefined ? '' : ` because of ${reason}`}: ${left}`);
    return `coverage: ${parts.join('; ')}`;
  }
}
