/** What verification says of a file: one finding is one piece of news, in a form that programs can match on. */
import type { Int64 } from '../int64.ts';
import type { FindingCode } from './catalogue.ts';

/**
 * - `info`: worth knowing, and no fault: an open transaction, a gap in the offsets.
 * - `warning`: a derived file is missing or wrong, or space was not given back. No record is concerned, and repair rebuilds it.
 * - `error`: records, or what cannot be derived from them, are damaged.
 */
export const SEVERITIES = ['info', 'warning', 'error'] as const;
/** One of {@link SEVERITIES}. */
export type Severity = (typeof SEVERITIES)[number];

/** One finding. Plain data: it crosses threads, and is a line of JSON in this order of members. */
export interface Finding {
  readonly code: FindingCode;
  readonly severity: Severity;
  /** The file's (or directory's) name without its directory. */
  readonly file: string;
  /** Bytes from the file's start to where the fault is; null when the whole file is meant. */
  readonly position: number | null;
  /** The first and the last offset concerned, inclusive; null when none are, or none are known. */
  readonly offsets: readonly [Int64, Int64] | null;
  readonly expected: string | number | bigint | null;
  readonly found: string | number | bigint | null;
  /** What the user can do about it. */
  readonly action: string;
  /** In words. */
  readonly message: string;
  /** The file with its directory, as it was named on the command line. */
  readonly path: string;
}
