/** What is asked of batches and records. */
import type { BatchSummary } from '../batch-summary.ts';
import type { ExactCursor } from '../records.ts';

/** A condition, to be asked of a batch first: that may spare its decompression. */
export interface Condition {
  /** What the header alone decides: undefined when records have to be looked at. */
  ofBatch(batch: BatchSummary): boolean | undefined;
  ofRecord(record: ExactCursor, batch: BatchSummary): boolean;
  /** Whether any field of records is in it. */
  readonly looksAtRecords: boolean;
}

/** All of several conditions. */
export function allOf(conditions: readonly Condition[]): Condition {
  return {
    looksAtRecords: conditions.some(({ looksAtRecords }) => looksAtRecords),
    ofBatch(batch) {
      let decided: boolean | undefined = true;
      for (const condition of conditions) {
        const answer = condition.ofBatch(batch);
        if (answer === false) return false;
        if (answer === undefined) decided = undefined;
      }
      return decided;
    },
    ofRecord: (record, batch) => conditions.every((condition) => condition.ofRecord(record, batch)),
  };
}
