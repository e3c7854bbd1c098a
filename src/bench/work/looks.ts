/** The ways to look at a batch's records, each seeing every record's offset, timestamp and value length. */
import type { RecordBatch } from '../../record/record-batch.ts';
import { VALUE_COUNT } from '../values.ts';

const CYCLE = VALUE_COUNT - 1;

export const READ_WAYS = ['cursor', 'records', 'columns'] as const;
/** How records are looked at: in place by a cursor, as plain objects, or as columns of numbers. */
export type ReadWay = (typeof READ_WAYS)[number];

/** What the next batch's records must be, and how many were not. */
export interface Expected {
  /** Of the `VALUE_COUNT` values, in turn. */
  readonly valueLengths: Int32Array;
  offset: number;
  timestamp: number;
  wrong: number;
}

function byCursor(batch: RecordBatch, expected: Expected): void {
  const { valueLengths: lengths, timestamp } = expected;
  const cursor = batch.cursor();
  let offset = expected.offset;
  while (cursor.next()) {
    if (cursor.offset !== offset || cursor.timestamp !== timestamp || cursor.valueLength !== lengths[offset & CYCLE])
      expected.wrong++;
    offset++;
  }
  expected.offset = offset;
}

function byRecords(batch: RecordBatch, expected: Expected): void {
  const { valueLengths: lengths, timestamp } = expected;
  let offset = expected.offset;
  for (const record of batch.records()) {
    if (record.offset !== offset || record.timestamp !== timestamp || record.value?.length !== lengths[offset & CYCLE])
      expected.wrong++;
    offset++;
  }
  expected.offset = offset;
}

function byColumns(batch: RecordBatch, expected: Expected): void {
  const { valueLengths: lengths, timestamp } = expected;
  const { count, offsets, timestamps, valueLengths } = batch.columns();
  let offset = expected.offset;
  for (let i = 0; i < count; i++) {
    if (offsets[i] !== offset || timestamps[i] !== timestamp || valueLengths[i] !== lengths[offset & CYCLE])
      expected.wrong++;
    offset++;
  }
  expected.offset = offset;
}

/** Each way's function: moves `expected.offset` on by the records that it saw. */
export const LOOKS: Readonly<Record<ReadWay, (batch: RecordBatch, expected: Expected) => void>> = {
  cursor: byCursor,
  records: byRecords,
  columns: byColumns,
};
