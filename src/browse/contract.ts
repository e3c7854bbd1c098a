/**
 * What the parts of the browser hand one another: places in a partition, and the rows that lie there. A partition is one
 * list of rows, from the first batch of the first segment to the end of the log; a batch that is open has its records as
 * rows behind its own.
 */
import type { SeglogError } from '../errors/errors.ts';
import type { BatchSummary } from '../inspect/batch-summary.ts';
import type { Int64 } from '../inspect/int64.ts';
import type { ExactCursor } from '../inspect/records.ts';

/** Where a row lies. Places are ordered by segment, position, record. */
export interface Place {
  /** The base offset of the segment, from its file's name; narrowed. */
  readonly base: Int64;
  /** Bytes from the start of the segment. */
  readonly position: number;
  /** The number of the record within its batch; {@link WHOLE} for the row of the batch itself. */
  readonly record: number;
}

/** In place of a record's number. */
export const WHOLE = -1;
/** Behind every position, and every record's number. */
export const BEHIND_ALL: number = Number.MAX_SAFE_INTEGER;
/** Behind every segment: where the row is that ends the list. */
export const END_PLACE: Place = { base: 2n ** 64n, position: BEHIND_ALL, record: WHOLE };
/** Before every segment. */
export const START_PLACE: Place = { base: -1, position: 0, record: WHOLE };

/** A finding as it is shown. */
export interface Told {
  readonly code: string;
  readonly text: string;
}

/** What lies in a segment: a batch, valid or not, or bytes that hold none. */
export type Entry =
  | {
      readonly kind: 'batch';
      readonly base: Int64;
      readonly position: number;
      readonly size: number;
      readonly summary: BatchSummary;
      readonly fault: Told | undefined;
    }
  | {
      readonly kind: 'fault';
      readonly base: Int64;
      readonly position: number;
      /** Up to where batches go on, or to the end of the file. */
      readonly size: number;
      readonly fault: Told;
    };

/** An {@link Entry} that is a batch. */
export type BatchEntry = Entry & { readonly kind: 'batch' };

/** One row of the list. */
export type Row =
  | { readonly kind: 'batch'; readonly place: Place; readonly entry: BatchEntry; readonly isOpen: boolean }
  | { readonly kind: 'record'; readonly place: Place; readonly entry: BatchEntry; readonly record: ExactCursor }
  | { readonly kind: 'fault'; readonly place: Place; readonly entry: Entry; readonly fault: Told }
  | { readonly kind: 'end'; readonly place: Place };

/** Rows that follow one another, and which of them is the current one. */
export interface Window {
  readonly rows: readonly Row[];
  readonly cursor: number;
}

/** Which batches show their records: those named, or, when all are open, all but those named. */
export interface Opened {
  readonly all: boolean;
  readonly named: ReadonlySet<string>;
}

/** The name of a batch in {@link Opened}. */
export function batchName({ base, position }: { readonly base: Int64; readonly position: number }): string {
  return `${base}:${position}`;
}

/** Whether the batch's records are shown. */
export function isOpen(opened: Opened, batch: { readonly base: Int64; readonly position: number }): boolean {
  return opened.all !== opened.named.has(batchName(batch));
}

/** How far a long task has come. */
export interface Progress {
  readonly doneBytes: number;
  readonly totalBytes: number;
  /** The offset that was last looked at. */
  readonly offset: Int64 | undefined;
}

/**
 * Work that can be interrupted at each `yield`, and given up there by `return()`. It does a few milliseconds' work in
 * between, so that keys are never waited for.
 */
export type Task<T> = Generator<Progress | undefined, T, void>;

/** An error as a row shows it. */
export function toldOf({ code, message }: SeglogError): Told {
  return { code, text: message };
}

/** Negative when `a` lies before `b`, 0 for the same place. */
export function comparePlaces(a: Place, b: Place): number {
  if (a.base !== b.base) return a.base < b.base ? -1 : 1;
  return a.position - b.position || a.record - b.record;
}
